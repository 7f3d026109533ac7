"""Whether two splits come from one distribution, or differ by no more than was declared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalharness.checks.cause import notes
from evalharness.checks.columns import Categories, Numbers, Unlike, compared, has, shared
from evalharness.checks.explain import differences
from evalharness.checks.findings import REPORTED, Finding
from evalharness.checks.settings import Settings
from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.declare.splits import KS, SHARE, KnownDifference, SameDistribution
from evalharness.inference.multiplicity import adjusted
from evalharness.inference.numbers import about, percent, plain, show
from evalharness.inference.two_sample import Distance, settle
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS
from evalharness.outputs.words import names as listed

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

Column = Numbers | Categories
# Gated without being named, where both splits have them.
DEFAULT = ("label", "prediction", "score")
# Sorting and counting leave Python's lock.
THREADS = 4


def gated(check: SameDistribution | KnownDifference, first: Split, second: Split) -> list[str]:
    """Names of the columns of which something is required; with those that are missing in one."""
    named = [name for name, _ in check.columns]
    if isinstance(check, KnownDifference):
        return named
    default = [n for n in DEFAULT if n not in named and all(has(s, n) for s in (first, second))]
    return default + named


def problems(check: SameDistribution | KnownDifference, first: Split, second: Split) -> list[str]:
    """What keeps the check from being made, told from the names of the columns."""
    found = []
    lists = getattr(check, "embeddings", ())
    for name in [*(n for n, _ in check.columns), *lists]:
        for split in (first, second):
            if not has(split, name):
                hint = did_you_mean(name, split.column_names)
                found.append(
                    f"{split.where}: there is no column `{name}`, which {check} compares{hint}; "
                    f"there are {listed(split.column_names)}"
                )
    if not found and not (gated(check, first, second) or lists or _joint(check)):
        found.append(
            f"{check}: {first.where} and {second.where} share none of the columns that it gates "
            "(`label`, `prediction`, `score`); name others: columns={…}; there are "
            f"{listed(shared(first, second))} in both"
        )
    return found


def judge(
    check: SameDistribution | KnownDifference, first: Split, second: Split, settings: Settings
) -> tuple[list[Finding], list[str]]:
    """The findings of a check, what is gated and then what is only reported, and notes.

    `settings.family`: over how many gated columns of the evaluation the level of a fail is shared.
    Raises OutputsError with every column that cannot be compared.
    """
    wanted = gated(check, first, second)
    tolerances = dict(check.columns)
    rest = [n for n in shared(first, second) if n not in wanted]
    if isinstance(check, SameDistribution) and "correct" not in wanted:
        rest += ["correct"] if all(has(s, "correct") for s in (first, second)) else []
    rest = [n for n in dict.fromkeys(rest) if n not in getattr(check, "embeddings", ())]
    columns, unlike = _columns(first, second, [*wanted, *rest], settings)
    refused = [
        f"{first.where} and {second.where}: column `{name}` cannot be compared: {why}"
        for name, why in unlike.items()
        if name in tolerances or (name in wanted and "list" not in why)
    ]
    if refused:
        raise OutputsError(refused)
    found = [
        _gated(check, columns[name], tolerances.get(name), settings)
        for name in wanted
        if name in columns
    ]
    found += _reported(check, [columns[n] for n in rest if n in columns], unlike)
    if isinstance(check, KnownDifference):
        return found, []
    matters = {n: _tolerance(c, tolerances.get(n)) for n, c in columns.items()}
    splits = (check.splits[0], check.splits[1])
    return found, notes(splits, columns, matters, 1 - settings.confidence)


def _tolerance(column: Column, declared: float | None) -> float:
    return declared or (KS if isinstance(column, Numbers) else SHARE)


def _columns(
    first: Split, second: Split, names: Iterable[str], settings: Settings
) -> tuple[dict[str, Column], dict[str, str]]:
    """The columns by name, with their distances worked out; and why others have none."""
    from evalharness.outputs.progress import shown

    found: dict[str, Column] = {}
    unlike: dict[str, str] = {}

    def measured(name: str) -> Column | str:
        try:
            column = compared(first, second, name, settings.seed)
        except Unlike as why:
            return str(why)
        _ = column.distance.value
        return column

    asked = list(names)
    with ThreadPoolExecutor(THREADS) as pool:
        made = shown(pool.map(measured, asked), lambda _: 1, len(asked), "comparing", " columns")
        for name, column in zip(asked, made, strict=True):
            if isinstance(column, str):
                unlike[name] = column
            else:
                found[name] = column
    return found, unlike


def _gated(
    check: SameDistribution | KnownDifference,
    column: Column,
    tolerance: float | None,
    settings: Settings,
) -> Finding:
    distance, code = column.distance, check.codes[0]
    most = _tolerance(column, tolerance)
    alpha = 1 - settings.confidence
    level = alpha / settings.family
    upper, lower = distance.upper(alpha), distance.lower(level)
    outcome = PASS if upper < most else FAIL if lower > most else INCONCLUSIVE
    if isinstance(check, KnownDifference) and outcome == INCONCLUSIVE:
        outcome = PASS  # it differs, and is not shown to differ by more than was declared
    needed: tuple[int, int] | None = None
    if outcome == INCONCLUSIVE:
        needed = settle(distance, most, alpha if distance.value < most else level)
    finding = Finding(
        code,
        column.name,
        outcome,
        "",
        measure=distance.measure,
        value=distance.value,
        limit=lower if outcome == FAIL else upper,
        op="≥" if outcome == FAIL else "≤",
        required=most,
        level=level if outcome == FAIL else alpha,
        p_value=distance.p_value,
        n=distance.n,
        settle=needed or (),
    )
    told = _sentence(check, column, distance, finding, settings, needed)
    lines = () if outcome == PASS else tuple(differences(column, check.splits))
    return replace(finding, told=told, details=lines)


def _sentence(
    check: SameDistribution | KnownDifference,
    column: Column,
    distance: Distance,
    f: Finding,
    settings: Settings,
    needed: tuple[int, int] | None,
) -> str:
    side = "at least" if f.outcome == FAIL else "at most"
    limit = show(f.limit, near=f.required, toward="down" if f.outcome == FAIL else "up")
    sure = percent(1 - f.level)
    alpha = 1 - settings.confidence
    shared_ = (
        f", level {alpha:.4g} / {settings.family:,} columns"
        if f.outcome == FAIL and settings.family > 1
        else ""
    )
    words = "declared" if isinstance(check, KnownDifference) else "tolerance"
    text = (
        f"{column.shown}: {distance.measure} {show(f.value, near=f.required)}, {side} {limit} "
        f"with {sure} confidence ({rows(f.n, distance.note)}{shared_}); "
        f"{words} {plain(f.required)}: {f.outcome}"
    )
    if f.outcome == FAIL:
        head = differences(column, check.splits)
        return text + (f"; {head[0]}" if head else "")
    if f.outcome != INCONCLUSIVE:
        return text
    if distance.lower(alpha) > f.required:
        text += f" (likely fail: beyond the tolerance, but not at the shared level {f.level:.4g})"
    if distance.upper(alpha) - distance.value >= f.required:
        text += "; these are too few rows to pass, whatever they hold"
    if needed is None:
        return text + "; at exactly the tolerance no number of rows would settle it"
    one, two = needed
    first, second = check.splits
    return (
        f"{text}; about {about(one)} fresh rows of {first} and {about(two)} of {second} would "
        f"settle it, if the true one is {show(f.value)}"
    )


def rows(n: tuple[int, ...], note: str = "") -> str:
    """Such as "n=2,000 and 1,500 rows"."""
    return f"n={n[0]:,} and {n[1]:,} rows" + (f" in {note}" if note else "")


def _reported(
    check: SameDistribution | KnownDifference, columns: list[Column], unlike: Mapping[str, str]
) -> list[Finding]:
    """What is compared and not gated, the surest differences first; p-values adjusted by Holm."""
    p_values = adjusted([c.distance.p_value for c in columns])
    found = []
    for column, p in zip(columns, p_values, strict=True):
        d = column.distance
        low = d.lower(0.05)
        differs = p < 0.05
        lines = differences(column, check.splits)
        word = f"{'differs' if differs else 'does not surely differ'}: {d.measure} {show(d.value)}"
        told = f"{column.shown} {word}, at least {show(low, toward='down')} ({p_word(p)})"
        if differs and lines:
            told += f"; {lines[0]}"
        found.append(
            Finding(
                check.codes[0],
                column.name,
                REPORTED,
                told,
                measure=d.measure,
                value=d.value,
                limit=low,
                op="≥",
                p_value=p,
                n=d.n,
                details=tuple(lines[1:]) if differs else (),
            )
        )
    found.sort(key=lambda f: (f.p_value >= 0.05, -f.limit, -f.value))
    return found + [
        Finding(check.codes[0], name, REPORTED, f"`{name}` was not compared: {why}")
        for name, why in unlike.items()
    ]


def p_word(p: float) -> str:
    """A p-value as messages print it."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"


def _joint(check: Any) -> bool:
    return getattr(check, "classifier", None) is not None


