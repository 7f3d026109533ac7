"""A rank metric of scores in bins: between the two values that it would have if in every bin all
positives scored below all negatives, or above them.

How far the limits lie from the value goes by the order of the scores too, so each metric has the
widest and the narrowest limits that some order in the bins could give. The widest are shown. Where
the narrowest would give another verdict, the scores are sorted on disk, and the value and its
limits are those of the table of all scores.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np

from evalharness.declare.forms import Concordance
from evalharness.declare.metric import Metric
from evalharness.inference.binned_precision import BinnedPrecision
from evalharness.inference.bounds import Bounds, upper_z
from evalharness.inference.nobounds import NoBounds
from evalharness.inference.sorted_scores import sorted_area, sorted_distance, sorted_precision
from evalharness.metrics.curves import Distance
from evalharness.statistics.binned import Binned

Pair = tuple[float, float]


def bracketed(metric: Metric, table: Binned, bounds_of: Callable[[Any], Bounds]) -> Bounds:
    """Bounds of a metric of scores in bins; ``bounds_of``: of a `RankTable`."""
    lowest = table.lowest()
    low, high = bounds_of(lowest), bounds_of(table.highest())
    form = metric.form(lowest)
    if low.value != low.value:
        return low
    if isinstance(form, Concordance):
        if not table.open:
            return low
        return _of_bins(AreaSpread(low, high, table), table, sorted_area)
    if isinstance(form, Distance):
        # A threshold inside of a bin accepts some of its examples and all above: at most all of its
        # positives and no negative, at least what the threshold at either edge does.
        if low.value == high.value:
            return low
        return _of_bins(Spread(low, high), table, sorted_distance)
    found = BinnedPrecision(table)
    if found.certain:
        return low
    ends: Any = low, high
    for end, value in zip(ends, (found.low, found.high), strict=True):
        end.value = value  # in the lowest order positives may also differ among themselves
    plain = isinstance(low, NoBounds)
    spread = Spread(low, high) if plain else PrecisionSpread(low, high, found)
    return _of_bins(spread, table, sorted_precision)


def _of_bins(spread: Spread, table: Binned, exact: Callable[[Binned], Bounds]) -> BracketedBounds:
    opened = f"{table.used:,} bins of scores leave the value open"
    return BracketedBounds(spread, opened, partial(exact, table))


class Spread:
    """The bounds at the least and at the largest value that the bins allow, and so what limits are
    possible where they go by the value alone."""

    def __init__(self, low: Bounds, high: Bounds) -> None:
        self.low, self.high = low, high

    def interval(self, confidence: float) -> Pair:
        return self.low.interval(confidence)[0], self.high.interval(confidence)[1]

    def limits(self, alpha: float) -> tuple[Pair, Pair]:
        """The widest limits that are possible, and the narrowest."""
        low, high = self.low, self.high
        return (low.lower(alpha), high.upper(alpha)), (high.lower(alpha), low.upper(alpha))


class AreaSpread(Spread):
    """Of an area: between the two orders the spread may be larger than in either; it moves by no
    more than scores do inside of their bins, for which there is room beyond both ends."""

    def __init__(self, low: Bounds, high: Bounds, table: Binned) -> None:
        super().__init__(low, high)
        self._swing = table.swing

    def interval(self, confidence: float) -> Pair:
        (below, above) = zip(*(e.interval(confidence) for e in (self.low, self.high)), strict=True)
        if not np.isfinite([*below, *above]).all():
            return super().interval(confidence)
        return self._roomy(below, above, (1 - confidence) / 2)[0]

    def limits(self, alpha: float) -> tuple[Pair, Pair]:
        ends = self.low, self.high
        below, above = [e.lower(alpha) for e in ends], [e.upper(alpha) for e in ends]
        if not np.isfinite([*below, *above]).all():
            return super().limits(alpha)
        return self._roomy(below, above, alpha)

    def _roomy(self, below: Any, above: Any, alpha: float) -> tuple[Pair, Pair]:
        """The widest and the narrowest limits, from those at either end."""
        # By how much the distance of a limit from its value differs between the ends, twice; and
        # what the spread may gain in between.
        apart = self.high.value - self.low.value
        differ = max(abs(x[1] - x[0] - apart) for x in (below, above))
        room = apart / 2 + 2 * differ + 2 * upper_z(alpha) * self._swing
        return (
            (max(0.0, min(below) - room), min(1.0, max(above) + room)),
            (min(1.0, max(below) + room), max(0.0, min(above) - room)),
        )


class PrecisionSpread(Spread):
    """Of an average precision, whose bounds at both ends say no more than why there are none."""

    def __init__(self, low: Bounds, high: Bounds, found: BinnedPrecision) -> None:
        super().__init__(low, high)
        self._found = found

    def interval(self, confidence: float) -> Pair:
        if self.low.reason:
            return super().interval(confidence)
        return self._found.limits((1 - confidence) / 2, unseen=False)[0]

    def limits(self, alpha: float) -> tuple[Pair, Pair]:
        return super().limits(alpha) if self.low.reason else self._found.limits(alpha)


class BracketedBounds:
    """``spread``: what the bins allow; ``opened``: what leaves the value open, as a message says
    it; ``exact``: gives the bounds of the sorted scores; ``plain``: what is said in any case."""

    def __init__(
        self, spread: Spread, opened: str, exact: Callable[[], Bounds], plain: str = ""
    ) -> None:
        self._spread, self._exact = spread, exact
        low, high = spread.low, spread.high
        self.n, self.unit, self.reason = low.n, low.unit, low.reason or high.reason
        self.shown, self.decides = low.shown, low.decides
        self.value = (low.value + high.value) / 2
        self.half_width = (high.value - low.value) / 2
        self.note = f"{opened} by ±{self.half_width:.1g}"
        if not isinstance(low, NoBounds):
            self.note += ", which its bounds allow for"
        if not self.half_width:
            self.note = plain + "its bounds allow for what bins of scores leave open"

    @cached_property
    def exact(self) -> Bounds:
        """The bounds of the sorted scores, which are all read again."""
        found: Any = self._exact()
        if isinstance(self._spread.low, NoBounds):  # a fixed list
            value, found = found.value, copy.copy(self._spread.low)
            found.value = value
        beside = getattr(found, "note", "")
        found.note = f"{beside}; by a sort of all scores" if beside else "by a sort of all scores"
        return found

    @property
    def values(self) -> Pair:
        """Between these the value lies."""
        return self._spread.low.value, self._spread.high.value

    @property
    def extremes(self) -> tuple[Bounds, Bounds]:
        """Between these the truth lies: the least value with the widest limits, and the largest
        value with the narrowest."""
        low, high = self.values
        return _Extreme(self, low, True), _Extreme(self, high, False)

    def interval(self, confidence: float) -> Pair:
        return self._spread.interval(confidence)

    def lower(self, alpha: float) -> float:
        return self.limits(alpha, wide=True)[0]

    def upper(self, alpha: float) -> float:
        return self.limits(alpha, wide=True)[1]

    def limits(self, alpha: float, wide: bool) -> Pair:
        """The widest limits that are possible, or the narrowest."""
        return self._spread.limits(alpha)[0 if wide else 1]

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return self._spread.low.settle(threshold, alpha, power)


class _Extreme:
    """``wide``: whether the limits are the widest possible or the narrowest."""

    def __init__(self, whole: BracketedBounds, value: float, wide: bool) -> None:
        self.value, self._whole, self._wide = value, whole, wide
        self.n, self.unit, self.reason = whole.n, whole.unit, whole.reason
        self.shown, self.decides, self.note = whole.shown, whole.decides, whole.note
        self.interval, self.settle = whole.interval, whole.settle

    def lower(self, alpha: float) -> float:
        return self._whole.limits(alpha, self._wide)[0]

    def upper(self, alpha: float) -> float:
        return self._whole.limits(alpha, self._wide)[1]
