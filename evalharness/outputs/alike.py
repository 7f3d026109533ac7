"""One column of several splits in one type, so that what is equal is found equal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.outputs import kinds, memory
from evalharness.outputs.words import rows

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

NUMBER, TIME, LIST = "number", "time", "list"
UNITS = ("s", "ms", "us", "ns")


def columns(name: str, splits: Sequence["Split"], remedy: str = "") -> list[Any]:
    """The column of each split, a plain Arrow array (n,) with at least one value.

    Raises OutputsError with the problems of all splits.
    """
    problems: list[str] = []
    found = []
    for split in splits:
        try:
            column = split.column(name, remedy=remedy)
        except OutputsError as error:
            problems += error.problems
            continue
        if split.n and column.null_count == split.n:
            problems.append(
                f"{split.where}: column `{name}` is null in every row, so that nothing can be "
                "found in it; fill it, or leave it out of what is compared"
            )
        found.append(column)
    if problems:
        raise OutputsError(problems)
    return found


def alike(name: str, splits: Sequence["Split"], remedy: str = "") -> list[Any]:
    """The column of each split, Arrow arrays (n,) of one type whose equal values are equal.

    Integers, floats and booleans are numbers: 5, 5.0 and True, 1 are equal, −0.0 is 0, NaN is
    null. Where float32 meets float64, both are rounded to float32. Times are put into the finest
    unit. Lists stay as they are.

    Raises OutputsError where the types cannot be compared.
    """
    found = columns(name, splits, remedy)
    return one_type(name, splits, found, [_inner(split.given(name).type) for split in splits])


def one_type(
    name: str, splits: Sequence["Split"], found: Sequence[Any], given: Sequence[Any]
) -> list[Any]:
    """The same of plain arrays; `given` are the Arrow types before they were made plain. Nulls of
    no type, such as what empty lists hold, are of any type."""
    typed = [column for column in found if kinds.kind(column) != kinds.EMPTY]
    if typed:
        found = [c.cast(typed[0].type) if kinds.kind(c) == kinds.EMPTY else c for c in found]
    families = {family(column) for column in found}
    if len(families) > 1:
        raise _apart(name, splits, [_named(column) for column in found])
    if families == {NUMBER}:
        return _numbers(name, splits, found, given)
    if families == {TIME}:
        return _times(name, splits, found)
    if len({column.type for column in found}) == 1 or families == {LIST}:
        return list(found)
    return [column.cast("large_binary") for column in found]


def family(column: Any) -> str:
    """NUMBER, TIME, LIST, "text", "binary", or the Arrow type's own name."""
    import pyarrow as pa

    kind = kinds.kind(column)
    if kind in (kinds.INTEGER, kinds.REAL, kinds.BOOLEAN):
        return NUMBER
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return TIME
    if kinds.is_list(column):
        return LIST
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return "binary"
    return "binary" if pa.types.is_fixed_size_binary(column.type) else kind


def _numbers(
    name: str, splits: Sequence["Split"], found: Sequence[Any], given: Sequence[Any]
) -> list[Any]:
    import pyarrow as pa

    if not any(kinds.kind(column) == kinds.REAL for column in found):
        whole = [c.cast("int64") if kinds.kind(c) == kinds.BOOLEAN else c for c in found]
        if len({column.type for column in whole}) > 1:  # int64 and uint64
            return [column.cast("large_string") for column in whole]
        return whole
    narrow = any(pa.types.is_float32(t) or pa.types.is_float16(t) for t in given)
    wanted = np.float32 if narrow else np.float64
    exact = 2 ** (np.finfo(wanted).nmant + 1)
    problems = []
    result = []
    for split, column in zip(splits, found, strict=True):
        missing = memory.nulls(column)
        values = memory.to_numpy(column)
        large = (values > exact) & ~missing
        if values.dtype.kind == "i":
            large |= (values < -exact) & ~missing
        if kinds.kind(column) == kinds.INTEGER and large.any():
            problems.append(
                f"{split.where}: column `{name}` holds integers beyond {exact:,} in {rows(large)}, "
                f"which the {np.dtype(wanted).name} numbers of the other split cannot tell apart; "
                "write both as integers or both as text"
            )
        with np.errstate(over="ignore"):
            values = np.add(values.astype(wanted), 0, dtype=wanted)  # −0.0 + 0.0 is 0.0
        result.append(pa.array(values, mask=missing | np.isnan(values)))
    if problems:
        raise OutputsError(problems)
    return result


def _times(name: str, splits: Sequence["Split"], found: Sequence[Any]) -> list[Any]:
    import pyarrow as pa

    if len({column.type for column in found}) == 1:
        return list(found)
    zones = [getattr(column.type, "tz", None) for column in found]
    if len({zone is None for zone in zones}) > 1:
        raise _apart(
            name,
            splits,
            ["time without a time zone" if z is None else f"time in zone {z}" for z in zones],
            "write both with a time zone, or both without",
        )
    units = [getattr(column.type, "unit", "s") for column in found]
    wanted = pa.timestamp(max(units, key=UNITS.index), zones[0])
    try:
        # In two steps: a date becomes a time of its own unit first.
        return [
            column.cast(wanted)
            if pa.types.is_timestamp(column.type)
            else column.cast(pa.timestamp("ms")).cast(wanted)
            for column in found
        ]
    except pa.ArrowInvalid:
        pass
    raise _apart(name, splits, [str(column.type) for column in found])


def _inner(given: Any) -> Any:
    """The type of what a dictionary or run ends hold."""
    return getattr(given, "value_type", given) if not hasattr(given, "value_field") else given


def _named(column: Any) -> str:
    if family(column) == LIST:
        return "lists"
    return str(column.type) if family(column) == TIME else kinds.kind(column)


def _apart(
    name: str,
    splits: Sequence["Split"],
    found: Sequence[str],
    remedy: str = "write both in one type",
) -> OutputsError:
    told = ", ".join(f"{what} in {s.where}" for s, what in zip(splits, found, strict=True))
    return OutputsError(
        [f"column `{name}` is {told}; equal values could not be told as equal: {remedy}"]
    )
