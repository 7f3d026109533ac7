"""The choice among several models: who meets every bound, how they rank, and who is best.

A gate of bounds that must all hold needs no correction; a choice does, for it passes as soon as one
model of K meets them. So a model surely meets its bounds where each passes at the level α / K, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evalharness.checks import candidates
from evalharness.checks.candidates import Candidates
from evalharness.checks.choice_words import told
from evalharness.checks.chosen import NOT, PERHAPS, SURELY, Candidate, ChoiceResult, Chosen
from evalharness.checks.findings import Finding
from evalharness.checks.satisficing import CheckResult
from evalharness.checks.settings import Settings
from evalharness.checks.waived import waived
from evalharness.declare.collect import Check
from evalharness.declare.metric import Metric
from evalharness.declare.waivers import Waiver
from evalharness.inference.all_pairs import Limits
from evalharness.inference.estimates import Estimate
from evalharness.inference.many import Estimates, Verdicts, outcomes
from evalharness.inference.max_t import MaxT, covariance
from evalharness.inference.numbers import plain
from evalharness.inference.of_form import seed_of
from evalharness.inference.ranking import groups, rank_intervals
from evalharness.inference.verdicts import EXACT, FAIL, INCONCLUSIVE, PASS, SIGNS, decide
from evalharness.kernels.plan import Plan

Of = Callable[[str, Metric], Sequence[Estimate]]


def read(plan: Plan, check: Check, models: Sequence[str]) -> Candidates:
    """The models of a choice, paired by id; sorted, so that their order changes nothing."""
    return candidates.read(plan, check.declared.metric, sorted(models))


def judged(
    check: Check,
    found: Candidates,
    each: Mapping[str, Sequence[CheckResult]],
    of: Of,
    waivers: Sequence[Waiver],
    settings: Settings,
) -> ChoiceResult:
    """The choice, decided; each: the decided bounds of each model; of: the estimate of a metric."""
    metric = check.declared.metric
    choice = _chosen(found, each, of, settings)
    winner = next((c for c in choice.candidates if c.model == choice.winner), None)
    outcome = PASS
    if winner is None:
        outcome = FAIL if len(choice.feasible(NOT)) == len(choice.candidates) else INCONCLUSIVE
    finding = Finding(
        code=check.declared.finds[0],
        about=choice.winner,
        outcome=outcome,
        told=told(choice),
        measure=metric.label,
        value=winner.value if winner else np.nan,
        limit=winner.bound if winner else np.nan,
        op="≥" if metric.better == "higher" else "≤",
        n=(choice.n,),
    )
    findings, notes = waived([finding], check, waivers)
    return ChoiceResult(
        id=check.id,
        kind=check.kind,
        model="",
        check=f"the choice by {metric.title}",
        splits=(metric.split,),
        findings=findings,
        notes=(*_notes(found), *notes),
        confidence=settings.confidence,
        choice=choice,
    )


def _notes(found: Candidates) -> list[str]:
    metric = found.metric.label
    return [
        f"{one} and {other} count alike in {metric} on every example: they are one model, or "
        f"{metric} does not see how they differ"
        for one, other in found.alike
    ]


def _chosen(
    found: Candidates, each: Mapping[str, Sequence[CheckResult]], of: Of, settings: Settings
) -> Chosen:
    metric, alpha = found.metric, 1 - settings.confidence
    sign = 1 if metric.better == "higher" else -1
    models = [m for m in each if m in found.models]
    place = {m: k for k, m in enumerate(found.models)}
    met = {m: _met(checks, len(each), settings) for m, checks in each.items()}
    estimates = {m: of(m, metric)[0] for m in each}

    ranked = sorted(models, key=lambda m: (-sign * found.values[place[m]], m))
    may = [m for m in ranked if met[m]["feasible"] == SURELY]
    winner = may[0] if may else ""
    best = winner or (ranked[0] if ranked else "")
    seed = seed_of(settings.seed, metric.label, metric.split, "choice")
    spread = covariance(found.units)
    max_t = MaxT(spread, seed)
    level = max_t.of_pairs(alpha)
    order = [place[m] for m in ranked]
    differ = Limits(np.zeros((0, 0)), np.zeros((0, 0)))
    if ranked:
        low, high = candidates.limits(found, spread, level, place[best], seed)
        differ = Limits(low[np.ix_(order, order)], high[np.ix_(order, order)])
    better = differ.above if sign > 0 else differ.above.T
    ranks, letters = rank_intervals(better), groups(differ.apart)
    one_sided, corrected = max_t.of_each(alpha), np.nan
    if winner:
        gain = max_t.gain(found.values, sign, [place[m] for m in may])
        corrected = found.values[place[winner]] - sign * gain

    def candidate(model: str) -> Candidate:
        e = estimates[model]
        more: dict[str, Any] = {"reason": found.unranked.get(model, "")}
        minus = minus_low = minus_high = bound = np.nan
        if model in place:
            at, to = ranked.index(model), ranked.index(best)
            minus = float(found.values[place[model]] - found.values[place[best]])
            if at != to:
                minus_low, minus_high = float(differ.low[at, to]), float(differ.high[at, to])
            more |= {"best": ranks[at][0], "worst": ranks[at][1], "groups": letters[at]}
            assert e._bounds is not None
            bound = (e._bounds.lower if sign > 0 else e._bounds.upper)(one_sided)
        return Candidate(
            model, e.value, e.low, e.high, float(bound), minus, minus_low, minus_high,
            **met[model], **more,
        )  # fmt: skip

    some = estimates[best or next(iter(each))]
    n, unit = some.n, some.unit
    if "predicted" in unit and models:  # they are of one model; the examples are those of all
        n, unit = found.units.shape[1], found.named.removeprefix("paired ")
    return Chosen(
        metric=metric.measured,
        split=metric.split + (f", {metric.slice}" if metric.slice else ""),
        better=str(metric.better),
        confidence=settings.confidence,
        n=n,
        unit=unit,
        bounds=max(map(len, each.values())),
        level=level,
        winner=winner,
        candidates=tuple(map(candidate, [*ranked, *(m for m in each if m not in place)])),
        corrected=float(corrected),
        policy=settings.policy,
    )


def _met(checks: Sequence[CheckResult], models: int, settings: Settings) -> dict[str, Any]:
    """Whether a model meets its bounds, and which of them it does not."""
    alpha = 1 - settings.confidence
    out, doubts, let = [], [], []
    for check in checks:
        name = _named(check)
        if check.waived:
            let.append(f"{name} ({check.waived})")
        elif check.outcome == FAIL:
            out.append(name)
        elif check.outcome == INCONCLUSIVE:
            doubts.append(name)
        elif not _passes(check, alpha / models):
            doubts.append(f"{name} (passes alone, not at level {alpha:.3g} / {models})")
    feasible = NOT if out else PERHAPS if doubts else SURELY
    return {
        "feasible": feasible,
        "ruled_out": tuple(out),
        "doubts": tuple(doubts),
        "waived": tuple(let),
    }


def _passes(check: CheckResult, level: float) -> bool:
    """Whether a bound that passes does so at a stricter level, too."""
    verdicts = check.verdicts
    about = (check.op, check.threshold)
    if isinstance(verdicts, Verdicts):
        e = verdicts.found
        strict = Estimates(e.slices, 1 - level, e.names, e.place)
        return bool((outcomes(strict, *about, level, verdicts[0].policy) == PASS).all())
    for v in verdicts:
        if v.policy in ("point", EXACT):
            continue
        assert v.estimate._bounds is not None
        strict_one = replace(v.estimate, confidence=1 - level).of(v.estimate._bounds)
        if decide(strict_one, *about, policy=v.policy, forecast=False).outcome != PASS:
            return False
    return True


def _named(check: CheckResult) -> str:
    place = check.split + (f", {check.slice}" if check.slice else "")
    place += f" by {check.group}" if check.group else ""
    return f"{check.metric} on {place} {SIGNS[check.op]} {plain(check.threshold)}"
