"""A metric's form, seen on tables of a few examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evalharness.declare.forms import Concordance, Mean, Proportion, Quantile, Unbounded
from evalharness.declare.metric import Metric
from evalharness.statistics import Order, Ranks
from evalharness.statistics.tables import Cells, MomentTable, OrderTable, RankTable, Share

# The 2x2 table of one class, and those of two classes that mirror each other.
ONE = Cells(*np.array([8.0, 4.0, 2.0, 6.0]))
SEVERAL = Cells(*np.array([[8.0, 6.0], [4.0, 2.0], [2.0, 4.0], [6.0, 8.0]]))


def probed(metric: Metric) -> Any:
    """The form of the metric at a table of a few examples; None where its tables are of another
    kind."""
    scores, counts = np.array([0.0, 1.0]), np.array([1, 2])
    known = {
        Ranks: (RankTable(scores, counts, counts[::-1]),),
        Order: (OrderTable(scores, counts),),
    }
    usual = (Share(1.0, 2.0), MomentTable(4, 0.5, 1.0, 0.0))
    for table in known.get(type(metric.statistic), usual):
        try:
            with np.errstate(all="ignore"):
                form = metric.form(table)
        except Exception:  # whatever a function does with a table that is not its own
            continue
        if isinstance(form, (Proportion, Mean, Quantile, Concordance, Unbounded)):
            return form
    return None


def takes_arrays(function: Callable[[Any], Any]) -> bool:
    """Whether it takes arrays as it takes numbers."""
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(function(SEVERAL), float)
            alone = [float(function(Cells(*(c[i] for c in SEVERAL)))) for i in (0, 1)]
    except Exception:  # whatever a function of one's own does with an array
        return False
    return found.shape == (2,) and bool(np.allclose(found, alone, equal_nan=True))
