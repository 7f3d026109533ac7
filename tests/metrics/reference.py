"""The reference table: every metric that ships beside the library that it must agree with.

A new metric needs one row here. What each kind of row is asked (positive=, threshold=, average=)
follows from the metric's own statistic, so that no variant is forgotten.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import sklearn.metrics as sk

from evalharness import metrics as ours
from evalharness.declare.metric import Metric
from evalharness.statistics import Confusion
from tests.metrics.data import Data

NAN = math.nan


@dataclass(frozen=True)
class Counted:
    """A metric of label and prediction for one positive class.

    one: (label, prediction), boolean (n,), of a class against the rest → number; nan for 0/0.
    """

    metric: Metric
    one: Callable[[Any, Any], float]


@dataclass(frozen=True)
class Averaged:
    """A metric over all classes. of: (label, prediction, classes) → number; nan for 0/0."""

    metric: Metric
    of: Callable[[Any, Any, list[Any]], float]


@dataclass(frozen=True)
class Scored:
    """A metric of label and score. one: (label, boolean; score, float64) → number."""

    metric: Metric
    one: Callable[[Any, Any], float]


@dataclass(frozen=True)
class Column:
    """A metric of one column x. of: (x, float64 (n,)) → number."""

    metric: Metric
    of: Callable[[Any], float]
    name: str = "x"


@dataclass(frozen=True)
class Real:
    """A metric of real labels and predictions, both float64 (n,)."""

    metric: Metric
    of: Callable[[Any, Any], float]


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Several rows ask scikit-learn, which is slow to answer, the same about the same data."""
    answered: dict[Any, Any] = {}

    def ask(y: Any, p: Any, **options: Any) -> Any:
        key = (y.dtype, y.tobytes(), p.dtype, p.tobytes(), repr(options))
        if key not in answered:
            if len(answered) > 20:
                answered.clear()
            answered[key] = function(y, p, **options)
        return answered[key]

    return ask


accuracy = once(sk.accuracy_score)
zero_one = once(sk.zero_one_loss)
confusion = once(sk.confusion_matrix)
jaccard_score = once(sk.jaccard_score)
three = once(partial(sk.precision_recall_fscore_support, zero_division=NAN))


def precision(y: Any, p: Any, **options: Any) -> Any:
    return three(y, p, **options)[0]


def recall(y: Any, p: Any, **options: Any) -> Any:
    return three(y, p, **options)[1]


def f1(y: Any, p: Any, **options: Any) -> Any:
    return three(y, p, **options)[2]


def cells(y: Any, p: Any) -> tuple[float, float, float, float]:
    (tn, fp), (fn, tp) = confusion(y, p, labels=[False, True]).tolist()
    return tp, fp, fn, tn


def ratio(hits: float, trials: float) -> float:
    return hits / trials if trials else NAN


def false_positive_rate(y: Any, p: Any) -> float:
    _, fp, _, tn = cells(y, p)
    return ratio(fp, fp + tn)


def false_negative_rate(y: Any, p: Any) -> float:
    tp, _, fn, _ = cells(y, p)
    return ratio(fn, fn + tp)


def jaccard(y: Any, p: Any) -> float:
    return jaccard_score(y, p) if (y | p).any() else NAN


def matthews(y: Any, p: Any) -> float:
    """scikit-learn's, which says 0 where a margin is empty; ours is undefined there."""
    full = 0 < y.sum() < len(y) and 0 < p.sum() < len(p)
    return sk.matthews_corrcoef(y, p) if full else NAN


def area(y: Any, s: Any) -> float:
    return sk.roc_auc_score(y, s) if 0 < y.sum() < len(y) else NAN


def macro(score: Callable[..., Any]) -> Callable[[Any, Any, list[Any]], float]:
    """The mean over the classes; nan where one is 0/0, which scikit-learn would leave out."""

    def of(y: Any, p: Any, classes: list[Any]) -> float:
        if any(not ((y == c) | (p == c)).any() for c in classes):
            return NAN
        return float(np.mean(score(y, p, labels=classes, average=None)))

    return of


def weighted(score: Callable[..., Any]) -> Callable[[Any, Any, list[Any]], float]:
    """The mean over the classes that occur, by how often; nan where one of them is 0/0."""

    def of(y: Any, p: Any, classes: list[Any]) -> float:
        support = np.array([(y == c).sum() for c in classes])
        some = [c for c, n in zip(classes, support, strict=True) if n]
        each = score(y, p, labels=some, average=None)
        return float(each @ support[support > 0] / support.sum())

    return of


def micro(score: Callable[..., Any]) -> Callable[[Any, Any, list[Any]], float]:
    return lambda y, p, classes: score(y, p, labels=classes, average="micro")


def kappa(y: Any, p: Any, classes: list[Any]) -> float:
    """scikit-learn's; nan where chance alone agrees always."""
    alone = len(set(y.tolist()) | set(p.tolist())) == 1
    return NAN if alone else sk.cohen_kappa_score(y, p)


def beta(y: Any, p: Any) -> float:
    return sk.fbeta_score(y, p, beta=2, zero_division=NAN)


def positive_ratio(y: Any, p: Any) -> float:
    tp, fp, fn, tn = cells(y, p)
    return ratio(tp, tp + fn) / ratio(fp, fp + tn) if fp else NAN


def negative_ratio(y: Any, p: Any) -> float:
    tp, fp, fn, tn = cells(y, p)
    return ratio(fn, tp + fn) / ratio(tn, fp + tn) if tn else NAN


def inverted_cdf(q: str) -> Callable[[Any], float]:
    """The ⌈q·n⌉-th value with q as it is written; NumPy's wherever q·n is no whole number.

    0.07 · 300 is 21, which NumPy takes for 21.000000000000004 and answers with the 22nd value.
    """

    def of(x: Any) -> float:
        rank = Fraction(q) * len(x)
        value = float(np.sort(x)[math.ceil(rank) - 1])
        if rank.denominator > 1:
            assert value == np.quantile(x, float(q), method="inverted_cdf")
        return value

    return of


ROWS = [
    Averaged(ours.accuracy, lambda y, p, c: accuracy(y, p)),
    Averaged(ours.error_rate, lambda y, p, c: zero_one(y, p)),
    Averaged(ours.balanced_accuracy, lambda y, p, c: sk.balanced_accuracy_score(y, p)),
    Averaged(ours.zero_one_loss, lambda y, p, c: zero_one(y, p)),
    Averaged(ours.exact_match, lambda y, p, c: accuracy(y, p)),
    Averaged(ours.hamming_loss, lambda y, p, c: sk.hamming_loss(y, p)),
    Averaged(ours.cohen_kappa, kappa),
    *(
        Averaged(ours_(average=name), of(theirs))
        for name, of in (("micro", micro), ("weighted", weighted))
        for ours_, theirs in (
            (ours.precision, precision),
            (ours.recall, recall),
            (ours.f1, f1),
            (ours.jaccard, jaccard_score),
        )
    ),
    Averaged(ours.precision(average="macro"), macro(precision)),
    Averaged(ours.recall(average="macro"), macro(recall)),
    Averaged(ours.f1(average="macro"), macro(f1)),
    Averaged(ours.jaccard(average="macro"), macro(jaccard_score)),
    Counted(ours.precision, lambda y, p: precision(y, p, average="binary")),
    Counted(ours.recall, lambda y, p: recall(y, p, average="binary")),
    Counted(ours.specificity, lambda y, p: recall(~y, ~p, average="binary")),
    Counted(
        ours.negative_predictive_value,
        lambda y, p: precision(~y, ~p, average="binary"),
    ),
    Counted(ours.false_positive_rate, false_positive_rate),
    Counted(ours.false_negative_rate, false_negative_rate),
    Counted(ours.f1, lambda y, p: f1(y, p, average="binary")),
    Counted(ours.jaccard, jaccard),
    Counted(ours.f_beta(beta=2), beta),
    Counted(ours.positive_likelihood_ratio, positive_ratio),
    Counted(ours.negative_likelihood_ratio, negative_ratio),
    Counted(ours.matthews_corrcoef, matthews),
    Scored(ours.roc_auc, area),
    Real(ours.mean_absolute_error, sk.mean_absolute_error),
    Column(ours.mean("x"), lambda x: math.fsum(x) / len(x)),
    Column(ours.quantile("x", 0.5), inverted_cdf("0.5")),
    Column(ours.quantile("x", 0.07), inverted_cdf("0.07")),
    Column(ours.quantile("x", 0.999), inverted_cdf("0.999")),
    Column(ours.latency.mean(), lambda x: math.fsum(x) / len(x), "latency"),
    Column(ours.latency.quantile(0.99), inverted_cdf("0.99"), "latency"),
    Column(ours.rate("flag"), lambda x: float(np.mean(x)), "flag"),
]

# What `evalharness.metrics` offers beside metrics, and the rows that stand for it.
MAKERS = {
    *("mean", "quantile", "rate", "latency", "custom"),
    *("win_rate", "perplexity", "pass_at", "mean_of"),
}
NO_METRICS = {"Metric", "metric", "harmonic_mean"}

THRESHOLDS = (0.3, -0.0)


def expected(data: Data) -> Iterator[tuple[Metric, float]]:
    """Every metric that the data can be asked for, with all its parameters, and what it must be."""
    for row in ROWS:
        if isinstance(row, Column) and row.name in data.columns:
            yield row.metric, row.of(np.asarray(data.columns[row.name], float))
        elif isinstance(row, Real) and data.real:
            yield row.metric, row.of(data.label.astype(float), data.prediction.astype(float))
        elif not data.real:
            yield from _classified(row, data)


def _classified(row: Any, data: Data) -> Iterator[tuple[Metric, float]]:
    if isinstance(row, Averaged):
        # An average needs every class among the labels: a test of its own says so.
        if _averages(row) and not data.all_labelled:
            return
        yield row.metric, row.of(data.label, data.prediction, data.classes)
        for threshold, prediction in _decided(data):
            yield (
                row.metric(threshold=threshold),
                row.of(data.label, prediction, data.classes),
            )
    elif isinstance(row, Counted):
        for positive in [c for c in data.classes if c != data.positive][:2]:
            yield (
                row.metric(positive=positive),
                row.one(data.label == positive, data.prediction == positive),
            )
        if data.positive is None:
            return
        y = data.label == data.positive
        yield row.metric, row.one(y, data.prediction == data.positive)
        for threshold, prediction in _decided(data):
            yield row.metric(threshold=threshold), row.one(y, prediction == data.positive)
    elif isinstance(row, Scored):
        if data.score is not None:
            score = np.asarray(data.score, float)
            yield row.metric, row.one(data.label == data.positive, score)
            yield row.metric(positive=data.positive), row.one(data.label == data.positive, score)
        for k, c in enumerate(data.classes if data.scores is not None else ()):
            yield row.metric(positive=c), row.one(data.label == c, data.scores[:, k].astype(float))


def _averages(row: Averaged) -> bool:
    return row.metric.statistic in (Confusion(average="macro"),)


def _decided(data: Data) -> Iterator[tuple[float, Any]]:
    """What each threshold on the score predicts, in two classes."""
    if data.score is None:
        return
    (other,) = (c for c in data.classes if c != data.positive)
    for threshold in THRESHOLDS:
        above = np.asarray(data.score, float) >= threshold
        yield threshold, np.where(above, data.positive, other).astype(data.label.dtype)
