"""Bounds of a − x from those of x: of an accuracy from those of an error rate (1 − x), of a
difference of accuracies from that of errors (−x)."""

from __future__ import annotations

from evalharness.inference.bounds import Bounds


class MirroredBounds:
    """``of`` minus what ``inner`` bounds."""

    def __init__(self, inner: Bounds, of: float = 1.0) -> None:
        self.inner, self._of, self.value = inner, of, of - inner.value
        self.n, self.unit, self.reason = inner.n, inner.unit, inner.reason
        self.shown, self.decides = inner.shown, inner.decides

    def interval(self, confidence: float) -> tuple[float, float]:
        low, high = self.inner.interval(confidence)
        return self._of - high, self._of - low

    def lower(self, alpha: float) -> float:
        return self._of - self.inner.upper(alpha)

    def upper(self, alpha: float) -> float:
        return self._of - self.inner.lower(alpha)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return self.inner.settle(self._of - threshold, alpha, power)
