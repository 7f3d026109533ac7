"""The best of several measured levels, which looks better than it is for having been picked.

The least true level is at most U where every level's own upper limit at α / J is at least as large
as that level (Bonferroni over J levels): its upper limit is the least of those. Its lower limit is
the least of the lower limits at α, with no correction. Where a higher value is better the two are
mirrored. What is shown is the interval of the level that was picked.
"""

from __future__ import annotations

from collections.abc import Sequence

from evalharness.inference.bounds import Bounds


class BestOf:
    """Of `levels`, two or more, the best one; `sign`: 1 where a lower value is better, else -1."""

    def __init__(self, levels: Sequence[Bounds], sign: int) -> None:
        self._levels, self._sign = levels, sign
        self._best = min(levels, key=lambda level: sign * level.value)
        self.value, self.n, self.unit = self._best.value, self._best.n, self._best.unit
        self.shown, self.reason = self._best.shown, self._best.reason
        self.decides = f"{self._best.decides}, the best of {len(levels)}"

    def interval(self, confidence: float) -> tuple[float, float]:
        return self._best.interval(confidence)

    def lower(self, alpha: float) -> float:
        if self._sign < 0:
            return max(level.lower(alpha / len(self._levels)) for level in self._levels)
        return min(level.lower(alpha) for level in self._levels)

    def upper(self, alpha: float) -> float:
        if self._sign > 0:
            return min(level.upper(alpha / len(self._levels)) for level in self._levels)
        return max(level.upper(alpha) for level in self._levels)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return self._best.settle(threshold, alpha, power)
