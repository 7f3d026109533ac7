"""Means of values between two ends: exact for 0/1, and enumerated for three values."""

import itertools

import numpy as np
import pytest
from scipy.stats import multinomial

from evalharness.inference import gaffke
from evalharness.inference.gaffke import CELLS, GaffkeBounds, gaffke_lower, gridded, share_below
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper


@pytest.mark.parametrize("hits, n", [(0, 5), (3, 5), (5, 5), (1, 1), (990, 1_000)])
def test_of_zeros_and_ones_it_is_clopper_pearson(hits, n):
    found = GaffkeBounds(np.arange(n) < hits)
    for alpha in (0.05, 0.005):
        assert found.lower(alpha) == pytest.approx(clopper_pearson_lower(hits, n, alpha))
        assert found.upper(alpha) == pytest.approx(clopper_pearson_upper(hits, n, alpha))


@pytest.mark.parametrize("middle", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("n", [1, 5])
def test_of_three_values_it_never_covers_less_than_it_says(middle, n):
    values = np.array([0, middle, 1])
    tables = [t for t in itertools.product(range(n + 1), repeat=3) if sum(t) == n]
    limits = [GaffkeBounds(np.repeat(values, t))._limits(0.05) for t in tables]
    low, high = np.array(limits).T
    for p, q in itertools.product((0.01, 0.05, 0.3, 0.5, 0.9), repeat=2):
        if p + q < 1:
            shares = [p, q, 1 - p - q]
            weights, mean = multinomial.pmf(tables, n, shares), values @ shares
            assert weights @ (low <= mean + 1e-12) >= 0.95
            assert weights @ (high >= mean - 1e-12) >= 0.95


def test_the_saddlepoint_is_the_quantile_of_uniform_weights():
    rng = np.random.default_rng(0)
    x = np.append(rng.beta(5, 1, 30), 0.0)
    weights = rng.standard_exponential((100_000, 31))
    means = weights @ x / weights.sum(1)
    for mean in (0.7, 0.76, 0.85):
        assert share_below(x - mean, np.ones(31))[0] == pytest.approx(
            (means <= mean).mean(), abs=0.006
        )


def test_a_grid_only_widens(monkeypatch):
    x = np.random.default_rng(1).beta(5, 1, 3 * CELLS)
    points, counts = gridded(np.sort(x), np.ones(len(x)))
    assert points @ counts == pytest.approx(x.sum())
    coarse, inside = gaffke_lower(points, counts, 0.05), gaffke_lower(x, np.ones(len(x)), 0.05)
    monkeypatch.setattr(gaffke, "CELLS", 10 * CELLS)
    fine = gaffke_lower(x, np.ones(len(x)), 0.05)
    assert fine - 1e-5 < coarse <= fine
    assert fine - 1e-5 < inside <= fine


def test_equal_values_have_a_width_and_the_order_is_nothing():
    assert GaffkeBounds([1.0] * 400).lower(0.05) == pytest.approx(0.05 ** (1 / 400))
    x = np.random.default_rng(2).random(100)
    assert GaffkeBounds(x)._limits(0.05) == GaffkeBounds(x[::-1])._limits(0.05)
    assert GaffkeBounds(10 * x - 5, (-5, 5)).lower(0.05) == pytest.approx(
        10 * GaffkeBounds(x).lower(0.05) - 5
    )


def test_settling_and_nothing():
    found = GaffkeBounds([0.9, 1.0] * 100)
    needed = found.settle(0.9, 0.05)
    assert 20 < needed < 200
    assert GaffkeBounds([0.9, 1.0] * (needed // 2 + 1)).lower(0.05) > 0.9
    assert found.settle(found.value, 0.05) is None
    assert GaffkeBounds([]).reason == "0/0: there are no values"
    assert GaffkeBounds([])._limits(0.05) == (0, 1)
