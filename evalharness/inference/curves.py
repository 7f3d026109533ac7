"""Average precision and partial areas: linearised, with room for what was not seen.

To first order such a metric is a mean of one influence for each example, so Student's t of the
influences, corrected for their skewness, gives its error. It knows only what the sample holds:
where a few positives score like negatives, or a few negatives above all positives, most samples
hold none of them. So either class is also given the largest share of such examples that could have
gone unseen (1 - alpha^(1/n), Clopper & Pearson's limit at no hits), put at the very bottom or top;
by MOVER the three distances add in squares.

Sources: Efron 1982 (influences); Hall 1992 (skewness); Zou & Donner 2008 (MOVER); simulated in
docs/calibration.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from evalharness.declare.plural import counted
from evalharness.inference.bounds import ByLimits, settle_by_width
from evalharness.inference.means import corrected
from evalharness.inference.placements import summed
from evalharness.inference.proportions import clopper_pearson_upper

Floats = NDArray[np.float64]

# With fewer examples of either class nothing is decided: coverage was not shown to hold.
LEAST = 30

# Up to twice 1 << FINE examples from the top on no scores are merged, and so many cells are made of
# each time as many again. Distances then differ by a thousandth, most by far less.
FINE = 11


def without_gaps(negatives: Any, positives: Any) -> tuple[Floats, Floats]:
    """The counts with neighbouring scores that no positive has made one: to a positive, and to
    either metric, they are the same. Others are merged as `WithoutGaps` does."""
    if not len(positives):
        return negatives, positives
    found = WithoutGaps(negatives.sum() + positives.sum())
    found.add(negatives, positives)
    return found.counts


class WithoutGaps:
    """The same of counts that come piece by piece, ascending; they are held as few cells.

    Scores are merged where the numbers of examples at or above them differ by less than a part in
    ``1 << FINE``: shares of what a threshold accepts change no faster. The first examples from the
    top, which matter most, stay apart. ``total``: how many examples there are.
    """

    def __init__(self, total: Any) -> None:
        self._left, self._positive, self._place = total, True, -1
        self._parts: list[Any] = []

    def add(self, negatives: Any, positives: Any) -> None:
        """The counts at the next scores, (k,)."""
        if not len(positives):
            return
        has, through = positives > 0, np.cumsum(negatives) + np.cumsum(positives)
        start = np.flatnonzero(has | np.append(self._positive, has[:-1]))
        above = (self._left - np.append(0, through)[start]).astype(float)
        place = above.view(np.int64) >> (52 - FINE)  # exponent, and FINE bits behind the point
        start = start[place != np.append(self._place, place[:-1])]
        self._left, self._positive = self._left - through[-1], bool(has[-1])
        self._place = int(place[-1]) if len(place) else self._place
        if not len(start) or start[0] > 0:  # these go on with the last cell
            end = start[0] if len(start) else len(has)
            self._parts[-1][:, -1] += negatives[:end].sum(), positives[:end].sum()
        if len(start):
            self._parts.append(np.stack([summed(x, start) for x in (negatives, positives)]))

    @property
    def counts(self) -> tuple[Floats, Floats]:
        """(negatives, positives) of the cells, float64 (c,) each."""
        negatives, positives = np.concatenate(self._parts, axis=1)
        return negatives, positives


def few(number: int, name: str) -> str:
    """What to say of fewer than LEAST positives or negatives."""
    verb = "is" if number == 1 else "are"
    return (
        f"{counted(number, name)} {verb} too few: below {LEAST} {name} no bound was shown to hold; "
        f"take {LEAST} or more"
    )


class RankCurveBounds(ByLimits):
    """A smooth function of counts by distinct score.

    ``negatives``, ``positives``: (k,) counts, in ascending order of score. ``function``: those two
    -> the metric, also at fractions. ``influence``: those two -> its derivatives by the cells,
    each (k,), of which the examples' sum is 0.
    """

    unit = "examples"
    decides = "MOVER of skewness-corrected t and unseen examples"

    def __init__(
        self,
        negatives: ArrayLike,
        positives: ArrayLike,
        function: Callable[[Any, Any], float],
        influence: Callable[[Any, Any], tuple[Any, Any]],
        range: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        neg, pos = np.asarray(negatives), np.asarray(positives)
        if neg.shape != pos.shape or neg.ndim != 1:
            raise ValueError(f"counts must be two vectors of one length: {neg.shape}, {pos.shape}")
        # Of merged scores, how far the value may be off; the value itself is exact.
        self._neg, self._pos = without_gaps(neg, pos)
        self.range = range
        self._function, self._influence = function, influence
        self.negatives, self.positives = float(neg.sum()), float(pos.sum())
        self.n = int(self.negatives + self.positives)
        self.value = float(function(neg, pos)) if self.positives and self.negatives else math.nan
        self._known: dict[tuple[float, float], tuple[float, float]] = {}

    @cached_property
    def reason(self) -> str:
        if not self.n:
            return "0/0: there are no examples"
        for name, number in (("positives", self.positives), ("negatives", self.negatives)):
            if not number:
                return f"0/0: there are no {name}"
        for name, number in (("positives", self.positives), ("negatives", self.negatives)):
            if number < LEAST:
                return few(round(number), name)
        return ""

    @cached_property
    def _of_cells(self) -> float:
        """The value of the cells that distances are measured with."""
        return float(self._function(self._neg, self._pos))

    @cached_property
    def _moments(self) -> tuple[float, float]:
        """Standard error, and skewness of the sum: sums of squares and cubes of the influences."""
        counts = np.concatenate([self._neg, self._pos])
        each = np.concatenate(self._influence(self._neg, self._pos))
        squares = counts * each * each
        square, cube = float(squares.sum()), float((squares * each).sum())
        error = math.sqrt(square)
        return (error, cube / square**1.5) if error > 1e-12 else (0.0, 0.0)

    def _linear(self, alpha: float, factor: float = 1.0) -> tuple[float, float]:
        """Distances down and up to the wider of t and its correction for skewness."""
        error, skewness = (x / math.sqrt(factor) for x in self._moments)
        few = factor * min(self.negatives, self.positives)
        t = -float(stdtrit(few - 1, alpha))
        error *= math.sqrt(few / (few - 1))
        return max(t, corrected(t, skewness)) * error, max(t, -corrected(-t, skewness)) * error

    def unseen(self, alpha: float, positives: float, negatives: float) -> tuple[float, float]:
        """Squares of the distances down and up by examples of which none was seen among so many."""
        q, r = 1 - alpha ** (1 / positives), 1 - alpha ** (1 / negatives)
        neg, pos, no = (1 - r) * self._neg, (1 - q) * self._pos, np.zeros(1)
        p, n = np.array([q * self.positives]), np.array([r * self.negatives])

        def at(*parts: Any) -> float:
            found = self._function(*(np.concatenate(part) for part in parts))
            return float(found) - self._of_cells

        # A share of one class at a time leaves its place for one end of the order.
        down = (at((no, self._neg), (p, pos)), at((neg, n), (self._pos, no)))
        up = (at((self._neg, no), (pos, p)), at((n, neg), (no, self._pos)))
        return sum(min(0.0, x) ** 2 for x in down), sum(max(0.0, x) ** 2 for x in up)

    def _limits(self, alpha: float, factor: float = 1.0) -> tuple[float, float]:
        if self.reason:
            return self.range
        if (alpha, factor) not in self._known:
            self._known[alpha, factor] = self._found(alpha, factor)
        return self._known[alpha, factor]

    def _found(self, alpha: float, factor: float) -> tuple[float, float]:
        down, up = (
            math.sqrt(seen**2 + unseen)
            for seen, unseen in zip(
                self._linear(alpha, factor),
                self.unseen(alpha, factor * self.positives, factor * self.negatives),
                strict=True,
            )
        )
        return max(self.range[0], self.value - down), min(self.range[1], self.value + up)

    @property
    def shown(self) -> str:
        if self.reason:
            return "none"
        return "linearised t" if self._moments[0] else self.decides

    def interval(self, confidence: float) -> tuple[float, float]:
        alpha = (1 - confidence) / 2
        if self.reason or not self._moments[0]:
            return self._limits(alpha)
        down, up = self._linear(alpha)
        return max(self.range[0], self.value - down), min(self.range[1], self.value + up)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        def at(factor: float, lower: bool) -> tuple[float, float]:
            if factor * min(self.negatives, self.positives) < LEAST:
                return math.inf, 0.0
            bound = self._limits(alpha, factor)[0 if lower else 1]
            return bound, self._moments[0] / math.sqrt(factor)

        return settle_by_width(self, threshold, alpha, power, at)


class PartialAreaBounds(RankCurveBounds):
    """A partial area: ``max_fpr`` is where it ends; ``area``: (negatives, positives, end) -> the
    raw area up to an end.

    Which score has that false positive rate is itself uncertain, and beyond it the curve may be
    steeper than the derivative tells. So the upper bound has room for the curve a little further
    on, as far as the derivative has not counted it.
    """

    def __init__(
        self,
        negatives: ArrayLike,
        positives: ArrayLike,
        function: Callable[[Any, Any], float],
        influence: Callable[[Any, Any], tuple[Any, Any]],
        area: Callable[[Any, Any, float], float],
        max_fpr: float,
    ) -> None:
        super().__init__(negatives, positives, function, influence)
        self._area, self.max_fpr = area, float(max_fpr)

    def unseen(self, alpha: float, positives: float, negatives: float) -> tuple[float, float]:
        down, up = super().unseen(alpha, positives, negatives)
        end = self.max_fpr
        step = float(clopper_pearson_upper(end * negatives, negatives, alpha)) - end
        at, beyond, near = (
            self._area(self._neg, self._pos, end + x) for x in (0.0, step, -1e-3 * end)
        )
        counted = (at - near) / (1e-3 * end) * step
        scale = 0.5 / (end - end**2 / 2)
        return down, up + scale**2 * max(0.0, (beyond - at) ** 2 - counted**2)
