"""Several models on the same examples: what each unit adds to the metric of each, and how the
metric of any two differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from evalharness.checks.compare import aligned, paired_bounds
from evalharness.checks.joint import each_alone
from evalharness.checks.leak import both
from evalharness.checks.pairing import Pair
from evalharness.checks.resampling import added_by_row, combined
from evalharness.declare.errors import DeclarationError
from evalharness.declare.forms import Proportion
from evalharness.declare.metric import Metric
from evalharness.inference.added import added_at
from evalharness.inference.all_pairs import Limits, of_cells, of_shares
from evalharness.inference.batches import value_of
from evalharness.inference.bounds import upper_z
from evalharness.kernels.plan import Plan
from evalharness.statistics.tables import Cells, Share

# Rounding leaves this share of an error where two models are the same.
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Candidates:
    """Models whose metric has a value, paired by id.

    values (K,); units (K, G): what each unit adds; named: what a unit is, in the plural;
    unranked: why a model is not among them, by its name; pair: (i, j) → the parts of both.
    """

    metric: Metric
    models: tuple[str, ...]
    values: Any
    units: Any
    named: str
    unranked: dict[str, str]
    pair: Callable[[int, int], list[Pair]]

    @property
    def alike(self) -> list[tuple[str, str]]:
        """Pairs of models for which every unit counts the same, each with the first of its kind."""
        found = []
        first: dict[tuple[float, bytes], str] = {}
        for model, units, value in zip(self.models, self.units, self.values, strict=True):
            other = first.setdefault((float(value), units.tobytes()), model)
            if other != model:
                found.append((other, model))
        return found


def read(plan: Plan, metric: Metric, models: Sequence[str]) -> Candidates:
    """Pair the examples of all models. Raises OutputsError with everything that stands in the way
    of it, and DeclarationError for a metric of which it is not known what an example adds."""
    first = models[0]
    asked = [partial(aligned, plan, metric, first, other) for other in models[1:]]
    rows = dict(zip(models[1:], both(asked), strict=True))
    rows[first] = np.arange(len(rows[models[1]]))

    def pair_of(one: str, other: str) -> list[Pair]:
        back = np.empty(len(rows[one]), np.int64)
        back[rows[one]] = np.arange(len(back))
        row = rows[other][back]
        return [Pair(plan, part, one, other, row) for part in metric.parts]

    values: dict[str, float] = {}
    added, unranked = {}, {}
    there = np.zeros(len(rows[first]), bool)
    for model in models:
        pairs = pair_of(first, model if model != first else models[1])
        head, side = pairs[0], int(model != first)
        parts = [p.parts[side] for p in pairs]
        value = float(combined(metric, [value_of(p.metric, p.table) for p in parts]))
        if not np.isfinite(value):
            unranked[model] = "0/0: it has no value"
            continue
        try:
            places, found = added_by_row(metric, parts)
        except DeclarationError as error:
            raise DeclarationError(
                f"the choice by {metric} is not available: {error}; choose by a share, a mean or "
                "an area instead"
            ) from None
        if not np.isfinite(found).all():
            unranked[model] = "not differentiable here, so how much it varies is unknown"
            continue
        places = head.place(places, side)
        values[model], added[model] = value, np.bincount(places, found, len(head.row))
        there[places] = True
    kept, units = tuple(values), np.zeros((0, 0))
    if kept:
        _, code = np.unique(head.unit[there], return_inverse=True)
        units = np.stack([np.bincount(code, added.pop(m)[there]) for m in kept])
    return Candidates(
        metric,
        kept,
        np.array([values[m] for m in kept]),
        units,
        head.named,
        unranked,
        lambda i, j: pair_of(kept[i], kept[j]),
    )


def limits(found: Candidates, spread: Any, level: float, best: int, seed: int) -> Limits:
    """Of the differences of all pairs at a two-sided level each; spread: the covariance of the
    values; best: the model that the others are shown against; seed: of what is resampled.

    Shares and metrics of two classes all at once. Of others a pair is bounded by itself, where it
    is shown or where a normal bound, which is never the wider one, would tell the two apart.
    """
    size = len(found.models)
    if size > 1 and (at_once := _at_once(found, level)) is not None:
        return at_once
    error = np.sqrt(np.maximum(0.0, np.diag(spread)[:, None] + np.diag(spread) - 2 * spread))
    low, high = np.full((2, size, size), np.nan)
    for i, j in combinations(range(size), 2):
        apart = abs(found.values[i] - found.values[j])
        seen = apart > upper_z(level / 2) * error[i, j]
        if seen or best in (i, j):
            bounds = paired_bounds(found.metric, found.pair(i, j), seed)
            low[i, j], high[i, j] = bounds.lower(level / 2), bounds.upper(level / 2)
            if bounds.reason:
                low[i, j], high[i, j] = -np.inf, np.inf
            low[j, i], high[j, i] = -high[i, j], -low[i, j]
    return Limits(low, high)


def _at_once(found: Candidates, level: float) -> Limits | None:
    """The limits of shares with the same trials, and of metrics of two classes; None of others."""
    pairs = [found.pair(0, j)[0] for j in range(1, len(found.models))]
    pair = pairs[0]
    part = pair.parts[0]
    counts = isinstance(part.table, (Share, Cells)) and len(found.metric.parts) == 1
    if not (counts and pair.plain) or "task" in part.sample.arrays:
        return None
    classes, form = len(part.sample.classes), part.form
    columns = [pair.of_model(p.columns, i) for i, p in [(0, pair), *((1, p) for p in pairs)]]
    if isinstance(form, Proportion) and form.through is None and not np.ndim(form.hits):
        each = [_alone(found.metric, c, classes) for c in columns]
        trials = each[0][1]
        if trials.max(initial=0) <= 1 and all((t == trials).all() for _, t in each):
            return of_shares(np.stack([h[trials > 0] > 0 for h, _ in each]), level)
    average = getattr(found.metric.statistic, "average", None)
    binary = len(columns[0]) == 2 and (average is None or classes == 2) and average != "micro"
    if not (binary and np.isfinite(found.metric.range).all()):
        return None
    parts = [part, *(p.parts[1] for p in pairs)]
    cells = (np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    gradients = np.stack([added_at(p, cells).reshape(2, 2) for p in parts])
    if not np.isfinite(gradients).all():
        return None
    predictions = np.stack([np.asarray(c[1], bool) for c in columns])
    return of_cells(found.values, np.asarray(columns[0][0], bool), predictions, gradients, level)


def _alone(metric: Metric, columns: tuple[Any, ...], classes: int) -> tuple[Any, Any]:
    """(k,) hits and trials of a share in each entry of one model's columns."""
    code, span = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        code, span = code + span * column.astype(np.int64), span * (int(column.max(initial=0)) + 1)
    _, first, at = np.unique(code, return_index=True, return_inverse=True)
    hits, trials = each_alone(metric, tuple(c[first] for c in columns), classes)
    return hits[at], trials[at]
