"""What every form of estimate offers: an interval to show, one-sided bounds that decide, a remedy.

The interval that is *shown* is chosen to be short and centred; the bounds that *decide* are chosen
because their one-sided coverage holds (docs/calibration.md). A pass or a fail is read off the
deciding bounds only.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from scipy.special import ndtri

# More units than this nobody will collect: "cannot be settled".
MOST = 1e15


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
    bounds: Bounds,
    threshold: float,
    alpha: float,
    power: float,
    at: Callable[[float, bool], tuple[float, float]],
) -> int | None:
    """Fresh units with which the verdict would be decided if ``bounds.value`` is the truth.

    ``at``: (factor, lower?) -> the deciding bound at ``alpha`` and the value's standard error, if
    there were ``factor`` times as many units in the same proportions. The bound lies so far from
    the value, give or take that error; with probability ``power`` it lies beyond the threshold when
    the distance to the threshold is its half-width and z_b errors. The smallest number of units
    with which it is (to 0.5 %) is searched for, since where errors are few a half-width does not
    shrink like 1/sqrt(n). None where the value is undefined or at the threshold, or where no number
    is enough.
    """
    if bounds.reason or not math.isfinite(bounds.value) or bounds.value == threshold:
        return None
    lower = bounds.value > threshold
    zb, gap = upper_z(1 - power), abs(bounds.value - threshold)

    def enough(factor: float) -> bool:
        bound, error = at(factor, lower)
        return abs(bounds.value - bound) + zb * error <= gap

    short, least = 1.0 / bounds.n, 1.0
    if not enough(least):
        while not enough(least):
            short, least = least, 4 * least
            if least * bounds.n > MOST:
                return None
    else:
        while least > 4 * short and enough(least / 4):
            least /= 4
        short = max(short, least / 4)
    while least > 1.005 * short:
        middle = math.sqrt(short * least)
        short, least = (short, middle) if enough(middle) else (middle, least)
    return max(1, math.ceil(bounds.n * least))


def settle_by_root(
    bounds: Bounds, threshold: float, alpha: float, power: float = 0.8
) -> int | None:
    """As `settle_by_width`, for bounds whose half-widths shrink like 1/sqrt(n) from what they are
    today."""
    if bounds.reason or not math.isfinite(bounds.value):
        return None

    def at(factor: float, lower: bool) -> tuple[float, float]:
        limit = bounds.lower(alpha) if lower else bounds.upper(alpha)
        width = abs(bounds.value - limit) / math.sqrt(factor)
        return bounds.value - width if lower else bounds.value + width, width / upper_z(alpha)

    return settle_by_width(bounds, threshold, alpha, power, at)


class ByLimits(abc.ABC):
    """What estimates share whose two bounds at a level come together, and are shown as they
    decide: ``_limits(alpha)`` gives both, numbers or (G,) arrays."""

    @abc.abstractmethod
    def _limits(self, alpha: float) -> tuple[Any, Any]: ...

    def interval(self, confidence: float) -> tuple[Any, Any]:
        return self._limits((1 - confidence) / 2)

    def lower(self, alpha: float) -> Any:
        return self._limits(alpha)[0]

    def upper(self, alpha: float) -> Any:
        return self._limits(alpha)[1]


# Where a metric is asked whether it has any width at all: what a gate asks for by itself.
USUAL = 0.05


class ShownByDelta(ByLimits):
    """What estimates share that MOVER decides and the delta method shows.

    A subclass has value, n, unit, decides, range, ``shown``, ``_error`` (the delta method's
    standard error), ``_undefined`` (why nothing can be bounded, or "") and ``_mover(alpha)``: the
    two deciding bounds, each at error level ``alpha``, asked for only where that is "". A metric
    that is the same number wherever the rates may lie has no width, and decides nothing.
    """

    value: Any
    n: Any
    unit: Any
    decides: Any
    range: Any
    shown: Any
    _error: Any
    _undefined: Any

    def __init__(self) -> None:
        self._known: dict[float, tuple[float, float]] = {}

    @abc.abstractmethod
    def _mover(self, alpha: float) -> tuple[float, float]: ...

    @abc.abstractmethod
    def _times(self, factor: float) -> ShownByDelta:
        """The same estimate of ``factor`` times as many examples, in the same proportions."""

    def _swing(self, width: float) -> float:
        """How far a bound strays from sample to sample: its half-width for each z, or less."""
        return width

    @cached_property
    def reason(self) -> str:
        if self._undefined or not self._flat(USUAL):
            return str(self._undefined)
        return (
            f"does not depend on the table's rates: it is {self.value:.4g} wherever in their "
            "limits they lie"
        )

    def interval(self, confidence: float) -> tuple[float, float]:
        alpha = (1 - confidence) / 2
        if self.reason or self.shown == "MOVER":
            return self._limits(alpha)
        half = upper_z(alpha) * self._error
        return max(self.range[0], self.value - half), min(self.range[1], self.value + half)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        def at(factor: float, lower: bool) -> tuple[float, float]:
            larger = self._times(factor)
            bound = larger._limits(alpha)[0 if lower else 1]
            return bound, larger._swing(abs(self.value - bound) / upper_z(alpha))

        return settle_by_width(self, threshold, alpha, power, at)

    def _limits(self, alpha: float) -> tuple[float, float]:
        if self.reason or self._flat(alpha):
            return float(self.range[0]), float(self.range[1])
        return self._decided(alpha)

    def _decided(self, alpha: float) -> tuple[float, float]:
        level = round(alpha, 12)  # 1 - 0.95 and 0.05 are one level, and are asked for once
        if level not in self._known:
            low, high = self._mover(level)
            self._known[level] = float(low), float(high)
        return self._known[level]

    def _flat(self, alpha: float) -> bool:
        low, high = self._decided(alpha)
        return not high - low > 1e-12 * max(1.0, abs(low))
