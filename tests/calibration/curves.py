"""Coverage of rank metrics beyond AUC: curves, rates at a threshold, averages over classes.

Scores are mixtures of normals. Most mixtures hold what most samples do not: a few positives among
the negatives or below all of them, a few negatives among the positives or above all of them.
Labels are drawn too, so that prevalence varies from sample to sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import norm

from evalharness.inference.class_areas import ClassAreaBounds
from evalharness.inference.curves import PartialAreaBounds, RankCurveBounds
from evalharness.inference.precisions import PrecisionAtRecallBounds, RecallAtPrecisionBounds
from evalharness.inference.thresholds import (
    DistanceBounds,
    EqualErrorRateBounds,
    SensitivityAtBounds,
)
from evalharness.metrics import rank_curves as rc
from tests.calibration.simulate import Coverage, Setting, coverage

# (share, mean) of normal parts with deviation 1.
Parts = tuple[tuple[float, float], ...]
Population = tuple[Parts, Parts, float]  # of positives, of negatives, and the share of positives

GRID = np.linspace(-30, 30, 60_001)
MAX_FPR, GIVEN = 0.1, 0.9


def binormal(shift: float, prevalence: float) -> Population:
    return ((1.0, shift),), ((1.0, 0.0),), prevalence


def mixed(kind: str, share: float, gap: float, prevalence: float) -> Population:
    positives: Parts = ((1.0, gap),)
    negatives: Parts = ((1.0, 0.0),)
    if kind in ("hidden", "bottom", "both"):
        positives = ((1 - share, gap), (share, -20.0 if kind == "bottom" else 0.0))
    if kind in ("flipped", "top", "both"):
        negatives = ((1 - share, 0.0), (share, 20.0 if kind == "top" else gap))
    return positives, negatives, prevalence


def above(parts: Parts) -> np.ndarray:
    return np.sum([w * norm.sf(GRID - mean) for w, mean in parts], axis=0)


def truths(population: Population) -> dict[str, float]:
    """The metrics of the population, on a fine grid of thresholds."""
    positives, negatives, share = population
    tpr, fpr = above(positives), above(negatives)
    drop, mid_t, mid_f = -np.diff(tpr), (tpr[1:] + tpr[:-1]) / 2, (fpr[1:] + fpr[:-1]) / 2
    tp, fp = share * tpr, (1 - share) * fpr
    with np.errstate(invalid="ignore"):
        precision = np.where(tp + fp > 1e-12, tp / (tp + fp), 0.0)
    each = share * mid_t / np.maximum(share * mid_t + (1 - share) * mid_f, 1e-300)
    partial_area = float(drop @ np.maximum(MAX_FPR - mid_f, 0))
    return {
        "average precision": float(drop @ each),
        "partial AUC": rc._mcclish(partial_area, MAX_FPR),
        "sensitivity at": float(tpr[fpr <= 1 - GIVEN].max(initial=0)),
        "KS statistic": float((tpr - fpr).max()),
        "equal error rate": float(np.maximum(1 - tpr, fpr).min()),
        "recall at precision": float(tpr[precision >= GIVEN].max(initial=0)),
        "precision at recall": float(precision[np.flatnonzero(tpr >= GIVEN)[-1]]),
    }


MAKERS: dict[str, Callable[[Any, Any], Any]] = {
    "average precision": lambda n, p: RankCurveBounds(
        n, p, rc.average_precision_of, rc.average_precision_influence
    ),
    "partial AUC": lambda n, p: PartialAreaBounds(
        n,
        p,
        partial(rc.partial_auc_of, max_fpr=MAX_FPR),
        partial(rc.partial_auc_influence, max_fpr=MAX_FPR),
        rc.area_up_to,
        MAX_FPR,
    ),
    "sensitivity at": lambda n, p: SensitivityAtBounds(
        n, p, rc.sensitivity_at_of(n, p, GIVEN), GIVEN
    ),
    "KS statistic": lambda n, p: DistanceBounds(n, p, rc.ks_statistic_of(n, p)),
    "equal error rate": lambda n, p: EqualErrorRateBounds(n, p, rc.equal_error_rate_of(n, p)),
    "recall at precision": lambda n, p: RecallAtPrecisionBounds(
        n, p, rc.recall_at_precision_of(n, p, GIVEN), GIVEN
    ),
    "precision at recall": lambda n, p: PrecisionAtRecallBounds(
        n, p, rc.precision_at_recall_of(n, p, GIVEN), GIVEN
    ),
}


def drawn(rng: np.random.Generator, parts: Parts, size: int) -> np.ndarray:
    shares, means = np.array(parts).T
    return rng.normal(means[rng.choice(len(parts), size, p=shares)])


def measured(form: str, population: Population, n: int, runs: int) -> Callable:
    def measure(rng: np.random.Generator) -> Coverage:
        positives, negatives, share = population

        def samples() -> Iterator[tuple[np.ndarray, float]]:
            for _ in range(runs):
                m = rng.binomial(n, share)
                scores = np.r_[drawn(rng, positives, m), drawn(rng, negatives, n - m)]
                yield np.argsort(scores) < m, 1 / runs

        return coverage(
            samples(), lambda pos: MAKERS[form](~pos, pos), truths(population)[form], runs
        )

    return measure


def averaged(classes: int, shift: float, n: int, pairs: bool, skewed: bool, runs: int) -> Callable:
    """Each class's own score is `shift` higher; one example in fifty has its scores drawn blindly,
    so that a few lie far from where they belong."""

    def measure(rng: np.random.Generator) -> Coverage:
        frequent = 1 / np.arange(1, classes + 1) if skewed else np.ones(classes)
        frequent = frequent / frequent.sum()
        blind = 0.02
        # Of two examples, either may be blind; only two seen ones are all of `shift` apart.
        each = norm.cdf(np.array([shift, shift, 0.0, 0.0]) / np.sqrt(2))
        truth = float(each @ [(1 - blind) ** 2, (1 - blind) * blind, blind * (1 - blind), blind**2])

        def samples() -> Iterator[tuple[np.ndarray, float]]:
            for _ in range(runs):
                label = rng.choice(classes, n, p=frequent)
                label[: 2 * classes] = np.arange(2 * classes) % classes
                scores = rng.normal(size=(n, classes))
                seen = rng.random(n) >= blind
                scores[np.arange(n), label] += shift * seen
                yield (label, np.argsort(scores, axis=0)), 1 / runs

        return coverage(samples(), lambda s: by_class(*s, classes, pairs), truth, runs)

    return measure


def by_class(label: np.ndarray, order: np.ndarray, classes: int, pairs: bool) -> ClassAreaBounds:
    ranked = label[order.T]  # (classes, n): the labels in the order of each score
    if not pairs:
        tables = [(row != k, row == k) for k, row in enumerate(ranked)]
        return ClassAreaBounds(tables, range(classes), len(label))
    places = [(i, j) for i in range(classes) for j in range(classes) if i != j]
    tables = []
    for i, j in places:
        row = ranked[i][(ranked[i] == i) | (ranked[i] == j)]
        tables.append((row == j, row == i))
    return ClassAreaBounds(tables, places, len(label), np.array(places))


def settings() -> list[Setting]:
    populations = [
        (f"shift {shift}", f"prevalence {share}", binormal(shift, share), n)
        for shift, share, n in (
            *((shift, share, n) for shift in (1, 3) for share, n in ((0.5, 200), (0.1, 1_000))),
            (2, 0.5, 100),
            (2, 0.02, 5_000),
        )
    ]
    populations += [
        (f"{share} {kind}", "gap 5", mixed(kind, share, 5, 0.5), n)
        for kind in ("hidden", "bottom", "flipped", "top", "both")
        for share, n in ((0.02, 100), (0.02, 1_000), (0.1, 200))
    ]
    found = [
        Setting(form, rate, n, detail, measured(form, population, n, runs))
        for form, runs in ((form, 40 if form == "equal error rate" else 100) for form in MAKERS)
        for rate, detail, population, n in populations
    ]
    for classes, n, shift in ((3, 100, 2), (3, 1_000, 5), (10, 500, 5)):
        for pairs, word in ((False, "against rest"), (True, "each against each")):
            for skew in (False, True):
                runs = 40 if pairs and classes > 3 else 200
                measure = averaged(classes, shift, n, pairs, skew, runs)
                detail = f"{classes} {'skewed' if skew else 'equal'} classes"
                found.append(Setting(f"AUC {word}", f"shift {shift}", n, detail, measure))
    return found
