"""Metrics of labels and predictions. To add one: a function of its table, decorated, and a row in
the reference table of the tests.

Symbols: tp, fp, fn, tn are the cells of the 2×2 table (`Cells`); 0/0 is undefined and makes a
verdict inconclusive.
"""

from __future__ import annotations

import math
from typing import Any

from evalharness.declare.errors import DeclarationError
from evalharness.declare.forms import Proportion
from evalharness.declare.metric import metric
from evalharness.statistics import Cells, Confusion, Hits, Share

AVERAGES = ("macro", "micro", "weighted")


@metric(Hits(), better="higher", range=(0, 1))
def accuracy(table: Share) -> Proportion:
    """Share of examples whose prediction equals the label; any number of classes.

    hits / n. Exact binomial interval. As scikit-learn's accuracy_score.

    >>> accuracy.value(Share(hits=8, n=10))
    0.8
    """
    return Proportion(table.hits, table.n)


@metric(Hits(), better="lower", range=(0, 1))
def error_rate(table: Share) -> Proportion:
    """Share of examples whose prediction differs from the label: 1 − accuracy.

    Of several tasks, of examples with any label wrong. As scikit-learn's zero_one_loss, which is
    its other name here.

    >>> error_rate.value(Share(hits=8, n=10))
    0.2
    """
    return Proportion(table.n - table.hits, table.n)


zero_one_loss = metric(Hits(), better="lower", range=(0, 1), name="zero_one_loss")(
    error_rate.definition.function
)


@metric(Hits(), better="higher", range=(0, 1))
def exact_match(table: Share) -> Proportion:
    """Share of the examples all of whose labels are predicted: of several tasks, every one that is
    labelled.

    hits / n over examples with at least one label. With one label for each example it is
    `accuracy`; of texts see `exact_text_match`. As accuracy_score of multilabel targets.

    >>> exact_match.value(Share(hits=8, n=10))
    0.8
    """
    return Proportion(table.hits, table.n)


@metric(Hits(apart=True), better="lower", range=(0, 1))
def hamming_loss(table: Share) -> Proportion:
    """Share of the labels that are predicted wrongly, over all examples and tasks.

    A label that is missing is none, and the example is the unit of inference. With one label for
    each example it is `error_rate`. As hamming_loss.

    >>> hamming_loss.value(Share(hits=18, n=20))
    0.1
    """
    return Proportion(table.n - table.hits, table.n, "labels")


@metric(Confusion(), better="higher", range=(0, 1), averages=AVERAGES)
def precision(table: Cells) -> Proportion:
    """Share of the predicted positives that are positive: tp / (tp + fp).

    A binomial proportion given the number of predicted positives; undefined when nothing was
    predicted positive. As scikit-learn's precision_score.

    >>> precision.value(Cells(tp=8, fp=2, fn=1, tn=9))
    0.8
    """
    return Proportion(table.tp, table.tp + table.fp, "predicted positives")


@metric(Confusion(), better="higher", range=(0, 1), averages=AVERAGES)
def recall(table: Cells) -> Proportion:
    """Share of the positives that are predicted positive (sensitivity): tp / (tp + fn).

    A binomial proportion given the number of positives; undefined without positives. As
    recall_score.

    >>> recall.value(Cells(tp=8, fp=1, fn=2, tn=9))
    0.8
    """
    return Proportion(table.tp, table.tp + table.fn, "positives")


@metric(Confusion(), better="higher", range=(0, 1))
def specificity(table: Cells) -> Proportion:
    """Share of the negatives that are predicted negative: tn / (tn + fp).

    As recall_score of the negative class.

    >>> specificity.value(Cells(tp=9, fp=2, fn=1, tn=8))
    0.8
    """
    return Proportion(table.tn, table.tn + table.fp, "negatives")


@metric(Confusion(), better="lower", range=(0, 1))
def false_positive_rate(table: Cells) -> Proportion:
    """Share of the negatives that are predicted positive: fp / (fp + tn) = 1 − specificity.

    >>> false_positive_rate.value(Cells(tp=9, fp=2, fn=1, tn=8))
    0.2
    """
    return Proportion(table.fp, table.fp + table.tn, "negatives")


@metric(Confusion(), better="lower", range=(0, 1))
def false_negative_rate(table: Cells) -> Proportion:
    """Share of the positives that are predicted negative: fn / (fn + tp) = 1 − recall.

    >>> false_negative_rate.value(Cells(tp=8, fp=1, fn=2, tn=9))
    0.2
    """
    return Proportion(table.fn, table.fn + table.tp, "positives")


@metric(Confusion(), better="higher", range=(0, 1))
def negative_predictive_value(table: Cells) -> Proportion:
    """Share of the predicted negatives that are negative: tn / (tn + fn).

    As precision_score of the negative class.

    >>> negative_predictive_value.value(Cells(tp=9, fp=1, fn=2, tn=8))
    0.8
    """
    return Proportion(table.tn, table.tn + table.fn, "predicted negatives")


@metric(Confusion(), better="higher", range=(0, 1), averages=AVERAGES)
def jaccard(table: Cells) -> Proportion:
    """Overlap of positives and predicted positives: tp / (tp + fp + fn).

    A binomial proportion given tp + fp + fn. As jaccard_score.

    >>> jaccard.value(Cells(tp=8, fp=1, fn=1, tn=5))
    0.8
    """
    return Proportion(table.tp, table.tp + table.fp + table.fn, "labelled or predicted positives")


@metric(Confusion(), better="higher", range=(0, 1), averages=AVERAGES)
def f1(table: Cells) -> Proportion:
    """Harmonic mean of precision and recall: 2tp / (2tp + fp + fn).

    F1 = 2J/(1+J) rises with Jaccard's J, a binomial proportion, so J's exact interval is F1's
    (Hand & Christen 2018). Undefined when nothing is or was predicted positive. As f1_score.

    >>> f1.value(Cells(tp=8, fp=2, fn=2, tn=9))
    0.8
    """
    overlap = jaccard.form(table)
    return Proportion(overlap.hits, overlap.trials, overlap.unit, through=_f1_of_jaccard)


def _f1_of_jaccard(share: Any) -> Any:
    return 2 * share / (1 + share)


@metric(Confusion(), better="higher", range=(0, 1))
def f_beta(table: Cells, *, beta: float = 1.0) -> Any:
    """Harmonic mean of precision and recall, with recall weighted β² times as much:
    (1+β²)tp / ((1+β²)tp + β²fn + fp).

    Undefined when nothing is or was predicted positive. For β = 1 it is `f1`, with its exact
    interval. As fbeta_score.

    >>> float(round(f_beta(beta=2).value(Cells(tp=8, fp=8, fn=2, tn=9)), 12))
    0.714285714286
    """
    if not beta > 0:
        raise DeclarationError(f"f_beta: beta={beta!r} must be above 0")
    if beta == 1:
        return f1.form(table)
    square = beta * beta
    hits = (1 + square) * table.tp
    return hits / (hits + square * table.fn + table.fp)


@metric(Confusion(average="macro"), better="higher", range=(0, 1))
def balanced_accuracy(table: Cells) -> Proportion:
    """Mean over the classes of the share of their examples that are predicted rightly.

    The macro average of recall; for two classes (recall + specificity) / 2. As
    balanced_accuracy_score with every class among the labels.

    >>> import numpy as np
    >>> per_class = Cells(*map(np.array, ([8, 6], [4, 2], [2, 4], [6, 8])))
    >>> float(balanced_accuracy.value(per_class))
    0.7
    """
    return recall.form(table)


@metric(Confusion(), better="higher", range=(-1, 1))
def matthews_corrcoef(table: Cells) -> Any:
    """Correlation of label and prediction over a 2×2 table.

    (tp·tn − fp·fn) / √((tp+fp)(tp+fn)(tn+fp)(tn+fn)), undefined (NaN) when a margin is empty. With
    more than two classes give `positive=`: one class against the rest. As matthews_corrcoef, which
    says 0 for 0/0.

    >>> round(float(matthews_corrcoef.value(Cells(tp=8, fp=2, fn=2, tn=8))), 12)
    0.6
    """
    tp, fp, fn, tn = table
    # Roots one by one: the product of four margins overflows integers, and loses digits as one
    # float.
    margins = [m**0.5 for m in (tp + fp, tp + fn, tn + fp, tn + fn)]
    return (
        tp / margins[0] / margins[1] * tn / margins[2] / margins[3]
        - fp / margins[0] * fn / margins[1] / margins[2] / margins[3]
    )


@metric(Confusion(average="macro"), better="higher", range=(-1, 1))
def cohen_kappa(table: Cells) -> Any:
    """Agreement of label and prediction beyond what their frequencies would give by chance:
    (observed − chance) / (1 − chance).

    Any number of classes; undefined where chance alone agrees always. As cohen_kappa_score.

    >>> import numpy as np
    >>> per_class = Cells(*map(np.array, ([40.0, 30.0], [20.0, 10.0], [10.0, 20.0], [30.0, 40.0])))
    >>> round(float(cohen_kappa.value(per_class)), 12)
    0.4
    """
    tp, fp, fn, tn = table
    n = (tp + fp + fn + tn).mean(axis=-1)
    observed, chance = tp.sum(axis=-1) / n, ((tp + fp) * (tp + fn)).sum(axis=-1) / (n * n)
    return (observed - chance) / (1 - chance)


@metric(Confusion(), better="higher", range=(0, math.inf))
def positive_likelihood_ratio(table: Cells) -> Any:
    """How many times likelier a positive is predicted positive than a negative is:
    sensitivity / (1 − specificity).

    Undefined without false positives. As class_likelihood_ratios.

    >>> float(positive_likelihood_ratio.value(Cells(tp=8, fp=2, fn=2, tn=8)))
    4.0
    """
    known = table.fp / table.fp  # 0/0 where there are none, rather than infinity
    return known * table.tp / (table.tp + table.fn) * ((table.fp + table.tn) / table.fp)


@metric(Confusion(), better="lower", range=(0, math.inf))
def negative_likelihood_ratio(table: Cells) -> Any:
    """How many times likelier a positive is predicted negative than a negative is:
    (1 − sensitivity) / specificity.

    Undefined where every negative is predicted positive. As class_likelihood_ratios.

    >>> float(negative_likelihood_ratio.value(Cells(tp=8, fp=2, fn=2, tn=8)))
    0.25
    """
    known = table.tn / table.tn  # 0/0 where there are none, rather than infinity
    return known * table.fn / (table.tp + table.fn) * ((table.fp + table.tn) / table.tn)
