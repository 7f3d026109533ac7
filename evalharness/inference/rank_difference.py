"""The difference of an area or another smooth rank metric between two models on the same examples.

The influences of an example on the one and on the other are subtracted: for areas under the ROC
curve their variance, with ddof 1 within each class, is that of DeLong with his covariance. It is
shown. From 30 positives and 30 negatives on, the wider decides of it and of Student's t with its
correction for skewness, with room for examples that were not seen and that only one of the models
puts at the very bottom or top (see `curves`): by MOVER the distances add in squares.

Sources: DeLong, DeLong & Clarke-Pearson 1988; Zou & Donner 2008 (MOVER).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from evalharness.inference.bounds import ByLimits, settle_by_root, upper_z
from evalharness.inference.curves import LEAST, RankCurveBounds, few
from evalharness.inference.linearised import LinearisedBounds


class RankDifferenceBounds(ByLimits):
    """``curves``: of the two models; ``added`` (n,): what each example adds to the difference;
    ``label`` bool (n,); ``range``: of the difference; ``seed``: of the bootstrap below 200
    examples."""

    unit = "paired examples"

    def __init__(
        self,
        curves: Sequence[RankCurveBounds],
        added: Any,
        label: Any,
        seed: int,
        range: tuple[float, float],
    ) -> None:
        value = curves[0].value - curves[1].value
        self.value, self.n, self.range, self._curves = value, len(added), range, curves
        self._linear = LinearisedBounds(value, added, seed, range, "paired examples")
        counts = [int(np.sum(side)) for side in (label, ~label)]
        self.error = math.nan
        if min(counts) > 1:
            sides = zip((label, ~label), counts, strict=True)
            self.error = math.sqrt(
                sum(m / (m - 1) * float((added[s] ** 2).sum()) for s, m in sides)
            )
        # Where both order all examples alike, only what was not seen can tell them apart.
        self._alike = not float((added**2).sum()) > 1e-18
        self.reason = "" if self._alike else self._linear.reason
        if min(counts) < LEAST:
            number, name = min(zip(counts, ("positives", "negatives"), strict=True))
            self.reason = few(number, name)

    @property
    def shown(self) -> str:
        return self.decides if self._alike else "DeLong"

    @property
    def decides(self) -> str:
        if self._alike:
            return "unseen examples"
        return f"MOVER of the wider of DeLong and {self._linear.decides}, and unseen examples"

    def interval(self, confidence: float) -> tuple[float, float]:
        if self._alike or not self.error > 0:
            return self._limits((1 - confidence) / 2)
        half = upper_z((1 - confidence) / 2) * self.error
        return max(self.range[0], self.value - half), min(self.range[1], self.value + half)

    def _limits(self, alpha: float) -> tuple[float, float]:
        if self.reason:
            return self.range
        down = up = 0.0
        if not self._alike:
            half = upper_z(alpha) * self.error
            down = max(self.value - self._linear.lower(alpha), half)
            up = max(self._linear.upper(alpha) - self.value, half)
        ours, theirs = (c.unseen(alpha, c.positives, c.negatives) for c in self._curves)
        return (
            max(self.range[0], self.value - math.sqrt(down**2 + ours[0] + theirs[1])),
            min(self.range[1], self.value + math.sqrt(up**2 + ours[1] + theirs[0])),
        )

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)
