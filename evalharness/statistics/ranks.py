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
        keys: tuple[Any, ...] = (packed(rank, label, code, groups, jnp),)
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
        distinct, shift, keys = None, 0, (rank << 1) | label.astype(rank.dtype)
    else:
        rank, distinct = (rank, None) if rank.dtype.itemsize <= 4 else dense(rank)
        shift, keys = 33, packed(rank, label, code, groups, np)
    if weight is None:
        return Sorted(np.sort(keys), shift, distinct)
    order = np.argsort(keys)
    return Sorted(keys[order], shift, distinct, weight[order])


def cells(raw: Any, values: Any, groups: int) -> tuple[Any, tuple[Any, Any], Any]:
    """Of sorted entries: the distinct numbers of each group, ascending, (k,); how many entries with
    label 0 and with label 1 have each, or their weights; and where each group begins, (groups+1,).
    """
    import numpy as np

    found = raw if isinstance(raw, Sorted) else _named(raw)
    n = len(found.key)
    if found.group is None:
        cell, label = found.key >> 1, found.key & 1
        new = cell[1:] != cell[:-1]
    else:
        cell, label = found.key, found.label
        new = (cell[1:] != cell[:-1]) | (found.group[1:] != found.group[:-1])
    start = np.concatenate([[0], np.flatnonzero(new) + 1]) if n else np.zeros(0, np.int64)
    distinct = cell[start]
    if found.group is not None:
        group = found.group[start]
    elif found.shift:
        group = (distinct >> 32).astype(np.int64)
        distinct = (distinct & 0xFFFFFFFF).astype(np.uint32)
    else:
        group = None
    ends = np.array([0, len(start)])
    if group is not None:
        ends = np.searchsorted(group, np.arange(groups + 1))
        start, distinct = np.append(start, n)[: ends[-1] + 1], distinct[: ends[-1]]
        n = int(start[-1])  # padding and rows outside of every group lie behind
    else:
        start = np.append(start, n)
    if found.distinct is not None:
        distinct = found.distinct[distinct]
    return values[distinct], _counts(label[:n], found.weight, start), ends


def _named(raw: Any) -> Sorted:
    """What the program returned."""
    if len(raw) <= 2:
        return Sorted(raw[0], 33, None, *raw[1:])
    group, key, label, *weight = raw
    return Sorted(key, 0, None, weight[0] if weight else None, group, label)


def _counts(label: Any, weight: Any, start: Any) -> tuple[Any, Any]:
    """How many entries between the starts have label 0 and label 1, or their weights."""
    import numpy as np

    if weight is not None:
        sides = [weight[: len(label)] * (label == side) for side in (0, 1)]
        none, ones = (np.add.reduceat(x, start[:-1]) if len(label) else x[:0] for x in sides)
        return none, ones
    total = np.zeros(len(label) + 1, np.int64)
    np.cumsum(label, dtype=np.int64, out=total[1:])
    ones = np.diff(total[start])
    return np.diff(start) - ones, ones


def _merge(a: Any, b: Any) -> list[Any]:
    """Two tables (values, counts…) as one: equal values add their counts."""
    import numpy as np

    values, at = np.unique(np.concatenate([a[0], b[0]]), return_inverse=True)
    counts = [np.concatenate([x, y]) for x, y in zip(a[1:], b[1:], strict=True)]
    return [values, *(np.bincount(at, c, len(values)).astype(c.dtype) for c in counts)]
