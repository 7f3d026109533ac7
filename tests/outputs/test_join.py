"""Two models are paired by id; what keeps them apart is said in full."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs
from evalharness.outputs.join import align


def split(model, **columns):
    return Outputs(test=columns).split("test", model)


@settings(deadline=None)
@given(st.permutations(range(7)), st.sampled_from([str, int, lambda i: f"é{i}"]))
def test_finds_the_row_of_each_id(order, make):
    ids = [make(i) for i in range(7)]
    a = split("a", id=ids, label=list(range(7)))
    b = split("b", id=[ids[i] for i in order], label=list(order))
    row = align(a, b)
    assert row.dtype == np.int64
    assert b.ids()[row].tolist() == ids
    assert align(b, a)[row].tolist() == list(range(7))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (pa.array([1, 2], pa.uint8()), pa.array([2, 1], pa.int64())),
        (pa.array([1, 2], pa.uint64()), pa.array([2, 1], pa.int32())),
        (pa.array([2**63, 2**63 + 1], pa.uint64()), pa.array([2**63 + 1, 2**63], pa.uint64())),
        (pa.array(["x", "y"]), pa.array(["y", "x"]).dictionary_encode()),
        (pa.array(["x", "y"]), pa.array(["y", "x"], pa.string_view())),
        (pa.array([b"xx", b"yy"], pa.binary(2)), pa.array([b"yy", b"xx"], pa.binary(2))),
    ],
)
def test_ids_of_any_encoding(ours, theirs):
    a, b = split("a", id=ours, label=[0, 1]), split("b", id=theirs, label=[True, False])
    assert align(a, b).tolist() == [1, 0]


def test_without_labels_there_is_nothing_to_compare_but_ids():
    assert align(split("a", id=[1, 2], latency=[1, 2]), split("b", id=[2, 1])).tolist() == [1, 0]


# (columns of a, columns of b, what the message says)
APART = {
    "missing on both sides": (
        {"id": ["p", "q", "r", "s"]},
        {"id": ["q", "z"]},
        [
            "2 problems",
            "a, test (mapping of arrays): 3 of 4 ids are not in b, test (mapping of arrays)",
            "(first: 'p', 'r', 's')",
            "b, test (mapping of arrays): 1 of 2 ids are not in a, test (mapping of arrays)",
            "(first: 'z')",
        ],
    ),
    "labels differ": (
        {"id": [1, 2, 3], "label": ["x", "y", "y"]},
        {"id": [3, 2, 1], "label": ["y", "x", None]},
        ["`label` differs for 2 ids (first: 1, 2; in a, test (mapping of arrays) 2 rows (0 and 1,"],
    ),
    "missing and different": (
        {"id": [1, 2, 3], "label": [1.5, 2.5, 3.5]},
        {"id": [1, 2], "label": [1.5, 2.0]},
        ["2 problems", "1 of 3 ids are not in b", "`label` differs for 1 id (first: 2;"],
    ),
    "types of labels": (
        {"id": [1], "label": ["1"]},
        {"id": [1], "label": [1]},
        ["column `label` is text in one and integer in the other"],
    ),
    "types of ids": (
        {"id": ["1"]},
        {"id": [1]},
        ["column `id` is text in one and integer in the other"],
    ),
    "bad ids on both sides": (
        {"id": [1, 1]},
        {"id": [None, 1]},
        ["2 problems", "a, test (mapping of arrays): column `id` holds 1 id more", "`id` is null"],
    ),
    "no ids": ({"x": [1]}, {"id": [1]}, ["a, test", "no column `id`", "pairing needs it"]),
}


@pytest.mark.parametrize("name", APART)
def test_what_keeps_them_apart(name):
    ours, theirs, words = APART[name]
    with pytest.raises(OutputsError) as caught:
        align(split("a", **ours), split("b", **theirs))
    for word in words:
        assert word in str(caught.value)
