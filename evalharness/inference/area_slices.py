"""Areas under the ROC curve of every slice at once: `ConcordanceBounds` on arrays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import upper_z
from evalharness.inference.concordance import (
    LEAST,
    ConcordanceBounds,
    logit_limits,
    newcombe,
    widest,
)
from evalharness.inference.placements import Placed, placed_by_group
from evalharness.statistics.stacked import Ragged

Floats = NDArray[np.float64]

# So many cells of rank tables are worked on at a time.
BLOCK = 1 << 16


class AreaSlices:
    """An area under the ROC curve of each slice. Slices without positives or without negatives have
    none."""

    closed = False

    def __init__(self, tables: Ragged) -> None:
        parts = [_areas(tables, a, b) for a, b in _blocks(np.asarray(tables.ends))]
        self._counts = tuple(np.concatenate([part[0][i] for part in parts]) for i in (0, 1))
        self.n = self._counts[0] + self._counts[1]
        self.value = np.concatenate([part[1] for part in parts])
        self._some = np.flatnonzero(~np.isnan(self.value))
        sides = [part[2] for part in parts if part[2] is not None]
        self._sides = tuple(Placed.joined([side[i] for side in sides]) for i in (0, 1) if sides)

    @cached_property
    def kinds(self) -> Any:
        found = np.full(len(self.value), -1)
        if len(self._some):
            pos, neg = self._sides
            area, few = self.value[self._some], np.minimum(pos.n, neg.n) < LEAST
            with np.errstate(invalid="ignore"):
                plain = (pos.error + neg.error > 0) & (area > 0) & (area < 1)
            found[self._some] = 2 * few + plain
        return found

    def _filled(self, low: Any, high: Any) -> tuple[Floats, Floats]:
        ends = np.zeros(len(self.value)), np.ones(len(self.value))
        for end, found in zip(ends, (low, high), strict=True):
            end[self._some] = found
        return ends

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        if not len(self._some):
            return self._filled((), ())
        z, (pos, neg) = upper_z((1 - confidence) / 2), self._sides
        area = self.value[self._some]
        error = np.sqrt(pos.error + neg.error)
        low, high = newcombe(area, pos.n, neg.n, z)
        with np.errstate(divide="ignore", invalid="ignore"):
            left, right = logit_limits(area, error, z)
        shown = (error > 0) & (area > 0) & (area < 1)
        return self._filled(np.where(shown, left, low), np.where(shown, right, high))

    def lower(self, alpha: float) -> Floats:
        return self._limits(alpha)[0]

    def upper(self, alpha: float) -> Floats:
        return self._limits(alpha)[1]

    def _limits(self, alpha: float) -> tuple[Floats, Floats]:
        if not len(self._some):
            return self._filled((), ())
        pos, neg = self._sides
        return self._filled(*widest(self.value[self._some], pos, neg, alpha))

    def one(self, g: int) -> ConcordanceBounds:
        place = int(np.searchsorted(self._some, g))
        there = place < len(self._some) and self._some[place] == g
        sides = tuple(side.at(place) for side in self._sides) if there else None
        counts = (self._counts[0][g], self._counts[1][g])
        return ConcordanceBounds.of(counts, float(self.value[g]), sides)  # type: ignore[arg-type]


def _blocks(ends: Any) -> Iterator[tuple[int, int]]:
    """Ranges of groups that hold so few cells together that they stay in a cache."""
    a = 0
    while a < len(ends) - 1:
        b = max(a + 1, int(np.searchsorted(ends, ends[a] + BLOCK, side="right")) - 1)
        yield a, b
        a = b


def _areas(
    tables: Ragged, a: int, b: int
) -> tuple[tuple[Any, Any], Floats, tuple[Placed, Placed] | None]:
    """Of groups a … b−1: their positives and negatives, their areas (nan where one is missing), and
    the placements of those that have an area."""
    ends = np.asarray(tables.ends[a : b + 1])
    pos, neg = (
        np.asarray(x[ends[0] : ends[-1]]) for x in (tables.whole.positives, tables.whole.negatives)
    )
    ends = ends - ends[0]
    sizes, rising = np.diff(ends), np.cumsum(neg)
    m, n, offset = (_between(np.cumsum(pos), ends), _between(rising, ends), _at(rising, ends[:-1]))
    # Pairs that are in order, counted twice: whole numbers, so nothing is lost.
    rising *= 2
    rising -= neg
    rising *= pos
    twice = _between(np.cumsum(rising, out=rising), ends) - 2 * offset * m
    with np.errstate(invalid="ignore", divide="ignore"):
        value = twice / (2.0 * m * n)
    some = ~np.isnan(value)
    if not some.any():
        return (m, n), value, None
    if not some.all():
        inside = np.repeat(some, sizes)
        pos, neg, sizes = pos[inside], neg[inside], sizes[some]
    starts = np.cumsum(sizes) - sizes
    return (m, n), value, placed_by_group(pos, neg, starts)


def _at(rising: Any, ends: Any) -> Any:
    """What was summed up before each of the ends."""
    if not len(rising):
        return np.zeros(len(ends), rising.dtype)
    return np.where(ends > 0, rising[np.maximum(ends, 1) - 1], 0)


def _between(rising: Any, ends: Any) -> Any:
    """What was summed up between the ends."""
    return np.diff(_at(rising, ends))
