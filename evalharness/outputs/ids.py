"""Ids: what tells the examples of a split apart, and pairs them between models."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.plural import counted
from evalharness.outputs import kinds, unique
from evalharness.outputs.memory import nulls, to_numpy
from evalharness.outputs.words import Refused, rows, short, told

if TYPE_CHECKING:
    from evalharness.outputs.split import Split


def checked_ids(split: "Split") -> Any:
    """The ids (n,) as an Arrow array: none is null; none occurs twice, or, with a column `sample`,
    no pair of both does."""
    from evalharness.outputs.split import REMEDY

    column = split.column("id", remedy="pairing needs it; " + REMEDY.format(name="id"))
    if kinds.is_list(column):
        raise Refused("column `id` holds lists; it must have one value for each row")
    repeated = "sample" in split.column_names
    problems = _pair_problems(split) if repeated else lone_problems(column)
    if problems:
        raise Refused(*problems)
    return column


def ids(split: "Split") -> np.ndarray:
    """The checked ids (n,)."""
    column = split.checked_ids()
    if kinds.kind(column) == kinds.INTEGER:
        return to_numpy(column).copy()
    found = np.empty(len(column), object)
    found[:] = column.to_pylist()
    return found


def lone_problems(column: Any) -> list[str]:
    """Null ids and ids that occur twice."""
    import pyarrow.compute as pc

    problems = []
    if column.null_count:
        problems.append(f"column `id` is null in {rows(nulls(column))}; give every example an id")
    there = column.drop_null() if column.null_count else column
    if unique.surely_unique(there):
        return problems
    counts = pc.value_counts(there)
    times = to_numpy(counts.field("counts"))
    if (times > 1).any():
        first = counts.field("values")[int(np.argmax(times > 1))]
        places = to_numpy(pc.equal(column, first)) & ~nulls(column)
        problems.append(
            f"column `id` holds {counted(int((times > 1).sum()), 'ids')} more than once, the first "
            f"is {short(first.as_py())} in {rows(places)}; give every example its own id, or drop "
            "the copies; repeats of one example on purpose are told apart by a column `sample`"
        )
    return problems


def _pair_problems(split: "Split") -> list[str]:
    problems = [
        *told(split, lambda: split.groups_of("id")),
        *told(split, lambda: split.groups_of("sample")),
    ]
    if problems:
        return problems
    (ids, _), (samples, first_samples) = split.groups_of("id"), split.groups_of("sample")
    pairs = ids * len(first_samples) + samples
    _, first, times = np.unique(pairs, return_index=True, return_counts=True)
    if not (times > 1).any():
        return []
    row = int(first[times > 1].min())
    pair = ", ".join(short(split.column(name)[row].as_py()) for name in ("id", "sample"))
    several = counted(int((times > 1).sum()), "pairs")
    return [
        f"columns `id` and `sample` hold {several} more than once, the first is ({pair}) in "
        f"{rows(pairs == pairs[row])}; number the repeats of each id in `sample`, or drop the "
        "copies"
    ]
