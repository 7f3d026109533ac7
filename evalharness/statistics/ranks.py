"""Ranks: statistics that need the order of the examples. One sort on integer keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from evalharness.statistics.base import Columns, gathered
from evalharness.statistics.tables import OrderTable, RankTable


@dataclass(frozen=True)
class Ranks:
    """Positives and negatives at each distinct score, ascending: what exact AUC needs.

    positive: the class that counts as positive; default: that of the outputs.
    """

    positive: Any = None

    options: ClassVar[tuple[str, ...]] = ("positive",)

    def read(self, split: Any) -> Columns:
        positive, score, label = gathered(
            lambda: split.positive_code(self.positive),
            lambda: split.score(self.positive),
            split.label_codes,
        )
        values, rank = _dense(score)
        return Columns({"rank": rank, "label": label == positive}, values=values)

    @property
    def program(self) -> Callable[..., Any]:
        return sorted_keys

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[RankTable]:
        tables = []
        for rank, label in _unpack(raw, groups):
            distinct, start = _runs(rank)
            size = len(distinct)
            at = start.cumsum() - 1
            import numpy as np

            positives = np.bincount(at, label, size).astype(np.int64)
            tables.append(
                RankTable(
                    columns.values[distinct], np.bincount(at, minlength=size) - positives, positives
                )
            )
        return tables

    def merge(self, a: RankTable, b: RankTable) -> RankTable:
        return RankTable(*_merge(a, b))

    def zero(self, classes: int = 0) -> RankTable:
        import numpy as np

        return RankTable(np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))


@dataclass(frozen=True)
class Order:
    """The distinct values of a column with their counts, ascending: an `OrderTable` of (k,) arrays,
    which quantiles need. `of`: name of a numeric column; its values must be finite."""

    of: str

    options: ClassVar[tuple[str, ...]] = ()

    @property
    def column(self) -> str:
        return self.of

    def read(self, split: Any) -> Columns:
        import numpy as np

        values, rank = _dense(split.numbers(self.of))
        return Columns({"rank": rank, "label": np.zeros(len(rank), bool)}, values=values)

    @property
    def program(self) -> Callable[..., Any]:
        return sorted_keys

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[OrderTable]:
        import numpy as np

        tables = []
        for rank, _ in _unpack(raw, groups):
            distinct, start = _runs(rank)
            tables.append(
                OrderTable(
                    columns.values[distinct],
                    np.bincount(start.cumsum() - 1, minlength=len(distinct)),
                )
            )
        return tables

    def merge(self, a: OrderTable, b: OrderTable) -> OrderTable:
        return OrderTable(*_merge(a, b))

    def zero(self, classes: int = 0) -> OrderTable:
        import numpy as np

        return OrderTable(np.zeros(0), np.zeros(0, np.int64))


def sorted_keys(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(n,) sorted keys: group, rank and label packed in 64 bits, because XLA sorts integers six
    times faster than floats."""
    import jax.numpy as jnp

    code = jnp.where(code < groups, code, groups).astype(jnp.uint64)
    key = (
        (code << 33) | (arrays["rank"].astype(jnp.uint64) << 1) | arrays["label"].astype(jnp.uint64)
    )
    return jnp.sort(key)


def _dense(values: Any) -> tuple[Any, Any]:
    """Distinct values, ascending, and the rank of each example among them; −0.0 and 0.0 are one
    value."""
    import numpy as np

    distinct, rank = np.unique(values, return_inverse=True)
    return distinct, rank.astype(np.int32)


def _unpack(keys: Any, groups: int) -> list[tuple[Any, Any]]:
    """The ranks and labels of each group, in order; padding sorts behind the last group."""
    import numpy as np

    ends = np.searchsorted(keys, np.arange(groups + 1, dtype=np.uint64) << np.uint64(33))
    parts = [keys[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]
    return [
        (
            (p >> np.uint64(1)).astype(np.uint32).astype(np.int64),
            (p & np.uint64(1)).astype(np.int64),
        )
        for p in parts
    ]


def _runs(rank: Any) -> tuple[Any, Any]:
    """Distinct ranks of a sorted array, and where each run of equal ranks starts."""
    import numpy as np

    start = np.ones(len(rank), bool)
    start[1:] = rank[1:] != rank[:-1]
    return rank[start], start


def _merge(a: Any, b: Any) -> list[Any]:
    """Two tables (values, counts…) as one: equal values add their counts."""
    import numpy as np

    values, at = np.unique(np.concatenate([a[0], b[0]]), return_inverse=True)
    counts = [np.concatenate([x, y]) for x, y in zip(a[1:], b[1:], strict=True)]
    return [values, *(np.bincount(at, c, len(values)).astype(np.int64) for c in counts)]
