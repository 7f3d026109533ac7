"""How the error falls as training examples are added: a power law, and how far it leads.

error(n) = a·n^(−b) + c with a, c ≥ 0 and b between 0.02 and 3 (Hestness et al. 2017; Viering & Loog
2021): c is what no number of examples brings away. Weighted least squares. For each b the best a
and c are known in closed form, so that only b is searched for: over a grid, and more finely around
the best, for all draws at once.

Uncertainty: errors are drawn anew around the measured ones, by their covariance, which holds that
the same examples were asked at every size; each draw is fitted, and the middle of what these curves
say is the interval. Where the errors scatter about the curve more than the covariance says, as they
do when training itself is chance, it is widened by as much. Where they do not speak against a curve
without a floor (c = 0; χ² of one degree, .05) the interval holds what such curves say too: draws
about it alone nearly always have a floor, and "more data will not get there" was wrong in 11 % of
such cases. Three sizes fit exactly: they cannot show that the law is wrong. That it holds beyond
the largest size is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

Floats = NDArray[np.float64]

DRAWS = 1_000
# The exponents that are tried.
EXPONENTS = np.geomspace(0.02, 3.0, 80)
# So often the grid is laid more finely around the best exponent, with so many steps.
ZOOMS, STEPS = 3, 9
# What so many times the data would bring counts as all that data can bring.
MUCH = 100
# Further than this an extrapolation is a guess.
FAR = 10


@dataclass(frozen=True)
class Law:
    """a, b, c of one or more curves, (D,) each, on sizes in units of `scale` examples."""

    a: Floats
    b: Floats
    c: Floats
    scale: float

    def at(self, n: float) -> Floats:
        """(D,): the error after n examples."""
        return np.asarray(self.a * (n / self.scale) ** -self.b + self.c)

    def reaches(self, target: float) -> Floats:
        """(D,): how many examples lead to an error of `target`; ∞ where none do."""
        above = target - self.c
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            n = self.scale * (self.a / above) ** (1 / self.b)
        return np.where(above > 0, n, math.inf)


def fit(sizes: Any, errors: Any, weights: Any, floor: bool = True) -> Law:
    """The laws that lie nearest to errors (D, m), at sizes (m,), weighted by weights (m,); floor:
    whether c may be above 0."""
    sizes, errors = np.asarray(sizes, float), np.atleast_2d(np.asarray(errors, float))
    scale = float(np.exp(np.log(sizes).mean()))
    x, w = np.log(sizes / scale), np.asarray(weights, float) / np.sum(weights)
    b = np.broadcast_to(EXPONENTS, (len(errors), len(EXPONENTS)))
    step = math.log(EXPONENTS[1] / EXPONENTS[0])
    ends = math.log(EXPONENTS[0]), math.log(EXPONENTS[-1])
    for zoom in range(ZOOMS + 1):
        a, c, miss = _given(b, x, errors, w, floor)
        best = miss.argmin(axis=1)[:, None]
        a, c, found = (np.take_along_axis(z, best, 1) for z in (a, c, b))
        if zoom < ZOOMS:
            finer = np.log(found) + step * np.linspace(-1, 1, STEPS)
            b, step = np.exp(np.clip(finer, *ends)), 2 * step / (STEPS - 1)
    return Law(a[:, 0], found[:, 0], c[:, 0], scale)


def _given(
    b: Floats, x: Floats, errors: Floats, w: Floats, floor: bool
) -> tuple[Floats, Floats, Floats]:
    """(D, G) a, c and weighted squares of what is left, for each b (D, G)."""
    power = np.exp(-b[:, :, None] * x)
    p, e = power @ w, (errors @ w)[:, None]
    pp, pe = np.square(power) @ w, np.einsum("dgm,dm,m->dg", power, errors, w)
    ee = (np.square(errors) @ w)[:, None]
    a, c = pe / pp, np.zeros_like(pe)
    if floor:
        both = (pe - p * e) / (pp - p * p)
        level = e - both * p
        a, c = np.where(level < 0, a, both), np.maximum(level, 0.0)
        c = np.where(a < 0, np.maximum(e, 0.0), c)
    a = np.maximum(a, 0.0)
    miss = ee - 2 * (a * pe + c * e) + a * a * pp + 2 * a * c * p + c * c
    return a, c, miss


@dataclass(frozen=True)
class Curve:
    """A learning curve through errors (m,) of models trained on sizes (m,), in order of size.

    covariance (m, m): of the errors. Several models may share a size; three sizes are needed.
    seed: of what is drawn.
    """

    sizes: Floats
    errors: Floats
    covariance: Floats
    seed: int = 0

    @cached_property
    def law(self) -> Law:
        return fit(self.sizes, self.errors, self._weights)

    @property
    def largest(self) -> float:
        return float(self.sizes.max())

    @property
    def exact(self) -> bool:
        """Whether there are no more sizes than a law has numbers."""
        return len(np.unique(self.sizes)) <= 3

    @cached_property
    def scatter(self) -> float:
        """How many times more the errors vary about the curve than their covariance says, ≥ 1."""
        left = len(self.sizes) - 3
        return max(1.0, self._miss(self.law) / left) if left > 0 else 1.0

    @cached_property
    def drawn(self) -> tuple[Law, Law | None]:
        """The laws of drawn errors; of those without a floor too, where there may be none."""
        rng = np.random.default_rng(self.seed)
        values, vectors = np.linalg.eigh(self.covariance * self.scatter)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        errors = self.errors + rng.standard_normal((DRAWS, len(self.sizes))) @ root.T
        return fit(self.sizes, errors, self._weights), self._floorless(errors)

    def at(self, n: float, confidence: float = 0.95) -> tuple[float, float, float]:
        """The error after n examples, and both ends of its interval."""
        return self._told(lambda law: law.at(n), confidence)

    def reaches(self, target: float, confidence: float = 0.95) -> tuple[float, float, float]:
        """How many examples lead to an error of `target`, and both ends; ∞ where none may."""
        return self._told(lambda law: law.reaches(target), confidence)

    def gain(self, times: float, confidence: float = 0.95) -> tuple[float, float, float]:
        """By how much the error falls from the largest size to so many times as much."""
        n = self.largest
        return self._told(lambda law: law.at(n) - law.at(times * n), confidence)

    def _told(self, what: Callable[[Law], Floats], confidence: float) -> tuple[float, float, float]:
        """What the law says, and both ends of the middle of what the draws say, which may be ∞."""
        value = float(what(self.law)[0])
        ends = [(1 - confidence) / 2, (1 + confidence) / 2]
        each = [np.quantile(what(law), ends, method="inverted_cdf") for law in self.drawn if law]
        low, high = min(x[0] for x in each), max(x[1] for x in each)
        return value, float(min(low, value)), float(max(high, value))

    def _floorless(self, errors: Floats) -> Law | None:
        """The laws without a floor of drawn errors; None where the measured speak against it."""
        alone = fit(self.sizes, self.errors, self._weights, floor=False)
        worse = self._miss(alone) - self._miss(self.law)
        if worse > chdtri(1, 0.05) * self.scatter:
            return None
        return fit(self.sizes, errors, self._weights, floor=False)

    def _miss(self, law: Law) -> float:
        """How far the errors lie from a law, by their covariance: χ² if it holds."""
        miss = self.errors - np.array([law.at(n)[0] for n in self.sizes])
        return float(miss @ np.linalg.pinv(self.covariance) @ miss)

    @property
    def _weights(self) -> Floats:
        return np.asarray(1 / np.diag(self.covariance))
