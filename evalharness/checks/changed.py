"""What changed from one model to another, example by example: which are newly wrong, which newly
right, and in which slices most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric
from evalharness.kernels.plan import Plan
from evalharness.outputs.words import short

# Columns of more values than these are no slices; so many slices are named.
VALUES, SHOWN = 50, 3
STANDARD = ("id", "label", "prediction", "score", "scores", "weight", "cluster", "sample", "time")


@dataclass(frozen=True)
class Changed:
    """counts: how many are newly wrong and newly right; slices: a line for each slice in which the
    new model does worse than elsewhere."""

    counts: str
    slices: tuple[str, ...]


def told(
    plan: Plan, metric: Metric, model: str, baseline: str, row: Any, inside: Any = None
) -> Changed | None:
    """Of the rows that the metric is measured on; None where rows are not right or wrong.

    row: int (n,), the baseline's row of each of the model's; inside: bool (n,), the rows that
    count, or None for all.
    """
    ours, theirs = plan.split(model, metric.split), plan.split(baseline, metric.split)
    try:
        if any(s.multilabel for s in (ours, theirs)):
            return None
        right = ours.compact_labels() == ours.compact_predictions()
        before = (theirs.compact_labels() == theirs.compact_predictions())[row]
    except OutputsError:  # a metric of scores or of numbers needs no predictions
        return None
    inside = np.ones(len(right), bool) if inside is None else inside
    lost, won = before & ~right & inside, right & ~before & inside
    counts = f"{lost.sum():,} newly wrong and {won.sum():,} newly right of {inside.sum():,}"
    return Changed(counts, tuple(_slices(ours, lost, won, inside)))


def _slices(split: Any, lost: Any, won: Any, inside: Any) -> list[str]:
    """The slices whose net loss is largest beside what the whole would give; these are looked for,
    so that nothing is tested."""
    found: list[tuple[float, str]] = []
    for name in split.source_names:
        if name in STANDARD or name.startswith(("score_", "n_")):
            continue
        try:
            code, values = split.partition(name)
        except OutputsError:
            continue
        if not 1 < len(values) <= VALUES:
            continue
        size, gone, come = (
            np.bincount(code[x], minlength=len(values)) for x in (inside, lost, won)
        )
        for k in np.flatnonzero(gone > come):
            of = f"{gone[k]:,} newly wrong and {come[k]:,} newly right of {size[k]:,}"
            found.append((float(come[k] - gone[k]), f"{name} {short(values[k])}: {of}"))
    found.sort(key=lambda pair: pair[0])
    return [
        f"most newly wrong in {text}" if not i else f"then in {text}"
        for i, (_, text) in enumerate(found[:SHOWN])
    ]
