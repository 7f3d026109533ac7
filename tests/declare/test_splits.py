"""What is declared of splits: ids, and everything that cannot mean what its author wants."""

from datetime import UTC, date, datetime

import pytest

from evalharness import (
    DeclarationError,
    Evaluation,
    known_difference,
    large_enough,
    no_leakage,
    same_distribution,
    waive,
)
from evalharness.declare.split_checks import NoLeakage
from evalharness.metrics import accuracy, recall

BOUND = recall.on("test") >= 0.9
SAME = same_distribution("dev", "test")
WAIVER = {"owner": "ana", "reason": "the new region", "expires": "2999-01-31"}


def declared(**body):
    return type("Declared", (Evaluation,), {"outputs": classmethod(lambda cls: None)} | body)


def test_each_is_one_check_for_each_model():
    splits = [
        SAME,
        known_difference("train", "dev", columns={"label": 0.3}),
        no_leakage("train", "test", content="text"),
        large_enough("test"),
    ]
    made = declared(satisficing=[BOUND], splits=splits, models=["a", "b"])
    ids = [
        "recall-test",
        "same_distribution-dev-test",
        "known_difference-train-dev",
        "no_leakage-train-test",
        "large_enough-test",
    ]
    assert [(c.id, c.model) for c in made.checks] == [(i, m) for m in "ab" for i in ids]
    assert [c.kind for c in made.checks[:5]] == ["satisficing", *["splits"] * 4]


def test_splits_alone_are_enough_and_an_iterator_is_kept():
    made = declared(splits=iter([SAME]))
    assert [c.id for c in type("Later", (made,), {}).checks] == ["same_distribution-dev-test"]


def test_names_become_slugs():
    assert same_distribution("dev 2024/1", "test").slug == "same_distribution-dev-2024-1-test"


def test_a_declaration_prints_as_it_is_written_and_is_no_truth_value():
    assert str(SAME) == 'same_distribution("dev", "test")'
    with pytest.raises(DeclarationError, match="list it in `splits"):
        bool(SAME)


def test_one_column_may_be_named_without_a_list():
    assert no_leakage("a", "b", near="text") == NoLeakage(("a", "b"), near=("text",))


WRONG = [
    (lambda: same_distribution("dev", "dev"), "'dev' is named twice"),
    (lambda: same_distribution("dev", 3), "a split is named by a text"),
    (lambda: same_distribution("", "test"), "a split is named by a text"),
    (
        lambda: same_distribution("dev", "test", columns={"x": 0}),
        "a tolerance of 0 for 'x' can nev",
    ),
    (lambda: same_distribution("dev", "test", columns={"x": 5}), r"did you mean 0.05\?"),
    (lambda: same_distribution("dev", "test", columns={"x": 1}), "must lie between 0 and 1"),
    (lambda: same_distribution("dev", "test", columns={"x": "a"}), "must lie between 0 and 1"),
    (lambda: same_distribution("dev", "test", columns={"x": True}), "must lie between 0 and 1"),
    (lambda: same_distribution("dev", "test", columns={3: 0.1}), "3 is no name of a column"),
    (lambda: same_distribution("dev", "test", columns=["x", "x"]), "'x' is named twice"),
    (lambda: same_distribution("dev", "test", columns=3), "must list names of columns"),
    (lambda: same_distribution("dev", "test", classifier=0.4), "between 0.5 and 1"),
    (lambda: same_distribution("dev", "test", classifier="yes"), "between 0.5 and 1"),
    (lambda: same_distribution("dev", "test", embeddings={"e": 1}), "must list names of columns"),
    (lambda: known_difference("train", "dev", columns={}), "say by how much"),
    (lambda: known_difference("train", "dev", columns=["x"]), "must say by how much"),
    (lambda: no_leakage("train", "test", content=[""]), "'' is no name of a column"),
    (lambda: no_leakage("train", "test", time=["t"]), "must be the name of a column"),
    (lambda: no_leakage("train", "test", tolerance=0), "must lie between 0 and 1"),
    (lambda: large_enough("test", true={"recall": 0.9}), "must map metrics to numbers"),
    (lambda: large_enough("test", true={recall: "high"}), "must map metrics to numbers"),
    (lambda: large_enough("test", true=0.9), "must map metrics to numbers"),
    (lambda: large_enough("test", power=80), "power=80 must lie between 0 and 1"),
    (lambda: large_enough("test", icc=2), "icc=2 must lie between 0 and 1"),
    (lambda: large_enough(recall), "a split is named by a text"),
    (lambda: waive("EH-SHFT", **WAIVER), r"no code 'EH-SHFT' \(did you mean `EH-SHIFT`\?\)"),
    (lambda: waive("EH-SHIFT", **WAIVER | {"owner": " "}), "owner=' ' must be a text"),
    (lambda: waive("EH-SHIFT", **WAIVER | {"reason": None}), "reason=None must be a text"),
    (lambda: waive("EH-SHIFT", **WAIVER | {"expires": "soon"}), "expires='soon' must be a day"),
    (lambda: waive("EH-SHIFT", **WAIVER | {"expires": None}), "expires=None must be a day"),
    (lambda: waive("EH-SHIFT", **WAIVER, check=SAME), "must be the id of a check"),
]


@pytest.mark.parametrize(("write", "words"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_declaration(write, words):
    with pytest.raises(DeclarationError, match=words):
        write()


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(DeclarationError) as caught:
        same_distribution("dev", "dev", columns={"x": 0, "y": 7}, classifier=2)
    assert "4 problems" in str(caught.value)


CLASSES = [
    ({"splits": SAME}, "splits must be a list of checks"),
    ({"splits": "same"}, "splits must be a list of checks"),
    ({"splits": [BOUND]}, "which is no check of splits"),
    ({"splits": [SAME, SAME]}, "lists 'same_distribution-dev-test' 2 times"),
    ({"satisficing": [SAME]}, "which is not a bound"),
    ({"splits": [SAME], "gates": [SAME]}, "`gates` holds metrics, bounds or checks"),
    ({"splits": [large_enough("test")]}, "no bound is declared on 'test'"),
    (
        {"satisficing": [BOUND], "splits": [large_enough("test", true={accuracy: 0.9})]},
        "true= names accuracy, on which no bound stands",
    ),
    (
        {"satisficing": [BOUND], "splits": [large_enough("test", true={recall.on("dev"): 0.9})]},
        "on which no bound stands",
    ),
    ({"splits": [SAME], "waivers": waive("EH-SHIFT", **WAIVER)}, "waivers must be a list"),
    ({"splits": [SAME], "waivers": ["EH-SHIFT"]}, "which is not made by waive"),
    ({"splits": [SAME], "waivers": [waive("EH-LEAK-ID", **WAIVER)]}, "waives nothing"),
    ({"splits": [SAME], "waivers": [waive("EH-SHIFT-JOINT", **WAIVER)]}, "waives nothing"),
    (
        {"splits": [no_leakage("a", "b")], "waivers": [waive("EH-LEAK-CONTENT", **WAIVER)]},
        "waives nothing",
    ),
    (
        {"splits": [SAME], "waivers": [waive("EH-SHIFT", **WAIVER, check="same-dev-test")]},
        "names no check",
    ),
    ({"splits": [SAME], "test_splits": 1}, "`test_splits` is a name that Evaluation itself uses"),
    ({"split": [SAME], "satisficing": [BOUND]}, "did you mean `splits`"),
]


@pytest.mark.parametrize(("body", "words"), CLASSES, ids=range(len(CLASSES)))
def test_a_wrong_class(body, words):
    with pytest.raises(DeclarationError, match=words):
        declared(**body)


def test_true_values_are_of_a_metric_anywhere_or_in_one_place():
    check = large_enough("test", true={recall: 0.93, recall.on("test", region="eu"): 0.95})
    assert check.expected(recall.on("test")) == 0.93
    assert check.expected(recall.on("test", region="eu")) == 0.95
    assert check.expected(recall(threshold=0.3).on("test")) is None


def test_the_last_day_of_a_waiver_is_its_last():
    for day in ("2026-11-28", date(2026, 11, 28), datetime(2026, 11, 28, 9, tzinfo=UTC)):
        waiver = waive("EH-SHIFT", **WAIVER | {"expires": day})
        assert not waiver.expired(date(2026, 11, 28))
        assert waiver.expired(date(2026, 11, 29))
