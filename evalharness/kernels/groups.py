"""Slices of a split as codes: which group of a declaration each example is in."""

from __future__ import annotations

from typing import Any, NamedTuple

from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric, word
from evalharness.declare.plural import counted


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
    parts = []
    for column in metric.group:
        try:
            parts.append(split.partition(column))
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(problems)
    if not metric.group:
        if inside is None:
            return Groups(np.broadcast_to(np.int32(0), split.n), ("",))
        return Groups((~inside).astype(np.int32), ("",))
    code, values = _crossed(parts)
    sizes = np.bincount(code if inside is None else code[inside], minlength=len(values))
    found, target = named(split, metric, values, sizes)
    # Most often every value is a group, and then its code is that of the group.
    coded = code if not found.pooled and len(found.names) == len(values) else target.take(code)
    if inside is not None:
        coded = np.where(inside, coded, np.int32(len(found.names)))
    return found._replace(code=coded)


# So many slices are never too many for the rows.
MANY = 1_000
# Up to so many combinations of values a table of all of them is kept.
TABLE = 1 << 22


def _crossed(parts: list[tuple[Any, tuple[Any, ...]]]) -> tuple[Any, list[tuple[Any, ...]]]:
    """Codes of the combinations of values that occur, or may, and the values of each code."""
    import numpy as np

    code, first = parts[0]
    values: list[tuple[Any, ...]] = [(v,) for v in first]
    for other, known in parts[1:]:
        if len(values) * len(known) < TABLE:
            code = code * np.int32(len(known)) + other
            values = [(*left, right) for left in values for right in known]
        else:
            pairs = code.astype(np.int64) * len(known) + other
            there, code = np.unique(pairs, return_inverse=True)
            values = [(*values[p // len(known)], known[p % len(known)]) for p in there.tolist()]
    return code, values


def named(
    split: Any, metric: Metric, values: list[tuple[Any, ...]], sizes: Any
) -> tuple[Groups, Any]:
    """The groups, without codes, of combinations of values with so many rows each, and int32
    (values,), the group of each combination.

    One group for each that has enough rows, and one for all the others together. Refused where
    there are about as many as rows.
    """
    import numpy as np

    large = np.flatnonzero(sizes >= metric.min_n)
    small = np.flatnonzero((sizes > 0) & (sizes < metric.min_n))
    if len(metric.group) == 1:
        (column,) = metric.group
        names = [f"{column}={word(values[v][0])}" for v in large.tolist()]
    else:
        names = [
            ", ".join(f"{c}={word(x)}" for c, x in zip(metric.group, values[v], strict=True))
            for v in large.tolist()
        ]
    if len(set(names)) < len(names):  # null and "(missing)", or values with commas in them
        names = [
            ", ".join(f"{c}={x!r}" for c, x in zip(metric.group, values[v], strict=True))
            for v in large
        ]
    target = np.full(len(values), len(large) + bool(len(small)), np.int32)
    target[large] = np.arange(len(large))
    if len(small):
        target[small] = len(large)
        names.append(f"{metric.crossed}: other ({counted(len(small), 'values')} pooled)")
    if len(names) > MANY and 2 * len(names) > split.n:
        raise OutputsError(
            [
                f"{split.where}: {metric}: `{metric.crossed}` has {len(names):,} values in "
                f"{split.n:,} rows, and slices of one or two rows decide nothing; slice by a "
                "column with fewer values, or pool the small ones with .by(…, min_n=…)"
            ]
        )
    pooled = ((", ".join(map(word, values[v])), int(sizes[v])) for v in small)
    return Groups(None, tuple(names), tuple(pooled)), target
