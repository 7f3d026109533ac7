"""Slices of a split as codes: which group of a declaration each example is in."""

from __future__ import annotations

from typing import Any, NamedTuple

from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric, word


class Groups(NamedTuple):
    """code: int32 (n,), the group of each row, `len(names)` for rows outside of all;
    names: "" for the whole, else "device=phone"; pooled: (value, rows) of those too small to stand
           alone."""

    code: Any
    names: tuple[str, ...]
    pooled: tuple[tuple[str, int], ...] = ()


def groups(split: Any, metric: Metric) -> Groups:
    """The rows that `metric.on(…, column=value).by(column, min_n=…)` speaks of."""
    import numpy as np

    problems: list[str] = []
    inside = None
    if metric.where:
        try:
            inside = split.select(dict(metric.where))
        except OutputsError as error:
            problems += error.problems
    if metric.group:
        try:
            code, values = split.partition(metric.group)
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(problems)
    if not metric.group:
        if inside is None:
            return Groups(np.broadcast_to(np.int32(0), split.n), ("",))
        return Groups((~inside).astype(np.int32), ("",))
    return _pool(code, values, inside, metric)


def _pool(code: Any, values: tuple[Any, ...], inside: Any, metric: Metric) -> Groups:
    """One group for each value with enough rows, and one for all the others together.

    inside: bool (n,), the rows that are asked for; None for all.
    """
    import numpy as np

    sizes = np.bincount(code if inside is None else code[inside], minlength=len(values))
    large = np.flatnonzero(sizes >= metric.min_n)
    small = np.flatnonzero((sizes > 0) & (sizes < metric.min_n))
    names = [f"{metric.group}={word(values[v])}" for v in large]
    target = np.full(len(values), len(large) + bool(len(small)), np.int32)
    target[large] = np.arange(len(large))
    if len(small):
        target[small] = len(large)
        names.append(f"{metric.group}: other ({len(small)} value{'s' * (len(small) > 1)} pooled)")
    # Most often every value is a group, and then its code is that of the group.
    coded = code if len(large) == len(values) else target.take(code)
    if inside is not None:
        coded = np.where(inside, coded, np.int32(len(names)))
    return Groups(coded, tuple(names), tuple((word(values[v]), int(sizes[v])) for v in small))
