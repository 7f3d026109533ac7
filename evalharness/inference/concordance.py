"""Areas under the ROC curve: logit-DeLong, Newcombe's method 5, and what was not seen.

The statistic is two counts for each distinct score: positives and negatives that have it. From them
the placements, and so DeLong's variance, follow in closed form, without a pair ever being formed.

Both methods take the spread for what the sample shows of it. Where a few positives score like
negatives, most samples hold one or none of them, and such bounds miss in up to half of samples. So
the share of misplaced examples (below the other class's median) gets Clopper-Pearson limits, and
MOVER makes a bound of the area of them.

Every function takes one area, or arrays of many (the slices of a column).

Sources: DeLong, DeLong & Clarke-Pearson 1988; Newcombe 2006 (method 5, with the variance of Hanley
& McNeil 1982 at N* = (m + n)/2 - 1); Zou & Donner 2008 (MOVER); Birnbaum & Klose 1957 (the variance
is A(1-A)/min(m, n) at most).
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalharness.declare.forms import Concordance
from evalharness.inference.bounds import ByLimits, settle_by_width, upper_z
from evalharness.inference.placements import Placed, placed
from evalharness.inference.proportions import clopper_pearson_lower

Floats = NDArray[np.float64]

# From so many examples of either class on, their spread tells what it is worth; below it, the worst
# case that has this area decides.
LEAST = 5


def delong(positives: ArrayLike, negatives: ArrayLike) -> tuple[float, float]:
    """Area and its standard error from counts by distinct score, ascending; both of shape (k,).

    P(score of a positive > score of a negative), ties counting one half. The error is
    sqrt(S10/m + S01/n) with ddof 1: nan with one positive or one negative, (nan, nan) without any.
    """
    if not np.any(positives) or not np.any(negatives):
        return math.nan, math.nan
    pos, neg = placed(positives, negatives)
    return float(pos.mean), float(np.sqrt(pos.error + neg.error))


def logit_limits(area: Any, error: Any, z: float) -> tuple[Any, Any]:
    """logit(A) +- z se/(A(1-A)), mapped back. Needs 0 < A < 1."""
    area = np.asarray(area, float)
    centre, half = np.log(area / (1 - area)), z * error / (area * (1 - area))
    return _expit(centre - half), _expit(centre + half)


def _expit(x: Any) -> Any:
    # exp of the distance to the nearer end, so that no step overflows.
    near = np.exp(-np.minimum(np.abs(x), 745.0))
    return np.where(x >= 0, 1 / (1 + near), near / (1 + near))[()]


def newcombe(area: Any, m: Any, n: Any, z: float) -> tuple[Any, Any]:
    """Both t with |A - t| = z sqrt(t(1-t)[1 + N*(1-t)/(2-t) + N* t/(1+t)]/(mn)), by bisection.

    0 is the lower limit at A = 0 and 1 the upper one at A = 1.
    """
    star = (m + n) / 2 - 1
    if np.ndim(area) == 0:
        star, m, n, area = (float(x) for x in (star, m, n, area))

    def outside(t: Any) -> Any:
        spread = t * (1 - t) * (1 + star * (1 - t) / (2 - t) + star * t / (1 + t)) / (m * n)
        return (area - t) ** 2 > z * z * spread

    def between(end: float) -> Any:
        if np.ndim(area) == 0:  # of one area Python's numbers are ten times as fast
            far, near = end, float(area)
            for _ in range(60):
                middle = (far + near) / 2
                far, near = (middle, near) if outside(middle) else (far, middle)
            return near
        ends, nears = np.full(np.shape(area), end), area
        for _ in range(60):
            middles = (ends + nears) / 2
            beyond = outside(middles)
            ends, nears = np.where(beyond, middles, ends), np.where(beyond, nears, middles)
        return nears

    low, high = between(0.0), between(1.0)
    return np.where(area == 0, 0.0, low)[()], np.where(area == 1, 1.0, high)[()]


def unseen(area: Any, pos: Placed, neg: Placed, alpha: float) -> Any:
    """Lower limit of an area that allows for misplaced examples of which few were seen, or none.

    The worst case of an area is a proportion of min(m, n) trials; where MOVER over the shares of
    misplaced positives and negatives is closer than that, it decides.
    """
    trials = np.minimum(pos.n, neg.n)
    worst = clopper_pearson_lower(area * trials, trials, alpha)
    with np.errstate(divide="ignore", invalid="ignore"):  # of one example there is no spread
        seen = area - np.sqrt(pos.below(alpha) + neg.below(alpha))
    return np.where(trials < LEAST, worst, np.fmax(worst, seen))[()]


def widest(area: Any, pos: Placed, neg: Placed, alpha: float) -> tuple[Any, Any]:
    """The bounds that decide: the widest of three."""
    z = upper_z(alpha)
    low, high = newcombe(area, pos.n, neg.n, z)
    error = np.sqrt(pos.error + neg.error)
    with np.errstate(divide="ignore", invalid="ignore"):
        left, right = logit_limits(area, error, z)
    shown = (error > 0) & (area > 0) & (area < 1)
    low = np.where(shown, np.fmin(low, left), low)
    high = np.where(shown, np.fmax(high, right), high)
    # The upper limit is the lower one of the mirror image.
    above = unseen(1 - area, pos.mirrored, neg.mirrored, alpha)
    return np.minimum(low, unseen(area, pos, neg, alpha))[()], np.maximum(high, 1 - above)[()]


class ConcordanceBounds(ByLimits):
    """An area under the ROC curve.

    ``positives``, ``negatives``: counts for each distinct score, in ascending order of score, (k,).
    Logit-DeLong is shown (Newcombe's method 5 where DeLong's error is 0 or unknown: area 0 or 1, a
    single positive or negative). The widest decides of these two and of MOVER over the shares of
    misplaced examples; with fewer than 5 positives or negatives, of these two and Clopper-Pearson
    with min(m, n) trials.
    """

    unit = "examples"

    def __init__(self, positives: ArrayLike, negatives: ArrayLike) -> None:
        pos, neg = np.asarray(positives), np.asarray(negatives)
        if pos.shape != neg.shape or pos.ndim != 1:
            raise ValueError(f"counts must be two vectors of one length: {pos.shape}, {neg.shape}")
        counts = int(pos.sum()), int(neg.sum())
        if min(counts):
            self._hold(counts, Concordance(pos, neg).value, placed(pos, neg))
        else:
            self._hold(counts, math.nan, None)

    @classmethod
    def of(cls, counts: Any, area: float, sides: tuple[Placed, Placed] | None) -> ConcordanceBounds:
        """From what is known of an area; ``counts``: of positives and negatives."""
        self = cls.__new__(cls)
        self._hold(counts, area, sides)
        return self

    def _hold(self, counts: Any, area: float, sides: tuple[Placed, Placed] | None) -> None:
        self.positives, self.negatives = (int(x) for x in counts)
        self.n = self.positives + self.negatives
        self.value, self._placed = area, sides
        self.error = float(np.sqrt(sides[0].error + sides[1].error)) if sides else math.nan
        self._known: dict[float, tuple[float, float]] = {}

    @cached_property
    def reason(self) -> str:
        if not self.n:
            return "0/0: there are no examples"
        if not self.positives:
            return "0/0: there are no positives"
        return "" if self.negatives else "0/0: there are no negatives"

    @cached_property
    def _degenerate(self) -> bool:
        return not self.error > 0 or not 0 < self.value < 1

    @property
    def shown(self) -> str:
        return "Newcombe" if self._degenerate else "logit-DeLong"

    @property
    def decides(self) -> str:
        few = min(self.positives, self.negatives) < LEAST
        last = "Clopper-Pearson" if few else "MOVER"
        if self._degenerate:
            return f"wider of Newcombe and {last}"
        return f"widest of logit-DeLong, Newcombe and {last}"

    def interval(self, confidence: float) -> tuple[float, float]:
        if self.reason:
            return 0.0, 1.0
        z = upper_z((1 - confidence) / 2)
        if self._degenerate:
            low, high = newcombe(self.value, self.positives, self.negatives, z)
        else:
            low, high = logit_limits(self.value, self.error, z)
        return float(low), float(high)

    def _widest(self, alpha: float, factor: float = 1.0) -> tuple[float, float]:
        """The bounds if there were ``factor`` times as many examples, placed alike."""
        if self._placed is None:
            return 0.0, 1.0
        pos, neg = (side.times(factor) for side in self._placed)
        low, high = widest(self.value, pos, neg, alpha)
        return float(low), float(high)

    def _limits(self, alpha: float) -> tuple[float, float]:
        if alpha not in self._known:
            self._known[alpha] = self._widest(alpha)
        return self._known[alpha]

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        def at(factor: float, lower: bool) -> tuple[float, float]:
            error = self.error / math.sqrt(factor)
            return self._widest(alpha, factor)[0 if lower else 1], error if error > 0 else 0.0

        return settle_by_width(self, threshold, alpha, power, at)
