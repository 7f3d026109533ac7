"""The difference of two models on the same examples, paired by id."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from evalharness.checks.joint import each_alone, joint_bounds
from evalharness.checks.paired_source import PairedSource, added_by_unit
from evalharness.checks.pairing import Pair
from evalharness.checks.resampling import combined
from evalharness.checks.settings import Settings
from evalharness.declare.errors import DeclarationError
from evalharness.declare.forms import Concordance, Mean, Proportion
from evalharness.declare.metric import Metric
from evalharness.inference.added import added
from evalharness.inference.batches import value_of
from evalharness.inference.bounds import Bounds
from evalharness.inference.estimates import Estimate, estimate
from evalharness.inference.linearised import LinearisedBounds
from evalharness.inference.nobounds import NoBounds
from evalharness.inference.of_form import seed_of
from evalharness.kernels.plan import Plan
from evalharness.metrics.curves import RankCurve
from evalharness.outputs.join import align
from evalharness.outputs.streamed import refuse_batches
from evalharness.statistics.joint_counts import Patterns, patterns
from evalharness.statistics.tables import Cells, Share

Span = tuple[float, float]


def difference(plan: Plan, metric: Metric, first: str, second: str, settings: Settings) -> Estimate:
    """`metric` of the first model minus that of the second, example by example.

    Shares whose trials are fixed by the labels (accuracy, recall, …) by Tango's interval of paired
    proportions, means by the mean of the differences, other count metrics by the joint counts of
    label and both predictions, areas by DeLong, and every other smooth metric by what each unit
    adds to the one and to the other.

    Raises DeclarationError for a metric that is not smooth (quantiles, rates at a chosen threshold,
    black boxes), and OutputsError where the ids of both do not match.
    """
    if metric.group:
        raise DeclarationError(
            f"{metric}: a difference is taken of one slice; use .on(split, column=value)"
        )
    pairs = paired(plan, metric, first, second)
    return estimate(
        paired_bounds(metric, pairs, seed(metric, settings)),
        settings.confidence,
        metric=metric.label,
        model=f"{first} − {second}",
        split=metric.split,
        slice=metric.slice,
        _resample=PairedSource(plan, metric, pairs, first, settings).made,
    )


def seed(metric: Metric, settings: Settings) -> int:
    """The seed of what is resampled for a difference."""
    return seed_of(settings.seed, metric.label, metric.split, "difference")


def aligned(plan: Plan, metric: Metric, first: str, second: str) -> Any:
    """int64 (n,): the row of the second model's split that each of the first's belongs to."""
    plan.require([(first, metric), (second, metric)])
    splits = [plan.split(model, metric.split) for model in (first, second)]
    what = f"the difference of {metric.label} between {first!r} and {second!r}"
    refuse_batches(f"{what} needs rows to pair by id", *splits)
    return align(*splits)


def paired(plan: Plan, metric: Metric, first: str, second: str) -> list[Pair]:
    """The parts of a metric for two models, example by example."""
    row = aligned(plan, metric, first, second)
    return [Pair(plan, part, first, second, row) for part in metric.parts]


def joint_table(plan: Plan, metric: Metric, models: Sequence[str]) -> Patterns:
    """How often each label meets each pattern of the models' predictions (or of their hits, for a
    metric of hits alone): only patterns that occur, however many models there are.

    models: two or more; the others are paired with the first one by id. The columns are the label
    (none for hits), then each model's prediction. Weights are not counted.
    """
    pairs = [paired(plan, metric, models[0], other)[0] for other in models[1:]]
    if "hit" in pairs[0].measured[0].columns.arrays:
        columns, name = [pairs[0].arrays("hit")[0]], "hit"
    else:
        columns, name = [pairs[0].arrays(k)[0] for k in ("label", "prediction")], "prediction"
    return patterns([*columns, *(pair.arrays(name)[1] for pair in pairs)])


def model_values(metric: Metric, pairs: list[Pair]) -> tuple[float, float]:
    """The metric of either model."""
    ours, theirs = (
        float(combined(metric, [value_of(p.parts[i].metric, p.parts[i].table) for p in pairs]))
        for i in (0, 1)
    )
    return ours, theirs


def paired_bounds(metric: Metric, pairs: list[Pair], seed: int) -> Bounds:
    """The bounds of the difference; `seed`: of what is resampled."""
    ours, theirs = model_values(metric, pairs)
    value = ours - theirs
    low, high = metric.definition.range
    span = low - high, high - low
    if not math.isfinite(value):
        why = "0/0: it has no value for one of the models"
        return NoBounds(math.nan, why, pairs[0].parts[0].sample.count, "paired examples")
    if len(pairs) == 1 and (own := _of_form(metric, pairs[0], value, span, seed)):
        return own
    try:
        sums, unit = added_by_unit(metric, pairs)
    except DeclarationError as error:
        raise DeclarationError(
            f"the difference of {metric.label} between two models is not available: {error}; "
            "compare a share, a mean or an area instead"
        ) from None
    return LinearisedBounds(value, sums, seed, span, unit)


def _of_form(metric: Metric, pair: Pair, value: float, span: Span, seed: int) -> Bounds | None:
    """The bounds of forms that pair up in a way of their own; None for any other."""
    part = pair.parts[0]
    form = part.form
    # Labels of several tasks are no classes: their averages go by what each row adds.
    counts = isinstance(part.table, (Share, Cells))
    counts = counts and "task" not in pair.measured[0].columns.arrays
    if isinstance(form, Mean) and form.through is None:
        return _mean(pair, seed) if pair.plain else _by_units(metric, pair, span, seed)
    if counts and isinstance(form, Proportion) and form.through is None and not np.ndim(form.hits):
        own = _share(metric, pair) if pair.plain else _by_units(metric, pair, span, seed)
        if own is not None:
            return own
    if pair.countable:
        return joint_bounds(metric, pair, value, span)
    if isinstance(form, (Concordance, RankCurve)) and pair.plain:
        from evalharness.inference.of_curves import plain_curve
        from evalharness.inference.rank_difference import RankDifferenceBounds

        both = [pair.by_row(i, added(p)) for i, p in enumerate(pair.parts)]
        label = np.asarray(pair.arrays("label")[0], bool)
        curves = [plain_curve(p.form) for p in pair.parts]
        return RankDifferenceBounds(curves, (both[0] - both[1])[pair.rows], label, seed, span)
    return None


def _by_units(metric: Metric, pair: Pair, span: Span, seed: int) -> Bounds | None:
    """Weighted or clustered examples: by what each unit adds to the one and to the other. None
    where the trials of a share depend on the predictions."""
    from evalharness.inference.paired_units import PairedUnitBounds

    mean = isinstance(pair.parts[0].form, Mean)
    if mean:
        ours, theirs = pair.arrays("value")
        trials = np.ones(len(ours))
    else:
        (ours, trials), (theirs, others) = hits(metric, pair)
        if (trials != others).any():
            return None
    rows = pair.rows
    weight = np.ones(len(rows)) if pair.weight is None else pair.weight[rows]
    _, code = np.unique(pair.unit[rows], return_inverse=True)

    def sums(x: Any) -> Any:
        return np.bincount(code, weight * x)

    total = sums(trials)
    some = total > 0
    difference = sums(ours - theirs)
    value = float(difference.sum() / total.sum())
    added = (difference - value * total)[some] / total.sum()
    linear = LinearisedBounds(value, added, seed, span, pair.named)
    if mean:
        return linear
    better, worse = (sums((x > y) * trials)[some] for x, y in ((ours, theirs), (theirs, ours)))
    return PairedUnitBounds(linear, better, worse, total[some], pair.clustered)


def hits(metric: Metric, pair: Pair) -> list[tuple[Any, Any]]:
    """Hits and trials of each chosen entry by either model: the metric's form at the table of that
    entry alone."""
    found = []
    for columns in pair.both:
        packed = np.stack([np.asarray(c, np.int64) for c in columns])
        distinct, at = np.unique(packed, axis=1, return_inverse=True)
        hits, trials = each_alone(metric, tuple(distinct), len(pair.parts[0].sample.classes))
        found.append((hits[at.ravel()], trials[at.ravel()]))
    return found


def _mean(pair: Pair, seed: int) -> Bounds:
    from evalharness.inference.means import MeanBounds

    ours, theirs = pair.arrays("value")
    values = ours - theirs
    centred = values - values.mean()
    m2, m3 = float((centred**2).sum()), float((centred**3).sum())
    return MeanBounds(len(values), float(np.mean(values)), m2, m3, lambda: values, seed)


def _share(metric: Metric, pair: Pair) -> Bounds | None:
    """Tango's bounds, or None when the trials depend on the predictions (precision): then nothing
    pairs up."""
    from evalharness.inference.paired import PairedShareBounds

    columns, counts = pair.joint
    classes = len(pair.parts[0].sample.classes)
    (hits_a, trials), (hits_b, others) = (
        each_alone(metric, pair.of_model(columns, i), classes) for i in (0, 1)
    )
    if (trials != others).any() or (trials > 1).any():
        return None  # an example that counts as several trials has no single outcome to pair
    new_only, old_only, total = (
        int(counts[some & (trials == 1)].sum())
        for some in ((hits_a > hits_b), (hits_b > hits_a), np.ones(len(counts), bool))
    )
    bounds = PairedShareBounds(new_only, old_only, total)
    bounds.unit = f"paired {pair.parts[0].form.unit}"
    return bounds
