"""A metric on samples drawn again: the table of each replicate by weights of the units, and the
metric's own function of it.

What is added up is added up for all replicates at once, and areas under the ROC curve have a kernel
of their own. Everything else is counted anew for each replicate, as if the weights were in the
table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.forms import Concordance
from evalharness.inference.added import Part, each_area
from evalharness.inference.batches import value_of, values
from evalharness.kernels.draws import Draw, Fixed, Poisson, each
from evalharness.kernels.passes import count
from evalharness.kernels.resample import areas, sums
from evalharness.kernels.weights import Keys
from evalharness.metrics.curves import Areas
from evalharness.statistics.base import Columns
from evalharness.statistics.joint_counts import class_cells_of
from evalharness.statistics.tables import (
    Cells,
    ComomentTable,
    MomentTable,
    PairTable,
    RankTable,
    Share,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]

# Numbers of the tables that are held at a time: 32 MB.
HELD = 1 << 22


@dataclass(frozen=True)
class Rows:
    """What may be drawn: the rows of a slice, unit by unit.

    keys:    uint64 (n,), equal for the rows of one unit.
    seed:    of the weights.
    stratum: int (n,), of each row, where strata keep their sizes; the same in all rows of a unit.
    inside:  bool (n,), the rows that are drawn from.
    """

    keys: Keys
    seed: int
    stratum: Ints | None
    inside: NDArray[np.bool_]

    def of(self, places: Ints) -> Rows:
        """The rows of another table, each of which is the row here at its place."""
        stratum = None if self.stratum is None else self.stratum[places]
        return Rows(self.keys[places], self.seed, stratum, self.inside[places])

    def draw(self, keys: Keys) -> Draw:
        """How often entries with these keys are drawn."""
        if self.stratum is None:
            return Poisson(keys, self.seed)
        units, stratum = self._units
        return Fixed(np.searchsorted(units, keys), units, stratum, self.seed)

    @cached_property
    def _units(self) -> tuple[Keys, Ints]:
        assert self.stratum is not None
        units, first = np.unique(self.keys[self.inside], return_index=True)
        return units, self.stratum[self.inside][first]


def redrawn(part: Part, rows: Rows, replicates: int) -> Floats:
    """(replicates,) the metric of each replicate, NaN where it has none."""
    sample, form = part.sample, part.form
    keys = rows.keys[sample.rows]
    if (summed := summed_columns(part)) is not None:
        columns, tables = summed
        units, added = by_key(keys, columns)
        return values(part.metric, tables(sums(rows.draw(units), added, replicates)))
    weight = sample.weight
    order = np.arange(len(keys)) if weight is None else np.argsort(keys, kind="stable")
    if isinstance(form, Concordance):
        arrays = {k: v[order] for k, v in sample.arrays.items()}
        weight = None if weight is None else weight[order]
        draw = rows.draw(keys[order])
        return areas(draw, arrays["rank"], arrays["label"], weight, replicates)
    if isinstance(form, Areas):
        found = []
        for area in each_area(form, sample):
            w = None if weight is None else weight[area.at]
            found.append(areas(rows.draw(keys[area.at]), area.rank, area.label, w, replicates))
        return np.mean(found, axis=0)
    return _counted_anew(part, rows.draw(keys), replicates)


def by_key(keys: Keys, columns: Floats) -> tuple[Keys, Floats]:
    """The distinct keys, rising, and the sums of the columns (m, k) over each."""
    units, at = np.unique(keys, return_inverse=True)
    if len(units) == len(keys):
        added = np.empty_like(columns)
        added[at] = columns
        return units, added
    return units, np.stack([np.bincount(at, c, len(units)) for c in columns.T], axis=1)


def summed_columns(
    part: Part, like: Part | None = None
) -> tuple[Floats, Callable[[Floats], Any]] | None:
    """What a table adds up: columns (m, k), times the weights of the entries, and the function that
    takes their sums (B, k) to the tables; None for a table that is no sum of a few.

    Moments are summed around a number amid the values, so that few digits are lost: around the
    middle of their range, in which rounding knows no order of rows. like: the part whose range it
    is, where two are to be added up.
    """
    statistic, table, sample = part.metric.statistic, part.table, part.sample
    arrays, one = sample.arrays, np.ones(sample.size)
    others = (part if like is None else like).sample.arrays

    def around(name: str) -> tuple[Floats, float]:
        middle = float(others[name].min() / 2 + others[name].max() / 2)
        return arrays[name] - middle, middle

    def weighted(*columns: Any) -> Floats:
        return np.stack([sample.weighted(np.asarray(c, float)) for c in columns], axis=1)

    if isinstance(table, Share):
        return weighted(arrays["hit"], one), lambda s: Share(*s.T)
    if isinstance(table, Cells) and not np.ndim(table.tp):
        entries = statistic.entries(arrays, len(sample.classes))
        return weighted(*entries), lambda s: Cells(*s.T)
    if isinstance(table, PairTable):
        return weighted(one, arrays["numerator"], arrays["denominator"]), lambda s: PairTable(*s.T)
    if isinstance(table, MomentTable):
        y, middle = around("value")
        return weighted(one, y, y**2, y**3), lambda s: _moments(s, middle)
    if isinstance(table, ComomentTable):
        (x, at_x), (y, at_y) = around("x"), around("y")
        return weighted(one, x, y, x * x, y * y, x * y), lambda s: _comoments(s, at_x, at_y)
    return None


def _moments(s: Floats, centre: float) -> MomentTable:
    n, s1, s2, s3 = s.T
    with np.errstate(all="ignore"):
        d = s1 / n
        return MomentTable(n, centre + d, s2 - n * d * d, s3 - 3 * d * s2 + 2 * n * d**3)


def _comoments(s: Floats, x: float, y: float) -> ComomentTable:
    n, sx, sy, sxx, syy, sxy = s.T
    with np.errstate(all="ignore"):
        dx, dy = sx / n, sy / n
        return ComomentTable(
            n, x + dx, y + dy, sxx - n * dx * dx, syy - n * dy * dy, sxy - n * dx * dy
        )


def _counted_anew(part: Part, draw: Draw, replicates: int) -> Floats:
    tables = _tables(part)
    found: list[Any] = []
    held: list[Any] = []
    size = max(1, sum(np.size(f) for f in part.table))
    weight = part.sample.weight
    for drawn in each(draw, replicates):
        table = tables(drawn if weight is None else drawn * weight)
        if isinstance(table, Cells):
            held.append(table)
            if len(held) * size >= HELD:
                found.append(values(part.metric, _stacked(held)))
                held = []
        else:
            found.append([value_of(part.metric, table)])
    if held:
        found.append(values(part.metric, _stacked(held)))
    return np.concatenate(found)


def _stacked(tables: list[Any]) -> Any:
    return type(tables[0])(*(np.stack(fields) for fields in zip(*tables, strict=True)))


def _tables(part: Part) -> Callable[[Any], Any]:
    """What makes a table of weights (m,)."""
    metric, table, sample = part
    arrays, classes = sample.arrays, len(sample.classes)
    if isinstance(table, RankTable):
        _, rank = np.unique(arrays["rank"], return_inverse=True)
        label, distinct = np.asarray(arrays["label"], bool), np.unique(arrays["rank"])

        def ranks(w: Any) -> RankTable:
            positives = np.bincount(rank[label], w[label], len(distinct))
            negatives = np.bincount(rank[~label], w[~label], len(distinct))
            return RankTable(sample.values[distinct], negatives, positives)

        return ranks
    if isinstance(table, Cells) and "task" not in arrays:
        code = arrays["label"] * np.int64(classes + 1) + arrays["prediction"]
        cells, at = np.unique(code, return_inverse=True)
        label, prediction = np.divmod(cells, classes + 1)

        def by_class(w: Any) -> Cells:
            return class_cells_of(label, prediction, np.bincount(at, w, len(cells)), classes)

        return by_class
    columns = Columns(arrays, sample.classes, sample.values)
    whole = np.zeros(sample.size, np.int32)

    def counted(w: Any) -> Any:
        return count(metric.statistic, columns, whole, 1, np.asarray(w, float))[0]

    return counted
