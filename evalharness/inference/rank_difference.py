"""The difference of an area or another smooth rank metric between two models on the same examples.

The influences of an example on the one and on the other are subtracted: for areas under the ROC
curve their variance, with ddof 1 within each class, is that of DeLong with his covariance. It is
shown; the wider of it and of Student's t of the units with its correction decides, from 30
positives and 30 negatives on.

Source: DeLong, DeLong & Clarke-Pearson 1988.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from evalharness.inference.bounds import ByLimits, settle_by_root, upper_z
from evalharness.inference.curves import LEAST
from evalharness.inference.linearised import LinearisedBounds


class RankDifferenceBounds(ByLimits):
    """``value``: of the difference; ``added`` (n,): what each example adds to it; ``label`` bool
    (n,); ``range``: of the difference; ``seed``: of the bootstrap below 200 examples."""

    unit = "paired examples"

    def __init__(
        self, value: float, added: Any, label: Any, seed: int, range: tuple[float, float]
    ) -> None:
        self.value, self.n, self.range = float(value), len(added), range
        self._linear = LinearisedBounds(value, added, seed, range, "paired examples")
        counts = [int(np.sum(side)) for side in (label, ~label)]
        self.error = math.nan
        if min(counts) > 1:
            sides = zip((label, ~label), counts, strict=True)
            self.error = math.sqrt(sum(m / (m - 1) * float(added[s] @ added[s]) for s, m in sides))
        self.reason = self._linear.reason
        if min(counts) < LEAST:
            few = [f"{m:,} {w}" for m, w in zip(counts, ("positives", "negatives"), strict=True)]
            self.reason = f"decides nothing below {LEAST} of either: {' and '.join(few)}"

    @property
    def shown(self) -> str:
        return "DeLong" if self.error > 0 else "none"

    @property
    def decides(self) -> str:
        return f"wider of DeLong and {self._linear.decides}"

    def interval(self, confidence: float) -> tuple[float, float]:
        if self.shown == "none":
            return self.range
        half = upper_z((1 - confidence) / 2) * self.error
        return max(self.range[0], self.value - half), min(self.range[1], self.value + half)

    def _limits(self, alpha: float) -> tuple[float, float]:
        if self.reason:
            return self.range
        half = upper_z(alpha) * self.error
        low = min(self._linear.lower(alpha), self.value - half)
        high = max(self._linear.upper(alpha), self.value + half)
        return max(self.range[0], low), min(self.range[1], high)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)
