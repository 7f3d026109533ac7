"""MOVER for macro averages: from the Clopper-Pearson limits of each class's share.

Sources: Zou & Donner 2008; Takahashi et al. 2022 (delta method); simulated in docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import ShownByDelta, upper_z
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper

Floats = NDArray[np.float64]

# Toward the end of its range a macro average is bounded only with so many examples in each class.
LEAST_EXAMPLES = 10


@dataclass(frozen=True)
class Classes:
    """The classes of an average, or those of many averages at once: (…, K) arrays.

    ``examples``: with the class's label. ``hits``, ``trials``: of its proportion, or ``through`` of
    that. ``weights``: how much it counts, 1 on average. ``effects``: shares of its variance due to
    misses (fn) and to false alarms (fp), and (…,) in which of the averages they are known; or None
    if true negatives count. ``mixing``: whether the weights vary from sample to sample.
    """

    examples: Floats
    hits: Floats
    trials: Floats
    weights: Floats
    through: Callable[[Any], Any] | None
    effects: tuple[Floats, Floats, Any] | None
    mixing: bool

    @classmethod
    def of(cls, function: Callable[[Any], Any], cells: Any, weighted: bool = False) -> Classes:
        """``function``, ``cells``, ``weighted``: see `MacroBounds`; the cells are (…, K)."""
        cells = type(cells)(*(np.asarray(c, float) for c in cells))
        form, examples = function(cells), cells.tp + cells.fn
        weights = np.ones(examples.shape)
        if weighted:
            total = np.maximum(examples.sum(-1, keepdims=True), 1)
            weights = examples.shape[-1] * examples / total
        hits, trials = np.asarray(form.hits, float), np.asarray(form.trials, float)
        effects = _effects(function, cells, hits, trials)
        return cls(examples, hits, trials, weights, form.through, effects, weighted)

    def _map(self, share: Floats) -> Floats:
        return np.asarray(share if self.through is None else self.through(share), float)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Of the range that the average cannot leave."""
        with np.errstate(all="ignore"):
            low, high = self._map(np.array([0.0, 1.0]))
        return float(low), float(high)

    @cached_property
    def counted(self) -> Any:
        """(…, K) whether the class counts."""
        return self.weights > 0

    @cached_property
    def empty(self) -> Any:
        """(…, K) whether it counts and is 0/0, which leaves the average undefined."""
        return (self.trials == 0) & self.counted

    @cached_property
    def _share(self) -> Floats:
        with np.errstate(all="ignore"):
            return self.hits / self.trials

    @cached_property
    def by_class(self) -> Floats:
        with np.errstate(all="ignore"):
            return np.where(self.counted, self._map(self._share), 0.0)

    @cached_property
    def value(self) -> Any:
        """(…,) the averages; nan where a class is 0/0."""
        return np.where(self.empty.any(-1), np.nan, np.mean(self.weights * self.by_class, axis=-1))

    def spread(self, distance: Floats) -> Any:
        """S: the largest square of a sum of correlated distances (…, K)."""
        most = np.abs(distance).sum(-1) ** 2
        if self.effects is None:
            return most
        square, (*parts, known) = distance**2, self.effects
        misses, alarms = ((square * part).sum(-1) for part in parts)
        return np.where(known, square.sum(-1) + 2 * np.sqrt(misses * alarms), most)

    @cached_property
    def _mixed(self) -> Any:
        """The variance that comes of the classes' shares of the labels."""
        if not self.mixing:
            return 0.0
        around = (self.by_class - self.value[..., None]) ** 2
        return (self.weights * around).mean(-1) / self.examples.sum(-1)

    @cached_property
    def error(self) -> Any:
        """(…,) the delta method's standard errors."""
        step = 1e-6
        inner = np.clip(self._share, step, 1 - step)
        with np.errstate(all="ignore"):
            slope = (self._map(inner + step) - self._map(inner - step)) / (2 * step)
            sd = slope * np.sqrt(self._share * (1 - self._share) / self.trials)
            sd = np.where(self.counted, self.weights * sd, 0.0)
            return np.sqrt(self.spread(sd) / self._squared + self._mixed)

    @property
    def _squared(self) -> int:
        return int(self.hits.shape[-1]) ** 2

    def limits(self, alpha: float) -> tuple[Any, Any]:
        """(…,) both deciding bounds, each at error level ``alpha``, of averages that have a value.

        Toward the nearer end of the range errors (or hits) are few, and the plain distance covers
        only .89: the widest of three decides there, and only with examples in every class. In the
        middle third it does on both sides, so that noise does not choose the narrower one.
        """
        low, high = self.ends
        if not high > low:
            return np.full_like(self.value, low), np.full_like(self.value, high)
        with np.errstate(all="ignore"):
            below = self.by_class - self._map(clopper_pearson_lower(self.hits, self.trials, alpha))
            above = self._map(clopper_pearson_upper(self.hits, self.trials, alpha)) - self.by_class
            place = (self.value - low) / (high - low)
            down = self.value - self._distance(below, alpha, wide=place < 2 / 3)
            up = self.value + self._distance(above, alpha, wide=place > 1 / 3)
        enough = ((self.examples >= LEAST_EXAMPLES) | ~self.counted).all(-1)
        return (
            np.where(enough | (place > 1 / 2), np.maximum(low, down), low),
            np.where(enough | (place <= 1 / 2), np.minimum(high, up), high),
        )

    def _distance(self, parts: Floats, alpha: float, wide: Any) -> Any:
        parts = np.where(self.counted, self.weights * parts, 0.0)
        square, z = self.spread(parts), upper_z(alpha)
        square = np.where(wide, np.maximum(square, 2 * (parts * parts).sum(-1)), square)
        distance = np.sqrt(square / self._squared + z**2 * self._mixed)
        return np.where(wide, np.fmax(distance, z * self.error), distance)


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
        self._function, self._cells, self._weighted = function, cells, weighted
        self._classes = Classes.of(function, cells, weighted)
        self.names = tuple(names) or tuple(range(len(self._classes.hits)))
        self.n = int(self._classes.examples.sum())
        self.value, self.range = float(self._classes.value), self._classes.ends

    @cached_property
    def _undefined(self) -> str:
        never = [str(self.names[k]) for k in np.flatnonzero(self._classes.empty)]
        if not never:
            return ""
        return (
            f"0/0 in {len(never)} of {len(self.names)} classes ({_some(never)}), "
            "so their average is undefined"
        )

    def _times(self, factor: float) -> MacroBounds:
        cells = type(self._cells)(*(factor * np.asarray(c, float) for c in self._cells))
        return MacroBounds(self._function, cells, self.names, self._weighted)

    @cached_property
    def _error(self) -> float:
        return float(self._classes.error)

    @property
    def shown(self) -> str:
        return "delta" if not self._undefined and self._error > 0 else "MOVER"

    def _mover(self, alpha: float) -> tuple[float, float]:
        low, high = self._classes.limits(alpha)
        return float(low), float(high)


def _effects(
    function: Callable[[Any], Any], cells: Any, hits: Floats, trials: Floats
) -> tuple[Floats, Floats, Any] | None:
    """`Classes.effects`. Where hits and trials are sums of cells, asking for tables with one filled
    cell tells what each adds; one average's must not hang on another's."""
    alone = function(type(cells)(*np.eye(4)))
    hit, trial = (np.broadcast_to(np.asarray(x, float), 4) for x in (alone.hits, alone.trials))
    if hit[3] or trial[3]:
        return None
    known = _alike(_summed(hit, cells), hits) & _alike(_summed(trial, cells), trials)
    with np.errstate(all="ignore"):
        share = hits / trials
        part = [c * (h - share * t) ** 2 for c, h, t in zip(cells, hit, trial, strict=True)]
        whole = _summed(np.ones(4), part)
        # Without errors there is no variance to divide: half of it to each that could make one.
        fp, fn = (
            np.where(whole > 0, part[i] / whole, 0.5 if hit[i] or trial[i] else 0.0) for i in (1, 2)
        )
    return fn, fp, known


def _summed(weights: Floats, cells: Any) -> Floats:
    return np.asarray(sum(w * c for w, c in zip(weights, cells, strict=True)))


def _alike(x: Floats, y: Floats) -> Any:
    """(…,) of (…, K)."""
    return (np.abs(x - y) <= 1e-8 + 1e-5 * np.abs(y)).all(-1)


def _some(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
