"""The plan of a bound before anything is measured: whether it can pass at this size, with what
probability, and how many examples it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from evalharness.declare.errors import DeclarationError
from evalharness.declare.metric import Metric
from evalharness.inference.planning import Sizing
from evalharness.inference.sizings import Asked, Data, halfway

NO_END = "its range has no best end, halfway to which it might be: declare what to expect"


@dataclass(frozen=True)
class Plan:
    """What a split can show of a bound.

    unit:       what is counted, in the plural ("positives"); n: how many there are, None where that
                is not known.
    least_n:    the smallest n at which the bound can pass at all; None where that is not known, or
                where it never can.
    true:       the value that the power is for: declared, or `assumed` halfway between the
                threshold and the best end of the range; nan where there is none.
    of:         what `true` and `detectable` are values of: the metric, or of a quantile the share
                of the values within the threshold, and `at` the threshold among those.
    shows:      "pass", or "fail" where `true` is on the wrong side of the threshold: what n show
                with the probability `power`, and needed_n with `target`.
    detectable: the value nearest to the threshold at which n pass with the probability `target`.
    reason:     why those of power, needed_n and detectable that are None are not known.
    note:       what was taken for granted about the data.
    """

    unit: str
    n: int | None
    least_n: int | None
    true: float
    assumed: bool
    of: str
    at: float
    shows: str
    power: float | None
    target: float
    needed_n: int | None
    detectable: float | None
    reason: str = ""
    note: str = ""

    @property
    def possible(self) -> bool | None:
        """Whether the bound can pass at this size; None where that is not known."""
        known = self.n is not None and self.least_n is not None
        return self.n >= self.least_n if known else None  # type: ignore[operator]


def plan_of(
    metric: Metric,
    op: str,
    threshold: float,
    *,
    alpha: float,
    n: int | None = None,
    positives: int | None = None,
    trials: int | None = None,
    prevalence: float = 0.5,
    classes: int = 2,
    true: float | None = None,
    power: float = 0.8,
) -> Plan:
    """The plan of ``metric op threshold`` at the one-sided level ``alpha``.

    ``n``, ``positives``: of the split, or of the slice. ``trials``: of what the metric counts
    (`Plan.unit`), where that is known; else it is worked out from the other two. ``prevalence``:
    share of the positives, where their number is not given. ``classes``: how many there are.
    ``true``: the value that is expected; of a quantile the share of the values within the
    threshold. ``power``: the probability that is wanted.
    """
    if positives is not None and n:
        prevalence = positives / n
    data = Data(n, trials, prevalence, classes)
    kind = Asked(metric, op, float(threshold), alpha, data, true).kind
    low, high = kind.ends
    if true is not None and not low <= true <= high:
        raise DeclarationError(
            f"{kind.of} lies between {low:g} and {high:g}, so it cannot truly be {true:g}"
        )
    assumed = true is None
    true = halfway(kind.at, kind.ends, kind.upward) if true is None else float(true)
    wrong = true < kind.at if kind.upward else true > kind.at
    plan = Plan(
        unit=kind.unit,
        n=kind.n,
        least_n=kind.sizing.least_n(kind.upward) if kind.sizing else None,
        true=true,
        assumed=assumed,
        of=kind.of,
        at=kind.at,
        shows="fail" if wrong else "pass",
        power=None,
        target=power,
        needed_n=None,
        detectable=None,
        reason=kind.reason,
        note=kind.note,
    )
    if kind.sizing is None or kind.reason:
        return plan
    if kind.n is not None:
        plan = replace(plan, detectable=kind.sizing.detectable(kind.n, power, kind.upward))
    return _at_true(plan, kind.sizing, kind.upward != wrong)


def _at_true(plan: Plan, sizing: Sizing, upward: bool) -> Plan:
    """The plan with what depends on the true value. upward: the side that it is to be shown on."""
    if math.isnan(plan.true):
        return replace(plan, reason=NO_END)
    found = sizing.power_at(2 if plan.n is None else plan.n, plan.true, upward)
    if found is None:
        value = f"{plan.of} of {plan.true:g}"
        return replace(plan, reason=f"no table with sensitivity equal to specificity has {value}")
    needed = sizing.needed_n(plan.true, plan.target, upward)
    return replace(plan, power=None if plan.n is None else found, needed_n=needed)
