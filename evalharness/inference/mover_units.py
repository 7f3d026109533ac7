"""MOVER for functions of a 2×2 table of weighted or clustered examples."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from evalharness.inference.bounds import Bounds, upper_z
from evalharness.inference.mover import Floats, TwoClassBounds


class UnitTwoClassBounds(TwoClassBounds):
    """As `TwoClassBounds`, with the limits of prevalence, sensitivity and specificity at the number
    of examples that the weighted or clustered ones are worth.

    ``parts``: the bounds of the three; ``linear``: value -> bounds by the units' influences;
    ``tied``: whether one unit may spoil several parts at once (clusters): where the influences do
    not tell how much, their distances add up, as if all parts strayed together.
    """

    decides = "wider of MOVER and delta, by units"

    def __init__(
        self,
        function: Callable[[Any], Any],
        cells: Any,
        range: tuple[float, float],
        parts: Sequence[Any],
        linear: Callable[[float], Bounds],
        tied: bool,
    ) -> None:
        super().__init__(function, cells, range)
        self._parts, self._tied = parts, tied
        self._make = linear
        self.n, self.unit, self.note = parts[0].n, parts[0].unit, parts[0].note

    @cached_property
    def _linear(self) -> Bounds:
        return self._make(self.value)

    @cached_property
    def _error(self) -> float:
        if self._undefined or self._linear.reason:
            return 0.0
        low, high = self._linear.interval(0.95)
        return (high - low) / 2 / upper_z(0.025)

    def _part_limits(self, alpha: float) -> tuple[Floats, Floats]:
        return (
            np.array([p.lower(alpha) for p in self._parts]),
            np.array([p.upper(alpha) for p in self._parts]),
        )

    def _together(self, distances: list[float]) -> float:
        tied = self._tied and bool(self._linear.reason)
        return sum(distances) if tied else math.hypot(*distances)

    def _least(self, alpha: float) -> tuple[float, float]:
        if self._linear.reason:
            return 0.0, 0.0
        low, high = self._linear.lower(alpha), self._linear.upper(alpha)
        return self.value - low, high - self.value

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        from evalharness.inference.bounds import settle_by_root

        return settle_by_root(self, threshold, alpha, power)
