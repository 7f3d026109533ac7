"""Whether a split is large enough for the bounds that are declared on it, before any metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.checks.findings import REPORTED, Finding
from evalharness.checks.settings import Around, Settings
from evalharness.declare.bound import Bound
from evalharness.declare.errors import DeclarationError
from evalharness.declare.forms import Proportion
from evalharness.declare.plural import counted
from evalharness.declare.split_checks import LargeEnough
from evalharness.inference.numbers import percent, show
from evalharness.inference.planning import effective_n
from evalharness.inference.plans import Plan, plan_of
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS

if TYPE_CHECKING:
    from evalharness.outputs.split import Split


class Size:
    """A `large_enough`, ready to be judged."""

    gated = 0  # sizes are facts: none is called too small by chance

    def __init__(self, check: LargeEnough, splits: Sequence[Split], around: Around) -> None:
        self._check, (self._split,) = check, splits
        self._plan, self._model, self._bounds = around.plan, around.model, around.bounds

    def judge(self, settings: Settings) -> tuple[list[Finding], list[str]]:
        """A finding for each bound; of slices, for the smallest."""
        return [self._finding(bound, settings) for bound in self._bounds], []

    def _finding(self, bound: Bound, settings: Settings) -> Finding:
        metric = bound.metric
        if metric.exact:
            return _told(bound, "every row counts, so no size is too small")
        if metric.over:
            return _told(bound, "how slices differ cannot be told before they are measured")
        try:
            place, plan, sizes = self._smallest(bound, settings)
        except DeclarationError as error:
            return Finding("EH-SIZE", str(bound), FAIL, f"{bound}: {error}")
        return _judged(bound, place, plan, sizes, self._check)

    def _smallest(self, bound: Bound, settings: Settings) -> tuple[str, Plan, Any]:
        """The slice with the fewest trials, what it can show, and the trials of all slices."""
        metric, check = bound.metric, self._check
        measured = self._plan.measure(self._model, metric)
        code = measured.groups.code
        names = measured.groups.names
        rows = np.bincount(code[(code >= 0) & (code < len(names))], minlength=len(names))
        positives = self._positives(bound, code, len(names))
        trials = [_trials(metric, measured.tables[g]) for g in range(len(names))]
        sizes = np.array([n if t is None else t for n, t in zip(rows, trials, strict=True)])
        worth = self._worth(code)
        # What is no share of its own hangs on the rarer class.
        known = positives is None or trials[0] is not None
        g = int(np.argmin(sizes if known else np.minimum(sizes, positives)))

        counted_ = trials[g]

        def at(part: float) -> Plan:
            return plan_of(
                metric,
                bound.op,
                bound.threshold,
                alpha=1 - settings.confidence,
                n=math.floor(part * rows[g]),
                positives=None if positives is None else math.floor(part * positives[g]),
                trials=None if counted_ is None else math.floor(part * counted_),
                classes=self._classes(),
                true=check.expected(metric),
                power=check.power,
            )

        worst, best = worth
        plan = at(best)
        if worst < best and plan.power is not None:
            low = at(worst)
            doubtful = (low.power or 0) < check.power <= plan.power
            note = (
                f"rows come in clusters, worth {percent(worst)} of as many rows at worst and "
                f"{percent(best)} at best"
            )
            if doubtful:
                note += "; say how alike the rows of a cluster are: icc="
            plan = replace(plan, note="; ".join(filter(None, [plan.note, note])))
            plan = replace(plan, power=low.power) if doubtful else plan
            return names[g], plan, (sizes, doubtful)
        return names[g], plan, (sizes, False)

    def _worth(self, code: Any) -> tuple[float, float]:
        """The part of the rows that they are worth at worst and at best, as they are clustered."""
        found = self._split.clusters()
        if found is None:
            return 1.0, 1.0
        sizes = np.bincount(found[0])
        worst, best = effective_n(sizes, self._check.icc)
        n = float(sizes.sum())
        return (best / n, best / n) if self._check.icc is not None else (worst / n, best / n)

    def _positives(self, bound: Bound, code: Any, groups: int) -> Any:
        """(groups,) rows of the positive class, where there is one."""
        from evalharness.declare.errors import OutputsError

        try:
            positive = self._split.positive_code(dict(bound.metric.options).get("positive"))
            inside = (self._split.compact_labels() == positive) & (code >= 0) & (code < groups)
        except OutputsError:
            return None
        return np.bincount(code[inside], minlength=groups)

    def _classes(self) -> int:
        from evalharness.declare.errors import OutputsError

        try:
            return len(self._split.classes)
        except OutputsError:
            return 2


def _trials(metric: Any, table: Any) -> int | None:
    """Of what the metric is a share, how many there are; None where it is no share."""
    form = metric.form(table) if len(metric.parts) == 1 else None
    if isinstance(form, Proportion) and np.ndim(form.trials) == 0:
        return int(form.trials)
    return None


def chance(p: float) -> str:
    """A probability as messages print it: 83 %, over 99 %."""
    return f"{100 * p:.0f} %" if 0.01 <= p <= 0.99 else "over 99 %" if p > 0.5 else "under 1 %"


def _told(bound: Bound, why: str) -> Finding:
    return Finding("EH-SIZE", str(bound), REPORTED, f"{bound}: {why}")


def _judged(bound: Bound, place: str, plan: Plan, sizes: Any, check: LargeEnough) -> Finding:
    of_slices, doubtful = sizes
    n = 0 if plan.n is None else plan.n
    where = f" (the smallest of {len(of_slices):,} slices: {place})" if len(of_slices) > 1 else ""
    count = counted(n, plan.unit)
    numbers: dict[str, Any] = {"n": (n,), "least": True}
    if plan.possible is False:
        told = (
            f"{bound} can never pass with {count}{where}: it takes at least {plan.least_n:,}, "
            "every one of them right; an error in the declaration, or in the size of the split"
        )
        few = int((of_slices < plan.least_n).sum())
        told += f"; {few:,} slices are too small" if few > 1 else ""
        return Finding(
            "EH-SIZE-NEVER",
            str(bound),
            FAIL,
            told,
            measure="examples",
            value=n,
            required=float(plan.least_n or 0),
            **numbers,
        )
    if plan.power is None:
        least = f"; it takes at least {plan.least_n:,} {plan.unit}" if plan.least_n else ""
        return _told(bound, f"its power with {count}{where} is not known: {plan.reason}{least}")
    supposed = "assumed, halfway to the best value" if plan.assumed else "declared"
    told = (
        f"{bound}: with {count}{where} a chance of {chance(plan.power)} to {plan.shows} if the "
        f"true {plan.of} is {show(plan.true)} ({supposed})"
    )
    enough = plan.power >= check.power and plan.shows == "pass"
    outcome = PASS if enough else INCONCLUSIVE if plan.assumed or doubtful else FAIL
    if plan.needed_n and not enough:
        told += f"; {percent(check.power)} takes {plan.needed_n:,} {plan.unit}"
    if plan.detectable is not None:
        apart = show(abs(plan.detectable - plan.at))
        told += (
            f"; the smallest difference it shows with {percent(check.power)} is {apart} "
            f"({plan.of} {show(plan.detectable)})"
        )
    if outcome == INCONCLUSIVE and plan.assumed:
        told += f"; declare what you expect: true={{{bound.metric.label}: …}}"
    told += f"; {plan.note}" if plan.note else ""
    return Finding(
        "EH-SIZE",
        str(bound),
        outcome,
        told,
        measure="power",
        value=plan.power,
        required=check.power,
        settle=(plan.needed_n,) if plan.needed_n and not enough else (),
        **numbers,
    )
