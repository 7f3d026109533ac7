"""Means of values in a known range, of every slice at once: `GaffkeBounds` on arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from evalharness.inference.bounds import ByLimits
from evalharness.inference.gaffke import CELLS, GaffkeBounds
from evalharness.inference.gaffke_path import LEVEL, Path, lower_means

Floats = NDArray[np.float64]

# So many values are worked on at a time, which stay in a cache.
BLOCK = 1 << 16
# Of so many numbers one logarithm is taken, that of their product.
FOLD = 8


def in_range(values: Any, range: tuple[float, float]) -> bool:
    """Whether all values lie there, to rounding. Where one does not, each slice is asked by itself,
    and the one that is wrong is named."""
    values, (low, high) = np.asarray(values, float), range
    least, greatest = values.min(initial=low), values.max(initial=high)
    return bool(low - 1e-9 <= least and greatest <= high + 1e-9)


class GaffkeSlices(ByLimits):
    """The mean of the values of each slice, which lie in ``range``.

    values (m,); code: int (m,), the slice of each, ``groups`` or more where it is in none. unit:
    what has a value, in the plural.
    """

    closed = False

    def __init__(
        self,
        values: Any,
        code: Any,
        groups: int,
        range: tuple[float, float] = (0.0, 1.0),
        unit: str = "values",
    ) -> None:
        code = np.minimum(np.asarray(code, np.intp), groups)
        # Short integers are sorted by their digits.
        short = code.astype(np.uint16) if groups < 1 << 16 else code
        self._values = np.asarray(values, float)[np.argsort(short, kind="stable")]
        self.n = np.bincount(code, minlength=groups + 1)[:groups]
        self._ends = np.append(0, np.cumsum(self.n))
        self.range, self._unit = (float(range[0]), float(range[1])), unit
        self._made: dict[int, GaffkeBounds] = {}
        self._known: dict[float, tuple[Floats, Floats]] = {}
        self.value = np.full(groups, np.nan)
        for rows, x, _ in self._blocks():
            self.value[rows] = self._back(x.sum(1) / self.n[rows])
        for g in self._long:
            self.value[g] = self.one(g).value

    @property
    def kinds(self) -> Any:
        return np.where(self.n > 0, 0, 1)

    @property
    def _long(self) -> list[int]:
        """Slices that may have to be put on a grid: by themselves."""
        return [int(g) for g in np.flatnonzero(self.n > CELLS)]

    def _back(self, share: Any) -> Any:
        return self.range[0] + (self.range[1] - self.range[0]) * share

    def _blocks(self) -> Iterator[tuple[Any, Floats, Any]]:
        """Slices of like size, their values on [0, 1] (g, width), and where there is one: 0 fills
        the rest."""
        low, high = self.range
        order = np.argsort(-self.n, kind="stable")
        order = order[(self.n[order] > 0) & (self.n[order] <= CELLS)]
        at = 0
        while at < len(order):
            width = -(-int(self.n[order[at]]) // FOLD) * FOLD
            rows = order[at : at + max(1, BLOCK // width)]
            at += len(rows)
            place = np.arange(width)
            inside = place < self.n[rows, None]
            x = self._values[np.where(inside, self._ends[rows, None] + place, 0)]
            if (low, high) != (0.0, 1.0):
                x = (x - low) / (high - low)
            # Rounded as the bounds of one slice are.
            x = np.round(np.clip(x, 0.0, 1.0), 12)
            yield rows, np.where(inside, x, 0.0), inside

    def _limits(self, alpha: float) -> tuple[Floats, Floats]:
        level = round(alpha, 12)
        if level not in self._known:
            low, high = np.full(len(self.n), self.range[0]), np.full(len(self.n), self.range[1])
            together = 0 < level <= LEVEL
            for rows, x, inside in self._blocks() if together else ():
                low[rows] = self._back(_lower(x, self.n[rows], level))
                mirrored = np.where(inside, 1 - x, 0.0)
                high[rows] = self._back(1 - _lower(mirrored, self.n[rows], level))
            for g in self._long if together else range(len(self.n)):
                low[g], high[g] = self.one(g)._limits(level)
            self._known[level] = low, high
        return self._known[level]

    def one(self, g: int) -> GaffkeBounds:
        if g not in self._made:
            values = self._values[self._ends[g] : self._ends[g + 1]]
            self._made[g] = GaffkeBounds(values, self.range, self._unit)
        return self._made[g]


def _lower(x: Floats, n: Any, alpha: float) -> Floats:
    """`gaffke_lower` of each row: ``n`` values and zeros."""
    found = np.zeros(len(x))
    ones = (x >= 1).sum(1)
    between = ((x > 0) & (x < 1)).any(1)
    exact = ~between & (ones > 0)
    found[exact] = betaincinv(ones[exact], (n - ones)[exact] + 1, alpha)
    if between.any():
        if not between.all():
            x, n = x[between], n[between]
        total = n + 1.0
        moments = np.stack([x.sum(1), np.vecdot(x, x), np.vecdot(x * x, x)]) / total
        found[between] = lower_means(_path(x, total), total, moments, alpha)
    return found


def _path(x: Floats, total: Floats) -> Callable[[Floats, Any], Path]:
    """``total`` (g,): how many values there are, and one more."""

    def path(q: Floats, rows: Any) -> Path:
        every = len(rows) == len(x)
        y, count = (x, total) if every else (x[rows], total[rows])
        y = y * q[:, None]
        d = y + 1
        logs = np.log(np.multiply.reduce(d.reshape(len(d), FOLD, -1), axis=1)).sum(1)
        np.divide(y, d, out=d)
        mean = d.sum(1) / count
        return Path(mean, np.vecdot(d, d) / count - mean * mean, logs / count)

    return path
