"""Areas under the ROC curve against a count over all pairs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalharness.inference.concordance import ConcordanceBounds, delong
from evalharness.inference.placements import placed

tables = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12)


def by_pairs(pos: list[int], neg: list[int]) -> tuple[float, float]:
    """DeLong's area and error from every (positive, negative) pair, as in the paper."""
    x = np.repeat(np.arange(len(pos)), pos)
    y = np.repeat(np.arange(len(neg)), neg)
    kernel = (x[:, None] > y) + 0.5 * (x[:, None] == y)
    v10, v01 = kernel.mean(axis=1), kernel.mean(axis=0)
    return kernel.mean(), math.sqrt(v10.var(ddof=1) / len(x) + v01.var(ddof=1) / len(y))


def test_by_hand():
    """Positives at 1, 2, 2; negatives at 0, 2: pairs 1, 0 | 1, 1/2 | 1, 1/2, so A = 4/6.

    V10 = 1/2, 3/4, 3/4 (variance 1/48); V01 = 1, 1/3 (variance 2/9); se² = 1/144 + 1/9 = 17/144.
    """
    area, error = delong([0, 1, 2], [1, 0, 1])
    assert (area, error) == pytest.approx((4 / 6, math.sqrt(17 / 144)))


@given(tables)
def test_as_over_all_pairs(table):
    pos, neg = ([row[i] for row in table] for i in (0, 1))
    if sum(pos) > 1 and sum(neg) > 1:
        assert delong(pos, neg) == pytest.approx(by_pairs(pos, neg), abs=1e-12)


@given(tables, st.floats(0.001, 0.4))
def test_bounds_contain_the_value_with_width_and_within_the_range(table, alpha):
    pos, neg = ([row[i] for row in table] for i in (0, 1))
    b = ConcordanceBounds(pos, neg)
    low, high = b.lower(alpha), b.upper(alpha)
    left, right = b.interval(1 - 2 * alpha)
    assert 0 <= low < high <= 1
    assert 0 <= left < right <= 1
    if not b.reason:
        tiny = 1e-12
        assert low - tiny <= b.value <= high + tiny
        # What decides is the widest of three, one of which is shown.
        assert low <= left + tiny
        assert high >= right - tiny


@given(tables, st.floats(0.001, 0.4))
def test_turning_the_scores_around_mirrors_the_bounds(table, alpha):
    pos, neg = ([row[i] for row in table] for i in (0, 1))
    b, turned = ConcordanceBounds(pos, neg), ConcordanceBounds(pos[::-1], neg[::-1])
    if not b.reason:
        assert turned.value == pytest.approx(1 - b.value)
        assert turned.lower(alpha) == pytest.approx(1 - b.upper(alpha), abs=1e-9)


@given(tables, st.floats(0.001, 0.4), st.floats(0.001, 0.4))
def test_nested_in_the_level(table, a, b):
    bounds = ConcordanceBounds([row[0] for row in table], [row[1] for row in table])
    assert bounds.lower(min(a, b)) <= bounds.lower(max(a, b)) + 1e-12
    assert bounds.upper(min(a, b)) >= bounds.upper(max(a, b)) - 1e-12


def test_a_class_without_examples_decides_nothing():
    for pos, neg, missing in (([0, 0], [1, 2], "positives"), ([3, 1], [0, 0], "negatives")):
        b = ConcordanceBounds(pos, neg)
        assert math.isnan(b.value)
        assert b.reason == f"0/0: there are no {missing}"
        assert (b.lower(0.05), b.upper(0.05)) == (0, 1)
        assert b.settle(0.9, 0.05) is None


def test_a_perfect_separation_is_not_certain():
    b = ConcordanceBounds([0, 30], [30, 0])
    assert (b.value, b.shown, b.decides) == (1.0, "Newcombe", "wider of Newcombe and MOVER")
    assert 0.9 < b.lower(0.05) < 1.0 == b.upper(0.05)


@pytest.mark.parametrize("m, n, low", [(20, 1_000, 0.8609), (100, 10_000, 0.9705), (1, 1, 0.05)])
def test_a_perfect_separation_says_no_more_than_its_few_positives(m, n, low):
    """Clopper-Pearson of m hits of m, whatever the number of negatives; and the mirror images."""
    best = ConcordanceBounds([0, m], [n, 0])
    assert best.lower(0.05) == pytest.approx(low, abs=2e-4)
    assert ConcordanceBounds([0, n], [m, 0]).lower(0.05) == pytest.approx(low, abs=2e-4)
    assert ConcordanceBounds([m, 0], [0, n]).upper(0.05) == pytest.approx(1 - low, abs=2e-4)


def test_few_examples_are_named_as_deciding_by_the_worst_case():
    few, enough = ConcordanceBounds([1, 3], [9, 1]), ConcordanceBounds([1, 4], [9, 1])
    assert few.decides == "widest of logit-DeLong, Newcombe and Clopper-Pearson"
    assert enough.decides == "widest of logit-DeLong, Newcombe and MOVER"


@given(tables)
def test_groups_make_up_the_whole(table):
    """Misplaced and well-placed examples together have the area and DeLong's sums of squares."""
    pos, neg = ([row[i] for row in table] for i in (0, 1))
    if sum(pos) > 1 and sum(neg) > 1:
        area, _ = by_pairs(pos, neg)
        for side in placed(pos, neg):
            assert side.well * side.high + side.ill * side.low == pytest.approx(side.n * area)
            between = side.well * side.ill / side.n * (side.high - side.low) ** 2
            assert side.within + between == pytest.approx(side.spread, abs=1e-9)


def test_with_many_misplaced_examples_delong_and_mover_agree():
    rng = np.random.default_rng(1)
    positive = np.argsort(np.r_[rng.normal(1, 1, 4_000), rng.normal(0, 1, 4_000)]) < 4_000
    b = ConcordanceBounds(positive, ~positive)
    plain = b.value - 1.6449 * b.error
    assert b.lower(0.05) == pytest.approx(plain, abs=3e-4)


def test_settling_shrinks_with_the_distance():
    rng = np.random.default_rng(0)
    scores = np.r_[rng.normal(1.5, 1, 200), rng.normal(0, 1, 300)]
    positive = np.argsort(scores) < 200
    b = ConcordanceBounds(positive, ~positive)
    near, far = b.settle(b.value - 0.01, 0.05), b.settle(b.value - 0.05, 0.05)
    assert 15 * far < near < 25.5 * far
    assert b.settle(b.value, 0.05) is None
