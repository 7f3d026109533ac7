"""The bounds of every slice at once, as arrays: what a thousand slices would else cost is not
arithmetic but a thousand objects.

The formulas are those of the bounds of one slice, on arrays; `one(g)` hands out just these bounds,
and tests hold the two to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.forms import Concordance, Mean, Proportion, Quantile
from evalharness.declare.metric import Metric
from evalharness.inference.bounds import Bounds, upper_z
from evalharness.inference.concordance import (
    LEAST,
    ConcordanceBounds,
    logit_limits,
    newcombe,
    widest,
)
from evalharness.inference.gaffke_slices import GaffkeSlices, in_range
from evalharness.inference.mover_slices import MacroSlices, TwoClassSlices
from evalharness.inference.of_form import check_rising, function_of, mean_of_both, of_both
from evalharness.inference.of_units import UNITS
from evalharness.inference.placements import Placed, placed_by_group
from evalharness.inference.proportions import (
    ProportionBounds,
    clopper_pearson_lower,
    clopper_pearson_upper,
    wilson,
)
from evalharness.inference.quantile_slices import QuantileSlices
from evalharness.statistics.stacked import Ragged, Stacked
from evalharness.statistics.tables import Cells, OrderTable, RankTable

Floats = NDArray[np.float64]

# Below so many slices nothing is gained.
FEWEST = 8
# So many cells of rank tables are worked on at a time.
BLOCK = 1 << 16


class Slices(Protocol):
    """Bounds of G slices: (G,) arrays of what `Bounds` has of one.

    kinds: (G,) slices of one number say the same in words (unit, shown, decides, reason), so that
    one of them tells for all; those of −1 speak for themselves.
    """

    value: Floats
    n: Any
    closed: bool

    @property
    def kinds(self) -> Any: ...

    def interval(self, confidence: float) -> tuple[Floats, Floats]: ...
    def lower(self, alpha: float) -> Floats: ...
    def upper(self, alpha: float) -> Floats: ...
    def one(self, g: int) -> Bounds:
        """The bounds of one slice."""


def slices_of(metric: Metric, measured: Any) -> Slices | None:
    """Bounds of all slices of examples that count alike and were sampled by themselves; None where
    each slice is to be bounded by itself."""
    tables = measured.tables
    if len(tables) < FEWEST or not measured.plain:
        return None
    if getattr(metric.statistic, "average", None):
        return _average(metric, measured)
    if isinstance(tables, Ragged) and isinstance(tables.whole, RankTable):
        form = metric.form(tables[0])
        return AreaSlices(tables) if isinstance(form, Concordance) else None
    if isinstance(tables, Ragged) and isinstance(tables.whole, OrderTable):
        return _quantile(metric, tables)
    if not isinstance(tables, Stacked):
        return None
    try:
        with np.errstate(all="ignore"):
            form = metric.form(tables.whole)
    except Exception:  # a function of one's own, of one table at a time
        return None
    if isinstance(form, Proportion) and _sound(metric, form, tables):
        check_rising(metric, form)
        hits, trials = (np.asarray(x, float) for x in (form.hits, form.trials))
        return ProportionSlices(hits, trials, form.unit, form.through)
    if isinstance(form, Mean) and form.through is None:
        return _mean(metric, measured)
    if isinstance(tables.whole, Cells) and not isinstance(form, Proportion):
        return _two_class(metric, function_of(metric), tables.whole)
    return None


def _quantile(metric: Metric, tables: Ragged) -> Slices | None:
    for table in (tables[0], tables[len(tables) - 1]):
        form = metric.form(table)
        own = isinstance(form, Quantile) and np.array_equal(form.values, table.values)
        if not own or not np.array_equal(form.counts, table.counts):
            return None  # of other values than those that were counted
    return QuantileSlices(tables, form.q, form.middle)


def _mean(metric: Metric, measured: Any) -> Slices | None:
    """Of values in a known range."""
    values, ends = measured.columns.arrays.get("value"), metric.definition.range
    if values is None or not np.isfinite(ends).all() or not in_range(values, ends):
        return None
    unit = UNITS.get(getattr(metric.statistic, "by", ""), "values")
    return GaffkeSlices(values, measured.code, len(measured.groups.names), ends, unit)


def _average(metric: Metric, measured: Any) -> Slices | None:
    """Of a metric of the 2×2 tables of every class: (G, K) counts."""
    tables, average = measured.tables, metric.statistic.average
    if not isinstance(tables, Stacked) or "task" in measured.columns.arrays or average == "micro":
        return None
    cells = tables.whole
    try:
        with np.errstate(all="ignore"):
            form, first = metric.form(cells), metric.form(tables[0])
    except Exception:  # a function of one's own, of one table at a time
        return None
    share = isinstance(form, Proportion)
    if average == "macro" and cells.tp.shape[-1] == 2:
        mine = Cells(*(c[:, 1] for c in cells))
        return _two_class(metric, (mean_of_both if share else of_both)(metric), mine)
    alike = share and all(
        np.shape(x) == cells.tp.shape and np.array_equal(x[0], y)
        for x, y in ((form.hits, first.hits), (form.trials, first.trials))
    )
    if not alike or not _whole(form):
        return None
    check_rising(metric, form)
    return MacroSlices(metric.form, cells, measured.columns.classes, average == "weighted")


def _two_class(metric: Metric, function: Callable[[Any], Any], cells: Cells) -> Slices | None:
    """Of a function of 2×2 tables of (G,) counts, where it takes arrays as it takes numbers."""
    try:
        with np.errstate(all="ignore"):
            found: Any = function(cells)
            some = np.flatnonzero(np.isfinite(found))[-1:]
            alone = [float(function(Cells(*(np.float64(c[g]) for c in cells)))) for g in some]
    except Exception:  # a function of one's own, of one table at a time
        return None
    if not isinstance(found, np.ndarray) or found.shape != cells.tp.shape:
        return None
    low, high = metric.definition.range
    with np.errstate(invalid="ignore"):
        outside = (found < low - 1e-9) | (found > high + 1e-9)
    if outside.any() or not np.allclose(found[some], alone, rtol=1e-12, atol=1e-15):
        return None
    return TwoClassSlices(function, cells, metric.definition.range)


def _sound(metric: Metric, form: Proportion, tables: Stacked) -> bool:
    """Whether these are hits and trials of each slice. Where they are not, each slice is asked by
    itself, and the one that is wrong is named."""
    hits, trials = np.asarray(form.hits, float), np.asarray(form.trials, float)
    if not hits.shape == trials.shape == (len(tables),) or not _whole(form):
        return False
    # A function that answers arrays otherwise than numbers would be found out here.
    last = metric.form(tables[len(tables) - 1])
    return (float(last.hits), float(last.trials)) == (hits[-1], trials[-1])


def _whole(form: Proportion) -> bool:
    """Whether its hits and trials are numbers that can be."""
    hits, trials = np.asarray(form.hits, float), np.asarray(form.trials, float)
    whole = (hits == np.round(hits)) & (trials == np.round(trials))
    return bool((whole & (hits >= 0) & (hits <= trials)).all())


class ProportionSlices:
    """A share of each slice, or a rising function of it: (G,) `hits` of `trials`."""

    closed = False

    def __init__(
        self, hits: Floats, trials: Floats, unit: str, through: Callable[[Any], Any] | None
    ) -> None:
        self._hits, self._trials, self._unit, self._through = hits, trials, unit, through
        self.n = trials.astype(np.int64)
        share = np.divide(hits, trials, out=np.full(len(hits), np.nan), where=trials > 0)
        self.value = self._map(share)

    def _map(self, share: Floats) -> Floats:
        return share if self._through is None else np.asarray(self._through(share), float)

    @property
    def kinds(self) -> Any:
        return np.where(self.n > 0, 0, 1)

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        low, high = wilson(self._hits, self._trials, upper_z((1 - confidence) / 2))
        return self._map(low), self._map(high)

    def lower(self, alpha: float) -> Floats:
        return self._map(clopper_pearson_lower(self._hits, self._trials, alpha))

    def upper(self, alpha: float) -> Floats:
        return self._map(clopper_pearson_upper(self._hits, self._trials, alpha))

    def one(self, g: int) -> ProportionBounds:
        hits, trials = int(self._hits[g]), int(self._trials[g])
        return ProportionBounds(hits, trials, self._unit, self._through)


class AreaSlices:
    """An area under the ROC curve of each slice. Slices without positives or without negatives have
    none."""

    closed = False

    def __init__(self, tables: Ragged) -> None:
        parts = [_areas(tables, a, b) for a, b in _blocks(np.asarray(tables.ends))]
        self._counts = tuple(np.concatenate([part[0][i] for part in parts]) for i in (0, 1))
        self.n = self._counts[0] + self._counts[1]
        self.value = np.concatenate([part[1] for part in parts])
        self._some = np.flatnonzero(~np.isnan(self.value))
        sides = [part[2] for part in parts if part[2] is not None]
        self._sides = tuple(Placed.joined([side[i] for side in sides]) for i in (0, 1) if sides)

    @cached_property
    def kinds(self) -> Any:
        found = np.full(len(self.value), -1)
        if len(self._some):
            pos, neg = self._sides
            area, few = self.value[self._some], np.minimum(pos.n, neg.n) < LEAST
            with np.errstate(invalid="ignore"):
                plain = (pos.error + neg.error > 0) & (area > 0) & (area < 1)
            found[self._some] = 2 * few + plain
        return found

    def _filled(self, low: Any, high: Any) -> tuple[Floats, Floats]:
        ends = np.zeros(len(self.value)), np.ones(len(self.value))
        for end, found in zip(ends, (low, high), strict=True):
            end[self._some] = found
        return ends

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        if not len(self._some):
            return self._filled((), ())
        z, (pos, neg) = upper_z((1 - confidence) / 2), self._sides
        area = self.value[self._some]
        error = np.sqrt(pos.error + neg.error)
        low, high = newcombe(area, pos.n, neg.n, z)
        with np.errstate(divide="ignore", invalid="ignore"):
            left, right = logit_limits(area, error, z)
        shown = (error > 0) & (area > 0) & (area < 1)
        return self._filled(np.where(shown, left, low), np.where(shown, right, high))

    def lower(self, alpha: float) -> Floats:
        return self._limits(alpha)[0]

    def upper(self, alpha: float) -> Floats:
        return self._limits(alpha)[1]

    def _limits(self, alpha: float) -> tuple[Floats, Floats]:
        if not len(self._some):
            return self._filled((), ())
        pos, neg = self._sides
        return self._filled(*widest(self.value[self._some], pos, neg, alpha))

    def one(self, g: int) -> ConcordanceBounds:
        place = int(np.searchsorted(self._some, g))
        there = place < len(self._some) and self._some[place] == g
        sides = tuple(side.at(place) for side in self._sides) if there else None
        counts = (self._counts[0][g], self._counts[1][g])
        return ConcordanceBounds.of(counts, float(self.value[g]), sides)  # type: ignore[arg-type]


def _blocks(ends: Any) -> Iterator[tuple[int, int]]:
    """Ranges of groups that hold so few cells together that they stay in a cache."""
    a = 0
    while a < len(ends) - 1:
        b = max(a + 1, int(np.searchsorted(ends, ends[a] + BLOCK, side="right")) - 1)
        yield a, b
        a = b


def _areas(
    tables: Ragged, a: int, b: int
) -> tuple[tuple[Any, Any], Floats, tuple[Placed, Placed] | None]:
    """Of groups a … b−1: their positives and negatives, their areas (nan where one is missing), and
    the placements of those that have an area."""
    ends = np.asarray(tables.ends[a : b + 1])
    pos, neg = (
        np.asarray(x[ends[0] : ends[-1]]) for x in (tables.whole.positives, tables.whole.negatives)
    )
    ends = ends - ends[0]
    sizes, rising = np.diff(ends), np.cumsum(neg)
    m, n, offset = (_between(np.cumsum(pos), ends), _between(rising, ends), _at(rising, ends[:-1]))
    # Pairs that are in order, counted twice: whole numbers, so nothing is lost.
    rising *= 2
    rising -= neg
    rising *= pos
    twice = _between(np.cumsum(rising, out=rising), ends) - 2 * offset * m
    with np.errstate(invalid="ignore", divide="ignore"):
        value = twice / (2.0 * m * n)
    some = ~np.isnan(value)
    if not some.any():
        return (m, n), value, None
    if not some.all():
        inside = np.repeat(some, sizes)
        pos, neg, sizes = pos[inside], neg[inside], sizes[some]
    starts = np.cumsum(sizes) - sizes
    return (m, n), value, placed_by_group(pos, neg, starts)


def _at(rising: Any, ends: Any) -> Any:
    """What was summed up before each of the ends."""
    if not len(rising):
        return np.zeros(len(ends), rising.dtype)
    return np.where(ends > 0, rising[np.maximum(ends, 1) - 1], 0)


def _between(rising: Any, ends: Any) -> Any:
    """What was summed up between the ends."""
    return np.diff(_at(rising, ends))
