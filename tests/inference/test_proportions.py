"""Proportions: laws that limits of any counts obey, and what would settle them."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from evalharness.inference.power import settle_proportion
from evalharness.inference.proportions import ProportionBounds

LEVELS = st.floats(0.0005, 0.4)


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 10**6))
    return draw(st.integers(0, n)), n


def ends(k: int, n: int, alpha: float) -> list[float]:
    b = ProportionBounds(k, n)
    return [*b.interval(1 - 2 * alpha), b.lower(alpha), b.upper(alpha)]


@given(counts(), LEVELS)
def test_limits_are_mirrored(kn, alpha):
    (k, n) = kn
    left, right, low, high = ends(k, n, alpha)
    left2, right2, low2, high2 = ends(n - k, n, alpha)
    mirrored = [1 - right2, 1 - left2, 1 - high2, 1 - low2]
    assert [left, right, low, high] == pytest.approx(mirrored, abs=1e-12)


@given(counts(), LEVELS)
def test_limits_contain_the_value_and_are_never_of_zero_width(kn, alpha):
    k, n = kn
    left, right, low, high = ends(k, n, alpha)
    p = k / n
    assert all(math.isfinite(x) and 0 <= x <= 1 for x in (left, right, low, high))
    assert left <= p <= right
    assert low <= p <= high
    assert left < right
    assert low < high


@given(counts(), LEVELS)
def test_limits_rise_with_the_hits(kn, alpha):
    k, n = kn
    if k < n:
        here, more = ends(k, n, alpha), ends(k + 1, n, alpha)
        assert all(a <= b for a, b in zip(here, more, strict=True))


@given(counts(), LEVELS, LEVELS)
def test_limits_are_nested_in_the_level(kn, a, b):
    a, b = min(a, b), max(a, b)
    left, right, low, high = ends(*kn, a)
    left2, right2, low2, high2 = ends(*kn, b)
    tiny = 1e-12
    assert left <= left2 + tiny
    assert right >= right2 - tiny
    assert low <= low2 + tiny
    assert high >= high2 - tiny


@given(counts())
def test_as_statsmodels(kn):
    k, n = kn
    for name, mine in (
        ("wilson", ProportionBounds(k, n).interval(0.95)),
        ("beta", (ProportionBounds(k, n).lower(0.025), ProportionBounds(k, n).upper(0.025))),
    ):
        assert mine == pytest.approx(proportion_confint(k, n, 0.05, method=name), abs=1e-9)


def test_without_trials_nothing_is_known():
    b = ProportionBounds(0, 0, "positives", lambda x: 2 * x / (1 + x))
    assert math.isnan(b.value)
    assert b.reason == "0/0: there are no positives"
    assert (b.lower(0.05), b.upper(0.05)) == b.interval(0.95) == (0.0, 1.0)
    assert b.settle(0.9, 0.05) is None


def test_more_hits_than_trials_is_an_error():
    with pytest.raises(ValueError, match="between 0 and trials: 5 of 4"):
        ProportionBounds(5, 4)


def test_no_pass_below_the_smallest_possible_n_but_a_certain_fail():
    assert ProportionBounds(28, 28).lower(0.05) < 0.9
    assert ProportionBounds(0, 20).upper(0.05) == pytest.approx(0.1391, abs=1e-4)


def power(threshold: float, share: float, n: np.ndarray) -> np.ndarray:
    """By SciPy's binomial: pass with k hits where P(X >= k) <= 0.05 at the threshold."""
    k = binom.ppf(0.95, n, threshold)
    k = np.where(binom.sf(k - 1, n, threshold) <= 0.05, k, k + 1)
    return binom.sf(k - 1, n, share)


@given(st.floats(0.02, 0.98), st.floats(0.02, 1.0))
def test_every_larger_n_has_the_power(threshold, share):
    if abs(share - threshold) < 0.05:
        return
    if share < threshold:
        threshold, share = 1 - threshold, 1 - share
    n = settle_proportion(threshold, share, 0.05)
    assert n is not None
    assert (power(threshold, share, np.arange(n, 2 * n + 50)) >= 0.8 - 1e-9).all()
    if n > 1:
        assert power(threshold, share, np.array([n - 1]))[0] < 0.8 + 1e-9


def test_what_settles_1851_of_2000_against_093():
    """The exact count, by listing every n: 20,812 fresh examples."""
    n = ProportionBounds(1851, 2000).settle(0.93, 0.05)
    assert n == 20_812
    fails = power(0.07, 1 - 1851 / 2000, np.arange(20_000, 30_000)) >= 0.8
    assert fails[n - 20_000 :].all()
    assert not fails[n - 1 - 20_000]


def test_settling_is_for_a_mapped_threshold():
    b = ProportionBounds(90, 110, through=lambda x: 2 * x / (1 + x))
    assert b.settle(0.8, 0.05) == ProportionBounds(90, 110).settle(0.8 / 1.2, 0.05)
    assert b.settle(b.value, 0.05) is None or b.settle(b.value, 0.05) > 10**12
    assert b.settle(1.5, 0.05) is None


@pytest.mark.parametrize("share", [0.91, 0.901, 0.9002, 0.90001])
def test_settling_is_quick(share):
    settle_proportion(0.9, share, 0.05)
    start = time.process_time()
    for _ in range(5):
        settle_proportion(0.9, share, 0.05)
    # Some 4 ms; the limit leaves room for a busy machine.
    assert (time.process_time() - start) / 5 < 0.05
