"""The ladders of every value of a column, measured: one computation for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from evalharness.checks.measuring import tied
from evalharness.checks.slice_asked import LEAST, Asked, judged_rung
from evalharness.declare.rungs import GAPS, HUMAN
from evalharness.inference.dominance import Namings, of_each
from evalharness.inference.estimates import Estimate
from evalharness.inference.many import Estimates
from evalharness.inference.multiplicity import adjusted
from evalharness.inference.slice_rungs import Listed, RungSlices, deciding_gap, shown_gap
from evalharness.inference.slice_shares import gains, of_counts, of_rows
from evalharness.inference.slice_tests import p_values

# The part of a loss that lies below the first gap, where there is no human level.
ABOVE_WHOLE = "above_whole"


@dataclass(frozen=True)
class Climbed:
    """Slices that have the same rungs. rows: their places; rungs, gaps: names, from the bottom to
    the top; value, at_least, at_most: (s, G) of the gaps."""

    rows: Any
    rungs: tuple[str, ...]
    gaps: tuple[str, ...]
    value: Any
    at_least: Any
    at_most: Any
    below_human: Any
    naming: Namings | None


class SliceLadders:
    """Everything about S slices; arrays are (S,).

    names: values of the column, as they are printed. rungs: of each name what is known of all
    slices, from the bottom to the top. at: the judged rung; floor: what losses are counted from,
    whole_floor: the same over all slices. own: whether it is what people err in each slice itself.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked, self.at = asked, judged_rung(asked.rungs)
        self.sign = 1 if asked.declared.metric.better == "lower" else -1
        low, high = asked.declared.metric.range
        self._most = high - low
        found = {name: asked.slices(name) for name in asked.rungs}
        own = {name: _names(each) for name, each in found.items()}
        every = list(dict.fromkeys(n for name in (self.at, *asked.rungs) for n in own[name]))
        self.names = [name.removeprefix(f"{asked.declared.by}=") for name in every]
        self.rungs: dict[str, RungSlices] = {}
        for name, each in found.items():
            places = {n: i for i, n in enumerate(own[name])}
            self.rungs[name] = RungSlices(_bounds(each), [places.get(n, -1) for n in every])
        whole = {name: asked.whole(name) for name in {asked.rungs[0], self.at}}
        self.whole = whole[self.at].value
        by = asked.declared.metric.on(self.at).by(asked.declared.by)
        measured = asked.plan.measure(asked.model, by)
        share, of, self._mixed = _shares(measured, found[self.at])
        # The slices of the judged rung come first; the others have no share of it.
        more = len(every) - len(share)
        self.share, self._of = np.pad(share, (0, more)), np.pad(of, (0, more), "edge")
        self.floor_rung = asked.rungs[0] if asked.human is None else HUMAN
        below: Any = asked.human if asked.human is not None else whole[asked.rungs[0]]._bounds
        self.floor, self.whole_floor = RungSlices.same(below, len(every)), float(below.value)
        people = asked.floors(self.judged) if self.judged.any() else None
        self.own = people is not None
        if people is not None:
            self.floor = people
        if asked.human is not None:
            self.rungs = {HUMAN: self.floor} | self.rungs

    @cached_property
    def judged(self) -> Any:
        """Whether there is a number on the judged rung, of examples enough."""
        rung = self.rungs[self.at]
        return np.isfinite(rung.value) & (rung.n >= LEAST)

    @property
    def level(self) -> float:
        """Of the bounds of each slice's gaps, which hold for all judged slices together."""
        return (1 - self.asked.settings.confidence) / max(1, int(self.judged.sum()))

    @cached_property
    def gain(self) -> tuple[Any, Any, Any]:
        """(value, low, high): what it would gain overall if a slice were as good as the floor."""
        at, shared = self.rungs[self.at], (self.floor_rung, self.at) in self.asked.tied
        confidence = self.asked.settings.confidence
        loss = self.sign * (at.value - self.floor.value)
        span = shown_gap(self.floor, at, self.sign, shared, self._most, confidence)
        return gains(self.share, self._of, (loss, *span), confidence)

    @cached_property
    def p(self) -> tuple[Any, Any]:
        """(p, adjusted by Holm over the judged slices) that a slice is surely worse than the
        others."""
        shared = (self.floor_rung, self.at) in self.asked.tied
        p = p_values(
            self.rungs[self.at],
            self.floor,
            self.share,
            self.judged,
            self.sign,
            self.asked.materiality,
            mixed=self._mixed,
            tied=shared,
        )
        holm = np.ones(len(p))
        holm[self.judged] = adjusted(p[self.judged].tolist())
        return p, holm

    @cached_property
    def named(self) -> Any:
        return self.judged & (self.p[1] <= 1 - self.asked.settings.confidence)

    @cached_property
    def order(self) -> Any:
        """Places of the slices: those judged, what there is most to gain from first; then the
        others, the larger first."""
        gain = np.where(self.judged, self.gain[0], -np.inf)
        return np.lexsort((-self.rungs[self.at].n, -gain, ~self.judged))

    @property
    def additive(self) -> bool:
        """Whether the metric on the whole rung is the mean of its slices, weighted by shares."""
        value = self.rungs[self.at].value
        mean = float(np.where(self.share > 0, self.share * value, 0.0).sum())
        return bool(np.isclose(mean, self.whole, rtol=1e-6, atol=1e-9))

    def climbed(self) -> Iterator[Climbed]:
        """The gaps of all slices, and what dominates in each; slices with the same rungs
        together."""
        there = np.stack([np.isfinite(rung.value) for rung in self.rungs.values()], axis=1)
        patterns, which = np.unique(there, axis=0, return_inverse=True)
        beliefs = {name: rung.belief() for name, rung in self.rungs.items()}
        bounded = {pair: self._gap(*pair) for pair in GAPS if {*pair} <= {*self.rungs}}
        for k, pattern in enumerate(patterns):
            rows = np.flatnonzero(np.ravel(which) == k)
            mine = tuple(n for n, yes in zip(self.rungs, pattern, strict=True) if yes)
            pairs = list(zip(mine, mine[1:], strict=False))
            value, lower, upper = (
                np.stack([bounded[pair][i][rows] for pair in pairs], axis=1)
                if pairs
                else np.empty((len(rows), 0))
                for i in range(3)
            )
            below = np.zeros(len(rows), bool)
            may = np.ones(lower.shape, bool)
            if pairs and mine[0] == HUMAN:
                below = upper[:, 0] < 0
                may[:, 0] = ~below & (not self.asked.few)
            naming = None
            if pairs:
                drawn = [(beliefs[n][0], beliefs[n][1][rows]) for n in mine]
                about = (
                    self.sign,
                    lower,
                    upper,
                    self.asked.materiality,
                    may,
                    self.asked.settings.seed,
                )
                naming = of_each(drawn, *about)
            names = tuple(GAPS[pair] for pair in pairs)
            yield Climbed(rows, mine, names, value, lower, upper, below, naming)

    def _gap(self, below: str, above: str) -> tuple[Any, Any, Any]:
        a, b = self.rungs[below], self.rungs[above]
        bounds = deciding_gap(
            a, b, self.sign, (below, above) in self.asked.tied, self._most, self.level
        )
        return self.sign * (b.value - a.value), *bounds


def _bounds(found: Sequence[Estimate]) -> Any:
    if isinstance(found, Estimates):
        return found.slices
    return Listed([bounds for e in found if (bounds := e._bounds) is not None])


def _names(found: Sequence[Estimate]) -> list[str]:
    return list(found.names) if isinstance(found, Estimates) else [e.slice for e in found]


def _shares(measured: Any, found: Sequence[Estimate]) -> tuple[Any, Any, bool]:
    """(shares, of how many, whether clusters have rows in several slices) of one rung's slices."""
    weight, cluster = measured.units
    if weight is None and cluster is None:
        n = found.n if isinstance(found, Estimates) else [e.n for e in found]
        return *of_counts(n), False
    share, of = of_rows(measured.groups.code, len(found), weight, cluster)
    return share, of, tied(measured)
