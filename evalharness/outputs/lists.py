"""List columns: one place for each class (`scores`) or for each task (multilabel `label`)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.outputs import kinds
from evalharness.outputs.memory import nulls, to_numpy
from evalharness.outputs.words import Refused, rows, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

NUMBERS = (kinds.REAL, kinds.INTEGER)
TRUTHS = (*NUMBERS, kinds.BOOLEAN, kinds.EMPTY)


def is_multilabel(split: "Split") -> bool:
    """Whether `label` holds a list of numbers or booleans in every row."""
    if "label" not in split.column_names or split.integers("label") is not None:
        return False
    return holds(split.column("label"), TRUTHS)


def refuse_multilabel(split: "Split") -> None:
    """Refused where one class for each row is asked of a multilabel table."""
    if split.multilabel:
        raise Refused(
            "column `label` holds a list for each row (multilabel), but this metric takes one "
            "class for each row; ask a metric that counts by task, of one task "
            '(such as recall(positive="<task>")) or over all (such as recall(average="macro"))'
        )


def holds(column: Any, wanted: tuple[str, ...]) -> bool:
    """Whether a column holds lists of one of the wanted kinds."""
    return kinds.is_list(column) and _kind_inside(column) in wanted


def cells(
    split: "Split",
    name: str,
    wanted: tuple[str, ...] = NUMBERS,
    *,
    null_rows: bool = False,
    narrow: bool = False,
) -> np.ndarray:
    """float64 (n, classes): what the lists hold, NaN for null; Refused unless each has one place
    for each class.

    null_rows: whether a row without a list is allowed, as a list of nulls.
    narrow:    float32 where the table has them so, and no nulls.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column, known = split.column(name), split.classes
    null = nulls(column)
    if null.any() and not null_rows:
        what = f"its {name}" if name == "scores" else "a list"
        raise Refused(f"column `{name}` is null in {rows(null)}; every row needs {what}")
    if pa.types.is_fixed_size_list(column.type):
        lengths = np.full(len(column), column.type.list_size)
    else:
        lengths = to_numpy(pc.list_value_length(column))
    wrong = (lengths != len(known)) & ~null
    if wrong.any():
        what = "numbers" if name == "scores" else "places"
        raise Refused(
            f"column `{name}` has {values(np.unique(lengths[~null]).tolist())} {what} in "
            f"{rows(wrong)}, but there are {len(known)} classes ({values(known, 10)}); list every "
            f"class{' (task)' if split.multilabel else ''} in order: Outputs(…, classes=[…])"
        )
    flat = (column.drop_null() if column.null_count else column).flatten()
    if narrow and pa.types.is_float32(flat.type) and not (column.null_count or flat.null_count):
        return to_numpy(flat).reshape(-1, len(known))
    flat = kinds.plain(flat)
    if kinds.kind(flat) not in wanted:
        raise Refused(
            f"column `{name}` holds lists of {kinds.kind(flat)}; "
            + ("numbers are needed" if wanted == NUMBERS else "0 or 1 is needed for each task")
        )
    if kinds.kind(flat) in NUMBERS and not (column.null_count or flat.null_count):
        return to_numpy(flat.cast(pa.float64(), safe=False)).reshape(-1, len(known))
    found = np.full((len(column), len(known)), np.nan)
    if not pa.types.is_null(flat.type):
        numbers = to_numpy(
            flat.cast(pa.int8() if pa.types.is_boolean(flat.type) else pa.float64(), safe=False)
        )
        found[~null] = np.where(nulls(flat), np.nan, numbers).reshape(-1, len(known))
    return found


def _kind_inside(column: Any) -> str:
    import pyarrow as pa

    return kinds.kind(kinds.plain(pa.nulls(0, column.type.value_type)))
