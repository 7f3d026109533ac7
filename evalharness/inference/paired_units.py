"""The difference of two models' shares on the same weighted or clustered examples.

Where the differences of the units do not tell how much they vary (no model changed much), the
shares of the examples that only one of the models got right bound it: each by its own limits, at
half the level.
"""

from __future__ import annotations

from typing import Any

from evalharness.inference.bounds import Bounds, ByLimits, settle_by_root
from evalharness.inference.effective import EffectiveBounds


class PairedUnitBounds(ByLimits):
    """``linear``: by the units' differences; ``better``, ``worse``, ``trials`` (G,): the weight of
    what only the first, or only the second, model got right in each unit, and of all; ``clusters``:
    what kind of units."""

    reason = ""

    def __init__(
        self, linear: Bounds, better: Any, worse: Any, trials: Any, clusters: bool
    ) -> None:
        self._linear = linear
        self._better = EffectiveBounds(better, trials, clusters=clusters)
        self._worse = EffectiveBounds(worse, trials, clusters=clusters)
        self.value, self.n, self.unit = linear.value, linear.n, linear.unit

    @property
    def decides(self) -> str:
        if not self._linear.reason:
            return self._linear.decides
        return "limits of the shares that only one model has right"

    @property
    def shown(self) -> str:
        return self.decides

    def _limits(self, alpha: float) -> tuple[float, float]:
        if not self._linear.reason:
            return self._linear.lower(alpha), self._linear.upper(alpha)
        half = alpha / 2
        return (
            self._better.lower(half) - self._worse.upper(half),
            self._better.upper(half) - self._worse.lower(half),
        )

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)
