"""The largest difference between slices.

The gap is the largest of the differences of all ordered pairs of slices. An upper limit of every
pair's difference at one level, the largest taken, is an upper limit of the gap at that level: it
need only hold for the pair that truly is the largest. A lower limit must hold for whichever pair
looks largest, so its level is shared among the pairs. Differences of two slices by MOVER (Zou &
Donner 2008), from the slices' own deciding limits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from evalharness.inference.bounds import Bounds, settle_by_root


class GapBounds:
    """``slices``: (name, bounds) of each slice; ``tied``: whether clusters may reach over several
    slices, so that their errors may add up."""

    def __init__(self, slices: Sequence[tuple[str, Bounds]], tied: bool) -> None:
        self._slices, self._tied = slices, tied
        values = [b.value for _, b in slices]
        self._undefined = [name for name, b in slices if math.isnan(b.value)]
        self.value = math.nan if self._undefined else max(values) - min(values)
        self.n, self.unit = sum(b.n for _, b in slices), slices[0][1].unit
        self.note = ""
        if not self._undefined and len(slices) > 1:
            ranked = sorted(slices, key=lambda s: s[1].value)
            (low, least), (high, most) = ranked[0], ranked[-1]
            self.note = f"{high} {most.value:.4g}, {low} {least.value:.4g}"
        self._limits = lru_cache(self._both)

    @property
    def reason(self) -> str:
        if self._undefined:
            return f"undefined in {', '.join(self._undefined[:5])}"
        if len(self._slices) < 2:
            only = self._slices[0][0] if self._slices else "none"
            return f"there is one slice ({only}), so nothing to compare it with"
        return next((f"{name}: {b.reason}" for name, b in self._slices if b.reason), "")

    shown = decides = "MOVER, over all pairs of slices"

    def interval(self, confidence: float) -> tuple[float, float]:
        return self._limits((1 - confidence) / 2)

    def lower(self, alpha: float) -> float:
        return self._limits(round(alpha, 12))[0]

    def upper(self, alpha: float) -> float:
        return self._limits(round(alpha, 12))[1]

    def _both(self, alpha: float) -> tuple[float, float]:
        if self._undefined or len(self._slices) < 2:
            return 0.0, math.inf
        pairs = len(self._slices) * (len(self._slices) - 1)
        down, up = self._ends(alpha)
        high = largest(up, down, 1, self._tied)
        down, up = self._ends(alpha / pairs)
        return max(0.0, largest(down, up, -1, self._tied)), high

    def _ends(self, alpha: float) -> Any:
        """Values and lower limits of the slices, (2, S), and values and upper limits."""
        bounds = [b for _, b in self._slices]
        value = [b.value for b in bounds]
        down, up = [b.lower(alpha) for b in bounds], [b.upper(alpha) for b in bounds]
        return np.array([value, down]), np.array([value, up])

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)


def largest(one: Any, other: Any, sign: int, tied: bool) -> float:
    """The largest upper (``sign`` 1) or lower (-1) limit of a difference of two slices; ``one``,
    ``other``: (2, S) values and limits of the slice that is taken first, and of the other."""
    a, b = (np.maximum(x, 0.0) for x in (sign * (one[1] - one[0]), sign * (other[0] - other[1])))
    both = a[:, None] + b[None, :] if tied else np.hypot(a[:, None], b[None, :])
    found = one[0][:, None] - other[0][None, :] + sign * both
    return float(found[~np.eye(len(a), dtype=bool)].max())
