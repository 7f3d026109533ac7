"""The gap between two rungs: named cases, an oracle, mirrored metrics, and what has no interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalharness.inference.bounds import Bounds
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.means import MeanBounds
from evalharness.inference.proportions import (
    ProportionBounds,
    clopper_pearson_lower,
    clopper_pearson_upper,
)
from evalharness.inference.quantiles import QuantileBounds
from evalharness.inference.rung_gap import Assumed, RungGap

# (name, rungs as wrong of n, gap: value, Newcombe's 95 %); the error rates are those of A. Ng.
NAMED = [
    (
        "bias_variance_ng_bias",
        [(10, 1000), (800, 10_000), (500, 5000)],
        [(0.07, 0.06022012, 0.07712858), (0.02, 0.01029417, 0.03004933)],
    ),
    (
        "bias_variance_ng_variance",
        [(75, 1000), (800, 10_000), (500, 5000)],
        [(0.005, -0.01372518, 0.02073338), (0.02, 0.01029417, 0.03004933)],
    ),
    (
        "bias_variance_ng_mismatch",
        [(40, 1000), (700, 10_000), (500, 5000), (600, 5000), (600, 5000)],
        [
            (0.03, 0.0151787, 0.04169293),
            (0.03, 0.020467, 0.03988894),
            (0.02, 0.0077373, 0.03227472),
            (0.0, -0.01274673, 0.01274673),
        ],
    ),
    (
        "bias_variance_ng_unclear",
        [(7, 1000), (70, 10_000), (40, 5000)],
        [(0.0, -0.00752048, 0.00404482), (0.001, -0.00180269, 0.00422215)],
    ),
]


@pytest.mark.parametrize("name, rungs, gaps", NAMED, ids=[case[0] for case in NAMED])
def test_named_cases(name, rungs, gaps):
    errors = [ProportionBounds(*rung) for rung in rungs]
    for below, above, (value, low, high) in zip(errors[:-1], errors[1:], gaps, strict=True):
        gap = RungGap(below, above, 1)
        assert gap.shown == "Newcombe"
        assert gap.value == pytest.approx(value, abs=1e-12)
        assert gap.interval(0.95) == pytest.approx((low, high), abs=1e-7)


@st.composite
def share(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 20_000))
    return draw(st.integers(0, n)), n


@given(share(), share())
def test_two_shares_are_shown_as_newcombe_has_it(below, above):
    from statsmodels.stats.proportion import confint_proportions_2indep

    expected = confint_proportions_2indep(*above, *below, method="newcomb", compare="diff")
    found = RungGap(ProportionBounds(*below), ProportionBounds(*above), 1).interval(0.95)
    assert found == pytest.approx(expected, abs=1e-9)


@given(share(), share(), st.booleans(), st.floats(0.001, 0.3))
def test_a_gap_of_accuracy_is_that_of_the_error_rate(below, above, tied, alpha):
    error = RungGap(ProportionBounds(*below), ProportionBounds(*above), 1, tied)
    right = [ProportionBounds(n - wrong, n) for wrong, n in (below, above)]
    accuracy = RungGap(*right, -1, tied)
    assert accuracy.value == pytest.approx(error.value, abs=1e-12)
    assert accuracy.interval(0.9) == pytest.approx(error.interval(0.9), abs=1e-12)
    assert accuracy.lower(alpha) == pytest.approx(error.lower(alpha), abs=1e-12)
    assert accuracy.upper(alpha) == pytest.approx(error.upper(alpha), abs=1e-12)


@given(share(), share(), st.floats(0.001, 0.3))
def test_to_exchange_the_rungs_turns_the_bounds_round(one, two, alpha):
    a, b = ProportionBounds(*one), ProportionBounds(*two)
    there, back = RungGap(a, b, 1), RungGap(b, a, 1)
    assert there.lower(alpha) == -back.upper(alpha)
    assert there.interval(0.9) == pytest.approx(tuple(-x for x in back.interval(0.9)[::-1]))


@given(share(), share(), st.booleans(), st.floats(0.001, 0.3))
def test_what_decides_holds_what_is_shown(below, above, tied, alpha):
    gap = RungGap(ProportionBounds(*below), ProportionBounds(*above), 1, tied)
    left, right = gap.interval(1 - 2 * alpha)
    assert gap.lower(alpha) <= left + 0.05 * (right - left) <= gap.value + (right - left)
    assert gap.upper(alpha) >= right - 0.05 * (right - left)
    assert gap.lower(alpha / 2) < gap.lower(alpha) < gap.value < gap.upper(alpha)


def test_what_decides_is_each_limit_on_its_farther_side():
    # 1 of 100: .01, and by Clopper-Pearson .0005 to .0466; the farther side lies above.
    below, above = ProportionBounds(1, 100), ProportionBounds(4000, 5000)
    far = clopper_pearson_upper(1, 100, 0.05) - 0.01, 0.8 - clopper_pearson_lower(4000, 5000, 0.05)
    half = math.hypot(*far)
    gap = RungGap(below, above, 1)
    assert gap.lower(0.05) == pytest.approx(0.79 - half)
    assert gap.upper(0.05) == pytest.approx(0.79 + half)


def test_clusters_on_both_rungs_may_err_together():
    below, above = ProportionBounds(30, 400), ProportionBounds(60, 400)
    apart, tied = RungGap(below, above, 1), RungGap(below, above, 1, tied=True)
    assert tied.shown == "MOVER"
    up, down = above.upper(0.05) - 0.15, below.upper(0.05) - 0.075
    assert tied.upper(0.05) == pytest.approx(tied.value + up + down)
    low, high = tied.interval(0.95)
    assert high - low > 1.3 * np.ptp(apart.interval(0.95))


def test_an_assumed_level_only_shifts_the_bounds():
    error = ProportionBounds(3, 1000)
    gap = RungGap(Assumed(0.001), error, 1)
    assert gap.n == 1000
    assert not gap.reason
    assert (gap.shown, gap.decides) == ("Wilson", "Clopper-Pearson")
    assert gap.value == pytest.approx(0.002)
    assert gap.upper(0.05) == pytest.approx(error.upper(0.05) - 0.001)
    assert gap.lower(0.05) == pytest.approx(error.lower(0.05) - 0.001)
    assert gap.interval(0.95) == pytest.approx([x - 0.001 for x in error.interval(0.95)])
    better = RungGap(Assumed(0.999), ProportionBounds(997, 1000), -1)
    assert better.lower(0.05) == pytest.approx(gap.lower(0.05))
    assert better.upper(0.05) == pytest.approx(gap.upper(0.05))


def test_an_assumed_level_is_a_constant():
    level = Assumed(0.03)
    assert isinstance(level, Bounds)
    assert level.interval(0.99) == (level.lower(0.001), level.upper(0.001)) == (0.03, 0.03)
    assert level.settle(0.02, 0.05) is None
    assert (level.n, level.reason) == (0, "")


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("tied", [False, True])
def test_a_rung_without_a_bound_gives_the_gap_none(sign, tied):
    # Fewer than 20 values have a mean, and nothing that bounds it.
    values = np.arange(10.0)
    few = MeanBounds(10, 4.5, 82.5, 0.0, lambda: values, 0)
    many = MeanBounds(2_000, 3.0, 2_000.0, 0.0, lambda: values, 0)
    for pair in ((few, many), (many, few)):
        gap = RungGap(*pair, sign, tied)
        assert gap.reason == few.reason != ""
        assert gap.lower(0.05) == -math.inf
        assert gap.upper(0.05) == math.inf
        assert gap.settle(1.0, 0.05) is None


def test_a_quantile_without_an_upper_bound_gives_the_gap_none_on_either_side():
    few = QuantileBounds(np.arange(100.0), np.ones(100, int), 0.99)
    many = QuantileBounds(np.arange(5_000.0), np.ones(5_000, int), 0.99)
    assert few.upper(0.05) == math.inf
    gap = RungGap(few, many, 1)
    assert (gap.lower(0.05), gap.upper(0.05)) == (-math.inf, math.inf)


def test_an_undefined_rung_decides_nothing():
    gap = RungGap(ProportionBounds(0, 0), ProportionBounds(3, 100), 1)
    assert gap.reason == "0/0: there are no examples"
    assert math.isnan(gap.value)
    assert (gap.lower(0.05), gap.upper(0.05)) == (-math.inf, math.inf)
    assert gap.settle(0.02, 0.05) is None


def test_protocol():
    gap = RungGap(ProportionBounds(30, 1000), ProportionBounds(60, 2000), 1)
    assert isinstance(gap, Bounds)
    assert (gap.n, gap.unit) == (3000, "examples")
    numbers = [gap.value, *gap.interval(0.95), gap.lower(0.05), gap.upper(0.05)]
    assert all(type(x) is float for x in numbers)


def test_so_many_examples_as_are_named_settle_it_in_four_of_five_cases_or_more():
    limit = 0.03
    few = RungGap(ProportionBounds(15, 500), ProportionBounds(13, 250), 1)
    assert few.upper(0.05) > limit
    n = few.settle(limit, 0.05)
    assert n is not None
    assert n > 750
    assert few.settle(limit, 0.01) > n
    rng, runs = np.random.default_rng(0), 400
    sizes = round(n * 500 / 750), round(n * 250 / 750)
    hits = [rng.binomial(k, p, runs) for k, p in zip(sizes, (0.03, 0.052), strict=True)]
    fresh = (
        RungGap(*(ProportionBounds(h, k) for h, k in zip(pair, sizes, strict=True)), 1)
        for pair in zip(*hits, strict=True)
    )
    decided = sum(gap.upper(0.05) <= limit for gap in fresh)
    # More, since Clopper-Pearson's limits of few errors shrink faster than is reckoned with.
    assert 0.75 <= decided / runs <= 0.95


def test_clusters_widen_the_gap():
    rng = np.random.default_rng(0)
    hits = [rng.binomial(20, rng.beta(1, 9, 60)).astype(float) for _ in range(2)]
    trials = np.full(60, 20.0)
    clustered = RungGap(*(EffectiveBounds(k, trials, clusters=True) for k in hits), 1)
    alone = RungGap(*(ProportionBounds(k.sum(), 1_200) for k in hits), 1)
    assert clustered.value == pytest.approx(alone.value)
    assert clustered.upper(0.05) - clustered.value > 1.3 * (alone.upper(0.05) - alone.value)
    assert clustered.shown == "MOVER"


def test_more_of_the_rung_that_is_known_less_well_settles_a_gap():
    """With so many examples it is decided in four of five samples."""
    rng = np.random.default_rng(0)
    below, above = ProportionBounds(200, 20_000), ProportionBounds(16, 400)
    gap = RungGap(below, above, 1)
    needed = gap.needed(0.05, 0.05)
    assert needed is not None
    assert needed[0] == 20_000
    assert needed[1] > 400
    decided = 0
    for k, m in zip(
        rng.binomial(needed[0], 0.01, 400), rng.binomial(needed[1], 0.04, 400), strict=True
    ):
        fresh = RungGap(ProportionBounds(k, needed[0]), ProportionBounds(m, needed[1]), 1)
        decided += fresh.upper(0.05) < 0.05
    assert 0.74 < decided / 400 < 0.92


def test_more_of_both_where_one_is_not_enough_and_none_at_the_threshold():
    gap = RungGap(ProportionBounds(40, 400), ProportionBounds(56, 400), 1)
    needed = gap.needed(0.05, 0.05)
    assert needed is not None
    assert min(needed) > 400
    assert gap.needed(gap.value, 0.05) is None
    assert RungGap(ProportionBounds(0, 0), ProportionBounds(5, 10), 1).needed(0.1, 0.05) is None
    assumed = RungGap(Assumed(0.01), ProportionBounds(16, 400), 1).needed(0.05, 0.05)
    assert assumed is not None
    assert assumed[0] == 0
