"""The gap between two rungs of a ladder: how much worse a metric is on the one than on the other.

By MOVER (Zou & Donner 2008; of two shares with Wilson's limits it is Newcombe's interval): each
limit of the difference lies √(a² + b²) from it, a and b being how far the limits of the two rungs
lie from their values. Shown is what the shown intervals give. What decides takes the deciding
limits, each on its farther side: with the nearer ones, of a rare error or of very unequal n, up to
2.9 times as many bounds are wrong as are declared. Above an assumed constant a gap is as sure as
the rung that is measured, and its limits are that rung's, shifted. Where clusters have rows on both
rungs, their errors may add up: a + b.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from evalharness.inference.bounds import MOST, Bounds, settle_by_root, upper_z


class Assumed:
    """A value that is declared, not measured: a constant, without an interval."""

    n, unit, reason = 0, "assumed", ""
    shown = decides = "assumed"

    def __init__(self, value: float) -> None:
        self.value = value

    def interval(self, confidence: float) -> tuple[float, float]:
        return self.value, self.value

    def lower(self, alpha: float) -> float:
        return self.value

    upper = lower

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return None


def farther(value: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    """A value (numbers or arrays) with both of its limits as far away as the farther one."""
    far = np.maximum(value - low, high - value)
    return value, value - far, value + far


def ends(below: Any, above: Any, sign: int, tied: bool = False) -> tuple[Any, Any]:
    """MOVER's limits of a gap, from the value, the lower and the upper limit of either rung."""
    (p, l1, u1), (q, l2, u2) = below, above
    down, up, fall, rise = p - l1, u1 - p, q - l2, u2 - q
    if sign < 0:  # mirrored, so that the gap is the upper less the lower again
        down, up, fall, rise = up, down, rise, fall
    join = np.add if tied else np.hypot
    gap = sign * (q - p)
    return gap - join(fall, up), gap + join(rise, down)


class RungGap:
    """How much worse (above 0) the metric is on the upper rung than on the ``lower``.

    ``sign``: 1 where a lower value is better, -1 where a higher one is. ``tied``: whether clusters
    have rows on both rungs. ``most``: how large a gap can be at all.
    """

    def __init__(
        self, below: Bounds, above: Bounds, sign: int, tied: bool = False, most: float = math.inf
    ) -> None:
        self._rungs, self._sign, self._tied, self._most = (below, above), sign, tied, most
        self.value = sign * (above.value - below.value)
        alike = below.shown == above.shown == "Wilson" and not tied
        self.shown = "Newcombe" if alike else "MOVER"
        self.decides = "MOVER, each limit on its farther side"
        self._assumed = any(isinstance(b, Assumed) for b in self._rungs)
        if self._assumed:
            measured = below if isinstance(above, Assumed) else above
            self.shown, self.decides = measured.shown, measured.decides
        self.n, self.unit = below.n + above.n, "examples"
        self._limits = lru_cache(self._both)

    @property
    def reason(self) -> str:
        return next((b.reason for b in self._rungs if b.reason), "")

    def interval(self, confidence: float) -> tuple[float, float]:
        return self._ends([(b.value, *b.interval(confidence)) for b in self._rungs])

    def lower(self, alpha: float) -> float:
        return self._limits(round(alpha, 12))[0]

    def upper(self, alpha: float) -> float:
        return self._limits(round(alpha, 12))[1]

    def _both(self, alpha: float) -> tuple[float, float]:
        limits = [(b.value, b.lower(alpha), b.upper(alpha)) for b in self._rungs]
        return self._ends(limits if self._assumed else [farther(*x) for x in limits])

    def _ends(self, limits: list[tuple[Any, Any, Any]]) -> tuple[float, float]:
        if math.isnan(self.value):
            return -self._most, self._most
        below, above = limits
        low, high = ends(below, above, self._sign, self._tied)
        return max(-self._most, float(low)), min(self._most, float(high))

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)

    def needed(self, threshold: float, alpha: float, power: float = 0.8) -> tuple[int, int] | None:
        """Examples of either rung with which it would be decided, if the true gap is the one seen:
        more of the one that is known less well alone, where that is enough, else more of both.
        None where no number is enough."""
        below, above = self._rungs
        far = [max(b.value - b.lower(alpha), b.upper(alpha) - b.value) for b in self._rungs]
        room = abs(threshold - self.value) / (1 + upper_z(1 - power) / upper_z(alpha))
        if self.reason or not room > 1e-9 or not all(map(math.isfinite, far)):
            return None
        wide, other = (0, 1) if far[0] > far[1] else (1, 0)
        left = room - far[other] if self._tied else room**2 - far[other] ** 2
        if left > 0:
            times = [1.0, 1.0]
            times[wide] = (far[wide] / left) ** 2 if self._tied else far[wide] ** 2 / left
        else:
            both = sum(far) if self._tied else math.hypot(*far)
            times = [(both / room) ** 2] * 2
        found = [math.ceil(b.n * max(1.0, t)) for b, t in zip((below, above), times, strict=True)]
        return (found[0], found[1]) if max(found) < MOST else None
