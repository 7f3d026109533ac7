"""Ranks: statistics that need the order of the examples. One sort on integer keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from evalharness.statistics.base import Columns, OfColumns, example_values, gathered
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
            lambda: split.score(self.positive),
            split.label_codes,
        )
        values, rank = _dense(score)
        return Columns({"rank": rank, "label": label == positive}, values=values)

    def _task(self, split: Any) -> Columns:
        """Of several tasks, the one that is `positive`, where its label is known."""
        import numpy as np

        label, score, task = gathered(
            split.label_matrix, split.score_matrix, lambda: split.positive_code(self.positive)
        )
        rows = np.flatnonzero(label[:, task] >= 0)
        values, rank = _dense(score[rows, task])
        return Columns({"rank": rank, "label": label[rows, task] == 1}, values=values, rows=rows)

    @property
    def program(self) -> Callable[..., Any]:
        return sorted_keys

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[RankTable]:
        tables = []
        for rank, label, weight in _unpack(raw, groups):
            counted = [_times(1 - label, weight), _times(label, weight)]
            values, sums = _by_value(columns.values, rank, counted)
            tables.append(RankTable(values, *sums))
        return tables

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

        values, rank = _dense(example_values(self.of, split, split.numbers, self.given))
        return Columns({"rank": rank, "label": np.zeros(len(rank), bool)}, values=values)

    @property
    def program(self) -> Callable[..., Any]:
        return sorted_keys

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[OrderTable]:
        tables = []
        for rank, label, weight in _unpack(raw, groups):
            values, counts = _by_value(columns.values, rank, [_times(1 - label, weight)])
            tables.append(OrderTable(values, *counts))
        return tables

    def merge(self, a: OrderTable, b: OrderTable) -> OrderTable:
        return OrderTable(*_merge(a, b))

    def zero(self, classes: int = 0) -> OrderTable:
        import numpy as np

        return OrderTable(np.zeros(0), np.zeros(0, np.int64))


def sorted_keys(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(n,) sorted keys: group, rank and label packed in 64 bits, because XLA sorts integers six
    times faster than floats; and the weights in that order, where there are any."""
    import jax
    import jax.numpy as jnp

    code = jnp.where(code < groups, code, groups).astype(jnp.uint64)
    key = (
        (code << 33) | (arrays["rank"].astype(jnp.uint64) << 1) | arrays["label"].astype(jnp.uint64)
    )
    if "weight" in arrays:
        return jax.lax.sort((key, arrays["weight"]), num_keys=1)
    return (jnp.sort(key),)


def _dense(values: Any) -> tuple[Any, Any]:
    """Distinct values, ascending, and the rank of each example among them; −0.0 and 0.0 are one
    value."""
    import numpy as np

    distinct, rank = np.unique(values, return_inverse=True)
    return distinct, rank.astype(np.int32)


def _unpack(raw: Any, groups: int) -> list[tuple[Any, Any, Any]]:
    """Ranks, labels and weights (or None) of each group, in order; padding sorts behind the last
    group."""
    import numpy as np

    keys = raw[0]
    ends = np.searchsorted(keys, np.arange(groups + 1, dtype=np.uint64) << np.uint64(33))
    found = []
    for a, b in zip(ends[:-1], ends[1:], strict=True):
        part = keys[a:b]
        rank = (part >> np.uint64(1)).astype(np.uint32).astype(np.int64)
        label = (part & np.uint64(1)).astype(np.int64)
        found.append((rank, label, raw[1][a:b] if len(raw) > 1 else None))
    return found


def _times(label: Any, weight: Any) -> Any:
    return label if weight is None else label * weight


def _by_value(values: Any, rank: Any, counted: list[Any]) -> tuple[Any, list[Any]]:
    """The distinct values of sorted ranks, and the sums of each array over each of them."""
    import numpy as np

    start = np.ones(len(rank), bool)
    start[1:] = rank[1:] != rank[:-1]
    at, distinct = start.cumsum() - 1, rank[start]
    sums = [np.bincount(at, x, len(distinct)).astype(x.dtype) for x in counted]
    return values[distinct], sums


def _merge(a: Any, b: Any) -> list[Any]:
    """Two tables (values, counts…) as one: equal values add their counts."""
    import numpy as np

    values, at = np.unique(np.concatenate([a[0], b[0]]), return_inverse=True)
    counts = [np.concatenate([x, y]) for x, y in zip(a[1:], b[1:], strict=True)]
    return [values, *(np.bincount(at, c, len(values)).astype(c.dtype) for c in counts)]
