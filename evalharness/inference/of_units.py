"""Bounds by what each unit adds: for weights, clusters, averages and every smooth metric.

A unit is what was sampled: an example, or a cluster of them. Whatever a metric is, its error is
nearly the sum over the units of their influences, and these are independent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evalharness.declare.forms import Concordance, Linear, Mean, Proportion, Quantile, Ratio
from evalharness.declare.metric import Metric
from evalharness.declare.plural import counted
from evalharness.inference.bounds import Bounds
from evalharness.inference.delta import differences
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.influences import class_weights, influences, of_class
from evalharness.inference.linearised import LinearisedBounds
from evalharness.inference.nobounds import NoBounds
from evalharness.inference.through import through
from evalharness.kernels.sample import Sample
from evalharness.statistics.tables import Cells, RankTable

# What a value is of, where a column tells groups of rows apart.
UNITS = {"query": "queries", "id": "prompts", "image": "images"}


def proportion(metric: Metric, form: Proportion, sample: Sample, seed: int) -> Bounds:
    """A share of weighted or clustered trials, or an average of one over the classes."""
    statistic, classes = metric.statistic, len(sample.classes)
    if not np.ndim(form.hits):
        each = metric.form(statistic.entries(sample.arrays, classes))
        return _of_two_kinds(each, form, sample) or _share(each, form, sample)
    from evalharness.inference.average import AverageBounds

    parts = [
        _share(metric.form(statistic.entries(sample.arrays, classes, k)), of_class(form, k), sample)
        for k in range(classes)
    ]
    weights = class_weights(metric, sample)
    linear = None
    if all(p.value == p.value for p, w in zip(parts, weights, strict=True) if w > 0):
        value = sum(w * p.value for p, w in zip(parts, weights, strict=True) if w > 0)
        linear = of_influences(metric, value, influences(metric, form, None, sample), sample, seed)
    return AverageBounds(parts, weights, sample.classes, linear, _by_task(sample))


def of_influences(
    metric: Metric, value: float, added: Any, sample: Sample, seed: int, scale: str = "identity"
) -> Bounds:
    """Bounds of a value whose error is the sum of (m,) influences, weights applied."""
    if not np.isfinite(added).all():
        return NoBounds(value, "not differentiable on this table", sample.count)
    note = in_clusters(sample.size, sample.count) if sample.clustered else ""
    return LinearisedBounds(
        value, sample.by_unit(added), seed, metric.definition.range, unit(sample), note, scale
    )


def ratio(metric: Metric, form: Mean | Ratio, sample: Sample, seed: int) -> Bounds:
    """A mean or a ratio of two sums."""
    bare: Mean | Ratio = type(form)(form.table)
    if np.isnan(bare.value):
        empty = "there are no values" if isinstance(form, Mean) else "the denominator is zero"
        return NoBounds(np.nan, f"0/0: {empty}", sample.count)
    note = in_clusters(sample.size, sample.count) if sample.clustered else ""
    if form.through is None and np.isfinite(metric.definition.range).all():
        return within(metric, form, sample, note)
    whole = (-np.inf, np.inf) if form.through else metric.definition.range
    added = sample.by_unit(influences(metric, bare, None, sample))
    found = LinearisedBounds(bare.value, added, seed, whole, unit(sample), note)
    return through(found, form.through, metric.definition.range)


def within(metric: Metric, form: Mean | Ratio, sample: Sample, note: str = "") -> Bounds:
    """A mean, or a ratio, whose examples cannot leave the metric's range."""
    from evalharness.inference.gaffke import GaffkeBounds

    each = UNITS.get(getattr(metric.statistic, "by", ""), "values")
    if sample.grid is not None and "value" not in sample.arrays:  # counted and let go
        points, counts = sample.grid
        return GaffkeBounds(points, metric.definition.range, each, counts)
    arrays, (low, high) = sample.arrays, metric.definition.range
    above = arrays["value" if isinstance(form, Mean) else "numerator"]
    below = arrays.get("denominator", np.ones(sample.size))
    # Of a mean the least and the greatest value tell, at a fraction of the cost.
    ends = above.min(initial=low), above.max(initial=high)
    if "denominator" in arrays or ends[0] < low - 1e-9 or ends[1] > high + 1e-9:
        outside = (above < low * below - 1e-9) | (above > high * below + 1e-9)
        if outside.any():
            first = above[outside][0] / below[outside][0]
            raise ValueError(
                f"{np.count_nonzero(outside)} examples, the first {first:g}, lie outside the range "
                f"{low:g} to {high:g} that it declares"
            )
    if sample.plain and isinstance(form, Mean):
        return GaffkeBounds(above, (low, high), each)
    above, below = (sample.by_unit(sample.weighted(x)) for x in (above, below))
    some = below > 0
    name = each if each != "values" and not sample.clustered else unit(sample)
    return GaffkeBounds(above[some] / below[some], (low, high), name, sizes=below[some], note=note)


def area(metric: Metric, form: Concordance, table: RankTable, sample: Sample, seed: int) -> Bounds:
    """An area under the ROC curve."""
    from evalharness.inference.area_units import UnitAreaBounds

    label = np.asarray(sample.arrays["label"], bool)
    sizes = [sample.by_unit(sample.weighted(side * 1.0)) for side in (label, ~label)]
    if np.isnan(form.value):
        missing = "negatives" if label.any() else "positives"
        return NoBounds(np.nan, f"0/0: there are no {missing}", sample.count)
    added = influences(metric, form, table, sample)
    linear = of_influences(metric, form.value, added, sample, seed)
    counts = (int(label.sum()), int((~label).sum()))
    return UnitAreaBounds(table.positives, table.negatives, sizes, counts, linear)


def quantile(form: Quantile, sample: Sample) -> Bounds:
    """A quantile of weighted or clustered values."""
    from evalharness.inference.effective_quantiles import EffectiveQuantileBounds

    values = sample.values[sample.arrays["rank"]]
    found = EffectiveQuantileBounds(values, sample.weight, sample.unit, form.q, sample.clustered)
    found.value = form.value  # of a median it may lie between two values
    return found


def linear(metric: Metric, form: Linear, table: Any, sample: Sample, seed: int) -> Bounds:
    """Any smooth metric, by its gradient."""
    if np.isnan(form.value):
        return NoBounds(np.nan, form.undefined, sample.count)
    if form.least and (few := _too_few(form.least, sample)):
        return NoBounds(form.value, few, sample.count)
    added = influences(metric, form, table, sample)
    return of_influences(metric, form.value, added, sample, seed, form.scale)


def two_class(
    metric: Metric, function: Callable[[Cells], Any], table: Cells, sample: Sample, seed: int
) -> Bounds:
    """A function of a 2×2 table of weighted or clustered examples."""
    from evalharness.inference.mover_units import UnitTwoClassBounds

    arrays = sample.arrays
    if arrays["label"].dtype != bool:  # places of two classes: the second one is the positive one
        arrays = {k: v == 1 for k, v in arrays.items()}
    label, prediction = arrays["label"], arrays["prediction"]
    cells = (label & prediction, ~label & prediction, label & ~prediction, ~label & ~prediction)
    gradient = differences(function, table)
    added = sample.weighted(sum(g * c for g, c in zip(gradient, cells, strict=True)) * 1.0)
    right = label == prediction
    trials = ((label, np.ones(sample.size)), (label & right, label), (~label & right, ~label))
    parts = [_effective(hits, some, sample) for hits, some in trials]
    return UnitTwoClassBounds(
        function,
        table,
        metric.definition.range,
        parts,
        lambda value: of_influences(metric, value, added, sample, seed),
        sample.clustered,
    )


def in_clusters(examples: int, clusters: int) -> str:
    """Such as "412 examples in 40 clusters"."""
    return f"{counted(examples, 'examples')} in {counted(clusters, 'clusters')}"


def unit(sample: Sample) -> str:
    """What a unit of the sample is, in the plural."""
    return "clusters" if sample.clustered else "examples"


def _share(each: Any, form: Proportion, sample: Sample) -> EffectiveBounds:
    return _effective(each.hits, each.trials, sample, form.unit, form.through)


def _effective(
    hits: Any, trials: Any, sample: Sample, of: str = "examples", through: Any = None
) -> EffectiveBounds:
    """Of (m,) hits and trials of each entry alone."""
    hits, trials = np.asarray(hits, float), np.asarray(trials, float)
    # Of examples that count alike, one may bring several trials: count them.
    count = np.count_nonzero(trials) if sample.weight is not None else trials.sum()
    return EffectiveBounds(
        sample.by_unit(sample.weighted(hits)),
        sample.by_unit(sample.weighted(trials)),
        of,
        through,
        clusters=sample.clustered,
        examples=int(count),
        weighted=sample.weight is not None,
    )


def _of_two_kinds(each: Any, form: Proportion, sample: Sample) -> Bounds | None:
    """Of examples that are of two kinds only (right and wrong, in a micro average), the ratio rises
    with the share of the one kind: an exact interval."""
    from evalharness.inference.proportions import ProportionBounds

    if not sample.plain:
        return None
    hits, trials = (np.asarray(x, float) for x in (each.hits, each.trials))
    # Complex numbers are sorted as pairs, and ten times as quickly as pairs are.
    kinds, code = np.unique(hits + 1j * trials, return_inverse=True)
    if len(kinds) != 2:
        return None
    (h0, h1), (t0, t1) = kinds.real, kinds.imag
    first, second = (h / t if t else np.nan for h, t in ((h0, t0), (h1, t1)))
    if not first < second:
        return None

    def ratio(share: Any) -> Any:
        found = (h0 + share * (h1 - h0)) / (t0 + share * (t1 - t0))
        return form.through(found) if form.through else found

    return ProportionBounds(int(np.sum(code)), sample.size, "examples", ratio)


def _by_task(sample: Sample) -> str:
    """How many labels each task has: "n by task: toxic 316, insult 320"."""
    if "task" not in sample.arrays:
        return ""
    counts = np.bincount(sample.arrays["task"], minlength=len(sample.classes))
    shown = [f"{c} {n:,}" for c, n in zip(sample.classes, counts, strict=True)][:8]
    return f"n by task: {', '.join(shown)}" + (", …" if len(counts) > 8 else "")


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
