"""MOVER: bounds of a function of a table from Clopper-Pearson limits of its independent parts.

Where errors are few the delta method and the bootstrap collapse (they see a table without errors as
certain); the limits of the parts do not. With g the metric and g_i the metric with part i at its
worse limit, L = g - sqrt(sum over parts of (g - g_i)²), and U likewise with the better ones.

Source: Zou & Donner 2008; the parts and the correlations as simulated in docs/calibration.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import ShownByDelta, upper_z
from evalharness.inference.delta import delta_error
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper

Floats = NDArray[np.float64]

UNBOUNDED = (-math.inf, math.inf)

# Points at which a metric is looked at between a part's limits, so that one which is not monotone
# in a part is not taken for better than it is.
GRID = 9


def rates_of(cells: Any) -> tuple[Floats, Floats]:
    """(3, …) prevalence, sensitivity and specificity of tables of (…,) counts, and the trials of
    each; nan where there are none."""
    tp, fp, fn, tn = cells
    positives, negatives = tp + fn, fp + tn
    trials = np.array([positives + negatives, positives, negatives])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.array([positives, tp, tn]) / trials, trials


def table_of(kind: Any, total: Any, rates: Any) -> Any:
    """The table that has these rates, (3, …)."""
    prevalence, sensitivity, specificity = rates
    positives, negatives = total * prevalence, total * (1 - prevalence)
    return kind(
        tp=positives * sensitivity,
        fp=negatives * (1 - specificity),
        fn=positives * (1 - sensitivity),
        tn=negatives * specificity,
    )


def limits_of_rates(cells: Any, alpha: float) -> tuple[Floats, Floats]:
    """(3, …) Clopper-Pearson limits of the rates."""
    tp, fp, fn, tn = cells
    hits = np.array([tp + fn, tp, tn])
    trials = np.array([tp + fp + fn + tn, tp + fn, fp + tn])
    return (
        clopper_pearson_lower(hits, trials, alpha),
        clopper_pearson_upper(hits, trials, alpha),
    )


def swept(rates: Floats, low: Floats, high: Floats) -> Floats:
    """(3, …, 3 · GRID) rates of which one after the other moves between its limits."""
    moved = np.repeat(rates[..., None], 3 * GRID, axis=-1)
    for i in (0, 1, 2):
        moved[i, ..., i * GRID : (i + 1) * GRID] = np.linspace(low[i], high[i], GRID, axis=-1)
    return moved


def strayed(value: Any, seen: Floats) -> tuple[Floats, Floats]:
    """How far the metric falls below its value, and rises above it, as each of the rates moves:
    (…, 3) each, from what was seen of it, (…, 3 · GRID)."""
    seen, value = seen.reshape(*seen.shape[:-1], 3, GRID), np.asarray(value)[..., None]
    return (
        np.maximum(0.0, value - seen.min(axis=-1)),
        np.maximum(0.0, seen.max(axis=-1) - value),
    )


def variance_by_parts(at: Callable[[Floats], Any], rates: Floats, trials: Floats) -> Any:
    """(…,) the delta method over the rates, by differences: what decides needs no tracing. ``at``:
    the metric at (3, …, 2) rates. Not finite where it is undefined nearby."""
    variance: Any = 0.0
    for i in (0, 1, 2):
        inside = (rates[i] > 0) & (rates[i] < 1)
        if not inside.any():
            continue
        step = np.minimum(1e-5, np.minimum(rates[i] / 2, (1 - rates[i]) / 2))
        moved = np.stack([rates, rates], axis=-1)
        moved[i] += np.stack([step, -step], axis=-1)
        up, down = np.moveaxis(at(moved), -1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (up - down) / (2 * step)
            part = slope**2 * rates[i] * (1 - rates[i]) / trials[i]
        variance = variance + np.where(inside, part, 0.0)
    return variance


class TwoClassBounds(ShownByDelta):
    """A smooth metric of a 2x2 table: MCC, macro F1 of two classes, a function of the user's own.

    ``function``: cells -> number, made of operators (or of JAX). ``cells``: scalar counts tp, fp,
    fn, tn. ``range``: what the metric cannot leave; bounds are clipped to it. The parts are
    prevalence, sensitivity and specificity; without positives or negatives nothing can be decided.
    The delta method is shown, MOVER where that is degenerate. The wider of the two decides.
    """

    unit = "examples"
    decides = "wider of MOVER and delta"

    def __init__(
        self,
        function: Callable[[Any], Any],
        cells: Any,
        range: tuple[float, float] = UNBOUNDED,
    ) -> None:
        super().__init__()
        self.function, self.range = function, range
        self.cells = type(cells)(*(np.float64(c) for c in cells))
        tp, fp, fn, tn = self.cells
        self._positives, self._negatives = tp + fn, fp + tn
        self._total = self._positives + self._negatives
        self._rates, self._trials = rates_of(self.cells)
        self.n = int(self._total)
        self._in_jax = False
        self.value = self._at(self.cells)

    def _at(self, cells: Any) -> float:
        """The metric; nan for 0/0. A function that answers in JAX is asked in 64 bits."""
        if self._in_jax:
            import jax

            with jax.enable_x64(True):
                return float(self.function(cells))
        with np.errstate(all="ignore"):
            try:
                answer = self.function(cells)
            except ZeroDivisionError:
                return math.nan
        if type(answer).__module__.split(".")[0] in ("jax", "jaxlib"):
            self._in_jax = True
            return self._at(cells)
        return float(answer)

    def _at_each(self, parts: Floats) -> Floats:
        """(k,) the metric at each of (3, k) rates: at once, where the function takes arrays as it
        takes numbers; that it does so is seen at the last of them."""
        tables = table_of(type(self.cells), self._total, parts)
        last = self._at(type(tables)(*(float(x[-1]) for x in tables)))
        if not self._in_jax and math.isfinite(last):
            try:
                with np.errstate(all="ignore"):
                    found = np.asarray(self.function(tables), float)
            except Exception:  # whatever a function of one's own does with an array
                found = np.zeros(0)
            if found.shape == parts.shape[1:] and found[-1] == last:
                return found
        kind, total = type(self.cells), self._total
        return np.array([self._at(table_of(kind, total, each)) for each in parts.T])

    @cached_property
    def _undefined(self) -> str:
        if not self._total:
            return "0/0: there are no examples"
        if not self._positives:
            return "there are no positives"
        if not self._negatives:
            return "there are no negatives"
        return "" if math.isfinite(self.value) else "0/0 on this table"

    @cached_property
    def _error(self) -> float:
        return math.nan if self._undefined else delta_error(self._at, self.cells)

    def _swing(self, width: float) -> float:
        return self._error_by_parts()

    @property
    def shown(self) -> str:
        # Rounding leaves 1e-18 where the error is zero.
        return "delta" if self._error > 1e-9 / math.sqrt(max(self.n, 1)) else "MOVER"

    def _mover(self, alpha: float) -> tuple[float, float]:
        seen = self._at_each(swept(self._rates, *self._part_limits(alpha)))
        if not np.isfinite(seen).all():
            return self.range  # undefined within a part's limits: nothing is bounded
        worse, better = (x.tolist() for x in strayed(self.value, seen))
        below, above = self._least(alpha)
        return (
            max(self.range[0], self.value - max(self._together(worse), below)),
            min(self.range[1], self.value + max(self._together(better), above)),
        )

    def _part_limits(self, alpha: float) -> tuple[Floats, Floats]:
        return limits_of_rates(self.cells, alpha)

    def _together(self, distances: list[float]) -> float:
        """The parts are independent."""
        return math.hypot(*distances)

    def _least(self, alpha: float) -> tuple[float, float]:
        """With a handful of errors in two parts the better limits lie too near (.92 at 20
        examples); the delta method, too near where there are none, is wider just there."""
        distance = upper_z(alpha) * self._error_by_parts()
        return distance, distance

    def _times(self, factor: float) -> TwoClassBounds:
        cells = type(self.cells)(*(factor * c for c in self.cells))
        return TwoClassBounds(self.function, cells, self.range)

    def _error_by_parts(self) -> float:
        variance = float(variance_by_parts(self._at_each, self._rates, self._trials))
        return math.sqrt(variance) if math.isfinite(variance) else 0.0
