"""Rank metrics of scores that were sorted on disk: one walk through them tells all of their values
exactly, and as much of their spread as the table of all scores would."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from evalharness.inference.bounds import Bounds
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.curves import RankCurveBounds, WithoutGaps
from evalharness.inference.placements import Placed
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
    value = walk.twice_above / (2.0 * m * n)
    return ConcordanceBounds.of((m, n), value, (walk.sides[0].done, walk.sides[1].done))


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
    ``sides``: the placements of positives and negatives. ``precisions``: sums, piece by piece, of
    the precision at each positive. ``distance``: the largest true positive rate less false positive
    rate. ``cells``: counts by score, merged as the bounds merge them.
    """

    def __init__(self, table: Binned) -> None:
        self.positives, self.negatives = int(table.positives.sum()), int(table.negatives.sum())
        self.twice_above, self.distance = 0, 0.0
        self.sides = _Side(), _Side()
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
        self.sides[0].add((to_neg - neg / 2) / n, pos)
        self.sides[1].add(1 - (to_pos - pos / 2) / m, neg)


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
