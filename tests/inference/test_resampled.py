"""Bounds of a black box: BCa as SciPy's, the jackknife as the books', and what is refused."""

import math
import warnings

import numpy as np
import pytest
from scipy import stats

from evalharness.inference import resampled
from evalharness.inference.bca import acceleration, bca_levels, bias
from evalharness.inference.bounds import Bounds
from evalharness.inference.resampled import CostWarning, ResampledBounds
from evalharness.inference.row_order import contents, in_order


def of(function, *columns, unit=None, seed=0, replicates=400, **more):
    columns = [np.asarray(c) for c in columns]
    return ResampledBounds(
        lambda rows: function(*(c[rows] for c in columns)),
        contents(columns),
        unit,
        seed,
        replicates=replicates,
        **more,
    )


def normal(n, seed=0):
    return np.random.default_rng(seed).normal(size=n)


# Efron and Tibshirani 1993: chapter 14, spatial test data, and chapter 3, law school data.
SPATIAL = [48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24]
SPATIAL += [26, 30, 41]
LSAT = [576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594]
GPA = [3.39, 3.3, 2.81, 3.03, 3.44, 3.07, 3.0, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96]


def test_bca_of_a_variance_is_that_of_the_book():
    b = of(np.var, SPATIAL, replicates=20_000)
    assert b.value == pytest.approx(171.53402367)
    assert acceleration(b._influences) == pytest.approx(0.06124012, abs=1e-7)
    # SciPy 1.17.1 with 1e5 resamples; the ends vary by about 1 from seed to seed.
    assert b.interval(0.9) == pytest.approx((115.96, 261.46), abs=2.5)


def test_the_jackknife_of_a_correlation_is_that_of_the_book():
    b = of(lambda x, y: np.corrcoef(x, y)[0, 1], LSAT, GPA)
    assert b.value == pytest.approx(0.77637449)
    assert acceleration(b._influences) == pytest.approx(-0.07567156, abs=1e-6)
    assert math.sqrt(b._mean.m2 / (b.n - 1) / b.n) == pytest.approx(0.14251862, abs=1e-6)


@pytest.mark.parametrize("function", [np.var, np.mean, np.median])
def test_the_shown_interval_is_scipys(function):
    x = np.random.default_rng(1).gamma(2, size=80)
    b = of(function, x, replicates=5_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # SciPy 1.15 renamed the argument, and takes either name.
        found = stats.bootstrap(
            (x,), function, n_resamples=5_000, random_state=np.random.default_rng(0)
        ).confidence_interval
    assert b.interval(0.95) == pytest.approx(tuple(found), rel=0.05)


def test_levels_are_the_plain_ones_without_bias_and_skew():
    assert bca_levels(0.05, 0.0, 0.0) == pytest.approx((0.05, 0.95))
    assert bias(np.arange(101.0), 50.0) == pytest.approx(0.0)
    assert math.isfinite(bias(np.zeros(10), 1.0))


def test_it_offers_what_all_bounds_offer():
    b = of(np.mean, normal(300), name="mine")
    assert isinstance(b, Bounds)
    assert b.reason == ""
    assert b.note == "600 calls of mine"
    assert b.lower(0.05) < b.value < b.upper(0.05)
    assert b.lower(0.01) < b.lower(0.05)
    assert b.lower(1e-5) < b.lower(0.01)
    n = b.settle(b.value - 0.03, 0.05)
    assert n > 300
    assert b.settle(b.value - 0.03, 0.01) > n
    assert b.settle(b.value, 0.05) is None


def test_what_decides_is_never_shorter_than_the_jackknifes_t():
    x = normal(60)
    b = of(np.mean, x)
    low, high = stats.t.interval(0.9, 59, x.mean(), stats.sem(x))
    assert b.lower(0.05) <= low + 1e-12
    assert b.upper(0.05) >= high - 1e-12


@pytest.mark.parametrize("clustered", [False, True])
def test_neither_order_nor_names_of_units_matter(clustered):
    x = normal(300).round(1)
    unit = np.random.default_rng(3).integers(0, 40, 300) if clustered else None
    p = np.random.default_rng(5).permutation(300)
    a = of(np.mean, x, unit=unit)
    b = of(np.mean, x[p], unit=None if unit is None else (39 - unit)[p])
    assert a.n == b.n == (40 if clustered else 300)
    assert [a.lower(0.05), *a.interval(0.95)] == pytest.approx([b.lower(0.05), *b.interval(0.95)])
    assert of(np.mean, x, unit=unit, seed=1).interval(0.95) != a.interval(0.95)


def test_the_order_is_of_what_rows_hold():
    rows = [np.array(["b", "a", "c", "a"], object), np.array([1.0, -0.0, 2.0, 0.0])]
    numbers = contents(rows)
    assert numbers[1] == numbers[3]
    assert len(set(numbers.tolist())) == 3
    order, starts = in_order(numbers, np.array([7, 7, 2, 2]))
    assert sorted(order.tolist()) == [0, 1, 2, 3]
    assert starts.tolist() == [0, 2, 4]


def test_clusters_are_drawn_whole():
    unit = np.repeat(np.arange(50), 10)
    x = np.repeat(normal(50), 10)
    alone, together = of(np.mean, x), of(np.mean, x, unit=unit)
    assert together.unit == "clusters"
    ratio = np.ptp(together.interval(0.95)) / np.ptp(alone.interval(0.95))
    assert ratio == pytest.approx(math.sqrt(10), rel=0.15)


def undefined_sometimes(x):
    return x.mean() if (x == x.max()).sum() < 3 else math.nan


REFUSED = [
    (np.mean, np.arange(19.0), "fewer than 20 examples"),
    (np.mean, np.zeros(50), "is the same whichever examples are left out"),
    (np.max, normal(500), "too few of 500 examples make the value"),
    (lambda x: np.quantile(x, 0.99), normal(500), "too few of 500 examples"),
    (np.mean, np.arange(1_000) < 5, "too few of 1,000 examples"),
    (lambda x: x[0], normal(50), "in another order"),
    (lambda x: math.nan, normal(50), "has no value on these 50 rows"),
    (undefined_sometimes, normal(60), "resamples"),
    (lambda x: len(np.unique(x)) + x.mean(), normal(100), "the bootstrap does not hold"),
]


@pytest.mark.parametrize("function, x, reason", REFUSED)
def test_what_cannot_be_bounded_is_refused_in_words(function, x, reason):
    b = of(function, x, range=(-1e9, 1e9))
    assert reason in b.reason
    assert (b.lower(0.05), b.upper(0.05)) == (-1e9, 1e9)
    assert b.settle(0.0, 0.05) is None
    low, high = b.interval(0.95)
    assert low < high


@pytest.mark.parametrize("units, shown", [(2, False), (19, False), (20, True)])
def test_fewer_than_20_units_show_no_interval(units, shown):
    unit, x = np.arange(400) % units, normal(400)
    b = of(np.mean, x, unit=unit, range=(-9, 9))
    assert (b.interval(0.95) != (-9, 9)) is shown
    assert bool(b.note) is shown
    assert (b.shown != "none") is shown
    assert of(np.mean, x, unit=unit).interval(0.95)[0] == -math.inf or shown


def test_without_spread_no_interval_is_shown():
    # Sums of 0.1 differ in the last digits by how many are added up at once.
    unit = np.repeat(np.arange(40), np.arange(40) + 1)
    b = of(lambda x: x.sum() / len(x), np.full(len(unit), 0.1), unit=unit)
    assert b.interval(0.95) == (-math.inf, math.inf)


def test_the_worst_of_groups_that_are_alike_is_refused():
    rng = np.random.default_rng(0)
    group, hit = rng.permutation(300) % 3, rng.random(300) < 0.8
    hit[group == 1] = hit[group == 0]

    def worst(group, hit):
        return min(hit[group == g].mean() for g in range(3))

    assert of(worst, group, hit, replicates=1_000).reason


def test_bounds_stay_in_the_range():
    hits = np.arange(400) < 370
    b = of(np.mean, hits, range=(0.0, 0.93))
    assert b.upper(0.001) == 0.93
    assert b.interval(0.999)[1] == 0.93


def test_cost_is_announced(monkeypatch):
    monkeypatch.setattr(resampled, "SECONDS", 0.0)
    b = of(np.mean, normal(50), name="slow")
    with pytest.warns(CostWarning, match="slow: 450 calls of about"):
        assert not b.reason
