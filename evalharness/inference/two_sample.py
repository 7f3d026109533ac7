"""Bounds of how far two samples lie apart: of the distance between two distribution functions, and
of the largest difference of any one share.

The distance D of Kolmogorov and Smirnov has the bounds D ± K √(1/n + 1/m), K the upper quantile of
Kolmogorov's distribution: the band holds around the whole difference F − G at once, so also around
its largest value. (A band for each sample, by Massart's inequality, is twice as wide.)

Of shares, each difference p − q lies within MOVER's reach √(a² + b²) of the one seen, a and b being
how far the Clopper-Pearson limits of the two shares lie from them, each on its farther side: with
the nearer ones, of a rare value, up to 2.8 times as many bounds are wrong as are declared. The
largest difference is surely below δ where each is, which needs no correction; it is surely above δ
where one is at the level divided by the number of categories (a pair of categories being one). As
|p − q| may be large by chance to either side, that level is less what chance does to the other side
where all are alike; it matters only where the tolerance is small beside the reach.

Sources: Kolmogorov 1933, Smirnov 1939; Zou & Donner 2008; coverage in docs/calibration.md.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import binom, ndtr, ndtri

from evalharness.distances.ks import kolmogorov_quantile, ks_p_value
from evalharness.inference.bounds import upper_z
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper

Floats = NDArray[np.float64]

# No level is smaller.
TINY = 1e-300
# Categories of so few rows are dealt out exactly, and others as if normally.
RARE = 40


class Distance(Protocol):
    """How far two samples lie apart, from 0 to 1, with one-sided bounds at a level.

    p_value: of the hypothesis that they come from one distribution.
    error:   standard error of the distance, roughly.
    reach:   how far the true distance may lie below or above, also where that is beyond 0 or 1.
    """

    measure: str
    value: float
    n: tuple[int, int]
    note: str

    @property
    def p_value(self) -> float: ...
    @property
    def error(self) -> float: ...
    def reach(self, alpha: float, above: bool) -> float: ...
    def lower(self, alpha: float) -> float: ...
    def upper(self, alpha: float) -> float: ...


def settle(
    distance: Distance, tolerance: float, alpha: float, power: float = 0.8
) -> tuple[int, int] | None:
    """Rows of both, in the proportion of now, with which it would be decided at ``alpha`` with a
    chance of ``power`` if the true distance is the one seen; None where that is the tolerance."""
    gap = abs(tolerance - distance.value)
    if gap < 1e-9:
        return None
    reach = distance.reach(alpha, above=distance.value < tolerance)
    # Signed, a difference may leave the tolerance on the other side too.
    other = tolerance + distance.value if distance.value < tolerance else math.inf

    def chance(root: float) -> float:
        sides = [(side * root - reach) / distance.error for side in (gap, other)]
        return float(ndtr(sides[0]) + ndtr(sides[1]) - 1)

    root = (reach + upper_z(1 - power) * distance.error) / gap
    while chance(root) < power:  # at most a fifth more
        root *= 1.01
    return math.ceil(root**2 * distance.n[0]), math.ceil(root**2 * distance.n[1])


class KsDistance:
    """The largest distance ``value`` between the distribution functions of n[0] and n[1] values
    that were drawn one by one."""

    measure = "KS distance"
    note = ""

    def __init__(self, value: float, n: tuple[int, int]) -> None:
        self.value, self.n = float(value), n
        self._scale = math.sqrt(1 / n[0] + 1 / n[1])

    @cached_property
    def p_value(self) -> float:
        return float(ks_p_value(self.value, *self.n))

    @property
    def error(self) -> float:
        return self._scale / 2  # at a median, where a distribution function varies most

    def reach(self, alpha: float, above: bool = True) -> float:
        return kolmogorov_quantile(alpha) * self._scale

    def lower(self, alpha: float) -> float:
        return max(0.0, self.value - self.reach(alpha))

    def upper(self, alpha: float) -> float:
        return min(1.0, self.value + self.reach(alpha))


class ShareDistance:
    """The largest difference of any one share.

    ``counts`` (2, K): how often each of K categories occurs in the first and the second sample.
    ``groups`` (2, J): how often each of J groups of categories does, whose shares are looked at
    too. ``sides``: of each sample the one-sided limits of all K + J shares, where they are not
    those of rows that were drawn one by one; then the p-value follows from these. ``seed``: of a
    p-value from few counts.
    """

    measure = "largest difference of a share"

    def __init__(
        self, counts: Any, sides: Any = None, note: str = "", seed: int = 0, groups: Any = None
    ) -> None:
        self._own = np.asarray(counts, float)
        totals = self._own.sum(axis=1)
        self.n = (int(totals[0]), int(totals[1]))
        self.counts = self._own if groups is None else np.hstack([self._own, groups])
        self.shares = self.counts / totals[:, None]
        self.difference = self.shares[0] - self.shares[1]
        self.value = float(abs(self.difference).max())
        self.note, self._seed = note, seed
        self.sides = sides or tuple(Drawn(k, n) for k, n in zip(self.counts, totals, strict=True))
        categories = self.counts.shape[1]
        # One of two shares tells the other.
        self.family = 1 if categories <= 2 else categories

    @cached_property
    def p_value(self) -> float:
        from evalharness.distances.shares import chi_square

        if not self.note:
            return float(chi_square(self._own, seed=self._seed).p_value)
        # Clusters: the smallest level at which one difference is surely not 0.
        low, high = 0.0, 0.5
        for _ in range(20):
            middle = (low + high) / 2
            low, high = (low, middle) if self.lower(middle) > 0 else (middle, high)
        return high if high < 0.5 else 1.0

    @cached_property
    def variation(self) -> float:
        """The total variation: the largest difference of the share of any group of categories."""
        shares = self._own / self._own.sum(axis=1, keepdims=True)
        return float(abs(shares[0] - shares[1]).sum() / 2)

    @cached_property
    def excess(self) -> float:
        """The total variation, less what it is on average where the rows of both are dealt out
        anew: its plug-in value is far from 0 with many categories."""
        dealt = sum(1 / w for w in self._worth) / sum(1 / n for n in self.n)
        return self.variation - math.sqrt(dealt) * _dealt(self._own.sum(axis=0), *self.n)

    def least_variation(self, alpha: float) -> float:
        """A lower bound of the total variation: a row moves it by 1/n at most (McDiarmid 1989)."""
        slack = math.sqrt(math.log(1 / alpha) / 2 * sum(1 / w for w in self._worth))
        return max(0.0, self.excess - slack)

    @property
    def _worth(self) -> tuple[float, float]:
        """How many rows drawn one by one each sample is worth, at worst."""
        one, two = (getattr(s, "worth", n) for s, n in zip(self.sides, self.n, strict=True))
        return one, two

    @property
    def error(self) -> float:
        return float(self._reach(0.16)[int(abs(self.difference).argmax())])

    def _reach(self, alpha: float) -> Floats:
        """(K,) how far each p − q may lie from the one seen, to one side."""
        far = [
            np.maximum(side.upper(alpha) - share, share - side.lower(alpha))
            for side, share in zip(self.sides, self.shares, strict=True)
        ]
        return np.hypot(*far)

    def bounds(self, category: int, alpha: float) -> tuple[float, float]:
        """One-sided bounds of the difference p − q of one share."""
        value, reach = float(self.difference[category]), float(self._reach(alpha)[category])
        return value - reach, value + reach

    def reach(self, alpha: float, above: bool) -> float:
        if above:
            return float((abs(self.difference) + self._reach(alpha)).max()) - self.value
        return float(self._reach(alpha / self.family)[int(abs(self.difference).argmax())])

    def lower(self, alpha: float) -> float:
        level = alpha / self.family
        seen, z = abs(self.difference), upper_z(level)
        error = self._reach(level) / z
        left = level - ndtr(-seen / error)
        bounds = seen - error * -ndtri(np.maximum(left, TINY))
        return max(0.0, float(bounds.max()))

    def upper(self, alpha: float) -> float:
        return min(1.0, self.value + self.reach(alpha, above=True))


def _dealt(totals: Floats, n: int, m: int) -> float:
    """The mean total variation of n and m rows that are dealt out of categories of these totals."""
    counts, often = np.unique(totals.astype(np.int64), return_counts=True)
    mean = np.sqrt(2 / math.pi * counts / (n * m) * (1 - counts / (n + m)))
    for place in np.flatnonzero(counts <= RARE):  # too few for a normal: each number of them
        c = int(counts[place])
        k = np.arange(c + 1)
        mean[place] = (
            binom(c, k) * (n / (n + m)) ** k * (m / (n + m)) ** (c - k) @ abs(k / n - (c - k) / m)
        )
    return float(often @ mean) / 2


class Drawn:
    """Limits of the shares of ``hits`` (K,) among ``trials`` rows that were drawn one by one."""

    def __init__(self, hits: Floats, trials: float) -> None:
        self._hits, self._trials = hits, trials

    def lower(self, alpha: float) -> Floats:
        return clopper_pearson_lower(self._hits, self._trials, alpha)

    def upper(self, alpha: float) -> Floats:
        return clopper_pearson_upper(self._hits, self._trials, alpha)
