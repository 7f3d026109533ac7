"""Metrics of real-valued labels and predictions."""

from __future__ import annotations

import math
from typing import Any

from evalharness.declare.forms import Mean
from evalharness.declare.metric import metric
from evalharness.statistics import Moments, MomentTable


def absolute_error(label: Any, prediction: Any) -> Any:
    """|label − prediction| of each example."""
    return abs(label - prediction)


@metric(Moments(absolute_error), better="lower", range=(0, math.inf))
def mean_absolute_error(table: MomentTable) -> Mean:
    """Mean of |label − prediction|, in the unit of the label. As mean_absolute_error.

    >>> mean_absolute_error.value(MomentTable(n=2, mean=0.5, m2=0.0, m3=0.0))
    0.5
    """
    return Mean(table)
