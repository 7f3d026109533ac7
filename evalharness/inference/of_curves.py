"""From the forms of rank metrics to the bounds that decide.

Examples that count alike and were sampled by themselves have counts, and the bounds of the modules
`curves`, `thresholds`, `precisions` and `class_areas`. Of weighted or clustered ones the spread is
that of the units' influences, and whatever rests on counts goes by the sizes of the worst case: the
weight of a class over that of its heaviest unit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from evalharness.declare.forms import Concordance
from evalharness.declare.metric import Metric
from evalharness.inference.bounds import Bounds, ByLimits, settle_by_root
from evalharness.inference.class_areas import ClassAreaBounds
from evalharness.inference.curves import LEAST, PartialAreaBounds, RankCurveBounds
from evalharness.inference.linearised import LinearisedBounds
from evalharness.inference.precisions import PrecisionAtRecallBounds, RecallAtPrecisionBounds
from evalharness.inference.thresholds import (
    DistanceBounds,
    EqualErrorRateBounds,
    SensitivityAtBounds,
    ThresholdBounds,
)
from evalharness.kernels.sample import Sample
from evalharness.metrics.curves import Areas, AtThreshold, Distance, RankCurve
from evalharness.metrics.rank_curves import auc_influence, auc_of
from evalharness.statistics.class_ranks import ClassRankTable
from evalharness.statistics.tables import RankTable


def curve_bounds(metric: Metric, form: Any, table: Any, sample: Sample, seed: int) -> Bounds | None:
    """The bounds of a form of `metrics.curves`; None for any other form."""
    if isinstance(form, RankCurve):
        return _curve(metric, form, table, sample, seed)
    if isinstance(form, AtThreshold):
        return _threshold(form, sample)
    if isinstance(form, Areas):
        return _areas(form, table, sample, seed)
    return None


class UnitCurveBounds(ByLimits):
    """A smooth rank metric of weighted or clustered examples. ``linear``: by the units' influences;
    ``curve``: knows what could have gone unseen, among ``sizes`` of positives and negatives."""

    def __init__(self, linear: Bounds, curve: RankCurveBounds, sizes: tuple[float, float]) -> None:
        self._linear, self._curve, self._sizes = linear, curve, sizes
        self.value, self.n, self.unit = linear.value, linear.n, linear.unit
        self.note = getattr(linear, "note", "")
        few = min(sizes) < LEAST
        self.reason = curve.reason or linear.reason
        if few and not self.reason:
            self.reason = (
                f"decides nothing below {LEAST} positives and {LEAST} negatives; by their weights "
                f"and clusters there are no more than {sizes[0]:,.0f} and {sizes[1]:,.0f}"
            )
        self.shown = linear.shown
        self.decides = f"MOVER of {linear.decides} and unseen examples"

    def interval(self, confidence: float) -> tuple[float, float]:
        return self._linear.interval(confidence)

    def _limits(self, alpha: float) -> tuple[float, float]:
        low, high = self._curve.range
        if self.reason:
            return low, high
        down, up = self._curve.unseen(alpha, *self._sizes)
        below, above = (
            self.value - self._linear.lower(alpha),
            self._linear.upper(alpha) - self.value,
        )
        return (
            max(low, self.value - math.sqrt(below**2 + down)),
            min(high, self.value + math.sqrt(above**2 + up)),
        )

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)


def plain_curve(form: RankCurve | Concordance) -> RankCurveBounds:
    """A smooth rank metric of examples that count alike and were sampled by themselves."""
    cells = form.negatives, form.positives
    if isinstance(form, Concordance):
        return RankCurveBounds(*cells, auc_of, auc_influence)
    if form.area is None:
        return RankCurveBounds(*cells, form.function, form.influence)
    return PartialAreaBounds(*cells, form.function, form.influence, form.area, form.end)


def _curve(metric: Metric, form: RankCurve, table: Any, sample: Sample, seed: int) -> Bounds:
    cells, curve = (form.negatives, form.positives), plain_curve(form)
    if sample.plain or not (curve.positives > 0 and curve.negatives > 0):
        return curve
    gradient = RankTable(table.values, *form.influence(*cells))
    added = metric.statistic.influence(gradient, table, sample.arrays, sample.values)
    linear = LinearisedBounds(
        form.value, sample.by_unit(sample.weighted(added)), seed, curve.range, _unit(sample)
    )
    label = np.asarray(sample.arrays["label"], bool)
    sizes = (_worst(label, sample), _worst(~label, sample))
    return UnitCurveBounds(linear, curve, sizes)


def _threshold(form: AtThreshold, sample: Sample) -> Bounds:
    neg, pos = np.asarray(form.negatives, float), np.asarray(form.positives, float)
    if not sample.plain and neg.sum() > 0 and pos.sum() > 0:
        label = np.asarray(sample.arrays["label"], bool)
        if form.rate in ("precision", "recall"):  # these depend on how frequent the classes are
            scale = _worst(np.ones_like(label), sample) / (neg.sum() + pos.sum())
            neg, pos = scale * neg, scale * pos
        else:
            neg = neg * (_worst(~label, sample) / neg.sum())
            pos = pos * (_worst(label, sample) / pos.sum())
    found: ThresholdBounds
    if form.rate == "sensitivity":
        found = SensitivityAtBounds(neg, pos, form.value, form.given)
    elif form.rate == "specificity":
        words = ("sensitivity", "positives")
        found = SensitivityAtBounds(pos[::-1], neg[::-1], form.value, form.given, words)
    elif form.rate == "precision":
        found = PrecisionAtRecallBounds(neg, pos, form.value, form.given)
    elif form.rate == "recall":
        found = RecallAtPrecisionBounds(neg, pos, form.value, form.given)
    elif isinstance(form, Distance):
        found = DistanceBounds(neg, pos, form.value)
    else:
        found = EqualErrorRateBounds(neg, pos, form.value)
    if not sample.plain:
        found.dependent = sample.clustered
        found.n, found.unit = sample.count, _unit(sample)
        found.decides += ", worst case of weights and clusters"
    return found


def _areas(form: Areas, table: ClassRankTable, sample: Sample, seed: int) -> Bounds:
    each = form.pairs and form.pairs[0][1] >= 0
    names = [_named(i, j, sample.classes) for i, j in form.pairs]
    rows = int(np.bincount(table.scores_of, table.counts, 1).max())
    plain = ClassAreaBounds(
        [(t.negatives, t.positives) for t in form.tables],
        names,
        rows,
        np.array(form.pairs) if each else None,
        exclusive=bool(table.exclusive),
    )
    if plain.reason or not (sample.weight is not None or sample.clustered):
        return plain
    return _unit_areas(form, names, table, sample, seed)


def _unit_areas(form: Areas, names: Any, table: Any, sample: Sample, seed: int) -> Bounds:
    """Each area by its own units; the average by the influences of the units on all of them."""
    from evalharness.inference.area_units import UnitAreaBounds
    from evalharness.inference.average import AverageBounds

    rank, label = (np.asarray(sample.arrays[k]) for k in ("rank", "label"))
    column, score = sample.values.column(rank), sample.values.values[rank]
    total, parts = np.zeros(sample.size), []
    for (i, j), t in zip(form.pairs, form.tables, strict=True):
        at, (pos, neg) = np.flatnonzero(column == i), (i, j) if j >= 0 else (1, 0)
        at = at[(label[at] == pos) | (label[at] == neg)]
        is_pos, place = label[at] == pos, np.searchsorted(t.values, score[at])
        of_neg, of_pos = auc_influence(t.negatives, t.positives)
        added, sides = np.zeros(sample.size), np.zeros((2, sample.size))
        added[at] = np.where(is_pos, of_pos[place], of_neg[place])
        sides[0, at], sides[1, at] = is_pos, ~is_pos
        total += added / len(form.tables)
        sizes = [sample.by_unit(sample.weighted(side)) for side in sides]
        linear = _by_influence(_area(t), added, sample, seed)
        counts = (int(is_pos.sum()), int((~is_pos).sum()))
        parts.append(UnitAreaBounds(t.positives, t.negatives, sizes, counts, linear))
    linear = _by_influence(form.value, total, sample, seed)
    return AverageBounds(parts, np.full(len(parts), 1 / len(parts)), names, linear)


def _by_influence(value: float, added: Any, sample: Sample, seed: int) -> Bounds:
    units = sample.by_unit(sample.weighted(added))
    return LinearisedBounds(value, units, seed, (0.0, 1.0), _unit(sample))


def _area(table: RankTable) -> float:
    return auc_of(table.negatives, table.positives)


def _worst(some: Any, sample: Sample) -> float:
    """How many trials the entries are worth at least: their weight over the heaviest unit's."""
    sizes = sample.by_unit(sample.weighted(some * 1.0))
    return float(sizes.sum() / sizes.max()) if sizes.max() > 0 else 0.0


def _named(i: int, j: int, classes: Any) -> str:
    return str(classes[i]) if j < 0 else f"{classes[i]} against {classes[j]}"


def _unit(sample: Sample) -> str:
    return "clusters" if sample.clustered else "examples"
