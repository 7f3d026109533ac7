"""How the error falls as training examples are added: a power law, and how far it leads.

error(n) = a·n^(−b) + c with a, c ≥ 0 and b between 0.02 and 3 (Hestness et al. 2017; Viering & Loog
2021): c is what no number of examples brings away. Least squares by the errors' covariance, which
holds that the same examples were asked at every size. For each b the best a and c are known in
closed form, so that only b is searched for: over a grid, and more finely around the best.

Uncertainty: the profile likelihood. An interval holds what all curves say that miss the errors by
no more than χ² of one degree beyond the best one. Curves without a floor, and level ones, are among
them where they fit so well, which draws about the best curve alone do not give: with b = 0.35 and
no floor these covered .85. Where the covariance is itself estimated, its degrees of freedom make t²
of χ². Where the errors scatter about the curve more than the covariance says, as they do when
training itself is chance, the limit is widened by as much; where surely more (χ², .05), by t² of
the degrees that are left. Three sizes fit exactly: they cannot show that the law is wrong, nor that
errors scatter. That it holds beyond the largest size is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, stdtrit

from evalharness.inference.bounds import upper_z

Floats = NDArray[np.float64]

# Between these lies the exponent; a grid of so many is tried, more finely so many times.
EXPONENTS, STEPS, ZOOMS = (0.02, 3.0), 80, 4
# So many points stand for the ellipse of a and c that one exponent allows.
POINTS = 48
# What so many times the data would bring counts as all that data can bring.
MUCH = 100
# Further than this an extrapolation is a guess.
FAR = 10
# Errors that scatter, or rise, as they do by chance once in twenty cases, do so.
SURE = 0.05


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


class Fits:
    """How well laws fit errors (m,) at sizes (m,), by their precision (m, m): squares of what is
    left, which are χ² where the precision is the inverse of the errors' covariance."""

    def __init__(self, sizes: Any, errors: Any, precision: Any) -> None:
        sizes, self.errors = np.asarray(sizes, float), np.asarray(errors, float)
        self.scale = float(np.exp(np.log(sizes).mean()))
        self.x, self.w = np.log(sizes / self.scale), np.asarray(precision, float)
        self.total = float(self.errors @ self.w @ self.errors)

    def _sums(self, b: Floats) -> tuple[Floats, ...]:
        """Of the squares a²·pp + 2ac·p1 + c²·one − 2a·pe − 2c·e + total, for each b."""
        power = np.exp(-b[:, None] * self.x)
        pw = power @ self.w
        e, one = float(self.w.sum(0) @ self.errors), float(self.w.sum())
        return (pw * power).sum(1), pw.sum(1), np.full(len(b), one), pw @ self.errors, e + 0 * b

    def given(self, b: Floats) -> tuple[Floats, Floats, Floats]:
        """(G,) the best a and c, and the squares that are left, for each b (G,)."""
        pp, p1, one, pe, e = self._sums(b)
        det = pp * one - p1 * p1
        a, c = (one * pe - p1 * e) / det, (pp * e - p1 * pe) / det
        a, c = np.where(c < 0, pe / pp, a), np.maximum(c, 0.0)
        level = a < 0
        a, c = np.where(level, 0.0, a), np.where(level, np.maximum(e / one, 0.0), c)
        left = self.total - 2 * (a * pe + c * e) + a * a * pp + 2 * a * c * p1 + c * c * one
        return a, c, left

    def best(self) -> tuple[Law, float]:
        """The law that fits best, and the squares that it leaves."""
        ends = EXPONENTS
        for _ in range(ZOOMS + 1):
            b = np.geomspace(*ends, STEPS)
            a, c, left = self.given(b)
            at = int(left.argmin())
            ends = b[max(at - 1, 0)], b[min(at + 1, STEPS - 1)]
        one = slice(at, at + 1)
        return Law(a[one], b[one], c[one], self.scale), max(float(left[at]), 0.0)

    def within(self, most: float) -> Law:
        """Laws that leave no more squares than `most`: for each of many b, those around the ellipse
        of a and c, and at its cuts with c = 0 and a = 0, so that what is linear in a and c has both
        its ends among them."""
        ends = EXPONENTS
        for _ in range(ZOOMS):
            b = np.geomspace(*ends, STEPS)
            left = self.given(b)[2]
            inside = np.flatnonzero(left <= most)
            first, last = inside[[0, -1]] if len(inside) else [left.argmin()] * 2
            ends = b[max(first - 1, 0)], b[min(last + 1, STEPS - 1)]
        b = np.geomspace(*ends, STEPS)
        pp, p1, one, pe, e = self._sums(b)
        det = pp * one - p1 * p1
        a, c = (one * pe - p1 * e) / det, (pp * e - p1 * pe) / det
        root = np.sqrt(np.maximum(most - self.total + a * pe + c * e, -1.0) + 0j)
        angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)[:, None]
        # The ellipse, by the square root of its matrix: (a, c) = centre + root · L⁻ᵀ (cos, sin).
        off = np.sin(angle) * np.sqrt(pp / det)
        found_a = [a + root * (np.cos(angle) / np.sqrt(pp) - off * p1 / pp)]
        found_c = [c + root * off]
        zero = np.zeros((2, len(b)))
        for square, linear, edge_of_c in ((pp, pe, True), (one, e, False)):
            half = np.sqrt(linear**2 - square * (self.total - most) + 0j)
            edge = np.stack([(linear - half) / square, (linear + half) / square])
            found_a.append(edge if edge_of_c else zero)
            found_c.append(zero if edge_of_c else edge)
        whole_a, whole_c = np.concatenate(found_a), np.concatenate(found_c)
        # What has an imaginary part is of a b that no such law has.
        real = (abs(whole_a.imag) + abs(whole_c.imag) == 0) & (whole_a.real >= 0)
        real &= whole_c.real >= 0
        every = np.broadcast_to(b, real.shape)[real]
        return Law(whole_a.real[real], every, whole_c.real[real], self.scale)


def with_training(covariance: Floats, variance: float, degrees: int) -> tuple[Floats, float]:
    """The covariance (m, m) of errors through their examples, with the variance that training adds
    to each, which is known to so few degrees; and the degrees of the whole (Satterthwaite: what
    examples add is known by many of them)."""
    own = float(np.diag(covariance).mean())
    freedom = degrees * (1 + own / variance) ** 2 if variance else math.inf
    return covariance + variance * np.eye(len(covariance)), freedom


@dataclass(frozen=True, eq=False)
class Curve:
    """A learning curve through errors (m,) of models trained on sizes (m,), in order of size.

    covariance (m, m): of the errors, with so many degrees of freedom. Several models may share a
    size; three sizes are needed.
    """

    sizes: Floats
    errors: Floats
    covariance: Floats
    degrees: float = math.inf

    @cached_property
    def _best(self) -> tuple[Law, float]:
        return self._fits.best()

    @property
    def law(self) -> Law:
        return self._best[0]

    @property
    def largest(self) -> float:
        return float(self.sizes.max())

    @property
    def exact(self) -> bool:
        """Whether there are no more sizes than a law has numbers."""
        return len(np.unique(self.sizes)) <= 3

    @property
    def left(self) -> int:
        """How many degrees of freedom the errors leave to their scatter about the curve."""
        return max(len(self.sizes) - 3, 0)

    @cached_property
    def scatter(self) -> float:
        """How many times more the errors vary about the curve than their covariance says, ≥ 1."""
        return max(1.0, self._best[1] / self.left) if self.left else 1.0

    @property
    def scattered(self) -> bool:
        """Whether they surely do."""
        return self.left > 0 and self._best[1] > chdtri(self.left, SURE)

    @property
    def rises(self) -> bool:
        """Whether the error surely rises with the size: the slope on log n is above 0."""
        x = np.log(self.sizes) - np.log(self.sizes).mean()
        design = np.stack([np.ones_like(x), x])
        inverse = np.linalg.inv(design @ self._fits.w @ design.T)
        slope = (inverse @ design @ self._fits.w @ self.errors)[1]
        return bool(slope > upper_z(SURE / 2) * math.sqrt(inverse[1, 1]))

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
        """What the law says, and the least and most of what laws say that fit as well."""
        value = float(what(self.law)[0])
        each = np.append(what(self._within(confidence)), value)
        return value, float(each.min()), float(each.max())

    @lru_cache(maxsize=4)  # noqa: B019 - a curve lives as long as its section is made
    def _within(self, confidence: float) -> Law:
        alpha = (1 - confidence) / 2
        degrees = min(self.degrees, self.left) if self.scattered else self.degrees
        t = upper_z(alpha) if math.isinf(degrees) else -float(stdtrit(degrees, alpha))
        return self._fits.within(self._best[1] + t * t * self.scatter)

    @cached_property
    def _fits(self) -> Fits:
        # A hair on the diagonal: models that answer alike have a covariance of no inverse.
        hair = 1e-9 * np.trace(self.covariance) * np.eye(len(self.sizes))
        return Fits(self.sizes, self.errors, np.linalg.inv(self.covariance + hair))
