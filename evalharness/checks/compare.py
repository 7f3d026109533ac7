"""The difference of two models on the same examples, paired by id."""

from __future__ import annotations

from typing import Any

import numpy as np

from evalharness.checks.settings import Settings
from evalharness.declare.errors import DeclarationError, OutputsError
from evalharness.declare.forms import Mean, Proportion
from evalharness.declare.metric import Metric
from evalharness.inference.estimates import Estimate, estimate
from evalharness.inference.of_form import seed_of
from evalharness.kernels.plan import Plan
from evalharness.outputs.join import align
from evalharness.statistics.tables import Cells, Share


def difference(plan: Plan, metric: Metric, first: str, second: str, settings: Settings) -> Estimate:
    """`metric` of the first model minus that of the second, example by example.

    Proportions whose trials are fixed by the labels (accuracy, recall, specificity, …) by Tango's
    interval of paired proportions, means by the mean of the differences. Others raise
    DeclarationError. The ids of both must match.
    """
    if metric.group:
        raise DeclarationError(
            f"{metric}: a difference is taken of one slice; use .on(split, column=value)"
        )
    plan.require([(first, metric), (second, metric)])
    row = align(plan.split(first, metric.split), plan.split(second, metric.split))
    a, b = plan.measure(first, metric), plan.measure(second, metric)
    inside = a.groups.code == 0
    differing = int((inside != (b.groups.code[row] == 0)).sum())
    if differing:
        raise OutputsError(
            [
                f"{metric}: {differing} ids are in the slice for {first!r} or for {second!r} but "
                "not for both; a paired difference needs the same examples"
            ]
        )
    form = metric.form(a.tables[0])
    seed = seed_of(settings.seed, metric.label, metric.split, "difference")
    bounds: Any
    if isinstance(form, (Mean, Proportion)) and not a.sample(0).plain:
        bounds = _by_units(metric, a, b, row, seed)
    elif isinstance(form, Mean):
        values = a.columns.arrays["value"] - b.columns.arrays["value"][row]
        bounds = _mean(values[inside], seed)
    elif (
        isinstance(form, Proportion)
        and form.through is None
        and isinstance(a.tables[0], (Share, Cells))
        and not getattr(form.hits, "ndim", 0)
    ):
        bounds = _share(metric, a, b, row, inside)
    else:
        bounds = None
    if bounds is None:
        raise DeclarationError(
            f"the difference of {metric.label} between two models is not available in this "
            "version: it is for means, and "
            "for shares of examples that the labels fix (accuracy, recall, specificity, …)"
        )
    return estimate(
        bounds,
        settings.confidence,
        metric=metric.label,
        model=f"{first} − {second}",
        split=metric.split,
        slice=metric.slice,
    )


def _by_units(metric: Metric, a: Any, b: Any, row: Any, seed: int) -> Any:
    """Weighted or clustered examples: by what each unit adds to the one and to the other. None
    where the trials of a share depend on the predictions."""
    from evalharness.inference.linearised import LinearisedBounds
    from evalharness.inference.paired_units import PairedUnitBounds

    sample = a.sample(0)
    inside = sample.rows
    form = metric.form(a.tables[0])
    if isinstance(form, Mean):
        ours, theirs = a.columns.arrays["value"], b.columns.arrays["value"][row]
        trials = np.ones(len(ours))
    else:
        if form.through is not None or np.ndim(form.hits) or a.columns.rows is not None:
            return None
        (ours, trials, _), (theirs, others, _) = _each(metric, a), _each(metric, b)
        theirs = theirs[row]
        if (trials != others[row])[inside].any():
            return None
    weight = np.ones(len(ours)) if a.units.weight is None else a.units.weight
    unit = np.arange(len(ours)) if a.units.code is None else a.units.code
    _, code = np.unique(unit[inside], return_inverse=True)

    def sums(x: Any) -> Any:
        return np.bincount(code, (weight * x)[inside])

    total = sums(trials)
    some = total > 0
    difference = sums(ours - theirs)
    value = float(difference.sum() / total.sum())
    low, high = metric.definition.range
    added = (difference - value * total)[some] / total.sum()
    linear = LinearisedBounds(
        value,
        added,
        seed,
        (low - high, high - low),
        "paired examples" if a.units.code is None else "clusters",
    )
    if isinstance(form, Mean):
        return linear
    better, worse = (sums((x > y) * trials)[some] for x, y in ((ours, theirs), (theirs, ours)))
    return PairedUnitBounds(linear, better, worse, total[some], a.units.code is not None)


def _mean(values: Any, seed: int) -> Any:
    from evalharness.inference.means import MeanBounds

    centred = values - values.mean()
    m2, m3 = float((centred**2).sum()), float((centred**3).sum())
    return MeanBounds(len(values), float(np.mean(values)), m2, m3, lambda: values, seed)


def _share(metric: Metric, a: Any, b: Any, row: Any, inside: Any) -> Any:
    """Tango's bounds, or None when the trials depend on the predictions (precision): then nothing
    pairs up."""
    from evalharness.inference.paired import PairedShareBounds

    hits_a, trial_a, unit = _each(metric, a)
    hits_b, trial_b, _ = _each(metric, b)
    hits_b, trial_b = hits_b[row], trial_b[row]
    if (trial_a[inside] != trial_b[inside]).any() or (trial_a > 1).any():
        return None  # an example that counts as several trials has no single outcome to pair
    counted = inside & (trial_a == 1)
    new_only = int((counted & (hits_a == 1) & (hits_b == 0)).sum())
    old_only = int((counted & (hits_a == 0) & (hits_b == 1)).sum())
    bounds = PairedShareBounds(new_only, old_only, int(counted.sum()))
    bounds.unit = f"paired {unit}"
    return bounds


def _each(metric: Metric, measured: Any) -> tuple[Any, Any, str]:
    """Hits and trials of each example: the metric's form at the table of that example alone."""
    arrays = measured.columns.arrays
    if "hit" in arrays:
        cell = arrays["hit"].astype(int)
        singles: list[Any] = [Share(0.0, 1.0), Share(1.0, 1.0)]
    else:
        cell = 2 * arrays["label"].astype(int) + arrays["prediction"]
        singles = [
            Cells(0.0, 0.0, 0.0, 1.0),
            Cells(0.0, 1.0, 0.0, 0.0),
            Cells(0.0, 0.0, 1.0, 0.0),
            Cells(1.0, 0.0, 0.0, 0.0),
        ]
    forms = [metric.form(table) for table in singles]
    hits, trials = (
        np.array([float(getattr(f, name)) for f in forms]) for name in ("hits", "trials")
    )
    return hits[cell], trials[cell], forms[0].unit
