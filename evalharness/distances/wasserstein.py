"""Distances of two samples of numbers that see how far apart values are, or all of the difference.

Sources: Vallender 1974 (Wasserstein in one dimension); Székely & Rizzo 2004; Anderson 1962.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class CramerVonMises(NamedTuple):
    """The statistic T and its p-value."""

    statistic: float
    p_value: float


def wasserstein(a: ArrayLike, b: ArrayLike) -> float:
    """The Wasserstein-1 (earth mover's) distance, the integral of |F - G|, in the values' unit.

    a, b: finite values (n,) and (m,). As scipy.stats.wasserstein_distance.
    """
    gap, width = _gaps(*_samples(a, b))
    return float(np.abs(gap) @ width)


def standardised_wasserstein(a: ArrayLike, b: ArrayLike) -> float:
    """`wasserstein` divided by the pooled standard deviation, so that it has no unit.

    The pooled variance is the mean of both samples' variances (ddof 1), weighted by n - 1 and
    m - 1. Where both samples are constant it is 0 for equal and infinite for different ones.
    """
    x, y = _samples(a, b)
    distance = wasserstein(x, y)
    degrees = len(x) + len(y) - 2
    squares = sum(float(((v - v.mean()) ** 2).sum()) for v in (x, y) if np.ptp(v) > 0)
    if squares == 0:
        return math.inf if distance else 0.0
    return distance / math.sqrt(squares / degrees)


def energy_1d(a: ArrayLike, b: ArrayLike) -> float:
    """The energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| of numbers: 2 times the integral of
    (F - G)^2.

    a, b: finite values (n,) and (m,). The square of what scipy.stats.energy_distance returns, and
    the statistic of `energy_distance` of one column, without its matrix of pairs.
    """
    gap, width = _gaps(*_samples(a, b))
    return float(2 * (gap * gap) @ width)


def cramer_von_mises(a: ArrayLike, b: ArrayLike) -> CramerVonMises:
    """The two-sample Cramer-von Mises test: all of F - G counts, not its largest value alone.

    a, b: (n,) and (m,), at least two values each. p is exact up to 20 values in each sample, else
    by the limit; both for values without ties. This is scipy.stats.cramervonmises_2samp.
    """
    from scipy.stats import cramervonmises_2samp  # takes most of a second to load

    found = cramervonmises_2samp(*_samples(a, b))
    return CramerVonMises(float(found.statistic), float(found.pvalue))


def _samples(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if x.ndim != 1 or y.ndim != 1 or not len(x) or not len(y):
        raise ValueError(
            f"two samples (n,) of one value at least are expected, not {x.shape} and {y.shape}"
        )
    return x, y


def _gaps(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """F - G on each stretch between neighbouring values of both samples, and its length."""
    both = np.concatenate([np.sort(x), np.sort(y)])
    order = np.argsort(both, kind="stable")  # a merge of two runs
    n, m = len(x), len(y)
    # In whole numbers, so that equal samples are at a distance of exactly 0.
    steps = np.where(order < n, m, -n)
    return np.cumsum(steps)[:-1] / (n * m), np.diff(both[order])
