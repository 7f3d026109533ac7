"""What so many positives and negatives can show of an area under the ROC curve, before any score is
seen: for scores that are normal in either class, with one spread (binormal).

The verdict's bounds are those of `concordance.widest`. Of a binormal sample that is exactly as
expected they rise with the area, so there is one critical area above which they lie beyond the
threshold. The power is the probability that the area of a sample lies above that, with logit(area)
normal and its error DeLong's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from evalharness.inference.concordance import widest
from evalharness.inference.placements import Placed

# Examples of the sample that is exactly as expected, and beyond so many real ones no plan is made.
EXPECTED = 1_000
MOST = 10**9
STEPS = 40


@lru_cache(maxsize=4_096)
def expected(area: float) -> Placed:
    """The placements of a class of binormal scores, for each of EXPECTED examples: by symmetry
    those of both classes."""
    if area >= 1:
        return Placed(*np.array([EXPECTED, 0.0, 1.0, 0.0, 0.0, 0.0]))
    middles = ndtri((np.arange(EXPECTED) + 0.5) / EXPECTED)
    placements = ndtr(math.sqrt(2) * float(ndtri(area)) + middles)
    return Placed.of(placements, np.ones(EXPECTED), np.array([0])).at(0)


@dataclass(frozen=True)
class AreaSizing:
    """``prevalence``: share of the positives; n counts examples. What lies below the threshold is
    what lies above it after the scores are turned around."""

    threshold: float
    alpha: float
    prevalence: float

    def classes(self, n: int) -> tuple[int, int]:
        """Positives and negatives among n >= 2."""
        positives = min(max(round(n * self.prevalence), 1), n - 1)
        return positives, n - positives

    def _turned(self, area: float, upward: bool) -> float:
        return area if upward else 1 - area

    def _lower(self, area: float, n: int) -> float:
        pos, neg = (expected(area).times(m / EXPECTED) for m in self.classes(n))
        with np.errstate(all="ignore"):
            return float(widest(np.float64(area), pos, neg, self.alpha)[0])

    def least_n(self, upward: bool) -> int | None:
        """With all positives above all negatives."""
        tau = self._turned(self.threshold, upward)
        return _smallest(lambda n: self._lower(1.0, n) > tau) if tau < 1 else None

    def _critical(self, n: int, upward: bool) -> float | None:
        """The least area that shows it; None where none does."""
        tau = self._turned(self.threshold, upward)
        if n < 2 or not self._lower(1.0, n) > tau:
            return None
        low, high = tau, 1.0
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._lower(middle, n) > tau else (middle, high)
        return high

    def power_at(self, n: int, true: float, upward: bool) -> float | None:
        critical, area = self._critical(n, upward), self._turned(true, upward)
        return self._reached(n, area, critical)

    def _reached(self, n: int, area: float, critical: float | None) -> float:
        if critical is None:
            return 0.0
        if not 0 < area < 1:
            return float(area >= 1)
        squares = [expected(area).times(m / EXPECTED).spread / m / m for m in self.classes(n)]
        # Of the least area that shows it, an atom at 1 is part.
        error = math.sqrt(sum(squares)) / (area * (1 - area))
        return float(ndtr((_logit(area) - _logit(min(critical, 1 - 1e-12))) / error))

    def needed_n(self, true: float, power: float, upward: bool) -> int | None:
        if (true > self.threshold) != upward:
            return None
        return _smallest(lambda n: (self.power_at(n, true, upward) or 0.0) >= power)

    def detectable(self, n: int, power: float, upward: bool) -> float | None:
        critical = self._critical(n, upward)
        if critical is None:
            return None
        low, high = self._turned(self.threshold, upward), 1.0
        for _ in range(STEPS):
            middle = (low + high) / 2
            enough = self._reached(n, middle, critical) >= power
            low, high = (low, middle) if enough else (middle, high)
        return self._turned(high, upward)


def _logit(area: float) -> float:
    return math.log(area / (1 - area))


def _smallest(true: Any) -> int | None:
    """The n >= 2 from which on it is true, of what stays true."""
    high = 2
    while not true(high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > max(1, high // 2_000):
        middle = (low + high) // 2
        low, high = (low, middle) if true(middle) else (middle, high)
    return high
