"""Bounds of a rising function of something bounded: the root of a mean, the exponential of one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from evalharness.inference.bounds import Bounds


def through(
    bounds: Bounds, function: Callable[[Any], Any] | None, range: tuple[float, float]
) -> Bounds:
    """The bounds themselves where there is no function."""
    return bounds if function is None else ThroughBounds(bounds, function, range)


def mapped(
    function: Callable[[Any], Any], x: float, end: float, range: tuple[float, float]
) -> float:
    """The function of a limit, within its range; ``end`` where it has none."""
    if math.isinf(x):
        return end
    try:
        y = float(function(x))
    except (ValueError, OverflowError):
        return end
    return end if math.isnan(y) else min(max(y, range[0]), range[1])


class ThroughBounds:
    """``function`` of what ``inner`` bounds; it rises wherever it is defined.

    Where the function is not defined at a limit of ``inner`` (the root of a negative number), the
    limit is the nearest end of ``range``.
    """

    def __init__(
        self, inner: Bounds, function: Callable[[Any], Any], range: tuple[float, float]
    ) -> None:
        self.inner, self._function, self._range = inner, function, range
        self.value = math.nan if math.isnan(inner.value) else float(function(inner.value))
        self.n, self.unit, self.reason = inner.n, inner.unit, inner.reason
        self.shown, self.decides = inner.shown, inner.decides
        self.note = getattr(inner, "note", "")

    def _at(self, x: float, end: float) -> float:
        return mapped(self._function, x, end, self._range)

    def interval(self, confidence: float) -> tuple[float, float]:
        low, high = self.inner.interval(confidence)
        return self._at(low, self._range[0]), self._at(high, self._range[1])

    def lower(self, alpha: float) -> float:
        return self._at(self.inner.lower(alpha), self._range[0])

    def upper(self, alpha: float) -> float:
        return self._at(self.inner.upper(alpha), self._range[1])

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        """As the inner bounds say, at what the function takes to the threshold."""
        if math.isnan(self.value):
            return None
        # The threshold's place on the inner scale, from brackets that double until they hold it.
        centre = self.inner.value
        step = max(1e-6, abs(centre) * 1e-3)
        low = high = centre
        for _ in range(200):
            if self._at(low, -math.inf) <= threshold <= self._at(high, math.inf):
                break
            low, high, step = low - step, high + step, 2 * step
        else:
            return None
        for _ in range(200):
            middle = (low + high) / 2
            if self._at(middle, -math.inf) < threshold:
                low = middle
            else:
                high = middle
        return self.inner.settle(high, alpha, power)


class ThroughSlices:
    """The same of every slice: ``inner`` are its `Slices`, ``one`` gives the bounds of one."""

    def __init__(
        self,
        inner: Any,
        function: Callable[[Any], Any],
        range: tuple[float, float],
        one: Callable[[int], Any],
    ) -> None:
        self._inner, self._function, self._range, self.one = inner, function, range, one
        self.n, self.closed, self.kinds = inner.n, inner.closed, inner.kinds
        self.value = np.array([x if math.isnan(x) else float(function(x)) for x in inner.value])

    def _each(self, limits: Any, end: int) -> Any:
        place = self._range[end]
        return np.array([mapped(self._function, x, place, self._range) for x in limits.tolist()])

    def interval(self, confidence: float) -> tuple[Any, Any]:
        low, high = self._inner.interval(confidence)
        return self._each(low, 0), self._each(high, 1)

    def lower(self, alpha: float) -> Any:
        return self._each(self._inner.lower(alpha), 0)

    def upper(self, alpha: float) -> Any:
        return self._each(self._inner.upper(alpha), 1)
