"""The declared checks of splits: read and refused together, then judged one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from evalharness.checks.findings import Finding, SplitResult
from evalharness.checks.leakage import Leakage
from evalharness.checks.settings import Around, Settings
from evalharness.checks.shift import Shift
from evalharness.checks.size import Size
from evalharness.checks.waived import waived
from evalharness.declare.collect import Check
from evalharness.declare.errors import OutputsError
from evalharness.declare.split_checks import (
    KnownDifference,
    LargeEnough,
    NoLeakage,
    SameDistribution,
)
from evalharness.declare.waivers import Waiver
from evalharness.kernels.plan import Plan

if TYPE_CHECKING:
    from evalharness.checks.deciding import Declared


class Asked(Protocol):
    """A declared check of one model, of which it is known that it can be made.

    gated: how many columns, or the like, may each be called failing by chance.
    """

    @property
    def gated(self) -> int: ...
    def judge(self, settings: Settings) -> tuple[list[Finding], list[str]]: ...


# Made of what was declared, its splits, and what stands around: raises OutputsError where the check
# cannot be made.
MAKERS: dict[type, Callable[[Any, Sequence[Any], Around], Asked]] = {
    SameDistribution: Shift,
    KnownDifference: Shift,
    NoLeakage: Leakage,
    LargeEnough: Size,
}


def read(plan: Plan, declared: Declared, seed: int) -> dict[Check, Asked]:
    """Every check of splits, ready. Raises OutputsError with all that keeps any from being made."""
    found: dict[Check, Asked] = {}
    problems: list[str] = []
    for check in declared.of_splits:
        model, asked = declared.model(check), check.declared
        splits = [s for name in asked.splits if (s := _split(plan, model, name, asked, problems))]
        if len(splits) < len(asked.splits):
            continue
        if len(splits) == 2 and splits[0].digest == splits[1].digest:
            problems.append(
                f"{splits[0].where} and {splits[1].where} are one and the same table; {asked} is "
                "about two: correct what outputs() returns"
            )
            continue
        bounds, also = declared.on(asked.splits[-1])
        around = Around(plan, model, bounds, also, seed)
        try:
            found[check] = MAKERS[type(asked)](asked, splits, around)
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(problems)
    return found


def _split(plan: Plan, model: str, name: str, asked: Any, problems: list[str]) -> Any:
    """A split with rows, or None, and why."""
    try:
        split = plan.split(model, name)
        split.check()
    except OutputsError as error:
        problems += error.problems
        return None
    if getattr(split, "streamed", False):
        problems.append(
            f"{split.where}: {asked} needs rows, and this split is read in batches; hand it over "
            "as one table, or as a sample of it"
        )
        return None
    return split


def judge(check: Check, asked: Asked, waivers: Sequence[Waiver], settings: Settings) -> SplitResult:
    """The verdict of a check. `settings.family`: over how many gated columns, of all checks of
    splits and all models, the level of a fail is shared."""
    findings, notes = asked.judge(settings)
    found, more = waived(findings, check, waivers)
    return SplitResult(
        check.id,
        check.kind,
        check.model,
        str(check.declared),
        check.declared.splits,
        found,
        (*notes, *more),
        settings.family,
        settings.confidence,
    )
