"""Metrics of scores: how well their order tells the classes apart."""

from __future__ import annotations

from evalharness.declare.forms import Concordance
from evalharness.declare.metric import metric
from evalharness.statistics import Ranks, RankTable


@metric(Ranks(), better="higher", range=(0, 1))
def roc_auc(table: RankTable) -> Concordance:
    """Area under the ROC curve: the share of pairs of a positive and a negative in which the
    positive scores higher.

    Exact, ties count half; any finite scores. Undefined without positives or without negatives.
    With more than two classes give `positive=`: the score of that class against the rest. As
    roc_auc_score.

    >>> import numpy as np
    >>> scores = np.array([0.1, 0.4, 0.9])
    >>> roc_auc.value(RankTable(scores, np.array([1, 1, 0]), np.array([0, 1, 1])))
    0.875
    """
    return Concordance(table.positives, table.negatives)
