"""Average precision of scores in bins: between which values it and its limits lie, whatever the
order of the scores inside of each bin.

In a bin that holds T positives and F negatives above it, p and n in it, a threshold that accepts
some of the bin's positives has T + 1 to T + p true and F to F + n false positives. So the precision
there, and with it the influence of every example, lies in an interval, and sums of these bound the
standard error and the skewness. Each is bounded by itself, whatever order makes it largest: so the
widest limits are never narrower than those of the sorted scores, nor the narrowest wider.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import stdtrit

from evalharness.inference.means import corrected
from evalharness.metrics.rank_curves import accepted
from evalharness.statistics.binned import Binned

Pair = tuple[float, float]

# The table of all scores has its error told by merged cells (`WithoutGaps`): so much may it differ.
MERGED = 2e-3


class BinnedPrecision:
    """``low``, ``high``: the least and the largest value. ``certain``: whether the bins tell the
    precision at every positive."""

    def __init__(self, table: Binned) -> None:
        some = np.flatnonzero(table.negatives + table.positives)
        self._neg, self._pos = (
            np.asarray(x, float)[some] for x in (table.negatives, table.positives)
        )
        # One positive among no negatives has one precision wherever in its bin it is.
        alone = (self._neg == 0) & (self._pos <= 1)
        self._single = table.single[some] | (self._pos == 0) | alone
        self.certain = bool(self._single.all())
        self.low, self.high = self._ends(self._neg, self._pos, 1.0)
        self._known: dict[tuple[float, bool], tuple[Pair, Pair]] = {}

    def limits(self, alpha: float, unseen: bool = True) -> tuple[Pair, Pair]:
        """(wide, narrow) limits of a level that lies in between; ``unseen``: with room for what was
        not seen, as decides."""
        if (alpha, unseen) not in self._known:
            down, up = self._distances(alpha, unseen)
            self._known[alpha, unseen] = (
                (max(0.0, self.low - down[1]), min(1.0, self.high + up[1])),
                (max(0.0, self.high - down[0]), min(1.0, self.low + up[0])),
            )
        return self._known[alpha, unseen]

    def _distances(self, alpha: float, unseen: bool) -> tuple[Pair, Pair]:
        """How far down and up a limit lies from the value: at least, and at most."""
        linear = self._linear(alpha)
        more = self._unseen(alpha) if unseen else ((0.0, 0.0), (0.0, 0.0))
        down, up = (
            (
                (1 - MERGED) * math.sqrt(seen[0] ** 2 + square[0]),
                (1 + MERGED) * math.sqrt(seen[1] ** 2 + square[1]),
            )
            for seen, square in zip(linear, more, strict=True)
        )
        return down, up

    def _linear(self, alpha: float) -> tuple[Pair, Pair]:
        error, skewness = self._moments
        few = min(self._neg.sum(), self._pos.sum())
        t, scale = -float(stdtrit(few - 1, alpha)), math.sqrt(few / (few - 1))
        # The correction falls with the skewness, except far out; there it bends once.
        some = np.linspace(*skewness, 9)
        found = []
        for each in ([corrected(t, s) for s in some], [-corrected(-t, s) for s in some]):
            least, most = max(t, min(each)), max(t, max(each))
            found.append((least * scale * error[0], most * scale * error[1]))
        return found[0], found[1]

    @cached_property
    def _moments(self) -> tuple[Pair, Pair]:
        """Between which the standard error and the skewness of the sum of influences lie."""
        square, cube = np.zeros(2), np.zeros(2)
        for counts, (low, high) in zip((self._neg, self._pos), self._influences(), strict=True):
            near = np.where((low < 0) & (high > 0), 0.0, np.minimum(low**2, high**2))
            square += counts @ near, counts @ np.maximum(low**2, high**2)
            cube += counts @ low**3, counts @ high**3
        error = math.sqrt(square[0]), math.sqrt(square[1])
        if error[0] <= 1e-12:  # no sum of cubes exceeds that of squares to the power of 1.5
            return (0.0, error[1]), (-1.0, 1.0)
        least, most = (
            x / (square[0 if x * sign > 0 else 1]) ** 1.5
            for x, sign in zip(cube, (-1, 1), strict=True)
        )
        return error, (max(-1.0, least), min(1.0, most))

    def _influences(self) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """(least, largest) influence of a negative, and of a positive, in each bin."""
        total, apart = self._pos.sum(), ~self._single
        tp, fp = accepted(self._pos), accepted(self._neg)
        has = self._pos > 0
        # True and false positives at a positive of each bin; bins without any do not matter.
        true = np.where(apart, tp - self._pos + 1, np.maximum(tp, 1)), np.maximum(tp, 1)
        false = np.where(apart, fp - self._neg, fp), fp
        precision = true[0] / (true[0] + false[1]), true[1] / (true[1] + false[0])
        weight = np.where(has, self._pos, 0.0) / total
        lowered: list[Any] = []
        lifted: list[Any] = []
        for end in (0, 1):
            # Of a bin that is no single score, those at or below an example are none of it, or all.
            own = apart & (end == 0)
            for sums, (x, y) in ((lowered, (true, false)), (lifted, (false, true))):
                added = weight * _by_square(x, y)[end]
                sums.append(np.cumsum(added) - np.where(own, added, 0.0))
        of_neg = -lowered[1], -lowered[0]
        of_pos = (
            (precision[0] - self.high) / total + lifted[0],
            (precision[1] - self.low) / total + lifted[1],
        )
        return of_neg, of_pos

    def _unseen(self, alpha: float) -> tuple[Pair, Pair]:
        """Between which the squares of the distances down and up lie that are due to examples of
        which none was seen (`RankCurveBounds.unseen`)."""
        neg, pos, no = self._neg, self._pos, np.zeros(1)
        q, r = (1 - alpha ** (1 / x.sum()) for x in (pos, neg))
        p, n = np.array([q * pos.sum()]), np.array([r * neg.sum()])

        def at(negatives: Any, positives: Any, each: float, first: bool) -> Pair:
            single = np.concatenate([[True], self._single] if first else [self._single, [True]])
            return self._ends(np.concatenate(negatives), np.concatenate(positives), each, single)

        down = (
            at((no, neg), (p, (1 - q) * pos), 1 - q, True),
            at(((1 - r) * neg, n), (pos, no), 1.0, False),
        )
        up = (
            at((neg, no), ((1 - q) * pos, p), 1 - q, False),
            at((n, (1 - r) * neg), (no, pos), 1.0, True),
        )
        return (
            (
                sum(max(0.0, self.low - x[1]) ** 2 for x in down),
                sum(max(0.0, self.high - x[0]) ** 2 for x in down),
            ),
            (
                sum(max(0.0, x[0] - self.high) ** 2 for x in up),
                sum(max(0.0, x[1] - self.low) ** 2 for x in up),
            ),
        )

    def _ends(self, neg: Any, pos: Any, each: float, single: Any = None) -> Pair:
        """The least and the largest value of bins whose positives count ``each``."""
        single = self._single if single is None else single
        return least_average_precision(neg, pos, single, each), _largest(neg, pos, single)


def least_average_precision(neg: Any, pos: Any, single: Any, each: float = 1.0) -> float:
    """If in every bin that is no single score all positives scored below all negatives, each at a
    score of its own: then the j-th of them has precision (TP + j) / (TP + j + FP), with TP above
    the bin and FP above and in it. Σ_j 1 / (a + j) is less than the integral from 1/2 to p + 1/2.

    ``each``: what one positive counts.
    """
    before, false = accepted(pos) - pos, accepted(neg)
    start = np.maximum(before + false + each / 2, each / 2)
    apart = pos - false * np.log1p(pos / start)
    together = pos * (before + pos) / np.maximum(before + pos + false, each / 2)
    return float(np.where(single, together, apart).sum() / pos.sum())


def _largest(neg: Any, pos: Any, single: Any) -> float:
    """If in every bin that is no single score all positives scored above all negatives, alike."""
    true, false = accepted(pos), accepted(neg) - np.where(single, 0.0, neg)
    some = np.flatnonzero(pos)
    precision = true[some] / (true[some] + false[some])
    return float((pos[some] * precision).sum() / pos.sum())


def _by_square(x: tuple[Any, Any], y: tuple[Any, Any]) -> tuple[Any, Any]:
    """The least and the largest x / (x + y)² with either between two values: it rises with x up to
    y, and then falls."""
    ends = [at / (at + y[1]) ** 2 for at in x]
    top = np.clip(y[0], *x)
    return np.minimum(*ends), top / (top + y[0]) ** 2
