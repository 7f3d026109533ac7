"""Proportions of weighted or clustered examples: Clopper-Pearson at the number of trials they are
worth.

A unit is what was drawn independently: a cluster, or an example where only weights are given. Unit
g brings the weight m_g to the share and k_g of it as hits: p = sum k / sum m. Its linearised
variance is V = sum (k_g - m_g p)²/(sum m)², times G/(G - 1) for clusters, and n_eff = p(1 - p)/V
(never more than there are examples).

A limit at that n_eff is too near where a heavy unit happens to hold no error (.85 covered with 2 %
of the examples weighing ten times) and where clusters differ much (.87). Clopper-Pearson's upper
limit of k errors in n trials is a quantile of Beta(k + 1, n - k): that of one more trial, an error.
The same is done here: one more unit, as large as the largest and all errors, is added, and Beta
has the share and the linearised n_eff that result. Where all weigh the same it *is*
Clopper-Pearson. With clusters n_eff is multiplied by (z/t)², t at G - 1 degrees.

Below ten units with an error, or ten with a success, the worst case decides: n_eff = sum m / max m,
as if each of the largest units were all hits or all errors. Of weighted examples, those ten must be
among the ones that carry the heaviest half of sum m². What nobody saw no bound can hold: a sample
without any of the few units that weigh a hundred times has an interval as if there were none.

Sources: Korn & Graubard 1998 (n_eff, degrees of freedom); Fay & Feuer 1997 (one more of the largest
weight, for weighted counts); coverage in docs/calibration.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, stdtrit

from evalharness.declare.plural import counted
from evalharness.inference.bounds import settle_by_width, upper_z
from evalharness.inference.proportions import ProportionBounds

Floats = NDArray[np.float64]

# Fewer units with an error, or with a success, do not show how much units vary.
LEAST = 10
# Rounding leaves this much of a weight where hits are all of it.
TINY = 1e-9


class UnitSums(NamedTuple):
    """What the limits of a share hang on; each an array of any one shape, or a number.

    ``units``: G. ``trials``, ``hits``: sum m and sum k. ``tt``, ``ht``, ``hh``: sums of m², k m and
    k². ``largest``: max m. ``examples``: no n_eff is above it. ``successes``, ``errors``: units
    with some, of those that the rule of ten looks at. ``clusters``: what kind of units.
    """

    units: Any
    trials: Any
    hits: Any
    tt: Any
    ht: Any
    hh: Any
    largest: Any
    examples: Any
    successes: Any
    errors: Any
    clusters: bool

    def mirrored(self) -> UnitSums:
        """Errors for hits."""
        return self._replace(
            hits=self.trials - self.hits,
            ht=self.tt - self.ht,
            hh=self.tt - 2 * self.ht + self.hh,
            successes=self.errors,
            errors=self.successes,
        )

    def times(self, factor: float) -> UnitSums:
        """As many times the units, in the same proportions."""
        grown = UnitSums._make(factor * x for x in self)
        return grown._replace(largest=self.largest, clusters=self.clusters)


def unit_sums(
    hits: ArrayLike, trials: ArrayLike, clusters: bool, examples: float | None = None
) -> UnitSums:
    """Of ``hits``, ``trials`` (…, G), along the last axis; units without trials count nowhere."""
    k, m = np.asarray(hits, float), np.asarray(trials, float)
    used = m > 0
    units, total = used.sum(-1), m.sum(-1)
    counted = used if clusters else used & heaviest_half(m)
    return UnitSums(
        units,
        total,
        k.sum(-1),
        (m * m).sum(-1),
        (k * m).sum(-1),
        (k * k).sum(-1),
        m.max(-1, initial=0.0),
        (_whole(m, total) if clusters else units) if examples is None else examples,
        (counted & (k > TINY * m)).sum(-1),
        (counted & (m - k > TINY * m)).sum(-1),
        clusters,
    )


def _whole(trials: Floats, total: Any) -> Any:
    """Sum of the trials where they are counts; where they are weights, no count is known."""
    return total if (trials == np.round(trials)).all() else np.full(np.shape(total), np.inf)


def heaviest_half(trials: Floats) -> NDArray[np.bool_]:
    """The units that carry the heaviest half of sum m²; of equal ones all, so that no order
    matters."""
    down = -np.sort(-trials, axis=-1)
    upto = np.cumsum(down * down, axis=-1)
    if not trials.shape[-1]:
        return trials > 0
    last = (upto >= upto[..., -1:] * (0.5 - 1e-12)).argmax(-1)
    least = np.take_along_axis(down, last[..., None], -1)
    return trials >= least * (1 - 1e-12)


def shown_by_ten(s: UnitSums) -> Any:
    """Whether units with errors and units with successes are enough for a linearised variance."""
    return (s.errors >= LEAST) & (s.successes >= LEAST)


def effective_size(s: UnitSums) -> Any:
    """n_eff: linearised, or the worst case; what is reported and shown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p = s.hits / s.trials
        variance = (s.hh - 2 * p * s.ht + p * p * s.tt) / s.trials**2
        if s.clusters:
            variance = variance * s.units / np.maximum(s.units - 1, 1)
        linear = np.minimum(p * (1 - p) / variance, s.examples)
        return np.where(shown_by_ten(s), linear, s.trials / s.largest)


def _fewer(units: Any, alpha: float) -> Any:
    """(z/t)²: the limits of a normal with the width of Student's t at G - 1 degrees."""
    return (upper_z(alpha) / -stdtrit(np.maximum(units - 1, 1), alpha)) ** 2


def lower_beta(s: UnitSums, alpha: float) -> tuple[Any, Any]:
    """a and b: the lower limit of the share is the ``alpha`` quantile of Beta(a, b); 0 for a = 0.

    The limit reaches q exactly when I_q(a, b) <= ``alpha``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        total = s.trials + s.largest
        p = s.hits / total
        # One unit more, all errors: its k is 0 and its m the largest.
        squares = s.hh - 2 * p * s.ht + p * p * (s.tt + s.largest**2)
        most = s.examples + (s.examples * s.largest / s.trials if s.clusters else 1.0)
        if s.clusters:
            squares = squares * (s.units + 1) / s.units
        n = np.minimum(p * (1 - p) * total**2 / squares, most)
        if s.clusters:
            n = n * _fewer(s.units, alpha)
        linear = shown_by_ten(s)
        return (
            np.where(linear, p * n, s.hits / s.largest),
            np.where(linear, (1 - p) * n, (s.trials - s.hits) / s.largest + 1),
        )


def lower_limit(s: UnitSums, alpha: float) -> Any:
    """One-sided lower limit of the share; 0 without hits or without trials."""
    a, b = lower_beta(s, alpha)
    some = np.asarray(s.hits) > TINY * np.asarray(s.trials)
    return np.where(some, betaincinv(np.where(some, a, 1.0), np.where(some, b, 1.0), alpha), 0.0)


def upper_limit(s: UnitSums, alpha: float) -> Any:
    """The mirror image of the lower limit."""
    return 1.0 - lower_limit(s.mirrored(), alpha)


class EffectiveBounds(ProportionBounds):
    """A weighted or clustered share sum ``hits`` / sum ``trials``, or ``through`` of it.

    ``hits``, ``trials`` (G,): weighted sums of each unit, trials >= hits >= 0; a unit is a cluster
    (``clusters``) or an example with a weight. ``unit``: what a trial is, in the plural.
    ``through``: an increasing function of the share on [0, 1]. ``examples``: how many examples
    bring a trial; to be given for clusters of weighted examples, whose sum of trials is no count.
    ``weighted``: whether examples differ by their weights, or by how many trials they bring.
    ``unit_trials`` (G,): what each unit brings.
    """

    def __init__(
        self,
        hits: ArrayLike,
        trials: ArrayLike,
        unit: str = "examples",
        through: Callable[[float], float] | None = None,
        clusters: bool = False,
        examples: float | None = None,
        weighted: bool = True,
    ) -> None:
        k, m = np.atleast_1d(np.asarray(hits, float)), np.atleast_1d(np.asarray(trials, float))
        if k.shape != m.shape or not ((k >= 0) & (k <= m * (1 + TINY))).all():
            raise ValueError("the hits of a unit must lie between 0 and its trials")
        self.sums = s = unit_sums(np.minimum(k, m), m, clusters, examples)
        self.unit_trials, self.weighted = m, weighted
        super().__init__(float(s.hits), max(float(s.trials), float(s.hits)), unit, through)
        self.n, self.unit = int(s.units), "clusters" if clusters else unit
        # Where all examples weigh the same there is no worst case: n_eff is n.
        equal = not clusters and bool(s.trials >= (1 - TINY) * s.units * s.largest)
        self._trial, self._by_ten = unit, equal or bool(shown_by_ten(s))
        if not (weighted or clusters):
            self.unit = "examples"
        where = "n_eff" if self._by_ten else "the worst case n_eff"
        self.shown = self.decides = f"Clopper-Pearson at {where}"

    @property
    def reason(self) -> str:
        return "" if self.n else f"0/0: there are no {self._trial}"

    @cached_property
    def n_eff(self) -> float:
        """How many independent, equal trials the share is worth; nan without trials."""
        return float(effective_size(self.sums)) if self.n else math.nan

    @property
    def note(self) -> str:
        """What the share is worth, in words: "412 positives in 40 clusters, n_eff 151"."""
        if not self.n:
            return ""
        s, size = self.sums, f"n_eff {self.n_eff:.4g}"
        if s.clusters:
            known = f"{s.examples:,.6g} " if np.isfinite(s.examples) else ""
            words = f"{known}{self._trial} in {counted(self.n, 'clusters')}, {size}"
        elif self.weighted:
            words = f"{size} of {self.n:,} {self._trial} by weight"
        else:
            words = f"{s.examples:,.6g} {self._trial} of {self.n:,} examples, {size}"
        if self._by_ten:
            return words
        kind = "clusters" if s.clusters else "heavy ones" if self.weighted else "examples"
        few, what = min((int(s.errors), "an error"), (int(s.successes), "a success"))
        return f"{words}, the worst case: fewer than {LEAST} {kind} with {what} ({few})"

    def interval(self, confidence: float) -> tuple[float, float]:
        # Wilson would lie inside the limits that decide: where units differ, it covers too little.
        alpha = (1 - confidence) / 2
        return self.lower(alpha), self.upper(alpha)

    def lower(self, alpha: float) -> float:
        return self._map(lower_limit(self.sums, alpha))

    def upper(self, alpha: float) -> float:
        return self._map(upper_limit(self.sums, alpha))

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        """How many fresh units, of the same sizes and as alike as these (see
        ``settle_by_width``)."""
        at_threshold = self._share_at(threshold)
        if self.reason or at_threshold is None:
            return None
        share = self.hits / self.trials

        def at(factor: float, lower: bool) -> tuple[float, float]:
            larger = self.sums.times(factor)
            bound = (lower_limit if lower else upper_limit)(larger, alpha)
            size = float(effective_size(larger))
            # Of one cluster nothing is known of how clusters differ.
            error = math.sqrt(max(0.0, share * (1 - share)) / size) if size > 0 else math.inf
            return float(bound), error

        of_share: Any = SimpleNamespace(value=share, n=self.n, reason="")
        return settle_by_width(of_share, at_threshold, alpha, power, at)
