"""MOVER for macro averages: from the Clopper-Pearson limits of each class's share.

Sources: Zou & Donner 2008; Takahashi et al. 2022 (delta method); simulated in docs/calibration.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import ShownByDelta, upper_z
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper

Floats = NDArray[np.float64]

# Toward the end of its range a macro average is bounded only with so many examples in each class.
LEAST_EXAMPLES = 10


class MacroBounds(ShownByDelta):
    """The mean over K classes of a proportion (or ``through`` of one) of each 2x2 table; K >= 3,
    or weighted.

    ``function``: cells with (K,) arrays -> Proportion with (K,) arrays. ``cells``: (K,) counts tp,
    fp, fn, tn, each class against the rest. A class that is 0/0 leaves the average undefined.
    ``names``: of the classes, for the reason. ``weighted``: each class counts by its share of the
    labels, which itself varies from sample to sample; classes without labels do not count.

    With d_k the distance from class k's value to its Clopper-Pearson limit, the bound lies
    sqrt(S)/K away. Only errors tie classes together: one from a to b is a miss of a and a false
    alarm of b. What the margins allow at most is S = sum d² + 2 sqrt(A B), with A and B the parts
    of sum d² that are due to misses and to false alarms (Cauchy-Schwarz; at most 2 sum d², the
    bound of "R = 2I"). Where the metric also counts true negatives, every example ties all
    classes, and S = (sum d)².
    """

    unit = "examples"
    decides = "MOVER"

    def __init__(
        self,
        function: Callable[[Any], Any],
        cells: Any,
        names: Any = (),
        weighted: bool = False,
    ) -> None:
        super().__init__()
        self._weighted = weighted
        self.cells = type(cells)(*(np.asarray(c, float) for c in cells))
        tp, fp, fn, tn = self.cells
        self.classes = len(tp)
        self.names = tuple(names) or tuple(range(self.classes))
        self.examples = tp + fn
        self.n = int(self.examples.sum())
        self._function = function
        form = function(self.cells)
        self.hits, self.trials = np.asarray(form.hits, float), np.asarray(form.trials, float)
        self._through = form.through
        self._effects = _effects(function, self.cells)
        with np.errstate(all="ignore"):
            self._share = self.hits / self.trials
        # How much each class counts, beside 1 for all of them alike.
        self._weights = np.ones(self.classes)
        if weighted:
            self._weights = self.classes * self.examples / max(self.n, 1)
        self.by_class = np.where(self._weights > 0, self._map(self._share), 0.0)
        self.value = math.nan if self._undefined else float(np.mean(self._weights * self.by_class))

    def _map(self, share: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return np.asarray(share if self._through is None else self._through(share), float)

    @cached_property
    def range(self) -> tuple[float, float]:
        low, high = self._map(np.array([0.0, 1.0]))
        return float(low), float(high)

    @cached_property
    def _undefined(self) -> str:
        empty = (self.trials == 0) & (self._weights > 0)
        never = [str(self.names[k]) for k in np.flatnonzero(empty)]
        if not never:
            return ""
        return (
            f"0/0 in {len(never)} of {self.classes} classes ({_some(never)}), "
            "so their average is undefined"
        )

    def _times(self, factor: float) -> MacroBounds:
        cells = type(self.cells)(*(factor * c for c in self.cells))
        return MacroBounds(self._function, cells, self.names, self._weighted)

    def _spread(self, distance: Floats) -> float:
        """S: the largest square of a sum of correlated distances."""
        if self._effects is None:
            return float(np.abs(distance).sum() ** 2)
        misses, alarms = self._effects
        square = distance**2
        return float(square.sum() + 2 * math.sqrt((square @ misses) * (square @ alarms)))

    @cached_property
    def _error(self) -> float:
        """The delta method's standard error of the average."""
        step = 1e-6
        inner = np.clip(self._share, step, 1 - step)
        slope = (self._map(inner + step) - self._map(inner - step)) / (2 * step)
        with np.errstate(all="ignore"):
            sd = slope * np.sqrt(self._share * (1 - self._share) / self.trials)
        sd = np.where(self._weights > 0, self._weights * sd, 0.0)
        return math.sqrt(self._spread(sd) / self.classes**2 + self._mix)

    @cached_property
    def _mix(self) -> float:
        """The variance that comes of the classes' shares of the labels."""
        if not self._weighted:
            return 0.0
        around = (self.by_class - self.value) ** 2
        return float(self._weights @ around) / self.classes / self.n

    @property
    def shown(self) -> str:
        return "delta" if not self._undefined and self._error > 0 else "MOVER"

    def _mover(self, alpha: float) -> tuple[float, float]:
        below = self.by_class - self._map(clopper_pearson_lower(self.hits, self.trials, alpha))
        above = self._map(clopper_pearson_upper(self.hits, self.trials, alpha)) - self.by_class
        below, above = (np.where(self._weights > 0, self._weights * x, 0.0) for x in (below, above))
        # Toward the nearer end of the range errors (or hits) are few, and the plain distance covers
        # only .89: the widest of three decides there, and only with examples in every class. In the
        # middle third it does on both sides, so that noise does not choose the narrower one.
        low, high = self.range
        if not high > low:
            return self.range
        place = (self.value - low) / (high - low)
        enough = bool((self.examples[self._weights > 0] >= LEAST_EXAMPLES).all())
        if enough or place > 1 / 2:
            low = max(low, self.value - self._distance(below, alpha, wide=place < 2 / 3))
        if enough or place <= 1 / 2:
            high = min(high, self.value + self._distance(above, alpha, wide=place > 1 / 3))
        return low, high

    def _distance(self, parts: Floats, alpha: float, wide: bool) -> float:
        square = self._spread(parts)
        if wide:
            square = max(square, 2 * float(parts @ parts))
        mixed = upper_z(alpha) ** 2 * self._mix
        distance = math.sqrt(square / self.classes**2 + mixed)
        return max(distance, upper_z(alpha) * self._error) if wide else distance


def _effects(function: Callable[[Any], Any], cells: Any) -> tuple[Floats, Floats] | None:
    """Shares of each class's variance due to misses (fn) and false alarms (fp); None if tn counts.

    Hits and trials are sums of cells, so asking for a table with one filled cell tells what it
    adds.
    """
    unit = np.eye(4)
    forms = [function(type(cells)(*(np.array([x]) for x in row))) for row in unit]
    hit = [float(np.asarray(form.hits).ravel()[0]) for form in forms]
    trial = [float(np.asarray(form.trials).ravel()[0]) for form in forms]
    form = function(cells)
    linear = np.allclose(sum(h * c for h, c in zip(hit, cells, strict=True)), form.hits)
    linear &= np.allclose(sum(t * c for t, c in zip(trial, cells, strict=True)), form.trials)
    if not linear or hit[3] or trial[3]:
        return None
    with np.errstate(all="ignore"):
        share = np.asarray(form.hits, float) / np.asarray(form.trials, float)
        part = [c * (h - share * t) ** 2 for c, h, t in zip(cells, hit, trial, strict=True)]
        whole = sum(part)
        # Without errors there is no variance to divide: half of it to each that could make one.
        fp, fn = (
            np.where(whole > 0, part[i] / whole, 0.5 if hit[i] or trial[i] else 0.0) for i in (1, 2)
        )
    return fn, fp


def _some(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
