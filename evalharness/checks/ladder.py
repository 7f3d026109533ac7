"""The ladder of one model: its rungs measured, the gaps between them, and what dominates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from evalharness.checks import advice
from evalharness.checks.diagnosed import Diagnosis, Gap, Rung, Under
from evalharness.checks.human_level import HumanLevel
from evalharness.checks.settings import Settings
from evalharness.declare.diagnosis import (
    BIAS,
    BIAS_OR_VARIANCE,
    DEV,
    GAPS,
    HUMAN,
    TEST,
    TRAIN_DEV,
    BiasVariance,
)
from evalharness.declare.plural import counted
from evalharness.inference.bounds import Bounds
from evalharness.inference.dominance import UNCLEAR, Naming, believed, drawn, naming
from evalharness.inference.estimates import Estimate
from evalharness.inference.numbers import plain, show
from evalharness.inference.rung_gap import RungGap

# What does not matter, where nothing is declared: of a metric between 0 and 1 half a point, and in
# any case a tenth of the error on dev.
POINT, TENTH = 0.005, 0.1


@dataclass(frozen=True)
class Climb:
    """What a ladder is made of.

    rungs:  the estimate of each split, from the bottom to the top.
    people: the human levels.
    tied:   pairs of splits of which clusters have rows in both.
    paired: by name of a level and of a split, the gap between the two on the same examples.
    broken: by name of a split, why it is no rung: its examples are not unseen.
    """

    declared: BiasVariance
    rungs: dict[str, Estimate]
    people: Sequence[HumanLevel]
    tied: frozenset[tuple[str, str]]
    broken: dict[str, str]
    settings: Settings
    notes: tuple[str, ...] = ()

    @property
    def sign(self) -> int:
        return 1 if self.declared.metric.better == "lower" else -1

    @cached_property
    def proxy(self) -> HumanLevel | None:
        """The best level, which stands for the Bayes error."""
        return min(self.people, key=lambda p: self.sign * p.bounds.value, default=None)

    @cached_property
    def unmeasured(self) -> dict[str, str]:
        """Why rungs cannot be measured, by their names."""
        found = {}
        for name, e in self.rungs.items():
            if name in self.broken:
                found[name] = self.broken[name]
            elif math.isnan(e.value) or e.reason:
                found[name] = f"{e.title}: {e.reason or 'undefined'}"
        if self.proxy is not None and self.proxy.bounds.reason:
            found[HUMAN] = f"human level ({self.proxy.name}): {self.proxy.bounds.reason}"
        return found

    @cached_property
    def material(self) -> tuple[float, str]:
        """What does not matter, and where that comes from."""
        if self.declared.materiality is not None:
            return self.declared.materiality, "declared"
        name = next(n for n in (DEV, TEST, TRAIN_DEV, *self.rungs) if n in self.rungs)
        low, high = self.declared.metric.range
        best = low if self.sign > 0 else high
        value = self.rungs[name].value
        error = abs(value - best) if math.isfinite(best) else abs(value)
        error = 0.0 if math.isnan(error) else error
        floor = POINT if (low, high) == (0, 1) else 0.0
        if TENTH * error > floor:
            return TENTH * error, f"a tenth of the error on {name}"
        return (floor, "half a point") if floor else (1e-12, "nothing")

    def bounds(self, level: HumanLevel | None) -> dict[str, Bounds]:
        """Of each rung, from the bottom to the top."""
        found: dict[str, Any] = {} if level is None else {HUMAN: level.bounds}
        return found | {name: e._bounds for name, e in self.rungs.items()}

    def gaps(self, level: HumanLevel | None) -> dict[str, RungGap]:
        """The gaps above a human level (or above the lowest split), by their names."""
        rungs = self.bounds(level)
        pairs = list(zip(rungs, list(rungs)[1:], strict=False))
        return {
            GAPS[a, b]: RungGap(rungs[a], rungs[b], self.sign, (a, b) in self.tied)
            for a, b in pairs
        }

    def below_human(self, level: HumanLevel | None) -> bool:
        """Whether the lowest split is surely better than the level."""
        gaps = self.gaps(level)
        first = next(iter(gaps.items()), None)
        if level is None or first is None:
            return False
        return first[1].upper(1 - self.settings.confidence) < 0

    def naming(self, level: HumanLevel | None) -> Naming:
        """What dominates above a human level."""
        gaps, alpha = self.gaps(level), 1 - self.settings.confidence
        may = [True] * len(gaps)
        if level is not None and (level.few or self.below_human(level)):
            may[0] = False
        errors = drawn([believed(b) for b in self.bounds(level).values()], self.settings.seed)
        lower = np.array([g.lower(alpha) for g in gaps.values()])
        upper = np.array([g.upper(alpha) for g in gaps.values()])
        return naming(errors, self.sign, lower, upper, self.material[0], may)


def diagnosis(climb: Climb) -> Diagnosis:
    """The whole ladder of a climb."""
    declared, settings = climb.declared, climb.settings
    rungs = _rungs(climb)
    made = {
        "metric": declared.metric.label,
        "better": str(declared.metric.better),
        "confidence": settings.confidence,
        "rungs": rungs,
        "materiality": climb.material[0],
        "why": climb.material[1],
    }
    if climb.unmeasured:
        told = tuple(climb.unmeasured.values())
        gaps = tuple(g for g in _gaps(climb, None) if not {g.below, g.above} & {*climb.unmeasured})
        return Diagnosis(
            **made, gaps=gaps, state=advice.UNMEASURED, named=(), advice=(*told, *climb.notes)
        )
    found = climb.naming(climb.proxy)
    gaps = _gaps(climb, found)
    names = [g.name for g in gaps]
    named = tuple(names[g] for g in found.named)
    state = found.state
    if gaps and gaps[0].state == advice.BELOW_HUMAN and state != "both" and not named:
        state = advice.BELOW_HUMAN
    under = tuple(_under(climb, p) for p in climb.people)
    return Diagnosis(
        **made,
        gaps=gaps,
        state=state,
        named=named,
        advice=tuple(_advice(climb, gaps, state, named, found, under)) + climb.notes,
        under=under,
    )


def _rungs(climb: Climb) -> tuple[Rung, ...]:
    confidence, found = climb.settings.confidence, []
    if climb.proxy is not None:
        b = climb.proxy.bounds
        low, high = b.interval(confidence)
        told = f"{climb.proxy.name}: {climb.proxy.told}"
        found.append(Rung(HUMAN, b.value, low, high, b.n, told, b.shown))
    for name, e in climb.rungs.items():
        found.append(Rung(name, e.value, e.low, e.high, e.n, e.count, e.shown))
    return tuple(found)


def _gaps(climb: Climb, found: Naming | None) -> tuple[Gap, ...]:
    level, alpha = climb.proxy, 1 - climb.settings.confidence
    names = list(climb.bounds(level))
    gaps = []
    for place, (name, b) in enumerate(climb.gaps(level).items()):
        low, high = b.interval(climb.settings.confidence)
        state = ""
        if place == 0 and level is not None:
            state = advice.FEW if level.few else ""
            state = advice.BELOW_HUMAN if climb.below_human(level) else state
        if found is not None and place in found.named:
            state = "named"
        gaps.append(
            Gap(
                name,
                names[place],
                names[place + 1],
                b.value,
                low,
                high,
                b.lower(alpha),
                b.upper(alpha),
                b.shown,
                math.nan if found is None else found.largest[place],
                math.nan if found is None else found.near[place],
                state,
            )
        )
    return tuple(gaps)


def _under(climb: Climb, level: HumanLevel) -> Under:
    """What dominates under one human level."""
    found, gaps = climb.naming(level), climb.gaps(level)
    names = list(gaps)
    named = tuple(names[g] for g in found.named)
    below = climb.below_human(level) and not named
    state = advice.BELOW_HUMAN if below else found.state
    return Under(level.name, level.bounds.value, gaps[names[0]].value, state, named)


def _advice(
    climb: Climb,
    gaps: Sequence[Gap],
    state: str,
    named: Sequence[str],
    found: Naming,
    under: Sequence[Under],
) -> list[str]:
    """Sentences, the most important first."""
    said = []
    if named:
        said += advice.knobs(named)
    elif state == UNCLEAR and found.unsure is not None:
        said.append(_measure_more(climb, found.unsure))
    if gaps and gaps[0].state == advice.BELOW_HUMAN:
        said.insert(0, advice.below_human(gaps[0], _dev_against_people(climb)))
    if gaps and gaps[0].state == advice.FEW:
        said.append(
            "fewer than three people answered, so that the gap to human level decides nothing "
            "alone: ask more of them"
        )
    if climb.proxy is None:
        said.append("without a human level avoidable bias is not told: give human=Human(…)")
    said += _level_matters(climb, under)
    easier = [g for g in gaps if g.at_most < 0 and g.name not in (BIAS, BIAS_OR_VARIANCE)]
    said += [f"{g.above} is easier for the model than {g.below} (surely)" for g in easier]
    return said


def _measure_more(climb: Climb, place: int) -> str:
    name = list(climb.bounds(climb.proxy))[place]
    if name == HUMAN:
        return "measure the human level on more examples: it says least surely which gap is larger"
    n = climb.rungs[name].n
    return f"measure more of {name} (n={n:,} now): it says least surely which gap is the largest"


def _dev_against_people(climb: Climb) -> str:
    """Whether dev (or the topmost split) is surely "better" or "worse" than people; "" for
    neither."""
    name = next(n for n in (DEV, TEST, *reversed(climb.rungs)) if n in climb.rungs)
    assert climb.proxy is not None
    bounds: Any = climb.rungs[name]._bounds
    gap = RungGap(climb.proxy.bounds, bounds, climb.sign)
    alpha = 1 - climb.settings.confidence
    return "better" if gap.upper(alpha) < 0 else "worse" if gap.lower(alpha) > 0 else ""


def _level_matters(climb: Climb, under: Sequence[Under]) -> list[str]:
    """Whether the choice of a human level changes what is recommended."""
    if len(under) < 2 or len({(u.state, u.named) for u in under}) == 1:
        return []
    told = "; ".join(
        f"{u.level} {show(u.value)}: {advice.headline(u.state, u.named)}" for u in under
    )
    return [f"this depends on the human level: {told}"]


def short(x: float) -> str:
    """A number of a ladder: four decimals, signed by whoever shows it."""
    return plain(x) if abs(x) >= 1e4 else show(x)


def without(climb: Climb, names: Sequence[str]) -> Climb:
    """The climb without some rungs."""
    return replace(climb, rungs={n: e for n, e in climb.rungs.items() if n not in names})


def told_of(rung: Rung) -> str:
    """Of what a rung was measured, in a few words."""
    return rung.told if rung.name == HUMAN else f"n={counted(rung.n, 'examples').split()[0]}"
