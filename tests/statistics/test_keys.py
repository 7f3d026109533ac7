"""Sort keys keep the order of numbers, and give the very numbers back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.statistics.keys import Decoder, dense, ordered, packed

SPECIAL = [
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1e-45,  # a subnormal in 32 bits
    1e30,
    -1e30,
    1e-30,
    1e300,
    0.1,
    float(np.float32(0.1)),
    2.0**24,
    2.0**24 + 1,
    2.0**53 - 1,
    -1.5,
    np.finfo(np.float64).max,
    np.finfo(np.float32).max,
]
numbers = st.one_of(
    st.sampled_from(SPECIAL),
    st.floats(allow_nan=False, allow_infinity=False, width=64),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)


@settings(max_examples=200, derandomize=True)
@given(st.lists(numbers, max_size=30), st.booleans())
def test_keys_are_in_the_order_of_the_numbers(values, short):
    x = np.array(values, float)
    if short:
        with np.errstate(over="ignore"):
            x = x.astype(np.float32)
        x = x[np.isfinite(x)]
    keys, decoder = ordered(x)
    assert keys.dtype == (np.uint32 if decoder.bits == 32 else np.uint64)
    back = decoder[keys]
    np.testing.assert_array_equal(back, x.astype(float))
    # One key for each number: −0.0 is 0.0.
    assert not np.signbit(back[back == 0]).any()
    np.testing.assert_array_equal(keys[:, None] < keys, x[:, None] < x)
    np.testing.assert_array_equal(keys[:, None] == keys, x[:, None] == x)


def test_numbers_that_float32_holds_need_32_bits():
    assert ordered(np.array([0.5, 0.25]))[1] == Decoder(32)
    assert ordered(np.array([0.5, -0.25]))[1] == Decoder(32, signed=True)
    assert ordered(np.array([0.5, 0.1]))[1] == Decoder(64)
    assert ordered(np.array([0.5, 2.0**24 + 1]))[1] == Decoder(64)
    assert ordered(np.array([0.5, -1e300]))[1] == Decoder(64, signed=True)
    assert ordered(np.arange(5, dtype=np.float32))[0].dtype == np.uint32


@pytest.mark.parametrize("n", [0, 1, 1_000])
def test_places_among_the_distinct_keys(n):
    keys = np.random.default_rng(n).integers(0, 50, n).astype(np.uint64)
    place, distinct = dense(keys)
    expected, inverse = np.unique(keys, return_inverse=True)
    np.testing.assert_array_equal(distinct, expected)
    np.testing.assert_array_equal(place, inverse)
    assert place.dtype == np.uint32


def test_a_packed_key_holds_group_key_and_label():
    key = np.array([2**32 - 1, 0, 7], np.uint32)
    label, code = np.array([True, False, True]), np.array([0, 5, 2**31 - 1], np.int32)
    found = packed(key, label, code, 6)
    assert found.tolist() == [(2**32 - 1) * 2 + 1, 5 << 33, (6 << 33) + 15]
