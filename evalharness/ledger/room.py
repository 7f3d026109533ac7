"""Whether a test set has room for one more look: could even a perfect result pass?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalharness.checks.settings import Around
from evalharness.checks.size import Size
from evalharness.declare.bound import Bound
from evalharness.declare.split_checks import LargeEnough
from evalharness.ledger import spending

if TYPE_CHECKING:
    from evalharness.checks.findings import Finding
    from evalharness.ledger.looking import Asked


def used_up(asked: Asked, check: Any, level: float, alpha: float, spent: float) -> str:
    """Why no look is left, and how many fresh examples it takes; "" where one is.

    Only numbers of examples are looked at, of what each bound counts; of a difference it is not
    known before it is measured, and so it never uses a set up. spent: by the looks before.
    """
    if level and not spending.affordable(alpha, spent, level):
        return (
            f"the test set is used up: its looks spent {spent:.3g} of {alpha:.3g}, and the next "
            f"would take {level:.3g}, by another plan, confidence or branch than theirs; take a "
            "fresh one, which has a budget of its own"
        )
    if not level:
        first = spending.next_level(alpha, (), asked.ledger.looks)
        needs = [_least(bound, first) for bound, _ in _bounds(asked, check)]
        least = max((n for n in needs if n), default=0)
        planned = "" if asked.ledger.looks is None else " (passed, or all planned looks were made)"
        many = f" of at least {least:,}" if least else ""
        return (
            f"the test set is used up{planned}: take a fresh one{many}, which has a budget of its "
            "own; this one may serve as dev"
        )
    found = [f for bound, f in _sizes(asked, check, level) if f.code == "EH-SIZE-NEVER"]
    if not found:
        return ""
    worst = max(found, key=lambda f: f.required - f.value)
    more = worst.required - worst.value
    add = f"add at least {more:,.0f} fresh ones" if more == more else "add more of them"
    told = worst.told.split(":")[0]
    return f"the test set is used up: at the level of this look, {level:.3g}, {told}; {add}"


def _bounds(asked: Asked, check: Any) -> Iterator[tuple[Bound, Any]]:
    """The bounds of which it is known how many examples they take."""
    for one in check.declared.asked:
        bound = one.declared
        if isinstance(bound, Bound) and bound.baseline is None:
            yield bound, asked.plan.split(asked.declared.model(check), bound.metric.split)


def _sizes(asked: Asked, check: Any, level: float) -> Iterator[tuple[Bound, Finding]]:
    model, settings = asked.declared.model(check), replace(asked.settings, confidence=1 - level)
    for bound, split in _bounds(asked, check):
        around = Around(asked.plan, model, [bound], [], settings.seed)
        found, _ = Size(LargeEnough((bound.metric.split,)), [split], around).judge(settings)
        yield from ((bound, f) for f in found)


def _least(bound: Bound, level: float) -> int | None:
    from evalharness.inference.plans import plan_of

    if bound.human is not None or bound.metric.exact or bound.metric.over:
        return None
    return plan_of(bound.metric, bound.op, bound.threshold, alpha=level).least_n
