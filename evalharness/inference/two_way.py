"""A share of answers that people gave to items: uncertain by both, who was asked and what.

p = Σ k_i / Σ m_i over items, of whose weight m_i the errors are k_i. Its linearised variance is
V = V_items + max(0, V_people − V_answers), each a sum of (k − m p)², over items, people and single
answers, over (Σ m)²; what an item and a person have in common, the answer, would be counted twice.
The first two are multiplied by units/(units − 1). Of items that were drawn together the cluster is
the unit, and what it and a person have in common is all that the person answered in it. A limit is
a quantile of a Beta distribution at n_eff = p(1 − p)/V trials, as that of clusters (`effective`):
one more item, as large as the largest and all errors, is added, and below ten items with an error,
or ten without, each item counts as if it were wholly one or the other.

Of few people those who err often may be missing, and then both p and V are too small: the spread
of people is taken with one more, as extreme as the most extreme of them, and n_eff is multiplied
by (z/t)², t at A − 2 degrees, of panels at A − 3.

What one-sided bounds of .95 cover, in simulation (tests/calibration/people.py: 400 items, error
rates .02 and .1, of which the latter is the worse; s is the standard deviation of people's log odds
of an error; 5, 20 and 50 people, of whom all or three answer an item): of single people .94 to 1
for s up to .5; for s = 1 .905 with 5, .925 with 20, .94 with 50. Of panels of 3 .95 to 1, and
.90 or more for s = 1.

Sources: Cameron, Gelbach & Miller 2011 (two-way clusters); Owen 2007 (both ways random); Korn &
Graubard 1998 (n_eff).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

from evalharness.inference.bounds import ByLimits, settle_by_root, upper_z
from evalharness.inference.effective import LEAST, heaviest_half

Floats = NDArray[np.float64]


class Sums(NamedTuple):
    """Of units: how many, Σ k, Σ m, Σ k², Σ k m, Σ m²."""

    units: int
    k: float
    m: float
    kk: float
    km: float
    mm: float

    @classmethod
    def of(cls, k: Floats, m: Floats) -> Sums:
        return cls(len(k), *(float(x.sum()) for x in (k, m, k * k, k * m, m * m)))

    def spread(self, p: float) -> float:
        """Σ (k − m p)²."""
        return self.kk - 2 * p * self.km + p * p * self.mm

    def mirrored(self) -> Sums:
        """Right answers for errors."""
        kk = self.mm - 2 * self.km + self.kk
        return self._replace(k=self.m - self.k, kk=kk, km=self.mm - self.km)


class People(NamedTuple):
    """Who answered. ``people``, ``answers``: sums of each; ``least``, ``most``: the smallest and
    the largest share of errors of a person; ``scale``: what their spread is multiplied by;
    ``free``: its degrees of freedom."""

    people: Sums
    answers: Sums
    least: float
    most: float
    scale: float
    free: int

    def mirrored(self) -> People:
        return People(
            self.people.mirrored(),
            self.answers.mirrored(),
            1 - self.most,
            1 - self.least,
            self.scale,
            self.free,
        )

    def excess(self, p: float, extreme: float | None = None) -> float:
        """(Σ m)² times the variance that people add; ``extreme``: the share of one more person."""
        a = self.people.units
        if a < 2:
            return 0.0
        spread, of = self.people.spread(p), a / (a - 1)
        if extreme is not None:
            spread += (self.people.m / a * (extreme - p)) ** 2
            of = (a + 1) / a
        return self.scale * max(0.0, of * spread - self.answers.spread(p))


def people_of(
    person: Any, errors: Floats, weights: Floats, panel: int = 1, cluster: Any = None
) -> People:
    """``person`` (V,): who gave each answer; ``errors``, ``weights`` (V,): what it brings to Σ k
    and to Σ m. ``panel``: to how many answers an error belongs; more than one share members, the
    more often the fewer people there are; panels as large as all people are one panel.
    ``cluster`` (V,): of what was drawn together."""
    _, code = np.unique(person, return_inverse=True)
    k, m = _summed(code, errors, weights)
    shares, count = k / m, len(k)
    if cluster is not None:
        _, of = np.unique(cluster, return_inverse=True)
        _, cell = np.unique(code * (of.max() + 1) + of, return_inverse=True)
        errors, weights = _summed(cell, errors, weights)
    wide = (count - 1) / (count - panel) if panel < count else 1.0
    return People(
        Sums.of(k, m),
        Sums.of(errors, weights),
        float(shares.min()),
        float(shares.max()),
        wide**2,
        max(1, count - (2 if panel == 1 else 3)),
    )


def _summed(code: Any, errors: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Of what has the same code."""
    return np.bincount(code, errors).astype(float), np.bincount(code, weights).astype(float)


class TwoWayBounds(ByLimits):
    """A share of errors. ``errors``, ``weights`` (I,) of each item; ``people``: who made them,
    None where that is not known, so that only items vary. ``cluster`` (I,): of items that were
    drawn together. ``weighted``: whether items weigh differently, more than by their answers.
    """

    def __init__(
        self,
        errors: Floats,
        weights: Floats,
        people: People | None,
        cluster: Any = None,
        weighted: bool = False,
    ) -> None:
        self.unit = "items" if cluster is None else "clusters"
        if cluster is not None:
            _, code = np.unique(cluster, return_inverse=True)
            errors, weights = _summed(code, errors, weights)
        self.items = Sums.of(errors, weights)
        self.people, self.n = people, len(errors)
        self.value = self.items.k / self.items.m if self.n else math.nan
        self.reason = "" if self.n else "0/0: there are no items"
        self._largest = float(weights.max(initial=0.0))
        seen = heaviest_half(weights) if weighted and cluster is None else weights > 0
        some = [int((seen & x).sum()) for x in (errors > 0, weights - errors > 1e-9 * weights)]
        self._by_ten = min(some) >= LEAST
        where = "n_eff" if self._by_ten else "the worst case n_eff"
        ways = self.unit if people is None else f"{self.unit} and people"
        self.shown = self.decides = f"Clopper-Pearson at {where} of {ways}"

    @property
    def added(self) -> float:
        """The variance that people add to that of items."""
        if self.people is None or not self.n:
            return 0.0
        return self.people.excess(self.value) / self.items.m**2

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        """How many fresh items, answered by as many times more people."""
        return settle_by_root(self, threshold, alpha, power)

    def _limits(self, alpha: float) -> tuple[float, float]:
        if not self.n:
            return 0.0, 1.0
        mirrored = None if self.people is None else self.people.mirrored()
        low = self._lower(self.items, self.people, alpha)
        return low, 1.0 - self._lower(self.items.mirrored(), mirrored, alpha)

    def _lower(self, items: Sums, people: People | None, alpha: float) -> float:
        if items.k <= 1e-9 * items.m:
            return 0.0
        large, total = self._largest, items.m + self._largest
        p = items.k / total
        spread = (items.spread(p) + (large * p) ** 2) * (items.units + 1) / items.units
        if not self._by_ten:
            spread = p * (1 - p) * total * large
        if people is not None:
            spread += people.excess(p, people.least)
        # No more trials than there are answers, or items where each counts once.
        n = min(p * (1 - p) * total**2 / spread, total)
        free = max(1, items.units - 1)
        free = free if people is None else min(free, people.free)
        n *= (upper_z(alpha) / -float(stdtrit(free, alpha))) ** 2
        return float(betaincinv(p * n, (1 - p) * n, alpha))
