"""Slices of a split as codes: which group of a declaration each example is in."""

from __future__ import annotations

from collections.abc import Sequence
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
    inside = np.ones(split.n, bool)
    if metric.where:
        try:
            inside = split.select(dict(metric.where))
        except OutputsError as error:
            problems += error.problems
    code, values = np.zeros(split.n, np.int32), (None,)
    if metric.group:
        try:
            code, values = split.partition(metric.group)
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(problems)
    if not metric.group:
        return Groups(np.where(inside, 0, 1).astype(np.int32), ("",))
    return _pool(code, values, inside, metric)


def _pool(code: Any, values: tuple[Any, ...], inside: Any, metric: Metric) -> Groups:
    """One group for each value with enough rows, and one for all the others together."""
    import numpy as np

    sizes = np.bincount(code[inside], minlength=len(values))
    found, target = named(values, sizes, metric)
    coded = np.where(inside, target[code], len(found.names)).astype(np.int32)
    return found._replace(code=coded)


def named(values: Sequence[Any], sizes: Any, metric: Metric) -> tuple[Groups, Any]:
    """The groups of values with so many rows each, and int (values,) the group of each value;
    `len(names)` for a value without rows."""
    import numpy as np

    large = np.flatnonzero(sizes >= metric.min_n)
    small = np.flatnonzero((sizes > 0) & (sizes < metric.min_n))
    names = [f"{metric.group}={word(values[v])}" for v in large]
    target = np.full(len(values), len(large) + bool(len(small)))
    target[large] = np.arange(len(large))
    if len(small):
        target[small] = len(large)
        names.append(f"{metric.group}: other ({len(small)} value{'s' * (len(small) > 1)} pooled)")
    pooled = tuple((word(values[v]), int(sizes[v])) for v in small)
    return Groups(None, tuple(names), pooled), target
