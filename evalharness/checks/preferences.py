"""Whether the optimizing metric ranks two models as people do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from evalharness.checks.compare import aligned, paired_bounds, seed
from evalharness.checks.findings import Finding, SplitResult
from evalharness.checks.pairing import Pair
from evalharness.checks.settings import Settings
from evalharness.checks.turning import Ranked, Turn
from evalharness.checks.waived import waived
from evalharness.declare.collect import Check
from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric
from evalharness.declare.plural import counted
from evalharness.declare.preference import Preference
from evalharness.declare.waivers import Waiver
from evalharness.inference.bounds import Bounds
from evalharness.inference.estimates import estimate
from evalharness.inference.numbers import about
from evalharness.inference.verdicts import FAIL, PASS, Verdict, decide
from evalharness.kernels.plan import Plan

# So many slices are named where the judgement names none.
SHOWN = 3
MADE = "what the metric ranks first is what a team will make:"
UNTIL = "change the metric, or change the examples, until it ranks as people do"
ADVICE = f"{MADE} weigh those examples more (a column `weight`, 10 or 100 times), {UNTIL}"
# Where no weight turns the ranking.
OTHERWISE = f"{MADE} {UNTIL}"


@dataclass(frozen=True)
class Asked:
    """A judgement, ready to be held against the metric. bounds: of the preferred model's metric
    minus the other's; chosen: bool (n,), the examples that it is about, or None."""

    ranked: Ranked
    bounds: Bounds
    chosen: Any


def read(plan: Plan, preference: Preference, metric: Metric, settings: Settings) -> Asked:
    """Pair the examples of both models, and find those that the judgement is about.

    Raises OutputsError where a model is missing, where the two do not have the same examples with
    the same labels, or where no example is meant; DeclarationError for a metric whose difference
    has no bounds.
    """
    models = preference.model, preference.over
    row = aligned(plan, metric, *models)
    chosen = _chosen(plan, preference, metric, row)
    pairs = [Pair(plan, part, *models, row) for part in metric.parts]
    bounds = paired_bounds(metric, pairs, seed(metric, settings))
    return Asked(Ranked(plan, metric, models, row), bounds, chosen)


def _chosen(plan: Plan, preference: Preference, metric: Metric, row: Any) -> Any:
    if not preference.where:
        return None
    fixed = dict(metric.where)
    outside = [
        f"{preference}: where names {column}={value!r}, but {metric} is measured where "
        f"{column}={fixed[column]!r}; name examples that it is measured on"
        for column, value in preference.where
        if column in fixed and fixed[column] != value
    ]
    if outside:
        raise OutputsError(outside)
    where = tuple(sorted((fixed | dict(preference.where)).items()))
    # As a slice of the metric: columns, values and ids are then checked as those of any other.
    pair = Pair(plan, replace(metric.parts[0], where=where), *_models(preference), row)
    return np.asarray(pair.inside)


def _models(preference: Preference) -> tuple[str, str]:
    return preference.model, preference.over


def judged(
    plan: Plan, check: Check, metric: Metric, waivers: Sequence[Waiver], settings: Settings
) -> SplitResult:
    """Pass where the preferred model is surely better, fail where it is surely worse.
    `settings.family`: how many judgements are declared, over which the level of a fail is
    shared."""
    preference: Preference = check.declared
    asked = read(plan, preference, metric, settings)
    difference = estimate(
        asked.bounds,
        settings.confidence,
        metric=f"{metric.label} minus {preference.over}",
        model=preference.model,
        split=metric.split,
        slice=metric.slice,
    )
    op = ">" if metric.better == "higher" else "<"
    verdict = decide(difference, op, 0.0, family=settings.family, policy=settings.policy)
    found, notes = waived([_finding(verdict, preference, asked)], check, waivers)
    return SplitResult(
        check.id,
        check.kind,
        check.model,
        str(preference),
        (metric.split,),
        found,
        tuple(notes),
        settings.family,
        settings.confidence,
    )


def _finding(verdict: Verdict, preference: Preference, asked: Asked) -> Finding:
    e, upward = verdict.estimate, verdict.op == ">"
    label, details = asked.ranked.metric.label, []
    told = verdict.message
    if verdict.outcome != PASS:
        word = "contradicts it" if verdict.outcome == FAIL else "does not surely reproduce it"
        told = f"{label} {word} ({preference.because}): {told}"
        lead = e.value if upward else -e.value
        if lead <= 0:  # else it ranks them so, though not surely
            words, turns = turned(asked)
            told += f"; {words}"
            details = [ADVICE if turns else OTHERWISE]
    return Finding(
        preference.finds[0],
        "",
        verdict.outcome,
        told,
        measure="difference",
        value=e.value,
        limit=verdict.limit if math.isfinite(verdict.limit) else math.nan,
        op="≥" if upward != (verdict.outcome == FAIL) else "≤",
        required=0.0,
        least=upward,
        level=verdict.level,
        n=(e.n,),
        settle=(verdict.settle,) if verdict.settle else (),
        details=tuple(details),
    )


def turned(asked: Asked) -> tuple[str, bool]:
    """From which weight of examples on the metric ranks the two as people do, in words, and
    whether there is one."""
    ranked = asked.ranked
    if asked.chosen is not None:
        count = counted(int(asked.chosen.sum()), "examples")
        turn = ranked.turn(asked.chosen)
        if turn is None:
            return f"no weight of the {count} that it is about turns the ranking", False
        return f"the {count} that it is about turn the ranking if they count {_times(turn)}", True
    found, turns = [], False
    for column, value, rows in islice(ranked.leading_slices(), SHOWN):
        turn = ranked.turn(rows)
        turns |= turn is not None
        weight = "no weight turns it" if turn is None else _times(turn)
        found.append(f"{column}={value}, {counted(int(rows.sum()), 'rows')}: {weight}")
    if not found:
        none = "no slice was found in which the metric prefers it; where={…} says what it is about"
        return none, False
    slices = "; ".join(found)
    return f"found by looking, slices that turn the ranking if they count more ({slices})", turns


def _times(turn: Turn) -> str:
    """The weight, rounded so that it is enough."""
    if turn.start <= 1:
        start = "any more than once"
    else:
        start = f"more than {_weight(turn.start)} times"
    return start if turn.end is None else f"{start}, up to {_weight(turn.end)} times"


def _weight(weight: float) -> str:
    return f"{math.ceil(100 * weight) / 100:g}" if weight < 100 else about(math.ceil(weight))
