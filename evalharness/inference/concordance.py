"""Areas under the ROC curve: logit-DeLong and Newcombe's method 5.

The statistic is two counts for each distinct score: positives and negatives that have it. From them
the placements, and so DeLong's variance, follow in closed form, without a pair ever being formed.

Sources: DeLong, DeLong & Clarke-Pearson 1988; Sun & Xu 2014 (mid-ranks); Newcombe 2006 (method 5,
with the variance of Hanley & McNeil 1982 at N* = (m + n)/2 - 1).
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from evalharness.inference.bounds import settle_by_width, upper_z


def delong(positives: ArrayLike, negatives: ArrayLike) -> tuple[float, float]:
    """Area and its standard error from counts by distinct score, ascending; both of shape (k,).

    P(score of a positive > score of a negative), ties counting one half. The error is
    sqrt(S10/m + S01/n) with ddof 1: nan with one positive or one negative, (nan, nan) without any.
    """
    pos, neg = np.asarray(positives, float), np.asarray(negatives, float)
    m, n = float(pos.sum()), float(neg.sum())
    if m == 0 or n == 0:
        return math.nan, math.nan
    # The share of negatives below each positive, and of positives above each negative.
    v10 = (np.cumsum(neg) - neg / 2) / n
    v01 = (m - np.cumsum(pos) + pos / 2) / m
    area = float(pos @ v10) / m
    if m < 2 or n < 2:
        return area, math.nan
    s10 = float(pos @ (v10 - area) ** 2) / (m - 1)
    s01 = float(neg @ (v01 - area) ** 2) / (n - 1)
    return area, math.sqrt(s10 / m + s01 / n)


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


class ConcordanceBounds:
    """An area under the ROC curve.

    ``positives``, ``negatives``: counts for each distinct score, in ascending order of score, (k,).
    Logit-DeLong is shown; the wider of it and Newcombe's method 5 decides, and where DeLong's error
    is 0 or unknown (area 0 or 1, a single positive or negative) Newcombe's alone does both.
    """

    unit = "examples"

    def __init__(self, positives: ArrayLike, negatives: ArrayLike) -> None:
        pos, neg = np.asarray(positives), np.asarray(negatives)
        if pos.shape != neg.shape or pos.ndim != 1:
            raise ValueError(f"counts must be two vectors of one length: {pos.shape}, {neg.shape}")
        self.positives, self.negatives = int(pos.sum()), int(neg.sum())
        self.n = self.positives + self.negatives
        self.value, self.error = delong(pos, neg)

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
        return "Newcombe" if self._degenerate else "wider of logit-DeLong and Newcombe"

    def _newcombe(self, z: float) -> tuple[float, float]:
        return newcombe(self.value, self.positives, self.negatives, z)

    def interval(self, confidence: float) -> tuple[float, float]:
        if self.reason:
            return 0.0, 1.0
        z = upper_z((1 - confidence) / 2)
        return self._newcombe(z) if self._degenerate else logit_limits(self.value, self.error, z)

    def _wider(self, alpha: float) -> tuple[float, float]:
        if self.reason:
            return 0.0, 1.0
        z = upper_z(alpha)
        low, high = self._newcombe(z)
        if self._degenerate:
            return low, high
        logit_low, logit_high = logit_limits(self.value, self.error, z)
        return min(low, logit_low), max(high, logit_high)

    def lower(self, alpha: float) -> float:
        return self._wider(alpha)[0]

    def upper(self, alpha: float) -> float:
        return self._wider(alpha)[1]

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_width(self, threshold, alpha, power)
