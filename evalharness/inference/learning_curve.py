"""How the error falls as training examples are added: a power law, and how far it leads.

error(n) = a·n^(−b) + c with a, c ≥ 0 and b between 0.02 and 3 (Hestness et al. 2017; Viering & Loog
2021): c is what no number of examples brings away. Weighted least squares. For each b the best a
and c are known in closed form, so that only b is searched for: over a grid, and more finely around
the best, for all draws at once.

Uncertainty: errors are drawn anew around the measured ones, by their covariance, which holds that
the same examples were asked at every size; each draw is fitted, and the middle of what these curves
say is the interval. Where the errors scatter about the curve more than the covariance says, as they
do when training itself is chance, it is widened by as much. Three sizes fit exactly: they cannot
show that the law is wrong. That the law holds beyond the largest size is assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def fit(sizes: Any, errors: Any, weights: Any) -> Law:
    """The laws that lie nearest to errors (D, m), at sizes (m,), weighted by weights (m,)."""
    sizes, errors = np.asarray(sizes, float), np.atleast_2d(np.asarray(errors, float))
    scale = float(np.exp(np.log(sizes).mean()))
    x, w = np.log(sizes / scale), np.asarray(weights, float) / np.sum(weights)
    b = np.broadcast_to(EXPONENTS, (len(errors), len(EXPONENTS)))
    step = math.log(EXPONENTS[1] / EXPONENTS[0])
    ends = math.log(EXPONENTS[0]), math.log(EXPONENTS[-1])
    for zoom in range(ZOOMS + 1):
        a, c, miss = _given(b, x, errors, w)
        best = miss.argmin(axis=1)[:, None]
        a, c, found = (np.take_along_axis(z, best, 1) for z in (a, c, b))
        if zoom < ZOOMS:
            finer = np.log(found) + step * np.linspace(-1, 1, STEPS)
            b, step = np.exp(np.clip(finer, *ends)), 2 * step / (STEPS - 1)
    return Law(a[:, 0], found[:, 0], c[:, 0], scale)


def _given(b: Floats, x: Floats, errors: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """(D, G) a, c and weighted squares of what is left, for each b (D, G)."""
    power = np.exp(-b[:, :, None] * x)
    p, e = power @ w, (errors @ w)[:, None]
    pp, pe = np.square(power) @ w, np.einsum("dgm,dm,m->dg", power, errors, w)
    ee = (np.square(errors) @ w)[:, None]
    a = (pe - p * e) / (pp - p * p)
    c = e - a * p
    a, c = np.where(c < 0, pe / pp, a), np.maximum(c, 0.0)
    a, c = np.maximum(a, 0.0), np.where(a < 0, np.maximum(e, 0.0), c)
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
        if left < 1:
            return 1.0
        miss = self.errors - self._on(self.law)[0]
        return max(1.0, float(miss @ np.linalg.pinv(self.covariance) @ miss) / left)

    @cached_property
    def drawn(self) -> Law:
        """The laws of drawn errors."""
        rng = np.random.default_rng(self.seed)
        values, vectors = np.linalg.eigh(self.covariance * self.scatter)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        noise = rng.standard_normal((DRAWS, len(self.sizes))) @ root.T
        return fit(self.sizes, self.errors + noise, self._weights)

    def at(self, n: float, confidence: float = 0.95) -> tuple[float, float, float]:
        """The error after n examples, and both ends of its interval."""
        low, high = _middle(self.drawn.at(n), confidence)
        value = float(self.law.at(n)[0])
        return value, min(low, value), max(high, value)

    def reaches(self, target: float, confidence: float = 0.95) -> tuple[float, float, float]:
        """How many examples lead to an error of `target`, and both ends; ∞ where none may."""
        low, high = _middle(self.drawn.reaches(target), confidence)
        value = float(self.law.reaches(target)[0])
        return value, min(low, value), max(high, value)

    def gain(self, times: float, confidence: float = 0.95) -> tuple[float, float, float]:
        """By how much the error falls from the largest size to so many times as much."""
        n = self.largest
        low, high = _middle(self.drawn.at(n) - self.drawn.at(times * n), confidence)
        value = float((self.law.at(n) - self.law.at(times * n))[0])
        return value, min(low, value), max(high, value)

    @property
    def _weights(self) -> Floats:
        return np.asarray(1 / np.diag(self.covariance))

    def _on(self, law: Law) -> Floats:
        """(D, m): the curves at the sizes."""
        return np.stack([law.at(n) for n in self.sizes], axis=1)


def _middle(drawn: Floats, confidence: float) -> tuple[float, float]:
    """Both ends of what lies in the middle; of values that may be ∞."""
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(drawn, ends, method="inverted_cdf")
    return float(low), float(high)
