"""Coverage of the difference of two models on the same examples: count metrics by the joint counts
of label and both predictions, areas by the influences of both.

Models err on the same examples to a degree: a share ``tied`` of the better one's errors are the
other's too. Models of one rate that are tied in full are equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from evalharness import metrics as m
from evalharness.checks.joint import joint_bounds
from evalharness.checks.pairing import Pair
from evalharness.declare.metric import Metric
from evalharness.inference.added import Part
from evalharness.inference.batches import value_of
from evalharness.inference.curves import RankCurveBounds
from evalharness.inference.nobounds import NoBounds
from evalharness.inference.rank_difference import RankDifferenceBounds
from evalharness.inference.recount import table_of
from evalharness.kernels.sample import Sample
from evalharness.metrics.rank_curves import auc_influence, auc_of
from evalharness.statistics.base import Columns
from evalharness.statistics.joint_counts import Patterns
from tests.calibration.simulate import Coverage, Setting, coverage, distinct, skewed


@dataclass(frozen=True)
class Counted:
    """What is asked of a `Pair` of plain count metrics."""

    parts: tuple[Part, Part]
    joint: Patterns
    of_model = staticmethod(Pair.of_model)


def counted(metric: Metric, joint: Patterns, classes: int) -> Counted:
    sample = Sample(Columns({}, tuple(range(classes))), lambda: np.zeros(0, int))
    first, second = (
        table_of(metric, Pair.of_model(joint.columns, i), joint.counts * 1.0, classes)
        for i in (0, 1)
    )
    return Counted((Part(metric, first, sample), Part(metric, second, sample)), joint)


def apart(pair: Counted) -> float:
    first, second = (value_of(p.metric, p.table) for p in pair.parts)
    return first - second


def counts(
    metric: Metric, shares: np.ndarray, n: int, runs: int
) -> Callable[[np.random.Generator], Coverage]:
    """``shares`` (K, K, K): of label, first and second prediction."""
    classes = len(shares)
    columns = tuple(x.ravel() for x in np.indices(shares.shape))
    low, high = metric.definition.range
    span = low - high, high - low

    def bounds(drawn: np.ndarray) -> Any:
        some = drawn > 0
        pair = counted(metric, Patterns(tuple(c[some] for c in columns), drawn[some]), classes)
        value = apart(pair)
        if not math.isfinite(value):
            return NoBounds(math.nan, "0/0", n)
        return joint_bounds(metric, pair, value, span)  # type: ignore[arg-type]

    def measure(rng: np.random.Generator) -> Coverage:
        truth = apart(counted(metric, Patterns(columns, 1e6 * shares.ravel()), classes))
        drawn = rng.multinomial(n, shares.ravel(), runs)
        return coverage(distinct(drawn), bounds, truth, runs)

    return measure


def tied_errors(first: float, second: float, tied: float) -> tuple[float, float, float]:
    """Shares of both wrong, of only the first and of only the second, by their rates of right."""
    both = max(tied * min(1 - first, 1 - second), 1 - first - second)
    return both, 1 - first - both, 1 - second - both


def joint_shares(
    classes: np.ndarray, rates: tuple[float, float], tied: float, near: bool = True
) -> np.ndarray:
    """(K, K, K): errors fall to the next class, or to any; both err alike every other time."""
    k = len(classes)
    wrong = np.roll(np.eye(k), 1, axis=1) if near else (1 - np.eye(k)) / (k - 1)
    both, first, second = tied_errors(*rates, tied)
    found = np.zeros((k, k, k))
    for label, share in enumerate(classes):
        alone = wrong[label]
        found[label, label, label] += share * (1 - both - first - second)
        found[label, :, label] += share * first * alone
        found[label, label] += share * second * alone
        found[label] += share * both * (np.diag(alone) + np.outer(alone, alone)) / 2
    return found


PAIRS = [((0.9, 0.9), 0.5), ((0.9, 0.88), 0.9), ((0.99, 0.99), 0.9), ((0.99, 0.97), 0.5)]
PAIRS += [((0.99, 0.99), 1.0), ((0.8, 0.6), 0.0)]


def two_classes(sizes: tuple[int, ...] = (50, 200, 1_000, 5_000)) -> list[Setting]:
    found = []
    for metric in (m.f1, m.precision, m.matthews_corrcoef):
        for rates, tied in PAIRS:
            for prevalence in (0.5, 0.1):
                shares = joint_shares(np.array([1 - prevalence, prevalence]), rates, tied)
                for n in sizes:
                    detail = f"prevalence {prevalence}, {tied} tied"
                    rate = f"{rates[0]} - {rates[1]}"
                    measure = counts(metric, shares, n, 600)
                    found.append(Setting(f"difference of {metric.label}", rate, n, detail, measure))
    return found


def averages() -> list[Setting]:
    found = []
    for metric in (m.f1(average="macro"), m.balanced_accuracy, m.f1(average="weighted")):
        for k, rates, tied in (
            (3, (0.9, 0.88), 0.5),
            (3, (0.99, 0.99), 0.9),
            (3, (0.99, 0.99), 1.0),
            (10, (0.9, 0.85), 0.5),
            (10, (0.99, 0.97), 0.9),
        ):
            for word, classes in (("equal", np.full(k, 1 / k)), ("skewed", skewed(k))):
                shares = joint_shares(classes, rates, tied, near=word == "equal")
                for n in (500, 5_000):
                    detail = f"{k} {word} classes, {tied} tied"
                    measure = counts(metric, shares, n, 200)
                    rate = f"{rates[0]} - {rates[1]}"
                    found.append(Setting(f"difference of {metric.label}", rate, n, detail, measure))
    return found


def areas() -> list[Setting]:
    """Normal scores with a part in common; or five deviations apart, but for a share of the
    positives that the second model takes for negatives."""

    def curve(scores: np.ndarray, label: np.ndarray) -> tuple[RankCurveBounds, np.ndarray]:
        order = np.argsort(scores)
        pos = label[order] * 1
        curve = RankCurveBounds(1 - pos, pos, auc_of, auc_influence)
        added = np.empty(len(scores))
        of_neg, of_pos = auc_influence(1 - pos, pos)
        added[order] = np.where(pos == 1, of_pos, of_neg)
        return curve, added

    def run(
        shifts: tuple[float, float], hidden: float, counts: tuple[int, int], rho: float, runs: int
    ) -> Callable[[np.random.Generator], Coverage]:
        label = np.repeat([True, False], counts)
        first, second = (float(norm.cdf(s / math.sqrt(2))) for s in shifts)
        truth = first - (1 - hidden) * second - hidden / 2

        def samples(rng: np.random.Generator) -> Iterator[tuple[Any, float]]:
            for _ in range(runs):
                shared, *own = rng.normal(size=(3, len(label)))
                noise = [math.sqrt(rho) * shared + math.sqrt(1 - rho) * x for x in own]
                lost = rng.random(len(label)) < hidden
                a = shifts[0] * label + noise[0]
                b = shifts[1] * (label & ~lost) + noise[1]
                yield (curve(a, label), curve(b, label)), 1 / runs

        def bounds(pair: Any) -> RankDifferenceBounds:
            (first, ours), (second, theirs) = pair
            return RankDifferenceBounds([first, second], ours - theirs, label, 0, (-1, 1))

        return lambda rng: coverage(samples(rng), bounds, truth, runs)

    found = []
    for first, second in ((0.8, 0.8), (0.9, 0.85), (0.99, 0.99), (0.99, 0.98)):
        shifts = tuple(float(norm.ppf(x)) * math.sqrt(2) for x in (first, second))
        for counts in ((50, 50), (50, 450), (500, 500)):
            for rho in (0.5, 0.95):
                detail = f"{counts[0]} positives, correlation {rho}"
                measure = run((shifts[0], shifts[1]), 0, counts, rho, 300)
                rate = f"{first} - {second}"
                found.append(Setting("difference of AUC", rate, sum(counts), detail, measure))
    for counts in ((50, 50), (50, 1_000), (500, 500)):
        for hidden in (0.01, 0.05):
            measure = run((5.0, 5.0), hidden, counts, 0.5, 300)
            detail = f"{counts[0]} positives"
            found.append(
                Setting("difference of AUC", f"{hidden} hidden", sum(counts), detail, measure)
            )
    return found


def settings() -> list[Setting]:
    return [*two_classes(), *averages(), *areas()]
