"""From what is declared to what is decided; everything is read, and refused, at first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from evalharness.checks.leak import both
from evalharness.checks.measuring import estimates
from evalharness.checks.satisficing import CheckResult, judge
from evalharness.checks.settings import Settings
from evalharness.declare.bound import Bound
from evalharness.declare.collect import Check
from evalharness.declare.diagnosis import GapLimit, Ladder
from evalharness.declare.metric import Metric
from evalharness.declare.split_checks import SplitCheck
from evalharness.declare.waivers import Waiver
from evalharness.kernels.plan import Plan

if TYPE_CHECKING:
    from evalharness.checks.findings import SplitResult
    from evalharness.inference.estimates import Estimate


@dataclass(frozen=True)
class Declared:
    """What is declared. checks: all of them; chosen: those to decide; gated: names of models."""

    checks: Sequence[Check]
    chosen: Collection[Check]
    also: Sequence[Metric]
    waivers: Sequence[Waiver]
    gated: Sequence[str]

    @property
    def of_splits(self) -> list[Check]:
        return [c for c in self.checks if isinstance(c.declared, SplitCheck)]

    @property
    def of_gaps(self) -> list[Check]:
        return [c for c in self.checks if isinstance(c.declared, GapLimit | Ladder)]

    @property
    def bounds(self) -> list[Check]:
        return [c for c in self.checks if isinstance(c.declared, Bound)]

    def on(self, split: str) -> tuple[list[Bound], list[Metric]]:
        """What is declared on a split: bounds, and metrics that are only reported."""
        bounds = dict.fromkeys(c.declared for c in self.bounds)
        return (
            [b for b in bounds if b.metric.split == split],
            [m for m in self.also if m.split == split],
        )

    def model(self, check: Check) -> str:
        """The name of the model of a check, also where it is the only one."""
        return check.model or self.gated[0]


Found = dict[str, dict[str, Sequence["Estimate"]]]


def decided(
    plan: Plan, declared: Declared, settings: Settings
) -> tuple[list[CheckResult | SplitResult], Found]:
    """The chosen checks, decided, and the estimates by model and by metric as it was written."""
    asked, diagnosed, people = _required(plan, declared, settings.seed)
    found: Found = {model: {} for model in plan.outputs}

    def of(model: str, metric: Metric) -> Sequence[Estimate]:
        if str(metric) not in found[model]:
            found[model][str(metric)] = estimates(plan, model, metric, settings)
        return found[model][str(metric)]

    made: dict[Check, CheckResult | SplitResult] = {}
    if asked:
        from evalharness.checks import splits

        # A family is one evaluation and one kind of check.
        apart = replace(settings, family=max(1, sum(a.gated for a in asked.values())))
        # Before any metric is computed: whether a split is large enough never depends on one.
        for check in declared.chosen:
            if check in asked:
                made[check] = splits.judge(check, asked[check], declared.waivers, apart)
    for check in declared.chosen:
        if isinstance(check.declared, Bound):
            model, metric = declared.model(check), check.declared.metric
            each = of(model, metric)
            if check in people:
                from evalharness.checks import against_human

                each = against_human.minus(plan, model, metric, each, people[check], settings)
            pooled = plan.measure(model, metric.parts[0]).groups.pooled
            made[check] = judge(check.declared, check.id, check.model, each, settings, pooled)
    if diagnosed:
        from evalharness.checks import diagnosis

        made |= diagnosis.judged(diagnosed, declared, of, settings)
    for model in declared.gated:
        for metric in declared.also:
            of(model, metric)
    return [made[c] for c in declared.chosen], found


def _required(
    plan: Plan, declared: Declared, seed: int
) -> tuple[dict[Check, Any], dict[str, Any], dict[Check, Any]]:
    """Read and check what everything that is declared needs, whatever is chosen, so that an error
    never depends on -k; the checks of splits, the diagnosis of each model, and the human level
    of each bound that has one, ready to be judged."""
    wanted = [(declared.model(c), c.declared.metric) for c in declared.bounds]
    wanted += [(model, metric) for model in declared.gated for metric in declared.also]
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

    def gaps() -> dict[str, Any]:
        return diagnosis.read(plan, declared, seed) if declared.of_gaps else {}

    _, asked, level_of, diagnosed = both([lambda: plan.require(wanted), of_splits, people, gaps])
    return asked, diagnosed, level_of
