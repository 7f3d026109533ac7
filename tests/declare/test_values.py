"""Declarations are plain values: they print as they were written, and equal ones are one."""

import copy
import pickle

import pytest

import evalharness
from evalharness import metrics
from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.metrics import accuracy, f1, latency, mean, precision, quantile, rate, recall

NAMES = {n: getattr(metrics, n) for n in metrics.__all__}

WRITTEN = [
    "recall",
    'recall.on("test")',
    'recall.on("test", region="eu")',
    'recall.on("test", age=3, region="eu")',
    'recall.on("test", region=None)',
    'recall.on("test", cold=True)',
    'recall.on("test").by("device")',
    'recall.on("test").by("device", min_n=100)',
    'recall.on("test", region="eu").by("device", min_n=100)',
    "recall(average='macro')",
    "f1(average='macro', threshold=0.3).on(\"test\")",
    "precision(positive='cat').on(\"test\")",
    "recall.on('a \"quoted\" split')",
    'recall.on("test", region=\'say "hi"\')',
    'mean("tokens").on("test")',
    'mean(\'a "b"\').on("test")',
    "mean('a\\\\b\\n').on(\"test\")",
    'rate("refused").on("test")',
    'quantile("cost", 0.9).on("test")',
    "latency.mean()",
    'latency.quantile(0.99).on("test")',
]
BOUNDS = [
    'recall.on("test") >= 0.9',
    'recall.on("test") > 0.9',
    'latency.quantile(0.99).on("test") <= 100',
    'latency.mean().on("test") < 12.5',
    'mean("x").on("test") >= -0.123456789',
    'mean("x").on("test") <= 1234567.5',
    'rate("refused").on("test") <= 1e-07',
]


@pytest.mark.parametrize("text", WRITTEN + BOUNDS, ids=range(len(WRITTEN + BOUNDS)))
def test_str_is_what_was_written(text):
    made = eval(text, dict(NAMES))
    assert str(made) == repr(made) == text


@pytest.mark.parametrize("text", WRITTEN + BOUNDS, ids=range(len(WRITTEN + BOUNDS)))
def test_equal_declarations_are_one(text):
    one, two = eval(text, dict(NAMES)), eval(text, dict(NAMES))
    assert one == two
    assert hash(one) == hash(two)
    assert len({one, two, copy.deepcopy(one)}) == 1


def test_which_way_is_better_makes_no_other_metric():
    assert mean("latency") == latency.mean()
    assert mean("x", better="lower") == mean("x")
    assert mean("x", better="lower").definition.better == "lower"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (recall.on("test"), recall.on("dev")),
        (recall.on("test"), precision.on("test")),
        (recall.on("test", x=1), recall.on("test", x=2)),
        (recall.on("test", x=1), recall.on("test", x="1")),
        (recall.on("t").by("x"), recall.on("t").by("x", min_n=2)),
        (recall.on("t").by("x"), recall.on("t")),
        (recall(threshold=0.1), recall(threshold=0.2)),
        (recall.on("t") >= 0.5, recall.on("t") > 0.5),
        (recall.on("t") >= 0.5, recall.on("t") >= 0.6),
        (mean("x"), mean("y")),
        (quantile("x", 0.5), quantile("x", 0.6)),
    ],
)
def test_different_declarations_are_two(one, two):
    assert one != two
    assert len({one, two}) == 2


def test_parameters_in_any_order():
    assert f1(threshold=0.3)(average="macro") == f1(average="macro", threshold=0.3)
    assert recall.on("t", a=1, b=2) == recall.on("t", b=2, a=1)
    assert recall.by("x").on("t") == recall.on("t").by("x")


def test_statistics_know_only_their_own_parameters():
    """Two metrics of one table are counted once."""
    assert recall.statistic == precision.statistic
    assert recall(threshold=0.5).statistic == f1(threshold=0.5).statistic
    assert recall(threshold=0.5).statistic != f1.statistic
    assert accuracy.statistic != recall.statistic
    assert quantile("x", 0.5).statistic == quantile("x", 0.9).statistic
    assert latency.quantile(0.5).statistic == quantile("latency", 0.9).statistic


def test_titles_are_for_people():
    assert (
        recall.on("test", region="eu").by("device").title == "recall on test, region=eu by device"
    )
    assert latency.quantile(0.99).on("test").title == "latency.quantile(0.99) on test"
    assert rate("refused").on("test").title == 'rate("refused") on test'


def test_what_is_inherited_by_parameters():
    """Parameters given after the split stay on it."""
    assert str(recall.on("test")(threshold=0.5)) == 'recall(threshold=0.5).on("test")'


def test_handles_are_frozen():
    with pytest.raises(AttributeError):
        recall.split = "test"


@pytest.mark.parametrize(
    ("word", "hint"),
    [("recal", " (did you mean `recall`?)"), ("xyz", ""), ("", "")],
)
def test_did_you_mean(word, hint):
    assert did_you_mean(word, ["recall", "precision"]) == hint


def test_problems_are_numbered_and_said_once():
    error = OutputsError(["first", "second", "first"])
    assert error.problems == ("first", "second")
    assert str(error) == "2 problems in the outputs:\n  1. first\n  2. second"
    assert str(OutputsError(["alone"])) == "alone"
    again = pickle.loads(pickle.dumps(error))
    assert again.problems == error.problems
    assert str(again) == str(error)


def test_the_public_names():
    for name in evalharness.__all__:
        assert getattr(evalharness, name) is not None
    assert set(evalharness.__all__) <= set(dir(evalharness))
    assert evalharness.__version__
    with pytest.raises(AttributeError, match="has no attribute 'Evalution'"):
        _ = evalharness.Evalution
