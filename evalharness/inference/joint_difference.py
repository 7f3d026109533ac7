"""The difference of a count metric between two models on the same examples, from how often each
label meets each pair of predictions.

To first order a difference is a sum over the joint cells, Σ g_c p_c, with p_c the cell's share and
g_c what one more example there adds to it (its influence on the one model's metric less that on the
other's). Delta takes the spread of the shares for what the counts say, and collapses where hardly
an example tells the models apart. So each share gets its Clopper-Pearson limits, an empty cell too,
and MOVER makes a bound of them: the square root of the sum of (g_c (p_c − limit))². The wider of
the two decides, at any count: equal models are never superior, and equivalent where there are
examples enough.

An average over three classes or more has too many joint cells for that. There each class against
the rest has its eight, and one error touches two classes at most, as in `macro`.

Sources: Zou & Donner 2008 (MOVER); simulated in docs/calibration.md.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import ShownByDelta, upper_z
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper

Floats = NDArray[np.float64]


class JointBounds(ShownByDelta):
    """``value``: of the difference; ``counts`` (C,): examples in each joint cell, the empty ones
    too; ``gradient`` (C,): what one more example there adds; ``range``: of the difference."""

    unit = "paired examples"
    decides = "wider of MOVER and delta"

    def __init__(
        self, value: float, counts: Any, gradient: Any, range: tuple[float, float]
    ) -> None:
        super().__init__()
        self.value, self.range = float(value), range
        self.counts, self.gradient = np.asarray(counts, float), np.asarray(gradient, float)
        self.total = float(self.counts.sum())
        self.n = round(self.total)

    @cached_property
    def _undefined(self) -> str:
        known = math.isfinite(self.value) and np.isfinite(self.gradient).all()
        return "" if known else "not differentiable on this table"

    @cached_property
    def _slopes(self) -> Floats:
        """(C,) by the shares of the cells, less their mean: shares add up to one."""
        slopes = self.total * self.gradient
        return np.asarray(slopes - self.counts @ slopes / self.total)

    @cached_property
    def _error(self) -> float:
        if self._undefined:
            return math.nan
        return math.sqrt(float(self.counts @ self._slopes**2)) / self.total

    @property
    def shown(self) -> str:
        # Rounding leaves 1e-18 where the error is zero.
        return "delta" if self._error > 1e-9 / math.sqrt(max(self.n, 1)) else "MOVER"

    def _mover(self, alpha: float) -> tuple[float, float]:
        below, above = distances(self.counts, self.total, self._slopes, alpha)
        chance = upper_z(alpha) * self._error
        return (
            max(self.range[0], self.value - max(float(np.sqrt(below)), chance)),
            min(self.range[1], self.value + max(float(np.sqrt(above)), chance)),
        )

    def _times(self, factor: float) -> JointBounds:
        counts, gradient = factor * self.counts, self.gradient / factor
        return JointBounds(self.value, counts, gradient, self.range)


def distances(counts: Floats, total: float, slopes: Floats, alpha: float) -> tuple[Any, Any]:
    """Squares of the distances down and up, over the last axis of (…, C) cells."""
    share = counts / total
    low = clopper_pearson_lower(counts, total, alpha) - share
    high = clopper_pearson_upper(counts, total, alpha) - share
    worse = np.minimum(slopes * low, slopes * high)
    better = np.maximum(slopes * low, slopes * high)
    return (worse**2).sum(-1), (better**2).sum(-1)


class JointClassBounds(ShownByDelta):
    """``value``: of the difference of an average over K >= 3 classes; ``counts``, ``gradient`` (K,
    8): of each class against the rest, the cells 4·label + 2·first + second, with what one more
    example there adds to the difference of that class; ``weights`` (K,): of the classes, adding up
    to one; ``error``: the delta method's standard error of the average; ``mixed``: the part of its
    square that comes of the weights."""

    unit = "paired examples"
    decides = "wider of MOVER and delta"

    def __init__(
        self,
        value: float,
        counts: Any,
        gradient: Any,
        weights: Any,
        error: float,
        mixed: float,
        range: tuple[float, float],
    ) -> None:
        super().__init__()
        self.value, self.range = float(value), range
        self.counts, self.gradient = np.asarray(counts, float), np.asarray(gradient, float)
        self.weights, self._error, self._mixed = np.asarray(weights, float), error, mixed
        self.total = float(self.counts[0].sum())
        self.n = round(self.total)

    @cached_property
    def _undefined(self) -> str:
        known = math.isfinite(self.value) and np.isfinite(self.gradient).all()
        return "" if known and math.isfinite(self._error) else "not differentiable on this table"

    @property
    def shown(self) -> str:
        return "delta" if self._error > 1e-9 / math.sqrt(max(self.n, 1)) else "MOVER"

    def _mover(self, alpha: float) -> tuple[float, float]:
        slopes = self.total * self.gradient
        slopes = slopes - (self.counts * slopes).sum(-1, keepdims=True) / self.total
        down, up = distances(self.counts, self.total, slopes, alpha)
        limits = []
        for square in (down, up):
            distance = math.sqrt(self._together(square) + upper_z(alpha) ** 2 * self._mixed)
            limits.append(max(distance, upper_z(alpha) * self._error))
        return (
            max(self.range[0], self.value - limits[0]),
            min(self.range[1], self.value + limits[1]),
        )

    def _together(self, square: Floats) -> float:
        """The square of the average's distance from those of the classes (K,). An example that
        tells the models apart is about its label's class and about one that it was taken for
        (Cauchy-Schwarz over the two)."""
        square = self.weights**2 * square
        of_label = self._of_label
        others = np.maximum(0.0, 1 - of_label)
        return float(square.sum() + 2 * math.sqrt((square @ of_label) * (square @ others)))

    @cached_property
    def _of_label(self) -> Floats:
        """(K,) share of each class's variance that is of examples with that label."""
        spread = self.counts * self.gradient**2
        label, whole = spread[:, 4:].sum(-1), spread.sum(-1)
        # Where the models are alike there is no variance to divide: half of it to either side that
        # could make one.
        some = np.abs(self.gradient).max(-1, initial=0.0)
        sides = [(np.abs(g).max(-1) > 1e-9 * some) * 1.0 for g in np.hsplit(self.gradient, 2)]
        empty = sides[1] / np.maximum(1.0, sides[0] + sides[1])
        return np.where(whole > 0, label / np.where(whole > 0, whole, 1.0), empty)

    def _times(self, factor: float) -> JointClassBounds:
        return JointClassBounds(
            self.value,
            factor * self.counts,
            self.gradient / factor,
            self.weights,
            self._error / math.sqrt(factor),
            self._mixed / factor,
            self.range,
        )
