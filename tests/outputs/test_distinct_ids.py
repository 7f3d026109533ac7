"""Ids of a split in many files: distinct over all of them, at bounded memory."""

import numpy as np
import pyarrow as pa
import pytest

from evalharness import Outputs, OutputsError
from evalharness.outputs import distinct_ids
from tests.outputs.helpers import says
from tests.outputs.shards import TABLE, N, shards

# (ids, what the message says)
IDS = {
    "in two shards": (
        {"id": [*range(29), 3]},
        ["1 id more than once, the first is 3 in row 3 of", "part-0.parquet` and row 9 of"],
    ),
    "in one shard": (
        {"id": [*range(12), *range(10, 28)]},
        ["2 ids", "the first is 10 in row 0 of"],
    ),
    "text": (
        {"id": [f"e{min(i, 27)}" for i in range(N)]},
        ["1 id more than once, the first is 'e27' in row 7", "and row 8 of"],
    ),
    "long text": (
        {"id": ["x" * 900 + f"e{min(i, 28)}" for i in range(N)]},
        ["1 id more than once", "row 8 of", "and row 9 of"],
    ),
    "null": (
        {"id": [*range(25), None, *range(26, N)]},
        ["part-2.parquet`: column `id` is null in 1 row (row 5,"],
    ),
    "dates": (
        {"id": pa.array([*range(28), 4, 5], pa.timestamp("s"))},
        ["2 ids more than once", "row 4 of"],
    ),
    "lists": ({"id": [[i] for i in range(N)]}, ["column `id` holds lists"]),
    "weight": (
        {"weight": [1.0] * N},
        ["column `weight`", "not counted in batches", "free the name"],
    ),
    "cluster and sample": (
        {"cluster": range(N), "sample": range(N)},
        ["2 problems", "column `cluster`, and rows that were sampled together", "column `sample`"],
    ),
}


@pytest.mark.parametrize("part", [None, 4])
@pytest.mark.parametrize("name", IDS)
def test_ids_and_units(name, part, tmp_path, few, monkeypatch):
    """Whether they fit into memory, or are parted into temporary files."""
    if part:
        monkeypatch.setattr(distinct_ids, "PART", part)
    columns, words = IDS[name]
    shards(tmp_path / "t", TABLE | columns, 10, 20)
    with pytest.raises(OutputsError) as caught:
        Outputs(test=tmp_path / "t").split("test").check()
    says(caught.value, words)


@pytest.mark.parametrize("part", [1_000, 100_000])
@pytest.mark.parametrize(
    "ids",
    [
        np.arange(20_000) * 2**40,
        np.arange(20_000)[::-1],
        [f"example-{i}" for i in range(20_000)],
        ["x" * (i % 200) + str(i) for i in range(20_000)],
        ["é" * (i % 700) + str(i) for i in range(20_000)],
        np.arange(20_000) / 7,
    ],
)
def test_distinct_ids(ids, part, tmp_path, monkeypatch):
    monkeypatch.setattr(distinct_ids, "PART", part)
    shards(tmp_path / "t", {"id": ids, "label": np.zeros(20_000)}, 7_000, 13_000)
    Outputs(test=tmp_path / "t").split("test").check()


def test_equal_hashes_of_different_texts_are_told_apart(tmp_path, monkeypatch, few):
    monkeypatch.setattr(distinct_ids, "_mixed", lambda numbers: numbers % np.uint64(3))
    shards(tmp_path / "t", TABLE, 10, 20)
    Outputs(test=tmp_path / "t").split("test").check()
    shards(tmp_path / "t", TABLE | {"id": [*range(29), 17]}, 10, 20)
    with pytest.raises(OutputsError, match=r"the first is 17 in row 7 of .*part-1.* and row 9 of"):
        Outputs(test=tmp_path / "t").split("test").check()


def test_ids_are_not_compared_where_files_cannot_be_written(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(distinct_ids, "PART", 10)
    monkeypatch.setattr(distinct_ids, "_parted", full)
    shards(tmp_path / "t", TABLE, 10)
    with pytest.raises(OutputsError, match="No space left on device.*TMPDIR"):
        Outputs(test=tmp_path / "t").split("test").check()
