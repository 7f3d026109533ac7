"""Arithmetic of metrics: sums, differences and multiples are metrics."""

from __future__ import annotations

import math
from typing import Any, cast

from evalharness.declare.errors import DeclarationError

__tracebackhide__ = True


class Arithmetic:
    """The operators of a metric that make another one of it."""

    def __add__(self, other: Any) -> Any:
        return self._combined(other, 1.0)

    def __sub__(self, other: Any) -> Any:
        return self._combined(other, -1.0)

    def __mul__(self: Any, factor: Any) -> Any:
        from evalharness.declare.combine import scaled

        return scaled(self, factor)

    __rmul__ = __mul__

    def __truediv__(self: Any, divisor: Any) -> Any:
        from evalharness.declare.combine import scaled

        if not is_number(divisor) or not divisor:
            raise DeclarationError(f"{self} / {divisor!r}: divide a metric by a number")
        return scaled(self, 1 / divisor)

    def __neg__(self) -> Any:
        return self * -1.0

    def __radd__(self, other: Any) -> Any:
        if isinstance(other, int) and other == 0:
            return self  # sum([...]) starts with 0
        return self._combined(other, 1.0)

    def __rsub__(self, other: Any) -> Any:
        return self._combined(other, -1.0)

    def _combined(self: Any, other: Any, sign: float) -> Any:
        from evalharness.declare.combine import added

        if isinstance(other, Arithmetic):
            return added(self, cast(Any, other), sign)
        raise DeclarationError(
            f"{self} and {other!r}: metrics are added to metrics; a number belongs into the "
            "threshold: false_negative_rate <= 0.1, rather than 1 - recall <= 0.1"
        )


def is_number(value: Any) -> bool:
    """Whether it is a finite number, of Python or of an array library."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return False
    try:
        return math.isfinite(value)
    except TypeError:
        return False
