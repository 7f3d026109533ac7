"""Which share of a split each slice is, and what a share times a loss is sure to be."""

import math

import numpy as np
import pytest

from evalharness.inference.bounds import upper_z
from evalharness.inference.proportions import wilson
from evalharness.inference.slice_shares import gains, of_counts, of_rows


def test_the_share_of_plain_rows_is_of_all_of_them():
    share, of = of_counts([10, 30, 60])
    assert share.tolist() == [0.1, 0.3, 0.6]
    assert of.tolist() == [100] * 3
    code = np.repeat([0, 1, 2], [10, 30, 60])
    again, n = of_rows(code, 3, None, None)
    assert again == pytest.approx(share)
    assert n == pytest.approx(of)


def test_the_share_of_weighted_and_clustered_rows_varies_as_its_units_do():
    random = np.random.default_rng(3)
    code, cluster = random.integers(0, 3, 200), random.integers(0, 25, 200)
    weight = random.random(200)
    share, of = of_rows(code, 3, weight, cluster)
    for s in range(3):
        one = np.bincount(cluster, weight * (code == s))
        whole = np.bincount(cluster, weight)
        assert share[s] == pytest.approx(one.sum() / whole.sum())
        spread = ((one - share[s] * whole) ** 2).sum() / whole.sum() ** 2 * 25 / 24
        assert of[s] == pytest.approx(share[s] * (1 - share[s]) / spread)
    share, of = of_rows(code, 3, weight, None)
    again, n = of_rows(code, 3, weight, np.arange(200))
    assert share == pytest.approx(again)
    assert of == pytest.approx(n * 200 / 199)


def test_one_slice_is_everything():
    share, of = of_rows(np.zeros(50, int), 1, None, np.arange(50) // 5)
    assert (share[0], of[0]) == (1, 10)


@pytest.mark.parametrize(("share", "rate", "n"), [(0.1, 0.2, 2_000), (0.5, 0.4, 300)])
def test_intervals_of_gains_cover(share, rate, n):
    """Gain above an assumed floor, where both the share and the error are of the sample."""
    random, floor, inside, times = np.random.default_rng(4), 0.05, 0, 1_000
    rows = random.binomial(n, share, times)
    hits = random.binomial(rows, rate).astype(float)
    low, high = (x - floor for x in wilson(hits, rows, upper_z(0.025)))
    found = gains(rows / n, np.full(times, n), (hits / rows - floor, low, high), 0.95)
    inside = ((found[1] <= share * (rate - floor)) & (share * (rate - floor) <= found[2])).mean()
    assert abs(inside - 0.95) <= 3 * math.sqrt(0.05 * 0.95 / times)


def test_of_less_than_nothing_the_larger_share_is_the_lower_end():
    value, low, high = gains(
        np.array([0.2]), np.array([50]), (np.array([-0.1]), np.array([-0.1]), np.array([-0.1])), 0.9
    )
    assert value[0] == pytest.approx(-0.02)
    assert value[0] - low[0] > high[0] - value[0]
