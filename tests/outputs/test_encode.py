"""Values told apart by a table of integers are those that Arrow's dictionary tells apart."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.outputs import Outputs, encode
from evalharness.outputs.encode import NULL, UNKNOWN

BASES = [0, -3, 2**53, 2**62, -(2**63), 2**63 - 40]
NEAR = st.sampled_from(BASES).flatmap(
    lambda base: st.lists(st.integers(base, base + 30), min_size=1, max_size=40)
)
FAR = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=12)
UNSIGNED = st.lists(st.integers(2**63, 2**64 - 1), min_size=1, max_size=12)
SPREAD = st.just([2**64 - 1, 2**64 - 3, 0, 2**64 - 1])
FLAGS = st.lists(st.booleans(), min_size=1, max_size=12)
TEXTS = st.lists(st.text(max_size=2), min_size=1, max_size=12)
COLUMNS = st.one_of(NEAR, FAR, UNSIGNED, SPREAD, FLAGS, TEXTS)


def column(values):
    big = any(type(v) is int and v >= 2**63 for v in values)
    return (
        pa.array(values, pa.uint64())
        if big
        else Outputs(test={"x": values}).split("test").column("x")
    )


@settings(deadline=None)
@given(COLUMNS, st.data())
def test_as_a_dictionary_does(values, data):
    table = encode.encoded(column(values))
    assert sorted(table.distinct()) == sorted(set(values))
    assert {type(v) for v in table.distinct()} == {type(v) for v in values}
    codes, found = table.partition()
    assert [found[c] for c in codes] == values
    assert list(found) == sorted(set(values))
    codes, first = table.as_they_come()
    seen = list(dict.fromkeys(values))
    assert codes.tolist() == [seen.index(v) for v in values]
    assert first.tolist() == [values.index(v) for v in seen]
    known = tuple(data.draw(st.permutations(seen)))[: data.draw(st.integers(1, len(seen)))]
    wanted = [known.index(v) if v in known else UNKNOWN for v in values]
    assert table.places(known).tolist() == wanted


@settings(deadline=None)
@given(st.one_of(NEAR, FAR))
def test_rising_values_are_told_apart_by_where_they_change(values):
    values = sorted(values)
    codes, first = encode.runs(np.array(values))
    seen = list(dict.fromkeys(values))
    assert codes.tolist() == [seen.index(v) for v in values]
    assert first.tolist() == [values.index(v) for v in seen]
    groups = Outputs(test={"x": values}).split("test").groups_of("x")
    assert [g.tolist() for g in groups] == [codes.tolist(), first.tolist()]


def test_falling_values_are_no_runs():
    assert encode.runs(np.array([1, 1, 0])) is None


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        ((0, 1), [0, 1, 1, UNKNOWN, UNKNOWN]),
        ((True, False), [1, 0, 0, UNKNOWN, UNKNOWN]),
        ((2.0, 0.0, 0.5), [1, UNKNOWN, UNKNOWN, 0, UNKNOWN]),
        ((float("inf"), -float("inf"), 2**70), [UNKNOWN] * 5),
        (("0", "1"), [UNKNOWN] * 5),
        ((-1, 2, 0, 1), [2, 3, 3, 1, 0]),
    ],
)
def test_classes_of_another_type_are_compared_as_python_compares(known, wanted):
    for values in ([0, 1, 1, 2, -1], [0, 1, 1, 2, -1, None]):
        found = encode.encoded(pa.array(values)).places(known).tolist()
        assert found == wanted + [NULL] * (len(values) - len(wanted))


def test_many_classes_do_not_fit_into_a_byte():
    labels = list(range(1000))
    split = Outputs(test={"label": labels, "prediction": labels[::-1]}).split("test")
    assert split.label_codes().tolist() == labels
    assert split.compact_predictions().tolist() == labels[::-1]
    for count, size in ((127, 1), (128, 4)):
        split = Outputs(
            test={"label": labels[:count], "prediction": [None] * count}, missing="wrong"
        )
        found = split.split("test").compact_predictions()
        assert found.itemsize == size
        assert (found == count).all()


def test_an_empty_column():
    table = encode.encoded(pa.array([], pa.int64()))
    assert table.distinct() == []
    assert table.partition()[1] == ()
    assert [len(x) for x in table.as_they_come()] == [0, 0]
