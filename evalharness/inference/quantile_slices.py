"""`QuantileBounds` of every slice at once: order statistics of arrays."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.power import fewest_hits
from evalharness.inference.quantiles import QuantileBounds
from evalharness.statistics.stacked import Ragged

Floats = NDArray[np.float64]


class QuantileSlices:
    """The q-quantile of each slice. ``tables``: distinct values of each, ascending, and their
    counts; ``middle``: see the form `Quantile`."""

    closed = True

    def __init__(self, tables: Ragged, q: float, middle: bool = False) -> None:
        self._tables, self.q = tables, q
        self._values = np.append(tables.whole.values, math.nan)  # the last is of no slice
        self._rising = np.cumsum(tables.whole.counts, dtype=np.int64)
        through = np.append(0, self._rising)[np.asarray(tables.ends)]
        self._before, self.n = through[:-1], np.diff(through)
        aim = q * self.n
        rank = np.maximum(1, np.ceil(aim * (1 - 1e-12)).astype(np.int64))
        self.value = self._at(rank)
        if middle:
            between = (rank == np.round(aim, 9)) & (rank < self.n)
            above = self._at(np.where(between, rank + 1, rank))
            self.value = np.where(between, (self.value + above) / 2, self.value)

    def _at(self, rank: Any) -> Floats:
        """The value of a rank of each slice, 1-based; nan where it has none."""
        place = np.searchsorted(self._rising, self._before + rank)
        there = (rank >= 1) & (rank <= self.n)
        return np.asarray(self._values[np.where(there, place, -1)], float)

    @cached_property
    def _sizes(self) -> tuple[Any, Any]:
        """The distinct numbers of values, and which of them each slice has."""
        found, at = np.unique(self.n, return_inverse=True)
        return found, at

    @property
    def kinds(self) -> Any:
        return self._sizes[1]

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        alpha = (1 - confidence) / 2
        return self.lower(alpha), self.upper(alpha)

    def lower(self, alpha: float) -> Floats:
        sizes, at = self._sizes
        rank = (sizes - fewest_hits(1 - self.q, sizes, alpha) + 1)[at]
        found = np.fmin(self._at(rank), self.value)
        return np.where((rank >= 1) & (self.n > 0), found, -math.inf)

    def upper(self, alpha: float) -> Floats:
        sizes, at = self._sizes
        rank = fewest_hits(self.q, sizes, alpha)[at]
        found = np.fmax(self._at(rank), self.value)
        return np.where((rank <= self.n) & (self.n > 0), found, math.inf)

    def one(self, g: int) -> QuantileBounds:
        table = self._tables[g]
        found = QuantileBounds(table.values, table.counts, self.q)
        found.value = float(self.value[g])
        return found
