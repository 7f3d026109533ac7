"""What is found of one column of two splits, in numbers and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalharness.checks.columns import FEW, Categories, Numbers
from evalharness.checks.explain import differences
from evalharness.checks.findings import REPORTED, Finding
from evalharness.checks.joint_shift import Embedding
from evalharness.checks.settings import Settings
from evalharness.checks.within import Within, level_word, within
from evalharness.declare.split_checks import KnownDifference, SameDistribution
from evalharness.inference.multiplicity import adjusted
from evalharness.inference.numbers import about, percent, plain, show
from evalharness.inference.two_sample import Distance, KsDistance, settle
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS

Column = Numbers | Categories
# The smallest differences that matter, where none are declared: the largest distance between two
# distribution functions, and the largest difference of one share.
KS, SHARE = 0.10, 0.05


def tolerance(column: Column, declared: float | None) -> float:
    return declared or (KS if isinstance(column, Numbers) else SHARE)


def gated(
    check: SameDistribution | KnownDifference,
    column: Column,
    declared: float | None,
    settings: Settings,
) -> Finding:
    distance, alpha = column.distance, 1 - settings.confidence
    most = tolerance(column, declared)
    known = isinstance(check, KnownDifference)
    many = (
        isinstance(column, Categories) and len(column.values) > FEW and settings.policy != "point"
    )
    # Of many values no one need move for all to be others: then there are two ways to fail.
    found = within(distance, most, settings, ways=1 + many)
    measure, open_ = distance.measure, ""
    if isinstance(column, Categories) and many:
        found, measure, open_ = _together(column, found, most, settings)
    if known and found.outcome == INCONCLUSIVE:
        found = replace(found, outcome=PASS)  # it is not shown to differ by more than declared
    told = (
        f"{column.shown}: {measure} {found.told} ({rows(distance.n, distance.note)}); "
        f"{'declared' if known else 'tolerance'} {plain(most)}: {found.outcome}"
    )
    lines = [] if found.outcome == PASS else differences(column, check.splits)
    needed: tuple[int, ...] = ()
    if found.outcome == INCONCLUSIVE:
        needed = () if open_ else settle(distance, most, found.level) or ()
        told += open_ or _remedy(check, distance, most, alpha, needed)
    elif lines:
        told += f"; {lines[0]}"
    return Finding(
        check.codes[0],
        column.name,
        told=told,
        measure=measure,
        p_value=distance.p_value,
        n=distance.n,
        settle=needed,
        details=tuple(lines),
        **found.fields,
    )


def _together(
    column: Categories, found: Within, most: float, settings: Settings
) -> tuple[Within, str, str]:
    """The verdict with regard to all values together, what it is of, and what is open.

    Groups of values that differ by more than is tolerated of one fail where that is sure, and where
    it is likely nothing passes.
    """
    distance, measure = column.distance, column.distance.measure
    alpha = 1 - settings.confidence
    level = alpha / settings.family / 2
    least = distance.least_variation(level)
    if found.outcome != FAIL and least > most:
        told = (
            f"{show(distance.variation)} of all values together, at least "
            f"{show(least, near=most, toward='down')} with {percent(1 - level)} confidence"
            f"{level_word(alpha, settings.family, 2)}"
        )
        return Within(FAIL, distance.variation, least, level, most, told), "total variation", ""
    if found.outcome == PASS and distance.excess > most:
        told = (
            f"; no one value differs by more, but all together differ by {show(distance.variation)}"
            f", of which chance explains {show(distance.variation - distance.excess)}"
        )
        return replace(found, outcome=INCONCLUSIVE), measure, told
    return found, measure, ""


def _remedy(
    check: SameDistribution | KnownDifference,
    distance: Distance,
    most: float,
    alpha: float,
    needed: tuple[int, ...],
) -> str:
    text, alike = "", ", in clusters like these," if distance.note else ""
    if not distance.note and distance.upper(alpha) - distance.value >= most:
        text = "; so few rows, with such shares, cannot pass"
        if distance.measure == KsDistance.measure:
            text = "; so few rows cannot pass, whatever they hold"
    if not needed:
        return text + "; at exactly the tolerance no number of rows would settle it"
    first, second = check.splits
    one, two = map(about, needed)
    return (
        f"{text}; about {one} fresh rows of {first} and {two} of {second}{alike} would settle it, "
        f"if the true one is {show(distance.value)}"
    )


def rows(n: tuple[int, ...], note: str = "") -> str:
    """Such as "n=2,000 and 1,500 rows"."""
    return f"n={n[0]:,} and {n[1]:,} rows" + (f" in {note}" if note else "")


def reported(
    check: SameDistribution | KnownDifference,
    columns: Sequence[Column | Embedding],
    unlike: Mapping[str, str],
) -> list[Finding]:
    """What is compared and not gated, the surest differences first; p-values adjusted by Holm."""
    p_values = adjusted([c.distance.p_value for c in columns])
    found = []
    for column, p in zip(columns, p_values, strict=True):
        d = column.distance
        low = d.lower(0.05)
        differs = p < 0.05
        lines: list[str] = []
        if differs and not isinstance(column, Embedding):
            lines = differences(column, check.splits)
        word = f"{'differs' if differs else 'does not surely differ'}: {d.measure} {show(d.value)}"
        least = "" if math.isnan(low) else f", at least {show(low, toward='down')}"
        part = f"; {d.note}" if isinstance(column, Embedding) and d.note else ""
        told = f"{column.shown} {word}{least} ({p_word(p)}{part})"
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
    found.sort(key=lambda f: (f.p_value >= 0.05, -(f.limit if f.limit == f.limit else f.value)))
    return found + [
        Finding(check.codes[0], name, REPORTED, f"`{name}` was not compared: {why}")
        for name, why in unlike.items()
    ]


def p_word(p: float) -> str:
    """A p-value as messages print it."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"
