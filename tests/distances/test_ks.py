"""The Kolmogorov-Smirnov distance against SciPy and against its definition."""

import numpy as np
import pytest
from scipy import stats

from evalharness.distances.ks import (
    kolmogorov_quantile,
    ks_distance,
    ks_gap,
    ks_p_value,
)

A = [0.2, 0.5, 0.9, 1.4, 2.0, 2.2, 3.1, 3.3]
B = [0.1, 0.7, 1.1, 2.5, 2.9, 3.6, 4.0, 4.4, 5.2, 1.9]

DRAWS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "lognormal": lambda rng, n: rng.lognormal(size=n),
    "integer": lambda rng, n: rng.integers(-20, 20, n),
    "two values": lambda rng, n: rng.integers(0, 2, n),
    "rounded": lambda rng, n: rng.normal(size=n).round(1),
    "null last": lambda rng, n: np.where(rng.random(n) < 0.2, np.inf, rng.normal(size=n)),
}


def by_definition(a, b):
    """sup |F - G| over every value of either, in whole numbers."""
    n, m = len(a), len(b)
    points = np.concatenate([a, b])
    counts = np.searchsorted(np.sort(a), points, "right") * m
    counts = counts - np.searchsorted(np.sort(b), points, "right") * n
    return np.abs(counts).max() / (n * m)


def test_named_case():
    assert ks_distance(A, B) == pytest.approx(0.4, abs=1e-12)
    assert float(ks_p_value(0.4, 8, 10)) == pytest.approx(0.39174551, abs=1e-8)


@pytest.mark.parametrize("n, m", [(1, 1), (1, 7), (9, 4), (300, 1000), (5000, 1500), (2048, 4097)])
@pytest.mark.parametrize("shift", [0.0, 0.3, 9.0])
@pytest.mark.parametrize("name", DRAWS)
def test_the_distance_is_exact(name, n, m, shift):
    rng = np.random.default_rng([n, m, len(name)])
    a, b = DRAWS[name](rng, n), DRAWS[name](rng, m) + int(shift * 10) / 10
    expected = by_definition(a, b)
    assert ks_distance(a, b) == expected
    assert ks_distance(b, a) == expected
    if n * m > 1 and np.isfinite(a).all() and np.isfinite(b).all():
        scipy = stats.ks_2samp(a, b, method="asymp").statistic
        assert expected == pytest.approx(scipy, abs=1e-12)
    gap = ks_gap(a, b)
    assert gap.distance == expected
    assert gap.at in a or gap.at in b
    assert gap.share_a == np.mean(a <= gap.at)
    assert gap.share_b == np.mean(b <= gap.at)
    assert abs(gap.share_a - gap.share_b) == pytest.approx(expected, abs=1e-12)


def test_a_gap_within_a_box_is_found():
    """Values that differ only between two grid points, on either side."""
    a = np.arange(6400.0)
    for at in (1, 63, 64, 65, 3000, 6399):
        for step in (-1e3, 1e3):
            b = a.copy()
            b[at : at + 30] += step
            assert ks_distance(a, b) == by_definition(a, b)


def test_a_long_plateau_of_equal_gaps():
    """Every box may hold the largest gap."""
    a = np.arange(5000.0)
    b = np.concatenate([np.full(50, -1.0), a[:-50] + 0.5])
    assert ks_distance(a, b) == by_definition(a, b)
    assert ks_distance(b, a) == by_definition(a, b)


@pytest.mark.parametrize("make", [np.zeros, lambda n: np.arange(n) % 3])
def test_equal_samples_do_not_differ(make):
    a = make(1500)
    assert ks_distance(a, a) == 0
    assert ks_distance(a, np.tile(a, 3)) == 0
    assert ks_gap(a, a).share_a == ks_gap(a, a).share_b == 1


def test_large_integers_are_not_rounded():
    """In float64 the two would be one value."""
    a = np.full(10, 2**62, np.int64)
    assert ks_distance(a, a + 1) == 1
    gap = ks_gap(a, a + 1)
    assert (gap.at, gap.share_a, gap.share_b) == (2**62, 1, 0)


def test_columns_are_each_compared():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(9000, 21)), rng.normal(size=(6000, 21)) + rng.normal(size=21) / 10
    each = [by_definition(a[:, j], b[:, j]) for j in range(21)]
    for x in (a, np.asfortranarray(a)):
        before = x.copy()
        np.testing.assert_array_equal(ks_distance(x, b), each)
        np.testing.assert_array_equal(x, before)
    assert [ks_gap(a[:, j], b[:, j]).distance for j in range(21)] == each
    assert ks_distance(a[:, :0], b[:, :0]).shape == (0,)


@pytest.mark.parametrize(
    "a, b, message",
    [
        ([], [1.0], "empty: 0 and 1"),
        ([1.0, np.nan], [1.0], "NaN"),
        (np.zeros((3, 2)), np.zeros((3, 1)), "columns"),
        (0.0, 1.0, "columns"),
    ],
)
def test_what_cannot_be_compared_is_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        ks_distance(a, b)


@pytest.mark.parametrize("n, m", [(1, 1), (1, 30), (7, 7), (8, 12), (13, 5), (40, 60), (99, 100)])
def test_exact_p_values_are_scipys(n, m):
    rng = np.random.default_rng([n, m])
    pairs = [(rng.normal(size=n), rng.normal(size=m) + s) for s in (0, 0.2, 1, 5)]
    expected = [stats.ks_2samp(a, b, method="exact") for a, b in pairs]
    ours = ks_p_value([e.statistic for e in expected], n, m)
    np.testing.assert_allclose(ours, [e.pvalue for e in expected], rtol=1e-9)


def test_p_values_at_the_ends():
    assert ks_p_value(0.0, 5, 9) == 1
    assert ks_p_value(0.0, 500, 900) == 1
    # One order of 9 and 5 values has all of one below all of the other, and its mirror image.
    assert ks_p_value(1.0, 5, 9) == pytest.approx(2 / 2002, rel=1e-12)
    assert ks_p_value([[0.1, 0.2]], 5, 9).shape == (1, 2)


@pytest.mark.parametrize(("n", "m"), [(100, 100), (1000, 300), (3000, 3000), (200, 9000)])
@pytest.mark.parametrize("far", [0.5, 1, 2, 3])
def test_asymptotic_p_values_are_nearly_the_exact_ones(n, m, far):
    rng = np.random.default_rng([n, m])
    a, b = rng.normal(size=n), rng.normal(size=m) + far / np.sqrt(min(n, m))
    exact = stats.ks_2samp(a, b, method="exact")
    ours = float(ks_p_value(exact.statistic, n, m))
    assert 0.98 * exact.pvalue <= ours <= 1.25 * exact.pvalue


def test_the_kolmogorov_quantile():
    assert kolmogorov_quantile(0.05) == pytest.approx(1.358, abs=5e-4)
    for alpha in (0.2, 0.05, 0.001):
        assert stats.kstwobign.sf(kolmogorov_quantile(alpha)) == pytest.approx(alpha)


def test_the_bound_holds_as_often_as_it_says():
    """D of two samples of one distribution stays below K sqrt(1/n + 1/m), 1 - alpha of the time."""
    rng = np.random.default_rng(11)
    distances = ks_distance(rng.normal(size=(300, 2000)), rng.normal(size=(200, 2000)))
    beyond = np.mean(distances > kolmogorov_quantile(0.05) * np.sqrt(1 / 300 + 1 / 200))
    # The limit is approached from below.
    assert 0.03 < beyond < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)
