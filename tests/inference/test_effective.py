"""Weighted and clustered shares, and quantiles: laws, reference values, words."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalharness.inference.bounds import Bounds
from evalharness.inference.effective import (
    EffectiveBounds,
    effective_size,
    lower_limit,
    unit_sums,
    upper_limit,
)
from evalharness.inference.effective_quantiles import EffectiveQuantileBounds
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.quantiles import QuantileBounds

LEVELS = st.floats(0.001, 0.4)


@st.composite
def units(draw):
    """(k, m, clusters): units of any size, some without trials."""
    g = draw(st.integers(1, 60))
    m = np.array(draw(st.lists(st.sampled_from([0, 1, 1, 2, 10, 0.5]), min_size=g, max_size=g)))
    share = np.array(draw(st.lists(st.sampled_from([0, 0.3, 0.5, 1]), min_size=g, max_size=g)))
    return share * m, m.astype(float), draw(st.booleans())


def flips(n, p=0.8, seed=0):
    return (np.random.default_rng(seed).random(n) < p).astype(float)


def ends(b, alpha):
    return [*b.interval(1 - 2 * alpha), b.lower(alpha), b.upper(alpha)]


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.1, 50), LEVELS)
def test_equal_weights_are_clopper_pearson(hits, misses, weight, alpha):
    k = np.r_[np.ones(hits), np.zeros(misses)] * weight
    b = EffectiveBounds(k, np.full(hits + misses, weight))
    plain = ProportionBounds(hits, hits + misses)
    assert b.value == pytest.approx(plain.value, nan_ok=True)
    for level in (alpha, 0.05):
        expected = [plain.lower(level), plain.upper(level)]
        assert ends(b, level) == pytest.approx([*expected, *expected], abs=1e-9)
    assert "worst" not in b.decides


@given(units(), LEVELS)
def test_bounds_contain_the_value_and_are_mirrored(kmc, alpha):
    k, m, clusters = kmc
    b, c = EffectiveBounds(k, m, clusters=clusters), EffectiveBounds(m - k, m, clusters=clusters)
    left, right, low, high = ends(b, alpha)
    assert 0 <= low < high <= 1
    if b.n:
        assert low <= b.value + 1e-12
        assert high >= b.value - 1e-12
    assert [1 - right, 1 - left, 1 - high, 1 - low] == pytest.approx(ends(c, alpha), abs=1e-9)


@given(units(), st.floats(0.01, 100), st.randoms(use_true_random=False))
def test_neither_scale_nor_order_nor_empty_units_matter(kmc, factor, random):
    k, m, clusters = kmc
    order = list(range(len(m)))
    random.shuffle(order)
    examples = float((m > 0).sum())
    b = EffectiveBounds(k, m, clusters=clusters, examples=examples)
    c = EffectiveBounds(
        np.r_[0, factor * k[order]],
        np.r_[0, factor * m[order]],
        "examples",
        None,
        clusters,
        examples,
    )
    assert (b.n, b.decides) == (c.n, c.decides)
    assert ends(b, 0.05) == pytest.approx(ends(c, 0.05), abs=1e-9)


def test_as_the_reference_cluster_ratio():
    """The case `cluster_ratio_se`: error and design effect as statsmodels' clustered OLS."""
    k, m, p = [9, 10, 7, 10, 8, 3, 10, 9], [10, 10, 10, 12, 9, 8, 10, 11], 0.825
    # As if the rule of ten were met: the linearised n_eff.
    s = unit_sums(k, m, clusters=True)._replace(errors=10, successes=10)
    assert sum(m) / effective_size(s) == pytest.approx(2.13296228, abs=1e-6)
    assert math.sqrt(p * (1 - p) / effective_size(s)) == pytest.approx(0.06204297, abs=1e-6)
    b = EffectiveBounds(k, m, "positives", clusters=True)
    assert b.value == pytest.approx(p)
    assert b.n_eff == pytest.approx(80 / 12)  # six clusters with an error: the worst case


def test_a_design_effect():
    """500 examples in 50 clusters of 10 whose outcomes are alike with correlation 0.3."""
    rng = np.random.default_rng(1)
    rates = rng.beta(0.8 * 7 / 3, 0.2 * 7 / 3, (2_000, 50))
    s = unit_sums(rng.binomial(10, rates), np.full((2_000, 50), 10), clusters=True)
    assert np.median(effective_size(s)) == pytest.approx(135.1, rel=0.06)


def test_the_course_s_picture():
    """2 % of the examples weigh ten times and are half wrong: Kish's n_eff would cover .8."""
    rng = np.random.default_rng(2)
    heavy = np.arange(1_000) < 20
    w = np.broadcast_to(np.where(heavy, 10.0, 1.0), (2_000, 1_000))
    y = rng.random(w.shape) < np.where(heavy, 0.5, 0.99)
    truth = (200 * 0.5 + 980 * 0.99) / 1_180
    s = unit_sums(w * y, w, clusters=False)
    assert (lower_limit(s, 0.05) <= truth).mean() >= 0.94
    assert (upper_limit(s, 0.05) >= truth).mean() >= 0.94
    # Of their errors and successes some ten each are seen: below that the worst case decides.
    worst = (s.errors < 10) | (s.successes < 10)
    assert effective_size(s)[worst] == pytest.approx(118)
    assert (effective_size(s)[~worst] < 400).all()


def test_a_heavy_unit_without_an_error_is_not_taken_for_safe():
    w = np.r_[np.full(15, 10.0), np.ones(2_985)]
    y = np.r_[np.ones(15), np.zeros(30), np.ones(2_955)]
    b = EffectiveBounds(w * y, w)
    assert "worst" not in b.decides
    naive = ProportionBounds(int(b.value * b.n_eff), int(b.n_eff))
    assert b.lower(0.05) < naive.lower(0.05) - 0.002
    assert b.upper(0.05) == pytest.approx(naive.upper(0.05), abs=0.002)


def test_words():
    rng = np.random.default_rng(0)
    k = rng.binomial(10, rng.beta(4, 2, 40))
    b = EffectiveBounds(k, np.full(40, 10), "positives", clusters=True)
    assert (b.n, b.unit) == (40, "clusters")
    assert b.note == f"400 positives in 40 clusters, n_eff {b.n_eff:.4g}"
    assert b.decides == b.shown == "Clopper-Pearson at n_eff"
    b = EffectiveBounds(np.full(12, 10), np.full(12, 10), "positives", clusters=True)
    assert b.note == (
        "120 positives in 12 clusters, n_eff 12, the worst case: fewer than 10 clusters with an "
        "error (0)"
    )
    assert b.decides == "Clopper-Pearson at the worst case n_eff"
    assert b.lower(0.05) == pytest.approx(0.05 ** (1 / 12))
    w = np.r_[np.full(100, 1.0), np.full(100, 3.0)]
    b = EffectiveBounds(w * flips(200), w, "positives")
    assert b.note == f"n_eff {b.n_eff:.4g} of 200 positives by weight"
    assert 120 < b.n_eff < 200
    assert isinstance(b, Bounds)


def test_the_worst_case_of_unequal_clusters():
    m = np.r_[np.ones(40), np.full(10, 200)]
    assert EffectiveBounds(m, m, clusters=True).n_eff == pytest.approx(10.2)


def test_without_trials():
    for b in (EffectiveBounds([], [], "positives"), EffectiveBounds([0, 0], [0, 0], "positives")):
        assert math.isnan(b.value)
        assert b.reason == "0/0: there are no positives"
        assert ends(b, 0.05) == [0, 1, 0, 1]
        assert b.settle(0.5, 0.05) is None
        assert b.note == ""


def test_wrong_hits_are_an_error():
    with pytest.raises(ValueError, match="between 0 and its trials"):
        EffectiveBounds([2], [1])
    with pytest.raises(ValueError, match="between 0 and its trials"):
        EffectiveBounds([math.nan], [1])


def test_through_a_function():
    k, m = flips(300) * 2, np.full(300, 2.0)
    plain, mapped = EffectiveBounds(k, m), EffectiveBounds(k, m, through=lambda x: x * x)
    assert ends(mapped, 0.05) == pytest.approx([x * x for x in ends(plain, 0.05)])
    assert mapped.settle(0.49, 0.05) == plain.settle(0.7, 0.05)
    assert mapped.settle(1.5, 0.05) is None


def test_settling_asks_for_units():
    rng = np.random.default_rng(3)
    k = rng.binomial(10, rng.beta(8, 2, 60))
    b = EffectiveBounds(k, np.full(60, 10), clusters=True)
    n = b.settle(b.value - 0.05, 0.05)
    plain = ProportionBounds(int(k.sum()), 600).settle(b.value - 0.05, 0.05)
    assert n == pytest.approx(plain / b.n_eff * 60, rel=0.35)
    assert b.settle(b.value, 0.05) is None
    # No error in 20 clusters: 29 of the worst case pass 0.9.
    assert EffectiveBounds(np.full(20, 5), np.full(20, 5), clusters=True).settle(0.9, 0.05) == 29
    w = flips(400, 0.9, 1)
    assert EffectiveBounds(w, np.ones(400)).settle(0.85, 0.05) == pytest.approx(
        ProportionBounds(int(w.sum()), 400).settle(0.85, 0.05), rel=0.15
    )


# Quantiles


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=400),
    st.sampled_from([0.1, 0.5, 0.9, 0.99]),
    st.sampled_from([0.047, 0.013]),
)
def test_equal_weights_are_order_statistics(column, q, alpha):
    b = EffectiveQuantileBounds(column, np.full(len(column), 2.5), None, q)
    plain = QuantileBounds(*np.unique(column, return_counts=True), q)
    for name in ("lower", "upper"):
        assert getattr(b, name)(alpha) == getattr(plain, name)(alpha)
        assert bool(b.missing(name, alpha)) == bool(plain.missing(name, alpha))
    assert (b.value, b.n) == (plain.value, plain.n)


@given(st.integers(0, 10_000), st.integers(5, 300), st.booleans(), st.sampled_from([0.3, 0.5, 0.9]))
def test_the_same_decision_as_of_the_share(seed, n, clusters, q):
    rng = np.random.default_rng(seed)
    x, w = rng.integers(0, 30, n), rng.choice([0, 1, 2, 0.5, 7], n)
    unit = rng.integers(0, max(1, n // 5), n) if clusters else None
    b = EffectiveQuantileBounds(x, w, unit, q, clusters)
    if not b.n:
        return
    low = np.array([b.share(t).lower(0.05) for t in b.values])
    high = np.array([b.share(t).upper(0.05) for t in (-1, *b.values)])
    # From the upper limit on, every value is shown to have the share; below the lower one none.
    assert (low[b.values >= b.upper(0.05)] >= q - 1e-9).all()
    assert (high[1:][b.values < b.lower(0.05)] <= q + 1e-9).all()
    # And they are no further out than that asks for.
    inside = b.values[b.values < b.upper(0.05)]
    if len(inside) and inside[-1] >= b.value:
        assert low[len(inside) - 1] < q + 1e-9


def test_a_weight_of_a_quantile_counts_and_clusters_widen_it():
    rng = np.random.default_rng(5)
    unit = np.repeat(np.arange(50), 10)
    x = rng.normal(size=500) + 2 * rng.normal(size=50)[unit]
    plain = EffectiveQuantileBounds(x, None, None, 0.5)
    tied = EffectiveQuantileBounds(x, None, unit, 0.5, clusters=True)
    assert tied.value == plain.value
    assert tied.upper(0.05) - tied.lower(0.05) > 1.5 * (plain.upper(0.05) - plain.lower(0.05))
    assert (tied.n, tied.unit) == (50, "clusters")
    assert "500 values in 50 clusters" in tied.note
    w = np.where(x > 1, 3.0, 1.0)
    b = EffectiveQuantileBounds(x, w, None, 0.5)
    assert w[x <= b.value].sum() >= w.sum() / 2 > w[x < b.value].sum()
    assert b.settle(b.value - 1, 0.05) is not None
    assert isinstance(b, Bounds)


def test_too_few_values_for_a_bound():
    b = EffectiveQuantileBounds(np.arange(200), np.ones(200), None, 0.99)
    assert b.upper(0.05) == math.inf
    assert b.reason == (
        "no upper bound of the 0.99 quantile exists with 95 % confidence: "
        "200 values of these weights are worth too few"
    )
    assert b.lower(0.05) > 150
    empty = EffectiveQuantileBounds([], None, None, 0.5)
    assert empty.reason == "0/0: there are no values"
    assert ends(empty, 0.05) == [-math.inf, math.inf, -math.inf, math.inf]
    assert empty.settle(1, 0.05) is None
    with pytest.raises(ValueError, match="strictly between"):
        EffectiveQuantileBounds([1], None, None, 1)
