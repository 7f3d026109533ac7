"""What each entry adds to the error of a metric: its influence.

The error of a smooth metric is nearly the sum of the influences of the entries that it was measured
on. So clusters add theirs up, and a combination of metrics adds those of its terms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.errors import DeclarationError
from evalharness.declare.forms import Concordance, Linear, Mean, Proportion, Ratio
from evalharness.declare.metric import Metric
from evalharness.inference.delta import differences
from evalharness.kernels.sample import Sample
from evalharness.statistics.tables import RankTable

Floats = NDArray[np.float64]


def influences(metric: Metric, form: Any, table: Any, sample: Sample) -> Floats:
    """(m,) influences, times the weights of their entries; they add up to nothing.

    Raises DeclarationError for a form that has none (quantiles, resampled metrics).
    """
    if isinstance(form, Proportion):
        added = _of_share(metric, form, sample)
    elif isinstance(form, (Mean, Ratio)):
        added = _of_ratio(form, sample)
    elif isinstance(form, Concordance):
        added = metric.statistic.influence(
            _area_gradient(table), table, sample.arrays, sample.values
        )
    elif isinstance(form, Linear) or np.ndim(form) == 0 and hasattr(form, "__float__"):
        gradient = getattr(form, "gradient", None)
        if gradient is None:
            gradient = differences(lambda t: number(metric.form(t)), table)
        added = metric.statistic.influence(gradient, table, sample.arrays, sample.values)
    else:
        raise DeclarationError(
            f"{metric.label} cannot be part of a combination: how much each example adds to it is "
            "not known"
        )
    weighted = sample.weighted(np.asarray(added, float))
    # A function of rates adds nothing when all counts grow alike; one of counts is centred here.
    share = np.full(sample.size, 1 / sample.size)
    if sample.weight is not None:
        share = sample.weight / sample.weight.sum()
    return weighted - share * weighted.sum()


def number(form: Any) -> float:
    """The value of a form, of an average too."""
    value = getattr(form, "value", form)
    return float(value.mean() if getattr(value, "ndim", 0) else value)


def _of_share(metric: Metric, form: Proportion, sample: Sample) -> Floats:
    statistic, classes = metric.statistic, len(sample.classes)
    if not np.ndim(form.hits):
        each = metric.form(statistic.entries(sample.arrays, classes))
        return _one_share(each, form)
    weights = class_weights(metric, sample)
    added = np.zeros(sample.size)
    values = np.asarray(form.value, float)
    for k in np.flatnonzero(weights):
        each = metric.form(statistic.entries(sample.arrays, classes, k))
        added += weights[k] * _one_share(each, of_class(form, k))
    if statistic.average == "weighted":
        value = float(weights[weights > 0] @ values[weights > 0])
        added += (values[_label(sample)] - value) / np.sum(sample.weighted(np.ones(sample.size)))
    return added


def of_class(form: Proportion, k: Any) -> Proportion:
    """One class of an average."""
    hits, trials = (float(np.asarray(x)[k]) for x in (form.hits, form.trials))
    return Proportion(hits, trials, form.unit, form.through)


def class_weights(metric: Metric, sample: Sample) -> Floats:
    """(K,) how much each class counts in an average; they add up to one."""
    classes = len(sample.classes)
    if metric.statistic.average != "weighted":
        return np.full(classes, 1 / classes)
    support = np.bincount(
        _label(sample), sample.weighted(_positive(sample) * 1.0), minlength=classes
    )
    return support / support.sum()


def _label(sample: Sample) -> Any:
    return sample.arrays["task" if "task" in sample.arrays else "label"]


def _positive(sample: Sample) -> Any:
    """Whether an entry is one of its class: of tasks only where the label says so."""
    if "task" in sample.arrays:
        return sample.arrays["label"]
    return np.ones(sample.size, bool)


def _one_share(each: Any, form: Proportion) -> Floats:
    share = form.hits / form.trials
    slope = _slope(form.through, share) / form.trials
    return slope * (np.asarray(each.hits) - share * np.asarray(each.trials))


def _of_ratio(form: Mean | Ratio, sample: Sample) -> Floats:
    arrays = sample.arrays
    above = arrays["value"] if isinstance(form, Mean) else arrays["numerator"]
    below = np.ones(sample.size) if isinstance(form, Mean) else arrays["denominator"]
    total = sample.weighted(below).sum()
    ratio = sample.weighted(above).sum() / total
    return _slope(form.through, ratio) * (above - ratio * below) / total


def _area_gradient(table: RankTable) -> RankTable:
    """What one more example at each score adds to the area: its placement."""
    positives, negatives = (np.asarray(x, float) for x in (table.positives, table.negatives))
    m, n = positives.sum(), negatives.sum()
    v10 = (np.cumsum(negatives) - negatives / 2) / n
    v01 = (m - np.cumsum(positives) + positives / 2) / m
    value = (positives * v10).sum() / m
    return RankTable(table.values, (v01 - value) / n, (v10 - value) / m)


def _slope(function: Callable[[Any], Any] | None, x: float) -> float:
    """The derivative of a function that may end at 0 or at 1."""
    if function is None:
        return 1.0
    step = 1e-6 * max(abs(x), 1e-3)
    low, high = (x - step if x > step else x), (x + step if x + step <= 1 or x > 1 else x)
    return float((function(high) - function(low)) / (high - low))
