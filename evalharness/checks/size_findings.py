"""What is found of the size of a split, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evalharness.checks.findings import REPORTED, Finding
from evalharness.checks.settings import Settings
from evalharness.declare.bound import Bound
from evalharness.declare.naming import quoted
from evalharness.declare.plural import counted
from evalharness.declare.split_checks import LargeEnough
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.numbers import percent, show
from evalharness.inference.paired import PairedShareBounds
from evalharness.inference.paired_plans import paired_plan
from evalharness.inference.paired_power import PairedSizing
from evalharness.inference.planned_units import UnitSizing
from evalharness.inference.plans import Plan
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS


def chance(p: float) -> str:
    """A probability as messages print it: 83 %, over 99 %."""
    return f"{100 * p:.0f} %" if 0.01 <= p <= 0.99 else "over 99 %" if p > 0.5 else "under 1 %"


def unknown(found: Sequence[Finding], check: LargeEnough) -> list[Finding]:
    """The findings; where nothing is known of any bound, nothing was shown."""
    if any(f.outcome != REPORTED for f in found):
        return list(found)
    told = "of none of the bounds can it be told whether so many rows are enough: see below"
    return [Finding("EH-SIZE", check.splits[0], INCONCLUSIVE, told, measure="power"), *found]


def judged(bound: Bound, where: str, plan: Plan, of_slices: Any, check: LargeEnough) -> Finding:
    """The finding of a bound on rows that were drawn by themselves. where: the slice, in words."""
    n = 0 if plan.n is None else plan.n
    count = counted(n, plan.unit)
    if plan.possible is False:
        told = (
            f"{bound} can never pass with {count}{where}: it takes at least {plan.least_n:,}, "
            "every one of them right; an error in the declaration, or in the size of the split"
        )
        few = int((of_slices < plan.least_n).sum())
        told += f"; {few:,} slices are too small" if few > 1 else ""
        return _never(bound, told, n, float(plan.least_n or 0))
    if plan.power is None:
        least = f"; it takes at least {plan.least_n:,} {plan.unit}" if plan.least_n else ""
        told = f"{bound}: its power with {count}{where} is not known: {plan.reason}{least}"
        return Finding("EH-SIZE", str(bound), REPORTED, told)
    needed = f"{percent(check.power)} takes {plan.needed_n:,} {plan.unit}" if plan.needed_n else ""
    return _decided(bound, f"{count}{where}", plan, n, needed, plan.power, check)


def judged_by_units(
    bound: Bound,
    where: str,
    plan: Plan,
    shares: EffectiveBounds,
    check: LargeEnough,
    settings: Settings,
) -> Finding:
    """The same of clusters, or of weighted examples: decided by the limits that will decide.

    plan: what would hold of rows drawn by themselves; shares: the bounds, of which only what each
    unit brings is looked at.
    """
    sums, trials = shares.sums, shares.unit_trials
    ends = [shares._share_at(x) for x in (bound.threshold, plan.true)]
    tau, true = (float("nan") if x is None else x for x in ends)
    alone = not sums.clusters
    rows = np.ones(len(trials), int)
    if not alone:  # of weighted rows, as many as their weights say on average
        rows = np.maximum(1, np.round(trials * float(sums.examples) / trials.sum())).astype(int)
    sizing = UnitSizing(
        tau,
        1 - settings.confidence,
        bound.op in (">=", ">"),
        trials,
        rows,
        not alone,
        float(sums.examples) if not alone else None,
    )
    kind = "weighted examples" if alone else "clusters"
    n = len(trials)
    count = counted(n, kind) + ("" if alone else f" ({int(sums.examples):,} rows)") + where
    if not sizing.possible:
        told = (
            f"{bound} can never pass with {count}, even if every row is right; it takes more of "
            "them, or more equal ones; an error in the declaration, or in the size of the split"
        )
        return _never(bound, told, n, float("nan"))
    known = alone or check.icc is not None
    powers = [sizing.power(true, icc) for icc in ([check.icc or 0.0] if known else [0.0, 1.0])]
    best, worst = powers[0], powers[-1]
    doubtful = worst < check.power <= best
    note = ""
    if not known:
        note = f"as if rows of a cluster were alike; {chance(best)} if they were not: icc= says it"
    decides = worst if doubtful else best
    times = None if best >= check.power else sizing.needed(true, check.power, check.icc or 0.0)
    needed = f"{percent(check.power)} takes some {times * n:,} {kind}" if times else ""
    most = times * n if times else None
    plan = replace(plan, n=n, unit=kind, least_n=None, needed_n=most, detectable=None, note=note)
    return _decided(bound, count, plan, n, needed, decides, check, doubtful)


def judged_pair(
    bound: Bound, where: str, pairs: PairedShareBounds, check: LargeEnough, settings: Settings
) -> Finding:
    """The same of a difference: of ``pairs`` only how many tell the models apart is looked at, and
    not which way."""
    n, differ = pairs.n, pairs.new_only + pairs.old_only
    unit, alpha = pairs.unit.removeprefix("paired "), 1 - settings.confidence
    upward, psi = bound.op in (">", ">="), differ / n
    count = f"{counted(n, unit)}{where} (on {differ:,} of them only one of the two models is right)"
    sizing = PairedSizing(bound.threshold, alpha, psi)
    if not sizing.possible(n, upward):
        least = sizing.least_n(upward)
        if not differ:
            even, takes = "", f"it takes at least {least:,}" if least else ""
        else:
            even = ", even if all of these are for the better"
            takes = f"it takes at least {least:,} that differ as often" if least else ""
        takes = takes or f"as often as the models differ ({percent(psi)}), no number of them does"
        told = (
            f"{bound} can never pass with {count}{even}: {takes}; the models hardly differ, or the "
            "split is too small"
        )
        return _never(bound, told, n, float(least) if least else float("nan"))
    true = check.expected(bound.metric, bound.baseline)
    if true is not None and abs(true) > psi:
        told = (
            f"{bound}: with {count} the difference is {show(psi)} at most, and not the declared "
            f"{show(true)}"
        )
        return Finding("EH-SIZE", str(bound), FAIL, told)
    # Where hardly any differ, what is known of psi is that it is no larger than its upper limit.
    plan = paired_plan(bound, psi or 1 / n, alpha=alpha, n=n, true=true, power=check.power)
    needed = f"{percent(check.power)} takes {plan.needed_n:,} {unit}" if plan.needed_n else ""
    power = 0.0 if plan.power is None else plan.power
    return _decided(bound, count, replace(plan, least_n=None), n, needed, power, check)


def _never(bound: Bound, told: str, n: int, least: float) -> Finding:
    return Finding(
        "EH-SIZE-NEVER",
        str(bound),
        FAIL,
        told,
        measure="examples",
        value=n,
        required=least,
        least=True,
        n=(n,),
    )


def _decided(
    bound: Bound,
    count: str,
    plan: Plan,
    n: int,
    needed: str,
    power: float,
    check: LargeEnough,
    doubtful: bool = False,
) -> Finding:
    numbers: dict[str, Any] = {"measure": "power", "value": power, "required": check.power}
    numbers |= {"least": True, "n": (n,)}
    if plan.shows != "pass":
        told = (
            f"{bound}: the declared value {show(plan.true)} of {plan.of} does not meet the "
            f"threshold, so that it should fail: with {count}, with a chance of {chance(power)}"
        )
        return Finding("EH-SIZE", str(bound), FAIL, told, **numbers)
    supposed = "declared"
    if plan.assumed:
        supposed = "assumed, halfway to the best value" if plan.true else "assumed: no difference"
    name = plan.of.removeprefix("the ")
    told = (
        f"{bound}: with {count} a chance of {chance(power)} to pass if the true {name} is "
        f"{show(plan.true)} ({supposed})"
    )
    enough = power >= check.power
    outcome = PASS if enough else INCONCLUSIVE if plan.assumed or doubtful else FAIL
    if needed and not enough:
        told += f"; {needed}"
    if plan.least_n:
        told += f"; it can pass from {plan.least_n:,} on"
    if plan.detectable is not None:
        told += (
            f"; the smallest difference it shows with {percent(check.power)} is "
            f"{show(abs(plan.detectable - plan.at))} ({name} {show(plan.detectable)})"
        )
    if outcome == INCONCLUSIVE and plan.assumed:
        less = "" if bound.baseline is None else f".against({quoted(bound.baseline)})"
        told += f"; declare what you expect: true={{{bound.metric.label}{less}: …}}"
    told += f"; {plan.note}" if plan.note else ""
    settle = (plan.needed_n,) if plan.needed_n and not enough else ()
    return Finding("EH-SIZE", str(bound), outcome, told, settle=settle, **numbers)
