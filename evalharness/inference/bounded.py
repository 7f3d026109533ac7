"""Means of values that lie between two ends, where the sample does not tell how much they vary.

Of all values between two ends with one mean, those that are always at an end vary most. So where
the values are too few, too skewed or all alike for Student's t, they are taken for hits and misses:
Clopper-Pearson with the share of the way that the mean has gone, as in the worst case of a
proportion. Under weights or clusters, with as many trials as there are of the heaviest unit.
"""

from __future__ import annotations

import math

from evalharness.inference.bounds import Bounds, settle_by_root
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper


class BoundedMeanBounds:
    """``inner``: bounds of the mean that may refuse to decide; ``ends``: between which every value
    lies; ``trials``: how many independent values there are at least."""

    reason = ""
    decides = shown = "Clopper-Pearson, as if every value were at an end"

    def __init__(self, inner: Bounds, ends: tuple[float, float], trials: float) -> None:
        self._ends, self._trials = ends, trials
        self.value, self.n, self.unit = inner.value, inner.n, inner.unit
        self.note = getattr(inner, "note", "")
        low, high = ends
        self._hits = min(max((self.value - low) / (high - low), 0.0), 1.0) * trials

    def interval(self, confidence: float) -> tuple[float, float]:
        alpha = (1 - confidence) / 2
        return self.lower(alpha), self.upper(alpha)

    def lower(self, alpha: float) -> float:
        low, high = self._ends
        return low + (high - low) * float(clopper_pearson_lower(self._hits, self._trials, alpha))

    def upper(self, alpha: float) -> float:
        low, high = self._ends
        return low + (high - low) * float(clopper_pearson_upper(self._hits, self._trials, alpha))

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)


def bounded(inner: Bounds, ends: tuple[float, float], trials: float) -> Bounds:
    """``inner`` itself where it decides, or where nothing limits the values."""
    if not inner.reason or math.isnan(inner.value) or not all(map(math.isfinite, ends)):
        return inner
    return BoundedMeanBounds(inner, ends, trials)
