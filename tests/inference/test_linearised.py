"""Bounds from influences: the rules of a mean, on a scale, within a range."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalharness.inference.bounds import Bounds
from evalharness.inference.linearised import SCALES, LinearisedBounds


def mean_of(x, **options):
    x = np.asarray(x, float)
    return LinearisedBounds(x.mean(), (x - x.mean()) / len(x), 7, **options)


def correlation(n, r, seed=0):
    rng = np.random.default_rng(seed)
    x, e = rng.normal(size=(2, n))
    y = r * x + math.sqrt(1 - r * r) * e
    x, y = stats.zscore(x), stats.zscore(y)
    r = float((x * y).mean())
    return r, (x * y - r * (x * x + y * y) / 2) / n


def test_a_mean_is_a_little_wider_than_t():
    x = np.random.default_rng(0).normal(size=400)
    b = mean_of(x)
    low, high = stats.t.interval(0.9, 399, x.mean(), stats.sem(x))
    assert b.lower(0.05) == pytest.approx(low, abs=0.02 * (high - low))
    assert b.upper(0.05) == pytest.approx(high, abs=0.02 * (high - low))
    assert b.lower(0.05) < low < high < b.upper(0.05)
    assert b.value == pytest.approx(x.mean())
    assert (b.n, b.unit, b.reason) == (400, "examples", "")
    assert b.decides == "wider of t and skewness-corrected t, linearised"
    assert isinstance(b, Bounds)


def test_the_unit_that_adds_most_widens():
    x = np.r_[np.random.default_rng(1).normal(size=98), 6, -6]
    b = mean_of(x)
    assert not b.reason
    assert b.upper(0.05) - x.mean() > 1.2 * 1.66 * stats.sem(x)


def test_skewed_influences_decide_far_from_the_value():
    x = np.r_[np.ones(20), np.zeros(1_980)]
    b = mean_of(x, unit="clusters")
    assert b.reason == ""
    assert b.decides == "wider of t and skewness-corrected t, times 2.5, linearised"
    low = stats.t.interval(0.9, 1_999, x.mean(), stats.sem(x))[0]
    assert x.mean() - b.lower(0.05) > 2.5 * (x.mean() - low)
    assert b.upper(0.05) < 0.05
    assert "too few of the 2,000 examples" in mean_of(x * (np.arange(2_000) < 2)).reason
    assert "beyond ±0.15" in mean_of(np.r_[1, 1, 1, 1, 1, np.zeros(194)]).reason


@pytest.mark.parametrize("name", SCALES)
def test_a_scale_has_its_inverse_and_derivative(name):
    scale = SCALES[name]
    for x in (0.01, 0.3, 0.9, 0.999):
        y = scale.forward(x)
        assert scale.inverse(y) == pytest.approx(x)
        step = 1e-6 * x * (1 - x)
        slope = (scale.forward(x + step) - scale.forward(x - step)) / (2 * step)
        assert scale.derivative(x) == pytest.approx(slope, rel=1e-5)
        assert scale.derivative(x) > 0
    assert scale.inverse(-800.0) < scale.inverse(800.0)


def test_a_correlation_on_the_scale_of_fisher():
    r, u = correlation(500, 0.9)
    b = LinearisedBounds(r, u, 0, (-1, 1), scale="atanh")
    z = stats.norm.ppf(0.95) / math.sqrt(497)
    assert b.lower(0.05) == pytest.approx(math.tanh(math.atanh(r) - z), abs=0.004)
    assert b.upper(0.05) == pytest.approx(math.tanh(math.atanh(r) + z), abs=0.004)
    assert b.settle(0.88, 0.05) > 0
    assert b.settle(1.5, 0.05) is None


def test_bounds_stay_in_the_range():
    r, u = correlation(30, 0.99, 4)
    b = LinearisedBounds(r, u * 30, 0, (-1, 1))
    assert (b.lower(0.05), b.upper(0.05)) == (-1, 1) or b.upper(0.05) <= 1
    assert b.interval(0.95)[1] <= 1


@pytest.mark.parametrize(
    "value, units, scale, reason",
    [
        (math.nan, np.ones(30), "identity", "0/0"),
        (0.5, np.r_[np.nan, np.ones(30)], "identity", "not differentiable"),
        (1.0, np.linspace(-1, 1, 30), "atanh", "1 is the end of its range"),
        (0.5, np.linspace(-1, 1, 19), "identity", "each of fewer than 20 clusters adds"),
        (0.5, [], "identity", "each of fewer than 20 clusters adds"),
        (0.5, np.zeros(30), "identity", "all clusters add the same"),
        (0.5, np.r_[np.zeros(99), 1.0], "identity", "too few of the 100 clusters make up"),
    ],
)
def test_what_decides_nothing(value, units, scale, reason):
    b = LinearisedBounds(value, units, 0, (-1, 1), "clusters", "a note", scale)
    assert reason in b.reason
    assert (b.lower(0.05), b.upper(0.05)) == (-1, 1)
    low, high = b.interval(0.95)
    assert low < high
    assert b.settle(0.2, 0.05) is None
    assert (b.unit, b.note, b.n) == ("clusters", "a note", len(units))


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=250),
    st.sampled_from([0.01, 0.05, 0.2]),
    st.sampled_from(["identity", "logit"]),
)
def test_bounds_contain_the_value_with_width(x, alpha, scale):
    u = (np.asarray(x) - np.mean(x)) / 100
    b = LinearisedBounds(0.7, u, 0, (0, 1), scale=scale)
    assert 0 <= b.lower(alpha) <= 0.7 <= b.upper(alpha) <= 1
    assert b.lower(alpha) < b.upper(alpha)


def test_neither_order_nor_run_matters():
    x = np.random.default_rng(2).normal(size=60)
    b, c = mean_of(x), mean_of(x[::-1])
    assert b.lower(0.05) == pytest.approx(c.lower(0.05), rel=1e-12)


def test_settling_takes_four_times_the_units_for_half_the_width():
    b = mean_of(np.random.default_rng(3).normal(size=300))
    far, near = b.settle(b.value + 0.2, 0.05), b.settle(b.value + 0.1, 0.05)
    assert near == pytest.approx(4 * far, rel=0.1)
    assert b.settle(b.value, 0.05) is None
