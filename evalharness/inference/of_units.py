"""Bounds by what each unit adds: for weights, clusters, averages and every smooth metric.

A unit is what was sampled: an example, or a cluster of them. Whatever a metric is, its error is
nearly the sum over the units of their influences, and these are independent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.forms import Concordance, Linear, Mean, Proportion, Quantile, Ratio
from evalharness.declare.metric import Metric
from evalharness.inference.bounds import Bounds
from evalharness.inference.delta import differences
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.linearised import linearised
from evalharness.inference.nobounds import NoBounds
from evalharness.inference.through import through
from evalharness.kernels.sample import Sample
from evalharness.statistics.tables import Cells, RankTable

Floats = NDArray[np.float64]


def proportion(metric: Metric, form: Proportion, sample: Sample, seed: int) -> Bounds:
    """A share of weighted or clustered trials, or an average of one over the classes."""
    statistic, classes = metric.statistic, len(sample.classes)
    if not np.ndim(form.hits):
        each = metric.form(statistic.entries(sample.arrays, classes))
        return _share(each, form, sample)
    from evalharness.inference.average import AverageBounds

    support = np.array([float(x) for x in _support(metric, sample)])
    weights = np.full(classes, 1 / classes)
    if statistic.average == "weighted":
        weights = support / support.sum()
    parts, added = [], np.zeros(sample.size)
    for k in range(classes):
        each = metric.form(statistic.entries(sample.arrays, classes, k))
        one = Proportion(
            np.asarray(form.hits)[k], np.asarray(form.trials)[k], form.unit, form.through
        )
        parts.append(_share(each, one, sample))
        if one.trials and weights[k]:
            share = one.hits / one.trials
            slope = weights[k] * _slope(form.through, share) / one.trials
            added += slope * (np.asarray(each.hits) - share * np.asarray(each.trials))
    values = np.array([p.value for p in parts])
    value = float(np.sum(np.where(weights > 0, weights * values, 0.0)))
    if statistic.average == "weighted":
        added += (values[_label(sample)] - value) / support.sum()
    influences = sample.by_unit(sample.weighted(added))
    linear = None
    if value == value:
        linear = linearised(value, influences, seed, metric.definition.range, _unit(sample))
    return AverageBounds(parts, weights, sample.classes, linear)


def ratio(metric: Metric, form: Mean | Ratio, sample: Sample, seed: int) -> Bounds:
    """A mean or a ratio of two sums."""
    arrays = sample.arrays
    if isinstance(form, Mean):
        above, below = arrays["value"], np.ones(sample.size)
    else:
        above, below = arrays["numerator"], arrays["denominator"]
    above, below = (sample.by_unit(sample.weighted(x)) for x in (above, below))
    total = float(below.sum())
    if not total > 0:
        return NoBounds(np.nan, "0/0: the denominator is zero", sample.size)
    value = float(above.sum()) / total
    added = (above - value * below) / total
    range = metric.definition.range if form.through is None else (-np.inf, np.inf)
    note = _note(sample)
    found = linearised(value, added, seed, range, _unit(sample), note)
    return through(found, form.through, metric.definition.range)


def area(
    metric: Metric, form: Concordance, table: RankTable, sample: Sample, seed: int
) -> Bounds:
    """An area under the ROC curve."""
    from evalharness.inference.area_units import UnitAreaBounds

    label = np.asarray(sample.arrays["label"], bool)
    sizes = [sample.by_unit(sample.weighted(side * 1.0)) for side in (label, ~label)]
    if not all(s.sum() > 0 for s in sizes):
        missing = "positives" if not sizes[0].sum() > 0 else "negatives"
        return NoBounds(np.nan, f"0/0: there are no {missing}", sample.size)
    positives, negatives = np.asarray(table.positives, float), np.asarray(table.negatives, float)
    gradient = _area_gradient(positives, negatives)
    added = metric.statistic.influence(
        RankTable(table.values, *gradient), table, sample.arrays, sample.values
    )
    linear = linearised(
        form.value,
        sample.by_unit(sample.weighted(added)),
        seed,
        metric.definition.range,
        _unit(sample),
    )
    return UnitAreaBounds(positives, negatives, sizes, linear, _note(sample))


def _area_gradient(positives: Floats, negatives: Floats) -> tuple[Floats, Floats]:
    """What one more negative, or positive, at each score adds to the area: its placement."""
    m, n = positives.sum(), negatives.sum()
    v10 = (np.cumsum(negatives) - negatives / 2) / n
    v01 = (m - np.cumsum(positives) + positives / 2) / m
    value = positives @ v10 / m
    return (v01 - value) / n, (v10 - value) / m


def quantile(form: Quantile, table: Any, sample: Sample) -> Bounds:
    """A quantile of weighted or clustered values."""
    from evalharness.inference.effective_quantiles import EffectiveQuantileBounds

    values = sample.values[sample.arrays["rank"]]
    return EffectiveQuantileBounds(values, sample.weight, sample.unit, form.q, sample.clustered)


def linear(metric: Metric, form: Linear, table: Any, sample: Sample, seed: int) -> Bounds:
    """Any smooth metric, by its gradient."""
    if np.isnan(form.value):
        return NoBounds(np.nan, form.undefined, sample.size)
    if form.least:
        if few := _too_few(form.least, sample):
            return NoBounds(form.value, few, sample.size)
    gradient = form.gradient
    if gradient is None:
        gradient = differences(lambda t: _value(metric.form(t)), table)
    added = metric.statistic.influence(gradient, table, sample.arrays, sample.values)
    if not np.isfinite(added).all():
        return NoBounds(form.value, "not differentiable on this table", sample.size)
    weight = np.ones(sample.size) if sample.weight is None else sample.weight
    # A function of rates adds nothing when all counts grow alike; one of counts is centred here.
    added = weight * (added - (weight @ added) / weight.sum())
    return linearised(
        form.value,
        sample.by_unit(added),
        seed,
        metric.definition.range,
        _unit(sample),
        _note(sample),
        form.scale,
    )


def two_class(
    metric: Metric, function: Callable[[Cells], Any], table: Cells, sample: Sample, seed: int
) -> Bounds:
    """A function of a 2×2 table of weighted or clustered examples."""
    from evalharness.inference.mover_units import UnitTwoClassBounds

    arrays = dict(sample.arrays)
    if arrays["label"].dtype != bool:  # places of two classes: the second one is the positive one
        arrays = {k: v == 1 for k, v in arrays.items()}
    label, prediction = arrays["label"], arrays["prediction"]
    gradient = differences(function, table)
    cells = (label & prediction, ~label & prediction, label & ~prediction, ~label & ~prediction)
    weight = np.ones(sample.size) if sample.weight is None else sample.weight
    added = sum(g * c for g, c in zip(gradient, cells, strict=True))
    added = sample.by_unit(weight * (added - (weight @ added) / weight.sum()))
    right = label == prediction
    trials = ((label, np.ones(sample.size)), (label & right, label), (~label & right, ~label))
    parts = [
        EffectiveBounds(
            *(sample.by_unit(sample.weighted(x * 1.0)) for x in pair), clusters=sample.clustered
        )
        for pair in trials
    ]
    range, unit = metric.definition.range, _unit(sample)
    return UnitTwoClassBounds(
        function,
        table,
        range,
        parts,
        lambda value: linearised(value, added, seed, range, unit),
        sample.clustered,
        _note(sample),
    )


def _share(each: Any, form: Proportion, sample: Sample) -> EffectiveBounds:
    hits, trials = (
        sample.by_unit(sample.weighted(np.asarray(x, float))) for x in (each.hits, each.trials)
    )
    return EffectiveBounds(hits, trials, form.unit, form.through, clusters=sample.clustered)


def _support(metric: Metric, sample: Sample) -> list[Any]:
    """The weighted number of labels of each class."""
    statistic, classes = metric.statistic, len(sample.classes)
    found = []
    for k in range(classes):
        cells = statistic.entries(sample.arrays, classes, k)
        found.append(sample.weighted(cells.tp + cells.fn).sum())
    return found


def _label(sample: Sample) -> Any:
    return sample.arrays["task" if "task" in sample.arrays else "label"]


def _slope(function: Callable[[Any], Any] | None, share: float) -> float:
    if function is None:
        return 1.0
    step = 1e-6
    low, high = max(0.0, share - step), min(1.0, share + step)
    return float((function(high) - function(low)) / (high - low))


def _value(form: Any) -> float:
    value = getattr(form, "value", form)
    return float(value.mean() if getattr(value, "ndim", 0) else value)


def _too_few(least: int, sample: Sample) -> str:
    label = np.asarray(sample.arrays["label"], bool)
    counts = [np.count_nonzero(sample.by_unit(side * 1.0)) for side in (label, ~label)]
    where = "clusters with " if sample.clustered else ""
    short = [
        f"{n:,} {where}{name}"
        for n, name in zip(counts, ("positives", "negatives"), strict=True)
        if n < least
    ]
    return f"{' and '.join(short)}: fewer than {least} decide nothing here" if short else ""


def _unit(sample: Sample) -> str:
    return "clusters" if sample.clustered else "examples"


def _note(sample: Sample) -> str:
    return f"{sample.size:,} examples in {sample.count:,} clusters" if sample.clustered else ""
