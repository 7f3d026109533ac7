"""`MeanBounds` of every slice at once: t and its correction for skewness on arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from evalharness.inference.bounds import Bounds
from evalharness.inference.means import (
    FURTHER,
    LARGEST,
    MOST_ASYMMETRY,
    SHOWN_SKEW,
    SMALL,
    largest_asymmetry,
)

Floats = NDArray[np.float64]


class MeanSlices:
    """The mean of each slice. ``table``: (G,) numbers of values, means, and sums of centred squares
    and cubes. ``alone``: the bounds of one slice, asked where there are few values, or where
    nothing can be bounded."""

    closed = False

    def __init__(self, table: Any, alone: Callable[[int], Bounds]) -> None:
        self.one = alone
        n, mean, m2, m3 = (np.asarray(x, float) for x in table)
        self.n, self._m2 = n.astype(np.int64), m2
        with np.errstate(all="ignore"):
            self.value = np.where(n > 0, mean, np.nan)
            sd = np.sqrt(m2 / n)
            self._error = np.sqrt(m2 / (n - 1) / n)
            self._skew = m3 / n / sd / sd / sd / np.sqrt(n)
            size = np.maximum(sd, np.abs(mean))
            many = (n >= SMALL) & (sd > 1e-12 * np.abs(mean))
            many &= (size > 1 / LARGEST) & (size < LARGEST)
            self._many = many & (np.abs(self._skew) < MOST_ASYMMETRY)
        self._apart = {g: alone(g) for g in np.flatnonzero(~self._many).tolist()}
        limit = np.array([largest_asymmetry(k) for k in self.n.tolist()])
        self._further = np.where(np.abs(self._skew) < limit, 1.0, FURTHER)

    @cached_property
    def kinds(self) -> Any:
        by_t = np.abs(self._skew) < SHOWN_SKEW
        return np.where(self._many, 2 * by_t + (self._further > 1), -1)

    def _corrected(self, t: Floats) -> Floats:
        """As `means.corrected`."""
        skew = np.where(np.abs(self._skew) < 1e-8, np.nan, self._skew)
        with np.errstate(invalid="ignore"):
            found = 3 / skew * (np.cbrt(1 + skew * (t - skew / 6)) - 1)
        return np.where(np.isnan(skew), t, found)

    def _filled(self, low: Floats, high: Floats, each: Callable[[Any], Any]) -> tuple[Any, Any]:
        for g, bounds in self._apart.items():
            low[g], high[g] = each(bounds)
        return low, high

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        with np.errstate(all="ignore"):
            t = -stdtrit(self.n - 1, (1 - confidence) / 2)
            by_t = np.abs(self._skew) < SHOWN_SKEW
            ends = (np.where(by_t, sign * t, self._corrected(sign * t)) for sign in (1, -1))
            high, low = (x * self._error for x in ends)
        low, high = self.value - np.maximum(high, 0), self.value - np.minimum(low, 0)
        return self._filled(low, high, lambda b: b.interval(confidence))

    def lower(self, alpha: float) -> Floats:
        return self._deciding(alpha)[0]

    def upper(self, alpha: float) -> Floats:
        return self._deciding(alpha)[1]

    def _deciding(self, alpha: float) -> tuple[Floats, Floats]:
        with np.errstate(all="ignore"):
            t = -stdtrit(self.n - 1, alpha)
            high = np.maximum(t, self._corrected(t)) * self._error * self._further
            low = np.minimum(-t, self._corrected(-t)) * self._error * self._further
        found = self.value - np.maximum(high, 0), self.value - np.minimum(low, 0)
        return self._filled(*found, lambda b: (b.lower(alpha), b.upper(alpha)))
