"""From what is declared to what is decided; everything is read, and refused, at first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from evalharness.checks.leak import both
from evalharness.checks.measuring import estimates
from evalharness.checks.satisficing import CheckResult, judge
from evalharness.checks.settings import Settings
from evalharness.checks.waived import waived_bound
from evalharness.declare.bound import Bound, bound_of
from evalharness.declare.collect import Check
from evalharness.declare.diagnosis import GapLimit, Ladder
from evalharness.declare.metric import Metric
from evalharness.declare.objective import Against, Choice, Saved
from evalharness.declare.preference import Preference
from evalharness.declare.split_checks import SplitCheck
from evalharness.declare.waivers import Waiver
from evalharness.kernels.plan import Plan

if TYPE_CHECKING:
    from evalharness.checks.findings import SplitResult
    from evalharness.checks.saved_result import SavedResult
    from evalharness.inference.estimates import Estimate


@dataclass(frozen=True)
class Declared:
    """What is declared. checks: all of them; chosen: those to decide; gated: names of models;
    optimized: the metric that is, or None; saved: looks up a saved result."""

    checks: Sequence[Check]
    chosen: Collection[Check]
    also: Sequence[Metric]
    waivers: Sequence[Waiver]
    gated: Sequence[str]
    optimized: Metric | None = None
    saved: Callable[[Saved], SavedResult] | None = None

    @property
    def of_splits(self) -> list[Check]:
        return [c for c in self.checks if isinstance(c.declared, SplitCheck)]

    @property
    def of_gaps(self) -> list[Check]:
        return [c for c in self.checks if isinstance(c.declared, GapLimit | Ladder)]

    @property
    def bounds(self) -> list[Check]:
        return [c for c in self.checks if isinstance(c.declared, Bound)]

    @property
    def compared(self) -> dict[Check, Bound]:
        """Those that hold a model against a baseline: objectives, and bounds on a difference."""
        asked = [(c, bound_of(c.declared)) for c in self.checks]
        return {c: bound for c, bound in asked if bound is not None and bound.baseline is not None}

    @property
    def over_all(self) -> list[Check]:
        """Those that are about several models at once: the choice, and preferences."""
        return [c for c in self.checks if isinstance(c.declared, Choice | Preference)]

    @property
    def preferences(self) -> list[Check]:
        return [c for c in self.checks if isinstance(c.declared, Preference)]

    def on(self, split: str) -> tuple[list[Bound], list[Metric]]:
        """What is declared on a split: bounds and objectives, and metrics that are only
        reported."""
        bounds = dict.fromkeys(bound_of(c.declared) for c in self.checks)
        return (
            [b for b in bounds if b is not None and b.metric.split == split],
            [m for m in self.also if m.split == split],
        )

    def model(self, check: Check) -> str:
        """The name of the model of a check, also where it is the only one."""
        return check.model or self.gated[0]


Found = dict[str, dict[str, Sequence["Estimate"]]]
Of = Callable[[str, Metric], Sequence["Estimate"]]


def decided(
    plan: Plan, declared: Declared, settings: Settings
) -> tuple[list[CheckResult | SplitResult], Found]:
    """The chosen checks, decided, and the estimates by model and by metric as it was written."""
    needed = _required(plan, declared, settings)
    found: Found = {model: {} for model in plan.outputs}

    def of(model: str, metric: Metric) -> Sequence[Estimate]:
        if str(metric) not in found[model]:
            found[model][str(metric)] = estimates(plan, model, metric, settings)
        return found[model][str(metric)]

    made: dict[Check, CheckResult | SplitResult] = {}
    if needed.splits:
        from evalharness.checks import splits

        # A family is one evaluation and one kind of check.
        apart = replace(settings, family=max(1, sum(a.gated for a in needed.splits.values())))
        # Before any metric is computed: whether a split is large enough never depends on one.
        for check in declared.chosen:
            if check in needed.splits:
                made[check] = splits.judge(check, needed.splits[check], declared.waivers, apart)

    def bounded(check: Check) -> CheckResult:
        """The verdict of a bound or of an objective, once."""
        if check not in made:
            judged = _bounded(plan, declared, check, needed, of, settings)
            made[check] = waived_bound(judged, check, declared.waivers)
        result = made[check]
        assert isinstance(result, CheckResult)
        return result

    for check in declared.chosen:
        if isinstance(check.declared, Bound | Against):
            bounded(check)
    for check in declared.over_all:
        if check in declared.chosen:
            made[check] = _over_all(plan, declared, check, needed, bounded, of, settings)
    if needed.gaps:
        from evalharness.checks import diagnosis

        made |= diagnosis.judged(needed.gaps, declared, of, settings)
    for model in declared.gated:
        for metric in declared.also:
            of(model, metric)
    return [made[c] for c in declared.chosen], found


def _bounded(
    plan: Plan, declared: Declared, check: Check, needed: Needed, of: Of, settings: Settings
) -> CheckResult:
    model, bound = declared.model(check), bound_of(check.declared)
    assert bound is not None
    metric = bound.metric
    if check in needed.compared:
        from evalharness.checks import against_saved, baseline

        if isinstance(bound.baseline, Saved):
            each = of(model, metric)
            found = needed.compared[check]
            pooled = plan.measure(model, metric.parts[0]).groups.pooled
            return against_saved.judged(
                check, found, each, pooled, _apart(check, declared, settings)
            )
        if not metric.group:  # both are reported
            of(model, metric)
            of(str(bound.baseline), metric)
        settings = _apart(check, declared, settings)
        return baseline.judged(plan, check, needed.compared[check], settings)
    each = of(model, metric)
    if check in needed.people:
        from evalharness.checks import against_human

        each = against_human.minus(plan, model, metric, each, needed.people[check], settings)
    pooled = plan.measure(model, metric.parts[0]).groups.pooled
    return judge(bound, check.id, check.model, each, settings, pooled)


def _apart(check: Check, declared: Declared, settings: Settings) -> Settings:
    """An objective is a family of its own, of the gated models."""
    if isinstance(check.declared, Against):
        return replace(settings, family=len(declared.gated))
    return settings


def _over_all(
    plan: Plan,
    declared: Declared,
    check: Check,
    needed: Needed,
    bounded: Callable[[Check], CheckResult],
    of: Of,
    settings: Settings,
) -> SplitResult:
    """The verdict of a check about several models."""
    if isinstance(check.declared, Choice):
        from evalharness.checks import choice

        bounds = {m: [c for c in declared.bounds if c.model == m] for m in declared.gated}
        each = {m: [bounded(c) for c in checks] for m, checks in bounds.items()}
        found = needed.choices[check]
        return choice.judged(check, found, each, of, declared.waivers, settings)
    from evalharness.checks import preferences

    metric = declared.optimized
    assert metric is not None  # preferences without one are refused where they are declared
    settings = replace(settings, family=len(declared.preferences))
    return preferences.judged(plan, check, metric, declared.waivers, settings)


@dataclass(frozen=True)
class Needed:
    """What is read before anything is decided: the checks of splits, the diagnosis of each model,
    the human level of each bound that has one, the pairs of each that has a baseline, and the
    models of the choice."""

    splits: Mapping[Check, Any]
    gaps: dict[str, Any]
    people: Mapping[Check, Any]
    compared: Mapping[Check, Any]
    choices: Mapping[Check, Any]


def _required(plan: Plan, declared: Declared, settings: Settings) -> Needed:
    """Read and check what everything that is declared needs, whatever is chosen, so that an error
    never depends on -k."""
    seed = settings.seed
    wanted = [(declared.model(c), c.declared.metric) for c in declared.bounds]
    wanted += [(model, metric) for model in declared.gated for metric in declared.also]
    for check in declared.over_all:
        if isinstance(check.declared, Choice):
            wanted += [(model, check.declared.metric) for model in declared.gated]
    if declared.of_gaps:
        from evalharness.checks import diagnosis

        wanted += diagnosis.metrics(plan, declared)

    def of_splits() -> dict[Check, Any]:
        if not declared.of_splits:
            return {}
        from evalharness.checks import splits

        return dict(splits.read(plan, declared, seed))

    def people() -> dict[Check, Any]:
        against = [c for c in declared.bounds if c.declared.human is not None]
        if not against:
            return {}
        from evalharness.checks.against_human import level

        asked = [partial(level, plan, declared.model(c), c.declared, seed) for c in against]
        return dict(zip(against, both(asked), strict=True))

    def compared() -> dict[Check, Any]:
        if not declared.compared:
            return {}
        from evalharness.checks import against_saved, baseline

        asked: list[Callable[[], Any]] = [
            partial(against_saved.read, plan, declared.model(c), bound, declared.saved)
            if isinstance(bound.baseline, Saved)
            else partial(baseline.read, plan, declared.model(c), bound, settings)
            for c, bound in declared.compared.items()
        ]
        return dict(zip(declared.compared, both(asked), strict=True))

    def choices() -> dict[Check, Any]:
        among = [c for c in declared.over_all if isinstance(c.declared, Choice)]
        if not among:
            return {}
        from evalharness.checks import choice

        asked = [partial(choice.read, plan, check, declared.gated) for check in among]
        return dict(zip(among, both(asked), strict=True))

    def preferred() -> None:
        metric = declared.optimized
        if declared.preferences and metric is not None:
            from evalharness.checks import preferences

            asked = [c.declared for c in declared.preferences]
            both([partial(preferences.read, plan, p, metric, settings) for p in asked])

    def gaps() -> dict[str, Any]:
        return diagnosis.read(plan, declared, seed) if declared.of_gaps else {}

    _, of_each, levels, pairs, ladders, several, _ = both(
        [lambda: plan.require(wanted), of_splits, people, compared, gaps, choices, preferred]
    )
    return Needed(of_each, ladders, levels, pairs, several)
