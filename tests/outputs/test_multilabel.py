"""Multilabel tables: a label, a prediction and a score for each task, missing ones among them."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs
from evalharness.outputs.join import align

NAN = float("nan")
LISTS = [[1, 0, None], [None, 1, 0], [0, 0, 1]]
FLOATS = np.array(LISTS, float)
KNOWN = [[1, 0, -1], [-1, 1, 0], [0, 0, 1]]
TASKS = ["a", "b", "c"]


def split(model="", options=None, classes=TASKS, **columns):
    return Outputs(test=columns, classes=classes, **(options or {})).split("test", model)


LABELS = {
    "lists": LISTS,
    "truths": [[None if x is None else bool(x) for x in row] for row in LISTS],
    "array with nan": FLOATS,
    "masked array": np.ma.masked_invalid(FLOATS),
    "arrow": pa.array(LISTS, pa.list_(pa.int8())),
    "large lists": pa.array(LISTS, pa.large_list(pa.uint8())),
    "fixed lists": pa.array(LISTS, pa.list_(pa.float32(), 3)),
    "a piece": pa.array([[7, 7, 7, 7], *LISTS], pa.list_(pa.int64()))[1:],
    "chunks": pa.chunked_array([LISTS[:1], LISTS[1:]], pa.list_(pa.int64())),
    "pandas": pd.Series(LISTS),
    "polars": pl.Series(LISTS),
    "decimals": pa.array(LISTS, pa.list_(pa.decimal128(5, 0))),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_of_any_form(name):
    found = split(label=LABELS[name])
    assert found.multilabel
    assert found.label_matrix().dtype == np.int8
    assert found.label_matrix().tolist() == KNOWN
    assert found.classes == ("a", "b", "c")
    assert found.positive_code("b") == 1


def test_from_a_file(tmp_path):
    import pyarrow.parquet as pq

    path = tmp_path / "test.parquet"
    pq.write_table(pa.table({"label": LISTS, "prediction": [[True, False, True]] * 3}), path)
    found = Outputs(test=path, classes=TASKS).split("test")
    assert found.label_matrix().tolist() == KNOWN
    assert found.prediction_matrix().tolist() == [[1, 0, 1]] * 3


@pytest.mark.parametrize("label", [[0, 1], ["a", "b"], [["a"], ["b"]], [0.5, 1.5], [None, None]])
def test_other_tables_are_not_multilabel(label):
    assert not split(label=label).multilabel
    assert not split(latency=[1.0, 2.0]).multilabel


def test_an_empty_task_list_of_no_rows():
    empty = split(label=pa.array([], pa.list_(pa.int8())))
    assert empty.multilabel
    assert empty.label_matrix().shape == (0, 3)


def test_predictions():
    given = [[1, 1, 1], [0, 1, 0], [0, 0, 1]]
    assert split(label=LISTS, prediction=given).prediction_matrix().tolist() == given
    assert split(label=LISTS, prediction=np.array(given)).prediction_matrix().tolist() == given


def test_a_null_prediction_that_counts_as_wrong_is_the_opposite_of_the_label():
    abstained = [[None, None, None], None, [1, NAN, 0]]
    found = split("", {"missing": "wrong"}, label=LISTS, prediction=abstained)
    codes = found.prediction_matrix()
    assert codes.tolist() == [[0, 1, 0], [0, 0, 1], [1, 1, 0]]
    known = found.label_matrix() >= 0
    assert (codes != found.label_matrix())[known].all()


@pytest.mark.parametrize(
    ("declared", "own", "expected"),
    [
        (None, None, [[0, 1, 1]]),
        (0.8, None, [[0, 0, 1]]),
        (0.8, 0.25, [[1, 1, 1]]),
        (None, 2.0, [[0, 0, 0]]),
    ],
)
def test_predictions_from_scores(declared, own, expected):
    found = split("", {"threshold": declared}, label=[[1, 0, 1]], scores=[[0.25, 0.5, 1.0]])
    assert found.prediction_matrix(own).tolist() == expected


def test_the_threshold_of_a_metric_always_takes_the_scores():
    columns = {"label": [[1, 0, 1]], "prediction": [[1, 1, 1]], "scores": [[-1.0, 0.5, 3.0]]}
    assert split(**columns).prediction_matrix().tolist() == [[1, 1, 1]]
    assert split(**columns).prediction_matrix(0.5).tolist() == [[0, 1, 1]]


def test_scores_need_not_sum_to_one():
    scores = [[0.9, 0.8, 0.7], [-3.0, 4.0, 0.0], [0.1, 0.1, 0.1]]
    assert split(label=LISTS, scores=scores).score_matrix().tolist() == scores
    columns = {f"score_{task}": np.array(scores)[:, place] for place, task in enumerate("abc")}
    assert split(label=LISTS, **columns).score_matrix().tolist() == scores


def test_models_are_paired_where_labels_and_their_gaps_agree():
    a = split("a", id=[1, 2, 3], label=LISTS)
    assert align(a, split("b", id=[3, 1, 2], label=FLOATS[[2, 0, 1]])).tolist() == [1, 2, 0]
    with pytest.raises(OutputsError, match=r"`label` differs for 1 id \(first: 2;"):
        align(a, split("b", id=[1, 2, 3], label=[LISTS[0], [1, 1, 0], LISTS[2]]))
    with pytest.raises(OutputsError, match="the tasks .* differ"):
        align(a, split("b", classes=["c", "b", "a"], id=[1, 2, 3], label=LISTS))
    with pytest.raises(OutputsError, match="in one and integer in the other"):
        align(a, split("b", id=[1, 2, 3], label=[0, 1, 1]))
