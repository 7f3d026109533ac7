"""A model against a baseline: the difference of one metric on the same examples, slice by slice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalharness.checks import changed
from evalharness.checks.compare import aligned, model_values, paired_bounds, seed
from evalharness.checks.paired_source import PairedSource
from evalharness.checks.pairing import Pair
from evalharness.checks.satisficing import CheckResult, judge
from evalharness.checks.settings import Settings
from evalharness.declare.bound import Bound
from evalharness.declare.collect import Check
from evalharness.declare.objective import Against
from evalharness.inference.bounds import Bounds
from evalharness.inference.estimates import Estimate, estimate
from evalharness.inference.numbers import show
from evalharness.inference.paired import PairedShareBounds, mid_p
from evalharness.inference.verdicts import FAIL, PASS
from evalharness.kernels.plan import Plan


@dataclass(frozen=True)
class Compared:
    """A bound on a difference, ready to be judged: the models' examples, paired.

    row: int (n,), the baseline's row of each of the model's; slices: name, pairs (one for each part
    of the metric) and bounds of each slice; same: whether both models have the same table.
    """

    bound: Bound
    model: str
    row: Any
    slices: Sequence[tuple[str, list[Pair], Bounds]]
    same: bool


def read(plan: Plan, model: str, bound: Bound, settings: Settings) -> Compared:
    """Pair the examples. Raises OutputsError where the two models do not have the same ones, and
    DeclarationError for a metric that has no paired difference."""
    metric, other = bound.metric, str(bound.baseline)
    row = aligned(plan, metric, model, other)
    slices = []
    for g, name in enumerate(plan.measure(model, metric.parts[0]).groups.names):
        pairs = [Pair(plan, part, model, other, row, g) for part in metric.parts]
        slices.append((name, pairs, paired_bounds(metric, pairs, seed(metric, settings))))
    ours, theirs = (plan.split(name, metric.split).reading for name in (model, other))
    return Compared(bound, model, row, slices, ours == theirs)


def judged(plan: Plan, check: Check, found: Compared, settings: Settings) -> CheckResult:
    """The verdict, what changed example by example, and the words for it."""
    bound, metric = found.bound, found.bound.metric
    each = [_estimate(plan, found, *of, settings) for of in found.slices]
    pooled = plan.measure(found.model, metric.parts[0]).groups.pooled
    result = judge(bound, check.id, check.model, each, settings, pooled)
    # What changed is told of the slice that the message is about.
    worst = next(i for i, v in enumerate(result.verdicts) if v is result.worst)
    pair = found.slices[worst][1][0]
    told = changed.told(plan, metric, found.model, str(bound.baseline), found.row, pair)
    return worded(result, check.declared, found, told)


def _estimate(
    plan: Plan, found: Compared, name: str, pairs: list[Pair], bounds: Bounds, settings: Settings
) -> Estimate:
    metric = found.bound.metric
    more: dict[str, Any] = {}
    if not metric.group:
        more["_resample"] = PairedSource(plan, metric, pairs, found.model, settings).made
    return estimate(
        bounds,
        settings.confidence,
        metric=f"{metric.label} minus {found.bound.less}",
        model=found.model,
        split=metric.split,
        slice=", ".join(filter(None, [metric.slice, name])),
        **more,
    )


def worded(
    result: CheckResult, declared: Bound | Against, found: Compared, told: changed.Changed | None
) -> CheckResult:
    """The result with its words: what the difference means, and what changed."""
    words = []
    if isinstance(declared, Against):
        result = replace(
            result, kind=declared.kind, code=declared.finds[0], meaning=meaning(result, declared)
        )
    if not found.bound.metric.group:
        words.append(_values(found))
    if found.same:
        words.append("both models have one and the same table")
    notes = []
    if told is not None:
        words.append(told.counts)
        if told.slices:
            notes = ["most is lost in (looked for, so that nothing is claimed):"]
            notes += [f"  {line}" for line in told.slices]
    if not found.bound.metric.group:
        words.append(_mid_p(found, result))
    return replace(result, words="; ".join(filter(None, words)), notes=tuple(notes))


def _values(found: Compared) -> str:
    """Both values: "0.9120 against 0.9010"."""
    values = model_values(found.bound.metric, found.slices[0][1])
    if not all(map(math.isfinite, values)):
        return ""
    ours, theirs = (show(x, near=y) for x, y in (values, values[::-1]))
    return f"{ours} against {theirs}"


def _mid_p(found: Compared, result: CheckResult) -> str:
    """What decides whether either model is superior, of a share that is compared at 0."""
    bounds = found.slices[0][2]
    alone = isinstance(bounds, PairedShareBounds) and bounds.new_only + bounds.old_only > 0
    if not alone or found.bound.threshold != 0 or result.worst.policy != "confident":
        return ""
    assert isinstance(bounds, PairedShareBounds)
    few, many = sorted((bounds.new_only, bounds.old_only))
    p = float(mid_p(many, few))
    return f"McNemar's mid-P {'< 0.0001' if p < 0.0001 else f'{p:.4f}'}, one-sided"


def meaning(result: CheckResult, declared: Against) -> str:
    """What is shown, in words that are kept apart: `equivalent` is inside the margin on both sides,
    `cannot be told apart` is that neither is shown to be better."""
    verdict = result.worst
    e, sign = verdict.estimate, 1 if declared.metric.better == "higher" else -1
    if e.value != e.value or verdict.policy != "confident":
        return ""
    # How much better, at least and at most.
    low, high = sorted((sign * e.at_least, sign * e.at_most))
    margin = declared.within
    if verdict.outcome == FAIL:
        return "worse" if margin is None else "worse by more than the margin"
    if low > 0:
        return "better"
    if margin is not None and low > -margin and high < 0:
        return "worse, but by less than the margin"
    if margin is not None and low > -margin and high < margin:
        return "equivalent, within the margin"
    if verdict.outcome == PASS:
        return "not worse by more than the margin"
    if high < 0:
        return "worse, but perhaps by less than the margin" if margin else "likely worse"
    return "cannot be told apart"
