"""What an evaluation declares of its held-out splits: `ledger = "evalharness.ledger"`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from evalharness.declare.bound import Bound, bound_of
from evalharness.declare.errors import DeclarationError, did_you_mean, numbered
from evalharness.declare.metric import Metric
from evalharness.declare.naming import slug_of
from evalharness.declare.objective import Against, Choice, Saved
from evalharness.declare.preference import Preference

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True

AUDIT, ENFORCE = "audit", "enforce"
KIND = "held_out"
EXAMPLE = 'ledger = "evalharness.ledger"'


@dataclass(frozen=True)
class Ledger:
    """The record of every look at held-out splits.

    path:   of its file; a relative one is relative to pytest's rootdir, or without pytest to the
            working directory.
    mode:   "audit": looks are counted, and what they are worth is said; "enforce": each look spends
            a level, and lets one bit out: passed, or not.
    splits: those that are held out.
    looks:  how many are planned, with "enforce": each has the level α / looks, and the first pass
            retires the test set. None: no end is planned, and levels fall.
    """

    path: str
    mode: str = AUDIT
    splits: tuple[str, ...] = ("test",)
    looks: int | None = None

    def __post_init__(self) -> None:
        problems = []
        path, splits = self.path, self.splits
        if not isinstance(path, str | os.PathLike) or not os.fspath(path):
            problems.append(f"{path!r} is no path; name a file, such as {EXAMPLE}")
        elif str(path).endswith(("/", os.sep)) or os.path.isdir(path):
            problems.append(f"{str(path)!r} is a folder; name a file in it")
        if self.mode not in (AUDIT, ENFORCE):
            hint = did_you_mean(self.mode, (AUDIT, ENFORCE))
            problems.append(f'mode={self.mode!r} must be "audit" or "enforce"{hint}')
        listed = isinstance(splits, Iterable) and not isinstance(splits, str | Mapping | Set)
        names = tuple(splits) if listed else ()
        if not names or not all(isinstance(name, str) and name for name in names):
            hint = f": splits=({splits!r},)" if isinstance(splits, str) else ', such as ("test",)'
            problems.append(f"splits={splits!r} must list names of splits{hint}")
        whole = isinstance(self.looks, int) and not isinstance(self.looks, bool)
        if self.looks is not None and not (whole and self.looks >= 1):
            problems.append(f"looks={self.looks!r} must be a whole number ≥ 1")
        elif self.looks is not None and self.mode == AUDIT:
            problems.append(
                f'looks={self.looks!r} is what mode="enforce" spends; "audit" only counts'
            )
        if problems:
            raise DeclarationError(f"Ledger: {numbered('problems', tuple(problems))}")
        object.__setattr__(self, "path", os.fspath(path))
        object.__setattr__(self, "splits", tuple(dict.fromkeys(names)))


@dataclass(frozen=True)
class HeldOut:
    """Everything that one model must meet on held-out splits, as one: a single bit is told.

    asked: the checks that it stands for.
    """

    splits: tuple[str, ...]
    asked: tuple[Any, ...]

    kind: ClassVar[str] = KIND
    finds: ClassVar[tuple[str, ...]] = ("EH-HELD-OUT",)

    @property
    def slug(self) -> str:
        return slug_of(*self.splits)

    def __str__(self) -> str:
        names = " and ".join(self.splits)
        many = len(self.asked)
        return f"the bound on {names}" if many == 1 else f"all {many} bounds on {names}"


def ledger_of(value: Any, problems: list[str]) -> Ledger | None:
    """The attribute `ledger`, where it can be one."""
    if value is None or isinstance(value, Ledger):
        return value
    if isinstance(value, str | os.PathLike):
        try:
            return Ledger(os.fspath(value))
        except DeclarationError as error:
            problems.append(f"ledger: {str(error).removeprefix('Ledger: ')}")
            return None
    problems.append(f"ledger = {value!r} must be a path, {EXAMPLE}, or Ledger(…)")
    return None


def measured_on(declared: Any, optimized: Metric | None = None) -> str:
    """The split on which a bound, an objective, a choice or a preference is measured; "" of others.
    optimized: the metric of preferences."""
    bound = bound_of(declared)
    if bound is not None:
        return bound.metric.split
    if isinstance(declared, Preference):
        return optimized.split if optimized is not None else ""
    return declared.metric.split if isinstance(declared, Choice) else ""


def collapsed(
    ledger: Ledger | None,
    checks: Sequence[Any],
    attributes: Mapping[str, Any],
    problems: list[str],
) -> list[Any]:
    """The checks, where what a ledger enforces on held-out splits is one check for each model."""
    if ledger is None or ledger.mode != ENFORCE:
        return list(checks)
    held = ledger.splits
    optimized = attributes["optimizing"]
    optimized = getattr(optimized, "metric", optimized)
    among = [c for c in checks if measured_on(c.declared, optimized) in held]
    measured = dict.fromkeys(measured_on(c.declared, optimized) for c in checks)
    problems += [
        f"splits={held!r}: no bound is on {name!r}, so nothing would be enforced there"
        f"{did_you_mean(name, [m for m in measured if m])}; list a bound on it in `satisficing`, "
        "or leave it out of the ledger"
        for name in held
        if name not in measured
    ]
    problems += _unenforceable(ledger, among, attributes)
    found, done = [], set()
    for check in checks:
        if check not in among:
            found.append(check)
        elif check.model not in done:
            done.add(check.model)
            asked = tuple(c for c in among if c.model == check.model)
            splits = dict.fromkeys(measured_on(c.declared, optimized) for c in asked)
            one = HeldOut(tuple(s for s in held if s in splits), asked)
            found.append(replace(check, id=one.slug, kind=KIND, declared=one))
    return found


def expanded(checks: Iterable[Any]) -> list[Any]:
    """The checks, with those that a held-out one stands for in its place."""
    return [c for x in checks for c in (x.declared.asked if _is_held(x) else (x,))]


def _is_held(check: Any) -> bool:
    return isinstance(check.declared, HeldOut)


def _unenforceable(
    ledger: Ledger, among: Sequence[Any], attributes: Mapping[str, Any]
) -> list[str]:
    """What would let more out of a held-out split than one bit, or could not be enforced."""
    held = ledger.splits
    names = " and ".join(map(repr, held))
    why = f"the ledger enforces that {names} {'lets' if len(held) == 1 else 'let'} one bit out"
    problems = []
    if attributes["policy"] == "point":
        problems.append(
            'policy = "point" has no level that a ledger could spend; leave it out, or use '
            'mode="audit"'
        )
    metrics = [m for m in attributes["also"] if isinstance(m, Metric) and m.split in held]
    problems += [
        f"also lists {m}, whose value would be told, and {why}; report it on dev, or bound it"
        for m in metrics
    ]
    for check in among:
        declared, bound = check.declared, bound_of(check.declared)
        if isinstance(declared, Choice | Preference):
            problems.append(
                f"{declared} would rank models by {' and '.join(held)}, and {why}; rank them on dev"
            )
        elif bound is not None and isinstance(bound.baseline, Saved):
            problems.append(
                f"{declared}: a saved result would hold what the model did there, and {why}; "
                "compare with a model of the outputs"
            )
        elif bound is not None and getattr(bound.human, "annotations", None) is not None:
            problems.append(
                f"{declared}: annotations may change without the predictions, so that no look "
                "could be told from the one before; declare the level: Human(expert=(7, 1000))"
            )
    every = [b.metric for b in attributes["satisficing"] if isinstance(b, Bound)]
    every += [m for m in attributes["also"] if isinstance(m, Metric)]
    if isinstance(attributes["optimizing"], Against):
        every.append(attributes["optimizing"].metric)
    problems += [
        f"{m} takes its threshold from {source!r}, and {why}; take it from dev"
        for m in every
        for part in m.parts
        if (source := dict(part.options).get("threshold_from")) in held
    ]
    return problems
