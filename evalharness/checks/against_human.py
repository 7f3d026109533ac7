"""Bounds that a human level is the threshold of: the difference to it, with the uncertainty of
both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalharness.checks import rungs
from evalharness.checks.human_level import HumanLevel, levels
from evalharness.checks.settings import Settings
from evalharness.declare.bound import Bound
from evalharness.inference.estimates import Estimate, estimate
from evalharness.inference.rung_gap import RungGap
from evalharness.kernels.plan import Plan


def level(plan: Plan, model: str, bound: Bound, seed: int) -> HumanLevel:
    """The human level of a bound. Raises OutputsError where annotations do not give it."""
    assert bound.human is not None
    splits = dict.fromkeys([bound.metric.split, *rungs.of(plan, model)])
    return levels(bound.human, plan, model, bound.metric, list(splits), seed)[0]


def minus(found: Sequence[Estimate], people: HumanLevel, settings: Settings) -> list[Estimate]:
    """Each estimate minus the human level."""
    return [_difference(e, people, settings) for e in found]


def _difference(e: Estimate, people: HumanLevel, settings: Settings) -> Estimate:
    own = e._bounds
    assert own is not None
    notes = [e.note, f"human level: {people.name}, {people.told}"]
    found = estimate(
        RungGap(people.bounds, own, 1),
        settings.confidence,
        note="; ".join(filter(None, notes)),
        metric=f"{e.metric} minus human",
        model=e.model,
        split=e.split,
        slice=e.slice,
    )
    return replace(found, unit=f"{e.unit} and human answers") if people.bounds.n else found
