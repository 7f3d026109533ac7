"""Precision at a recall and recall at a precision, with the threshold chosen on the same examples.

At the threshold that has the required rate, whichever it is, the hits are binomial twice: of the
predicted positives (precision) and of the positives (recall). The two depend on each other, so each
gets its own share of alpha (Bonferroni), and nothing is assumed of the scores.

For recall at a precision this is not enough from below: precision need not fall as the threshold
does, so some threshold or other looks good by chance. Recalls are therefore tested in a fixed
order, upwards from one that depends on the number of positives only, and the first that fails ends
it (fixed-sequence testing: no level is spent on the steps).

Sources: Clopper & Pearson 1934; Maurer, Hothorn & Lehmacher 1995 (fixed sequences).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper
from evalharness.inference.thresholds import ThresholdBounds, at_least, at_most

Floats = NDArray[np.float64]

# What part of alpha tells where the threshold is, on either side together, at a given recall: a
# small one, since precision there changes little from one threshold to the next.
PLACE = 0.2
# For recall at a precision: above the start of the sequence, and below its end.
START, END = 0.1, 0.4


class PrecisionAtRecallBounds(ThresholdBounds):
    """The precision of the highest threshold with at least the given recall."""

    shown = "exact"
    both = False
    decides = "Clopper-Pearson limits of threshold and precision"

    def __init__(
        self, negatives: ArrayLike, positives: ArrayLike, value: float, recall: float
    ) -> None:
        super().__init__(negatives, positives, value)
        if not 0 < recall < 1:
            raise ValueError(f"recall must lie strictly between 0 and 1: {recall}")
        self.recall = float(recall)

    def _bounds(self, alpha: float, factor: float) -> tuple[float, float]:
        start, end = _around(
            self.positives - self.tp, self.positives, self.recall, alpha * PLACE / 2, factor
        )
        tp, both = (factor * x[start:end] for x in (self.tp, self.tp + self.fp))
        level = (1 - PLACE) * alpha
        low = clopper_pearson_lower(tp, both, level)
        high = clopper_pearson_upper(tp, both, level)
        return float(low.min(initial=1.0)), float(high.max(initial=0.0))


class RecallAtPrecisionBounds(ThresholdBounds):
    """The best recall of a threshold with at least the given precision."""

    shown = "exact"
    both = False
    decides = "Clopper-Pearson limits of precision and recall, in a fixed sequence"

    def __init__(
        self, negatives: ArrayLike, positives: ArrayLike, value: float, precision: float
    ) -> None:
        super().__init__(negatives, positives, value)
        if not 0 < precision < 1:
            raise ValueError(f"precision must lie strictly between 0 and 1: {precision}")
        self.precision = float(precision)

    @property
    def reason(self) -> str:
        """Why nothing, or only the upper side, is bounded at 95 % confidence."""
        if self._undefined or self.lower(0.05) > 0:
            return self._undefined
        return (
            f"a precision of {self.precision:g} is not shown at a recall of "
            f"{self._first(1.0):.2g}, from where on recalls are tried: choose the threshold on "
            "another split, or take more examples"
        )

    def _first(self, factor: float) -> float:
        """The recall at which the sequence starts: enough positives to show the precision, with
        room for errors, but not more than half of them."""
        enough = 3 * math.log(0.025) / math.log(self.precision)
        return min(0.5, max(enough, 30.0) / (factor * self.positives))

    def _bounds(self, alpha: float, factor: float) -> tuple[float, float]:
        m = factor * self.positives
        tp, both = factor * self.tp, factor * (self.tp + self.fp)
        # Upper: thresholds at which the precision is not refuted.
        kept = at_most(tp, both, self.precision) > alpha / 2
        kept[0] = True
        high = float(clopper_pearson_upper(tp[kept].max(), m, alpha / 2))

        level = (1 - START - END) * alpha
        fails = np.flatnonzero(at_least(tp, both, self.precision) > level)
        start, _ = _around(
            self.positives - self.tp, self.positives, self._first(factor), START * alpha, factor
        )
        after = fails[fails >= start]
        last = int(after[0]) - 1 if len(after) else len(tp) - 1
        if last < start:
            return 0.0, high
        low = float(clopper_pearson_lower(tp[last], m, END * alpha))
        # The whole first step must have been passed.
        return (low if low >= self._first(factor) else 0.0), high


def _around(
    misses: Floats, positives: float, recall: float, alpha: float, factor: float
) -> tuple[int, int]:
    """First and last + 1 of the thresholds, from above, that may be the highest with this recall.

    With either side at level ``alpha``. Its misses are at most, and those of the next threshold
    above are at least, a binomial count of (1 - recall).
    """
    m = factor * positives
    # Where the tail is decided lies within a few deviations: the others need no evaluation.
    z = -float(ndtri(alpha))
    far = (z + 3) * math.sqrt(m * recall * (1 - recall)) + 3 * z * z + 10
    count = factor * misses
    many = count > m * (1 - recall) + far
    few = count < m * (1 - recall) - far
    some = ~(many | few)
    chance = at_least(count[some], m, 1 - recall)
    many[some] = chance < alpha
    few[some] = at_most(count[some], m, 1 - recall) < alpha
    start = int(many.sum())  # misses fall from threshold to threshold
    end = len(count) - int(few.sum())
    return start, min(len(count), end + 1)
