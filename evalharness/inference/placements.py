"""Placements: for each positive the share of negatives below it, for each negative that of the
positives above it. An area under the ROC curve is the mean of either, and its error is theirs.

All fields are of one area, or (G,) of as many areas as there are groups.

Sources: DeLong, DeLong & Clarke-Pearson 1988; Sun & Xu 2014 (mid-ranks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalharness.inference.bounds import upper_z
from evalharness.inference.proportions import clopper_pearson_lower

Floats = NDArray[np.float64]

# Above so many distinct scores, neighbours are taken for one: the error then differs in its sixth
# digit, and is known in a tenth of the time.
MOST_CELLS = 1 << 14
# Distinct scores of a stream that are merged at a time.
BLOCK = 1 << 18


@dataclass(frozen=True)
class Placed:
    """The placements of one class's examples among the other class's: 1 is right of all of them.

    ``well``: how many lie above the other's median (those at it count half), ``ill``: the rest.
    ``high``, ``low``: mean placement of either group. ``spread``: sum of squares about the mean,
    ``within``: about the two groups' means.
    """

    well: Any
    ill: Any
    high: Any
    low: Any
    spread: Any
    within: Any

    @classmethod
    def of(cls, placements: Floats, counts: Floats, starts: Any) -> Placed:
        """``counts`` examples at each of ``placements``, both (k,); each group begins at one of
        ``starts`` and holds at least one example."""
        sizes = np.diff(np.append(starts, len(counts)))

        def added(x: Floats) -> Floats:
            return np.add.reduceat(x, starts)

        def mean(total: Floats, n: Floats, otherwise: float) -> Floats:
            return np.divide(total, n, out=np.full(len(n), otherwise), where=n > 0)

        if counts.dtype == bool:  # of single examples
            counts = counts.astype(np.int64)
        right = placements > 0.5
        above = counts * right
        half = placements == 0.5
        if half.any():
            above = np.where(half, 0.5 * counts, above)
        below = counts - above
        well, ill = added(above).astype(float), added(below).astype(float)
        high, low = (
            mean(added(above * placements), well, 1.0),
            mean(added(below * placements), ill, 0.0),
        )
        # Which mean is its own, without a choice for each, which takes five times as long.
        from_own = placements - np.repeat(low, sizes)
        from_own -= np.repeat(high - low, sizes) * right
        squares = from_own * from_own
        squares *= counts
        if half.any():  # of each group a half
            at, group = np.flatnonzero(half), np.repeat(np.arange(len(sizes)), sizes)[half]
            from_both = (0.5 - high[group]) ** 2 + (0.5 - low[group]) ** 2
            squares[at] = 0.5 * counts[at] * from_both
        within = added(squares)
        # The spread about the mean is that within the two groups and that between them.
        between = well * ill / (well + ill) * (high - low) ** 2
        return cls(well, ill, high, low, within + between, within)

    @property
    def n(self) -> Any:
        return self.well + self.ill

    @property
    def mean(self) -> Any:
        """The area, of either class's placements."""
        return (self.well * self.high + self.ill * self.low) / self.n

    @property
    def error(self) -> Any:
        """The part of the area's squared standard error due to this class; nan for one example."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.n > 1, self.spread / (self.n - 1) / self.n, np.nan)[()]

    def times(self, factor: Any) -> Placed:
        """The same placements of ``factor`` times as many examples."""
        return Placed(
            factor * self.well,
            factor * self.ill,
            self.high,
            self.low,
            factor * self.spread,
            factor * self.within,
        )

    @property
    def mirrored(self) -> Placed:
        """After the scores are turned around."""
        return Placed(self.ill, self.well, 1 - self.low, 1 - self.high, self.spread, self.within)

    def below(self, alpha: float) -> Any:
        """Square of the distance down to the mean's one-sided limit at ``alpha``; n > 1."""
        share = self.well / self.n
        # One more misplaced example than was seen, and that one at the very bottom.
        worse = self.ill * self.low / (self.ill + 1)
        fewer = share - clopper_pearson_lower(self.well, self.n, alpha)
        chance = upper_z(alpha) ** 2 * self.within / self.n / (self.n - 1)
        return (fewer * (self.high - worse)) ** 2 + chance

    def at(self, g: Any) -> Placed:
        """Of one group, or of some."""
        return Placed(*(x[g] for x in self._fields))

    @classmethod
    def joined(cls, parts: Sequence[Placed]) -> Placed:
        """Of the groups of all parts, one after another."""
        return cls(*(np.concatenate(x) for x in zip(*(p._fields for p in parts), strict=True)))

    @property
    def _fields(self) -> tuple[Any, ...]:
        return self.well, self.ill, self.high, self.low, self.spread, self.within


def placed(positives: ArrayLike, negatives: ArrayLike) -> tuple[Placed, Placed]:
    """Both classes' placements from counts by distinct score, ascending; both of shape (k,)."""
    pos, neg = (merged(np.asarray(x)) for x in (positives, negatives))
    both = placed_by_group(pos, neg, np.array([0]))
    return both[0].at(0), both[1].at(0)


def summed(counts: Any, starts: Any) -> Floats:
    """float64: the sums of (k,) counts from each start to the next one, or to the end."""
    if counts.dtype.kind not in "iub":
        return np.add.reduceat(counts, starts)
    rising = np.cumsum(counts)  # exact, and faster than many short sums
    ends = np.append(starts[1:], len(counts)) - 1
    before = rising[starts[0] - 1] if starts[0] else 0
    return np.diff(rising[ends], prepend=before).astype(float)


def _step_of(k: int) -> int:
    """How many neighbours of (k,) counts are added up: a power of two."""
    return 1 << (-(-k // MOST_CELLS) - 1).bit_length() if k else 1


def merged(counts: Any) -> Floats:
    """(k,) counts of which neighbours are added up until at most MOST_CELLS are left."""
    if len(counts) <= MOST_CELLS:
        return np.asarray(counts, float)
    return summed(counts, np.arange(0, len(counts), _step_of(len(counts))))


class Merged:
    """The same of both classes' counts that come piece by piece, ascending."""

    def __init__(self) -> None:
        self._distinct, self._step = 0, 1
        self._cells = self._rest = np.zeros((2, 0))

    def add(self, positives: Any, negatives: Any) -> None:
        """The counts at the next scores, both (k,)."""
        self._distinct += len(positives)
        self._rest = np.append(self._rest, [positives, negatives], axis=1)
        whole = self._rest.shape[1] // BLOCK * BLOCK
        if whole:
            new, self._rest = _added(self._rest[:, :whole], self._step), self._rest[:, whole:]
            self._cells = np.append(self._cells, new, axis=1)
        while self._cells.shape[1] > 2 * MOST_CELLS:
            self._cells, self._step = _added(self._cells, 2), 2 * self._step

    @property
    def placed(self) -> tuple[Placed, Placed]:
        """As `placed` of all counts at once."""
        cells = np.append(self._cells, _added(self._rest, self._step), axis=1)
        return placed(*_added(cells, _step_of(self._distinct) // self._step))


def _added(counts: Floats, step: int) -> Floats:
    """(2, k) counts, of which so many neighbours are made one; of the last ones fewer."""
    starts = np.arange(0, counts.shape[1], step)
    return np.add.reduceat(counts, starts, axis=1) if len(starts) else counts


def placed_by_group(pos: Any, neg: Any, starts: Any) -> tuple[Placed, Placed]:
    """The same of groups that begin at ``starts``, each with positives and negatives in it."""
    return _side(pos, neg, starts, turned=False), _side(neg, pos, starts, turned=True)


def _side(mine: Any, other: Any, starts: Any, turned: bool) -> Placed:
    """The placements of ``mine`` among ``other``: the share below, or turned around, above."""
    rising = np.cumsum(other)  # of integers exact, and in a fifth of the time
    before = rising[starts] - other[starts]
    total = np.diff(np.append(before, rising[-1]))
    some = np.flatnonzero(mine > 0)  # of booleans, in a fifth of the time
    first = np.searchsorted(some, starts)
    sizes = np.diff(np.append(first, len(some)))
    # Those below count two, those that tie one: whole numbers, where counts are.
    twice = 2 * rising[some]
    twice -= other[some]
    twice -= np.repeat(2 * before, sizes)
    if turned:
        np.subtract(np.repeat(2 * total, sizes), twice, out=twice)
    return Placed.of(twice / np.repeat(2 * total, sizes), mine[some], first)
