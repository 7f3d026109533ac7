"""Numbers as messages print them: the digits that decide, on the right side of a threshold."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalharness.inference.numbers import show

SIZES = st.sampled_from([1e-300, 1e-30, 1e-6, 1e-3, 1.0, 50.0, 1e6, 1e14, 1e20])


@pytest.mark.parametrize(
    ("x", "near", "toward", "shown"),
    [
        (0.8999, 0.9, "", "0.8999"),
        (0.95, None, "down", "0.9500"),
        (0.0726157, 0.07262, "up", "0.072616"),
        (0.775577199, 0.775577, "down", "0.7755771"),
        (3.3e-5, 3.35e-5, "", "3.30e-05"),
        (3.32e-5, 3.35e-5, "up", "3.32e-05"),
        (0.000412, None, "", "0.000412"),
        (0.0, 3e-5, "", "0.00000"),
        (-0.00001, None, "", "-1.00e-05"),
        (1_234_567.8, None, "", "1,234,568"),
        (1.5e160, None, "", "1.50e+160"),
        (math.inf, None, "", "∞"),
        (math.nan, None, "", "undefined"),
    ],
)
def test_examples(x, near, toward, shown):
    assert show(x, near=near, toward=toward) == shown


@given(SIZES, st.floats(-1, 1), st.floats(-1e-3, 1e-3), st.sampled_from(["", "down", "up"]))
def test_on_its_side_of_the_threshold(size, a, b, toward):
    near = size * a
    x = near + size * b
    shown = float(show(x, near=near, toward=toward).replace(",", ""))
    if abs(x - near) > 1e-9 * size and abs(x - near) > 1e-11:
        assert (shown < near) == (x < near)
        assert (shown > near) == (x > near)
    if x:
        assert abs(shown - x) <= max(1e-2 * abs(x), 1e-4)
