"""Kolmogorov-Smirnov: the largest distance between two samples' distribution functions.

Both samples are sorted once. Then F and G are counted at every 64th value of the first sample
only: between two of these neither function can leave the box that the two counts span, so the few
boxes that might hold a larger gap are counted in full, and the result is exact.

Sources: Smirnov 1939; Hodges 1958 (the exact distribution by lattice paths).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Array = NDArray[Any]
T = TypeVar("T")
R = TypeVar("R")

STRIDE = 64
# Below this many values in all, starting threads costs more than it brings.
THREADED = 200_000
MOST_THREADS = 8
# Columns copied side by side: a cache line of a row-major table holds eight.
WIDTH = 8
# Values of a block of columns in one sample, at most (unless one column has more).
BLOCK = 2_000_000
EXACT = 10_000


@dataclass(frozen=True)
class KsGap:
    """Where two distribution functions lie furthest apart.

    distance: sup |F - G|, in [0, 1]. at: a value that is in the data, at which it is attained.
    share_a, share_b: the share of each sample at or below it; they differ by ``distance``.
    """

    distance: float
    at: Any
    share_a: float
    share_b: float


def ks_distance(a: ArrayLike, b: ArrayLike) -> float | Floats:
    """The Kolmogorov-Smirnov distance sup_x |F(x) - G(x)| of two samples, in [0, 1].

    a, b: (n,) and (m,), or columns (n, k) and (m, k), which give float64 (k,). Numbers or times of
    one type: integers are compared as integers. Ties are exact; infinities stand at their end, so
    that a null written as +inf counts as a value of its own. NaN and an empty sample are errors.
    Memory: each column is copied once, a few columns at a time. As scipy.stats.ks_2samp.
    """
    x, y = _common(a, b)
    if x.ndim == 1:
        return _furthest(np.sort(x), np.sort(y))[0] / (len(x) * len(y))
    columns = x.shape[1]
    width = max(1, min(WIDTH, BLOCK // max(len(x), len(y))))

    def block(start: int) -> list[float]:
        s, t = (np.array(v[:, start : start + width].T, order="C") for v in (x, y))
        s.sort(axis=1)
        t.sort(axis=1)
        return [_furthest(p, q)[0] / (p.size * q.size) for p, q in zip(s, t, strict=True)]

    found = _in_threads(block, range(0, columns, width), x.size + y.size)
    return np.array([distance for each in found for distance in each], np.float64)


def ks_gap(a: ArrayLike, b: ArrayLike) -> KsGap:
    """The same distance of two samples (n,) and (m,), with the value at which it is attained.

    Of several such values it is one; of two samples that do not differ, the largest of all.
    """
    x, y = _common(a, b)
    if x.ndim != 1:
        raise ValueError(f"two samples of shape (n,) are expected, not {x.shape} and {y.shape}")
    s, t = np.sort(x), np.sort(y)
    distance, at = _furthest(s, t)
    below = [float(np.searchsorted(v, at, "right")) / len(v) for v in (s, t)]
    return KsGap(distance / (len(s) * len(t)), at.item(), *below)


def ks_p_value(distance: ArrayLike, n: int, m: int) -> Floats:
    """P(the distance of two samples of one continuous distribution >= ``distance``).

    distance: any shape, in [0, 1]; returns float64 of that shape. Exact where n m < 10,000, by the
    lattice paths that leave the band; else Kolmogorov's limit, which is at most a fifth larger
    where the sizes differ much (and needs no scipy.stats, which takes a second to load). With ties
    the true p-value is smaller.
    """
    d = np.asarray(distance, np.float64)
    if n * m < EXACT:
        return _exact(d, min(n, m), max(n, m))
    from scipy.special import kolmogorov

    return np.asarray(kolmogorov(d * math.sqrt(n * m / (n + m))), np.float64)


def kolmogorov_quantile(alpha: float) -> float:
    """K with P(sup |Brownian bridge| > K) = alpha: 1.358 at .05.

    |D - true D| stays below K sqrt(1/n + 1/m) with a probability of about 1 - alpha at least.
    """
    from scipy.special import kolmogi

    return float(kolmogi(alpha))


def _common(a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    """Both as arrays of one type, of one or two axes, not empty."""
    x, y = np.asarray(a), np.asarray(b)
    if x.ndim not in (1, 2) or x.shape[1:] != y.shape[1:]:
        raise ValueError(
            "two samples (n,) and (m,), or columns (n, k) and (m, k), are expected, not "
            f"{x.shape} and {y.shape}"
        )
    if not len(x) or not len(y):
        raise ValueError(f"a sample is empty: {len(x)} and {len(y)} values")
    dtype = np.result_type(x, y)
    return x.astype(dtype, copy=False), y.astype(dtype, copy=False)


def _furthest(a: Array, b: Array) -> tuple[int, Any]:
    """n m sup |F - G| of two sorted samples, and a value at which it is attained."""
    n, m = len(a), len(b)
    if any(last != last for last in (a[-1], b[-1])):  # NaN and NaT are sorted to the end
        raise ValueError("NaN among the values: give a null as +inf, or leave it out")
    grid = np.arange(0, n, STRIDE if n >= 16 * STRIDE else 1)
    up, down, right, left = _at(a, b, grid)
    best = [_largest(grid, up), _largest(grid, down)]
    if len(grid) < n:
        # From one grid value to just before the next, F can only rise to `high` and G to `left`.
        high, end = np.append(grid[1:], n), np.append(left[1:], m)
        floor = max(best[0][0], best[1][0], 0)
        boxes = np.maximum(high * m - right * n, end * n - (grid + 1) * m) > floor
        inner = (grid[boxes][:, None] + np.arange(1, STRIDE)).ravel()
        inner = inner[inner < n]
        if len(inner):
            up, down, *_ = _at(a, b, inner)
            best = [
                max(best[0], _largest(inner, up)),
                max(best[1], _largest(inner, down)),
            ]
    (above, i), (below, j) = best
    if above >= below:
        # F is furthest above G at a value of the first sample…
        return (above, a[i]) if above > 0 else (0, max(a[-1], b[-1]))
    # … and furthest below it just before one: at the last value of the second that is smaller.
    return below, b[np.searchsorted(b, a[j], "left") - 1]


def _at(a: Array, b: Array, index: Array) -> tuple[Array, Array, Array, Array]:
    """n m (F - G) at values of a, n m (G - F) just before them, and the counts of b there.

    Among ties F is taken too small at all but the last and G - F at all but the first, so their
    largest values are exact.
    """
    n, m = len(a), len(b)
    right = np.searchsorted(b, a[index], "right")
    left = np.searchsorted(b, a[index], "left")
    return (index + 1) * m - right * n, left * n - index * m, right, left


def _largest(index: Array, values: Array) -> tuple[int, int]:
    where = int(values.argmax())
    return int(values[where]), int(index[where])


def _in_threads(work: Callable[[T], R], tasks: Iterable[T], size: int) -> list[R]:
    """The results in order; NumPy releases the interpreter's lock while it sorts and counts."""
    threads = min(_cores(), MOST_THREADS) if size >= THREADED else 1
    if threads == 1:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, tasks))


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def _exact(distance: Floats, n: int, m: int) -> Floats:
    """P(D >= d) over all orders of n and m values: paths from (0, 0) to (n, m), n <= m.

    Counts the paths that were ever outside |i/n - j/m| < d, row by row, for all distances at once;
    nothing is subtracted, so that small p-values are exact too.
    """
    divisor = math.gcd(n, m)
    p, q = n // divisor, m // divisor
    # D is a whole number of 1 / lcm(n, m).
    lattice = np.rint(distance.ravel() * (p * q * divisor)).astype(np.int64)
    values, back = np.unique(lattice, return_inverse=True)
    column = np.arange(m + 1)
    paths = np.zeros(m + 1)
    paths[0] = 1.0  # all paths to (i, j), whether inside or not
    left = np.zeros((len(values), m + 1))  # those that have been outside
    for i in range(n + 1):
        paths = np.cumsum(paths) if i else np.ones(m + 1)
        outside = np.abs(i * q - column * p) >= values[:, None]
        # The cells inside are one stretch. Along it the count adds up, from all paths to the cell
        # before it, if there is one.
        before = np.zeros_like(outside)
        before[:, :-1] = outside[:, :-1] & ~outside[:, 1:]
        steps = np.where(outside, np.where(before, paths, 0.0), left)
        left = np.where(outside, paths, np.cumsum(steps, axis=1))
    return np.minimum(left[:, -1] / paths[-1], 1.0)[back].reshape(distance.shape)
