"""Labels, predictions and scores become places in the list of classes."""

import decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import LabelEncoder

from evalharness.outputs import Outputs


def split(table, **options):
    return Outputs(test=table, **options).split("test")


INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
ENCODINGS = {
    **{name: (pa.array([0, 1, 1, 0], getattr(pa, name)()), (0, 1)) for name in INTEGERS},
    "bool": (pa.array([False, True, True, False]), (False, True)),
    "decimal": (pa.array([decimal.Decimal(v) for v in (0, 1, 1, 0)], pa.decimal128(38, 0)), (0, 1)),
    "dictionary of integers": (pa.array([0, 1, 1, 0]).dictionary_encode(), (0, 1)),
    "string": (pa.array(["a", "b", "b", "a"]), ("a", "b")),
    "large_string": (pa.array(["a", "b", "b", "a"], pa.large_string()), ("a", "b")),
    "string_view": (pa.array(["a", "b", "b", "a"], pa.string_view()), ("a", "b")),
    "dictionary": (pa.array(["a", "b", "b", "a"]).dictionary_encode(), ("a", "b")),
    "unordered dictionary": (
        pa.DictionaryArray.from_arrays([2, 0, 0, 2], ["b", "z", "a"]),
        ("a", "b"),
    ),
    "run ends": (pa.RunEndEncodedArray.from_arrays([1, 3, 4], ["a", "b", "a"]), ("a", "b")),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings(name):
    column, classes = ENCODINGS[name]
    table = split(pa.table({"label": column, "prediction": column, "slice": column}))
    assert table.classes == classes
    assert [type(c) for c in table.classes] == [type(c) for c in classes]
    assert table.label_codes().tolist() == table.prediction_codes().tolist() == [0, 1, 1, 0]
    assert table.partition("slice")[0].tolist() == [0, 1, 1, 0]


@settings(deadline=None)
@given(
    st.sampled_from(
        [st.integers(-3, 9), st.text(max_size=3), st.integers(2**62, 2**63 - 1)]
    ).flatmap(lambda values: st.lists(st.tuples(values, values), min_size=1, max_size=30))
)
def test_codes_are_those_of_scikit_learn(pairs):
    label, prediction = map(list, zip(*pairs, strict=True))
    table = split({"label": label, "prediction": prediction})
    if set(label + prediction) <= {0, 1}:
        assert table.classes == (0, 1)
        return
    # As objects: NumPy's own text drops NUL characters at the end.
    label_, prediction_ = (np.array(x, dtype=object) for x in (label, prediction))
    encoder = LabelEncoder().fit(np.concatenate([label_, prediction_]))
    assert list(table.classes) == sorted(set(label + prediction))
    assert table.label_codes().tolist() == encoder.transform(label_).tolist()
    assert table.prediction_codes().tolist() == encoder.transform(prediction_).tolist()


@pytest.mark.parametrize("label", [[1, 0], [True, False]])
@pytest.mark.parametrize("prediction", [[1, 1], [True, True]])
def test_booleans_and_01_are_one_thing(label, prediction):
    table = split({"label": label, "prediction": prediction})
    assert (table.classes, table.positive_code(), table.positive_code(True)) == ((0, 1), 1, 1)
    assert table.label_codes().tolist() == [1, 0]
    assert table.prediction_codes().tolist() == [1, 1]


@pytest.mark.parametrize("values", [[1, 1], [0, 0], [True, True]])
def test_both_of_01_are_classes_whatever_occurs(values):
    assert split({"label": values, "prediction": values}).classes == (0, 1)


def test_declared_classes_keep_their_order():
    table = {"label": ["a", "b"], "prediction": ["b", "b"], "scores": [[0, 0.25, 0.75], [0, 1, 0]]}
    found = split(table, classes=["c", "b", "a"], positive="a")
    assert found.classes == ("c", "b", "a")
    assert found.label_codes().tolist() == [2, 1]
    assert (found.positive_code(), found.positive_code("b")) == (2, 1)
    assert found.score().tolist() == [0.75, 0.0]
    assert found.score("b").tolist() == [0.25, 1.0]
    assert split({"label": [1, 0]}, classes=np.array([1, 0])).positive_code() == 0
    assert split({"label": [3, 1]}, classes=range(5)).classes == (0, 1, 2, 3, 4)


def test_real_labels_with_listed_classes():
    table = split({"label": [0.0, 1.0], "prediction": [1, 1]}, classes=[0, 1])
    assert table.label_codes().tolist() == [0, 1]
    assert table.prediction_codes().tolist() == [1, 1]


def test_prediction_comes_before_scores_and_a_threshold_before_it():
    table = split({"label": [0, 1], "prediction": [0, 0], "score": [0.25, 0.75]})
    assert table.prediction_codes().tolist() == [0, 0]
    assert table.prediction_codes(0.75).tolist() == [0, 1]
    assert table.prediction_codes(0.76).tolist() == [0, 0]


def test_score_and_threshold():
    table = {"label": ["no", "yes", "no"], "score": [0.5, 0.75, 0.25]}
    assert split(table, positive="yes").prediction_codes().tolist() == [1, 1, 0]
    assert split(table, positive="no").prediction_codes().tolist() == [0, 0, 1]
    logits = {"label": [0, 1, 1], "score": [-3.5, 2.0, 12.0]}
    assert split(logits, threshold=2).prediction_codes().tolist() == [0, 1, 1]
    assert split(logits).prediction_codes(5.0).tolist() == [0, 0, 1]
    assert split(logits).score().tolist() == [-3.5, 2.0, 12.0]


def test_largest_score_of_columns():
    table = {
        "label": ["a", "b", "c"],
        "score_c": [0.5, 0, 0],
        "score_a": [0.5, 1, 1],
        "score_b": [0, 0, 0],
    }
    found = split(table, positive="c")
    assert found.classes == ("a", "b", "c")
    assert found.prediction_codes().tolist() == [0, 0, 0]
    assert found.score().tolist() == [0.5, 0, 0]
    numbered = {
        "label": [1, 2, 10],
        **{f"score_{i}": np.eye(3)[j] for j, i in enumerate([10, 2, 1])},
    }
    assert split(numbered).prediction_codes().tolist() == [2, 1, 0]
    flags = {"label": [True, False], "score_false": [0.25, 1], "score_true": [0.75, 0]}
    assert split(flags).prediction_codes().tolist() == [1, 0]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_scores_as_a_matrix(dtype):
    scores = np.array([[0.5, 0.25, 0.25], [0, 0, 1], [0.125, 0.75, 0.125]], dtype)
    table = split({"label": [0, 1, 2], "scores": scores}, classes=range(3))
    assert table.prediction_codes().tolist() == [0, 2, 1]
    assert table.score(2).tolist() == [0.25, 1.0, 0.125]


def test_logits_need_not_sum_to_one():
    table = split({"label": [0, 1], "scores": [[-2.0, 5.0], [3.0, 1.0]]})
    assert table.prediction_codes().tolist() == [1, 0]
    assert table.score().tolist() == [5.0, 1.0]


@pytest.mark.parametrize("sum_", [1 - 0.99e-4, 1, 1 + 0.99e-4])
def test_probabilities_may_be_rounded(sum_):
    assert split({"label": [0], "scores": [[0.5, sum_ - 0.5]]}).score().shape == (1,)


def test_no_answer_is_wrong():
    two = {"label": ["a", "b", "a"], "prediction": [None, None, "a"]}
    assert split(two, missing="wrong").prediction_codes().tolist() == [1, 0, 0]
    three = {"label": [0, 1, 2], "prediction": [None, 1, None]}
    assert split(three, missing="wrong").prediction_codes().tolist() == [3, 1, 3]
    none = pa.table({"label": [0, 1], "prediction": pa.nulls(2)})
    assert split(none, missing="wrong").prediction_codes().tolist() == [1, 0]
    one = {"label": ["a"], "prediction": [None]}
    assert split(one, missing="wrong").prediction_codes().tolist() == [1]


def test_columns_rename_and_free_a_name():
    table = {"y": [0, 1], "p": [1, 1], "weight": [70.0, 80.0], "label": [5, 6]}
    found = split(table, columns={"label": "y", "prediction": "p", "kg": "weight"})
    found.check()
    assert sorted(found.column_names) == ["kg", "label", "prediction"]
    assert found.label_codes().tolist() == [0, 1]
    assert found.numbers("kg").tolist() == [70.0, 80.0]
    # The names of two columns can be exchanged.
    swapped = split(
        {"label": [0, 0], "prediction": [1, 1]},
        columns={"label": "prediction", "prediction": "label"},
    )
    assert swapped.label_codes().tolist() == [1, 1]
    assert swapped.prediction_codes().tolist() == [0, 0]
