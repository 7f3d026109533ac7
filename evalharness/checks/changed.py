"""What changed from one model to another, example by example: which are newly wrong, which newly
right, and in which slices most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evalharness.checks.compare import hits
from evalharness.checks.pairing import Pair
from evalharness.declare.errors import OutputsError
from evalharness.declare.forms import Mean, Proportion
from evalharness.declare.metric import Metric
from evalharness.kernels.plan import Plan
from evalharness.outputs.words import short
from evalharness.statistics.tables import Cells, Share

# Columns of more values than these are no slices; so many slices are named.
VALUES, SHOWN = 50, 3
STANDARD = ("id", "label", "prediction", "score", "scores", "weight", "cluster", "sample", "time")

RIGHT = ("newly wrong", "newly right")
VALUE = ("worse", "better")


@dataclass(frozen=True)
class Changed:
    """counts: how many examples are newly wrong and newly right, or worse and better; slices: a
    line for each of those in which the new model loses most."""

    counts: str
    slices: tuple[str, ...]


def told(
    plan: Plan, metric: Metric, model: str, baseline: str, row: Any, pair: Pair
) -> Changed | None:
    """Of the examples that the metric counts; None where it has no single outcome for each.

    row: int (n,), the baseline's row of each of the model's; pair: of the slice that is looked at.
    """
    split = plan.split(model, metric.split)
    lost, won, inside = (np.zeros(len(row), bool) for _ in range(3))
    if (own := _outcomes(metric, pair)) is not None:
        words = VALUE if isinstance(pair.parts[0].form, Mean) else RIGHT
        better, counts = own
        for mask, some in ((won, better > 0), (lost, better < 0), (inside, counts)):
            mask[pair.rows[some]] = True
    else:
        words = RIGHT
        right = [_right(plan.split(name, metric.split)) for name in (model, baseline)]
        if right[0] is None or right[1] is None:
            return None
        inside |= np.asarray(pair.inside)
        now, before = right[0], right[1][row]
        lost, won = before & ~now & inside, now & ~before & inside
    counts = f"{_counts(lost.sum(), won.sum(), words)} of {inside.sum():,}"
    return Changed(counts, tuple(_slices(split, lost, won, inside, words)))


def _outcomes(metric: Metric, pair: Pair) -> tuple[Any, Any] | None:
    """Of each chosen entry how much better it is (k,), and whether it counts (k,); None where an
    entry has no outcome of its own."""
    part = pair.parts[0]
    form = part.form
    if metric.parts != (metric,) or getattr(form, "through", None) is not None:
        return None
    sign = 1 if metric.better == "higher" else -1
    if isinstance(form, Mean):
        ours, theirs = pair.arrays("value")
        return sign * (ours - theirs), np.ones(len(ours), bool)
    share = isinstance(form, Proportion) and not np.ndim(form.hits)
    if not share or not isinstance(part.table, (Share, Cells)):
        return None
    if "task" in pair.measured[0].columns.arrays:
        return None
    (ours, trials), (theirs, others) = hits(metric, pair)
    return None if (trials != others).any() else (sign * (ours - theirs), trials > 0)


def _right(split: Any) -> Any:
    """bool (n,): whether the prediction is the label; None where rows have none."""
    try:
        if split.multilabel:
            return None
        return split.compact_labels() == split.compact_predictions()
    except OutputsError:  # a metric of scores or of numbers needs no predictions
        return None


def _counts(lost: int, won: int, words: tuple[str, str]) -> str:
    return f"{lost:,} {words[0]} and {won:,} {words[1]}"


def _slices(split: Any, lost: Any, won: Any, inside: Any, words: tuple[str, str]) -> list[str]:
    """Those with the largest net loss. They are looked for, so that nothing is claimed of them."""
    found: list[tuple[int, str]] = []
    for name in split.source_names:
        if name in STANDARD or name.startswith("score_"):
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
        found += [
            (
                int(come[k] - gone[k]),
                f"{name} {short(values[k])}: {_counts(gone[k], come[k], words)} of {size[k]:,}",
            )
            for k in np.flatnonzero(gone > come)
        ]
    found.sort(key=lambda pair: pair[0])
    return [text for _, text in found[:SHOWN]]
