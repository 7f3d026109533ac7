"""Rank metrics of scores that were sorted on disk: one walk through them tells all of their values
exactly, and as much of their spread as the table of all scores would."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from evalharness.inference.bounds import Bounds
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.curves import RankCurveBounds, WithoutGaps
from evalharness.inference.placements import Merged
from evalharness.inference.thresholds import DistanceBounds
from evalharness.metrics.rank_curves import (
    average_precision_influence,
    average_precision_of,
)
from evalharness.statistics.binned import Binned


def sorted_area(table: Binned) -> Bounds:
    """The ROC area of the scores in a table of bins."""
    walk: Walk = table.once(Walk)
    m, n = walk.positives, walk.negatives
    return ConcordanceBounds.of((m, n), walk.twice_above / (2.0 * m * n), walk.sides.placed)


def sorted_precision(table: Binned) -> Bounds:
    """The average precision of the scores in a table of bins."""
    walk: Walk = table.once(Walk)
    cells = walk.cells.counts
    found = RankCurveBounds(*cells, average_precision_of, average_precision_influence)
    found.value = math.fsum(walk.precisions) / walk.positives
    return found


def sorted_distance(table: Binned) -> Bounds:
    """The Kolmogorov-Smirnov distance of the classes' scores in a table of bins."""
    walk: Walk = table.once(Walk)
    return DistanceBounds([walk.negatives], [walk.positives], walk.distance)


class Walk:
    """What all of the metrics need, at bounded memory.

    ``twice_above``: twice the number of pairs whose positive scores higher, ties counting half.
    ``sides``: of the placements of positives and negatives; ``cells``: of average precision: counts
    by score, merged as either's bounds merge them. ``precisions``: sums, piece by piece, of the
    precision at each positive. ``distance``: the largest true positive rate less false positive
    rate.
    """

    def __init__(self, table: Binned) -> None:
        self.positives, self.negatives = int(table.positives.sum()), int(table.negatives.sum())
        self.twice_above, self.distance = 0, 0.0
        self.sides = Merged()
        self.cells = WithoutGaps(self.negatives + self.positives)
        self.precisions: list[float] = []
        self._below = 0, 0
        for negatives, positives in table.sorted():
            if len(negatives):
                self._add(negatives, positives)
        if self._below != (self.negatives, self.positives):
            raise ValueError(
                f"sorted {self._below} scores, counted {self.negatives, self.positives}"
            )

    def _add(self, neg: Any, pos: Any) -> None:
        n, m = self.negatives, self.positives
        to_neg, to_pos = self._below[0] + np.cumsum(neg), self._below[1] + np.cumsum(pos)
        self._below = int(to_neg[-1]), int(to_pos[-1])
        self.cells.add(neg, pos)
        some = np.flatnonzero(pos)
        tp, fp = m - to_pos + pos, n - to_neg + neg  # accepted at each score
        self.precisions.append(float((pos[some] * (tp[some] / (tp[some] + fp[some]))).sum()))
        if not (m and n):
            return
        self.distance = max(self.distance, float((tp / m - fp / n).max()))
        self.twice_above += int(pos @ (2 * to_neg - neg))
        self.sides.add(pos, neg)
