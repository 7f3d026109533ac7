"""What `optimizing`, `.against` and `preferences` accept, and what they say of the rest."""

import pytest

from evalharness import DeclarationError, Evaluation, Outputs, bias_variance, prefers, saved
from evalharness.metrics import (
    accuracy,
    error_rate,
    expected_calibration_error,
    f1,
    latency,
    rate,
    recall,
)


def declare(**body):
    body.setdefault("outputs", classmethod(lambda cls: Outputs()))
    return type("TestCats", (Evaluation,), body)


def ids(**body):
    return [(c.kind, c.id, c.model) for c in declare(**body).checks]


def test_an_objective_is_one_check_of_each_gated_model():
    assert ids(optimizing=f1.on("dev").against("production")) == [("optimizing", "f1-dev", "")]
    two = ids(optimizing=f1.on("dev").against("production", within=0.01), models=["a", "b"])
    assert two == [("optimizing", "f1-dev", "a"), ("optimizing", "f1-dev", "b")]


def test_the_choice_and_preferences_are_one_check_each_of_all_models():
    found = ids(
        optimizing=f1.on("dev"),
        models=["a", "b"],
        preferences=[prefers("b", over="a", because="a lets pornography through")],
        satisficing=[recall.on("dev") >= 0.9],
    )
    assert found == [
        ("optimizing", "f1-dev", ""),
        ("preferences", "b-over-a", ""),
        ("satisficing", "recall-dev", "a"),
        ("satisficing", "recall-dev", "b"),
    ]


def test_bounds_on_a_difference_have_ids_of_their_own():
    metric = recall.on("test", region="eu")
    found = ids(
        satisficing=[
            metric >= 0.8,
            metric.against("production") >= -0.01,
            metric.against("v 1/b") >= -0.01,
            metric.against(saved()) > 0,
            metric.against(saved("v1")) > 0,
        ]
    )
    assert [name for _, name, _ in found] == [
        "recall-test-region-eu",
        "recall-test-region-eu-against-production",
        "recall-test-region-eu-against-v-1-b",
        "recall-test-region-eu-against-saved",
        "recall-test-region-eu-against-saved-v1",
    ]


def test_what_was_written_is_printed():
    assert str(f1.on("dev").against("old", within=0.005)) == (
        'f1.on("dev").against("old", within=0.005)'
    )
    assert str(f1.on("dev").against(saved("v1")) >= -0.01) == (
        'f1.on("dev").against(saved("v1")) >= -0.01'
    )
    assert str(f1.on("dev").against(saved())) == 'f1.on("dev").against(saved())'


def test_what_is_asked_follows_the_direction_of_the_metric():
    ops = [
        (b.op, b.threshold)
        for metric in (f1, error_rate)
        for within in (None, 0.01)
        for b in [metric.on("dev").against("old", within=within).bound]
    ]
    assert ops == [(">", 0.0), (">=", -0.01), ("<", 0.0), ("<=", 0.01)]


HANDLES = [
    (lambda: f1.on("dev").against(""), 'give the name of a model of the outputs, such as "prod'),
    (lambda: f1.on("dev").against(None), "None is no baseline"),
    (lambda: f1.on("dev").against("old", within=-0.01), r"did you mean within=0\.01\?"),
    (lambda: f1.on("dev").against("old", within=0), "within=0 must be a number above 0"),
    (lambda: f1.on("dev").against("old", within=True), "must be a number above 0"),
    (lambda: f1.on("dev").against("old", within=float("nan")), "must be a number above 0"),
    (lambda: f1.on("dev").against("old", within=2), r"always hold; did you mean within=0\.02\?"),
    (lambda: expected_calibration_error.on("dev").against("old"), "is report-only"),
    (lambda: saved("a/b"), "a folder or a file is no name"),
    (lambda: saved(".hidden"), "has a name of letters"),
    (lambda: saved(3), "has a name of letters"),
    (lambda: recall.on("dev").against("old") <= 0.01, "higher is better, so this would ask"),
    (lambda: error_rate.on("dev").against("old") >= -0.01, r"write <= 0\.01"),
    (lambda: recall.on("dev").against("old") >= -2, r"did you mean -0\.02\?"),
    (lambda: recall.on("dev").against("old") >= "low", "needs a finite number"),
    (lambda: recall.on("dev").against("old", within=0.01) >= 0, "`within` is a margin already"),
    (lambda: bool(recall.on("dev").against("old")), "not a truth value"),
    (lambda: bool(recall.on("dev").against("old") >= 0), "not a truth value"),
    (lambda: rate("x").on("d").exactly().metric.against("old"), "a fixed list is not sampled"),
    (lambda: prefers("a", over="a", because="x"), "is preferred to itself"),
    (lambda: prefers("a", over="b", because=" "), "because=' ' must be a text"),
    (lambda: prefers("a", over=3, because="x"), "over=3 must be a text"),
    (lambda: prefers("a", over="b", because="x", where="kind"), "must map columns to values"),
]


@pytest.mark.parametrize(("write", "words"), HANDLES, ids=range(len(HANDLES)))
def test_a_wrong_handle(write, words):
    with pytest.raises(DeclarationError, match=words):
        write()


PREFER = prefers("b", over="a", because="x")
CLASSES = [
    ({"optimizing": f1.on("dev")}, r"compares with nothing: write f1.on\(.dev.\).against"),
    ({"optimizing": f1.on("dev"), "models": ["a"]}, "compares with nothing"),
    ({"optimizing": f1, "models": ["a", "b"]}, r"f1 stands on no split; write f1.on\(.dev.\)"),
    ({"optimizing": f1.against("old")}, "stands on no split"),
    ({"optimizing": f1.on("dev") >= 0.9}, "without a threshold: bounds belong in `satisficing`"),
    ({"optimizing": [f1.on("dev"), recall.on("dev")]}, "the optimizing metric is one"),
    ({"optimizing": "f1"}, "optimizing = 'f1' must be a metric"),
    ({"optimizing": f1.on("dev").by("region").against("old")}, "one number is optimized"),
    ({"optimizing": rate("x").on("dev"), "models": ["a", "b"]}, "rate has no direction"),
    (
        {"optimizing": f1.on("dev").against("a"), "models": ["a"]},
        "'a' would be compared with itself",
    ),
    (
        {"satisficing": [f1.on("dev").against("a") > 0], "models": ["a", "b"]},
        "compared with itself",
    ),
    ({"satisficing": [f1.on("dev").against("old")]}, r"which is not a bound such as"),
    ({"preferences": [PREFER]}, "there is none: optimizing = "),
    (
        {"optimizing": f1.on("dev").against("a"), "preferences": PREFER},
        "must be a list",
    ),
    ({"optimizing": f1.on("dev").against("a"), "preferences": ["b"]}, "preferences lists 'b'"),
    (
        {"optimizing": f1.on("dev").against("a"), "preferences": [PREFER, PREFER]},
        r'prefers\("b", over="a"\) is declared 2 times',
    ),
    (
        {
            "optimizing": f1.on("dev").against("a"),
            "preferences": [PREFER, prefers("a", over="b", because="y")],
        },
        "contradict each other",
    ),
    (
        {
            "optimizing": f1.on("dev").against("a"),
            "preferences": [
                prefers(a, over=b, because="x") for a, b in ("xa", "ab", "bc", "ca", "cd")
            ],
        },
        r'prefers\("a", over="b"\), prefers\("b", over="c"\) and prefers\("c", over="a"\) '
        "contradict each other",
    ),
    ({"mine": f1.on("dev").against("a")}, "is no declaration, so nothing would judge"),
    ({"mine": [PREFER]}, "is no declaration, so nothing would judge"),
    ({"optimising": f1.on("dev").against("a")}, "did you mean .optimizing."),
    ({"test_optimizing": 3}, "is a name that Evaluation itself uses"),
]


@pytest.mark.parametrize(("body", "words"), CLASSES, ids=range(len(CLASSES)))
def test_a_wrong_class(body, words):
    with pytest.raises(DeclarationError, match=words):
        declare(**body)


def test_preferences_that_meet_again_are_no_ring():
    pairs = ("ab", "ac", "bd", "cd")
    declare(
        optimizing=f1.on("dev").against("z"),
        preferences=[prefers(a, over=b, because="x") for a, b in pairs],
    )


def test_two_bounds_on_one_difference_from_one_side_are_one_too_many():
    metric = accuracy.on("dev").against("old")
    with pytest.raises(DeclarationError, match="keep the stricter one"):
        declare(satisficing=[metric >= -0.01, metric >= -0.02])
    declare(satisficing=[metric >= -0.01, accuracy.on("dev").against("older") >= -0.02])


def test_an_objective_stands_beside_everything_else():
    found = ids(
        optimizing=f1.on("dev").against("old"),
        satisficing=[latency.quantile(0.99).on("test") <= 100],
        diagnosis=bias_variance(error_rate),
    )
    assert [kind for kind, _, _ in found] == ["optimizing", "satisficing", "diagnosis"]
