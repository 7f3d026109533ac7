"""`TwoClassBounds` and `MacroBounds` of every slice at once: the same formulas on arrays."""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from evalharness.inference.bounds import USUAL, Bounds, upper_z
from evalharness.inference.delta import delta_errors
from evalharness.inference.macro import Classes, MacroBounds
from evalharness.inference.mover import (
    Floats,
    TwoClassBounds,
    limits_of_rates,
    rates_of,
    strayed,
    swept,
    table_of,
    variance_by_parts,
)


class ShownByDeltaSlices(abc.ABC):
    """As `ShownByDelta`, of (G,) arrays."""

    closed = False
    value: Floats
    n: Any
    _range: tuple[float, float]
    _defined: Any  # (G,) where anything can be bounded

    def __init__(self) -> None:
        self._known: dict[float, tuple[Floats, Floats]] = {}

    @property
    @abc.abstractmethod
    def _error(self) -> Floats:
        """(G,) the delta method's standard errors."""

    @property
    @abc.abstractmethod
    def _by_delta(self) -> Any:
        """(G,) whether that error is not zero."""

    @abc.abstractmethod
    def _mover(self, alpha: float) -> tuple[Floats, Floats]: ...

    @abc.abstractmethod
    def one(self, g: int) -> Bounds: ...

    def _limits(self, alpha: float) -> tuple[Floats, Floats]:
        level = round(alpha, 12)
        if level not in self._known:
            self._known[level] = self._mover(level)
        return self._known[level]

    def _flat(self, alpha: float) -> Any:
        """(G,) whether the metric has no width, or no value."""
        low, high = self._limits(alpha)
        with np.errstate(invalid="ignore"):
            return ~(self._defined & (high - low > 1e-12 * np.maximum(1.0, np.abs(low))))

    def _bounded(self, alpha: float) -> tuple[Floats, Floats]:
        flat = self._flat(USUAL) | self._flat(alpha)
        low, high = self._limits(alpha)
        return np.where(flat, self._range[0], low), np.where(flat, self._range[1], high)

    @cached_property
    def kinds(self) -> Any:
        return np.where(self._flat(USUAL), -1, self._by_delta)

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        alpha = (1 - confidence) / 2
        low, high = self._bounded(alpha)
        half, by_delta = upper_z(alpha) * self._error, self.kinds == 1
        with np.errstate(invalid="ignore"):
            return (
                np.where(by_delta, np.maximum(self._range[0], self.value - half), low),
                np.where(by_delta, np.minimum(self._range[1], self.value + half), high),
            )

    def lower(self, alpha: float) -> Floats:
        return self._bounded(alpha)[0]

    def upper(self, alpha: float) -> Floats:
        return self._bounded(alpha)[1]


class TwoClassSlices(ShownByDeltaSlices):
    """A smooth metric of the 2×2 table of each slice.

    ``function``: cells -> numbers, of arrays as of numbers; ``cells``: (G,) counts tp, fp, fn, tn;
    ``range``: see `TwoClassBounds`.
    """

    def __init__(
        self, function: Callable[[Any], Any], cells: Any, range: tuple[float, float]
    ) -> None:
        super().__init__()
        self._function, self._range = function, range
        self._cells = type(cells)(*(np.asarray(c, float) for c in cells))
        self._rates, self._trials = rates_of(self._cells)
        self._total = self._trials[0]
        self.n = self._total.astype(np.int64)
        self.value = self._at(self._cells)
        self._defined = (self._trials > 0).all(axis=0) & np.isfinite(self.value)

    def _at(self, cells: Any) -> Floats:
        with np.errstate(all="ignore"):
            return np.asarray(self._function(cells), float)

    def _at_each(self, rates: Floats) -> Floats:
        return self._at(table_of(type(self._cells), self._total[:, None], rates))

    def _mover(self, alpha: float) -> tuple[Floats, Floats]:
        (low, high), value = self._range, self.value
        with np.errstate(all="ignore"):
            seen = self._at_each(swept(self._rates, *limits_of_rates(self._cells, alpha)))
            worse, better = (np.sqrt((x**2).sum(axis=-1)) for x in strayed(value, seen))
            variance = variance_by_parts(self._at_each, self._rates, self._trials)
            least = upper_z(alpha) * np.sqrt(np.where(np.isfinite(variance), variance, 0.0))
            below = np.maximum(low, value - np.maximum(worse, least))
            above = np.minimum(high, value + np.maximum(better, least))
        bounded = np.isfinite(seen).all(axis=-1)
        return np.where(bounded, below, low), np.where(bounded, above, high)

    @cached_property
    def _error(self) -> Floats:
        return np.asarray(delta_errors(self._at, self._cells), float)

    @property
    def _by_delta(self) -> Any:
        with np.errstate(invalid="ignore"):
            return self._error > 1e-9 / np.sqrt(np.maximum(self.n, 1))

    def one(self, g: int) -> TwoClassBounds:
        cells = type(self._cells)(*(float(c[g]) for c in self._cells))
        return TwoClassBounds(self._function, cells, self._range)


class MacroSlices(ShownByDeltaSlices):
    """An average over the classes of each slice: see `MacroBounds`, with (G, K) cells."""

    def __init__(
        self, function: Callable[[Any], Any], cells: Any, names: Sequence[Any], weighted: bool
    ) -> None:
        super().__init__()
        self._function, self._names, self._weighted = function, names, weighted
        self._cells = type(cells)(*(np.asarray(c, float) for c in cells))
        self._classes = Classes.of(function, self._cells, weighted)
        self.value, self._range = self._classes.value, self._classes.ends
        self.n = self._classes.examples.sum(-1).astype(np.int64)
        self._defined = ~self._classes.empty.any(-1)

    def _mover(self, alpha: float) -> tuple[Floats, Floats]:
        return self._classes.limits(alpha)

    @property
    def _error(self) -> Floats:
        return np.asarray(self._classes.error)

    @property
    def _by_delta(self) -> Any:
        return self._error > 0

    def one(self, g: int) -> MacroBounds:
        cells = type(self._cells)(*(c[g] for c in self._cells))
        return MacroBounds(self._function, cells, self._names, self._weighted)
