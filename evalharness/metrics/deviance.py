"""Deviances of positive or non-negative labels: twice the log likelihood that a prediction of the
mean loses against the label itself.

Symbols: y the label, p the prediction of its mean. Labels and predictions (n,), finite.
Source: Jørgensen 1987; the formulas are those of scikit-learn's mean_tweedie_deviance.
"""

from __future__ import annotations

import math
from typing import Any

from evalharness.declare.forms import Mean
from evalharness.declare.metric import metric
from evalharness.metrics.domain import is_number, refuse, refuse_parameter
from evalharness.metrics.regression import squared_error
from evalharness.statistics import Moments, MomentTable

POSITIVE = (0, math.inf)


def poisson_deviance(label: Any, prediction: Any) -> Any:
    """2 (y log(y/p) − y + p) of each example; y ≥ 0 with 0·log 0 = 0, p > 0."""
    import numpy as np

    _check(label, prediction, "Poisson", zero=True)
    # With d = (p − y) / y this is 2y (d − log(1 + d)), which keeps its digits where p is near y.
    some = label > 0
    counted = np.where(some, label, 1.0)
    share = np.where(some, (prediction - label) / counted, 0.0)
    return 2 * np.where(some, label * (share - np.log1p(share)), prediction)


def gamma_deviance(label: Any, prediction: Any) -> Any:
    """2 (log(p/y) + y/p − 1) of each example; y > 0, p > 0."""
    import numpy as np

    _check(label, prediction, "gamma", zero=False)
    share = (label - prediction) / prediction
    return 2 * (share - np.log1p(share))


def tweedie_deviance(label: Any, prediction: Any, *, power: float = 0.0) -> Any:
    """2 (max(y, 0)^(2−q) / ((1−q)(2−q)) − y p^(1−q) / (1−q) + p^(2−q) / (2−q)), q the power."""
    import numpy as np

    refuse_parameter(
        "power",
        power,
        is_number(power) and not 0 < power < 1,
        "the power is 0 (squared error), 1 (Poisson), 2 (gamma), or another number below 0 or "
        "above 1; between 0 and 1 there is no such distribution",
    )
    if power == 0:
        return squared_error(label, prediction)
    if power == 1:
        return poisson_deviance(label, prediction)
    if power == 2:
        return gamma_deviance(label, prediction)
    if power < 0:
        _check(None, prediction, f"Tweedie (power {power:g})", zero=True)
    else:
        _check(label, prediction, f"Tweedie (power {power:g})", zero=power < 2)
    one, two = 1 - power, 2 - power
    deviance = (
        np.maximum(label, 0.0) ** two / (one * two)
        - label * prediction**one / one
        + prediction**two / two
    )
    return np.maximum(2 * deviance, 0.0)


@metric(Moments(poisson_deviance), better="lower", range=POSITIVE)
def mean_poisson_deviance(table: MomentTable) -> Mean:
    """Mean Poisson deviance of predicted counts or rates.

    Mean of 2 (y log(y/p) − y + p). Labels are 0 or more and predictions above 0; others are an
    error. As mean_poisson_deviance.

    >>> mean_poisson_deviance.value(MomentTable(n=2, mean=0.5, m2=0.0, m3=0.0))
    0.5
    """
    return Mean(table)


@metric(Moments(gamma_deviance), better="lower", range=POSITIVE)
def mean_gamma_deviance(table: MomentTable) -> Mean:
    """Mean gamma deviance of predicted positive amounts; it depends on label / prediction alone.

    Mean of 2 (log(p/y) + y/p − 1). Labels and predictions are above 0; others are an error. As
    mean_gamma_deviance.

    >>> mean_gamma_deviance.value(MomentTable(n=2, mean=0.5, m2=0.0, m3=0.0))
    0.5
    """
    return Mean(table)


@metric(Moments(tweedie_deviance), better="lower", range=POSITIVE)
def mean_tweedie_deviance(table: MomentTable) -> Mean:
    """Mean Tweedie deviance of a power: `mean_tweedie_deviance(power=1.5)`.

    Power 0 (the default) is the squared error, 1 the Poisson and 2 the gamma deviance; between 1
    and 2 labels may be 0, above 2 they are positive, below 0 they may be anything; predictions are
    positive but for power 0. As mean_tweedie_deviance.

    >>> mean_tweedie_deviance(power=1.5).value(MomentTable(n=2, mean=0.5, m2=0.0, m3=0.0))
    0.5
    """
    return Mean(table)


def _check(label: Any, prediction: Any, family: str, *, zero: bool) -> None:
    """Refuse predictions that are not positive, and labels that are not, or are negative. `label`
    None: it may be anything."""
    checks = [
        (
            "prediction",
            prediction,
            prediction <= 0,
            f"the {family} deviance needs predictions above 0: it is of a predicted mean",
        )
    ]
    if label is not None:
        wrong = label < 0 if zero else label <= 0
        least = "labels of 0 or more" if zero else "labels above 0"
        checks.insert(0, ("label", label, wrong, f"the {family} deviance needs {least}"))
    refuse(*checks)
