"""Bounds that may show that something is worse, and never that it is better: what it is compared
with is known to be too high."""

from __future__ import annotations

import math

from evalharness.inference.bounds import Bounds


class UnpassedBounds:
    """``inner`` without its limit on the good side: the upper one where a ``lower`` value is
    better, else the lower one. ``reason``: why, in words."""

    def __init__(self, inner: Bounds, lower: bool, reason: str) -> None:
        self.inner, self._lower, self.reason = inner, lower, reason
        self.value, self.n, self.unit = inner.value, inner.n, inner.unit
        self.shown, self.decides = inner.shown, inner.decides

    def interval(self, confidence: float) -> tuple[float, float]:
        return self.inner.interval(confidence)

    def lower(self, alpha: float) -> float:
        return self.inner.lower(alpha) if self._lower else -math.inf

    def upper(self, alpha: float) -> float:
        return math.inf if self._lower else self.inner.upper(alpha)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return None
