"""Planted leaks of each kind are found, nothing is found where nothing leaked, and what cannot be
compared is refused, all at once."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from evalharness.checks.leaks import comparisons, duplicates
from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs

NOTHING = {
    "ids": False,
    "clusters": False,
    "content": (),
    "near": (),
    "embeddings": (),
    "time": "",
}


def split(name, **columns):
    return Outputs({name: columns}).split(name)


def look(train, test, **asked):
    made = comparisons(split("train", **train), split("test", **test), **(NOTHING | asked))
    return [compare() for compare in made]


def only(train, test, **asked):
    (leak,) = look(train, test, **asked)
    assert leak.rows.dtype == bool
    return leak


def test_ids():
    leak = only({"id": [5, 9, 3, 17]}, {"id": [1, 17, 2, 5, 4]}, ids=True)
    assert (leak.kind, leak.column) == ("id", "`id`")
    assert leak.rows.tolist() == [False, True, False, True, False]
    assert leak.pairs == ((1, 3), (3, 0))
    assert leak.told == "2 of 5 ids of test are also in train (first: 17, 5)"
    assert leak.expected == 0
    leak = only({"id": ["a", "b"]}, {"id": ["A", "c"]}, ids=True)  # ids are not folded
    assert (leak.rows.any(), leak.pairs) == (False, ())
    assert leak.told == "none of 2 ids of test is also in train"


def test_at_most_three_ids_are_shown():
    leak = only({"id": range(100)}, {"id": range(50, 150)}, ids=True)
    assert leak.told == "50 of 100 ids of test are also in train (first: 50, 51, 52)"
    assert len(leak.pairs) == 3


def test_repeats_of_one_id_are_one_id():
    train = {"id": [1, 1, 2], "sample": [0, 1, 0]}
    leak = only(train, {"id": [1, 1, 3], "sample": [5, 6, 0]}, ids=True)
    assert leak.rows.tolist() == [True, True, False]
    assert leak.told == "1 of 2 ids of test is also in train, in 2 rows (first: 1)"


def test_clusters():
    leak = only({"cluster": ["p", "q", "q"]}, {"cluster": ["r", "q", "q", "s"]}, clusters=True)
    assert leak.kind == "cluster"
    assert leak.rows.tolist() == [False, True, True, False]
    assert leak.pairs == ((1, 1), (2, 1))
    assert leak.told == "1 of 3 clusters of test is also in train, in 2 rows (first: 'q')"


def test_content():
    train = {"question": ["What is  it?", None, "who"], "n": [1, 2, 3]}
    test = {"question": ["what is it?", None, "WHO ", None], "n": [1.0, 2.0, 4.0, 3.0]}
    leak = only(train, test, content=("question", "n"))
    assert (leak.kind, leak.column) == ("content", "`question`, `n`")
    assert leak.rows.tolist() == [True, True, False, False]
    assert leak.pairs == ((0, 0), (1, 1))
    assert leak.told.startswith("2 of 4 rows of test have the `question`, `n` of a row of train")
    assert "it?" not in leak.told
    # Alone, a null is no content.
    assert only(train, test, content=("question",)).rows.tolist() == [True, False, True, False]


def test_time():
    def days(*numbers):
        return [dt.date(2024, 1, number) for number in numbers]

    leak = only({"day": days(1, 5, 3)}, {"day": days(6, 5, 9, 2)}, time="day")
    assert (leak.kind, leak.column) == ("time", "`day`")
    assert leak.rows.tolist() == [False, True, False, True]
    assert leak.pairs == ((1, 1), (3, 1))
    assert "2 of 4 rows of test" in leak.told
    assert "(2024-01-05)" in leak.told
    assert not only({"day": days(1, 5)}, {"day": days(6)}, time="day").rows.any()


@pytest.mark.parametrize(
    "before, after, last",
    [
        ([1, 7], [7, 8], "(7)"),
        ([1, 7], [7, 8.5], "(7.0)"),
        (pa.array([1, 7], pa.timestamp("ns")), [dt.date(1970, 1, 1), dt.date(1971, 1, 1)], "07)"),
        (
            pa.array([1, 7], pa.timestamp("s", "Europe/Berlin")),
            pa.array([7000, 7001], pa.timestamp("ms", "UTC")),
            "(1970-01-01T00:00:07.000 UTC)",
        ),
    ],
)
def test_times_of_any_type(before, after, last):
    leak = only({"time": before}, {"time": after}, time="time")
    assert leak.rows.tolist() == [True, False]
    assert last in leak.told


SENTENCES = ["the cat sat quietly on the old mat near the door", "nothing of the kind was seen"]


def test_near_texts():
    changed = SENTENCES[0].replace("old", "new").upper()
    train = {"question": ["an entirely different text of a few words", None, "", *SENTENCES]}
    leak = only(train, {"question": [changed, None, "", "some other words"]}, near=("question",))
    assert (leak.kind, leak.column) == ("near", "`question`")
    assert not leak.rows.any()  # 39 of 49 shingles
    leak = only(train, {"question": [changed, None, "", "x"]}, near=("question",), near_jaccard=0.6)
    assert leak.rows.tolist() == [True, False, False, False]
    assert leak.pairs == ((0, 3),)
    assert "1 of 2 texts of test" in leak.told
    assert "≥ 0.6" in leak.told
    assert "cat" not in leak.told


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_near_embeddings(dtype):
    random = np.random.default_rng(0)
    train = random.normal(size=(2000, 24)).astype(dtype)
    test = random.normal(size=(500, 24)).astype(dtype)
    test[7], test[9] = train[1234] + dtype(1e-3), train[55]
    leak = only({"emb": train}, {"emb": test}, embeddings=("emb",))
    assert (leak.kind, leak.column) == ("embedding", "`emb`")
    assert leak.rows[[7, 9]].all()
    assert leak.rows.sum() <= 4
    assert leak.pairs[:2] == ((9, 55), (7, 1234))  # the nearest first
    assert leak.expected == pytest.approx(0.001, rel=0.05)


def test_copies_inside_train_do_not_hide_near_ones():
    random = np.random.default_rng(1)
    train = random.normal(size=(1000, 8))
    train[:100] = train[100:200]
    test = random.normal(size=(200, 8))
    test[0], test[1] = train[0], train[500] + 1e-6
    leak = only({"emb": train}, {"emb": test}, embeddings=("emb",))
    assert leak.rows[:2].all()
    assert leak.rows.sum() <= 4
    # Where all are copies, only a copy is too near.
    leak = only({"emb": np.ones((5, 2))}, {"emb": [[1, 1], [1, 2]]}, embeddings=("emb",))
    assert leak.rows.tolist() == [True, False]


def test_a_sample_of_train_sets_the_limit_and_the_seed_draws_it(monkeypatch):
    random = np.random.default_rng(2)
    tables = {"emb": random.normal(size=(900, 2))}, {"emb": random.normal(size=(900, 2))}
    monkeypatch.setattr("evalharness.checks.near_leaks.SAMPLE", 100)
    told = [only(*tables, embeddings=("emb",), seed=seed).told for seed in (0, 0, 1)]
    assert told[0] == told[1] != told[2]


def test_everything_at_once_one_leak_for_each():
    table = {
        "id": [1, 2, 3],
        "cluster": ["a", "b", "c"],
        "question": ["one question", "two questions", "three questions"],
        "answer": ["so it is", "it is not so", "perhaps"],
        "emb": [[0, 1], [1, 0], [3, 3]],
        "time": [1, 2, 3],
    }
    found = look(
        table,
        table,
        ids=True,
        clusters=True,
        content=("question", "answer"),
        near=("question", "answer"),
        embeddings=("emb",),
        time="time",
    )
    kinds = ["id", "cluster", "content", "time", "near", "near", "embedding"]
    assert [leak.kind for leak in found] == kinds
    assert all(leak.rows.all() for leak in found)
    assert look(table, table) == []


def test_duplicates():
    leak = duplicates(split("dev", q=["a", "b", "A ", None, None, "a"]), ("q",))
    assert leak.rows.tolist() == [False, False, True, False, False, True]
    assert leak.pairs == ((2, 0), (5, 0))
    assert leak.told == "2 of 6 rows of dev repeat the `q` of an earlier row (rows 2, 5)"
    assert not duplicates(split("dev", q=["a", "b"]), ("q",)).rows.any()


# (train, test, what is asked, what the message says)
REFUSED = {
    "no ids": ({"x": [1]}, {"id": [1]}, {"ids": True}, ["train", "no column `id`"]),
    "ids of two types": ({"id": [1]}, {"id": ["1"]}, {"ids": True}, ["integer in train", "text"]),
    "ids twice": ({"id": [1, 1]}, {"id": [2]}, {"ids": True}, ["train", "more than once"]),
    "null cluster": (
        {"cluster": [1]},
        {"cluster": [1, None]},
        {"clusters": True},
        ["test", "`cluster` is null in 1 row"],
    ),
    "no content": ({"x": [1]}, {"y": [1]}, {"content": ("x",)}, ["test", "no column `x`", "`y`"]),
    "text in a list column": (
        {"e": ["a"]},
        {"e": [[1]]},
        {"embeddings": ("e",)},
        ["train", "`e` is text", "list of numbers"],
    ),
    "lists as text": ({"e": ["a"]}, {"e": [[1]]}, {"near": ("e",)}, ["test", "embeddings"]),
    "numbers as text": ({"e": [1]}, {"e": ["a"]}, {"near": ("e",)}, ["train", "integer"]),
    "unequal lengths": (
        {"e": [[1, 2], [1], [2, 3]]},
        {"e": [[1, 2]]},
        {"embeddings": ("e",)},
        ["train", "1, 2 numbers", "most often 2", "row 1"],
    ),
    "other lengths": (
        {"e": [[1, 2], [2, 1]]},
        {"e": [[1, 2, 3]]},
        {"embeddings": ("e",)},
        ["2 numbers", "3 of the other", "one model"],
    ),
    "empty lists": ({"e": [[], []]}, {"e": [[1]]}, {"embeddings": ("e",)}, ["empty lists"]),
    "NaN": (
        {"e": [[1.0], [np.nan]]},
        {"e": [[1.0], [None], [np.inf]]},
        {"embeddings": ("e",)},
        ["train", "row 1", "test", "2 rows (1 and 2"],
    ),
    "null lists": ({"e": [[1], None]}, {"e": [[1]]}, {"embeddings": ("e",)}, ["null in 1 row"]),
    "lists of text": ({"e": [["a"]]}, {"e": [[1]]}, {"embeddings": ("e",)}, ["lists of text"]),
    "one row": ({"e": [[1]]}, {"e": [[1]]}, {"embeddings": ("e",)}, ["1 row", "at least 2"]),
    "null texts": ({"q": [None]}, {"q": ["a"]}, {"near": ("q",)}, ["null in every row"]),
    "naive and aware": (
        {"time": [dt.datetime(2024, 1, 1)]},
        {"time": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)]},
        {"time": "time"},
        ["without a time zone in train", "zone UTC in test"],
    ),
    "null times": ({"time": [1, None]}, {"time": [2]}, {"time": "time"}, ["train", "row 1"]),
    "NaN times": ({"time": [1.0]}, {"time": [2.0, np.nan]}, {"time": "time"}, ["test", "row 1"]),
    "times as text": ({"t": ["2024"]}, {"t": ["2025"]}, {"time": "t"}, ["`t` is text", "dates"]),
    "no rows": (
        {"id": pa.array([], pa.int64())},
        {"id": [1]},
        {"ids": True},
        ["train", "empty (0 rows)"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(case):
    train, test, asked, words = REFUSED[case]
    with pytest.raises(OutputsError) as error:
        look(train, test, **asked)
    for word in words:
        assert word in str(error.value)


def test_refuses_everything_at_once_and_before_anything_is_compared(monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr("evalharness.distances.minhash.near", never)
    with pytest.raises(OutputsError) as error:
        look(
            {"id": [1], "q": ["a"], "e": [1], "t": ["x"]},
            {"q": ["a"], "e": [[1]], "t": [1]},
            **{"ids": True, "clusters": True, "content": ("z",), "near": ("q", "e")},
            **{"embeddings": ("e",), "time": "t"},
        )
    # No id in test; no cluster and no z in both; t of two types; e no text, twice; e no list.
    assert len(error.value.problems) == 9


@pytest.mark.parametrize("order", ["as given", "turned"])
def test_the_order_of_rows_changes_nothing(order):
    random = np.random.default_rng(3)
    turn = np.arange(300) if order == "as given" else random.permutation(300)
    table = random.normal(size=(300, 4))
    test = table[:100] + np.where(np.arange(100) < 50, 1e-9, 1)[:, None]
    leak = only({"emb": table[turn]}, {"emb": test}, embeddings=("emb",))
    assert leak.rows[:50].all()
    assert leak.rows[50:].sum() <= 2
    assert [int(turn[row]) for _, row in leak.pairs] == [row for row, _ in leak.pairs]


@pytest.mark.calibration
@pytest.mark.parametrize("d", [2, 16, 128])
def test_false_alarms_of_embeddings(d):
    """2,000 rows a side, 20 times: two of each 2,000 are expected. Those of one run share a limit,
    the second least of 2,000 distances, so that their number varies with a variance of about 4."""
    random = np.random.default_rng(d)
    counts = []
    for _ in range(20):
        table = random.normal(size=(4000, d)).astype(np.float32)
        leak = only({"emb": table[:2000]}, {"emb": table[2000:]}, embeddings=("emb",))
        counts.append(leak.rows.sum())
    assert leak.expected == pytest.approx(0.001, rel=0.01)
    assert 0.2 <= np.mean(counts) <= 3.8  # 1.8 are four standard errors


@pytest.mark.calibration
def test_no_false_alarms_of_texts():
    random = np.random.default_rng(6)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    known = ["".join(random.choice(letters, random.integers(3, 9))) for _ in range(2000)]
    share = 1 / np.arange(1, 2001)
    texts = [" ".join(row) for row in random.choice(known, (6000, 20), p=share / share.sum())]
    (leak,) = look({"q": texts[:4000]}, {"q": texts[4000:]}, near=("q",))
    assert not leak.rows.any()
