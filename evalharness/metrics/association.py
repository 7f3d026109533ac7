"""How well predictions follow real-valued labels: R², explained variance and correlations.

Symbols: y the label, p the prediction, e = y − p the error, S(a, b) the sum of the products of a
and b, each less its mean; n examples. Each metric hands over its gradient with respect to the sums,
from which the influence of each example follows, and with it the interval.
"""

from __future__ import annotations

import math
from typing import Any

from evalharness.declare.forms import Linear, Undefined
from evalharness.declare.metric import metric
from evalharness.statistics import Comoments, ComomentTable
from evalharness.statistics.rank_pairs import EntryTable, RankPairs, spearman
from evalharness.statistics.residuals import Residuals

LABELS = "the labels are constant"
PREDICTIONS = "the predictions are constant"

# A spread that is smaller than this beside the mean is what rounding makes of a constant.
CONSTANT = 1e-12


@metric(Residuals(), better="higher", range=(-math.inf, 1))
def r2(table: ComomentTable) -> Linear | Undefined:
    """Share of the labels' variance that the predictions account for (coefficient of
    determination).

    1 − Σ e² / S(y, y); 0 for always predicting the mean, negative for worse. Undefined where the
    labels are constant (and so for one example). As r2_score, which says 0 or 1 there.

    >>> r2.value(ComomentTable(n=4, mean_x=0, mean_y=0.5, sxx=10.0, syy=1.0, sxy=0.0))
    0.8
    """
    n, bias, total, errors = table.n, table.mean_y, table.sxx, table.syy
    if _constant(total, table.mean_x, n):
        return Undefined(LABELS)
    squares = errors + n * bias**2
    slope = _slope(
        n=-(bias**2) / total,
        mean_y=-2 * n * bias / total,
        sxx=squares / total**2,
        syy=-1 / total,
    )
    return _linear(1 - squares / total, slope, "log1m")


@metric(Residuals(), better="higher", range=(-math.inf, 1))
def explained_variance(table: ComomentTable) -> Linear | Undefined:
    """Share of the labels' variance that is left out of the variance of the errors.

    1 − S(e, e) / S(y, y): R² of predictions shifted by their mean error. Undefined where the labels
    are constant. As explained_variance_score, which says 0 or 1 there.

    >>> explained_variance.value(ComomentTable(4, 0, 0.5, sxx=10.0, syy=1.0, sxy=0.0))
    0.9
    """
    total, errors = table.sxx, table.syy
    if _constant(total, table.mean_x, table.n):
        return Undefined(LABELS)
    slope = _slope(sxx=errors / total**2, syy=-1 / total)
    return _linear(1 - errors / total, slope, "log1m")


@metric(Comoments("label", "prediction"), better="higher", range=(-1, 1))
def pearson_correlation(table: ComomentTable) -> Linear | Undefined:
    """Correlation of label and prediction: how nearly one is a rising straight line of the other.

    S(y, p) / √(S(y, y) S(p, p)). Undefined where the labels or the predictions are constant. As
    scipy.stats.pearsonr.

    >>> pearson_correlation.value(ComomentTable(9, 0, 0, sxx=4.0, syy=9.0, sxy=3.0))
    0.5
    """
    why = _undefined(table)
    if why:
        return Undefined(why)
    # Roots one by one: the product of two sums may overflow.
    below = math.sqrt(table.sxx) * math.sqrt(table.syy)
    value = _inside(table.sxy / below)
    slope = _slope(sxx=-value / 2 / table.sxx, syy=-value / 2 / table.syy, sxy=1 / below)
    return _linear(value, slope, "atanh")


@metric(Residuals(), better="higher", range=(-1, 1))
def concordance_correlation(table: ComomentTable) -> Linear | Undefined:
    """Agreement of label and prediction: correlation, less what is lost by shift and by scale.

    2 S(y, p) / (S(y, y) + S(p, p) + n (ȳ − p̄)²); 1 only where every prediction is its label.
    Undefined where all labels and predictions are one number. Source: Lin 1989, with sums over n.

    >>> concordance_correlation.value(ComomentTable(4, 0, 0.0, sxx=4.0, syy=2.0, sxy=1.0))
    0.75
    """
    n, bias, total, errors, both = table.n, table.mean_y, table.sxx, table.syy, table.sxy
    # S(y, p) = S(y, y) − S(y, e), and S(p, p) = S(y, y) + S(e, e) − 2 S(y, e).
    above, below = 2 * (total - both), 2 * (total - both) + errors + n * bias**2
    if _constant(below, max(abs(table.mean_x), abs(bias)), n):
        return Undefined("all labels and predictions are one number")
    value = _inside(above / below)
    slope = _slope(
        n=-value * bias**2 / below,
        mean_y=-value * 2 * n * bias / below,
        sxx=2 * (1 - value) / below,
        syy=-value / below,
        sxy=-2 * (1 - value) / below,
    )
    return _linear(value, slope, "atanh")


@metric(RankPairs("label", "prediction"), better="higher", range=(-1, 1))
def spearman_correlation(table: EntryTable) -> Linear | Undefined:
    """Correlation of the ranks of label and prediction: how nearly one rises with the other.

    Pearson's correlation of mid-ranks (equal values share the mean of their ranks). Undefined where
    the labels or the predictions are constant. As scipy.stats.spearmanr.

    >>> import numpy as np
    >>> columns = EntryTable(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]), np.ones(3))
    >>> round(spearman_correlation.value(columns), 12)
    0.5
    """
    for values, why in ((table.x, LABELS), (table.y, PREDICTIONS)):
        if not len(values) or values.min() == values.max():
            return Undefined(why)
    # Not on atanh's scale: at .99 its upper bound of ranks covered .89 (n 50 to 200).
    return Linear(*spearman(table.x, table.y, table.weight))


def _linear(value: Any, slope: ComomentTable, scale: str) -> Linear | Undefined:
    """The form; numbers whose squares overflow have no such metric."""
    if not all(map(math.isfinite, (value, *slope))):
        return Undefined("the squares of the numbers are too large or too small to be added up")
    return Linear(float(value), slope, scale)


def _inside(correlation: Any) -> float:
    """A correlation that rounding may have put just outside of −1 to 1."""
    return min(1.0, max(-1.0, float(correlation))) if correlation == correlation else math.nan


def _slope(**parts: Any) -> ComomentTable:
    """A gradient: zero where nothing is said."""
    return ComomentTable(**(dict.fromkeys(ComomentTable._fields, 0.0) | parts))


def _constant(square: Any, mean: Any, n: Any) -> bool:
    """Whether a centred sum of squares is none, or what rounding leaves of none."""
    return not (n > 0 and math.sqrt(square / n) > CONSTANT * abs(mean))


def _undefined(table: ComomentTable) -> str:
    if _constant(table.sxx, table.mean_x, table.n):
        return LABELS
    return PREDICTIONS if _constant(table.syy, table.mean_y, table.n) else ""
