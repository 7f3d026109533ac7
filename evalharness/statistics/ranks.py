"""Ranks: statistics that need the order of the examples. One sort on integer keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from evalharness.statistics.base import (
    Columns,
    OfColumns,
    everywhere,
    example_values,
    gathered,
)
from evalharness.statistics.keys import dense, ordered, packed
from evalharness.statistics.stacked import Ragged
from evalharness.statistics.tables import OrderTable, RankTable

# Keys that are packed at a time, which stay in a cache.
BLOCK = 1 << 15


@dataclass(frozen=True)
class Ranks:
    """Positives and negatives at each distinct score, ascending: what exact AUC needs.

    positive: the class, or the task, that counts as positive; default: that of the outputs.
    """

    positive: Any = None

    options: ClassVar[tuple[str, ...]] = ("positive",)

    def read(self, split: Any) -> Columns:
        if split.multilabel:
            return self._task(split)
        positive, score, label = gathered(
            lambda: split.positive_code(self.positive),
            lambda: split.raw_score(self.positive),
            split.compact_labels,
        )
        rank, values = ordered(score)
        return Columns({"rank": rank, "label": label == positive}, values=values)

    def _task(self, split: Any) -> Columns:
        """Of several tasks, the one that is `positive`, where its label is known."""
        import numpy as np

        label, score, task = gathered(
            split.label_matrix, split.score_matrix, lambda: split.positive_code(self.positive)
        )
        rows = np.flatnonzero(label[:, task] >= 0)
        rank, values = ordered(score[rows, task])
        return Columns({"rank": rank, "label": label[rows, task] == 1}, values=values, rows=rows)

    @property
    def program(self) -> Callable[..., Any]:
        return sorted_keys

    @property
    def on_cpu(self) -> Callable[..., Any]:
        return sorted_on_cpu

    def tables(self, raw: Any, columns: Columns, groups: int) -> Ragged:
        values, counts, ends = cells(raw, columns.values, groups)
        return Ragged(RankTable(values, *counts), ends)

    def merge(self, a: RankTable, b: RankTable) -> RankTable:
        return RankTable(*_merge(a, b))

    def zero(self, classes: int = 0) -> RankTable:
        import numpy as np

        return RankTable(np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))

    def influence(self, gradient: Any, table: Any, arrays: Any, values: Any) -> Any:
        import numpy as np

        at = np.searchsorted(table.values, values[arrays["rank"]])
        positives, negatives = np.asarray(gradient.positives), np.asarray(gradient.negatives)
        return np.where(arrays["label"], positives[at], negatives[at])


@dataclass(frozen=True)
class Order(OfColumns):
    """The distinct values of a column, or of a function of columns, with their counts, ascending:
    an `OrderTable` of (k,) arrays, which quantiles need. The values must be finite."""

    def read(self, split: Any) -> Columns:
        import numpy as np

        rank, values = ordered(example_values(self.of, split, split.numbers, self.given))
        return Columns({"rank": rank, "label": np.zeros(len(rank), bool)}, values=values)

    @property
    def program(self) -> Callable[..., Any]:
        return sorted_keys

    @property
    def on_cpu(self) -> Callable[..., Any]:
        return sorted_on_cpu

    def tables(self, raw: Any, columns: Columns, groups: int) -> Ragged:
        values, counts, ends = cells(raw, columns.values, groups)
        return Ragged(OrderTable(values, counts[0]), ends)

    def merge(self, a: OrderTable, b: OrderTable) -> OrderTable:
        return OrderTable(*_merge(a, b))

    def zero(self, classes: int = 0) -> OrderTable:
        import numpy as np

        return OrderTable(np.zeros(0), np.zeros(0, np.int64))


class Sorted(NamedTuple):
    """Entries in the order of group, key and label: packed into `key` where `group` is None.

    shift: by how many bits the group is shifted in `key`. distinct: where the keys are places among
    these. label, group, weight: of each entry, or None.
    """

    key: Any
    shift: int
    distinct: Any = None
    weight: Any = None
    group: Any = None
    label: Any = None


def sorted_keys(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """Entries sorted by group, key and label. A key of 32 bits is packed with both into one
    integer, since a sort of one array of integers is several times as fast."""
    import jax
    import jax.numpy as jnp

    rank, label = arrays["rank"], arrays["label"]
    weight = (arrays["weight"],) if "weight" in arrays else ()
    if rank.dtype.itemsize <= 4:
        keys: tuple[Any, ...] = (packed(rank, label, code, groups),)
    else:
        keys = (jnp.where(code < groups, code, groups), rank, label)
    return jax.lax.sort((*keys, *weight), num_keys=len(keys))


def sorted_on_cpu(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Sorted:
    """The same by NumPy, whose sort of integers is three to eight times as fast as XLA's there."""
    import numpy as np

    rank, label, weight = arrays["rank"], arrays["label"], arrays.get("weight")
    if groups == 1 and rank.max(initial=0) < 1 << (8 * rank.dtype.itemsize - 1):
        if not everywhere(code):  # rows outside of the group
            inside = np.flatnonzero(code == 0)
            rank, label = rank[inside], label[inside]
            weight = None if weight is None else weight[inside]
        distinct, shift, keys = None, 0, rank << 1
        keys |= label.astype(rank.dtype)
    else:
        rank, distinct = (rank, None) if rank.dtype.itemsize <= 4 else dense(rank)
        shift, keys = 33, np.empty(len(rank), np.uint64)
        for start in range(0, len(rank), BLOCK):
            some = slice(start, start + BLOCK)
            keys[some] = packed(rank[some], label[some], code[some], groups)
    if weight is None:
        keys.sort()
        return Sorted(keys, shift, distinct)
    order = np.argsort(keys)
    return Sorted(keys[order], shift, distinct, weight[order])


def cells(raw: Any, values: Any, groups: int) -> tuple[Any, tuple[Any, Any], Any]:
    """Of sorted entries: the distinct numbers of each group, ascending, (k,); how many entries with
    label 0 and with label 1 have each, or their weights; and where each group begins, (groups+1,).
    """
    import numpy as np

    found = raw if isinstance(raw, Sorted) else _named(raw)
    key, edges = found.key, None  # edges: where the entries of each group begin
    if found.group is not None:
        edges = np.searchsorted(found.group, np.arange(groups + 1))
    elif found.shift:
        whole = key.dtype.type
        edges = np.searchsorted(key, np.arange(groups + 1).astype(whole) << whole(found.shift))
    if edges is not None:
        key = key[: edges[-1]]  # padding and rows outside of every group lie behind
    n = len(key)
    label = (key & 1).astype(np.int8) if found.group is None else found.label[:n]
    cell = key >> 1 if found.group is None else key
    last = np.empty(n, bool)  # whether an entry is the last one of its number
    if n:
        np.not_equal(cell[1:], cell[:-1], out=last[:-1])
        last[(edges if edges is not None else np.array([0, n]))[1:] - 1] = True
    at = np.flatnonzero(last)
    # Of packed keys the group is cut off above the 32 bits of the number.
    distinct = cell[at].astype(np.uint32, copy=False) if found.shift else cell[at]
    if found.distinct is not None:
        distinct = found.distinct[distinct]
    ends = np.array([0, len(at)]) if edges is None else np.searchsorted(at, edges)
    return values[distinct], _counts(label, found.weight, at), ends


def _named(raw: Any) -> Sorted:
    """What the program returned."""
    if len(raw) <= 2:
        return Sorted(raw[0], 33, None, *raw[1:])
    group, key, label, *weight = raw
    return Sorted(key, 0, None, weight[0] if weight else None, group, label)


def _counts(label: Any, weight: Any, at: Any) -> tuple[Any, Any]:
    """How many entries up to each place `at`, from the one before on, have label 0 and label 1, or
    their weights."""
    import numpy as np

    if weight is not None:
        start = np.append(0, at[:-1] + 1)[: len(at)]
        sides = [weight[: len(label)] * (label == side) for side in (0, 1)]
        none, ones = (np.add.reduceat(x, start) if len(label) else x[:0] for x in sides)
        return none, ones
    # Of 32 bits while that holds them: half as much memory to go through.
    short = np.int32 if len(label) < 1 << 31 else np.int64
    ones = _steps(np.cumsum(label, dtype=short)[at], 0)
    none = _steps(at, -1)
    none -= ones
    return none, ones


def _steps(rising: Any, before: int) -> Any:
    """int64 (k,): by how much each number is larger than the one before it; of the first, than
    `before`."""
    import numpy as np

    found = np.empty(len(rising), np.int64)
    np.subtract(rising[1:], rising[:-1], out=found[1:])
    found[:1] = rising[:1] - before
    return found


def _merge(a: Any, b: Any) -> list[Any]:
    """Two tables (values, counts…) as one: equal values add their counts."""
    import numpy as np

    values, at = np.unique(np.concatenate([a[0], b[0]]), return_inverse=True)
    counts = [np.concatenate([x, y]) for x, y in zip(a[1:], b[1:], strict=True)]
    return [values, *(np.bincount(at, c, len(values)).astype(c.dtype) for c in counts)]
