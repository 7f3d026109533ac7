"""Ids that occur twice are found, and told, as by counting every value."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.outputs import Outputs, memory, unique
from evalharness.outputs.ids import lone_problems

WHOLE = st.one_of(
    st.lists(st.integers(-4, 30), max_size=20),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=8),
    st.lists(st.integers(2**53, 2**53 + 9), max_size=8),
)
TEXTS = st.lists(st.text(st.sampled_from("ab\0é€𝄞"), max_size=18), max_size=20)


def plain(values, kind):
    return pa.array(values, kind)


@settings(deadline=None)
@given(st.one_of(WHOLE.map(lambda v: (v, pa.int64())), TEXTS.map(lambda v: (v, pa.large_string()))))
def test_told_as_by_counting(case):
    values, kind = case
    column = plain(values, kind)
    found = lone_problems(column)
    assert unique.surely_unique(column) == (len(set(values)) == len(values))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unique, "surely_unique", lambda column: False)
        assert lone_problems(column) == found
    assert bool(found) == (len(set(values)) < len(values))


@pytest.mark.parametrize(
    "values",
    [
        np.arange(1000),
        np.arange(1000)[::-1],
        np.random.default_rng(0).permutation(1000) * 3 - 500,
        np.random.default_rng(0).permutation(1000) * 10**15,
        np.arange(2**64 - 1000, 2**64, dtype=np.uint64)[::-1].copy(),
        [f"example-{i}" for i in range(1000)],
        [f"{i:036d}" for i in range(1000)],
        [f"{i:08d}" for i in range(1000)],
        [f"{i:03d}" for i in range(1000)],
    ],
)
def test_one_copy_is_found(values):
    column = Outputs(test={"id": values}).split("test").column("id")
    assert unique.surely_unique(column)
    for place in (0, 1, 998):
        copied = pa.concat_arrays([column, column.slice(place, 1)])
        assert not unique.surely_unique(copied)
        (problem,) = lone_problems(copied)
        assert "1 id more than once" in problem
        assert f"2 rows ({place} and 1000, counting from 0)" in problem


def test_a_part_of_a_longer_array():
    column = pa.array(["b", "a", "a", "bc", "d", "d"], pa.large_string())
    assert unique.surely_unique(column.slice(2, 3))
    assert not unique.surely_unique(column.slice(1, 2))
    whole = pa.array([7, 1, 2, 3, 3])
    assert unique.surely_unique(whole.slice(0, 4))
    assert not unique.surely_unique(whole.slice(2))


def test_the_first_of_several_is_named():
    (problem,) = lone_problems(pa.array(["b", "x", "a", "a", "x"], pa.large_string()))
    assert "2 ids more than once, the first is 'x' in 2 rows (1 and 4, " in problem


def test_hashes_that_collide_are_no_copies(monkeypatch):
    """What a hash cannot tell, the values do."""
    monkeypatch.setattr(unique, "text_hashes", lambda column: np.zeros(len(column), np.uint64))
    assert not unique.surely_unique(pa.array(["a", "b"], pa.large_string()))
    assert lone_problems(pa.array(["a", "b"], pa.large_string())) == []
    assert len(lone_problems(pa.array(["a", "b", "a"], pa.large_string()))) == 1


def test_long_texts_are_left_to_counting():
    long = "x" * (unique.LONGEST + 1)
    column = pa.array([long, long + "y"], pa.large_string())
    assert unique.text_hashes(column) is None
    assert lone_problems(column) == []


def test_hashes_tell_texts_apart_that_differ_anywhere():
    texts = [f"{'a' * i}{c}{'a' * (40 - i)}" for i in range(41) for c in "bcd"]
    texts += ["a" * i for i in range(64)] + ["\0" * i for i in range(1, 20)]
    found = unique.text_hashes(pa.array(texts, pa.large_string()))
    assert len(set(found.tolist())) == len(set(texts))
    alike = unique.text_hashes(pa.array(texts[:123], pa.large_string()))
    assert (alike == found[:123]).all()  # read at a stride or one by one


def test_lower_halves_that_are_equal_are_looked_at_whole():
    whole = np.random.default_rng(5).integers(0, 1 << 62, 50_000)
    assert unique.surely_unique(memory.from_numpy(whole))
    alike = np.append(whole, whole[:3] ^ (1 << 40))  # the same lower half, another number
    assert unique.surely_unique(memory.from_numpy(alike))
    assert not unique.surely_unique(memory.from_numpy(np.append(alike, whole[7])))
    assert unique.surely_unique(memory.from_numpy(np.arange(50_000)[::-1] << 32))  # all alike
