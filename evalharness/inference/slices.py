"""The bounds of every slice at once, as arrays: what a thousand slices would else cost is not
arithmetic but a thousand objects.

The formulas are those of the bounds of one slice, on arrays; `one(g)` hands out just these bounds,
and tests hold the two to each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.forms import Concordance, Mean, Proportion, Quantile
from evalharness.declare.metric import Metric
from evalharness.inference.area_slices import AreaSlices
from evalharness.inference.bounds import Bounds, upper_z
from evalharness.inference.gaffke_slices import GaffkeSlices, in_range
from evalharness.inference.mean_slices import MeanSlices
from evalharness.inference.mover_slices import MacroSlices, TwoClassSlices
from evalharness.inference.of_form import check_rising, function_of, mean_of_both, of_both
from evalharness.inference.of_units import UNITS
from evalharness.inference.proportions import (
    ProportionBounds,
    clopper_pearson_lower,
    clopper_pearson_upper,
    wilson,
)
from evalharness.inference.quantile_slices import QuantileSlices
from evalharness.inference.through import ThroughBounds, ThroughSlices
from evalharness.statistics.stacked import Ragged, Stacked
from evalharness.statistics.tables import Cells, OrderTable, RankTable

Floats = NDArray[np.float64]

# Below so many slices nothing is gained.
FEWEST = 8


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


def slices_of(metric: Metric, measured: Any, alone: Callable[[int], Bounds]) -> Slices | None:
    """Bounds of all slices of examples that count alike and were sampled by themselves; None where
    each slice is to be bounded by itself. alone: the bounds of one."""
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
    if isinstance(form, Mean):
        return _mean(metric, form, measured, alone)
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


def _mean(
    metric: Metric, form: Mean, measured: Any, alone: Callable[[int], Bounds]
) -> Slices | None:
    ends, values = metric.definition.range, measured.columns.arrays.get("value")
    own = all(x is y for x, y in zip(form.table, measured.tables.whole, strict=True))
    if form.through is not None:

        def inner(g: int) -> Bounds:
            return cast(ThroughBounds, alone(g)).inner

        means = MeanSlices(form.table, inner) if own else None
        found: Any = means and ThroughSlices(means, form.through, ends, alone)
        return found if found and _within(found.value, ends) else None
    if not np.isfinite(ends).all():
        own = own and _within(form.table.mean, ends)
        return MeanSlices(form.table, alone) if own else None
    # Of values in a known range.
    if values is None or not in_range(values, ends):
        return None
    unit = UNITS.get(getattr(metric.statistic, "by", ""), "values")
    return GaffkeSlices(values, measured.code, len(measured.groups.names), ends, unit)


def _within(value: Any, ends: tuple[float, float]) -> bool:
    """Whether values lie in a metric's range. Where one does not, each slice is asked by itself,
    and the one that is wrong is named."""
    with np.errstate(invalid="ignore"):
        return not ((value < ends[0] - 1e-9) | (value > ends[1] + 1e-9)).any()


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
            some = np.flatnonzero(np.isfinite(found))
            some = some[[0, len(some) // 2, -1]] if len(some) else some
            alone = [float(function(Cells(*(np.float64(c[g]) for c in cells)))) for g in some]
    except Exception:  # a function of one's own, of one table at a time
        return None
    if not isinstance(found, np.ndarray) or found.shape != cells.tp.shape:
        return None
    known = _within(found, metric.definition.range)
    if not known or not np.allclose(found[some], alone, rtol=1e-12, atol=1e-15):
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
        self.hits, self.trials, self.through, self._unit = hits, trials, through, unit
        self.n = trials.astype(np.int64)
        share = np.divide(hits, trials, out=np.full(len(hits), np.nan), where=trials > 0)
        self.value = self._map(share)

    def _map(self, share: Floats) -> Floats:
        return share if self.through is None else np.asarray(self.through(share), float)

    @property
    def kinds(self) -> Any:
        return np.where(self.n > 0, 0, 1)

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        low, high = wilson(self.hits, self.trials, upper_z((1 - confidence) / 2))
        return self._map(low), self._map(high)

    def lower(self, alpha: float) -> Floats:
        return self._map(clopper_pearson_lower(self.hits, self.trials, alpha))

    def upper(self, alpha: float) -> Floats:
        return self._map(clopper_pearson_upper(self.hits, self.trials, alpha))

    def one(self, g: int) -> ProportionBounds:
        hits, trials = int(self.hits[g]), int(self.trials[g])
        return ProportionBounds(hits, trials, self._unit, self.through)
