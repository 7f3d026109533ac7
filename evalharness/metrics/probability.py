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


def surprise(probabilities: Any, label_codes: Any) -> Any:
    """−log of the probability of the label, (n,)."""
    import numpy as np

    chosen = np.take_along_axis(probabilities, label_codes[:, None], axis=1)[:, 0]
    least = np.finfo(np.float64).eps
    return -np.log(np.clip(chosen, least, 1 - least))


def squared_distance(probabilities: Any, label_codes: Any) -> Any:
    """Squared distance of the probabilities from the label, (n,); halved for two classes."""
    import numpy as np

    squares = np.einsum("nk,nk->n", probabilities, probabilities)
    chosen = np.take_along_axis(probabilities, label_codes[:, None], axis=1)[:, 0]
    # Σ (p_k − [k = y])² = Σ p_k² − p_y² + (1 − p_y)²
    distance = squares - chosen**2 + (1 - chosen) ** 2
    return distance / 2 if probabilities.shape[1] == 2 else distance


def among_the_first(scores_matrix: Any, label_codes: Any, *, k: int = 2) -> Any:
    """Whether fewer than k classes score higher than the label, (n,)."""
    import numpy as np

    classes = scores_matrix.shape[1]
    refuse_parameter(
        "k",
        k,
        isinstance(k, int) and not isinstance(k, bool) and 1 <= k < classes,
        f"k is a whole number from 1 to {classes - 1}, since there are {classes} classes and "
        "every label is among the first of all of them",
    )
    own = np.take_along_axis(scores_matrix, label_codes[:, None], axis=1)
    later = np.arange(classes) > label_codes[:, None]
    before = (scores_matrix > own) | ((scores_matrix == own) & later)
    return before.sum(axis=1) < k


@metric(Moments(surprise), better="lower", range=(0, math.inf), unit="nats")
def log_loss(table: MomentTable) -> Mean:
    """Mean of −log of the probability that the model gave the label, in nats (cross-entropy).

    Any number of classes; probabilities are clipped to 2.2e-16 and 1 − 2.2e-16, so that one
    impossible label costs 36 and not infinity. As log_loss in float64.

    >>> import numpy as np
    >>> surprise(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0, 1])).round(3)
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
    >>> squared_distance(np.array([[0.8, 0.2], [0.5, 0.5]]), np.array([0, 1])).round(3)
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
