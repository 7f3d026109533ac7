"""Slices: sorted values, null a slice of its own, any comparable type."""

import datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.outputs import Outputs

VALUES = st.sampled_from(
    [st.text(max_size=2), st.integers(-2, 2), st.booleans(), st.dates(),
     st.floats(allow_infinity=False, allow_nan=False)]
)  # fmt: skip
COLUMNS = VALUES.flatmap(lambda values: st.lists(st.none() | values, min_size=1, max_size=20))


def split(values):
    return Outputs(test={"x": values}).split("test")


@settings(deadline=None)
@given(COLUMNS)
def test_partition_covers_every_row_once(values):
    table = split(values)
    codes, found = table.partition("x")
    assert [found[code] for code in codes] == values
    present = [value for value in found if value is not None]
    assert present == sorted(set(present))
    assert None not in found[:-1]
    for place, value in enumerate(found):
        assert (table.matches("x", value) == (codes == place)).all()


def test_nan_is_no_value():
    codes, found = split([1.5, float("nan"), None, 0.5]).partition("x")
    assert (codes.tolist(), found) == ([1, 2, 2, 0], (0.5, 1.5, None))


def test_a_column_of_nulls():
    codes, found = split(pa.nulls(3)).partition("x")
    assert (codes.tolist(), found) == ([0, 0, 0], (None,))


@pytest.mark.parametrize("type_", [pa.date32(), pa.timestamp("s"), pa.timestamp("ns")])
def test_days(type_):
    day = datetime.date(2024, 2, 29)
    table = split(pa.array([day, None, day]).cast(type_))
    assert table.partition("x")[0].tolist() == [0, 1, 0]


def test_conditions_together():
    table = Outputs(test={"region": ["eu", "us", "eu"], "old": [True, True, False]}).split("test")
    assert table.select({"region": "eu", "old": True}).tolist() == [True, False, False]
    assert table.select({}).tolist() == [True, True, True]
