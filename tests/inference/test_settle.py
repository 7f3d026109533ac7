"""Is the number of examples that is promised to settle a verdict the one that settles it?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from evalharness.inference.bounds import Bounds
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.macro import MacroBounds
from evalharness.inference.mover import TwoClassBounds
from evalharness.inference.paired import PairedShareBounds
from evalharness.metrics import f1, matthews_corrcoef, recall
from evalharness.statistics.tables import Cells

ALPHA = 0.05
# Draws a sample of n, or, without a generator, the one that is exactly as expected.
Draw = Callable[[np.random.Generator | None, int], Bounds]


def counts(rng: np.random.Generator | None, n: int, shares: Any) -> np.ndarray:
    return n * np.asarray(shares) if rng is None else rng.multinomial(n, shares)


def mcc(rate: float, prevalence: float) -> Draw:
    p, q = prevalence, 1 - prevalence
    shares = [p * rate, q * (1 - rate), p * (1 - rate), q * rate]
    return lambda rng, n: TwoClassBounds(
        matthews_corrcoef.form, Cells(*counts(rng, n, shares)), (-1, 1)
    )


def macro(metric: Any, rate: float, k: int) -> Draw:
    joint = (rate * np.eye(k) + (1 - rate) * (1 - np.eye(k)) / (k - 1)) / k

    def draw(rng: np.random.Generator | None, n: int) -> Bounds:
        table = counts(rng, n, joint.ravel()).reshape(k, k)
        tp = np.diag(table)
        fp, fn = table.sum(0) - tp, table.sum(1) - tp
        return MacroBounds(metric.form, Cells(tp, fp, fn, table.sum() - tp - fp - fn))

    return draw


def auc(area: float, prevalence: float) -> Draw:
    shift = norm.ppf(area) * 2**0.5

    def draw(rng: np.random.Generator | None, n: int) -> Bounds:
        m = round(n * prevalence)
        if rng is None:
            pos, neg = (norm.ppf((np.arange(size) + 0.5) / size) for size in (m, n - m))
        else:
            pos, neg = rng.normal(size=m), rng.normal(size=n - m)
        positive = np.argsort(np.r_[pos + shift, neg]) < m
        return ConcordanceBounds(positive, ~positive)

    return draw


def paired(new: float, old: float) -> Draw:
    def draw(rng: np.random.Generator | None, n: int) -> Bounds:
        b, c, _ = counts(rng, n, [new, old, 1 - new - old])
        return PairedShareBounds(round(b), round(c), n)

    return draw


CASES = [
    pytest.param(mcc(0.99, 0.5), 0.95, 400, id="MCC .98"),
    pytest.param(mcc(0.95, 0.1), 0.6, 400, id="MCC, a tenth positive"),
    pytest.param(mcc(0.7, 0.5), 0.5, 200, id="MCC that fails"),
    pytest.param(macro(f1, 0.95, 3), 0.9, 200, id="macro F1"),
    pytest.param(macro(recall, 0.95, 10), 0.93, 1_000, id="macro recall"),
    pytest.param(macro(f1, 0.8, 3), 0.9, 100, id="macro F1 that fails"),
    pytest.param(auc(0.951, 0.5), 0.93, 20_000, id="AUC .951"),
    pytest.param(auc(0.99, 0.1), 0.97, 20_000, id="AUC .99, a tenth positive"),
    pytest.param(auc(0.8, 0.3), 0.85, 20_000, id="AUC that fails"),
    pytest.param(paired(0.05, 0.02), 0.0, 200, id="a better model"),
    pytest.param(paired(0.02, 0.02), -0.01, 500, id="an equal model"),
    pytest.param(paired(0.1, 0.2), -0.05, 300, id="a worse model"),
]


@pytest.mark.parametrize("draw, threshold, seen", CASES)
def test_with_so_many_the_verdict_is_decided_in_four_of_five_samples(draw, threshold, seen):
    rng = np.random.default_rng(0)
    asked = draw(None, seen)
    n = asked.settle(threshold, ALPHA)
    upward = asked.value > threshold
    samples = [draw(rng, n) for _ in range(300)]
    decided = [
        b.lower(ALPHA) > threshold if upward else b.upper(ALPHA) < threshold for b in samples
    ]
    # Three standard errors of 300 samples about .75 and .95.
    assert 0.75 - 0.075 < np.mean(decided) < 0.95 + 0.038


@pytest.mark.parametrize("n", [1, 2, 3])
def test_so_few_pairs_settle_superiority_only_with_mid_p(n):
    """0.5**4 / 2 is the first mid-P of pairs that all favour one model that is below .05."""
    assert PairedShareBounds(n, 0, n).settle(0.0, ALPHA) == 4
    assert PairedShareBounds(0, n, n).settle(0.0, ALPHA) == 4
    assert PairedShareBounds(4, 0, 4).lower(ALPHA) > 0 >= PairedShareBounds(3, 0, 3).lower(ALPHA)


@pytest.mark.parametrize("draw, threshold, seen", CASES)
def test_it_is_told_at_once(draw, threshold, seen):
    bounds = draw(None, seen)
    took = []
    for _ in range(3):
        start = time.process_time()
        bounds.settle(threshold, ALPHA)
        took.append(time.process_time() - start)
    assert min(took) < 0.1
