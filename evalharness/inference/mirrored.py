"""Bounds of 1 − x from those of x: of an accuracy from those of an error rate."""

from __future__ import annotations

from evalharness.inference.bounds import Bounds


class MirroredBounds:
    """One minus what ``inner`` bounds."""

    def __init__(self, inner: Bounds) -> None:
        self.inner, self.value = inner, 1 - inner.value
        self.n, self.unit, self.reason = inner.n, inner.unit, inner.reason
        self.shown, self.decides = inner.shown, inner.decides

    def interval(self, confidence: float) -> tuple[float, float]:
        low, high = self.inner.interval(confidence)
        return 1 - high, 1 - low

    def lower(self, alpha: float) -> float:
        return 1 - self.inner.upper(alpha)

    def upper(self, alpha: float) -> float:
        return 1 - self.inner.lower(alpha)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return self.inner.settle(1 - threshold, alpha, power)
