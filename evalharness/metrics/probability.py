"""Metrics of predicted probabilities and of scores by class, one value for each example.

Probabilities: `score` of two classes, or `scores` / `score_<class>`: (n, K), each row sums to one.
"""

from __future__ import annotations

import math
from typing import Any

from evalharness.declare.forms import Mean, Proportion
from evalharness.declare.metric import metric
from evalharness.metrics.domain import refuse_parameter
from evalharness.statistics import Flags, Moments, MomentTable, Share


def surprise(label_probability: Any) -> Any:
    """−log of the probability of the label, (n,)."""
    import numpy as np

    least = np.finfo(np.float64).eps
    found = np.clip(label_probability, least, 1 - least)
    return np.negative(np.log(found, out=found), out=found)


def squared_distance(label_probability: Any, given_probabilities: Any) -> Any:
    """Squared distance of the probabilities from the label, (n,); halved for two classes.

    given_probabilities: of every class, (n, K), rows in proportion to the probabilities; only
        looked at where K > 2, so that of two classes one column does.
    """
    import numpy as np

    found = 1 - label_probability
    found *= found
    if given_probabilities.shape[1] <= 2:
        return found
    # Σ (p_k − [k = y])² = Σ p_k² − p_y² + (1 − p_y)²
    given = given_probabilities
    squares = np.einsum("nk,nk->n", given, given, dtype=np.float64)
    found += squares / given.sum(axis=1, dtype=np.float64) ** 2
    found -= label_probability**2
    return found


def among_the_first(label_places: Any, class_count: int, *, k: int = 2) -> Any:
    """Whether fewer than k classes score higher than the label, (n,)."""
    classes = class_count
    refuse_parameter(
        "k",
        k,
        isinstance(k, int) and not isinstance(k, bool) and 1 <= k < classes,
        f"of this metric k is a whole number from 1 to {classes - 1}, since there are {classes} "
        "classes and every label is among the first of all of them",
    )
    return label_places < k


@metric(Moments(surprise), better="lower", range=(0, math.inf), unit="nats")
def log_loss(table: MomentTable) -> Mean:
    """Mean of −log of the probability that the model gave the label, in nats (cross-entropy).

    Any number of classes; probabilities are clipped to 2.2e-16 and 1 − 2.2e-16, so that one
    impossible label costs 36 and not infinity. As log_loss in float64.

    >>> import numpy as np
    >>> surprise(np.array([0.5, 1.0])).round(3)
    array([0.693, 0.   ])
    >>> log_loss.value(MomentTable(n=2, mean=0.25, m2=0.0, m3=0.0))
    0.25
    """
    return Mean(table)


@metric(Moments(squared_distance), better="lower", range=(0, 2))
def brier_score(table: MomentTable) -> Mean:
    """Mean squared distance between the probabilities and what happened.

    Two classes: (p − y)² of the positive class, between 0 and 1. More: Σ over the classes, between
    0 and 2 (Brier 1950). As brier_score_loss(scale_by_half="auto").

    >>> import numpy as np
    >>> squared_distance(np.array([0.8, 0.5]), np.array([[0.8, 0.2], [0.5, 0.5]])).round(3)
    array([0.04, 0.25])
    >>> brier_score.value(MomentTable(n=2, mean=0.25, m2=0.0, m3=0.0))
    0.25
    """
    return Mean(table)


@metric(Flags(among_the_first), better="higher", range=(0, 1))
def top_k_accuracy(table: Share) -> Proportion:
    """Share of examples whose label is among the `k` classes that score highest:
    `top_k_accuracy(k=5)`.

    Any finite scores. Of equal scores the class that comes later among the classes counts as
    higher. 1 ≤ k < number of classes, by default 2. Exact binomial interval. As
    top_k_accuracy_score of several classes.

    >>> top_k_accuracy(k=5).value(Share(hits=8, n=10))
    0.8
    """
    return Proportion(table.hits, table.n)
