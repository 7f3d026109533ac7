"""What each entry adds to a metric, for curves of scores too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.errors import DeclarationError
from evalharness.declare.metric import Metric
from evalharness.inference.batches import value_of
from evalharness.inference.delta import differences
from evalharness.inference.influences import influences
from evalharness.inference.of_form import _form
from evalharness.kernels.sample import Sample
from evalharness.metrics.curves import Areas, RankCurve
from evalharness.metrics.rank_curves import auc_influence
from evalharness.statistics.base import Columns
from evalharness.statistics.tables import RankTable

Floats = NDArray[np.float64]


class Part(NamedTuple):
    """One metric with the table that it was measured on, and the entries behind that."""

    metric: Metric
    table: Any
    sample: Sample

    @property
    def form(self) -> Any:
        with np.errstate(all="ignore"):
            return _form(self.metric, self.table)


class Ranked(NamedTuple):
    """The entries of one area: places (k,) among those of the part, ranks of their scores, whether
    they are positives; and the table that they make."""

    at: Any
    rank: Any
    label: Any
    table: RankTable


def added(part: Part) -> Floats:
    """(m,) influences, times the weights of their entries.

    Raises DeclarationError for a metric that has none: quantiles, rates at a threshold that is
    chosen on the same examples, black boxes.
    """
    metric, table, sample = part
    form = part.form
    with np.errstate(all="ignore"):
        if isinstance(form, RankCurve):
            gradient = RankTable(table.values, *form.influence(form.negatives, form.positives))
            found = metric.statistic.influence(gradient, table, sample.arrays, sample.values)
            return np.asarray(sample.weighted(found))
        if isinstance(form, Areas):
            found = np.zeros(sample.size)
            scores = sample.values.values
            for area in each_area(form, sample):
                of_neg, of_pos = auc_influence(area.table.negatives, area.table.positives)
                place = np.searchsorted(area.table.values, scores[area.rank])
                found[area.at] += np.where(area.label, of_pos[place], of_neg[place])
            return np.asarray(sample.weighted(found / len(form.tables)))
        try:
            return influences(metric, form, table, sample)
        except DeclarationError:
            raise DeclarationError(
                f"{metric.label}: how much each example adds to it is not known, since it is no "
                "smooth function of them"
            ) from None


def added_at(part: Part, columns: tuple[Any, ...]) -> Floats:
    """(C,) what one more example of each pattern of a count metric's columns adds to it, give or
    take the same number for all. columns: hits, or labels and predictions; of two classes at most,
    where the metric is an average."""
    metric, table, sample = part
    names = ("hit",) if len(columns) == 1 else ("label", "prediction")
    arrays = dict(zip(names, columns, strict=True))
    with np.errstate(all="ignore"):
        if not np.ndim(table[0]):
            arrays = {k: np.asarray(v) == 1 for k, v in arrays.items()}
            patterns = Sample(Columns(arrays, sample.classes), lambda: np.arange(len(columns[0])))
            return influences(metric, part.form, table, patterns)
        gradient = differences(lambda t: value_of(metric, t), table)
        return np.asarray(metric.statistic.influence(gradient, table, arrays, None), float)


def each_area(form: Areas, sample: Sample) -> Iterator[Ranked]:
    """The entries of each of the areas of which the form is a mean."""
    rank, label = (np.asarray(sample.arrays[k]) for k in ("rank", "label"))
    column = sample.values.column(rank)
    for (i, j), table in zip(form.pairs, form.tables, strict=True):
        positive, negative = (i, j) if j >= 0 else (1, 0)
        at = np.flatnonzero((column == i) & ((label == positive) | (label == negative)))
        yield Ranked(at, rank[at], label[at] == positive, table)
