"""The threshold on the score at which a metric is best on a split, to be applied to another."""

from __future__ import annotations

from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric
from evalharness.declare.thresholds import DEMANDS
from evalharness.kernels.passes import count
from evalharness.statistics import Cells, Hits, Ranks, Share


def choose(split: Any, metric: Metric) -> float:
    """The score from which on the positive class is to be predicted.

    Every score that occurs is tried. Among equals the highest one, which predicts the fewest
    positives, is taken. Raises OutputsError where no score meets what is demanded beside.
    """
    import numpy as np

    from evalharness import metrics

    options = dict(metric.options)
    ranks: Any = Ranks(options.get("positive"))
    (table,) = count(ranks, ranks.read(split), np.zeros(split.n, np.int32), 1, split.weights())
    positives, negatives = (np.asarray(x, float) for x in (table.positives, table.negatives))
    empty = [n for n, x in (("positives", positives), ("negatives", negatives)) if not x.sum()]
    if empty:
        raise OutputsError(
            [
                f"{split.where}: {metric.label}: there are no {empty[0]}, so no threshold between "
                "the two classes can be chosen there; choose on another split"
            ]
        )
    # At each score: what lies at or above it is predicted positive.
    tp, fp = (x[::-1].cumsum()[::-1] for x in (positives, negatives))
    cells = Cells(tp, fp, positives.sum() - tp, negatives.sum() - fp)
    with np.errstate(all="ignore"):
        value = _at(metric, cells)
        allowed = np.isfinite(value)
        for name in DEMANDS:
            if name in options:
                allowed &= _at(getattr(metrics, name), cells) >= options[name]
    if not allowed.any():
        demanded = " and ".join(f"{n} ≥ {options[n]:g}" for n in DEMANDS if n in options)
        raise OutputsError(
            [
                f"{split.where}: {metric.label}: no threshold on the score gives "
                f"{demanded or 'a value'} there; demand less, or choose on another split"
            ]
        )
    best = np.where(allowed, value if metric.definition.better == "higher" else -value, -np.inf)
    return float(table.values[np.flatnonzero(best == best.max())[-1]])


def apart(source: Any, judged: Any, metric: Metric) -> None:
    """Refuse a threshold that was chosen on the examples that it is judged on, or that is to be
    chosen among scores that are read in batches."""
    import pyarrow.compute as pc

    from evalharness.outputs.streamed import refuse_batches

    refuse_batches(f"{metric.label} needs all scores to choose its threshold among", source)
    shared = ""
    if source.digest == judged.digest:
        shared = "is the same table"
    elif "id" in source.column_names and "id" in judged.column_names:
        ours, theirs = source.column("id"), judged.column("id")
        if ours.type == theirs.type:
            both = pc.sum(pc.is_in(ours, value_set=theirs)).as_py() or 0
            shared = f"has {both:,} of the same ids" if both else ""
    if shared:
        raise OutputsError(
            [
                f"{judged.where}: {metric.label}: {source.where} {shared}; a threshold that was "
                "chosen on the examples that it is judged on makes them look better than others "
                "would: choose it on a split of other examples"
            ]
        )


def _at(metric: Metric, cells: Cells) -> Any:
    """The metric at every threshold, (k,)."""
    table: Any = cells
    if isinstance(metric.definition.statistic, Hits):
        table = Share(cells.tp + cells.tn, sum(cells))
    form = metric.form(table)
    return getattr(form, "value", form)
