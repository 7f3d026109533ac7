"""The largest difference between slices whose values are known within an error: of scores in bins.

A difference grows with the value that is taken first and with its limits, and falls with those of
the other. So its own ends follow from the ends of the slices' values and limits, and where they
would give other verdicts, the scores of all such slices are sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evalharness.inference.bounds import Bounds
from evalharness.inference.bracketed import BracketedBounds, Pair, Spread
from evalharness.inference.gaps import GapBounds, largest

Slice = tuple[str, Bounds]


def gap_of(slices: Sequence[Slice], tied: bool) -> Bounds:
    """As `GapBounds`, or of slices some of which are within an error."""
    plain = GapBounds(slices, tied)
    known = plain.value == plain.value and len(slices) > 1
    if not (known and any(hasattr(b, "extremes") for _, b in slices)):
        return plain
    spread, said = GapSpread(slices, tied), f"{plain.note}; "
    opened = f"{said}bins of scores leave it open"
    return BracketedBounds(spread, opened, lambda: GapBounds(_sorted(slices), tied), said)


class GapSpread(Spread):
    """What differences are possible, and what limits of them."""

    def __init__(self, slices: Sequence[Slice], tied: bool) -> None:
        self._tied = tied
        self._extremes = [getattr(b, "extremes", (b, b)) for _, b in slices]
        self._least, self._most = np.array([[e.value for e in ends] for ends in self._extremes]).T
        low, high = GapBounds(slices, tied), GapBounds(slices, tied)
        super().__init__(low, high)
        least, most = ((x, x) for x in (self._least, self._most))
        low.value, high.value = (
            max(0.0, largest(least, most, 1, tied)),
            largest(most, least, 1, tied),
        )

    def interval(self, confidence: float) -> Pair:
        return self.limits((1 - confidence) / 2)[0]

    def limits(self, alpha: float) -> tuple[Pair, Pair]:
        return self._limits(alpha, True), self._limits(alpha, False)

    def _limits(self, alpha: float, wide: bool) -> Pair:
        pairs = len(self._extremes) * (len(self._extremes) - 1)
        ends = (self._most, self._least) if wide else (self._least, self._most)
        down, up = self._each(alpha, wide)
        high = largest((ends[0], up), (ends[1], down), 1, self._tied)
        down, up = self._each(alpha / pairs, wide)
        return max(0.0, largest((ends[1], down), (ends[0], up), -1, self._tied)), high

    def _each(self, alpha: float, wide: bool) -> Any:
        """Lower and upper limits of the slices, the widest or the narrowest that are possible."""
        each = [ends[0 if wide else 1] for ends in self._extremes]
        return np.array([[b.lower(alpha), b.upper(alpha)] for b in each]).T


def _sorted(slices: Sequence[Slice]) -> list[Slice]:
    found: list[Any] = [(name, b) for name, b in slices]
    return [(name, b.exact if hasattr(b, "extremes") else b) for name, b in found]
