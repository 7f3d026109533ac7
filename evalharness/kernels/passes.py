"""The pass over the examples: the only place where they go to the device and tables come back.

On a CPU the same programs run on NumPy arrays as they are. There XLA adds up no faster, and to
compile a program, to pad the arrays and to wait for it takes several times as long as the sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalharness.kernels.backend import compiled, fetched, on_cpu, scope
from evalharness.statistics.base import Columns, Statistic, everywhere
from evalharness.statistics.stacked import Stacked

# Up to so many entries NumPy runs the same lines in a millisecond or two; a program would first be
# compiled, or at least looked up, which takes a hundred times as long, and JAX itself be loaded.
SMALL = 1 << 16
# Entries that are added up at a time on a CPU: what is made of them stays in its cache. Not where
# there are more cells of a table than would make up for it.
BLOCK = 1 << 16
CELLS = 1 << 14


def count(
    statistic: Statistic, columns: Columns, code: Any, groups: int, weight: Any = None
) -> Sequence[Any]:
    """The table of each group.

    columns: arrays of shape (m,); code: int32 (m,), the group of each entry, ≥ groups for none;
    weight: float64 (m,), how much each entry counts; None where all count alike.
    """
    given = dict(columns.arrays) | ({} if weight is None else {"weight": weight})
    if statistic.program is None:
        return statistic.host_tables(given, columns, code, groups)
    if len(code) <= SMALL or on_cpu():
        return _here(statistic, given, columns, code, groups)
    # Shapes in buckets: splits of about one size and every handful of slices share one program.
    rows, padded = rows_of(len(code)), bucket(len(code), groups)
    arrays = {k: filled(v, rows, 0) for k, v in given.items()}
    # Codes between the groups and their bucket count in groups that nobody asks for.
    code = filled(code, rows, padded)
    with scope():
        program = compiled(statistic.program)
        raw = fetched(program(arrays, code, groups=padded, classes=len(columns.classes)))
    return statistic.tables(raw, columns, groups)


def _here(
    statistic: Statistic, given: dict[str, Any], columns: Columns, code: Any, groups: int
) -> Sequence[Any]:
    """The same on the CPU, by NumPy."""
    import numpy as np

    classes, n = len(columns.classes), len(code)
    own = getattr(statistic, "on_cpu", None)
    if own is not None:
        return statistic.tables(own(given, code, groups, classes), columns, groups)
    program = statistic.program
    with np.errstate(all="ignore"):
        if groups == 1 and not classes and everywhere(code):
            code = np.zeros(n, np.int8)  # sums of small integers are small, and sooner made
        if n <= BLOCK or groups * max(1, classes) > CELLS:
            return statistic.tables(program(given, code, groups, classes), columns, groups)
        whole = None
        for start in range(0, n, BLOCK):
            block = slice(start, start + BLOCK)
            arrays = {k: v[block] for k, v in given.items()}
            raw = program(arrays, code[block], groups, classes)
            found: Any = statistic.tables(raw, columns, groups)
            whole = found.whole if whole is None else statistic.merge(whole, found.whole)
        return Stacked(whole, found.plain)


def bucket(rows: int, groups: int) -> int:
    """The number of groups that a program for so many rows and groups is made for."""
    # Of many rows the whole has a program of its own, which costs less than it saves.
    return 1 if groups == 1 and rows_of(rows) > SMALL else _power(max(groups, 16))


def filled(array: Any, rows: int, fill: int) -> Any:
    """An array (m, …) made longer, with so many rows; itself where it has them."""
    import numpy as np

    if len(array) == rows:
        return array
    found = np.empty((rows, *array.shape[1:]), array.dtype)
    found[: len(array)], found[len(array) :] = array, fill
    return found


def rows_of(n: int) -> int:
    """n rounded up to a shape bucket: a power of two up to a million, then whole millions (2²⁰)."""
    top = 1 << 20
    return max(1 << 14, _power(n)) if n <= top else -(-n // top) * top


def _power(n: int) -> int:
    return 1 << (n - 1).bit_length() if n > 1 else 1
