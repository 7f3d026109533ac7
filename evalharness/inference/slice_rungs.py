"""One rung of many ladders: the bounds of every slice as arrays, in one order on all rungs; and the
gaps between two such rungs, by the formulas of `rung_gap`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import Bounds
from evalharness.inference.dominance import KNOTS, believed, believed_of_each
from evalharness.inference.rung_gap import Assumed, ends, farther

Floats = NDArray[np.float64]
Limits = tuple[Floats, Floats, Floats]


class Listed:
    """The bounds of a few slices, as the bounds of many have it (`slices.Slices`)."""

    def __init__(self, bounds: Sequence[Bounds]) -> None:
        self.each = bounds
        self.value = np.array([b.value for b in bounds], float)
        self.n = np.array([b.n for b in bounds], np.int64)

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        low, high = zip(*(b.interval(confidence) for b in self.each), strict=True)
        return np.array(low, float), np.array(high, float)

    def lower(self, alpha: float) -> Floats:
        return np.array([b.lower(alpha) for b in self.each], float)

    def upper(self, alpha: float) -> Floats:
        return np.array([b.upper(alpha) for b in self.each], float)


class RungSlices:
    """One rung of S ladders. `bounds`: `Listed`, or `Slices` as they were measured; `place`: (S,)
    where each ladder's is among them, -1 where it is not there.

    value, n: (S,), NaN and 0 where the slice is not there. assumed: whether nothing was measured.
    """

    def __init__(self, bounds: Any, place: Any) -> None:
        self._bounds, self._place = bounds, np.asarray(place, np.int64)
        self.value = self._at(bounds.value)
        self.n = np.where(self._place < 0, 0, bounds.n[self._place])
        each = bounds.each if isinstance(bounds, Listed) else ()
        self.assumed = any(isinstance(b, Assumed) for b in each)
        self.limits = lru_cache(self._limits)

    @classmethod
    def same(cls, bounds: Bounds, count: int) -> RungSlices:
        """A rung that is one and the same for so many slices."""
        return cls(Listed([bounds]), np.zeros(count, np.int64))

    def _at(self, x: Any) -> Floats:
        return np.where(self._place < 0, np.nan, np.asarray(x, float)[self._place])

    def interval(self, confidence: float) -> Limits:
        """(value, low, high), as shown."""
        low, high = self._bounds.interval(confidence)
        return self.value, self._at(low), self._at(high)

    def _limits(self, alpha: float) -> Limits:
        """(value, lower, upper), each at error level ``alpha``; these decide."""
        lower, upper = self._bounds.lower(alpha), self._bounds.upper(alpha)
        return self.value, self._at(lower), self._at(upper)

    def belief(self) -> tuple[Floats, Floats]:
        """(knots, (S, knots)): as `dominance.believed`; NaN where the slice is not there."""
        if isinstance(self._bounds, Listed):
            each = [believed(b) for b in self._bounds.each]
            knots = each[0][0]
            if any(len(k) != len(knots) for k, _ in each):
                knots = KNOTS
                each = [(knots, np.interp(knots, *pair)) for pair in each]
            values = np.stack([v for _, v in each])
        else:
            knots, values = believed_of_each(self._bounds)
        return knots, np.where(self._place[:, None] < 0, np.nan, values[self._place])


def shown_gap(
    below: RungSlices, above: RungSlices, sign: int, tied: bool, most: float, confidence: float
) -> tuple[Floats, Floats]:
    """(low, high), each (S,): the interval of each slice's gap."""
    low, high = ends(below.interval(confidence), above.interval(confidence), sign, tied)
    return np.clip(low, -most, most), np.clip(high, -most, most)


def deciding_gap(
    below: RungSlices, above: RungSlices, sign: int, tied: bool, most: float, alpha: float
) -> tuple[Floats, Floats]:
    """(lower, upper), each (S,): the one-sided bounds that decide about each slice's gap."""
    first, second = below.limits(alpha), above.limits(alpha)
    if not (below.assumed or above.assumed):
        first, second = farther(*first), farther(*second)
    low, high = ends(first, second, sign, tied)
    return np.clip(low, -most, most), np.clip(high, -most, most)
