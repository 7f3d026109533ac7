"""Metrics at a threshold that is chosen on the same examples: bounds that hold for any scores.

The threshold at which a rate has its required value is unknown, and so is the other rate there. At
that threshold, whichever it is, two counts are binomial and independent: errors among the negatives
and among the positives. A value is refuted when no threshold of the sample has two counts that go
with it: when the two one-sided z-scores (those that speak for the bound, as Clopper-Pearson would
make them) lie outside a quarter circle, in which independent normals lie with probability
1 - alpha. Nothing is assumed of the scores, and ties are allowed for, so the bounds cover at any
size.

Sources: Clopper & Pearson 1934; Kudo 1963 (the distribution of the radius, chi-bar-square).
"""

from __future__ import annotations

import abc
import math
from functools import cached_property, lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, ndtr, ndtri

from evalharness.inference.bounds import ByLimits, settle_by_width, upper_z
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper

Floats = NDArray[np.float64]

# Of an imagined larger sample no more than so many thresholds are looked at.
GRID = 400


@lru_cache(256)
def radius(alpha: float) -> float:
    """c with P(X₊² + Y₊² > c²) = alpha, for two independent standard normals; alpha <= 3/4."""
    low, high = 0.0, 40.0
    for _ in range(80):
        c = (low + high) / 2
        outside = float(ndtr(-c)) + math.exp(-c * c / 2) / 4
        low, high = (c, high) if outside > alpha else (low, c)
    return high


def at_most(hits: ArrayLike, trials: float, share: ArrayLike) -> Floats:
    """P(X <= hits) of a binomial; shapes that broadcast. Counts may be fractions."""
    k = np.asarray(hits, float)
    inside = (k >= 0) & (k < trials)
    a, b = np.where(inside, trials - k, 1.0), np.where(inside, k + 1, 1.0)
    found = betainc(a, b, 1 - np.asarray(share, float))
    return np.where(inside, found, np.where(k < 0, 0.0, 1.0))


def at_least(hits: ArrayLike, trials: float, share: ArrayLike) -> Floats:
    """P(X >= hits) of a binomial: the mirror image."""
    return at_most(trials - np.asarray(hits, float), trials, 1 - np.asarray(share, float))


def doubt(chance: ArrayLike) -> Floats:
    """How many standard deviations a one-sided p-value is worth; 0 above one half."""
    return np.maximum(0.0, -ndtri(np.asarray(chance, float)))


class ThresholdBounds(ByLimits):
    """What the bounds of this module share.

    ``negatives``, ``positives``: counts by distinct score, ascending, (k,). ``value``: of the
    metric at them. A subclass gives ``_bounds(alpha, factor)``: both deciding bounds if there were
    ``factor`` times as many examples. ``dependent``: whether positives and negatives were sampled
    together (in clusters), so that their errors may come together.
    """

    unit = "examples"
    shown: str
    decides: str
    range = (0.0, 1.0)
    dependent = False
    both = True  # whether the metric needs examples of both classes

    def __init__(self, negatives: ArrayLike, positives: ArrayLike, value: float) -> None:
        neg, pos = np.asarray(negatives, float), np.asarray(positives, float)
        if neg.shape != pos.shape or neg.ndim != 1:
            raise ValueError(f"counts must be two vectors of one length: {neg.shape}, {pos.shape}")
        # Accepted at each threshold, from above all scores down.
        self.fp = np.concatenate([[0.0], np.cumsum(neg[::-1])])
        self.tp = np.concatenate([[0.0], np.cumsum(pos[::-1])])
        self.negatives, self.positives = float(self.fp[-1]), float(self.tp[-1])
        self.n = int(self.negatives + self.positives)
        self.value = float(value)
        self._known: dict[tuple[float, float], tuple[float, float]] = {}

    def _radius(self, alpha: float) -> float:
        # Errors that always come together are one error twice.
        return math.sqrt(2) * upper_z(alpha) if self.dependent else radius(alpha)

    @abc.abstractmethod
    def _bounds(self, alpha: float, factor: float) -> tuple[float, float]: ...

    @cached_property
    def _undefined(self) -> str:
        if not self.n:
            return "0/0: there are no examples"
        if not self.positives:
            return "0/0: there are no positives"
        return "" if self.negatives or not self.both else "0/0: there are no negatives"

    @property
    def reason(self) -> str:
        return self._undefined

    def _limits(self, alpha: float, factor: float = 1.0) -> tuple[float, float]:
        if self._undefined:
            return self.range
        if (alpha, factor) not in self._known:
            low, high = self._bounds(alpha, factor)
            self._known[alpha, factor] = min(low, self.value), max(high, self.value)
        return self._known[alpha, factor]

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        def at(factor: float, lower: bool) -> tuple[float, float]:
            bound = self._limits(alpha, factor)[0 if lower else 1]
            return bound, abs(self.value - bound) / self._radius(alpha)

        # That one side lacks a bound here does not say that more examples would not settle it.
        plain: Any = SimpleNamespace(reason=self._undefined, value=self.value, n=self.n)
        return settle_by_width(plain, threshold, alpha, power, at)


class SensitivityAtBounds(ThresholdBounds):
    """The best sensitivity of a threshold with at least the given specificity.

    For specificity at a sensitivity turn the scores around: hand over positives[::-1] as the
    negatives and negatives[::-1] as the positives. Without enough negatives to know the threshold
    (fewer than ln .02 / ln specificity, at 95 %) there is no lower bound.
    """

    shown = "exact"
    decides = "Clopper-Pearson limits of threshold and share"

    def __init__(
        self,
        negatives: ArrayLike,
        positives: ArrayLike,
        value: float,
        specificity: float,
        words: tuple[str, str] = ("specificity", "negatives"),
    ) -> None:
        super().__init__(negatives, positives, value)
        if not 0 < specificity < 1:
            raise ValueError(f"{words[0]} must lie strictly between 0 and 1: {specificity}")
        self.specificity, self.words = float(specificity), words

    @property
    def reason(self) -> str:
        """Why nothing, or only the upper side, is bounded at 95 % confidence."""
        needed = math.ceil(math.log(float(ndtr(-self._radius(0.05)))) / math.log(self.specificity))
        if self._undefined or self.negatives >= needed:
            return self._undefined
        return (
            f"where the {self.words[0]} is {self.specificity:g} cannot be told from fewer than "
            f"{needed:,} {self.words[1]}; here are {self.negatives:,.0f}"
        )

    def _best(self, false: Floats, factor: float) -> Floats:
        """True positives of the best threshold with at most so many false ones."""
        if factor != 1 and self._untied:  # a larger sample has thresholds in between
            return np.where(false >= 0, factor * np.interp(false / factor, *self._corners), 0.0)
        at = np.searchsorted(self.fp, false / factor * (1 + 1e-12), side="right") - 1
        return np.where(at >= 0, factor * self.tp[np.maximum(at, 0)], 0.0)

    @cached_property
    def _untied(self) -> bool:
        """Whether no score is that of a tenth of a class."""
        most = (np.diff(x).max() / x[-1] for x in (self.fp, self.tp))
        return max(most) < 0.1

    @cached_property
    def _corners(self) -> tuple[Floats, Floats]:
        last = np.append(self.fp[1:] > self.fp[:-1], True)
        return self.fp[last], self.tp[last]

    def _bounds(self, alpha: float, factor: float) -> tuple[float, float]:
        c = self._radius(alpha)
        m, n, share = factor * self.positives, factor * self.negatives, 1 - self.specificity
        # Beyond the middle the threshold is no evidence; beyond c it is refuted.
        far = c * math.sqrt(n * share * (1 - share)) + c * c + 2
        below = _whole(max(0.0, n * share - far), min(n, n * share + 2), factor)
        above = _whole(max(0.0, n * share - 2), min(n, n * share + far), factor)

        doubts = doubt(at_most(below, n, share))
        some = doubts <= c
        left = ndtr(-np.sqrt(c * c - doubts[some] ** 2))
        # Just above the a-th largest negative: with a itself, ties would be taken for certain.
        low = clopper_pearson_lower(self._best(below[some] - 1, factor), m, left)

        doubts = doubt(at_least(above, n, share))
        some = doubts <= c
        left = ndtr(-np.sqrt(c * c - doubts[some] ** 2))
        high = clopper_pearson_upper(self._best(above[some], factor), m, left)
        return float(low.min(initial=1.0)), float(high.max(initial=0.0))


class EqualErrorRateBounds(ThresholdBounds):
    """The least rate that one threshold keeps both false positives and false negatives to."""

    shown = "exact"
    decides = "Clopper-Pearson limits of both error rates"

    def _bounds(self, alpha: float, factor: float) -> tuple[float, float]:
        c, m, n = self._radius(alpha), factor * self.positives, factor * self.negatives
        misses, alarms = factor * (self.positives - self.tp), factor * self.fp

        def far(trials: float) -> float:
            spread = math.sqrt(trials * self.value * (1 - self.value))
            return (c + 4) * spread + 4 * c * c + 4

        def lower_holds(rate: float, a: Floats, b: Floats) -> bool:
            square = doubt(at_least(a, m, rate)) ** 2 + doubt(at_least(b, n, rate)) ** 2
            return bool((square <= c * c).any())

        def upper_holds(rate: float, a: Floats, b: Floats) -> bool:
            square = doubt(at_most(a, m, rate)) ** 2 + doubt(at_most(b, n, rate)) ** 2
            return bool((square <= c * c).any())

        # A count far on the wrong side of the value is so at every rate asked: only others matter;
        # and of those with as many false alarms (or misses), only the best.
        some = (misses <= m * self.value + far(m)) & (alarms <= n * self.value + far(n))
        some &= np.append(alarms[1:] > alarms[:-1], True)
        low = _end(lower_holds, 0.0, self.value, *_thinned(misses[some], alarms[some], factor))
        # The threshold lies between two of the sample's: the misses of the upper one, the false
        # alarms of the lower.
        a, b = misses[:-1], alarms[1:]
        some = (a >= m * self.value - far(m)) & (b >= n * self.value - far(n))
        some &= np.append(a[1:] < a[:-1], True)
        high = _end(upper_holds, 1.0, self.value, *_thinned(a[some], b[some], factor))
        return low, high


class DistanceBounds(ThresholdBounds):
    """The largest distance between the shares of positives and negatives accepted (Kolmogorov and
    Smirnov).

    Two empirical distributions stray from theirs by more than sqrt(-ln(alpha)/2 · (1/m + 1/n)),
    at whichever threshold, in at most ``alpha`` of samples; a distance is off by no more than they.
    Where both classes were sampled together each has half of ``alpha``.

    Sources: Massart 1990; Wei & Dudley 2012 (two samples); simulated in docs/calibration.md.
    """

    shown = decides = "Dvoretzky-Kiefer-Wolfowitz"

    def _bounds(self, alpha: float, factor: float) -> tuple[float, float]:
        m, n = factor * self.positives, factor * self.negatives
        if self.dependent:
            half = math.sqrt(-math.log(alpha / 2) / 2) * (1 / math.sqrt(m) + 1 / math.sqrt(n))
        else:
            half = math.sqrt(-math.log(alpha) / 2 * (1 / m + 1 / n))
        return max(0.0, self.value - half), min(1.0, self.value + half)


def _whole(low: float, high: float, factor: float) -> Floats:
    """The whole numbers from low to high; of an imagined sample only some."""
    found = np.arange(math.floor(low), math.floor(high) + 1, dtype=float)
    if factor == 1 or len(found) <= GRID:
        return found
    return np.unique(np.round(np.linspace(math.floor(low), math.floor(high), GRID)))


def _thinned(a: Floats, b: Floats, factor: float) -> tuple[Floats, Floats]:
    """Of an imagined sample only some of the thresholds."""
    step = 1 if factor == 1 else max(1, len(a) // GRID)
    return a[::step], b[::step]


def _end(holds: Any, outside: float, inside: float, a: Floats, b: Floats) -> float:
    """The rate nearest to ``outside`` that holds, with ``inside`` one that does; by bisection."""
    if holds(outside, a, b):
        return outside
    for _ in range(34):
        middle = (outside + inside) / 2
        outside, inside = (outside, middle) if holds(middle, a, b) else (middle, inside)
    return outside
