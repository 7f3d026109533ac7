"""The ladder of one model as it is told: rungs, gaps, what dominates, and what to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from evalharness.checks import advice
from evalharness.checks.climb import Climb
from evalharness.checks.diagnosed import Diagnosis, Gap, Rung, Section, Under
from evalharness.checks.human_level import HumanLevel
from evalharness.declare.rungs import BIAS, BIAS_OR_VARIANCE, HUMAN
from evalharness.inference.dominance import UNCLEAR, Naming
from evalharness.inference.rung_gap import RungGap


def diagnosis(climb: Climb, more: Callable[[Sequence[Rung]], tuple[Section, ...]]) -> Diagnosis:
    """The whole ladder of a climb; more: of its rungs, what is told beside it."""
    declared, settings, rungs = climb.declared, climb.settings, _rungs(climb)
    made = partial(
        Diagnosis,
        metric=declared.metric.label,
        better=str(declared.metric.better),
        confidence=settings.confidence,
        rungs=rungs,
        sections=more(rungs),
        materiality=climb.material[0],
        why=climb.material[1],
    )
    if climb.unmeasured:
        told = tuple(climb.unmeasured.values())
        gaps = tuple(g for g in _gaps(climb, None) if not {g.below, g.above} & {*climb.unmeasured})
        return made(gaps=gaps, state=advice.UNMEASURED, named=(), advice=(*told, *climb.notes))
    found = climb.naming(climb.proxy)
    gaps = _gaps(climb, found)
    names = [g.name for g in gaps]
    named = tuple(names[g] for g in found.named)
    state = found.state
    if gaps and gaps[0].state == advice.BELOW_HUMAN and not named:
        state = advice.BELOW_HUMAN
    proxy = climb.proxy
    under = tuple(
        _under(climb, proxy if proxy is not None and p.name == proxy.name else p)
        for p in climb.people
    )
    return made(
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
                math.nan if found is None or state == advice.BELOW_HUMAN else found.largest[place],
                math.nan if found is None or state == advice.BELOW_HUMAN else found.near[place],
                state,
            )
        )
    return tuple(gaps)


def _under(climb: Climb, level: HumanLevel) -> Under:
    """What dominates under one human level."""
    found, gaps = climb.naming(level), climb.gaps(level)
    names = list(gaps)
    first = gaps[names[0]]
    low, high = first.interval(climb.settings.confidence)
    named = tuple(names[g] for g in found.named)
    below = climb.below_human(level) and not named
    state = advice.BELOW_HUMAN if below else found.state
    assumed = not level.bounds.n
    return Under(level.name, level.bounds.value, first.value, low, high, state, named, assumed)


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
        if large := [gaps[g].name for g in found.large]:
            verb = "matters" if len(large) == 1 else "matter"
            said.append(f"{' and '.join(large)} surely {verb}; which is the largest is not told")
    if gaps and gaps[0].state == advice.BELOW_HUMAN:
        assumed = climb.proxy is not None and not climb.proxy.bounds.n
        others = _others_against_people(climb)
        said.insert(0, advice.below_human(gaps[0].above, others, assumed))
    if gaps and gaps[0].state == advice.FEW:
        said.append(
            f"{advice.TOO_FEW}, so that the gap to human level decides nothing alone: ask more"
        )
    if climb.proxy is None:
        said.append(
            "without a human level avoidable bias is not told, and may be larger: human=Human(…)"
        )
    said += _level_matters(climb, under)
    said += [f"{e.title}: {e.reason}" for e in climb.rungs.values() if e.reason]
    easier = [g for g in gaps if g.at_most < 0 and g.name not in (BIAS, BIAS_OR_VARIANCE)]
    said += [f"{g.above} is easier for the model than {g.below} (surely)" for g in easier]
    return said


def _measure_more(climb: Climb, place: int) -> str:
    names = list(climb.bounds(climb.proxy))
    name = names[place]
    what = "which gap is the largest" if len(names) > 2 else "whether the gap matters"
    if name == HUMAN:
        return f"measure the human level on more examples: it leaves most open {what}"
    return f"measure more of {name} (n={climb.rungs[name].n:,} now): it leaves most open {what}"


def _others_against_people(climb: Climb) -> str:
    """Of the rungs above the lowest split: "better" if all are surely better than people, "worse"
    if one is surely worse; else ""."""
    assert climb.proxy is not None
    alpha = 1 - climb.settings.confidence
    each: list[Any] = [e._bounds for e in list(climb.rungs.values())[1:]]
    gaps = [RungGap(climb.proxy.bounds, bounds, climb.sign) for bounds in each]
    if any(gap.lower(alpha) > 0 for gap in gaps):
        return "worse"
    return "better" if all(gap.upper(alpha) < 0 for gap in gaps) else ""


def _level_matters(climb: Climb, under: Sequence[Under]) -> list[str]:
    """Whether the choice of a human level changes what is recommended."""
    if len(under) < 2 or len({(u.state, u.named) for u in under}) == 1:
        return []
    told = "; ".join(f"{advice.level(u)}: {advice.headline(u.state, u.named)}" for u in under)
    return [f"this depends on the human level: {told}"]
