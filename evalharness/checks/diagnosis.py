"""The declared diagnosis: read and refused with everything else, then its gaps judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evalharness.checks import advice, rungs
from evalharness.checks.diagnosed import Diagnosis, DiagnosisResult
from evalharness.checks.findings import Finding
from evalharness.checks.human_level import levels
from evalharness.checks.ladder import Climb, diagnosis
from evalharness.checks.settings import Settings
from evalharness.checks.waived import waived
from evalharness.declare.collect import Check
from evalharness.declare.diagnosis import (
    BIAS_OR_VARIANCE,
    CODES,
    GAPS,
    HUMAN,
    UNMEASURED,
    VARIANCE_OR_MISMATCH,
    BiasVariance,
    GapLimit,
    Ladder,
)
from evalharness.declare.errors import OutputsError
from evalharness.declare.waivers import Waiver
from evalharness.inference.estimates import Estimate, estimate
from evalharness.inference.numbers import plain, show
from evalharness.inference.rung_gap import RungGap
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS, Verdict, decide
from evalharness.kernels.plan import Plan

if TYPE_CHECKING:
    from evalharness.checks.deciding import Declared

# (model, metric) → its estimate on one split.
Estimates = Callable[[str, Any], Sequence[Estimate]]


def metrics(plan: Plan, declared: Declared) -> list[tuple[str, Any]]:
    """What the diagnosis measures: (model, metric on a split)."""
    return [
        (model, check.diagnosis.metric.on(name))
        for model, check in _ladders(declared)
        for name in rungs.of(plan, model)
    ]


def read(plan: Plan, declared: Declared) -> dict[str, Diagnosed]:
    """The diagnosis of each gated model, ready. Raises OutputsError with all that keeps any from
    being made."""
    problems: list[str] = []
    found = {}
    for model, check in _ladders(declared):
        try:
            found[model] = Diagnosed(plan, model, check.diagnosis)
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(problems)
    return found


def _ladders(declared: Declared) -> list[tuple[str, Ladder]]:
    return [
        (declared.model(c), c.declared) for c in declared.checks if isinstance(c.declared, Ladder)
    ]


@dataclass
class Diagnosed:
    """The diagnosis of one model; nothing is measured before it is asked."""

    plan: Plan
    model: str
    declared: BiasVariance

    def __post_init__(self) -> None:
        self.names = rungs.of(self.plan, self.model)
        problems = self._unclimbable()
        if problems:
            raise OutputsError(problems)
        self.people = (
            levels(self.declared.human, self.plan, self.model, self.declared.metric, self.names, 0)
            if self.declared.human is not None
            else []
        )
        self.between = rungs.between(self.plan, self.model, self.names)

    def _unclimbable(self) -> list[str]:
        """Why there is no such ladder."""
        where = f"{self.model}: " if len(self.plan.outputs) > 1 else ""
        whole = [HUMAN, *self.names] if self.declared.human is not None else self.names
        if len(whole) < 2:
            return [
                f"{where}{self.declared} compares human level, train, train_dev, dev and test, and "
                f"there {'is only ' + whole[0] if whole else 'are none of these'}; name the splits "
                "so: Outputs(train=…, dev=…)"
            ]
        there = [GAPS[pair] for pair in zip(whole, whole[1:], strict=False)]
        return [
            f"{where}{self.declared}: limits= names {gap}, which cannot be measured: "
            f"{_why_not(gap, whole)}; the gaps are {', '.join(there)}"
            for gap, _ in self.declared.limits
            if gap not in there
        ]

    def climb(self, of: Estimates, settings: Settings) -> Climb:
        found = {n: of(self.model, self.declared.metric.on(n))[0] for n in self.names}
        return Climb(
            self.declared,
            found,
            self.people,
            self.between.tied,
            self.between.broken,
            settings,
            (*self.between.notes, *rungs.worse_than_chance(self.plan, self.model, found)),
        )


def _why_not(gap: str, whole: Sequence[str]) -> str:
    """Why a gap is not among those between these rungs."""
    pairs = [pair for pair, name in GAPS.items() if name == gap]
    if gap in (BIAS_OR_VARIANCE, VARIANCE_OR_MISMATCH):
        return "the rungs between are there, so that its parts are told apart; limit those"
    below, above = pairs[0]
    absent = [name for name in (below, above) if name not in whole]
    return f"there is no {' and no '.join(absent)}" if absent else "another rung lies between"


def judged(
    diagnosed: dict[str, Diagnosed], declared: Declared, of: Estimates, settings: Settings
) -> dict[Check, DiagnosisResult]:
    """The chosen checks of the diagnosis of each model. A limit's level of a fail is shared over
    the limits of all gated models."""
    family = max(1, sum(isinstance(c.declared, GapLimit) for c in declared.checks))
    found: dict[Check, DiagnosisResult] = {}
    for model, one in diagnosed.items():
        mine = [c for c in declared.of_gaps if declared.model(c) == model and c in declared.chosen]
        if mine:
            climbed = Judged(one.climb(of, settings), settings, family)
            found |= {check: climbed.judge(check, declared.waivers) for check in mine}
    return found


class Judged:
    """The checks of one model's diagnosis, decided."""

    def __init__(self, climb: Climb, settings: Settings, family: int) -> None:
        self.climb, self.settings, self.family = climb, settings, family

    @cached_property
    def ladder(self) -> Diagnosis:
        return diagnosis(self.climb)

    def judge(self, check: Check, waivers: Sequence[Waiver]) -> DiagnosisResult:
        whole = isinstance(check.declared, Ladder)
        findings = self._rungs() if whole else [self._gap(check.declared)]
        found, notes = waived(findings, check, waivers)
        return DiagnosisResult(
            check.id,
            check.kind,
            check.model,
            str(check.declared),
            tuple(self.climb.rungs),
            found,
            tuple(notes),
            self.family,
            self.settings.confidence,
            self.ladder if whole else None,
        )

    def _rungs(self) -> list[Finding]:
        """Of the ladder: that every rung is measured, or which is not."""
        bad = self.climb.unmeasured
        found = [
            Finding(UNMEASURED, name, FAIL, f"{name} cannot be measured: {why}")
            for name, why in bad.items()
        ]
        head = advice.headline(self.ladder.state, self.ladder.named)
        first = self.ladder.advice[:1]
        return found or [Finding(UNMEASURED, head, PASS, "; ".join([head, *first]))]

    def _gap(self, asked: GapLimit) -> Finding:
        """The verdict on one gap."""
        bad = self.climb.unmeasured
        gaps = self.climb.gaps(self.climb.proxy)
        names = list(self.climb.bounds(self.climb.proxy))
        place = list(gaps).index(asked.gap)
        below, above = names[place], names[place + 1]
        code, about = CODES[asked.gap], f"{below} → {above}"
        missing = [bad[name] for name in (below, above) if name in bad]
        if missing:
            told = f"{asked.gap} ({about}) is not told: {'; '.join(missing)}"
            return Finding(code, about, INCONCLUSIVE, told, required=asked.limit)
        if place == 0 and self.climb.below_human(self.climb.proxy):
            return self._beyond_people(asked, code, about, above)
        verdict = self._decided(asked, (below, above), gaps[asked.gap])
        outcome, more = verdict.outcome, ""
        if place == 0 and self.climb.proxy is not None:
            if self.climb.proxy.few:
                outcome = INCONCLUSIVE
                more = "; fewer than three people answered, so that this decides nothing alone"
            elif not self.climb.proxy.bounds.n:
                more = f"; human level is assumed to be {plain(self.climb.proxy.bounds.value)}"
        told = (
            _words(verdict, (below, above)).replace(f": {verdict.outcome}", f": {outcome}", 1)
            + more
        )
        return self._finding(verdict, outcome, told, code, about, (below, above))

    def _decided(self, asked: GapLimit, between: tuple[str, str], gap: RungGap) -> Verdict:
        metric = self.climb.declared.metric.label
        (below, above), about = between, " → ".join(between)
        e = estimate(
            gap,
            self.settings.confidence,
            note=f"{self._n(below):,} of {below}, {self._n(above):,} of {above}",
            metric=f"{asked.gap} of {metric}",
            model="",
            split=about,
            slice="",
        )
        return decide(e, "<=", asked.limit, family=self.family, policy=self.settings.policy)

    def _finding(
        self,
        v: Verdict,
        outcome: str,
        told: str,
        code: str,
        about: str,
        between: tuple[str, str],
    ) -> Finding:
        n = tuple(self._n(name) for name in between)
        details = [] if outcome == PASS else advice.knobs([self._name(between)])
        factor = v.settle / v.estimate.n if v.settle and v.estimate.n else 0.0
        return Finding(
            code,
            about,
            outcome,
            told,
            measure=self._name(between),
            value=v.estimate.value,
            limit=v.limit,
            op="≥" if v.outcome == FAIL else "≤",
            required=v.threshold,
            level=v.level,
            n=n,
            settle=tuple(math.ceil(factor * x) for x in n) if factor else (),
            details=tuple(details),
        )

    def _name(self, between: tuple[str, str]) -> str:
        return GAPS[between]

    def _n(self, name: str) -> int:
        if name == HUMAN:
            return self.climb.proxy.bounds.n if self.climb.proxy else 0
        return self.climb.rungs[name].n

    def _beyond_people(self, asked: GapLimit, code: str, about: str, above: str) -> Finding:
        """A rung that is surely better than people says nothing of its bias but that it is at most
        the whole error."""
        e = self.climb.rungs[above]
        low, high = self.climb.declared.metric.range
        best = low if self.climb.sign > 0 else high
        most = e.at_most - best if self.climb.sign > 0 else best - e.at_least
        within = math.isfinite(best) and most < asked.limit
        told = (
            f"{asked.gap}: {above} is surely better than the human level, so that this gap is not "
            f"told; it is at most the whole error, {show(most, toward='up')}; allowed ≤ "
            f"{plain(asked.limit)}: {PASS if within else INCONCLUSIVE}"
        )
        return Finding(
            code,
            about,
            PASS if within else INCONCLUSIVE,
            told,
            measure=asked.gap,
            limit=most,
            required=asked.limit,
            n=(self._n(HUMAN), e.n),
        )


def _words(v: Verdict, between: tuple[str, str]) -> str:
    """The verdict on a gap as the message of its check goes on."""
    below, above = between
    told = v.message.removeprefix(f"{v.estimate.title}: ")
    told = told.replace(",", f" from {below} to {above},", 1)
    return told.replace(
        "fresh examples would settle it", "fresh examples of both, in this proportion, settle it"
    )
