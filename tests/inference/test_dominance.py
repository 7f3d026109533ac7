"""What dominates: named cases, the rules, and what is believed of each kind of rung."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import beta, norm

from evalharness.inference.dominance import (
    BOTH,
    DOMINANT,
    FEWER_DRAWS,
    KNOTS,
    NOTHING,
    UNCLEAR,
    believed,
    believed_of_each,
    drawn,
    naming,
    of_each,
    of_shares,
    shares,
    sure_among,
)
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.means import MeanBounds
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.quantiles import QuantileBounds
from evalharness.inference.rung_gap import Assumed, RungGap
from evalharness.inference.slices import ProportionSlices

ALPHA = 0.05


def told(rungs, materiality=None, sign=1, may=None, seed=0, dev=-1):
    """What is said of rungs; half a point matters by default, or a tenth of dev's error."""
    gaps = [RungGap(a, b, sign) for a, b in zip(rungs[:-1], rungs[1:], strict=True)]
    low, high = (np.array([f(g) for g in gaps]) for f in (_low, _high))
    errors = drawn([believed(b) for b in rungs], seed)
    if materiality is None:
        materiality = max(0.005, 0.1 * rungs[dev].value)
    return naming(errors, sign, low, high, materiality, may or [True] * len(gaps))


def _low(gap):
    return gap.lower(ALPHA)


def _high(gap):
    return gap.upper(ALPHA)


def counts(*pairs, times=1):
    return [ProportionBounds(times * wrong, times * n) for wrong, n in pairs]


BIAS = [(10, 1000), (800, 10_000), (500, 5000)]
VARIANCE = [(75, 1000), (800, 10_000), (500, 5000)]
MISMATCH = [(40, 1000), (700, 10_000), (500, 5000), (600, 5000), (600, 5000)]
UNCLEAR_CASE = [(7, 1000), (70, 10_000), (40, 5000)]

# rungs, the probability that each gap is the largest, what is said, which gaps are named
NAMED = {
    "bias_variance_ng_bias": (BIAS, (1.0, 0.0), DOMINANT, (0,)),
    "bias_variance_ng_variance": (VARIANCE, (0.074, 0.926), DOMINANT, (1,)),
    "bias_variance_ng_mismatch": (MISMATCH, (0.453, 0.484, 0.062, 0.0), UNCLEAR, ()),
}


@pytest.mark.parametrize("name", NAMED)
def test_named_cases(name):
    rungs, largest, state, named = NAMED[name]
    found = told(counts(*rungs), dev=2 if len(rungs) == 3 else 3)
    assert found.largest == pytest.approx(largest, abs=0.005)
    assert sum(found.largest) == pytest.approx(1)
    assert (found.state, found.named) == (state, named)


def test_small_gaps_cannot_be_told_and_do_not_matter_by_the_default():
    rungs = counts(*UNCLEAR_CASE)
    found = told(rungs, materiality=0.0008)
    assert found.largest == pytest.approx((0.347, 0.653), abs=0.005)
    assert (found.state, found.named) == (UNCLEAR, ())
    # The bias may still be more than half a point, since few people were asked.
    gaps = [RungGap(a, b, 1) for a, b in zip(rungs[:-1], rungs[1:], strict=True)]
    assert [gap.upper(ALPHA) <= 0.005 for gap in gaps] == [False, True]
    assert told(rungs).state == UNCLEAR
    assert told(counts(*UNCLEAR_CASE, times=10)).state == NOTHING


def test_with_ten_times_the_examples_both_dominate():
    found = told(counts(*MISMATCH, times=10), materiality=0.01)
    assert (found.state, found.named) == (BOTH, (0, 1))
    assert found.unsure is None
    assert told(counts(*MISMATCH, times=10), materiality=0.001).state == UNCLEAR


def test_a_gap_that_is_near_but_not_surely_material_is_not_named():
    rungs = counts((50, 10_000), (200, 10_000), (200, 10_000))
    found = told(rungs, materiality=0.014)
    assert found.near[0] > 0.999
    assert (found.state, found.named) == (UNCLEAR, ())
    assert told(rungs, materiality=0.01).named == (0,)


def test_what_may_not_be_named_is_not():
    found = told(counts(*BIAS), may=[False, True])
    assert (found.state, found.named, found.large) == (UNCLEAR, (), (1,))


def test_gaps_that_surely_matter_are_told_where_none_is_surely_the_larger():
    """Two gaps of .095 each, of 4,000 examples, of which half a point matters."""
    found = told(counts((40, 4000), (420, 4000), (420, 4000), (800, 4000)), materiality=0.005)
    assert (found.state, found.named) == (UNCLEAR, ())
    assert found.large == (0, 2)
    assert told(counts((40, 4000), (60, 4000)), materiality=0.005).large == ()
    assert told(counts(*VARIANCE)).large == (1,)


def test_nothing_matters_only_where_every_gap_is_surely_small():
    rungs = counts((100, 10_000), (110, 10_000), (115, 10_000), times=10)
    assert told(rungs, materiality=0.01).state == NOTHING
    wide = counts((100, 10_000), (110, 10_000), (1, 100))
    assert told(wide, materiality=0.01).state == UNCLEAR


def test_negative_gaps_are_not_named():
    found = told(counts((4000, 10_000), (3000, 10_000), (2000, 10_000)), materiality=0.01)
    assert (found.state, found.named) == (NOTHING, ())


def test_accuracies_say_what_error_rates_say():
    error = told(counts(*VARIANCE), materiality=0.01)
    right = [ProportionBounds(n - wrong, n) for wrong, n in VARIANCE]
    accuracy = told(right, materiality=0.01, sign=-1)
    assert (accuracy.state, accuracy.named) == (error.state, error.named)
    assert accuracy.largest == pytest.approx(error.largest, abs=0.005)


def test_one_gap_alone_is_named_where_it_is_material():
    found = told(counts((10, 1000), (100, 1000)), materiality=0.01)
    assert (found.state, found.named, found.largest) == (DOMINANT, (0,), (1.0,))
    small = told(counts((10, 1000), (20, 1000)), materiality=0.01)
    assert (small.state, small.near, small.unsure) == (UNCLEAR, (1.0,), 1)


def test_draws_depend_on_the_seed_only():
    beliefs = [believed(b) for b in counts(*MISMATCH)]
    one = drawn(beliefs, 3)
    np.random.default_rng().random(7)
    assert np.array_equal(one, drawn(beliefs, 3))
    assert not np.array_equal(one, drawn(beliefs, 4))
    # What a rung is drawn as does not hang on what the others are.
    other = drawn([*beliefs[:-1], believed(Assumed(0.5))], 3)
    assert np.array_equal(one[:-1], other[:-1])
    assert (other[-1] == 0.5).all()


@pytest.mark.parametrize("hits, n", [(5, 1000), (500, 5000), (10, 20), (995, 1000)])
def test_a_share_is_believed_as_jeffreys_has_it(hits, n):
    draws = drawn([believed(ProportionBounds(hits, n))], 0)[0]
    exact = beta(hits + 0.5, n - hits + 0.5)
    # Between its knots a quantile is taken off a line: by up to a twentieth of its deviation.
    for q in (0.005, 0.025, 0.16, 0.5, 0.84, 0.975, 0.995):
        assert np.quantile(draws, q) == pytest.approx(exact.ppf(q), abs=0.06 * exact.std())
    assert draws.mean() == pytest.approx(exact.mean(), abs=0.06 * exact.std())
    assert draws.std() == pytest.approx(exact.std(), rel=0.06)


@pytest.mark.parametrize("hits, n", [(0, 20), (1, 100), (4, 1000), (999, 1000)])
def test_few_errors_are_believed_to_be_as_few_as_their_limits_say(hits, n):
    """Of one error Jeffreys' belief begins at twice the share at which Clopper-Pearson's does."""
    knots, values = believed(ProportionBounds(hits, n))
    bounds = ProportionBounds(hits, n)
    for z, value in zip(knots, values, strict=True):
        limit = bounds.lower(norm.cdf(z)) if z < 0 else bounds.upper(norm.sf(z))
        assert value == pytest.approx(bounds.value if z == 0 else limit)
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize("gaps, sure", [(1, 0.975), (2, 0.975), (3, 0.9875), (4, 1 - 0.025 / 3)])
def test_the_more_gaps_there_are_the_surer_one_must_be(gaps, sure):
    assert sure_among(gaps) == pytest.approx(sure)
    # The middle of three sizes is near the largest in so many draws, but for a few.
    for off, named in ((0.001, (0,)), (-0.001, ())):
        draws = np.zeros((gaps + 1, 10_000))
        draws[1:] = 1.0
        if gaps > 1:
            draws[2:, : round(10_000 * (1 - sure - off))] = 3.0
            found = naming(draws, 1, np.ones(gaps), np.full(gaps, 3.0), 0.5, [True] * gaps)
            assert found.near[0] == pytest.approx(sure + off, abs=1e-4)
            assert found.named == named


def test_many_shares_at_once_are_each_of_them():
    together = of_shares(np.array([0, 3, 50]), np.array([10, 400, 60]))
    for row, pair in zip(together, [(0, 10), (3, 400), (50, 60)], strict=True):
        knots, alone = believed(ProportionBounds(*pair))
        assert np.array_equal(knots, KNOTS)
        assert np.array_equal(row, alone)


def of_other_kinds():
    x = np.random.default_rng(0).gamma(2, size=400)
    mean = MeanBounds(400, x.mean(), 400 * x.var(), ((x - x.mean()) ** 3).sum(), lambda: x, 0)
    f1 = ProportionBounds(80, 120, "examples", lambda j: 2 * j / (1 + j))
    k = np.random.default_rng(1).binomial(20, np.random.default_rng(2).beta(1, 4, 40))
    clusters = EffectiveBounds(k, np.full(40, 20), clusters=True)
    return {"mean": mean, "F1": f1, "clusters": clusters}


@pytest.mark.parametrize("kind", ["mean", "F1", "clusters"])
def test_anything_else_is_believed_to_lie_where_its_bounds_do(kind):
    bounds = of_other_kinds()[kind]
    draws = drawn([believed(bounds)], 0)[0]
    spread = bounds.upper(0.025) - bounds.lower(0.025)
    assert np.median(draws) == pytest.approx(bounds.value, abs=0.01 * spread)
    for alpha in (0.005, 0.025, 0.05, 0.16):
        assert np.quantile(draws, alpha) == pytest.approx(bounds.lower(alpha), abs=0.02 * spread)
        assert np.quantile(draws, 1 - alpha) == pytest.approx(
            bounds.upper(alpha), abs=0.02 * spread
        )


def test_clusters_are_believed_less_than_as_many_examples():
    clusters = of_other_kinds()["clusters"]
    alone = ProportionBounds(clusters.hits, clusters.trials)
    one, other = (drawn([believed(b)], 0)[0].std() for b in (clusters, alone))
    assert one > 1.5 * other


def test_an_end_that_is_not_bounded_may_be_anything():
    """Of 400 values the 99 % quantile has a bound at .05 and none at .001."""
    x = np.sort(np.random.default_rng(0).gamma(2, size=400))
    quantile = QuantileBounds(x, np.ones(400, int), 0.99)
    assert quantile.upper(0.05) < math.inf == quantile.upper(norm.cdf(-3))
    low = QuantileBounds(x - 3, np.ones(400, int), 0.9)
    for rungs in ([low, quantile], [quantile, low], [low, quantile, quantile]):
        found = told(rungs, materiality=0.01)
        assert all(0 <= p <= 1 for p in (*found.largest, *found.near))
    assert told([low, quantile], materiality=0.01).named == (0,)
    found = told([low, quantile], materiality=quantile.value - low.value)
    assert (found.state, found.unsure) == (UNCLEAR, 1)


def test_of_draws_how_often_each_is_near_and_largest():
    gaps = np.array([[[3.0, 1.0, 2.0, 0.0], [2.5, 2.0, 0.0, 0.0]]])
    near, largest = shares(gaps, np.array([0.6]))
    assert near.tolist() == [[0.75, 0.75]]
    assert largest.tolist() == [[0.625, 0.375]]  # one draw of four is a tie
    near, _ = shares(np.concatenate([gaps, gaps]), np.array([0.6, 0.4]))
    assert near.tolist() == [[0.75, 0.75], [0.75, 0.5]]


def test_draws_that_are_ties_are_shared_wherever_they_lie():
    gaps = np.array([[[1.0, 2.0], [3.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]], [[2.0, 1.0], [1.0, 1.0]]])
    assert shares(gaps, np.zeros(3))[1].tolist() == [[0.5, 0.5], [0.5, 0.5], [0.75, 0.25]]


def test_of_many_ladders_too_a_share_of_draws_is_known_to_a_fifth_of_the_doubt():
    """Of four gaps .9917 is asked, so that .0083 may be in doubt."""
    sure = sure_among(4)
    assert (sure * (1 - sure) / FEWER_DRAWS) ** 0.5 < 0.2 * (1 - sure)


@pytest.mark.parametrize("least", [0, 1, 2, 3])
def test_the_rung_that_adds_most_to_the_doubt_is_told(least):
    """Both large gaps hang on three rungs, the middle one with twice the weight."""
    n = [20_000] * 4
    n[least] = 300
    rates = (0.02, 0.05, 0.081, 0.081)
    rungs = [ProportionBounds(round(p * k), k) for p, k in zip(rates, n, strict=True)]
    found = told(rungs, materiality=0.001)
    assert found.state == UNCLEAR
    assert found.unsure == (least if least < 3 else 1)


def test_an_assumed_level_is_not_what_to_measure():
    found = told([Assumed(0.02), *counts((2500, 50_000), (400, 5000))], materiality=0.001)
    assert (found.state, found.unsure) == (UNCLEAR, 2)


def test_many_ladders_at_once_are_each_of_them():
    random = np.random.default_rng(5)
    trials = random.integers(30, 3_000, (70, 4))
    hits = random.binomial(trials, [0.02, 0.05, 0.08, 0.3])
    lower, upper = random.uniform(-0.1, 0.1, (70, 3)), random.uniform(0, 0.3, (70, 3))
    may = random.random((70, 3)) < 0.9
    beliefs = [(KNOTS, of_shares(hits[:, r], trials[:, r])) for r in range(4)]
    found = of_each(beliefs, 1, lower, upper, 0.01, may, 3, draws=2_000)
    for s in range(70):
        errors = drawn([(k, v[s]) for k, v in beliefs], 3, draws=2_000)
        assert found.one(s) == naming(errors, 1, lower[s], upper[s], 0.01, may[s])
    assert {*found.state} >= {DOMINANT, UNCLEAR}


def test_bounds_of_many_slices_are_believed_as_those_of_one():
    hits, trials = np.array([3.0, 40.0]), np.array([50.0, 90.0])
    knots, found = believed_of_each(ProportionSlices(hits, trials, "examples", None))
    for row, pair in zip(found, [(3, 50), (40, 90)], strict=True):
        alone = believed(ProportionBounds(*pair))
        assert np.array_equal(knots, alone[0])
        assert np.array_equal(row, alone[1])

    def double(j):
        return 2 * j / (1 + j)

    knots, found = believed_of_each(ProportionSlices(hits, trials, "examples", double))
    for row, pair in zip(found, [(3, 50), (40, 90)], strict=True):
        alone = believed(ProportionBounds(*pair, "examples", double))
        assert np.array_equal(knots, alone[0])
        assert row == pytest.approx(alone[1])
