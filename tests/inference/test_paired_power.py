"""The exact power of a paired difference: by brute force, and by Connor's formula."""

import itertools

import numpy as np
import pytest
from scipy.stats import binom, multinomial

from evalharness import DeclarationError
from evalharness.inference.paired import PairedShareBounds, mid_p, passes
from evalharness.inference.paired_plans import paired_plan, paired_unit
from evalharness.inference.paired_power import PairedSizing, connor, least_wins
from evalharness.metrics import (
    accuracy,
    balanced_accuracy,
    error_rate,
    f1,
    mean,
    precision,
    rate,
    recall,
    roc_auc,
    specificity,
)


@pytest.mark.parametrize("threshold", [0.0, -0.02, 0.05])
def test_a_pass_is_what_the_limit_says(threshold):
    rng = np.random.default_rng(3)
    for _ in range(60):
        n = int(rng.integers(1, 300))
        m = int(rng.integers(0, min(n, rng.choice([8, 300])) + 1))
        b, alpha = int(rng.integers(0, m + 1)), float(rng.choice([0.05, 0.01]))
        limit = PairedShareBounds(b, m - b, n).lower(alpha)
        assert bool(passes(b, m - b, n, threshold, alpha)) == (limit > threshold)


@pytest.mark.parametrize("n, psi, d, threshold", [(16, 0.5, 0.3, 0.0), (16, 0.2, 0.0, -0.2)])
def test_the_power_is_a_sum_over_every_table(n, psi, d, threshold):
    shares = [(psi + d) / 2, (psi - d) / 2, 1 - psi]
    tables = ((b, c) for b, c in itertools.product(range(n + 1), repeat=2) if b + c <= n)
    brute = sum(
        multinomial.pmf([b, c, n - b - c], n, shares)
        for b, c in tables
        if PairedShareBounds(b, c, n).lower(0.05) > threshold
    )
    sizing = PairedSizing(threshold, 0.05, psi)
    assert sizing.power_at(n, d, True) == pytest.approx(brute, abs=1e-8)
    mirrored = PairedSizing(-threshold, 0.05, psi)
    assert mirrored.power_at(n, -d, False) == pytest.approx(brute, abs=1e-8)


CONNOR = {
    (0.05, 0.03): (1568, 0.8033),
    (0.06, 0.04): (1960, 0.8022),
    (0.03, 0.01): (783, 0.8110),
    (0.12, 0.08): (979, 0.8020),
    (0.055, 0.045): (7847, 0.8004),
}


@pytest.mark.parametrize("p10, p01", CONNOR)
def test_connors_formula_and_the_power_of_mid_p_alone(p10, p01):
    n, power = CONNOR[p10, p01]
    psi, d = p10 + p01, p10 - p01
    assert np.ceil(connor(psi, d, 0.0, 0.025, 0.8)) == n
    low, high = binom.ppf([1e-9, 1 - 1e-9], n, psi)
    m = np.arange(low, high + 1)
    tried = np.arange(m.max() + 1)[:, None]
    wins = np.where(mid_p(tried, np.maximum(m - tried, 0)) <= 0.025, tried, m + 1).min(axis=0)
    alone = float(binom.pmf(m, n, psi) @ binom.sf(wins - 1, m, p10 / psi))
    assert alone == pytest.approx(power, abs=1e-4)
    # Tango's and MOVER's limits decide as well, so that it takes a little more.
    sizing = PairedSizing(0.0, 0.025, psi)
    assert alone - 0.02 < sizing.power_at(n, d, True) <= alone + 1e-8
    assert sizing.needed_n(d, 0.8, True) == pytest.approx(n, rel=0.02)


def test_fewest_wins_between_others_are_those_of_each():
    m = np.arange(150, 600)
    each = np.concatenate([least_wins(m[i : i + 10], 3000, -0.01, 0.05) for i in range(0, 450, 10)])
    assert (least_wins(m, 3000, -0.01, 0.05) == each).all()


@pytest.mark.parametrize(
    "psi, d, threshold", [(0.1, 0.02, 0.0), (0.05, 0.0, -0.02), (0.02, 0.02, 0.0)]
)
def test_from_that_n_on_the_power_is_enough(psi, d, threshold):
    sizing = PairedSizing(threshold, 0.05, psi)
    n = sizing.needed_n(d, 0.8, True)
    assert sizing.power_at(n - 1, d, True) < 0.8
    assert all(sizing.power_at(k, d, True) >= 0.8 for k in (*range(n, n + 12), 2 * n))
    least = sizing.detectable(n, 0.8, True)
    assert threshold < least <= d + 1e-6
    assert sizing.power_at(n, least, True) == pytest.approx(0.8, abs=1e-3)


def test_of_vast_numbers_the_formula_goes_on_where_the_sum_ends():
    sizing = PairedSizing(0.0, 0.05, 0.1)
    one, more = (sizing.power_at(n, 0.002, True) for n in (100_000, 100_001))
    assert one == pytest.approx(more, abs=1e-3)
    assert sizing.power_at(sizing.needed_n(0.002, 0.8, True), 0.002, True) >= 0.8


def test_the_margin_of_a_named_case():
    """25 newly right and 10 newly wrong of 1,000, a margin of .01 at the level .025."""
    assert passes(25, 10, 1000, -0.01, 0.025)
    assert passes(25, 10, 1000, 0.0, 0.025)
    low, _ = PairedShareBounds(25, 10, 1000).interval(0.95)
    assert low == pytest.approx(0.003603, abs=1e-6)


def test_least_and_never():
    sizing = PairedSizing(0.0, 0.05, 0.1)
    n = sizing.least_n(True)
    assert sizing.possible(n, True)
    assert not sizing.possible(n - 1, True)
    assert PairedSizing(0.2, 0.05, 0.1).least_n(True) is None
    assert PairedSizing(0.0, 0.05, 0.1).detectable(20, 0.8, True) is None
    assert sizing.power_at(100, 0.2, True) is None


def test_which_metrics_are_planned():
    planned = {m: paired_unit(m) for m in (accuracy, error_rate, recall, specificity, rate("x"))}
    assert list(planned.values()) == ["examples", "examples", "positives", "negatives", "examples"]
    for metric in (precision, f1, balanced_accuracy, mean("x"), roc_auc, recall - precision):
        assert paired_unit(metric) == ""


def test_a_plan():
    bound = error_rate.against("old") < 0
    plan = paired_plan(bound, 0.1, alpha=0.05, n=2000)
    assert (plan.true, plan.assumed, plan.shows) == (-0.05, True, "pass")
    assert paired_plan(error_rate.against("old") <= 0.01, 0.1, alpha=0.05).true == 0.0
    assert paired_plan(bound, 0.1, alpha=0.05, true=0.02).shows == "fail"
    with pytest.raises(
        DeclarationError, match="disagree on 10 % of the examples, error_rate minus"
    ):
        paired_plan(bound, 0.1, alpha=0.05, true=-0.2)
    with pytest.raises(DeclarationError, match="can never pass"):
        paired_plan(accuracy.against("old") >= 0.2, 0.1, alpha=0.05)
