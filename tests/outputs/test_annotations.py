"""Annotations: both forms say the same, whatever the order of the rows; what is wrong is told."""

import numpy as np
import pytest

from evalharness import OutputsError
from evalharness.outputs.annotations import read
from evalharness.outputs.label_names import by_name
from tests.outputs.helpers import says

LONG = {
    "id": ["b", "a", "a", "b", "a"],
    "annotator": ["x", "x", "y", "z", "z"],
    "label": ["cat", "dog", "cat", "cat", "dog"],
    "gold": ["cat", "dog", "dog", "cat", "dog"],
}
COUNTS = {"id": ["b", "a"], "n_cat": [2, 1], "n_dog": [0, 2], "label": ["cat", "dog"]}


def test_answers_are_sorted_by_id_and_person():
    found = read(LONG)
    assert found.ids.to_pylist() == ["a", "b"]
    assert found.classes == ("cat", "dog")
    assert found.people == ("x", "y", "z")
    assert found.counts.tolist() == [[1, 2], [2, 0]]
    assert found.gold.tolist() == [1, 0]
    order = np.lexsort((found.answers.person, found.answers.item))
    assert found.answers.item[order].tolist() == [0, 0, 0, 1, 1]
    assert found.answers.person[order].tolist() == [0, 1, 2, 0, 2]
    assert found.answers.label[order].tolist() == [1, 0, 1, 0, 0]


def test_counts_say_the_same_but_for_who():
    long, counts = read(LONG), read(COUNTS)
    assert counts.ids.equals(long.ids)
    assert counts.classes == long.classes
    assert counts.counts.tolist() == long.counts.tolist()
    assert counts.gold.tolist() == long.gold.tolist()
    assert counts.answers is None
    assert counts.people == ()


def test_the_order_of_the_rows_tells_nothing():
    turned = read({name: column[::-1] for name, column in LONG.items()})
    assert turned.counts.tolist() == read(LONG).counts.tolist()
    assert turned.gold.tolist() == read(LONG).gold.tolist()


def test_a_file_and_a_table_are_read_alike(tmp_path):
    import pyarrow as pa
    import pyarrow.csv

    path = tmp_path / "people.csv"
    pyarrow.csv.write_csv(pa.table(LONG), path)
    assert read(path).counts.tolist() == read(pa.table(LONG)).counts.tolist()
    assert "people.csv" in read(path).where


def test_without_gold_none_is_told():
    assert read({k: v for k, v in LONG.items() if k != "gold"}).gold is None
    assert read({k: v for k, v in COUNTS.items() if k != "label"}).gold is None


def test_gold_that_nobody_answers_is_none_of_the_classes():
    assert read(LONG | {"gold": ["cow", "dog", "dog", "cow", "dog"]}).gold.tolist() == [1, -1]


@pytest.mark.parametrize(
    ("labels", "classes", "places"),
    [
        ([0, 2], ("airplane", "bird", "cat"), [-1, -1]),  # nothing says what is the first
        ([3, 1], ("1", "2", "3"), [2, 0]),  # as they are written
        ([0, 1], ("0", "1", "7"), [0, 1]),
        (["b", "z"], ("a", "b"), [1, -1]),
        ([True, False], ("false", "true"), [1, 0]),
        ([5], ("a", "b"), [-1]),
        ([-1], ("a", "b"), [-1]),
    ],
)
def test_names_of_columns_stand_for_labels(labels, classes, places):
    assert by_name(labels, classes).tolist() == places


def test_codes_stand_for_names_only_where_each_of_them_is_there_in_an_order():
    names = ("airplane", "bird", "cat")
    assert by_name([2, 0, 1], names, ordered=True).tolist() == [2, 0, 1]
    for labels in ([0, 2], [0, 1, 3], [0, 1, 2, 3], [True, False, 2]):
        assert set(by_name(labels, names, ordered=True).tolist()) == {-1}
    given = {"id": [1, 2], "n_cow": [3, 1], "n_cat": [0, 2]}
    coded = read(given | {"label": [1, 0]})
    assert coded.gold.tolist() == [1, 0]
    assert "labels 0 … 1 are taken for cow … cat, in the order of the columns" in coded.note
    assert read(given | {"label": ["cat", "cow"]}).note == ""
    with pytest.raises(OutputsError, match="codes are taken for names only where all of 0 … 1"):
        read(given | {"label": [0, 0]})


def long(**columns):
    return {k: v for k, v in (LONG | columns).items() if v is not None}


def counts(**columns):
    return {k: v for k, v in (COUNTS | columns).items() if v is not None}


BAD = {
    "no rows": (long(id=[], annotator=[], label=[], gold=[]), ["empty (0 rows)"]),
    "neither form": (
        {"id": [1], "annotatr": ["x"], "label": [0]},
        ["`annotator` (did you mean `annotatr`?)", "n_<class>", "found `id`, `annotatr`, `label`"],
    ),
    "no label": (long(label=None), ["there is no column `label`"]),
    "no id of counts": (counts(id=None), ["there is no column `id`"]),
    "nulls": (
        long(id=["b", None, "a", "b", "a"], label=["cat", "dog", None, "cat", "dog"]),
        ["column `id` is null in 1 row (row 1", "column `label` is null in 1 row (row 2", "2 prob"],
    ),
    "who is null": (
        long(annotator=["x", None, "y", "z", "z"]),
        ["column `annotator` is null in 1 row (row 1"],
    ),
    "answered twice": (
        long(annotator=["x", "z", "y", "z", "z"]),
        ["1 pair more than once", "('a', 'z')", "rows (1 and 4", "keep one answer"],
    ),
    "gold of another kind": (
        long(gold=[0, 1, 1, 0, 1]),
        ["`label` is text and column `gold` is numbers", "one type"],
    ),
    "two golds of one item": (
        long(gold=["cat", "dog", "cat", "cat", "dog"]),
        ["column `gold` varies inside 1 of 2 values of `id`", "'a'"],
    ),
    "answers are reals": (
        long(label=[0.5, 1.0, 1.0, 1.0, 1.0]),
        ["column `label` is real-valued", "cast it"],
    ),
    "negative and fractional": (
        counts(n_cat=[-1, 1], n_dog=[0.5, 2]),
        ["`n_cat` holds -1.0 in 1 row (row 0", "`n_dog` holds 0.5 in 1 row (row 0", "2 problems"],
    ),
    "count is null": (counts(n_dog=[None, 1]), ["column `n_dog` is null"]),
    "count is text": (counts(n_dog=["a", "b"]), ["column `n_dog` is text"]),
    "nobody answered": (
        counts(n_cat=[0, 1]),
        ["nobody answered in 1 row (row 0", "leave items without answers out"],
    ),
    "gold without a count": (
        counts(label=["cow", "dog"]),
        ["column `label` holds 'cow'", "no column `n_cow`", "`n_cat`, `n_dog`"],
    ),
    "an item twice": (counts(id=["a", "a"]), ["column `id` holds 1 id more than once"]),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_told(case):
    table, words = BAD[case]
    with pytest.raises(OutputsError) as caught:
        read(table)
    says(caught.value, ["annotations (mapping of arrays): ", *words])


def test_a_folder_is_not_read(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    for part in "ab":
        pq.write_table(pa.table(LONG), tmp_path / f"{part}.parquet")
    with pytest.raises(OutputsError, match="give one file or table"):
        read(tmp_path)
