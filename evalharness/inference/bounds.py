"""What every form of estimate offers: an interval to show, one-sided bounds that decide, a remedy.

The interval that is *shown* is chosen to be short and centred; the bounds that *decide* are chosen
because their one-sided coverage holds (docs/calibration.md). A pass or a fail is read off the
deciding bounds only.
"""

from __future__ import annotations

import abc
import math
from typing import Any, Protocol, runtime_checkable

from scipy.special import ndtri


@runtime_checkable
class Bounds(Protocol):
    """One estimate and everything that may be said about it.

    ``value`` is nan where it is 0/0; ``reason`` is then not empty and nothing can be decided.
    ``lower``/``upper`` are one-sided at error level ``alpha``; where none exists they are the end
    of the range, or -inf/inf. A class whose bounds are *closed* (attribute ``closed = True``:
    quantiles) decides with equality: an upper bound equal to the threshold satisfies ``<=
    threshold``.
    """

    @property
    def value(self) -> float: ...
    @property
    def n(self) -> int: ...
    @property
    def unit(self) -> str: ...
    @property
    def shown(self) -> str: ...
    @property
    def decides(self) -> str: ...
    @property
    def reason(self) -> str: ...

    def interval(self, confidence: float) -> tuple[float, float]: ...
    def lower(self, alpha: float) -> float: ...
    def upper(self, alpha: float) -> float: ...
    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None: ...


def upper_z(alpha: float) -> float:
    """The upper-``alpha`` quantile of the standard normal, z_a."""
    return float(-ndtri(alpha))


def settle_by_width(
    bounds: Bounds, threshold: float, alpha: float, power: float = 0.8
) -> int | None:
    """Fresh units with which the verdict would be decided if ``bounds.value`` is the truth.

    The deciding half-width h at n shrinks like 1/sqrt(n); to decide with probability ``power`` the
    distance must be (z_a + z_b)/z_a half-widths. So n* = n [(z_a + z_b)/z_a · h/|value -
    threshold|]², rounded up. None where the value is undefined or at the threshold, or no bound
    exists here.
    """
    if bounds.reason or not math.isfinite(bounds.value) or bounds.value == threshold:
        return None
    bound = bounds.lower(alpha) if bounds.value > threshold else bounds.upper(alpha)
    half = abs(bounds.value - bound)
    if not math.isfinite(half) or half == 0:
        return None
    za, zb = upper_z(alpha), upper_z(1 - power)
    needed = bounds.n * ((za + zb) / za * half / abs(bounds.value - threshold)) ** 2
    return max(1, math.ceil(needed)) if math.isfinite(needed) else None


class ShownByDelta(abc.ABC):
    """What estimates share that MOVER decides and the delta method shows.

    A subclass has value, n, unit, decides, reason, range, ``shown``, ``_error`` (the delta method's
    standard error) and ``_mover(alpha)``: the two deciding bounds, each at error level ``alpha``.
    """

    value: Any
    n: Any
    unit: Any
    decides: Any
    reason: Any
    range: Any
    shown: Any
    _error: Any

    def __init__(self) -> None:
        self._known: dict[float, tuple[float, float]] = {}

    @abc.abstractmethod
    def _mover(self, alpha: float) -> tuple[float, float]: ...

    def interval(self, confidence: float) -> tuple[float, float]:
        alpha = (1 - confidence) / 2
        if self.shown == "MOVER":
            return self._limits(alpha)
        half = upper_z(alpha) * self._error
        return max(self.range[0], self.value - half), min(self.range[1], self.value + half)

    def lower(self, alpha: float) -> float:
        return self._limits(alpha)[0]

    def upper(self, alpha: float) -> float:
        return self._limits(alpha)[1]

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_width(self, threshold, alpha, power)

    def _limits(self, alpha: float) -> tuple[float, float]:
        if alpha not in self._known:
            self._known[alpha] = self._mover(alpha)
        return self._known[alpha]
