"""Areas under the ROC curve of weighted or clustered examples.

The influences of the units (DeLong's placements, summed within each) tell the spread that was seen;
MOVER over the shares of misplaced examples allows for what was not, at the sizes of the worst case:
the weight of a class over that of its heaviest unit. (Obuchowski 1997 for clusters.)
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from evalharness.inference.bounds import Bounds, settle_by_root
from evalharness.inference.concordance import placed, unseen
from evalharness.inference.proportions import clopper_pearson_lower


class UnitAreaBounds:
    """``positives``, ``negatives``: (k,) weights at each distinct score, ascending. ``sizes``: the
    weights of positives, and of negatives, in each unit. ``linear``: by the units' influences;
    where it decides nothing, Clopper-Pearson with the trials of the worst case does.
    """

    reason = ""

    def __init__(self, positives: Any, negatives: Any, sizes: Any, linear: Bounds) -> None:
        self._linear, self.note = linear, getattr(linear, "note", "")
        self.value, self.n, self.unit = linear.value, linear.n, linear.unit
        self._worst = [float(s.sum() / s.max()) for s in sizes]
        self._placed = [
            side.times(worst / side.n)
            for side, worst in zip(placed(positives, negatives), self._worst, strict=True)
        ]

    @cached_property
    def _seen(self) -> bool:
        return not self._linear.reason

    @property
    def shown(self) -> str:
        return self._linear.shown if self._seen else self.decides

    @property
    def decides(self) -> str:
        return (
            f"wider of {self._linear.decides} and MOVER"
            if self._seen
            else "Clopper-Pearson, worst case"
        )

    def _below(self, value: float, sides: Any, alpha: float) -> float:
        trials = min(self._worst)
        if not self._seen:
            return float(clopper_pearson_lower(value * trials, trials, alpha))
        return unseen(value, *sides, alpha)

    def interval(self, confidence: float) -> tuple[float, float]:
        alpha = (1 - confidence) / 2
        if self._seen:
            return self._linear.interval(confidence)
        return self.lower(alpha), self.upper(alpha)

    def lower(self, alpha: float) -> float:
        below = self._below(self.value, self._placed, alpha)
        return min(below, self._linear.lower(alpha)) if self._seen else below

    def upper(self, alpha: float) -> float:
        turned = [side.mirrored for side in self._placed]
        above = 1 - self._below(1 - self.value, turned, alpha)
        return max(above, self._linear.upper(alpha)) if self._seen else above

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)
