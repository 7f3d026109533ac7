"""Weights, clusters, repeated samples: what a split says about its units."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs
from evalharness.outputs.join import align
from tests.outputs.helpers import GOOD


def split(model="", options=None, **columns):
    found = Outputs(test=columns, **(options or {})).split("test", model)
    found.check()
    return found


def test_without_the_columns_each_row_counts_once_and_stands_alone():
    assert split(**GOOD).weights() is None
    assert split(**GOOD, id=[1, 2, 3, 4]).clusters() is None


@pytest.mark.parametrize("weight", [[1, 0, 2, 1], np.array([1, 0, 2, 1], np.float32)])
def test_weights(weight):
    found = split(**GOOD, weight=weight).weights()
    assert found.dtype == np.float64
    assert found.tolist() == [1, 0, 2, 1]
    assert not found.flags.writeable


def test_a_name_that_was_freed_means_nothing():
    columns = {"my_weight": "weight", "my_cluster": "cluster", "my_sample": "sample"}
    given = {**GOOD, "weight": ["kg"] * 4, "cluster": [0.5] * 4, "sample": [None] * 4}
    kept = split("", {"columns": columns}, **given)
    assert kept.weights() is None
    assert kept.clusters() is None


@pytest.mark.parametrize(
    "cluster",
    [
        ["q", "p", "q", "r"],
        [7, 3, 7, 2**40],
        np.array(["2024-02-01", "2024-01-01", "2024-02-01", "2024-03-01"], "M8[D]"),
    ],
)
def test_clusters_are_numbered_as_they_come(cluster):
    codes, count = split(**GOOD, cluster=cluster).clusters()
    assert codes.tolist() == [0, 1, 0, 2]
    assert count == 3


def test_two_clusters_of_booleans():
    codes, count = split(**GOOD, cluster=[True, True, False, True]).clusters()
    assert (codes.tolist(), count) == ([0, 0, 1, 0], 2)


def test_repeats_of_an_id_are_one_unit():
    found = split(**GOOD, id=["a", "b", "a", "b"], sample=[0, 0, 1, 1])
    codes, count = found.clusters()
    assert (codes.tolist(), count) == ([0, 1, 0, 1], 2)
    assert found.ids().tolist() == ["a", "b", "a", "b"]


def test_a_cluster_of_ids_goes_before_the_ids():
    columns = {"id": ["a", "a", "b", "c"], "sample": [0, 1, 0, 0], "cluster": ["x", "x", "x", "y"]}
    codes, count = split(**GOOD, **columns).clusters()
    assert (codes.tolist(), count) == ([0, 0, 0, 1], 2)


@given(st.lists(st.integers(0, 5), max_size=12))
@settings(deadline=None)
def test_groups_of(values):
    found = Outputs(test={"query": np.array(values, np.int64)}).split("test")
    codes, first = found.groups_of("query")
    seen = list(dict.fromkeys(values))
    assert [seen[code] for code in codes] == values
    assert first.tolist() == [values.index(value) for value in seen]


def test_constant_within():
    found = split(query=["q", "r", "q"], cluster=[1, 2, 1], note=[None, "x", None], x=[0.5, 1, 0.5])
    for name in ("cluster", "note", "x"):
        found.constant_within(name, "query")


@settings(deadline=None)
@given(st.permutations([(i, s) for i in "ab" for s in (0, 1, 2)]))
def test_models_are_paired_by_id_and_sample(order):
    ordered = sorted(order)
    a = split("a", id=[i for i, _ in ordered], sample=[s for _, s in ordered])
    b = split("b", id=[i for i, _ in order], sample=[s for _, s in order])
    assert [order[row] for row in align(a, b)] == ordered


def test_one_sample_of_each_id_pairs_with_a_table_without_samples():
    assert align(split("a", id=[1, 2], sample=[0, 0]), split("b", id=[2, 1])).tolist() == [1, 0]


# (columns of a, columns of b, what the message says)
APART = {
    "samples on one side": (
        {"id": [1, 1], "sample": [0, 1]},
        {"id": [1]},
        ["a, test (mapping of arrays) has several samples of one id", "b, test", "no column"],
    ),
    "other samples": (
        {"id": [1, 1, 2], "sample": [0, 1, 0]},
        {"id": [1, 1, 2], "sample": [0, 2, 0]},
        ["2 problems", "1 of 3 ids are not in b", "(first: (1, 1))", "(first: (1, 2))"],
    ),
    "types of samples": (
        {"id": [1], "sample": [0]},
        {"id": [1], "sample": ["0"]},
        ["column `sample` is integer in one and text in the other"],
    ),
    "weights differ": (
        {"id": [1, 2], "weight": [1, 2]},
        {"id": [2, 1], "weight": [2, 1.5]},
        ["`weight` differs for 1 id (first: 1;", "an example has one weight"],
    ),
    "clusters differ": (
        {"id": [1, 2], "cluster": ["p", "q"]},
        {"id": [1, 2], "cluster": ["p", "p"]},
        ["`cluster` differs for 1 id (first: 2;"],
    ),
    "types of clusters": (
        {"id": [1], "cluster": [1]},
        {"id": [1], "cluster": ["1"]},
        ["column `cluster` is integer in one and text in the other"],
    ),
    "weights on one side": (
        {"id": [1]},
        {"id": [1], "weight": [2]},
        ["a, test (mapping of arrays): there is no column `weight`, which b", "add it"],
    ),
}


@pytest.mark.parametrize("name", APART)
def test_what_keeps_them_apart(name):
    ours, theirs, words = APART[name]
    with pytest.raises(OutputsError) as caught:
        align(split("a", **ours), split("b", **theirs))
    for word in words:
        assert word in str(caught.value)
