"""Bounds that a human level is the threshold of: the difference to it, with the uncertainty of
both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalharness.checks import rungs
from evalharness.checks.human_level import HumanLevel, levels, paired_with
from evalharness.checks.settings import Settings
from evalharness.declare.bound import Bound
from evalharness.declare.metric import Metric
from evalharness.inference.bounds import Bounds
from evalharness.inference.estimates import Estimate, estimate
from evalharness.inference.mirrored import MirroredBounds
from evalharness.inference.nobounds import NoBounds
from evalharness.inference.rung_gap import RungGap
from evalharness.inference.unpassed import UnpassedBounds
from evalharness.kernels.plan import Plan

FEW = "fewer than three people answered, so that this decides nothing"
HIGH = (
    "people were held against each other, and are better than this level, so that nothing passes "
    "by it; let them answer every row that the metric is measured on, and take the level 'typical'"
)


def level(plan: Plan, model: str, bound: Bound, seed: int) -> HumanLevel:
    """The human level of a bound. Raises OutputsError where annotations do not give it."""
    assert bound.human is not None
    splits = dict.fromkeys([bound.metric.split, *rungs.of(plan, model)])
    return levels(bound.human, plan, model, bound.metric, list(splits), seed)[0]


def minus(
    plan: Plan,
    model: str,
    metric: Metric,
    found: Sequence[Estimate],
    people: HumanLevel,
    settings: Settings,
) -> list[Estimate]:
    """Each estimate of the metric minus the human level; of pairs, where people answered the very
    rows that it is measured on. What one or two people say decides nothing, and nothing is better
    than a level that is too high."""
    lower = metric.better == "lower"
    errors = paired_with(plan, model, metric, people)
    if errors is not None and not lower:
        errors = MirroredBounds(errors, 0.0)
    return [_difference(e, people, errors, lower, settings) for e in found]


def _bounds(own: Bounds, people: HumanLevel, paired: Bounds | None, lower: bool) -> Bounds:
    found = paired or RungGap(people.bounds, own, 1)
    if people.few:
        return NoBounds(found.value, FEW, found.n, found.unit)
    if people.high and paired is None:
        return UnpassedBounds(found, lower, HIGH)
    return found


def _difference(
    e: Estimate, people: HumanLevel, paired: Bounds | None, lower: bool, settings: Settings
) -> Estimate:
    own = e._bounds
    assert own is not None
    notes = [e.note, f"human level: {people.name}, {people.told}", people.note]
    found = estimate(
        _bounds(own, people, paired, lower),
        settings.confidence,
        note="; ".join(filter(None, notes)),
        metric=f"{e.metric} minus human",
        model=e.model,
        split=e.split,
        slice=e.slice,
    )
    if paired is not None or not people.bounds.n:
        return found
    return replace(found, unit=f"{e.unit} and human answers")
