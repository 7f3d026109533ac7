"""How often two models answer differently, which needs no labels."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalharness import Outputs
from evalharness.declare.errors import OutputsError
from evalharness.outputs.disagreement import disagreement


def written(folder, differ, n):
    """Two files of predictions, the second in another order; so many of them differ."""
    row = np.arange(n)
    order = np.random.default_rng(1).permutation(n)
    files = []
    for name, chosen, wrong in (("new", row, 0), ("old", order, differ)):
        prediction = np.where(row < wrong, "dog", "cat")[chosen]
        files.append(str(folder / f"{name}.parquet"))
        pq.write_table(pa.table({"id": row[chosen], "prediction": prediction}), files[-1])
    return files


def counted(a, b):
    both = Outputs(new=a, old=b)
    return disagreement(both.split("new"), both.split("old"))


def test_rows_are_paired_by_id(tmp_path):
    new, old = written(tmp_path, differ=7, n=50)
    assert counted(new, old) == (7, 50)
    assert counted(new, new) == (0, 50)


def test_answers_of_one_model_only_and_scores():
    ids = np.arange(4)
    one = {"id": ids, "prediction": pa.array(["a", None, None, "b"])}
    other = {"id": ids, "prediction": pa.array(["a", None, "b", "a"])}
    assert counted(one, other) == (2, 4)
    scores = [{"id": ids, "score": x} for x in ([0.1, 0.6, 0.5, 0.2], [0.2, 0.4, 0.9, 0.8])]
    assert counted(*scores) == (2, 4)
    assert counted(one | {"score": np.zeros(4)}, scores[0]) == (2, 4)  # what both have


def test_what_cannot_be_compared():
    ids = np.arange(3)
    one = {"id": ids, "prediction": np.zeros(3, int)}
    with pytest.raises(OutputsError, match="1 of 3 ids are not in"):
        counted(one, one | {"id": ids + 1})
    with pytest.raises(OutputsError, match="has a `score` and no `prediction`"):
        counted(one, {"id": ids, "score": np.zeros(3)})
    with pytest.raises(OutputsError, match="neither `prediction` nor `score` in common"):
        counted(one, {"id": ids, "label": ids})
    with pytest.raises(
        OutputsError, match="column `prediction` is .* in one and text in the other"
    ):
        counted(one, {"id": ids, "prediction": np.array(["a", "b", "c"])})
    with pytest.raises(OutputsError, match="column `label` differs for 3 ids"):
        counted(one | {"label": ids}, one | {"label": ids + 1})
