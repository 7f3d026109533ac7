"""The jitted pass over the examples. The only place where examples go to the device and tables come
back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from evalharness.kernels.backend import compiled, fetched, on_cpu, scope
from evalharness.statistics.base import Columns, Statistic

# Up to so many entries a pass takes a millisecond or two, however well it was compiled.
SMALL = 1 << 16


def count(
    statistic: Statistic, columns: Columns, code: Any, groups: int, weight: Any = None
) -> Sequence[Any]:
    """The table of each group.

    columns: arrays of shape (m,); code: int32 (m,), the group of each entry, ≥ groups for none;
    weight: float64 (m,), how much each entry counts; None where all count alike.
    """
    return started(statistic, columns, code, groups, weight)()


def started(
    statistic: Statistic, columns: Columns, code: Any, groups: int, weight: Any = None
) -> Callable[[], Sequence[Any]]:
    """Begin to count, in threads of the device; what is returned waits for the tables."""
    given = dict(columns.arrays) | ({} if weight is None else {"weight": weight})
    if statistic.program is None:
        found = statistic.host_tables(given, columns, code, groups)
        return lambda: found
    by_numpy = getattr(statistic, "on_cpu", None)
    if by_numpy is not None and on_cpu():
        tables = statistic.tables(
            by_numpy(given, code, groups, len(columns.classes)), columns, groups
        )
        return lambda: tables
    arrays, code, padded = in_buckets(given, code, groups)
    with scope():
        program = compiled(statistic.program, len(code) <= SMALL)
        raw = program(arrays, code, groups=padded, classes=len(columns.classes))
    return lambda: statistic.tables(fetched(raw), columns, groups)


def in_buckets(arrays: dict[str, Any], code: Any, groups: int) -> tuple[dict[str, Any], Any, int]:
    """The same in shapes that come again, and the number of groups: every small split and every
    handful of slices share one compiled program."""
    rows = _rows(len(code))
    # Of many rows the whole has a program of its own, which costs less than it saves.
    padded = 1 if groups == 1 and rows > SMALL else _power(max(groups, 16))
    # Codes between the groups and their bucket count in groups that nobody asks for.
    return {k: _padded(v, rows, 0) for k, v in arrays.items()}, _padded(code, rows, padded), padded


def _padded(array: Any, rows: int, fill: int) -> Any:
    import numpy as np

    if len(array) == rows:
        return array
    found = np.empty((rows, *array.shape[1:]), array.dtype)
    found[: len(array)], found[len(array) :] = array, fill
    return found


def _rows(n: int) -> int:
    """n rounded up to a shape bucket: a power of two up to a million, then whole millions (2²⁰)."""
    top = 1 << 20
    return max(1 << 14, _power(n)) if n <= top else -(-n // top) * top


def _power(n: int) -> int:
    return 1 << (n - 1).bit_length() if n > 1 else 1
