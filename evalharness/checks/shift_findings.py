"""What is found of one column of two splits, in numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from evalharness.checks.columns import Categories, Numbers
from evalharness.checks.explain import differences
from evalharness.checks.findings import REPORTED, Finding
from evalharness.checks.settings import Settings
from evalharness.declare.splits import KS, SHARE, KnownDifference, SameDistribution
from evalharness.inference.multiplicity import adjusted
from evalharness.inference.numbers import about, percent, plain, show
from evalharness.inference.two_sample import Distance, settle
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS

Column = Numbers | Categories


def tolerance(column: Column, declared: float | None) -> float:
    return declared or (KS if isinstance(column, Numbers) else SHARE)


def gated(
    check: SameDistribution | KnownDifference,
    column: Column,
    declared: float | None,
    settings: Settings,
) -> Finding:
    distance, code = column.distance, check.codes[0]
    most = tolerance(column, declared)
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


def reported(
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
