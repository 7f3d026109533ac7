"""Paired differences: laws, and a brute-force solution of Tango's equation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from evalharness.inference.bounds import upper_z
from evalharness.inference.paired import PairedShareBounds, tango


@st.composite
def discordant(draw: st.DrawFn) -> tuple[int, int, int]:
    n = draw(st.integers(1, 100_000))
    b = draw(st.integers(0, n))
    return b, draw(st.integers(0, n - b)), n


@given(discordant(), st.floats(0.001, 0.3))
def test_exchanging_the_models_mirrors_the_bounds(table, alpha):
    b, c, n = table
    one, two = PairedShareBounds(b, c, n), PairedShareBounds(c, b, n)
    assert one.lower(alpha) == -two.upper(alpha)
    assert one.interval(0.9) == tuple(-x for x in reversed(two.interval(0.9)))


@given(discordant(), st.floats(0.001, 0.3))
def test_bounds_contain_the_value_with_width(table, alpha):
    bounds = PairedShareBounds(*table)
    low, high = bounds.lower(alpha), bounds.upper(alpha)
    left, right = bounds.interval(1 - 2 * alpha)
    assert -1.5 < low <= left + 1e-9 <= bounds.value + 2e-9
    assert low < high
    assert bounds.value - 1e-9 <= right <= high + 1e-9


@given(discordant(), st.floats(0.001, 0.3), st.floats(0.001, 0.3))
def test_nested_in_the_level(table, a, c):
    bounds = PairedShareBounds(*table)
    assert bounds.lower(min(a, c)) <= bounds.lower(max(a, c)) + 1e-9


def score(b: int, c: int, n: int, d: float) -> float:
    """(b - c - nd)/sd with the share of c maximised numerically under p_b - p_c = d."""
    from scipy.optimize import minimize_scalar

    def loss(q: float) -> float:
        terms = [(b, q + d), (c, q), (n - b - c, 1 - 2 * q - d)]
        return -sum(k * math.log(max(p, 1e-300)) for k, p in terms if k)

    q = minimize_scalar(
        loss, bounds=(max(0, -d), (1 - d) / 2), method="bounded", options={"xatol": 1e-13}
    ).x
    return (b - c - n * d) / math.sqrt(n * (2 * q + d * (1 - d)))


@pytest.mark.parametrize("b, c, n", [(10, 3, 100), (25, 10, 1000), (7, 20, 60)])
def test_as_by_maximising_the_likelihood(b, c, n):
    z = upper_z(0.05)
    middle = (b - c) / n
    low = brentq(lambda d: score(b, c, n, d) - z, -0.9, middle - 1e-6)
    high = brentq(lambda d: score(b, c, n, d) + z, middle + 1e-6, 0.9)
    assert tango(b, c, n, z) == pytest.approx((low, high), abs=1e-5)


def test_tables_in_one_go():
    b, c = np.array([10, 0]), np.array([3, 0])
    low, high = tango(b, c, 100, 1.6449)
    assert low.shape == high.shape == (2,)
    assert low[1] == pytest.approx(-high[1])


def test_without_pairs():
    bounds = PairedShareBounds(0, 0, 0)
    assert bounds.reason
    assert math.isnan(bounds.value)
    assert (bounds.lower(0.05), bounds.upper(0.05)) == bounds.interval(0.95) == (-1, 1)
    with pytest.raises(ValueError, match="must fit into n: 3 \\+ 8 of 10"):
        PairedShareBounds(3, 8, 10)
