"""The ladder by slice: where fixing one would gain most overall, and which link it is there.

The loss of a slice is how much worse it is on dev (or, without dev, on the topmost rung) than a
floor: the human level, that of each slice's own items where people answered them, and else one for
all slices; or, without a human level, the model's own value on the whole of its lowest rung, which
it is known to reach. What fixing a slice would gain
overall is its share of the rung times its loss. The parts of a gain are the share times each gap up
to that rung; without a human level the first part is how much worse the slice is than the whole on
the lowest rung already.

A slice is *named* where it is surely worse than the mean of all the others by more than the
materiality, and surely worse than the floor, at a level that Holm's rule shares over all slices
that are judged. What dominates inside of a slice is told by the rule of the whole ladder, slice by
slice. Each value of the column is a slice: to pool small ones would pool others on each rung.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evalharness.checks.advice import BELOW_HUMAN
from evalharness.checks.diagnosed import Section
from evalharness.checks.human_level import HumanLevel
from evalharness.checks.settings import Settings
from evalharness.checks.slice_asked import LEAST, Asked
from evalharness.checks.slice_ladders import ABOVE_WHOLE, Climbed, SliceLadders
from evalharness.checks.slice_words import ABSENT, FEW, JUDGED, UNDEFINED, lines
from evalharness.declare.diagnosis import BiasVariance
from evalharness.declare.rungs import HUMAN
from evalharness.inference.bounds import Bounds
from evalharness.inference.dominance import UNCLEAR
from evalharness.kernels.plan import Plan


def section(
    plan: Plan,
    model: str,
    declared: BiasVariance,
    rungs: Sequence[str],
    human: Bounds | None,
    settings: Settings,
    materiality: float,
    *,
    few: bool = False,
    tied: frozenset[tuple[str, str]] = frozenset(),
    people: HumanLevel | None = None,
) -> Section:
    """The ladder for each value of `declared.by`, ranked by what fixing it would gain.

    rungs: names of splits, from the bottom to the top; human: the level that stands for the Bayes
    error; few: whether fewer than three people answered, so that no gap to it is named; tied: pairs
    of rungs of which clusters have rows in both; people: the level with what is known of its items.
    """
    found = SliceLadders(
        Asked(plan, model, declared, rungs, human, settings, materiality, few, tied, people)
    )
    slices = _slices(found)
    figures = {
        "column": declared.by,
        "rung": found.at,
        "floor": _number(found.whole_floor),
        "floor_is": HUMAN if human is not None else f"{rungs[0]} as a whole",
        "own_floors": found.own,
        "materiality": materiality,
        "judged": int(found.judged.sum()),
        "least": LEAST,
        "additive": found.additive,
        "slices": slices,
    }
    return Section(f"by {declared.by}", tuple(lines(found, slices)), figures)


def _slices(found: SliceLadders) -> list[dict[str, Any]]:
    """Everything of every slice, what there is most to gain from first."""
    about: list[dict[str, Any]] = [{}] * len(found.names)
    confidence = found.asked.settings.confidence
    spans = {name: rung.interval(confidence) for name, rung in found.rungs.items()}
    for climbed in found.climbed():
        for i, s in enumerate(climbed.rows.tolist()):
            about[s] = _gaps(climbed, i)
    made = []
    gain, (p, holm) = found.gain, found.p
    for s in found.order.tolist():
        one = {
            "slice": found.names[s],
            "share": float(found.share[s]),
            "judged": _judged(found, s),
            "floor": _number(found.floor.value[s]),
            "rungs": {
                name: {
                    "value": _number(value[s]),
                    "low": _number(low[s]),
                    "high": _number(high[s]),
                    "n": int(found.rungs[name].n[s]),
                }
                for name, (value, low, high) in spans.items()
                if name != HUMAN or found.own
            },
            "gain": _number(gain[0][s]),
            "low": _number(gain[1][s]),
            "high": _number(gain[2][s]),
            "p": float(p[s]),
            "adjusted_p": float(holm[s]),
            "named": bool(found.named[s]),
        }
        one |= about[s]
        one["parts"] = _parts(found, s, one)
        made.append(one)
    return made


def _gaps(climbed: Climbed, i: int) -> dict[str, Any]:
    """The gaps of one slice, and what dominates there."""
    naming = climbed.naming
    if naming is None:
        return {"gaps": {}, "state": UNCLEAR, "dominates": []}
    named = [g for g, yes in zip(climbed.gaps, naming.named[i].tolist(), strict=True) if yes]
    below = bool(climbed.below_human[i]) and not named
    return {
        "gaps": {
            name: {
                "value": _number(climbed.value[i, g]),
                "at_least": _number(climbed.at_least[i, g]),
                "at_most": _number(climbed.at_most[i, g]),
                "largest": float(naming.largest[i, g]),
                "near": float(naming.near[i, g]),
            }
            for g, name in enumerate(climbed.gaps)
        },
        "state": BELOW_HUMAN if below else str(naming.state[i]),
        "dominates": named,
    }


def _parts(found: SliceLadders, s: int, one: Mapping[str, Any]) -> dict[str, float]:
    """The gain of a slice over the links up to the judged rung; they add up to it."""
    if one["gain"] is None:
        return {}
    share = one["share"]
    rungs = [n for n, rung in found.rungs.items() if math.isfinite(rung.value[s])]
    names = list(one["gaps"])[: rungs.index(found.at)]
    parts = {name: share * one["gaps"][name]["value"] for name in names}
    if HUMAN not in found.rungs:
        first = found.rungs[rungs[0]].value[s] - found.floor.value[s]
        parts = {ABOVE_WHOLE: float(share * found.sign * first)} | parts
    return parts


def _judged(found: SliceLadders, s: int) -> str:
    """ "yes", or why a slice is not judged."""
    rung = found.rungs[found.at]
    if found.judged[s]:
        return JUDGED
    if not rung.n[s]:
        return ABSENT
    return FEW if rung.n[s] < LEAST else UNDEFINED


def _number(x: Any) -> float | None:
    return float(x) if math.isfinite(x) else None
