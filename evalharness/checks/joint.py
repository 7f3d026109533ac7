"""The difference of a count metric from the joint counts of label and both models' predictions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from evalharness.checks.pairing import Pair
from evalharness.declare.forms import Proportion
from evalharness.declare.metric import Metric
from evalharness.inference.added import Part, added_at
from evalharness.inference.batches import value_of
from evalharness.inference.bounds import Bounds
from evalharness.inference.delta import differences
from evalharness.inference.joint_difference import JointBounds, JointClassBounds
from evalharness.inference.nobounds import NoBounds
from evalharness.inference.recount import table_of
from evalharness.statistics.joint_counts import Patterns, summed_by
from evalharness.statistics.tables import Cells

Span = tuple[float, float]

# One false positive less may double a likelihood ratio: linear bounds of a difference cover .80.
UNLIMITED = (
    "a metric without limits may change by any size with one example, so a difference of it is not "
    "bounded; declare its range (@metric(…, range=(…))), or compare a share"
)


def joint_bounds(metric: Metric, pair: Pair, value: float, span: Span) -> Bounds | None:
    """The bounds of the difference of plain examples; None where the joint cells are too many to
    be bounded one by one (a function of a table of three classes or more that is no average)."""
    average = getattr(metric.statistic, "average", None)
    classes, found = len(pair.parts[0].sample.classes), pair.joint
    if not np.isfinite(span).all():
        return NoBounds(value, UNLIMITED, int(found.counts.sum()), "paired examples")
    if average == "micro":
        return _micro(metric, pair, value, span)
    if average is None or classes == 2:
        size = len(found.columns)
        cells = tuple(np.indices((2,) * size).reshape(size, -1))
        counts = np.zeros(2**size)
        at = sum(c.astype(np.int64) << k for k, c in enumerate(reversed(found.columns)))
        counts[at] = found.counts
        ours, theirs = (
            added_at(part, pair.of_model(cells, i)) for i, part in enumerate(pair.parts)
        )
        return JointBounds(value, counts, ours - theirs, span)
    if not isinstance(pair.parts[0].form, Proportion):
        return None
    return _by_class(pair, value, span)


def each_alone(metric: Metric, columns: tuple[Any, ...], classes: int) -> tuple[Any, Any]:
    """(C,) hits and trials of a share at the table of one example of each pattern."""
    forms = [
        metric.form(table_of(metric, tuple(c[k : k + 1] for c in columns), np.ones(1), classes))
        for k in range(len(columns[0]))
    ]
    hits, trials = (
        np.array([float(getattr(f, name)) for f in forms]) for name in ("hits", "trials")
    )
    return hits, trials


def _micro(metric: Metric, pair: Pair, value: float, span: Span) -> Bounds:
    """A micro average knows right, wrong and silent, and nothing else of a prediction."""
    classes, found = len(pair.parts[0].sample.classes), pair.joint
    label, *predictions = found.columns
    kinds = [np.where(p == label, 0, np.where(p == classes, 2, 1)) for p in predictions]
    silent = 2 if any((k == 2).any() for k in kinds) else 1
    counts = np.zeros((silent + 1, silent + 1))
    np.add.at(counts, tuple(kinds), found.counts)
    # Of label 0: right, wrong and silent.
    each = metric.statistic.entries(
        {"label": np.zeros(silent + 1, int), "prediction": np.array([0, 1, classes])[: silent + 1]},
        classes,
    )
    ours, theirs = (
        sum(
            slope * cell
            for slope, cell in zip(
                differences(lambda t: value_of(metric, t), part.table), each, strict=True
            )
        )
        for part in pair.parts
    )
    gradient = np.subtract.outer(ours, theirs)
    return JointBounds(value, counts.ravel(), gradient.ravel(), span)


def _by_class(pair: Pair, value: float, span: Span) -> Bounds:
    """An average over three classes or more: of each class against the rest."""
    classes, found = len(pair.parts[0].sample.classes), pair.joint
    total = float(found.counts.sum())
    weights = np.full(classes, 1 / classes)
    first = pair.parts[0].table
    if pair.parts[0].metric.statistic.average == "weighted":
        weights = (first.tp + first.fn) / total
    slopes, values = zip(*(_class_gradient(p, weights) for p in pair.parts), strict=True)
    with np.errstate(all="ignore"):
        # Cells by label and prediction: (label, prediction) -> tn, fp, fn, tp.
        ours, theirs = (np.stack([s.tn, s.fp, s.fn, s.tp], axis=1) for s in slopes)
        kind = np.arange(8)
        label, a, b = kind >> 2, (kind >> 1) & 1, kind & 1
        gradient = ours[:, 2 * label + a] - theirs[:, 2 * label + b]
        apart = np.where(weights > 0, values[0] - values[1], 0.0)
        added = sum(
            sign
            * pair.parts[i].metric.statistic.influence(
                Cells(*(weights * f for f in slopes[i])),
                None,
                dict(zip(("label", "prediction"), pair.of_model(found.columns, i), strict=True)),
                None,
            )
            for i, sign in ((0, 1), (1, -1))
        )
        mixed = 0.0
        if pair.parts[0].metric.statistic.average == "weighted":
            added = added + (apart[found.columns[0]] - value) / total
            mixed = float(weights @ (apart - value) ** 2) / total
        added = added - found.counts @ added / total
        error = math.sqrt(float(found.counts @ added**2))
    counts = _class_counts(found, classes)
    return JointClassBounds(value, counts, gradient, weights, error, mixed, span)


def _class_gradient(part: Part, weights: Any) -> tuple[Cells, Any]:
    """(K,) what one more example in each cell of a class adds to the share of that class, and the
    shares; 0 for a class that does not count. All classes at once: each has its own cells only."""
    table = Cells(*(np.asarray(f, float) for f in part.table))

    def at(cells: Cells) -> Any:
        return np.asarray(part.metric.form(cells).value, float)

    found = []
    with np.errstate(all="ignore"):
        for name, field in zip(Cells._fields, table, strict=True):
            step = 1e-5 * np.where(field > 0, field, 1.0)
            low = np.where(field > 0, field - step, field)  # a count of none cannot fall
            high = field + step
            rise = at(table._replace(**{name: high})) - at(table._replace(**{name: low}))
            found.append(np.where(weights > 0, rise / (high - low), 0.0))
        return Cells(*found), at(table)


def _class_counts(found: Patterns, classes: int) -> Any:
    """(K, 8) of each class against the rest: the cells 4·label + 2·first + second."""
    (label, first, second), counts = found
    a, b = first == label, second == label

    def by(code: Any, some: Any) -> Any:
        return summed_by(code[some], counts[some], classes + 1)[:classes]

    cells = {
        7: by(label, a & b),
        6: by(label, a & ~b),
        5: by(label, ~a & b),
        4: by(label, ~a & ~b),
        3: by(first, ~a & (first == second)),
        2: by(first, ~a & (first != second)),
        1: by(second, ~b & (first != second)),
    }
    rest = counts.sum() - sum(cells.values())
    return np.stack([rest, *(cells[k] for k in range(1, 8))], axis=1)
