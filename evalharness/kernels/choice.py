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
    best = np.where(allowed, value if metric.better == "higher" else -value, -np.inf)
    return float(table.values[np.flatnonzero(best == best.max())[-1]])


def _at(metric: Metric, cells: Cells) -> Any:
    """The metric at every threshold, (k,)."""
    table: Any = cells
    if isinstance(metric.definition.statistic, Hits):
        table = Share(cells.tp + cells.tn, sum(cells))
    form = metric.form(table)
    return getattr(form, "value", form)
