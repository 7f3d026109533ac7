"""Equal content has one code, other content another; what cannot be compared is refused."""

import datetime as dt
import unicodedata
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs
from evalharness.outputs.content_codes import codes, content_codes, fold


def split(name, **columns):
    return Outputs({name: columns}).split(name)


def same(ours, theirs, folding=True):
    """bool (n, m): which entries of two columns have one code."""
    a, b = codes([split("train", x=ours), split("test", x=theirs)], "x", folding=folding)
    return a[:, None] == b[None, :]


@pytest.mark.parametrize(
    "one, other",
    [
        ("Hello  World", " hello\tworld\n"),
        ("ﬁne", "fine"),  # a ligature
        ("ＡＢＣ", "abc"),  # full width
        ("é", "e\u0301"),  # one character, or two
        ("STRASSE", "straße"),
        ("a\u00a0b", "a b"),
        ("ΣΑΣ", "σας"),
        ("", "   "),
    ],
)
def test_what_does_not_tell_texts_apart(one, other):
    assert fold(one) == fold(other)
    assert same([one, "z"], [other, "y"]).tolist() == [[True, False], [False, False]]
    assert not same([one], [other], folding=False).any()


@given(st.lists(st.text(max_size=6), min_size=1, max_size=8))
def test_texts_have_one_code_exactly_where_they_fold_alike(texts):
    shouted = [unicodedata.normalize("NFD", text) + "  " for text in texts]
    expected = [[fold(a) == fold(b) for b in shouted] for a in texts]
    assert same(texts, shouted).tolist() == expected
    assert np.diag(same(texts, shouted)).all()


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


HOUR = dt.timezone(dt.timedelta(hours=1))


@pytest.mark.parametrize(
    "ours, theirs",
    [
        ([5, 6], [5.0, 6.5]),
        ([True, False], [1, 2]),
        (pa.array([1, 2], pa.uint8()), pa.array([1, 3], pa.int64())),
        (pa.array([2**63, 2], pa.uint64()), pa.array([2**63, 3], pa.uint64())),
        (pa.array([7, 2**63], pa.uint64()), pa.array([7, 3], pa.int64())),
        (pa.array([0.1, 2], pa.float32()), pa.array([0.1, 3], pa.float64())),
        (pa.array([-0.0, 2.0]), pa.array([0.0, 3.0])),
        (pa.array([Decimal("1.5"), Decimal("2.5")]), pa.array([1.5, 3])),
        (pa.array(["a", "b"]).dictionary_encode(), pa.array(["A", "c"], pa.large_string())),
        (pa.array([b"aa", b"bb"], pa.binary(2)), pa.array([b"aa", b"cc"])),
        ([dt.date(2024, 1, 1), dt.date(2024, 1, 2)], [dt.datetime(2024, 1, 1)] * 2),
        (
            [dt.datetime(2024, 1, 1, 1, tzinfo=HOUR), dt.datetime(2024, 1, 2, tzinfo=HOUR)],
            [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * 2,
        ),
        ([[1, 2], [3]], [[1.0, 2.0], [1.0]]),
        (np.array([[1, 2], [3, 4]], np.float32), [[1, 2], [2, 1]]),
        ([[0.1], [2]], pa.array([[0.1], [3]], pa.list_(pa.float32()))),
        ([["a", "b"], ["ab"]], [["A", "b"], ["a", "ab"]]),
        ([[[1], [2]], [[1, 2]]], [[[1], [2]], [[1], [], [2]]]),
        ([[], None], [[], [0]]),
    ],
)
def test_what_is_equal_in_two_types(ours, theirs):
    found = same(ours, theirs)
    assert found[0, 0]
    assert not found[1, 1]


def test_large_integers_are_not_rounded():
    assert np.array_equal(same([2**60, 2**60 + 1], [2**60, 2**60 + 1]), np.eye(2))


def test_columns_are_joined_one_by_one():
    a = split("train", x=["a", "ab", None, None], y=["bc", "c", "c", None])
    b = split("test", x=["ab", "a", None, None], y=["c", "bc", "c", None])
    ours, theirs = content_codes([a, b], ("x", "y"))
    assert (ours[:, None] == theirs[None, :]).tolist() == [
        [False, True, False, False],
        [True, False, False, False],
        [False, False, True, False],
        [False, False, False, True],
    ]
    assert ours[3] == theirs[3] == -1  # nothing but nulls
    assert (ours[:3] >= 0).all()


def test_codes_of_many_columns_stay_apart():
    random = np.random.default_rng(0)
    table = random.integers(0, 3, (500, 6))
    (found,) = content_codes(
        [split("x", **{f"c{k}": table[:, k] for k in range(6)})], [f"c{k}" for k in range(6)]
    )
    _, expected = np.unique(table, axis=0, return_inverse=True)
    assert (
        len(np.unique(found))
        == len(np.unique(expected))
        == len(np.unique([found, expected], axis=1).T)
    )


@pytest.mark.parametrize(
    "ours, theirs, words",
    [
        ([5], ["5"], ["integer in train", "text in test", "write both in one type"]),
        ([2**60], [1.0], ["train", "beyond 9,007,199,254,740,992", "row 0", "both as text"]),
        ([1.0], [-(2**60)], ["test", "integers beyond"]),
        ([2**25], pa.array([1], pa.float32()), ["beyond 16,777,216", "float32"]),
        ([None, None], ["a"], ["train", "null in every row"]),
        ([[1]], ["a"], ["lists in train", "text in test"]),
        ([["1"]], [[1]], ["text in train", "integer in test"]),
        ([{"a": 1}], [{"a": 1}], ["struct", "cast it to text or numbers"]),
        (
            [dt.datetime(2024, 1, 1)],
            [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)],
            ["without a time zone in train", "zone UTC in test", "or both without"],
        ),
    ],
)
def test_refuses_what_cannot_be_compared(ours, theirs, words):
    with pytest.raises(OutputsError) as error:
        same(ours, theirs)
    for word in [*words, "`x`"]:
        assert word in str(error.value)
