"""How a column differs between two splits, in the units of whoever filled it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from evalharness.checks.columns import Categories, Numbers
from evalharness.outputs.words import short

# So many values are named, since cell contents are private.
SHOWN = 3


def differences(column: Numbers | Categories, splits: Sequence[str]) -> list[str]:
    """What lies furthest apart, the largest difference first."""
    if isinstance(column, Numbers):
        return _of_numbers(column, splits)
    return _of_categories(column, splits)


def share(x: float) -> str:
    """0.3124 → "31 %"; three digits of what is small."""
    percent = 100 * x
    near = min(percent, 100 - percent)
    digits = 0 if near >= 10 or near == 0 else 1 if near >= 1 else 2
    return f"{percent:.{digits}f} %"


def _of_numbers(column: Numbers, splits: Sequence[str]) -> list[str]:
    first, second = splits
    gap = column.gap
    lines = []
    if np.isfinite(gap.at):
        side = "at or before" if column.how in ("times", "clock") else "at or below"
        title = f"length of {column.name}" if column.how == "lengths" else column.name
        lines.append(
            f"{title} {side} {_written(gap.at, column)}: {share(gap.share_a)} of {first}, "
            f"{share(gap.share_b)} of {second}"
        )
        if not any(np.isinf(x).any() for x in column.samples):
            medians = [_written(float(np.median(x)), column) for x in column.samples]
            lines.append(f"median {title}: {medians[0]} in {first}, {medians[1]} in {second}")
    missing = [float(np.isinf(x).mean()) for x in column.samples]
    if abs(missing[0] - missing[1]) > gap.distance / 2 and any(missing):
        of = f"{share(missing[0])} of {first}, {share(missing[1])} of {second}"
        lines.insert(0, f"{column.name} missing: {of}")
    return lines


def _written(value: float, column: Numbers) -> str:
    if not np.isfinite(value):
        return "missing"
    if column.how == "durations":
        return str(datetime.timedelta(microseconds=int(value)))
    if column.how == "clock":
        return str((datetime.datetime.min + datetime.timedelta(microseconds=int(value))).time())
    if column.how == "times":
        day, time = str(np.datetime64(int(value), "us")).split("T")
        return day if time.startswith("00:00:00.000000") else f"{day} {time[:8]}"
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.4g}"


def _of_categories(column: Categories, splits: Sequence[str]) -> list[str]:
    distance = column.distance
    apart = abs(distance.difference)
    order = np.argsort(-apart, kind="stable")
    told: list[str] = []
    shown: list[Any] = []
    for k in order:
        name = column.names[k]
        if len(told) == SHOWN or apart[k] == 0 or any(_same(name, other) for other in shown):
            continue
        shown.append(name)
        value = "missing" if name is None else short(name)
        of = [f"{share(distance.shares[i, k])} of {split}" for i, split in enumerate(splits)]
        told.append(f"{column.name} {value}: {of[0]}, {of[1]}")
    if set(column.values) in ({True, False}, {0, 1}):  # the one share tells the other
        yes = next(k for k, v in enumerate(column.values) if v)
        told = [t for t in told if t.startswith(f"{column.name} {short(column.values[yes])}:")]
    return told


def _same(name: Any, other: Any) -> bool:
    """Whether one is the beginning of the other: 945xx and 94xxx tell of one difference."""
    if not (isinstance(name, str) and isinstance(other, str)) or len(name) != len(other):
        return False
    heads = sorted((name.rstrip("x"), other.rstrip("x")), key=len)
    return heads[1].startswith(heads[0])
