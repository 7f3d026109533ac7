"""Distances of categorical columns against SciPy, and their conventions for empty cells."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from evalharness.distances.shares import (
    chi_square,
    cramers_v,
    g_statistic,
    jensen_shannon,
    largest_difference,
    population_stability,
    population_stability_critical,
    total_variation,
)

SHIFT = [[120, 60, 20], [100, 75, 25]]


def test_named_case():
    chi2, g = chi_square(SHIFT), g_statistic(SHIFT)
    assert (chi2.statistic, chi2.p_value) == pytest.approx((4.04040404, 0.13262867), abs=1e-8)
    assert (g.statistic, g.p_value) == pytest.approx((4.04751194, 0.13215815), abs=1e-8)
    assert not chi2.simulated
    assert not g.simulated
    assert cramers_v(SHIFT) == pytest.approx(0.10050378, abs=1e-8)
    assert population_stability(SHIFT) == pytest.approx(0.04054651, abs=1e-8)
    assert jensen_shannon(SHIFT) == pytest.approx(0.00729916, abs=1e-8)
    assert np.sqrt(jensen_shannon(SHIFT)) == pytest.approx(0.0854351, abs=1e-7)
    assert total_variation(SHIFT) == pytest.approx(0.1, abs=1e-12)
    largest = largest_difference(SHIFT)
    assert (largest.value, largest.category) == (pytest.approx(0.1), 0)


def test_named_case_of_psi_without_difference():
    assert population_stability_critical(1000, 1000, 10) == pytest.approx(0.03383796, abs=1e-8)
    assert population_stability_critical(1000, 1000, 1) == 0


@pytest.mark.parametrize("categories", [2, 3, 20])
@pytest.mark.parametrize("size", [30, 3000])
def test_against_scipy(categories, size):
    rng = np.random.default_rng([categories, size])
    table = rng.multinomial(size, rng.dirichlet(np.full(categories, 5.0)), 2) + 1
    for ours, name in ((chi_square, "pearson"), (g_statistic, "log-likelihood")):
        found = stats.chi2_contingency(table, correction=False, lambda_=name)
        assert ours(table).statistic == pytest.approx(found.statistic, rel=1e-9)
        if not ours(table).simulated:
            assert ours(table).p_value == pytest.approx(found.pvalue, rel=1e-9)
        assert ours(table).simulated == (found.expected_freq.min() < 5)
    v = stats.contingency.association(table, "cramer")
    assert cramers_v(table) == pytest.approx(v, rel=1e-9)
    p, q = table / table.sum(axis=1, keepdims=True)
    assert jensen_shannon(table) == pytest.approx(jensenshannon(p, q, base=2) ** 2, rel=1e-6)
    psi = stats.entropy(p, q) + stats.entropy(q, p)
    assert population_stability(table) == pytest.approx(psi, rel=1e-9)
    assert total_variation(table) == pytest.approx(np.maximum(p - q, 0).sum(), abs=1e-12)
    assert largest_difference(table).value <= total_variation(table) + 1e-12


def test_a_simulated_p_value_is_fishers():
    """Of two categories, tables as extreme in G are those of the exact conditional test."""
    table = np.array([[2, 9], [7, 4]])
    both, n = table.sum(axis=0), 11
    first = np.arange(10)
    tables = np.stack([first, n - first], axis=1)
    chances = stats.hypergeom.pmf(first, both.sum(), both[0], n)
    for ours in (chi_square, g_statistic):
        found = ours(table)
        assert found.simulated
        each = np.array([ours([row, both - row]).statistic for row in tables])
        exact = chances[each >= found.statistic - 1e-9].sum()
        error = np.sqrt(exact * (1 - exact) / 4999)
        assert found.p_value == pytest.approx(exact, abs=4 * error)


@pytest.mark.parametrize("shares", [[0.97, 0.01, 0.01, 0.01], [1 / 300] * 300])
def test_no_more_false_alarms_than_stated_where_cells_are_few(shares):
    rng = np.random.default_rng(4)
    p = [
        chi_square(rng.multinomial(60, shares, 2), seed=i, replicates=199).p_value
        for i in range(400)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    # … and 0.05 is come near to where there are many tables.
    assert len(shares) == 4 or np.mean(np.array(p) <= 0.05) >= 0.02


def test_simulation_is_seeded_and_never_zero():
    table = [[30, 0, 1], [0, 30, 1]]
    assert chi_square(table, seed=5) == chi_square(table, seed=5)
    assert chi_square(table).p_value == 1 / 5000


def test_categories_of_neither_sample_are_left_out():
    wide = np.insert(np.array(SHIFT), [0, 2, 3], 0, axis=1)
    for distance in (total_variation, chi_square, g_statistic, cramers_v):
        assert distance(wide) == pytest.approx(distance(SHIFT))
    assert population_stability(wide) == pytest.approx(population_stability(SHIFT))
    assert jensen_shannon(wide) == pytest.approx(jensen_shannon(SHIFT))
    # The index is that of the table that was given.
    assert largest_difference(wide).category == 1


def test_categories_of_one_sample_alone():
    table = np.array([[40, 0, 90], [30, 25, 80]])
    expected = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    assert g_statistic(table)[:2] == pytest.approx((expected.statistic, expected.pvalue))
    apart = [[10, 0], [0, 30]]
    assert total_variation(apart) == 1
    assert jensen_shannon(apart) == 1
    assert cramers_v(apart) == pytest.approx(1)
    assert largest_difference(apart) == (1, 0)
    # Half an example in every bin: (10.5, .5) of 11 and (.5, 30.5) of 31.
    p, q = np.array([10.5, 0.5]) / 11, np.array([0.5, 30.5]) / 31
    assert population_stability(apart) == pytest.approx(((p - q) * np.log(p / q)).sum())


@pytest.mark.parametrize("table", [[[7], [9]], [[7, 0], [9, 0]]])
def test_one_category_does_not_differ(table):
    assert chi_square(table) == (0, 1, False)
    assert g_statistic(table) == (0, 1, False)
    for distance in (total_variation, cramers_v, population_stability, jensen_shannon):
        assert distance(table) == 0
    assert largest_difference(table) == (0, 0)


def test_the_mean_of_psi_without_a_difference():
    rng = np.random.default_rng(8)
    n, m, bins = 1000, 500, 10
    tables = zip(
        rng.multinomial(n, [1 / bins] * bins, 2000),
        rng.multinomial(m, [1 / bins] * bins, 2000),
        strict=True,
    )
    psi = np.array([population_stability(table) for table in tables])
    assert psi.mean() == pytest.approx((bins - 1) * (1 / n + 1 / m), rel=0.05)
    beyond = np.mean(psi > population_stability_critical(n, m, bins))
    assert beyond == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 2000))


@pytest.mark.parametrize(
    "table, message",
    [
        ([[1, 2], [0, 0]], "empty: 3 and 0"),
        ([[1, -2], [3, 0]], "negative"),
        ([[1.5, 2], [3, 0]], "not a whole number"),
        ([1, 2], "table of counts"),
        ([[1], [2], [3]], "table of counts"),
        ([[np.nan], [2]], "negative"),
    ],
)
def test_what_is_no_table_is_refused(table, message):
    for distance in (total_variation, chi_square, population_stability, jensen_shannon):
        with pytest.raises(ValueError, match=message):
            distance(table)
