"""The declared checks of splits: read and refused together, then judged one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalharness.checks import shift
from evalharness.checks.findings import Finding, SplitResult
from evalharness.checks.settings import Settings
from evalharness.declare.collect import Check
from evalharness.declare.errors import OutputsError
from evalharness.declare.splits import KnownDifference, NoLeakage, SameDistribution
from evalharness.declare.waivers import Waiver
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE
from evalharness.kernels.plan import Plan

if TYPE_CHECKING:
    from evalharness.checks.deciding import Declared


@dataclass(frozen=True)
class Asked:
    """One declared check of one model, with the splits that it looks at, and what was made ready
    while it was found out that it can be made."""

    check: Check
    model: str
    splits: tuple[Any, ...]
    prepared: Any = None


def read(plan: Plan, wanted: Iterable[tuple[Check, str]]) -> dict[Check, Asked]:
    """The splits of every check. Raises OutputsError with all that keeps any from being made."""
    found: dict[Check, Asked] = {}
    problems: list[str] = []
    for check, model in wanted:
        splits = []
        for name in check.declared.splits:
            try:
                split = plan.split(model, name)
                split.check()
            except OutputsError as error:
                problems += error.problems
                continue
            if getattr(split, "streamed", False):
                problems.append(
                    f"{split.where}: {check.declared} needs rows, and this split is read in "
                    "batches; hand it over as one table, or as a sample of it"
                )
            splits.append(split)
        if len(splits) == len(check.declared.splits):
            found[check] = Asked(check, model, tuple(splits))
            problems += _problems(found[check])
    if problems:
        raise OutputsError(problems)
    return found


def _problems(asked: Asked) -> list[str]:
    declared = asked.check.declared
    if isinstance(declared, (SameDistribution, KnownDifference)):
        return shift.problems(declared, *asked.splits)
    return []


def family(every: Sequence[Asked]) -> int:
    """Over how many the level of a fail is shared: gated columns, of all checks and models."""
    found = 0
    for asked in every:
        declared = asked.check.declared
        if isinstance(declared, (SameDistribution, KnownDifference)):
            found += len(shift.gated(declared, *asked.splits))
            found += getattr(declared, "classifier", None) is not None
        elif isinstance(declared, NoLeakage):
            found += len(declared.near) + len(declared.embeddings)
    return max(1, found)


def judge(asked: Asked, declared: Declared, plan: Plan, settings: Settings) -> SplitResult:
    """The verdict of a check. `settings.family`: of the checks of splits."""
    check, waivers = asked.check, declared.waivers
    findings, notes = _findings(asked, declared, plan, settings)
    return SplitResult(
        check.id,
        check.kind,
        check.model,
        str(check.declared),
        check.declared.splits,
        tuple(_waived(f, check, waivers) for f in findings) + tuple(_over(check, waivers)),
        tuple(notes),
        settings.family,
        settings.confidence,
    )


def _findings(
    asked: Asked, declared: Declared, plan: Plan, settings: Settings
) -> tuple[list[Finding], list[str]]:
    check: Any = asked.check.declared
    if isinstance(check, (SameDistribution, KnownDifference)):
        return shift.judge(check, *asked.splits, settings)
    raise NotImplementedError


def _waived(finding: Finding, check: Check, waivers: Sequence[Waiver]) -> Finding:
    """The finding as a waiver that holds lets it through."""
    if finding.outcome not in (FAIL, INCONCLUSIVE):
        return finding
    for waiver in waivers:
        if waiver.code == finding.code and waiver.check in ("", check.id) and not waiver.expired():
            return replace(finding, waived=str(waiver))
    return finding


def _over(check: Check, waivers: Sequence[Waiver]) -> list[Finding]:
    """Waivers that are over fail the checks that they were for."""
    return [
        Finding(
            w.code,
            f"the waiver of {w.code}",
            FAIL,
            f"the waiver of {w.code} by {w.owner} ({w.reason}) expired on {w.expires}; remove it, "
            "or waive anew",
        )
        for w in waivers
        if w.expired() and w.code in check.declared.codes and w.check in ("", check.id)
    ]
