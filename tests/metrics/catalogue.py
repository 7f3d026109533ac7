"""A table for each family, and every metric of the catalogue on one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evalharness import metrics as m
from evalharness.declare.metric import Metric

Table = dict[str, Any]


def binary(rng: Any, n: int) -> Table:
    label = rng.integers(0, 2, n)
    score = np.clip(np.round(0.35 * label + 0.65 * rng.random(n), 2), 0.01, 0.99)
    return {"label": label, "score": score, "prediction": (score > 0.6).astype(int)}


def classes(rng: Any, n: int) -> Table:
    label = np.append(np.arange(4), rng.integers(0, 4, n))[:n]
    scores = rng.dirichlet(np.ones(4), n) + 0.8 * np.eye(4)[label]
    scores /= scores.sum(axis=1, keepdims=True)
    return {"label": label, "scores": scores}


def tasks(rng: Any, n: int) -> Table:
    truth = rng.random((n, 3)) < 0.5
    scores = np.round(0.35 * truth + 0.65 * rng.random((n, 3)), 3)
    known = rng.random((n, 3)) < 0.8
    pairs = zip(truth.astype(int).tolist(), known, strict=True)
    label = [[t if k else None for t, k in zip(*row, strict=True)] for row in pairs]
    return {"label": label, "prediction": (scores > 0.5).astype(int), "scores": scores}


def numbers(rng: Any, n: int) -> Table:
    label = np.round(rng.gamma(3, size=n) + 0.1, 3)
    latency = np.round(rng.gamma(4, size=n), 2)
    return {
        "label": label,
        "prediction": np.round(label * np.exp(0.2 * rng.normal(size=n)), 3),
        "latency": latency,
        "x": np.round(rng.normal(size=n), 1),
        "flag": rng.random(n) < 0.8,
    }


def queries(rng: Any, n: int) -> Table:
    """Five documents a query, the first of which is relevant."""
    query = np.arange(n) // 5
    relevance = np.where(np.arange(n) % 5 == 0, 2, rng.integers(0, 3, n))
    return {"query": query, "relevance": relevance, "score": rng.random(n) + 0.2 * relevance}


def repeats(rng: Any, n: int) -> Table:
    """Five samples of each prompt."""
    return {
        "id": np.arange(n) // 5,
        "sample": np.arange(n) % 5,
        "correct": rng.random(n) < 0.6,
        "judge": np.round(rng.random(n), 2),
    }


def texts(rng: Any, n: int) -> Table:
    words = np.array("the a cat sat on mat and dog ran far".split())
    label = [list(rng.choice(words, rng.integers(1, 9))) for _ in range(n)]
    said = [[w if rng.random() < 0.85 else str(rng.choice(words)) for w in row] for row in label]
    return {
        "label": [" ".join(row) for row in label],
        "prediction": [" ".join(row) for row in said],
        "preference": rng.choice(["win", "win", "tie", "loss"], n),
        "log_likelihood": -rng.gamma(5, size=n),
        "tokens": rng.integers(1, 9, n),
    }


def regions(rng: Any, n: int) -> Table:
    labelled, predicted = rng.integers(20, 90, n), rng.integers(20, 90, n)
    shared = np.minimum(labelled, predicted) * rng.uniform(0.5, 1, n)
    return {
        "intersection": shared.astype(int),
        "labelled": labelled,
        "predicted": predicted,
        "image": np.arange(n) // 2,
        "class": np.array(["road", "car"])[np.arange(n) % 2],
    }


@dataclass(frozen=True)
class Family:
    """`table`: (generator, number of rows) → columns; `unit`: rows that make one example."""

    name: str
    table: Callable[[Any, int], Table]
    metrics: tuple[Metric, ...]
    options: Table = field(default_factory=dict)
    unit: int = 1


def _averages(metric: Metric) -> list[Metric]:
    return [metric(average=a) for a in metric.definition.averages]


COUNTED = (m.precision, m.recall, m.f1, m.jaccard)
TASKS = {"classes": ["cat", "dog", "owl"]}

FAMILIES = [
    Family(
        "binary",
        binary,
        (
            *(m.accuracy, m.error_rate, m.zero_one_loss, m.exact_match, m.hamming_loss),
            *COUNTED,
            *(m.specificity, m.false_positive_rate, m.false_negative_rate),
            *(m.negative_predictive_value, m.f_beta, m.f_beta(beta=2), m.balanced_accuracy),
            *(m.matthews_corrcoef, m.cohen_kappa),
            *(m.positive_likelihood_ratio, m.negative_likelihood_ratio),
            *(m.roc_auc, m.average_precision, m.partial_auc, m.sensitivity_at, m.specificity_at),
            *(m.equal_error_rate, m.ks_statistic, m.recall_at_precision, m.precision_at_recall),
            *(m.log_loss, m.brier_score, m.calibration_error, m.expected_calibration_error),
            *(m.brier_reliability, m.brier_resolution, m.brier_uncertainty),
            m.harmonic_mean(m.precision, m.recall),
            0.7 * m.recall + 0.3 * m.precision,
            m.recall - m.false_positive_rate,
            m.accuracy + m.roc_auc,
        ),
    ),
    Family(
        "classes",
        classes,
        (
            *(a for metric in COUNTED for a in _averages(metric)),
            *(m.accuracy, m.cohen_kappa, m.balanced_accuracy, m.top_k_accuracy),
            *(m.log_loss, m.brier_score, m.roc_auc_ovr, m.roc_auc_ovo, m.calibration_error),
            m.calibration_error(of="class"),
        ),
        {"classes": [0, 1, 2, 3]},
    ),
    Family(
        "tasks",
        tasks,
        (
            *(a for metric in COUNTED for a in _averages(metric)),
            *(metric(positive="owl") for metric in COUNTED),
            *(m.exact_match, m.hamming_loss, m.roc_auc_ovr),
            *(m.roc_auc(positive="dog"), m.average_precision(positive="dog")),
        ),
        TASKS,
    ),
    Family(
        "numbers",
        numbers,
        (
            *(m.mean_absolute_error, m.mean_squared_error, m.root_mean_squared_error),
            *(m.mean_squared_log_error, m.root_mean_squared_log_error, m.median_absolute_error),
            *(m.mean_absolute_percentage_error, m.symmetric_mean_absolute_percentage_error),
            *(m.weighted_mean_absolute_percentage_error, m.mean_pinball_loss, m.max_error),
            *(m.mean_poisson_deviance, m.mean_gamma_deviance, m.mean_tweedie_deviance),
            *(m.r2, m.explained_variance, m.pearson_correlation, m.spearman_correlation),
            *(m.concordance_correlation, m.mean("x"), m.rate("flag"), m.quantile("x", 0.7)),
            *(m.latency.mean(), m.latency.quantile(0.9)),
        ),
    ),
    Family(
        "queries",
        queries,
        (
            *(m.ndcg, m.dcg, m.mrr, m.mean_average_precision),
            *(m.precision_at(k=3), m.recall_at(k=3), m.hit_rate(k=1)),
        ),
        unit=5,
    ),
    Family("repeats", repeats, (m.pass_at(1), m.pass_at(3), m.mean_of("judge")), unit=5),
    Family(
        "texts",
        texts,
        (
            *(m.word_error_rate, m.character_error_rate, m.substitution_rate, m.deletion_rate),
            *(m.insertion_rate, m.exact_text_match, m.token_f1, m.win_rate(), m.perplexity()),
        ),
    ),
    Family("regions", regions, (m.dice, m.image_dice, m.image_iou, m.mean_iou), unit=2),
]
