"""The declared diagnosis: read and refused with everything else, then its gaps judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalharness.checks import rungs, training_runs
from evalharness.checks.climb import Climb
from evalharness.checks.diagnosed import DiagnosisResult, Rung, Section
from evalharness.checks.gaps_judged import Judged
from evalharness.checks.human_level import levels, paired_with
from evalharness.checks.leak import both
from evalharness.checks.sections import metrics as of_sections
from evalharness.checks.sections import on_target, sections
from evalharness.checks.settings import Settings
from evalharness.declare.collect import Check
from evalharness.declare.diagnosis import BiasVariance, GapLimit, Ladder
from evalharness.declare.errors import OutputsError
from evalharness.declare.rungs import BIAS_OR_VARIANCE, GAPS, HUMAN, VARIANCE_OR_MISMATCH
from evalharness.inference.bounds import Bounds
from evalharness.inference.estimates import Estimate
from evalharness.kernels.plan import Plan

if TYPE_CHECKING:
    from evalharness.checks.deciding import Declared

# (model, metric) → its estimate on one split.
Estimates = Callable[[str, Any], Sequence[Estimate]]


def metrics(plan: Plan, declared: Declared) -> list[tuple[str, Any]]:
    """What the diagnosis measures: (model, metric on a split)."""
    found = []
    for model, check in _ladders(declared):
        names = rungs.of(plan, model)
        asked = [check.diagnosis.metric.on(name) for name in names]
        asked += of_sections(plan, model, check.diagnosis, names)
        found += [(model, metric) for metric in asked]
    return found


def read(plan: Plan, declared: Declared, seed: int) -> dict[str, Diagnosed]:
    """The diagnosis of each gated model, ready. Raises OutputsError with all that keeps any from
    being made."""
    problems: list[str] = []
    found = {}
    for model, check in _ladders(declared):
        try:
            found[model] = Diagnosed(plan, model, check.diagnosis, seed)
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
    seed: int

    def __post_init__(self) -> None:
        self.names = rungs.of(self.plan, self.model)
        problems = self._unclimbable() + training_runs.problems(self.plan, self.declared)
        if problems:
            raise OutputsError(problems)
        human = self.declared.human
        place = (self.plan, self.model, self.declared.metric, self.names)
        self.people, self.target, self.again, self.between = both(
            [
                lambda: [] if human is None else levels(human, *place, self.seed),
                lambda: on_target(self.declared, *place, self.seed),
                lambda: training_runs.paired(self.plan, self.declared),
                lambda: rungs.between(self.plan, self.model, self.names),
            ]
        )

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
        notes = [*self.between.notes, *self._people()]
        notes += rungs.worse_than_chance(self.plan, self.model, found)
        return Climb(
            self.declared,
            found,
            self.people,
            self.between.tied,
            self.between.broken,
            settings,
            self._paired(),
            tuple(notes),
        )

    def _people(self) -> list[str]:
        """What is to be said of who answered."""
        people = [*self.people, *([self.target] if self.target else [])]
        return list(dict.fromkeys(level.note for level in people if level.note))

    def sections(self, climb: Climb) -> Callable[[Sequence[Rung]], tuple[Section, ...]]:
        """Of the rungs, what is told beside the ladder."""
        return lambda rungs: sections(self.plan, self.model, climb, rungs, self.target, self.again)

    def _paired(self) -> dict[str, Bounds]:
        """The gaps to human levels that were measured on the very examples of the lowest split."""
        if not self.names:
            return {}
        metric = self.declared.metric.on(self.names[0])
        found = {
            level.name: paired_with(self.plan, self.model, metric, level) for level in self.people
        }
        return {name: bounds for name, bounds in found.items() if bounds is not None}


def _why_not(gap: str, whole: Sequence[str]) -> str:
    """Why a gap is not among those between these rungs."""
    pairs = [pair for pair, name in GAPS.items() if name == gap]
    if any(below in whole and above in whole for below, above in pairs):
        return "a rung between is there, so that its parts are told apart; limit those"
    below, above = pairs[0] if gap not in (BIAS_OR_VARIANCE, VARIANCE_OR_MISMATCH) else pairs[1]
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
            climb = one.climb(of, settings)
            climbed = Judged(climb, family, one.sections(climb))
            found |= {check: climbed.judge(check, declared.waivers) for check in mine}
    return found
