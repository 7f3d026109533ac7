"""A model against a saved result: the difference of one metric, unpaired.

The saved result holds no examples, so that nothing tells how its errors go together with the
model's. They may have been made on the same examples, on some of them or on others: so the limits
of the difference lie as far from it as both sides together, which holds for any correlation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from evalharness.checks.baseline import meaning
from evalharness.checks.held import classes_of, name_of
from evalharness.checks.satisficing import CheckResult, judge
from evalharness.checks.saved_result import SavedResult
from evalharness.checks.settings import Settings
from evalharness.declare.bound import Bound
from evalharness.declare.collect import Check
from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric
from evalharness.declare.objective import Against, Saved
from evalharness.declare.plural import counted
from evalharness.inference.bounds import MOST, Bounds, upper_z
from evalharness.inference.estimates import Estimate, estimate
from evalharness.inference.numbers import show
from evalharness.inference.rung_gap import RungGap
from evalharness.inference.verdicts import INCONCLUSIVE
from evalharness.kernels.plan import Plan

WEAKER = (
    "unpaired, which shows less: with the baseline's outputs as a model of `outputs` the same "
    "examples would be paired by id"
)


class SavedGap(RungGap):
    """A metric minus that of a saved result: each limit lies both sides' distances away."""

    def __init__(self, saved: Bounds, ours: Bounds, most: float) -> None:
        super().__init__(saved, ours, 1, tied=True, most=most)
        self.n, self.unit = ours.n, ours.unit

    @property
    def reason(self) -> str:
        saved, ours = self._rungs
        return ours.reason or (f"{saved.reason}, in the saved result" if saved.reason else "")

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        """Fresh examples of the model; of the saved result there will be no more. None where these
        alone are not enough."""
        fixed, far = (max(b.value - b.lower(alpha), b.upper(alpha) - b.value) for b in self._rungs)
        room = (abs(threshold - self.value) - fixed) / (1 + upper_z(1 - power) / upper_z(alpha))
        if self.reason or not room > 1e-9 or not math.isfinite(far):
            return None
        found = math.ceil(self.n * (far / room) ** 2)
        return found if found < MOST else None


@dataclass(frozen=True)
class Unpaired:
    """A bound on the difference to a saved result, ready to be judged.

    each: the saved bounds of each slice; same: whether it was saved from these very outputs;
    notes: what else there is to say.
    """

    bound: Bound
    name: str
    each: Mapping[str, Bounds]
    same: bool
    notes: tuple[str, ...]


def read(
    plan: Plan, model: str, bound: Bound, saved: Callable[[Saved], SavedResult] | None
) -> Unpaired:
    """Look up what the saved result holds. Raises OutputsError where that cannot be compared."""
    assert isinstance(bound.baseline, Saved)
    assert saved is not None
    metric, kept = bound.metric, saved(bound.baseline)
    plan.require([(model, metric)])
    theirs = kept.model(model)
    each = kept.bounds(theirs, metric)
    split, before = plan.split(model, metric.split), kept.of_split(theirs, metric.split)
    names = plan.measure(model, metric.parts[0]).groups.names
    ours = [""] if metric.over or not metric.group else list(names)
    problems = [
        f"{metric}.against({bound.baseline}): the saved result holds no slice {name!r}; it holds "
        f"{', '.join(list(each)[:8])}; save it again on a split that has it"
        for name in ours
        if name not in each
    ]
    now = classes_of(split, metric)
    for what in ("classes", "positive"):
        if what in now and what in before and now[what] != before[what]:
            problems.append(
                f"{split.where}: {what} of {metric.split!r} {_is(now[what])}, and in "
                f"saved({kept.name!r}) {_is(before[what])}; a metric of other labels is another "
                "metric: fix them with Outputs(classes=[…], positive=…), or save again"
            )
    if problems:
        raise OutputsError(problems)
    notes = []
    if before.get("rows", split.n) != split.n:
        notes.append(
            f"{kept.name} was measured on {counted(before['rows'], 'rows')} of {metric.split}, "
            f"this model on {split.n:,}"
        )
    if gone := [name for name in each if name not in ours]:
        notes.append(f"{kept.name} also holds {', '.join(gone[:8])}, which is not there any more")
    return Unpaired(bound, kept.name, each, before.get("reading") == split.reading, tuple(notes))


def _is(value: object) -> str:
    if isinstance(value, list):
        return f"are {', '.join(map(str, value))}"
    return f"is {value}"


def judged(
    check: Check, found: Unpaired, each: Sequence[Estimate], pooled: object, settings: Settings
) -> CheckResult:
    """The verdict, with the words for it. each: the model's own estimates."""
    bound, metric = found.bound, found.bound.metric
    gaps = [minus(metric, found, e, settings.confidence) for e in each]
    result = judge(bound, check.id, check.model, gaps, settings, pooled)
    words = []
    if isinstance(check.declared, Against):
        result = replace(
            result,
            kind=check.declared.kind,
            code=check.declared.finds[0],
            meaning=meaning(result, check.declared),
        )
    if len(each) == 1:
        ours, theirs = each[0].value, found.each[name_of(metric, each[0])].value
        if math.isfinite(ours) and math.isfinite(theirs):
            words.append(f"{show(ours, near=theirs)} against {show(theirs, near=ours)}")
    if found.same:
        words.append(f"{found.name} was saved from these very outputs")
    words.append(f"unpaired: {found.name} holds no examples")
    notes = [WEAKER, *found.notes]
    if result.worst.outcome == INCONCLUSIVE and result.worst.settle is None:
        notes.append(f"more examples of this model alone may not settle it: {found.name} has few")
    return replace(result, words="; ".join(filter(None, words)), notes=tuple(notes))


def minus(metric: Metric, found: Unpaired, e: Estimate, confidence: float) -> Estimate:
    """The estimate of the difference on one slice."""
    assert e._bounds is not None
    low, high = metric.range
    return estimate(
        SavedGap(found.each[name_of(metric, e)], e._bounds, high - low),
        confidence,
        metric=f"{metric.measured} minus {found.bound.less}",
        model=e.model,
        split=metric.split,
        slice=e.slice,
    )
