"""Columns as codes: which of its distinct values stands in each row.

Integers that do not spread far are looked up in a table of all numbers between the least and the
largest, ten times as fast as a hash table; everything else is left to Arrow's dictionaries.
"""

from functools import cached_property
from typing import Any, Protocol

import numpy as np

from evalharness.outputs import kinds, memory

NULL, UNKNOWN = -1, -2
# So wide a table is always worth its while.
SHORT = 1 << 16


class Encoded(Protocol):
    """The values of a column (n,)."""

    def distinct(self) -> list[Any]:
        """The values that occur, as Python values, without null, in no order."""

    def places(self, known: tuple[Any, ...]) -> np.ndarray:
        """(n,), `smallest` integers: the place of each value among the known ones, NULL or UNKNOWN.
        True equals 1, as in Python."""

    def partition(self) -> tuple[np.ndarray, tuple[Any, ...]]:
        """int32 codes (n,) and the values that they stand for: sorted, null and NaN (None) last."""

    def as_they_come(self) -> tuple[np.ndarray, np.ndarray]:
        """int64 codes (n,), in the order in which values without null first appear, and int64 (k,)
        the first row of each."""


def encoded(column: Any) -> Encoded:
    """What tells the values of a plain Arrow array (n,) apart."""
    boolean = kinds.kind(column) == kinds.BOOLEAN
    return tabled(integers(column), boolean) or _Hashed(column)


def tabled(values: np.ndarray | None, boolean: bool = False) -> Encoded | None:
    """The same of integers (n,) that do not spread far; None of others, and where there are none.

    boolean: whether they stand for truth values.
    """
    if values is None or not len(values):
        return None
    low, high = int(values.min()), int(values.max())
    low = 0 if 0 <= low and high < SHORT else low  # then there is nothing to subtract
    size = high - low + 1
    return None if size > max(SHORT, len(values)) else _Tabled(values, low, size, boolean)


def smallest(known: tuple[Any, ...]) -> Any:
    """The type of integers that hold the places of so many values, NULL, UNKNOWN, and their
    number."""
    return np.int8 if len(known) <= np.iinfo(np.int8).max else np.int32


def integers(column: Any) -> np.ndarray | None:
    """The integers or booleans (as 0 and 1) of a column that is not empty and has no null; None of
    any other."""
    if kinds.kind(column) not in (kinds.INTEGER, kinds.BOOLEAN) or column.null_count:
        return None
    if len(column) == 0:
        return None
    found = memory.to_numpy(column)
    return found.view(np.uint8) if found.dtype == bool else found


def runs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """int64 codes (n,) and first rows (k,) of integers that never fall; None where they do."""
    if not (values[1:] >= values[:-1]).all():
        return None
    first = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])
    return np.repeat(np.arange(len(first)), np.diff(first, append=len(values))), first


class _Tabled:
    """Integers from `low` on, below low + size."""

    def __init__(self, values: np.ndarray, low: int, size: int, boolean: bool):
        self._values, self._low, self._size, self._boolean = values, low, size, boolean

    @cached_property
    def _at(self) -> np.ndarray:
        if not self._low:
            return self._values
        if self._values.dtype == np.uint64:
            return (self._values - np.uint64(self._low)).astype(np.int64)
        # In 64 bits: what lies between integers of eight need not fit into them.
        return self._values.astype(np.int64) - self._low

    @cached_property
    def _occurs(self) -> np.ndarray:
        found = np.zeros(self._size, bool)
        if self._size <= 2:  # the least and the largest
            found[[int(x) - self._low for x in (self._values.min(), self._values.max())]] = True
        else:
            found[self._at.astype(np.intp, copy=False)] = True
        return found

    def distinct(self) -> list[Any]:
        kind = self._values.dtype.type
        found = (np.flatnonzero(self._occurs).astype(kind) + kind(self._low)).tolist()
        return [bool(value) for value in found] if self._boolean else found

    def places(self, known: tuple[Any, ...]) -> np.ndarray:
        table = np.full(self._size, UNKNOWN, smallest(known))
        for place, value in enumerate(known):
            if not isinstance(value, str) and 0 <= value - self._low < self._size:
                if value == int(value):
                    table[int(value) - self._low] = place
        if (table == np.arange(self._size)).all():  # 0 and 1 are the classes 0 and 1
            return self._at.astype(table.dtype)
        return table.take(self._at)

    def partition(self) -> tuple[np.ndarray, tuple[Any, ...]]:
        if self._occurs.all():
            return self._at.astype(np.int32), tuple(self.distinct())
        table = np.cumsum(self._occurs, dtype=np.int32) - np.int32(1)
        return table.take(self._at), tuple(self.distinct())

    def as_they_come(self) -> tuple[np.ndarray, np.ndarray]:
        n = len(self._values)
        first = np.full(self._size, n)
        np.minimum.at(first, self._at, np.arange(n))
        order = np.argsort(first)[: np.count_nonzero(self._occurs)]
        table = np.zeros(self._size, np.int64)
        table[order] = np.arange(len(order))
        return table.take(self._at), first[order]


class _Hashed:
    """Anything of which Arrow makes a dictionary."""

    def __init__(self, column: Any):
        self._encoded = column.dictionary_encode()

    @cached_property
    def _found(self) -> list[Any]:
        return self._encoded.dictionary.to_pylist()

    def distinct(self) -> list[Any]:
        return [value for value in self._found if value is not None]

    def places(self, known: tuple[Any, ...]) -> np.ndarray:
        place = {value: i for i, value in enumerate(known)}
        table = [place.get(value, UNKNOWN) for value in self._found]
        return self._mapped(table, NULL, smallest(known))

    def partition(self) -> tuple[np.ndarray, tuple[Any, ...]]:
        ordered: list[Any] = sorted(v for v in self._found if v is not None and v == v)
        place = {value: i for i, value in enumerate(ordered)}
        table = [place.get(value, len(ordered)) for value in self._found]
        codes = self._mapped(table, len(ordered), np.int32)
        if (codes == len(ordered)).any():
            ordered.append(None)
        return codes, tuple(ordered)

    def as_they_come(self) -> tuple[np.ndarray, np.ndarray]:
        codes = memory.to_numpy(self._encoded.indices).astype(np.int64)
        # Codes are counted up in the order of the rows: each new highest one begins a group.
        first = np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))
        return codes, first

    def _mapped(self, table: list[int], null: int, dtype: Any) -> np.ndarray:
        """(n,): `table` at each index of the dictionary, `null` where it is null."""
        places = memory.to_numpy(self._encoded.indices)
        if self._encoded.null_count:
            places = np.where(memory.nulls(self._encoded), len(table), places)
        return np.array([*table, null], dtype)[places]
