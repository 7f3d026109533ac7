"""What people err in each slice of a split whose rows they answered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.effective import TINY, UnitSums, lower_limit, upper_limit
from evalharness.inference.slices import ProportionSlices

Floats = NDArray[np.float64]


class ItemSlices:
    """The mean of each slice of items with values from 0 to 1: (S,) `sums` of each, by the limits
    of `effective`, which are Clopper-Pearson's where each value is 0 or 1."""

    def __init__(self, sums: UnitSums) -> None:
        self.sums, self.n = sums, sums.units.astype(np.int64)
        self.value = np.divide(
            sums.hits, sums.trials, out=np.full(len(self.n), np.nan), where=self.n > 0
        )

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        alpha = (1 - confidence) / 2
        return self.lower(alpha), self.upper(alpha)

    def lower(self, alpha: float) -> Floats:
        return np.asarray(lower_limit(self.sums, alpha), float)

    def upper(self, alpha: float) -> Floats:
        return np.asarray(upper_limit(self.sums, alpha), float)


def of_items(value: Floats, code: Any, count: int, worth: float = 1.0) -> Any:
    """The bounds of the mean of so many slices of items. value: (R,) of each item, from 0 to 1;
    code: int (R,) its slice; worth: how many independent items each of them is worth."""

    def total(x: Any) -> Floats:
        return np.asarray(worth * np.bincount(code, x, count), float)

    n, k = total(np.ones(len(code))), total(value)
    if np.isin(value, (0, 1)).all():
        return ProportionSlices(k, n, "items", None)
    wrong, right = total(value > TINY), total(value < 1 - TINY)
    largest = np.ones(count)
    squares = total(value**2)
    return ItemSlices(UnitSums(n, n, k, n, k, squares, largest, n, wrong, right, clusters=False))
