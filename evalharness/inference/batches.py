"""A metric at many tables at once, such as those of all replicates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.forms import Proportion
from evalharness.declare.metric import Metric
from evalharness.inference.of_form import MetricError, _form
from evalharness.statistics.tables import Cells, Share

Floats = NDArray[np.float64]


def value_of(metric: Metric, table: Any) -> float:
    """The metric at one table, an average over the classes as the metric weighs them; NaN for
    0/0."""
    with np.errstate(all="ignore"):
        return _value(metric, table)


def values(metric: Metric, tables: Any) -> Floats:
    """(B,) the metric at each of B tables: one named tuple of fields (B,), or (B, classes)."""
    with np.errstate(all="ignore"):
        shares = _shares(metric, tables)
        if shares is not None:
            return np.asarray(_averaged(metric, shares, tables), float)
        # Plain numbers, where a table is a few of them: they are sooner worked with.
        fields = [f.tolist() if np.ndim(f) == 1 else f for f in tables]
        kind = type(tables)
        return np.array([_value(metric, kind(*row)) for row in zip(*fields, strict=True)], float)


def _value(metric: Metric, table: Any) -> float:
    form = _form(metric, table)
    return float(_averaged(metric, np.asarray(getattr(form, "value", form), float), table))


def _averaged(metric: Metric, found: Any, table: Any) -> Any:
    if not (isinstance(table, Cells) and np.ndim(found) == np.ndim(table.tp) > 0):
        return found
    if getattr(metric.statistic, "average", None) in (None, "micro"):
        return found
    if metric.statistic.average != "weighted":
        return found.mean(axis=-1)
    support = table.tp + table.fn
    counted = np.where(support > 0, found * support, 0.0)
    return counted.sum(axis=-1) / support.sum(axis=-1)


def _shares(metric: Metric, tables: Any) -> Any:
    """The share of hits at all tables at once, where hits and trials are sums of cells; else None.

    Asking for tables of one filled cell tells what it adds to either. A metric of another form is
    asked table by table, since a function of a user's own need not take arrays.
    """
    if not isinstance(tables, (Cells, Share)) or not len(tables[0]):
        return None
    kind = type(tables)
    try:
        forms = [_form(metric, kind(*row)) for row in np.eye(len(tables))]
        first = _form(metric, kind(*(f[0] for f in tables)))
    except MetricError:
        return None
    if not all(isinstance(f, Proportion) for f in (first, *forms)):
        return None
    hits, trials = (
        sum(float(getattr(f, name)) * cell for f, cell in zip(forms, tables, strict=True))
        for name in ("hits", "trials")
    )
    if not (_alike(hits[0], first.hits) and _alike(trials[0], first.trials)):
        return None
    share = hits / trials
    return first.through(share) if first.through else share


def _alike(a: Any, b: Any) -> bool:
    """Whether numbers, or (classes,) of them, are the same to rounding."""
    return bool(np.all(abs(a - b) <= 1e-8 + 1e-5 * abs(b)))
