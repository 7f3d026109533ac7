"""Bounds of calibration errors: against the noncentral chi-square, by their laws, by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2, ncx2

from evalharness import Outputs
from evalharness.inference.bounds import Bounds
from evalharness.inference.calibration_error import (
    CalibrationBounds,
    calibration_bounds,
    reliability_table,
)
from evalharness.inference.noncentral import inverted, largest_variance, rest, share_below
from evalharness.kernels.passes import count
from evalharness.kernels.sample import Sample
from evalharness.metrics.calibration import calibration_error
from tests.calibration.calibration_error import (
    FORECASTS,
    TRUTHS,
    clustered,
    covered,
    fitted,
    independent,
    weighted,
)
from tests.calibration.criteria import PASSING, tolerance


def drawn(forecast="wide", happens="calibrated", n=2_000, bins=15, seed=0):
    rng = np.random.default_rng(seed)
    p = FORECASTS[forecast](rng, n)
    return fitted(p, (rng.random(n) < TRUTHS[happens](p)) * 1.0, bins)[0]


@pytest.mark.parametrize("k", [1, 2, 15])
@pytest.mark.parametrize("t", [0.0, 0.5, 3.0])
def test_equal_variances_are_a_noncentral_chi_square(k, t):
    """|z|²/v of k directions with variance v is noncentral with t²/v."""
    noise = 0.25 * np.eye(k)
    others = rest(noise, largest_variance(noise))
    for square in (0.5, 2.0, 12.0):
        found = share_below(square, t, 0.5, others)
        exact = ncx2.cdf(square / 0.25, k, t * t / 0.25) if t else chi2.cdf(square / 0.25, k)
        assert found == pytest.approx(exact, abs=2e-3)


def test_limits_are_where_the_noncentral_chi_square_says():
    noise = 0.01 * np.eye(8)
    others = rest(noise, 0.01)
    low, high = inverted(0.5, 0.1, others, others, 0.05)
    assert ncx2.sf(50, 8, (low / 0.1) ** 2) == pytest.approx(0.05, abs=2e-3)
    assert ncx2.cdf(50, 8, (high / 0.1) ** 2) == pytest.approx(0.05, abs=2e-3)


@pytest.mark.parametrize("alpha", [0.3, 0.05, 0.005, 1e-4])
def test_limits_are_found_to_the_last_digit_but_a_few(alpha):
    rng = np.random.default_rng(0)
    for _ in range(50):
        variances = np.exp(rng.normal(size=5)) * 10.0 ** rng.integers(-9, 1)
        noise, most = np.diag(variances), float(variances.max())
        others, spread = rest(noise, most), math.sqrt(most)
        square = rng.choice([0.1, 1, 10, 1e4]) * float(variances.sum())
        low, high = inverted(square, spread, others, others, alpha)
        for t, level in ((low, 1 - alpha), (high, alpha)):
            share = share_below(square, t, spread, others)
            assert share <= level if t == 0 else share == pytest.approx(level, abs=1e-6)


def test_no_direction_is_worse_than_that_of_the_largest_variance():
    """Were t elsewhere, |z|² would be beyond what decides less often."""
    variances = np.array([1.0, 0.5, 0.2, 0.1, 0.01])
    noise, rng = np.diag(variances), np.random.default_rng(0)
    others = rest(noise, 1.0)
    normal = rng.normal(size=(100_000, 5)) * np.sqrt(variances)
    for t in (0.3, 1.0, 2.0, 4.0):
        directions = rng.normal(size=(10, 5))
        for way in directions / np.linalg.norm(directions, axis=1, keepdims=True):
            squares = ((normal + t * way) ** 2).sum(axis=1)
            low, high = np.quantile(squares, [0.05, 0.95])
            assert share_below(low, t, 1.0, others) >= 0.05 - 0.01
            assert 1 - share_below(high, t, 1.0, others) >= 0.05 - 0.01


def test_largest_variance_of_many_directions():
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(250, 40))
    covariance = factors @ factors.T
    assert largest_variance(covariance) == pytest.approx(np.linalg.eigvalsh(covariance)[-1])


samples = st.lists(
    st.tuples(st.sampled_from([0.1, 0.5, 0.9, 0.95, 1.0]), st.booleans()), min_size=1, max_size=60
)


@settings(deadline=None)
@given(samples, st.integers(1, 5), st.floats(0.002, 0.3), st.floats(0.002, 0.3))
def test_bounds_contain_the_value_with_width_and_nest(rows, bins, one, other):
    p, hit = (np.array(x, float) for x in zip(*rows, strict=True))
    b, _ = fitted(p, hit, bins)
    assert isinstance(b, Bounds)
    assert 0 <= b.lower(one) <= b.value <= b.upper(one) <= 1
    assert b.lower(one) < b.upper(one)
    a, c = sorted([one, other])
    assert b.lower(a) <= b.lower(c) + 1e-6
    assert b.upper(a) >= b.upper(c) - 1e-6
    assert (b.lower(one), b.upper(one)) == (0, 1) or not b.reason


def test_what_is_too_little():
    few = drawn(n=100)
    assert few.reason == (
        "100 examples are too few to tell miscalibration from chance in 15 bins: 150 are needed, "
        "or take fewer bins (bins=10)"
    )
    assert (few.lower(0.05), few.upper(0.05), few.settle(0.5, 0.05)) == (0, 1, None)
    assert drawn(n=19, bins=1).reason.endswith("in 1 bins: 20 are needed")
    assert not drawn(n=100, bins=10).reason
    empty = CalibrationBounds([], [], np.zeros(0, int))
    assert math.isnan(empty.value)
    assert empty.reason == "0/0: there are no examples"
    assert empty.interval(0.95) == (0, 1)
    rng = np.random.default_rng(0)
    wide = CalibrationBounds(
        rng.random(32_000),
        np.zeros(32_000),
        np.arange(32_000) % 1_600,
        group=np.arange(32_000) % 200,
    )
    assert "1,600 bins of 200 classes are too many" in wide.reason
    assert '(bins=7), or of="top"' in wide.reason


def test_every_row_twice_as_heavy_is_no_more_certain():
    rng = np.random.default_rng(0)
    p = rng.random(450)
    hit = (rng.random(450) < p) * 1.0
    one, two = (fitted(p, hit, weight=np.full(450, w))[0] for w in (1.0, 2.0))
    assert two.value == pytest.approx(one.value)
    assert two.upper(0.05) == pytest.approx(one.upper(0.05))
    alone = fitted(p, hit, unit=np.arange(450))[0]
    assert alone.upper(0.05) == pytest.approx(one.upper(0.05))


def test_copies_of_a_row_are_no_more_examples():
    """Ten copies of each row, as a cluster, are as uncertain as one."""
    rng = np.random.default_rng(0)
    p = rng.random(450)
    hit = (rng.random(450) < p) * 1.0
    one = fitted(p, hit, unit=np.arange(450))[0]
    ten = fitted(np.repeat(p, 10), np.repeat(hit, 10), unit=np.repeat(np.arange(450), 10))[0]
    assert ten.n == 450
    assert ten.upper(0.05) == pytest.approx(one.upper(0.05), rel=0.02)


def test_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    p, unit = np.round(rng.random(600), 2), np.repeat(np.arange(200), 3)
    hit = (rng.random(600) < p) * 1.0
    other = rng.permutation(600)
    a = fitted(p, hit, unit=unit)[0]
    b = fitted(p[other], hit[other], unit=unit[other])[0]
    assert a.interval(0.95) == pytest.approx(b.interval(0.95), abs=1e-9)


@pytest.mark.parametrize("kind", ["top", "class", "positive"])
@pytest.mark.parametrize("groups", [1, 2])
def test_from_the_entries_of_a_slice(kind, groups):
    """The entries of the sample are those that the table counts."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], 1_000)
    data = {"label": rng.integers(0, 3, 1_000), **{f"score_{k}": p[:, k] for k in range(3)}}
    metric = calibration_error(of=kind, **({"positive": 1} if kind == "positive" else {}))
    columns = metric.statistic.read(Outputs(test=data).split("test"))
    size = len(columns.arrays["rank"])
    rows = np.arange(size) if columns.rows is None else columns.rows
    code = (rows % groups).astype(np.int32)
    for g, table in enumerate(count(metric.statistic, columns, code, groups)):
        sample = Sample(columns, lambda g=g: np.flatnonzero(code == g), None, columns.rows)
        form = metric.form(table)
        b = calibration_bounds(form, sample)
        assert b.n == 1_000 // groups
        assert b.value == form.value
        assert 0 < b.lower(0.05) < b.value < b.upper(0.05) < 1


@pytest.mark.parametrize(
    "happens, threshold, lower",
    [("calibrated", 0.05, False), ("0.1 too high", 0.05, True), ("0.05 too high", 0.07, False)],
)
def test_settles_with_as_many_as_it_says(happens, threshold, lower):
    """With samples of that size the verdict is decided in about four of five."""
    rng = np.random.default_rng(0)
    model = drawn("wide", happens, n=20_000)
    n = model.settle(threshold, 0.05)
    decided = 0
    for seed in rng.integers(0, 2**31, 100):
        b = drawn("wide", happens, n=n, seed=seed)
        decided += b.lower(0.05) > threshold if lower else b.upper(0.05) < threshold
    assert 0.6 <= decided / 100 <= 0.97


def test_a_calibrated_model_passes():
    """Of 2,000 examples at least four of five samples say: at most 0.05."""
    for forecast in ("wide", "uniform", "near 1"):
        passed = sum(drawn(forecast, seed=s).upper(0.05) < 0.05 for s in range(60))
        assert passed >= 48 - 6  # less two standard errors
        failed = sum(drawn(forecast, "0.1 too high", seed=s).lower(0.05) > 0.05 for s in range(20))
        assert failed >= 16


QUICK = {
    "few, one bin off": (independent(FORECASTS["wide"], TRUTHS["off in one bin"], 150), 15),
    "0.1 too high": (independent(FORECASTS["wide"], TRUTHS["0.1 too high"], 500), 15),
    "near 1, one bin off": (independent(FORECASTS["near 1"], TRUTHS["off in one bin"], 2_000), 15),
    "calibrated": (independent(FORECASTS["three values"], TRUTHS["calibrated"], 2_000), 15),
    "weights": (weighted(FORECASTS["near 1"], TRUTHS["overconfident"], 500), 15),
    "clusters": (clustered(FORECASTS["wide"], TRUTHS["0.1 too high"], 50, 10, 1.0), 5),
}


@pytest.mark.parametrize("name", QUICK)
def test_covers(name):
    draw, bins = QUICK[name]
    found = covered(draw, bins, 200)(np.random.default_rng(0))
    assert min(found.lower, found.upper) >= PASSING - tolerance(200)
    assert found.decided == 1


def test_reliability_table():
    p = np.array([0.1, 0.2, 0.2, 0.3, 0.7, 0.8, 0.9, 0.9])
    hit = np.array([0, 0, 1, 0, 1, 1, 0, 1])
    first, second = reliability_table(p, hit, bins=2)
    assert (first.low, first.high, first.n) == (0.1, 0.3, 4)
    assert (first.probability, first.hits) == pytest.approx((0.2, 0.25))
    limits = binomtest(1, 4).proportion_ci(0.95, "exact")
    assert (first.at_least, first.at_most) == pytest.approx((limits.low, limits.high))
    assert (second.low, second.high, second.hits) == (0.7, 0.9, 0.75)
