"""Averages of areas under the ROC curve: each class against the rest, or each against each.

Every area has bounds of its own. How the areas err together is not known, but it is known through
which examples: an example of class c is a positive in the areas of c, and a negative elsewhere.
Errors through the positives of different classes are independent, so they add in squares; what may
depend on each other adds up. So the average's bound follows from how much of each area's distance
is due to its positives and how much to its negatives.

Sources: Hand & Till 2001 (each against each); Zou & Donner 2008 (MOVER); DeLong et al. 1988
(the two parts); simulated in docs/calibration.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import ByLimits, settle_by_width, upper_z
from evalharness.inference.concordance import LEAST, ConcordanceBounds
from evalharness.inference.placements import Placed

Floats = NDArray[np.float64]


class ClassAreaBounds(ByLimits):
    """The mean of areas.

    ``tables``: (negatives, positives) of each, counts by distinct score, ascending. ``names``: of
    the areas, for the reason. ``classes``: for areas of each class against each, the places of the
    classes of the positives and of the negatives, (A, 2); None for each against the rest.
    ``exclusive``: whether no example is a positive of two classes; else (multilabel) all may err
    together, and the mean of the limits decides.
    """

    unit = "examples"
    shown = "MOVER"
    decides = "MOVER of the classes' areas"

    def __init__(
        self,
        tables: Sequence[tuple[Any, Any]],
        names: Sequence[Any],
        n: int,
        classes: Any = None,
        exclusive: bool = True,
    ) -> None:
        self._exclusive = exclusive
        self.parts = [ConcordanceBounds(pos, neg) for neg, pos in tables]
        self._names, self._pairs, self.n = names, classes, int(n)
        self.areas = np.array([part.value for part in self.parts])
        self.value = math.nan if self.reason else float(self.areas.mean())
        self._known: dict[tuple[float, float], tuple[float, float]] = {}

    @cached_property
    def reason(self) -> str:
        if not self.parts:
            return "0/0: there are no examples"
        without = [
            str(name) for name, part in zip(self._names, self.parts, strict=True) if part.reason
        ]
        if not without:
            return ""
        shown = ", ".join(without[:5]) + (", …" if len(without) > 5 else "")
        return (
            f"0/0 in {len(without)} of {len(self.parts)} areas ({shown}), so their average is "
            "undefined"
        )

    def _limits(self, alpha: float, factor: float = 1.0) -> tuple[float, float]:
        if self.reason:
            return 0.0, 1.0
        if (alpha, factor) not in self._known:
            each = [_distances(part, alpha, factor) for part in self.parts]
            down, up, seen = (np.array([parts[i] for parts in each]) for i in (0, 1, 2))
            # Of areas near 1 (or 0) few are below it, and the others' limits say no more than that;
            # together they show the spread that the delta method takes them to have.
            least = self._together(upper_z(alpha) * seen)
            low = self.value - max(least, self._capped(down))
            high = self.value + max(least, self._capped(up))
            self._known[alpha, factor] = max(0.0, low), min(1.0, high)
        return self._known[alpha, factor]

    def _capped(self, parts: Floats) -> float:
        """Never beyond what the mean of the areas' limits says."""
        return min(self._together(parts[:, 1:]), float(parts[:, 0].mean()))

    def _together(self, parts: Floats) -> float:
        """The average's distance from the areas', (A, 2), due to positives and to negatives."""
        by_pos, by_neg = parts.T
        if not self._exclusive:
            return float((by_pos + by_neg).mean())
        if self._pairs is None:
            total = math.sqrt(float(by_pos @ by_pos)) + float(by_neg.sum())
        else:
            # The examples of a class err together wherever they are looked at, and only they.
            size = int(np.max(self._pairs)) + 1
            of_class = np.bincount(self._pairs[:, 0], by_pos, size)
            of_class += np.bincount(self._pairs[:, 1], by_neg, size)
            total = math.sqrt(float(of_class @ of_class))
        return total / len(parts)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        def at(factor: float, lower: bool) -> tuple[float, float]:
            bound = self._limits(alpha, factor)[0 if lower else 1]
            return bound, abs(self.value - bound) / upper_z(alpha)

        return settle_by_width(self, threshold, alpha, power, at)


def _distances(part: ConcordanceBounds, alpha: float, factor: float) -> tuple[list[float], ...]:
    """Of one area: its distance down and what of it is due to positives and to negatives, the same
    up, and the standard errors due to either (DeLong's)."""
    assert part._placed is not None  # only asked where the area is defined
    low, high = part._widest(alpha, factor)
    pos, neg = (side.times(factor) for side in part._placed)
    seen = [math.sqrt(s.spread / (s.n - 1) / s.n) if s.n > 1 else 0.0 for s in (pos, neg)]
    down, up = part.value - low, high - part.value
    return (
        [down, *(down * math.sqrt(x) for x in _shares(pos, neg, alpha))],
        [up, *(up * math.sqrt(x) for x in _shares(pos.mirrored, neg.mirrored, alpha))],
        seen,
    )


def _shares(pos: Placed, neg: Placed, alpha: float) -> tuple[float, float]:
    """How much of the square of an area's distance may be due to its positives, and negatives: the
    larger of what was seen (DeLong) and of what was not."""
    if min(pos.n, neg.n) < LEAST:
        return 1.0, 1.0
    seen = [side.spread / (side.n - 1) / side.n for side in (pos, neg)]
    feared = [side.below(alpha) for side in (pos, neg)]
    both = [parts for parts in (seen, feared) if sum(parts) > 0]
    p, n = (max((x[i] / sum(x) for x in both), default=1.0) for i in (0, 1))
    return p, n
