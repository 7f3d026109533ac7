"""Metrics of scores at a threshold, and areas under parts of a curve.

A threshold is one of the distinct scores; examples that score as much or more are accepted, all
examples of one score together. Scores may be any finite numbers. With more than two classes give
`positive=`: the score of that class against the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from evalharness.declare.errors import DeclarationError
from evalharness.declare.metric import metric
from evalharness.metrics import rank_curves
from evalharness.statistics import Ranks, RankTable
from evalharness.statistics.class_ranks import ClassRanks, ClassRankTable

Array = Any


@dataclass(frozen=True)
class RankCurve:
    """A smooth function of the counts of negatives and positives by distinct score, ascending.

    `function`: (negatives, positives) → the metric; `influence`: the same → its derivatives by
    either. `area`: of a partial area, (negatives, positives, end) → the raw area up to an end;
    `end`: where this one ends.
    """

    negatives: Array
    positives: Array
    function: Callable[[Array, Array], float]
    influence: Callable[[Array, Array], tuple[Array, Array]]
    area: Callable[[Array, Array, float], float] | None = None
    end: float = 1.0

    @property
    def value(self) -> float:
        return self.function(self.negatives, self.positives)


@dataclass(frozen=True)
class AtThreshold:
    """A rate at the threshold that gives another rate its required value, on the same examples.

    `rate`: "sensitivity", "specificity", "equal error rate", "precision" or "recall"; `given`: the
    required value of the other one.
    """

    negatives: Array
    positives: Array
    rate: str
    value: float
    given: float = 0.5


@dataclass(frozen=True)
class Distance(AtThreshold):
    """The largest distance between the shares of positives and of negatives accepted."""


@dataclass(frozen=True)
class Areas:
    """The mean of areas under the ROC curve.

    `tables`: a `RankTable` for each area; `pairs`: (i, j), the places of the classes that are its
    positives and its negatives; j is -1 for the rest.
    """

    tables: tuple[RankTable, ...]
    pairs: tuple[tuple[int, int], ...]

    @property
    def value(self) -> float:
        import numpy as np

        each = [rank_curves.auc_of(t.negatives, t.positives) for t in self.tables]
        return float(np.mean(each)) if each else float("nan")


@metric(Ranks(), better="higher", range=(0, 1))
def average_precision(table: RankTable) -> RankCurve:
    """Mean precision over the positives, each at the threshold that just accepts it.

    Σ_k (recall_k − recall_{k−1}) · precision_k, without interpolation. Undefined without positives.
    Decided with 30 positives and 30 negatives. As average_precision_score.

    >>> import numpy as np
    >>> scores = np.array([0.1, 0.4, 0.9])
    >>> average_precision.value(RankTable(scores, np.array([1, 1, 0]), np.array([0, 1, 1])))
    0.8333333333333333
    """
    return RankCurve(
        table.negatives,
        table.positives,
        rank_curves.average_precision_of,
        rank_curves.average_precision_influence,
    )


@metric(Ranks(), better="higher", range=(0, 1))
def partial_auc(table: RankTable, *, max_fpr: float = 0.1) -> RankCurve:
    """Area under the ROC curve up to a false positive rate, scaled so that chance is 0.5.

    McClish 1989: ½ (1 + (A − f²/2) / (f − f²/2)) with A the raw area left of f = `max_fpr`,
    0 < f ≤ 1. Undefined without positives or negatives. As roc_auc_score(max_fpr=…).

    >>> import numpy as np
    >>> scores = np.array([0.1, 0.4, 0.9])
    >>> table = RankTable(scores, np.array([1, 1, 0]), np.array([0, 1, 1]))
    >>> round(partial_auc(max_fpr=0.5).value(table), 12)
    0.833333333333
    """
    end = _share("partial_auc", "max_fpr", max_fpr, closed=True)
    return RankCurve(
        table.negatives,
        table.positives,
        partial(rank_curves.partial_auc_of, max_fpr=end),
        partial(rank_curves.partial_auc_influence, max_fpr=end),
        rank_curves.area_up_to,
        end,
    )


@metric(Ranks(), better="higher", range=(0, 1))
def sensitivity_at(table: RankTable, *, specificity: float = 0.95) -> AtThreshold:
    """The best recall of a threshold that keeps the specificity required of it.

    max over thresholds of tp/P where tn/N ≥ `specificity`; 0 where that accepts no positive.
    Undefined without positives or negatives. The interval allows for the threshold, which is chosen
    on the same examples. As the largest tpr of roc_curve where fpr ≤ 1 − specificity.

    >>> import numpy as np
    >>> scores = np.array([0.1, 0.4, 0.9])
    >>> table = RankTable(scores, np.array([1, 1, 0]), np.array([0, 1, 1]))
    >>> sensitivity_at(specificity=0.9).value(table)
    0.5
    """
    given = _share("sensitivity_at", "specificity", specificity)
    value = rank_curves.sensitivity_at_of(table.negatives, table.positives, given)
    return AtThreshold(table.negatives, table.positives, "sensitivity", value, given)


@metric(Ranks(), better="higher", range=(0, 1))
def specificity_at(table: RankTable, *, sensitivity: float = 0.95) -> AtThreshold:
    """The best specificity of a threshold that keeps the recall required of it.

    max over thresholds of tn/N where tp/P ≥ `sensitivity`. Undefined without positives or
    negatives. As 1 − the least fpr of roc_curve where tpr ≥ sensitivity.

    >>> import numpy as np
    >>> scores = np.array([0.1, 0.4, 0.9])
    >>> table = RankTable(scores, np.array([1, 1, 0]), np.array([0, 1, 1]))
    >>> specificity_at(sensitivity=0.9).value(table)
    0.5
    """
    given = _share("specificity_at", "sensitivity", sensitivity)
    value = rank_curves.sensitivity_at_of(table.positives[::-1], table.negatives[::-1], given)
    return AtThreshold(table.negatives, table.positives, "specificity", value, given)


@metric(Ranks(), better="lower", range=(0, 1))
def equal_error_rate(table: RankTable) -> AtThreshold:
    """The least rate to which one threshold keeps false positives and false negatives alike.

    min over thresholds (accepting nothing among them) of max(fp/N, fn/P): reached by a threshold,
    nothing is interpolated. Undefined without positives or negatives. As min(max(fpr, 1 − tpr)) of
    roc_curve.

    >>> import numpy as np
    >>> scores = np.array([0.1, 0.4, 0.9])
    >>> equal_error_rate.value(RankTable(scores, np.array([1, 1, 0]), np.array([0, 1, 1])))
    0.5
    """
    value = rank_curves.equal_error_rate_of(table.negatives, table.positives)
    return AtThreshold(table.negatives, table.positives, "equal error rate", value)


@metric(Ranks(), better="higher", range=(0, 1))
def ks_statistic(table: RankTable) -> Distance:
    """By how much more of the positives than of the negatives the best threshold accepts (one-sided
    Kolmogorov-Smirnov; Youden's J of that threshold).

    max over thresholds of tp/P − fp/N, at least 0. Undefined without positives or negatives. The
    interval holds for every threshold at once, so it allows for the choice. As the statistic of
    scipy.stats.ks_2samp(positives, negatives, alternative="less").

    >>> import numpy as np
    >>> scores = np.array([0.1, 0.4, 0.9])
    >>> ks_statistic.value(RankTable(scores, np.array([1, 1, 0]), np.array([0, 1, 1])))
    0.5
    """
    value = rank_curves.ks_statistic_of(table.negatives, table.positives)
    return Distance(table.negatives, table.positives, "distance", value)


@metric(Ranks(), better="higher", range=(0, 1))
def recall_at_precision(table: RankTable, *, precision: float = 0.9) -> AtThreshold:
    """The best recall of a threshold that keeps the precision required of it.

    max over thresholds of tp/P where tp/(tp + fp) ≥ `precision`; 0 where no threshold has it, since
    accepting nothing makes no mistake. Undefined without positives. As the largest recall of
    precision_recall_curve where its precision is enough.

    >>> import numpy as np
    >>> scores = np.array([0.1, 0.4, 0.9])
    >>> table = RankTable(scores, np.array([1, 1, 0]), np.array([0, 1, 1]))
    >>> recall_at_precision(precision=0.8).value(table)
    0.5
    """
    given = _share("recall_at_precision", "precision", precision)
    value = rank_curves.recall_at_precision_of(table.negatives, table.positives, given)
    return AtThreshold(table.negatives, table.positives, "recall", value, given)


@metric(Ranks(), better="higher", range=(0, 1))
def precision_at_recall(table: RankTable, *, recall: float = 0.9) -> AtThreshold:
    """The precision of the highest threshold that reaches the recall required of it.

    tp/(tp + fp) at the largest threshold with tp/P ≥ `recall`. Undefined without positives.

    >>> import numpy as np
    >>> scores = np.array([0.1, 0.4, 0.9])
    >>> table = RankTable(scores, np.array([1, 1, 0]), np.array([0, 1, 1]))
    >>> round(precision_at_recall(recall=0.9).value(table), 12)
    0.666666666667
    """
    given = _share("precision_at_recall", "recall", recall)
    value = rank_curves.precision_at_recall_of(table.negatives, table.positives, given)
    return AtThreshold(table.negatives, table.positives, "precision", value, given)


@metric(ClassRanks(), better="higher", range=(0, 1))
def roc_auc_ovr(table: ClassRankTable) -> Areas:
    """Mean over the classes of the ROC area of that class's score, against all the rest.

    (1/K) Σ_k AUC(class k against the rest); of multilabel outputs over the tasks, without the rows
    whose label is missing. Undefined where a class has no examples. As
    roc_auc_score(multi_class="ovr").

    >>> import numpy as np
    >>> scores_of, labels = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> values, counts = np.array([0.2, 0.8, 0.2, 0.8]), np.array([5, 5, 5, 5])
    >>> roc_auc_ovr.value(ClassRankTable(scores_of, values, labels, counts, 2))
    1.0
    """
    tables = tuple(table.against_rest())
    return Areas(tables, tuple((k, -1) for k in range(len(tables))))


@metric(ClassRanks(pairs=True), better="higher", range=(0, 1))
def roc_auc_ovo(table: ClassRankTable) -> Areas:
    """Mean over the ordered pairs of classes (i, j) of the ROC area of i's score, i against j.

    Hand & Till 2001: does not depend on how frequent the classes are. Undefined where a class has
    no examples; up to 64 classes. As roc_auc_score(multi_class="ovo").

    >>> import numpy as np
    >>> scores_of, labels = np.array([0, 0, 1, 1]), np.array([1, 0, 0, 1])
    >>> values, counts = np.array([0.2, 0.8, 0.2, 0.8]), np.array([5, 5, 5, 5])
    >>> roc_auc_ovo.value(ClassRankTable(scores_of, values, labels, counts, 2))
    1.0
    """
    found = list(table.pairs())
    return Areas(tuple(t for _, _, t in found), tuple((i, j) for i, j, _ in found))


def _share(name: str, option: str, value: Any, closed: bool = False) -> float:
    """A parameter that lies between 0 and 1."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and (0 < value < 1 or (closed and value == 1)):
        return float(value)
    percent = f"; did you mean {value / 100:g}?" if number and 1 < value < 100 else ""
    raise DeclarationError(
        f"{name}({option}={value!r}): it lies between 0 and 1, "
        f"{'0' if closed else 'both'} excluded{percent}"
    )
