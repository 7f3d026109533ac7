"""Quantiles are decided as shares: order statistics and Clopper-Pearson give one answer."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.quantiles import QuantileBounds

columns = st.lists(st.integers(0, 30), min_size=1, max_size=400)
shares = st.sampled_from([0.1, 0.5, 0.9, 0.95, 0.99])


def of(column: list[int], q: float) -> QuantileBounds:
    return QuantileBounds(*np.unique(column, return_counts=True), q)


@given(columns, shares)
def test_value_is_the_inverted_cdf(column, q):
    assert of(column, q).value == np.quantile(column, q, method="inverted_cdf")


@given(columns, shares, st.integers(-1, 31), st.sampled_from([0.047, 0.013]))
def test_same_decision_as_of_the_share(column, q, t, alpha):
    """Q <= t is shown exactly when the share of x <= t is shown to be at least q."""
    b = of(column, q)
    share = ProportionBounds(sum(x <= t for x in column), len(column))
    # An upper bound that equals the threshold satisfies it (`closed`); a fail lies strictly beyond.
    assert (b.upper(alpha) <= t) == (share.lower(alpha) >= q)
    assert (b.lower(alpha) > t) == (share.upper(alpha) <= q)


@given(columns, shares, st.floats(0.001, 0.4), st.floats(0.001, 0.4))
def test_contains_the_value_and_is_nested(column, q, a, c):
    b = of(column, q)
    a, c = min(a, c), max(a, c)
    assert b.lower(a) <= b.lower(c) <= b.value <= b.upper(c) <= b.upper(a)


def test_below_the_smallest_n_there_is_no_upper_bound_but_a_fail_is_possible():
    b = of(list(range(200)), 0.99)
    assert b.upper(0.05) == math.inf
    assert b.reason == (
        "no upper bound of the 0.99 quantile exists below 299 values "
        "with 95 % confidence; here are 200"
    )
    assert b.missing("upper", 0.01).startswith(
        "no upper bound of the 0.99 quantile exists below 459"
    )
    assert b.lower(0.05) > 150
    assert of(list(range(299)), 0.99).upper(0.05) == 298


def test_a_constant_column_is_an_atom_not_a_collapse():
    """299 values of 5: that 99 % lie at or below 5 is shown, and that they lie below is not."""
    b = QuantileBounds([5.0], [299], 0.99)
    assert (b.lower(0.05), b.upper(0.05)) == (5, 5)
    assert QuantileBounds([5.0], [298], 0.99).upper(0.05) == math.inf


def test_empty():
    b = QuantileBounds([], [], 0.5)
    assert math.isnan(b.value)
    assert b.reason == "0/0: there are no values"
    assert (b.lower(0.05), b.upper(0.05)) == (-math.inf, math.inf)
    assert b.settle(1, 0.05) is None


def test_settles_as_the_share():
    b = of([1] * 95 + [2] * 5, 0.9)
    assert b.settle(1, 0.05) == ProportionBounds(95, 100).settle(0.9, 0.05) == 203
    assert of([1] * 100, 0.99).settle(3, 0.05) == 299


@pytest.mark.parametrize("q", [0, 1, 1.5])
def test_q_lies_between(q):
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        QuantileBounds([1], [1], q)
