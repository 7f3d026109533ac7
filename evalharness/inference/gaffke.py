"""Means of values that cannot leave a known range: bounds that hold for any such values.

A mean near the end of its range (reciprocal ranks, NDCG of a good model) is too skewed for t, and a
sample in which all values are 1 has no spread at all. But no value lies beyond the range, so the
worst that was not seen is known: the lower bound is the ``alpha`` quantile of the mean of the
values and of one more at the lower end of the range, under weights that are uniform on the simplex.
For 0/1 values it is Clopper-Pearson's; of others no case is known in which it covers less.

Source: Gaffke 2005; Learned-Miller & Thomas 2019 (arXiv 1905.06208), where its validity is
conjectured; enumerated and simulated in docs/calibration.md. The quantile by the saddlepoint of
Lugannani & Rice 1980.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

from evalharness.inference.bounds import ByLimits, settle_by_width
from evalharness.inference.gaffke_path import LEVEL, lower_mean, lugannani_rice

Floats = NDArray[np.float64]

STEPS = 60

# More distinct values than this are put on a grid of so many cells.
CELLS = 4_096
# So many values are put there without being sorted into distinct ones.
MANY = 1 << 16
# Of so many at a time, which stay in a cache.
BLOCK = 1 << 16


def share_below(y: Floats, counts: Floats, start: float = 0.0) -> tuple[float, float]:
    """P(sum of G_i y_i <= 0), with G_i gamma of shape ``counts`` and y_i = w_i (x_i - mean): of
    weights that are uniform on the simplex, how many give the x_i at most that mean.

    ``y`` (k,): some on either side of 0. ``start``: where the saddlepoint is looked for; the place
    where it is comes second.
    """
    if len(y) > CELLS:
        low, high = float(y.min()), float(y.max())
        y, counts = gridded((y - low) / (high - low), counts)
        y = low + (high - low) * y
    low, high = 1 / y.min(), 1 / y.max()  # between which the cumulant generating function exists
    enough = 1e-10 * (high - low)
    # Its derivative rises from -inf to inf; the root is found by Newton within shrinking limits.
    s = start if low < start < high else 0.0
    for _ in range(STEPS):
        ratio = y / (1 - s * y)
        slope, curve = counts @ ratio, counts @ (ratio * ratio)
        if slope > 0:
            high = s
        else:
            low = s
        step = float(s - slope / curve)
        step = step if low < step < high else (low + high) / 2
        if abs(step - s) <= enough:
            break
        s = step
    cumulant = -(counts @ np.log1p(-s * y))
    w = math.copysign(math.sqrt(max(0.0, float(-2 * cumulant))), s)
    u = s * math.sqrt(curve)
    if abs(w) < 1e-5:  # at the mean itself: the limit, by the third cumulant
        third = 2 * (counts @ y**3) / (counts @ y**2) ** 1.5
        return float(0.5 + third / (6 * math.sqrt(2 * math.pi))), s
    return float(lugannani_rice(w, u)), s


def gaffke_lower(
    values: Floats, counts: Floats, alpha: float, sizes: Floats | None = None
) -> float:
    """One-sided lower bound of the mean of values in [0, 1]; Clopper-Pearson's where all are 0/1.

    ``values``, ``counts`` (k,): how often each value occurs. ``sizes`` (k,): how much each counts
    in the mean; what was not seen then counts as the largest.
    """
    if values.max() <= 0:
        return 0.0
    if sizes is None and not ((values > 0) & (values < 1)).any():
        ones, rest = counts[values >= 1].sum(), counts[values <= 0].sum()
        return float(betaincinv(ones, rest + 1, alpha))
    if sizes is None and 0 < alpha <= LEVEL:
        return lower_mean(values, counts, alpha)
    if sizes is None:
        sizes = np.ones(len(values))
    points, weight = np.append(values, 0.0), np.append(counts, 1.0)
    sizes = np.append(sizes, sizes.max())

    found_at = 0.0

    def beyond(mean: float) -> float:
        nonlocal found_at  # the next mean is near, and so is its saddlepoint
        share, found_at = share_below(sizes * (points - mean), weight, found_at)
        return float(ndtri(min(max(share, 1e-300), 1 - 1e-16)) - ndtri(alpha))

    # On the normal scale the share is nearly straight: false position, kept honest by halving the
    # end that stays (Illinois), takes a few steps where bisection takes thirty.
    low, high = 0.0, float(points @ (sizes * weight) / (sizes[:-1] @ counts))
    at_low, at_high, stayed = -8.0, beyond(high * (1 - 1e-12)), 0
    for _ in range(STEPS):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        if not low < middle < high:
            middle = (low + high) / 2
        found = beyond(middle)
        if abs(found) < 1e-9:
            return middle
        if found < 0:
            low, at_low = middle, found
            at_high, stayed = (at_high / 2 if stayed < 0 else at_high), -1
        else:
            high, at_high = middle, found
            at_low, stayed = (at_low / 2 if stayed > 0 else at_low), 1
        if high - low <= 1e-10:
            break
    return low


def gridded(values: Floats, counts: Floats | None = None) -> tuple[Floats, Floats]:
    """Many distinct values in [0, 1] (to rounding) on a grid: each is shared out between its two
    neighbours.

    That keeps the mean and can only add spread, so that no bound comes nearer. Without ``counts``
    each is there once.
    """
    if len(values) <= CELLS:
        return values, np.ones(len(values)) if counts is None else counts
    below, above = np.zeros(CELLS), np.zeros(CELLS)
    for start in range(0, len(values), BLOCK):
        some = slice(start, start + BLOCK)
        many = None if counts is None else counts[some]
        place = np.clip(values[some], 0.0, 1.0)
        place *= CELLS
        cell = place.astype(np.intp)
        np.minimum(cell, CELLS - 1, out=cell)
        place -= cell
        above += np.bincount(cell, place if many is None else many * place, CELLS)
        below += np.bincount(cell, many, CELLS)
    found = np.append(below - above, 0.0)
    found[1:] += above
    return np.arange(CELLS + 1, dtype=float)[found > 0] / CELLS, found[found > 0]


class GaffkeBounds(ByLimits):
    """The mean of values in ``range``.

    ``values`` (n,), or distinct with their ``counts``. Without values the mean is nan. ``unit``:
    what has a value, in the plural. ``sizes`` (n,): how much each counts: of a cluster, or of an
    example with a weight, whose value is the mean of what it holds.
    """

    shown = "Gaffke"
    decides = "Gaffke"

    def __init__(
        self,
        values: ArrayLike,
        range: tuple[float, float] = (0.0, 1.0),
        unit: str = "values",
        counts: ArrayLike | None = None,
        sizes: ArrayLike | None = None,
        note: str = "",
    ) -> None:
        low, high = range
        x = np.asarray(values, float)
        if (low, high) != (0.0, 1.0):
            x = (x - low) / (high - low)
        self._sizes = None if sizes is None else np.asarray(sizes, float)
        if counts is None and sizes is None and len(x) > MANY:
            x, counts = gridded(x)
        x = np.clip(x, 0.0, 1.0)
        if counts is None and sizes is not None:
            counts = np.ones(len(x))
        elif counts is None:
            # Roundings of one value count as one.
            x, counts = np.unique(np.round(x, 12), return_counts=True)
        many: Floats = np.asarray(counts, float)
        self._x: Floats
        self._counts: Floats
        self._x, self._counts = (x, many) if sizes is not None else gridded(x, many)
        self.range, self.unit, self.note = (float(low), float(high)), unit, note
        self.n = round(float(self._counts.sum()))
        self._weight: Floats = self._counts if self._sizes is None else self._counts * self._sizes
        self.value = (
            self._back(float(self._x @ self._weight / self._weight.sum())) if self.n else math.nan
        )
        self._known: dict[float, tuple[float, float]] = {}

    def _back(self, share: float) -> float:
        return self.range[0] + (self.range[1] - self.range[0]) * share

    @property
    def reason(self) -> str:
        return "" if self.n else f"0/0: there are no {self.unit}"

    def _limits(self, alpha: float) -> tuple[float, float]:
        if not self.n:
            return self.range
        level = round(alpha, 12)
        if level not in self._known:
            mirrored = gaffke_lower(1 - self._x, self._counts, level, self._sizes)
            self._known[level] = (
                self._back(gaffke_lower(self._x, self._counts, level, self._sizes)),
                self._back(1 - mirrored),
            )
        return self._known[level]

    @cached_property
    def _error(self) -> float:
        total = self._weight.sum()
        mean = self._x @ self._weight / total
        weight = 1.0 if self._sizes is None else self._sizes
        spread = (weight * (self._x - mean)) ** 2 @ self._counts
        return (self.range[1] - self.range[0]) * math.sqrt(spread) / float(total)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        ends = self._back(0.0), self._back(1.0)

        def at(factor: float, lower: bool) -> tuple[float, float]:
            shares = (self._x * (ends[1] - ends[0])) + ends[0]
            counts = self._counts * factor
            larger = GaffkeBounds(shares, self.range, self.unit, counts, self._sizes)
            return larger._limits(alpha)[0 if lower else 1], self._error / math.sqrt(factor)

        return settle_by_width(self, threshold, alpha, power, at)
