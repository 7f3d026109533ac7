"""Bounds of rank metrics beyond AUC: they hold the value, stay in range, and say what they lack."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from evalharness.inference.bounds import Bounds
from evalharness.inference.class_areas import ClassAreaBounds
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.curves import PartialAreaBounds, RankCurveBounds, without_gaps
from evalharness.inference.precisions import PrecisionAtRecallBounds, RecallAtPrecisionBounds
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper
from evalharness.inference.thresholds import (
    DistanceBounds,
    EqualErrorRateBounds,
    SensitivityAtBounds,
    at_least,
    at_most,
    radius,
)
from evalharness.metrics import rank_curves as rc
from tests.calibration.criteria import complaints
from tests.calibration.curves import settings as calibrated

MAKERS = {
    "average precision": lambda n, p: RankCurveBounds(
        n, p, rc.average_precision_of, rc.average_precision_influence
    ),
    "partial area": lambda n, p: PartialAreaBounds(
        n,
        p,
        partial(rc.partial_auc_of, max_fpr=0.2),
        partial(rc.partial_auc_influence, max_fpr=0.2),
        rc.area_up_to,
        0.2,
    ),
    "sensitivity": lambda n, p: SensitivityAtBounds(n, p, rc.sensitivity_at_of(n, p, 0.8), 0.8),
    "equal error rate": lambda n, p: EqualErrorRateBounds(n, p, rc.equal_error_rate_of(n, p)),
    "distance": lambda n, p: DistanceBounds(n, p, rc.ks_statistic_of(n, p)),
    "precision": lambda n, p: PrecisionAtRecallBounds(
        n, p, rc.precision_at_recall_of(n, p, 0.8), 0.8
    ),
    "recall": lambda n, p: RecallAtPrecisionBounds(n, p, rc.recall_at_precision_of(n, p, 0.8), 0.8),
}
counts = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=8)


def made(name, table):
    return MAKERS[name](*(np.array([row[i] for row in table]) for i in (0, 1)))


@pytest.mark.parametrize("name", MAKERS)
@settings(deadline=None, max_examples=40)
@given(table=counts, alpha=st.floats(0.001, 0.3))
def test_bounds_hold_the_value_with_width_and_within_the_range(name, table, alpha):
    b = made(name, table)
    assert isinstance(b, Bounds)
    low, high = b.lower(alpha), b.upper(alpha)
    assert 0 <= low < high <= 1
    if not math.isnan(b.value):
        assert low <= b.value <= high
        left, right = b.interval(1 - 2 * alpha)
        assert low - 1e-9 <= left < right <= high + 1e-9
        assert b.lower(alpha / 2) <= low + 1e-9
        assert b.upper(alpha / 2) >= high - 1e-9
    else:
        assert b.reason.startswith("0/0")
        assert b.settle(0.5, alpha) is None


@pytest.mark.parametrize("name", MAKERS)
def test_a_perfect_order_of_few_is_not_certain(name):
    b = made(name, [(40, 0), (0, 40)])
    best = 0.0 if name == "equal error rate" else 1.0
    assert b.value == pytest.approx(best)
    assert b.upper(0.05) - b.lower(0.05) > 0.03


def test_binomial_tails():
    from scipy.stats import binom

    k = np.arange(8)
    assert at_most(k, 7, 0.3) == pytest.approx(binom.cdf(k, 7, 0.3))
    assert at_least(k, 7, 0.3) == pytest.approx(binom.sf(k - 1, 7, 0.3))
    assert (float(at_most(-1, 7, 0.3)), float(at_least(0, 0, 0.3))) == (0, 1)


@pytest.mark.parametrize("alpha", [0.001, 0.025, 0.05, 0.3])
def test_the_radius_leaves_alpha_outside(alpha):
    """P(X₊² + Y₊² > c²), one coordinate integrated numerically."""
    c = radius(alpha)
    y, step = np.linspace(-9, c, 200_001, retstep=True)
    inside = norm.pdf(y) * norm.cdf(np.sqrt(c * c - np.maximum(y, 0) ** 2))
    assert 1 - inside.sum() * step == pytest.approx(alpha, rel=1e-3)


def test_a_threshold_that_is_known_leaves_the_share():
    """All negatives score 0, all positives 1 or below them: any threshold in between will do."""
    b = SensitivityAtBounds([0, 100_000, 0], [20, 0, 80], 0.8, 0.9)
    level = norm.sf(radius(0.05))
    assert b.lower(0.05) == pytest.approx(float(clopper_pearson_lower(80, 100, level)))
    assert b.upper(0.05) == pytest.approx(float(clopper_pearson_upper(80, 100, level)))


def test_turning_the_scores_around_gives_specificity():
    neg, pos = np.array([30, 20, 10, 1]), np.array([1, 5, 20, 40])
    value = rc.sensitivity_at_of(pos[::-1], neg[::-1], 0.8)
    b = SensitivityAtBounds(pos[::-1], neg[::-1], value, 0.8, ("sensitivity", "positives"))
    # Specificity of the second lowest threshold, which accepts 65 of 66 positives; the third: 60.
    assert value == pytest.approx(50 / 61)
    assert b.lower(0.05) < value < b.upper(0.05)


def test_too_few_negatives_to_know_the_threshold():
    b = SensitivityAtBounds([20, 0], [0, 500], 1.0, 0.95)
    assert b.lower(0.05) == 0
    assert "fewer than 77 negatives; here are 20" in b.reason


def test_few_of_a_class_decide_nothing():
    b = made("average precision", [(100, 0), (10, 29)])
    assert (b.lower(0.05), b.upper(0.05)) == (0, 1)
    assert b.reason.startswith("29 positives are too few: below 30 positives no bound was shown")
    b = made("average precision", [(100, 0), (10, 1)])
    assert b.reason.startswith("1 positive is too few: below 30 positives")


def test_recall_at_a_precision_that_is_not_shown():
    b = made("recall", [(50, 3), (10, 30)])
    assert b.lower(0.05) == 0
    assert b.upper(0.05) < 1
    assert "is not shown at a recall of" in b.reason


@given(counts)
def test_scores_of_negatives_alone_may_be_joined(table):
    neg, pos = (np.array([row[i] for row in table], float) for i in (0, 1))
    if pos.sum() and neg.sum():
        joined = without_gaps(neg, pos)
        for function in (rc.average_precision_of, partial(rc.partial_auc_of, max_fpr=0.3)):
            assert function(*joined) == pytest.approx(function(neg, pos))


@pytest.mark.parametrize("name", MAKERS)
def test_enough_more_examples_settle_it(name):
    rng = np.random.default_rng(1)
    scores = np.r_[rng.normal(2.5, 1, 150), rng.normal(size=150)]
    pos = np.argsort(scores) < 150
    b = MAKERS[name](~pos, pos)
    threshold = b.value + (0.1 if name == "equal error rate" else -0.1)
    needed = b.settle(threshold, 0.05)
    assert needed is not None
    further = b.settle(b.value + (threshold - b.value) / 3, 0.05)
    assert further is None or needed < further


# Averages over classes


def three(n, shift, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, n)
    scores = rng.normal(size=(n, 3)) + shift * np.eye(3)[label]
    ranked = label[np.argsort(scores, axis=0).T]
    return [(row != k, row == k) for k, row in enumerate(ranked)]


def test_an_average_lies_between_one_area_and_the_mean_of_the_limits():
    tables = three(600, 2)
    b, parts = ClassAreaBounds(tables, "abc", 600), [ConcordanceBounds(p, n) for n, p in tables]
    assert b.value == pytest.approx(np.mean([p.value for p in parts]))
    assert np.mean([p.lower(0.05) for p in parts]) - 1e-12 < b.lower(0.05) < b.value
    alike = ClassAreaBounds(tables, "abc", 600, exclusive=False)
    assert alike.lower(0.05) <= np.mean([p.lower(0.05) for p in parts]) + 1e-12


def test_perfect_areas_are_not_certain():
    b = ClassAreaBounds(three(60, 50), "abc", 60)
    assert b.value == 1
    assert b.lower(0.05) < 0.99
    assert b.upper(0.05) == 1


def test_a_class_without_examples_is_named():
    tables = [*three(60, 2)[:2], (np.ones(60), np.zeros(60))]
    b = ClassAreaBounds(tables, "abc", 60)
    assert math.isnan(b.value)
    assert b.reason == "0/0 in 1 of 3 areas (c), so their average is undefined"
    assert (b.lower(0.05), b.upper(0.05)) == (0, 1)


QUICK = [s for s in calibrated() if s.n <= 200 and "each" not in s.form][::6]


@pytest.mark.parametrize("setting", QUICK, ids=lambda s: s.name)
def test_covers(setting):
    assert complaints(setting, setting.run()) == []
