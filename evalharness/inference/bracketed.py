"""A rank metric of scores in bins: between the two values that it would have if in every bin all
positives scored below all negatives, or above them.

Either order is a table with bounds of its own. The bounds go by the spread of the scores as well
as by the value, and between the two orders the spread may be larger than in either; it moves by no
more than scores do inside of their bins, for which there is room beyond both ends. The widest
limits that are possible are shown. Where the narrowest ones would give another verdict, the scores
are sorted, and the area is known exactly; of what cannot be computed from a stream of sorted scores
the verdict stays open, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import digamma

from evalharness.declare.forms import Concordance
from evalharness.declare.metric import Metric
from evalharness.inference.bounds import Bounds, upper_z
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.placements import Placed
from evalharness.metrics.rank_curves import accepted
from evalharness.statistics.binned import Binned


def bracketed(metric: Metric, table: Binned, bounds_of: Callable[[Any], Bounds]) -> Bounds:
    """Bounds of a metric of scores in bins; ``bounds_of``: of a `RankTable`."""
    lowest, highest = table.lowest(), table.highest()
    ends = bounds_of(lowest), bounds_of(highest)
    if ends[0].value != ends[0].value or not table.open:
        return ends[0]  # the same in both orders
    if isinstance(metric.form(lowest), Concordance):
        return BracketedBounds(ends, table, lambda: sorted_area(table))
    least = least_average_precision(table)
    low = Shifted(ends[0], ends[0].value - least)
    return BracketedBounds((low, ends[1]), table, None)


class BracketedBounds:
    """``ends``: the bounds at the least and at the largest value that the bins allow; ``exact``:
    gives the bounds of the sorted scores, or None where nothing does."""

    def __init__(
        self, ends: tuple[Bounds, Bounds], table: Binned, exact: Callable[[], Bounds] | None
    ) -> None:
        self._low, self._high = low, high = ends
        self.n, self.unit, self.reason = low.n, low.unit, low.reason or high.reason
        self.shown, self.decides = low.shown, low.decides
        self.value = (low.value + high.value) / 2
        self.half_width = (high.value - low.value) / 2
        self.note = (
            f"{table.used:,} bins of scores leave the value open by ±{self.half_width:.1g}, which "
            "its bounds allow for"
        )
        self._swing, self._exact = table.swing, exact

    @cached_property
    def exact(self) -> Bounds | None:
        """The bounds of the sorted scores, which are all read again; None where that is no help."""
        return None if self._exact is None else self._exact()

    @property
    def extremes(self) -> tuple[Bounds, Bounds]:
        """Between these the truth lies: the least value with the widest limits, and the largest
        value with the narrowest."""
        return _Extreme(self, self._low.value, True), _Extreme(self, self._high.value, False)

    def interval(self, confidence: float) -> tuple[float, float]:
        low, high = (end.interval(confidence) for end in (self._low, self._high))
        return low[0], high[1]

    def lower(self, alpha: float) -> float:
        return self.limits(alpha, wide=True)[0]

    def upper(self, alpha: float) -> float:
        return self.limits(alpha, wide=True)[1]

    def limits(self, alpha: float, wide: bool) -> tuple[float, float]:
        """The widest limits that are possible, or the narrowest."""
        ends = self._low, self._high
        below, above = [e.lower(alpha) for e in ends], [e.upper(alpha) for e in ends]
        if not np.isfinite([*below, *above]).all():
            return below[0], above[0]
        # By how much the distance of a limit from its value differs between the ends, twice; and
        # what the spread may gain in between.
        differ = max(abs(x[1] - x[0] - 2 * self.half_width) for x in (below, above))
        room = self.half_width + 2 * differ + 2 * upper_z(alpha) * self._swing
        if wide:
            return min(below) - room, max(above) + room
        return max(below) + room, min(above) - room

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return self._low.settle(threshold, alpha, power)


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


class Shifted:
    """Bounds of a value that is smaller by so much than one whose bounds are known."""

    def __init__(self, bounds: Bounds, by: float) -> None:
        self._bounds, self._by = bounds, by
        self.value = bounds.value - by

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bounds, name)

    def interval(self, confidence: float) -> tuple[float, float]:
        low, high = self._bounds.interval(confidence)
        return low - self._by, high - self._by

    def lower(self, alpha: float) -> float:
        return self._bounds.lower(alpha) - self._by

    def upper(self, alpha: float) -> float:
        return self._bounds.upper(alpha) - self._by


def least_average_precision(table: Binned) -> float:
    """If in every bin that is no single score all positives scored below all negatives, each at a
    score of its own: then the j-th of them has precision (TP + j) / (TP + j + FP), with TP above
    the bin and FP above and in it."""
    neg, pos = np.asarray(table.negatives, float), np.asarray(table.positives, float)
    before, false = accepted(pos) - pos, accepted(neg)
    apart = pos - false * (digamma(before + false + pos + 1) - digamma(before + false + 1))
    together = pos * (before + pos) / np.maximum(before + pos + false, 1)
    return float(np.where(table.single, together, apart).sum() / pos.sum())


def sorted_area(table: Binned) -> Bounds:
    """The area of sorted scores, from one walk through them."""
    m, n = int(table.positives.sum()), int(table.negatives.sum())
    sides, twice, above = (_Side(), _Side()), 0, [0, 0]
    for neg, pos in table.sorted():
        of_neg, of_pos = above[0] + np.cumsum(neg), above[1] + np.cumsum(pos)
        if len(neg):
            above = [int(of_neg[-1]), int(of_pos[-1])]
        twice += int(pos @ (2 * of_neg - neg))
        sides[0].add((of_neg - neg / 2) / n, pos)
        sides[1].add(1 - (of_pos - pos / 2) / m, neg)
    if above != [n, m]:
        raise ValueError(f"sorted {above} scores, counted {[n, m]}")
    found = ConcordanceBounds.of((m, n), twice / (2.0 * m * n), (sides[0].done, sides[1].done))
    found.note = "by a sort of all scores"  # type: ignore[attr-defined]
    return found


class _Side:
    """Adds up the placements of one class: number, sum and sum of squares about 3/4 of those above
    1/2, and about 1/4 of those below."""

    def __init__(self) -> None:
        self._sums = np.zeros((2, 3))

    def add(self, placements: Any, counts: Any) -> None:
        above = counts * ((placements > 0.5) + 0.5 * (placements == 0.5))
        for sums, some, centre in ((0, above, 0.75), (1, counts - above, 0.25)):
            x = placements - centre
            self._sums[sums] += some.sum(), (some * x).sum(), (some * x * x).sum()

    @property
    def done(self) -> Placed:
        (well, x, xx), (ill, y, yy) = self._sums
        high, low = (0.75 + x / well if well else 1.0), (0.25 + y / ill if ill else 0.0)
        within = max(0.0, xx - (x * x / well if well else 0)) + max(
            0.0, yy - (y * y / ill if ill else 0)
        )
        between = well * ill / (well + ill) * (high - low) ** 2
        return Placed(well, ill, high, low, within + between, within)
