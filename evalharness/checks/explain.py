"""How a column differs between two splits, in the units of whoever filled it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evalharness.checks.columns import Categories, Numbers
from evalharness.outputs.words import short

# So many values are named, since cell contents are private.
SHOWN = 3
# Categories of more values than these may be told by what they begin with.
MANY = 20
# The part of the largest difference that a longer beginning must keep to be told instead.
KEPT = 0.75


def differences(column: Numbers | Categories, splits: Sequence[str]) -> list[str]:
    """What lies furthest apart, the largest difference first."""
    if isinstance(column, Numbers):
        return _of_numbers(column, splits)
    return _of_categories(column, splits)


def share(x: float) -> str:
    """0.3124 → "31 %"; three digits of what is small."""
    percent = 100 * x
    digits = 0 if percent >= 10 or percent == 0 else 1 if percent >= 1 else 2
    return f"{percent:.{digits}f} %"


def _of_numbers(column: Numbers, splits: Sequence[str]) -> list[str]:
    first, second = splits
    gap = column.gap
    lines = []
    if np.isfinite(gap.at):
        side = "at or before" if column.how == "times" else "at or below"
        lines.append(
            f"{column.name} {side} {_written(gap.at, column)}: {share(gap.share_a)} of {first}, "
            f"{share(gap.share_b)} of {second}"
        )
        medians = [_written(float(np.median(x)), column) for x in column.samples]
        lines.append(f"its medians: {medians[0]} and {medians[1]}")
    missing = [float(np.isinf(x).mean()) for x in column.samples]
    if abs(missing[0] - missing[1]) > gap.distance / 2 and any(missing):
        of = f"{share(missing[0])} of {first}, {share(missing[1])} of {second}"
        lines.insert(0, f"{column.name} missing: {of}")
    return lines


def _written(value: float, column: Numbers) -> str:
    if not np.isfinite(value):
        return "missing"
    if column.how == "times":
        text = str(np.datetime64(int(value), "us"))
        return text.split("T")[0] if text.endswith("00:00:00.000000") else text.split(".")[0]
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.4g}"


def _of_categories(column: Categories, splits: Sequence[str]) -> list[str]:
    first, second = splits
    names, counts = _beginnings(column) or (column.values, column.counts)
    shares = counts / counts.sum(axis=1, keepdims=True)
    apart = abs(shares[0] - shares[1])
    order = [k for k in np.argsort(-apart, kind="stable")[:SHOWN] if apart[k] > 0]
    told = []
    for k in order:
        value = "missing" if names[k] is None else short(names[k])
        of = [f"{share(shares[i, k])} of {split}" for i, split in enumerate((first, second))]
        told.append(f"{column.name} {value}: {of[0]}, {of[1]}")
    return told


def _beginnings(column: Categories) -> tuple[tuple[Any, ...], Any] | None:
    """Of codes of one length (post codes) the longest beginnings that tell most of the difference,
    as "945xx", and their counts; None of other values, or where whole values tell it."""
    texts = column.values
    lengths = {len(t) for t in texts if isinstance(t, str)}
    if len(texts) <= MANY or len(lengths) != 1 or not all(isinstance(t, str) for t in texts):
        return None
    (length,) = lengths
    found: list[tuple[float, tuple[str, ...], Any]] = []
    for kept in range(length, 0, -1):
        heads, place = np.unique([t[:kept] for t in texts], return_inverse=True)
        counts = np.stack([np.bincount(place, row, minlength=len(heads)) for row in column.counts])
        shares = counts / counts.sum(axis=1, keepdims=True)
        found.append((float(abs(shares[0] - shares[1]).max()), tuple(heads.tolist()), counts))
    most = max(gap for gap, _, _ in found)
    for gap, names, counts in found:
        if gap >= KEPT * most:
            if len(names) == len(texts):
                return None
            return tuple(n + "x" * (length - len(n)) for n in names), counts
    return None
