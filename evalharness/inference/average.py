"""Averages over classes, whatever ties the classes together.

The limits of the classes at one level, averaged, bound the average under any dependence: that is
exact where all classes err together, and wide where they do not. So where the influences of the
units are enough to tell the spread of the average itself, these decide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from evalharness.inference.bounds import Bounds, settle_by_root


class AverageBounds:
    """``parts``: the bounds of each class; ``weights``: (K,), which add to one; ``names``: of the
    classes; ``linear``: bounds of the average by the influences of the units, None where it is
    undefined.
    """

    def __init__(
        self,
        parts: Sequence[Bounds],
        weights: Any,
        names: Sequence[Any],
        linear: Bounds | None,
        note: str = "",
    ) -> None:
        used = [(p, float(w), n) for p, w, n in zip(parts, weights, names, strict=True) if w > 0]
        self._parts = [(p, w) for p, w, _ in used]
        self._without = [str(n) for p, _, n in used if math.isnan(p.value)]
        self._classes = len(used)
        self.value = math.nan if self._without else sum(w * p.value for p, w in self._parts)
        self._linear = linear
        self.n = linear.n if linear else max(p.n for p in parts)
        self.unit = linear.unit if linear else parts[0].unit
        self.note = "; ".join(filter(None, [getattr(linear, "note", ""), note]))

    @cached_property
    def reason(self) -> str:
        if self._without:
            shown = ", ".join(self._without[:5]) + (", …" if len(self._without) > 5 else "")
            return (
                f"0/0 in {len(self._without)} of {self._classes} classes ({shown}), "
                "so their average is undefined"
            )
        if self._linear and not self._linear.reason:
            return ""
        return next((p.reason for p, _ in self._parts if p.reason), "")

    @property
    def shown(self) -> str:
        return self.decides

    @property
    def decides(self) -> str:
        if self._linear and not self._linear.reason:
            return self._linear.decides
        return "mean of the classes' bounds"

    def interval(self, confidence: float) -> tuple[float, float]:
        alpha = (1 - confidence) / 2
        return self.lower(alpha), self.upper(alpha)

    def lower(self, alpha: float) -> float:
        if self._linear and not self._linear.reason:
            return self._linear.lower(alpha)
        return float(np.sum([w * p.lower(alpha) for p, w in self._parts]))

    def upper(self, alpha: float) -> float:
        if self._linear and not self._linear.reason:
            return self._linear.upper(alpha)
        return float(np.sum([w * p.upper(alpha) for p, w in self._parts]))

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)
