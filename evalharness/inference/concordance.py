"""Areas under the ROC curve: logit-DeLong, Newcombe's method 5, and what was not seen.

The statistic is two counts for each distinct score: positives and negatives that have it. From them
the placements, and so DeLong's variance, follow in closed form, without a pair ever being formed.

Both methods take the spread for what the sample shows of it. Where a few positives score like
negatives, most samples hold one or none of them, and such bounds miss in up to half of samples. So
the share of misplaced examples (below the other class's median) gets Clopper-Pearson limits, and
MOVER makes a bound of the area of them.

Sources: DeLong, DeLong & Clarke-Pearson 1988; Sun & Xu 2014 (mid-ranks); Newcombe 2006 (method 5,
with the variance of Hanley & McNeil 1982 at N* = (m + n)/2 - 1); Zou & Donner 2008 (MOVER);
Birnbaum & Klose 1957 (the variance is A(1-A)/min(m, n) at most).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalharness.inference.bounds import ByLimits, settle_by_width, upper_z
from evalharness.inference.proportions import clopper_pearson_lower

Floats = NDArray[np.float64]

# From so many examples of either class on, their spread tells what it is worth; below it, the worst
# case that has this area decides.
LEAST = 5


@dataclass(frozen=True)
class Placed:
    """The placements of one class's examples among the other class's: 1 is right of all of them.

    ``well``: how many lie above the other's median (those at it count half), ``ill``: the rest.
    ``high``, ``low``: mean placement of either group. ``spread``: sum of squares about the mean,
    ``within``: about the two groups' means.
    """

    well: float
    ill: float
    high: float
    low: float
    spread: float
    within: float

    @classmethod
    def of(cls, placements: Floats, counts: Floats) -> Placed:
        """``counts`` examples at each of ``placements``, both (k,)."""
        above = counts * ((placements > 0.5) + 0.5 * (placements == 0.5))
        below = counts - above
        well, ill = float(above.sum()), float(below.sum())
        high = float(above @ placements) / well if well else 1.0
        low = float(below @ placements) / ill if ill else 0.0
        within = above @ (placements - high) ** 2 + below @ (placements - low) ** 2
        mean = (well * high + ill * low) / (well + ill)
        return cls(well, ill, high, low, float(counts @ (placements - mean) ** 2), float(within))

    @property
    def n(self) -> float:
        return self.well + self.ill

    @property
    def mean(self) -> float:
        """The area, of either class's placements."""
        return (self.well * self.high + self.ill * self.low) / self.n

    def times(self, factor: float) -> Placed:
        """The same placements of ``factor`` times as many examples."""
        return Placed(
            factor * self.well,
            factor * self.ill,
            self.high,
            self.low,
            factor * self.spread,
            factor * self.within,
        )

    @property
    def mirrored(self) -> Placed:
        """After the scores are turned around."""
        return Placed(self.ill, self.well, 1 - self.low, 1 - self.high, self.spread, self.within)

    def below(self, alpha: float) -> float:
        """Square of the distance down to the mean's one-sided limit at ``alpha``; n > 1."""
        share = self.well / self.n
        # One more misplaced example than was seen, and that one at the very bottom.
        worse = self.ill * self.low / (self.ill + 1)
        fewer = share - float(clopper_pearson_lower(self.well, self.n, alpha))
        chance = upper_z(alpha) ** 2 * self.within / self.n / (self.n - 1)
        return (fewer * (self.high - worse)) ** 2 + chance


def placed(positives: ArrayLike, negatives: ArrayLike) -> tuple[Placed, Placed]:
    """Both classes' placements from counts by distinct score, ascending; both of shape (k,)."""
    pos, neg = np.asarray(positives, float), np.asarray(negatives, float)
    m, n = float(pos.sum()), float(neg.sum())
    # The share of negatives below each positive, and of positives above each negative.
    v10 = (np.cumsum(neg) - neg / 2) / n
    v01 = (m - np.cumsum(pos) + pos / 2) / m
    return Placed.of(v10, pos), Placed.of(v01, neg)


def delong(positives: ArrayLike, negatives: ArrayLike) -> tuple[float, float]:
    """Area and its standard error from counts by distinct score, ascending; both of shape (k,).

    P(score of a positive > score of a negative), ties counting one half. The error is
    sqrt(S10/m + S01/n) with ddof 1: nan with one positive or one negative, (nan, nan) without any.
    """
    if not np.any(positives) or not np.any(negatives):
        return math.nan, math.nan
    pos, neg = placed(positives, negatives)
    return pos.mean, _error(pos, neg)


def _error(pos: Placed, neg: Placed) -> float:
    if pos.n <= 1 or neg.n <= 1:
        return math.nan
    return math.sqrt(sum(side.spread / (side.n - 1) / side.n for side in (pos, neg)))


def logit_limits(area: float, error: float, z: float) -> tuple[float, float]:
    """logit(A) +- z se/(A(1-A)), mapped back. Needs 0 < A < 1."""
    centre, half = math.log(area / (1 - area)), z * error / (area * (1 - area))
    # exp of the distance to the nearer end, so that no step overflows.
    return _expit(centre - half), _expit(centre + half)


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(max(x, -745.0)) / (1 + math.exp(x))


def newcombe(area: float, m: float, n: float, z: float) -> tuple[float, float]:
    """Both t with |A - t| = z sqrt(t(1-t)[1 + N*(1-t)/(2-t) + N* t/(1+t)]/(mn)), by bisection.

    0 is the lower limit at A = 0 and 1 the upper one at A = 1.
    """
    star = (m + n) / 2 - 1

    def outside(t: float) -> bool:
        spread = t * (1 - t) * (1 + star * (1 - t) / (2 - t) + star * t / (1 + t)) / (m * n)
        return (area - t) ** 2 > z * z * spread

    low = high = area
    end = 0.0
    for _ in range(60):
        middle = (end + low) / 2
        end, low = (middle, low) if outside(middle) else (end, middle)
    end = 1.0
    for _ in range(60):
        middle = (end + high) / 2
        end, high = (middle, high) if outside(middle) else (end, middle)
    return (0.0 if area == 0 else low), (1.0 if area == 1 else high)


def unseen(area: float, pos: Placed, neg: Placed, alpha: float) -> float:
    """Lower limit of an area that allows for misplaced examples of which few were seen, or none.

    The worst case of an area is a proportion of min(m, n) trials; where MOVER over the shares of
    misplaced positives and negatives is closer than that, it decides.
    """
    trials = min(pos.n, neg.n)
    worst = float(clopper_pearson_lower(area * trials, trials, alpha))
    if trials < LEAST:
        return worst
    return max(worst, area - math.sqrt(pos.below(alpha) + neg.below(alpha)))


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
        self.positives, self.negatives = int(pos.sum()), int(neg.sum())
        self.n = self.positives + self.negatives
        self._placed = None if self.reason else placed(pos, neg)
        self.value = self._placed[0].mean if self._placed else math.nan
        self.error = _error(*self._placed) if self._placed else math.nan
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
            return newcombe(self.value, self.positives, self.negatives, z)
        return logit_limits(self.value, self.error, z)

    def _widest(self, alpha: float, factor: float = 1.0) -> tuple[float, float]:
        """The bounds if there were ``factor`` times as many examples, placed alike."""
        if self._placed is None:
            return 0.0, 1.0
        pos, neg = (side.times(factor) for side in self._placed)
        z = upper_z(alpha)
        found = [newcombe(self.value, pos.n, neg.n, z)]
        error = _error(pos, neg)
        if error > 0 and 0 < self.value < 1:
            found.append(logit_limits(self.value, error, z))
        # The upper limit is the lower one of the mirror image.
        above = unseen(1 - self.value, pos.mirrored, neg.mirrored, alpha)
        found.append((unseen(self.value, pos, neg, alpha), 1 - above))
        return min(low for low, _ in found), max(high for _, high in found)

    def _limits(self, alpha: float) -> tuple[float, float]:
        if alpha not in self._known:
            self._known[alpha] = self._widest(alpha)
        return self._known[alpha]

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        def at(factor: float, lower: bool) -> tuple[float, float]:
            error = self.error / math.sqrt(factor)
            return self._widest(alpha, factor)[0 if lower else 1], error if error > 0 else 0.0

        return settle_by_width(self, threshold, alpha, power, at)
