"""Means: what is shown, what decides, and when nothing may."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalharness import Outputs
from evalharness.inference.means import MeanBounds, corrected, studentized
from evalharness.metrics import mean
from tests.metrics.measure import run


def of(x, seed=7):
    x = np.asarray(x, float)
    mean = x.mean() if len(x) else math.nan
    c = x - mean
    return MeanBounds(len(x), mean, (c**2).sum(), (c**3).sum(), lambda: x, seed)


def sample(n, skew=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=n) if not skew else rng.lognormal(sigma=skew, size=n)


def test_t_is_shown_for_a_large_even_sample():
    x = sample(300)
    b = of(x)
    expected = stats.t.interval(0.95, 299, x.mean(), stats.sem(x))
    assert b.shown == "t"
    assert b.interval(0.95) == pytest.approx(expected)
    # What decides is the wider of t and the corrected one.
    low, high = stats.t.interval(0.9, 299, x.mean(), stats.sem(x))
    assert b.lower(0.05) <= low + 1e-12
    assert b.upper(0.05) >= high - 1e-12
    assert b.decides == "wider of t and skewness-corrected t"


def test_bootstrap_t_is_shown_for_a_small_sample():
    x = sample(50)
    b = of(x)
    low, high = b.interval(0.95)
    assert b.shown == "bootstrap-t"
    assert low < x.mean() < high
    assert b.decides == "wider of t and bootstrap-t"


def test_neither_order_nor_run_changes_the_bootstrap():
    x = sample(60)
    shuffled = np.random.default_rng(5).permutation(x)
    b, c = of(x), of(shuffled)
    assert b.interval(0.95) == pytest.approx(c.interval(0.95), rel=1e-12)
    assert np.array_equal(studentized(x, 3), studentized(shuffled, 3))
    assert not np.array_equal(studentized(x, 3), studentized(x, 4))


def test_values_are_fetched_only_for_a_small_sample():
    def fetch():
        raise AssertionError("not needed")

    x = sample(400)
    c = x - x.mean()
    b = MeanBounds(400, x.mean(), (c**2).sum(), (c**3).sum(), fetch, 0)
    assert b.lower(0.05) < b.interval(0.95)[1]


def test_the_correction_inverts_halls_transformation():
    for a in (-0.3, -0.01, 0.0, 1e-9, 0.1, 0.25):
        for t in (-2.5, -1.0, 0.0, 1.6, 3.0):
            x = corrected(t, a)
            assert x + a / 6 + a * x**2 / 3 + a**2 * x**3 / 27 == pytest.approx(t, abs=1e-6)


def rare(hits, n, base=0.01, top=4.6):
    """Most examples lose little, a few much: the log losses of a good model."""
    return np.r_[np.full(hits, top), np.full(n - hits, base)]


def test_a_skewed_column_decides_far_from_the_value():
    b = of(x := rare(20, 2_000))
    assert 0.15 < b.asymmetry < 0.6
    assert b.reason == ""
    assert b.decides == "wider of t and skewness-corrected t, times 2.5"
    error = stats.sem(x)
    t = stats.t.ppf(0.95, 1_999)
    assert b.value - b.lower(0.05) == pytest.approx(2.5 * t * error)
    assert b.upper(0.05) - b.value == pytest.approx(2.5 * error * -corrected(-t, b.asymmetry))
    assert b.value < b.upper(0.05) < 0.5
    # What is shown is as it was.
    assert b.interval(0.9)[0] > b.lower(0.05)
    # Closer than that it needs more values, of which the skewness matters less.
    assert b.upper(0.05) > 1.5 * b.value
    assert 2_000 < b.settle(1.5 * b.value, 0.05) < 20_000


def test_how_skewed_is_too_skewed():
    assert of(rare(3, 2_000)).reason == ""
    assert "beyond ±0.6" in of(rare(2, 2_000)).reason
    assert "beyond ±0.2" in of(rare(5, 199)).reason
    assert of(rare(5, 200)).reason == ""
    assert of(-rare(5, 200)).upper(0.05) < math.inf
    # 200 values or more, but the correction is enough.
    assert of(rare(60, 2_000)).decides == "wider of t and skewness-corrected t"


def test_a_column_that_is_too_skewed_decides_nothing_and_says_what_to_do():
    b = of(np.r_[sample(499), 100.0])
    assert "too skewed for a mean of 500 values" in b.reason
    assert b.decides == "wider of t and skewness-corrected t"
    assert "bound a quantile instead" in b.reason
    assert (b.lower(0.05), b.upper(0.05)) == (-math.inf, math.inf)
    assert b.settle(1.0, 0.05) is None
    low, high = b.interval(0.95)
    assert low < b.value < high


@pytest.mark.parametrize(
    "x, reason",
    [
        ([], "0/0: there are no values"),
        ([3.0], "fewer than 20 values"),
        ([1.0, 2.0], "fewer than 20 values"),
        ([3.0] * 500, "all values are equal, so"),
        ([0.1] * 500, "all values are equal"),
        (1e15 + np.linspace(0, 1, 500), "equal to 12 digits"),
        ([1e9 + 0.1] * 500, "all values are equal"),
    ],
)
def test_degenerate_columns_decide_nothing(x, reason):
    with np.errstate(all="ignore"):
        b = of(x)
    assert reason in b.reason
    assert (b.lower(0.05), b.upper(0.05)) == (-math.inf, math.inf)
    low, high = b.interval(0.95)
    assert low < high
    assert b.settle(0.0, 0.05) is None


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=260), st.floats(0.001, 0.4))
def test_bounds_contain_the_value_with_width(x, alpha):
    b = of(x)
    low, high = b.lower(alpha), b.upper(alpha)
    assert low < high
    assert low <= b.value <= high
    left, right = b.interval(1 - 2 * alpha)
    assert left < right or b.shown == "bootstrap-t"


def test_settling():
    x = sample(400)
    b = of(x)
    assert b.settle(b.value + 0.1, 0.05) == pytest.approx(400 * (0.1243 / 0.1) ** 2, rel=0.15)
    assert b.settle(b.value, 0.05) is None


@pytest.mark.parametrize("scale", [1e-320, 1e-170, 1e-110, 1e110, 1e160, 1e300])
def test_what_has_no_cube_in_float64_decides_nothing(scale):
    """Nor does it end in an error, which would take all other metrics with it."""
    x = scale * np.random.default_rng(0).lognormal(size=300)
    found = run(Outputs(test={"x": x, "one": x > 0}), also=[mean("x").on("test")])
    found = found[mean("x").on("test")]
    assert found.reason.startswith("these values are too small or too large")
    assert (found.low, found.at_most) == (-math.inf, math.inf)
    assert (found >= 0.0).outcome == "inconclusive"


@pytest.mark.parametrize("scale", [1e-90, 1e-30, 1e30, 1e90])
def test_bounds_go_with_the_unit(scale):
    x = np.random.default_rng(0).lognormal(size=300)
    one, other = of(x), of(scale * x)
    assert other.lower(0.05) == pytest.approx(scale * one.lower(0.05), rel=1e-9)
    assert other.interval(0.95) == pytest.approx([scale * y for y in one.interval(0.95)], rel=1e-9)
