"""Areas under the ROC curve of weighted or clustered examples.

The influences of the units (DeLong's placements, summed within each: Obuchowski 1997) tell the
spread that was seen; MOVER over the shares of misplaced examples allows for what was not, at as
many examples as this spread says they are worth. Where it tells nothing, the worst case decides: as
many trials as the smaller class has units, counted by the weight of its heaviest.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from evalharness.inference.bounds import Bounds, settle_by_root, upper_z
from evalharness.inference.concordance import unseen
from evalharness.inference.placements import Placed, placed
from evalharness.inference.proportions import clopper_pearson_lower


class UnitAreaBounds:
    """``positives``, ``negatives``: (k,) weights at each distinct score, ascending. ``sizes``: the
    weights of positives, and of negatives, in each unit; ``counts``: how many examples these are.
    ``linear``: by the units' influences; where it decides nothing, Clopper-Pearson with the trials
    of the worst case does.
    """

    reason = ""

    def __init__(
        self, positives: Any, negatives: Any, sizes: Any, counts: Any, linear: Bounds
    ) -> None:
        self._linear, self.note = linear, getattr(linear, "note", "")
        self.value, self.n, self.unit = linear.value, linear.n, linear.unit
        self._counts = counts
        self._worst = min(float(s.sum() / s.max()) for s in sizes)
        self._positives, self._negatives = positives, negatives

    @cached_property
    def _placed(self) -> tuple[Placed, ...]:
        """Both classes' placements, of as many examples as they are worth."""
        sides = placed(self._positives, self._negatives)
        low, high = self._linear.interval(0.95)
        seen = ((high - low) / 2 / upper_z(0.025)) ** 2
        alone = sum(side.spread / side.n / n for side, n in zip(sides, self._counts, strict=True))
        worth = min(1.0, alone / seen) if seen > 0 else 1.0
        return tuple(
            side.times(n * worth / side.n) for side, n in zip(sides, self._counts, strict=True)
        )

    @cached_property
    def _seen(self) -> bool:
        return not self._linear.reason

    @property
    def shown(self) -> str:
        return self._linear.shown if self._seen else self.decides

    @property
    def decides(self) -> str:
        if not self._seen:
            return "Clopper-Pearson, worst case"
        return f"widest of {self._linear.decides.removeprefix('wider of ')}, and MOVER"

    def _below(self, value: float, sides: tuple[Placed, ...], alpha: float) -> float:
        if not self._seen:
            return float(clopper_pearson_lower(value * self._worst, self._worst, alpha))
        pos, neg = sides
        return float(unseen(value, pos, neg, alpha))

    def interval(self, confidence: float) -> tuple[float, float]:
        alpha = (1 - confidence) / 2
        if self._seen:
            return self._linear.interval(confidence)
        return self.lower(alpha), self.upper(alpha)

    def lower(self, alpha: float) -> float:
        below = self._below(self.value, self._placed if self._seen else (), alpha)
        return min(below, self._linear.lower(alpha)) if self._seen else below

    def upper(self, alpha: float) -> float:
        turned = tuple(side.mirrored for side in self._placed) if self._seen else ()
        above = 1 - self._below(1 - self.value, turned, alpha)
        return max(above, self._linear.upper(alpha)) if self._seen else above

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)
