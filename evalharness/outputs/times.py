"""Which rows of a split are no later than those of a split that came before it."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.outputs import kinds, memory
from evalharness.outputs.alike import NUMBER, TIME, alike, family
from evalharness.outputs.words import rows

if TYPE_CHECKING:
    from evalharness.outputs.split import Split


def in_order(first: "Split", second: "Split", name: str) -> tuple[np.ndarray, int, str]:
    """bool (n,): the rows of the second split that are not later than all rows of the first; the
    last row of the first, and its time in words.

    Raises OutputsError where a time is null, is no time, or has a zone in one split only.
    """
    splits = (first, second)
    found = alike(name, splits, "name the column of times that both splits have")
    unordered = {kinds.TEXT, kinds.BOOLEAN} & {kinds.kind(s.column(name)) for s in splits}
    if family(found[0]) not in (TIME, NUMBER) or unordered:
        raise OutputsError(
            [
                f"{split.where}: column `{name}` is {kinds.kind(split.column(name))}, whose order "
                "in time is not known; write dates, times or numbers"
                for split in splits
            ]
        )
    problems = [
        f"{split.where}: column `{name}` is null in {rows(memory.nulls(column))}; whether a row is "
        "later needs its time: fill it, or leave these rows out of the split"
        for split, column in zip(splits, found, strict=True)
        if column.null_count
    ]
    if problems:
        raise OutputsError(problems)
    before, after = (_numbers(column) for column in found)
    last = int(np.argmax(before))
    return after <= before[last], last, _told(found[0], before[last])


def _numbers(column: Any) -> np.ndarray:
    """(n,), in the unit of the column."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) or pa.types.is_date64(column.type):
        return memory.to_numpy(column.view(pa.int64()))
    if pa.types.is_date32(column.type):
        return memory.to_numpy(column.view(pa.int32()))
    return memory.to_numpy(column)


def _told(column: Any, number: Any) -> str:
    """A time as people write it; NumPy does it in any unit, and without a table of zones."""
    import pyarrow as pa

    if family(column) != TIME:
        return str(number)
    unit: Any = "D" if pa.types.is_date32(column.type) else getattr(column.type, "unit", "ms")
    moment = np.datetime64(int(number), unit)
    return f"{moment}{' UTC' if getattr(column.type, 'tz', None) else ''}"
