"""Metrics of real-valued labels and predictions: errors of each example, averaged.

Symbols: y the label, p the prediction, e = y − p; n examples. Labels and predictions are finite
numbers (n,). With a `weight` column every mean and sum is a weighted one.
"""

from __future__ import annotations

import math
from typing import Any

from evalharness.declare.forms import Mean, Quantile, Ratio, Unbounded
from evalharness.declare.metric import metric
from evalharness.metrics.domain import is_number, refuse, refuse_parameter
from evalharness.statistics import Moments, MomentTable, Order, OrderTable, PairTable, Sums

POSITIVE = (0, math.inf)


def absolute_error(label: Any, prediction: Any) -> Any:
    """|y − p| of each example."""
    return abs(label - prediction)


def squared_error(label: Any, prediction: Any) -> Any:
    """(y − p)² of each example."""
    return (label - prediction) ** 2


def squared_log_error(label: Any, prediction: Any) -> Any:
    """(log(1 + y) − log(1 + p))² of each example; both above −1."""
    import numpy as np

    refuse(
        *(
            (name, x, x <= -1, "log(1 + value) needs values above -1; use mean_squared_error")
            for name, x in (("label", label), ("prediction", prediction))
        )
    )
    return (np.log1p(label) - np.log1p(prediction)) ** 2


def relative_error(label: Any, prediction: Any) -> Any:
    """|y − p| / |y| of each example; no label may be 0."""
    refuse(
        (
            "label",
            label,
            label == 0,
            "a percentage of 0 is no number; use weighted_mean_absolute_percentage_error, which "
            "needs only some label that is not 0",
        )
    )
    return abs(label - prediction) / abs(label)


def symmetric_relative_error(label: Any, prediction: Any) -> Any:
    """2|y − p| / (|y| + |p|) of each example; 0 where both are 0."""
    import numpy as np

    # Halves, because the sum of two of the largest numbers is infinite.
    size = abs(label) / 2 + abs(prediction) / 2
    error = abs(label / 2 - prediction / 2)
    return 2 * error / np.where(size > 0, size, 1.0)


def error_and_label(label: Any, prediction: Any) -> tuple[Any, Any]:
    """|y − p| and |y| of each example."""
    return abs(label - prediction), abs(label)


def pinball(label: Any, prediction: Any, *, alpha: float = 0.5) -> Any:
    """alpha·e where the label is above the prediction, (alpha − 1)·e where it is below."""
    import numpy as np

    refuse_parameter(
        "alpha",
        alpha,
        is_number(alpha) and 0 < alpha < 1,
        "the level of the predicted quantile lies between 0 and 1, both excluded",
    )
    error = label - prediction
    return np.where(error >= 0, alpha * error, (alpha - 1) * error)


def root(x: float) -> float:
    """√x; a bound below 0 is 0, where the range ends."""
    return math.sqrt(max(x, 0.0))


@metric(Moments(absolute_error), better="lower", range=POSITIVE)
def mean_absolute_error(table: MomentTable) -> Mean:
    """Mean of |label − prediction|, in the unit of the label. As mean_absolute_error.

    >>> mean_absolute_error.value(MomentTable(n=2, mean=0.5, m2=0.0, m3=0.0))
    0.5
    """
    return Mean(table)


@metric(Moments(squared_error), better="lower", range=POSITIVE)
def mean_squared_error(table: MomentTable) -> Mean:
    """Mean of (label − prediction)², in the square of the label's unit. As mean_squared_error.

    >>> mean_squared_error.value(MomentTable(n=2, mean=0.25, m2=0.0, m3=0.0))
    0.25
    """
    return Mean(table)


@metric(Moments(squared_error), better="lower", range=POSITIVE)
def root_mean_squared_error(table: MomentTable) -> Mean:
    """Root of the mean of (label − prediction)², in the unit of the label.

    √(Σ e² / n); its bounds are the roots of the bounds of the mean. As root_mean_squared_error.

    >>> root_mean_squared_error.value(MomentTable(n=2, mean=0.25, m2=0.0, m3=0.0))
    0.5
    """
    return Mean(table, through=root)


@metric(Moments(squared_log_error), better="lower", range=POSITIVE)
def mean_squared_log_error(table: MomentTable) -> Mean:
    """Mean of (log(1 + label) − log(1 + prediction))²: squared error of the orders of magnitude.

    A label or prediction of −1 or less is an error. As mean_squared_log_error.

    >>> mean_squared_log_error.value(MomentTable(n=2, mean=0.25, m2=0.0, m3=0.0))
    0.25
    """
    return Mean(table)


@metric(Moments(squared_log_error), better="lower", range=POSITIVE)
def root_mean_squared_log_error(table: MomentTable) -> Mean:
    """Root of mean_squared_log_error. As root_mean_squared_log_error.

    >>> root_mean_squared_log_error.value(MomentTable(n=2, mean=0.25, m2=0.0, m3=0.0))
    0.5
    """
    return Mean(table, through=root)


@metric(Order(absolute_error), better="lower", range=POSITIVE)
def median_absolute_error(table: OrderTable) -> Quantile:
    """Median of |label − prediction|, in the unit of the label.

    Between the two middle errors where n is even. Its interval is distribution-free, from order
    statistics of the errors. As median_absolute_error.

    >>> import numpy as np
    >>> errors = OrderTable(np.array([1.0, 2.0, 4.0, 9.0]), np.array([1, 1, 1, 1]))
    >>> median_absolute_error.value(errors)
    3.0
    """
    return Quantile(table.values, table.counts, 0.5, middle=True)


@metric(Moments(relative_error), better="lower", range=POSITIVE)
def mean_absolute_percentage_error(table: MomentTable) -> Mean:
    """Mean of |label − prediction| / |label|; 0.1 is ten percent.

    A label of 0 is an error here. As mean_absolute_percentage_error, which divides such a row by
    2.2e-16 instead.

    >>> mean_absolute_percentage_error.value(MomentTable(n=2, mean=0.1, m2=0.0, m3=0.0))
    0.1
    """
    return Mean(table)


@metric(Moments(symmetric_relative_error), better="lower", range=(0, 2))
def symmetric_mean_absolute_percentage_error(table: MomentTable) -> Mean:
    """Mean of 2·|label − prediction| / (|label| + |prediction|), between 0 and 2.

    A row in which both are 0 counts as 0. Source: Makridakis 1993.

    >>> symmetric_mean_absolute_percentage_error.value(MomentTable(n=2, mean=0.1, m2=0.0, m3=0.0))
    0.1
    """
    return Mean(table)


@metric(Sums(error_and_label), better="lower", range=POSITIVE)
def weighted_mean_absolute_percentage_error(table: PairTable) -> Ratio:
    """Sum of |label − prediction| over the sum of |label|: rows count by the size of their label.

    Σ|e| / Σ|y|, undefined where every label is 0. Source: Kolassa & Schütz 2007 (MAD/mean ratio).

    >>> table = PairTable(n=2, numerator=1.0, denominator=10.0)
    >>> weighted_mean_absolute_percentage_error.value(table)
    0.1
    """
    return Ratio(table)


@metric(Moments(pinball), better="lower", range=POSITIVE)
def mean_pinball_loss(table: MomentTable) -> Mean:
    """Mean pinball loss of predictions of the `alpha` quantile: `mean_pinball_loss(alpha=0.9)`.

    alpha·e for a label above its prediction, (1 − alpha)·|e| for one below; least where the
    prediction is the alpha-quantile of the label. 0 < alpha < 1, by default 0.5: half of the
    absolute error. As mean_pinball_loss.

    >>> mean_pinball_loss(alpha=0.9).value(MomentTable(n=2, mean=0.5, m2=0.0, m3=0.0))
    0.5
    """
    return Mean(table)


UNSEEN = (
    "the largest error of examples that were not seen may be any number; keep a column of the "
    'errors and bound a quantile of it, such as quantile("error", 0.99)'
)


@metric(Order(absolute_error), better="lower", range=POSITIVE, report_only=UNSEEN)
def max_error(table: OrderTable) -> Unbounded:
    """Largest |label − prediction|, in the unit of the label: reported, never gated.

    Nothing bounds it: the rows that were not seen may hold any error. To gate, bound a quantile.
    Rows of weight 0 do not count. As max_error.

    >>> import numpy as np
    >>> max_error.value(OrderTable(np.array([1.0, 2.0, 4.0]), np.array([5, 1, 1])))
    4.0
    """
    seen = table.values[table.counts > 0]
    return Unbounded(float(seen[-1]) if len(seen) else math.nan, UNSEEN)
