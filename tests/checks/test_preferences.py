"""Declared judgements that the metric must reproduce, and the weights that turn a ranking."""

import re

import numpy as np
import pytest
from scipy.stats import binom

from evalharness import DeclarationError, Outputs, prefers
from evalharness.checks.preferences import read
from evalharness.checks.settings import Settings
from evalharness.declare.errors import OutputsError
from evalharness.kernels.plan import Plan
from evalharness.metrics import (
    accuracy,
    error_rate,
    f1,
    latency,
    mean,
    precision,
    rate,
    roc_auc,
)
from tests.metrics.measure import declare

LETS_THROUGH = prefers(
    "B", over="A", because="A lets pornography through", where={"kind": "pornography"}
)
BY_LOOKING = prefers("B", over="A", because="A lets pornography through")


def course(weight=None, n=10_000):
    """A errs on 3 % of the examples, among them 60 of 100 of pornography; B on 5 %, none there."""
    row = np.arange(n)
    kind = np.where(row < 100, "pornography", np.where(row < n // 2, "cat", "dog"))
    a = (row < 60) | ((row >= 100) & (row < 340))
    b = (row >= n // 2) & (row < n // 2 + 500)
    label = row % 2
    shared = {"id": row, "label": label, "kind": kind}
    if weight is not None:
        shared["weight"] = np.where(row < 100, weight, 1.0)
    return {
        name: Outputs(dev=shared | {"prediction": np.where(wrong, 1 - label, label)})
        for name, wrong in (("A", a), ("B", b))
    }


def judged(outputs, *preferences, metric=error_rate, **more):
    made = declare(
        models=["B"], optimizing=metric.on("dev").against("A"), preferences=preferences, **more
    )
    chosen = [c for c in made.checks if c.kind == "preferences"]
    found = made.run(outputs, select=chosen).checks
    return found[0] if len(found) == 1 else found


def test_the_courses_cat_app():
    result = judged(course(), LETS_THROUGH)
    assert (result.outcome, result.worst.code) == ("fail", "EH-PREFERENCE")
    assert result.message == (
        'prefers("B", over="A"): error_rate contradicts it (A lets pornography through): B: '
        "error_rate minus A on dev: 0.0200, at least 0.0153 with 95 % confidence (n=10,000 paired "
        "examples); required < 0: fail; the 100 examples that it is about turn the ranking if they "
        "count more than 4.34 times [EH-PREFERENCE]"  # (500 - 240) / 60
    )
    assert "weigh those examples more (a column `weight`, 10 or 100 times), change" in result.told()


@pytest.mark.parametrize("weight", [10.0, 100.0])
def test_weighed_ten_or_a_hundred_times_b_wins(weight):
    assert judged(course(weight), LETS_THROUGH).outcome == "pass"


def test_the_table_requires_what_the_message_requires():
    made = declare(
        models=["B"], optimizing=accuracy.on("dev").against("A"), preferences=[LETS_THROUGH]
    )
    text = str(made.run(course()))
    row = next(line for line in text.splitlines() if line.startswith("FAIL") and "over" in line)
    assert "required > 0" in made.run(course()).checks[-1].message
    assert "> 0" in row
    assert "≥ 0" not in row


def test_a_weight_that_is_there_multiplies():
    assert "count more than 2.17 times" in judged(course(2.0), LETS_THROUGH).message
    assert "count more than 1.09 times" in judged(course(4.0), LETS_THROUGH).message


def test_the_other_way_round_it_is_reproduced():
    result = judged(course(), prefers("A", over="B", because="fewer errors"))
    assert (result.outcome, result.worst.details) == ("pass", ())
    assert "EH-" not in result.message


def test_without_examples_slices_are_looked_for():
    result = judged(course(), BY_LOOKING)
    assert (
        "found by looking, slices that turn the ranking if they count more (kind=cat, 4,900 rows: "
        "more than 1.84 times; kind=pornography, 100 rows: more than 4.34 times)" in result.message
    )


def test_no_slice_and_no_weight():
    only_dogs = prefers("B", over="A", because="dogs", where={"kind": "dog"})
    without = judged(course(), only_dogs)
    assert "no weight of the 5,000 examples that it is about turns" in without.message
    assert "weigh those" not in without.told()
    assert "a team will make: change the metric" in without.told()
    plain = {m: Outputs(dev=o) for m, o in zip("AB", tables(30, 5), strict=True)}
    assert "no slice was found in which the metric prefers it" in judged(plain, BY_LOOKING).message


def tables(worse, better, n=400, **more):
    """Two tables: of the second, so many rows are newly wrong, and so many newly right."""
    row = np.arange(n)
    first, second = (row >= worse) & (row < worse + better), row < worse
    return [
        {"id": row, "label": row % 2, "prediction": (row % 2) ^ wrong} | more
        for wrong in (first, second)
    ]


def of(a, b, **options):
    return {"A": Outputs(dev=a, **options), "B": Outputs(dev=b, **options)}


def test_models_that_are_not_told_apart():
    result = judged(of(*tables(5, 9)), BY_LOOKING, metric=accuracy)
    assert (result.outcome, result.worst.details) == ("inconclusive", ())
    assert "accuracy does not surely reproduce it" in result.message
    assert result.worst.settle[0] > 400
    assert "turn" not in result.message  # the value ranks them so already


def test_equal_models_and_any_weight():
    about = prefers("B", over="A", because="these", where={"there": True})
    a, b = tables(8, 8, there=np.arange(400) >= 8)
    result = judged(of(a, b), about, metric=accuracy)
    assert (
        "the 392 examples that it is about turn the ranking if they count any more than once"
        in (result.message)
    )
    same = judged(of(a, a), BY_LOOKING, metric=accuracy)
    assert same.outcome == "inconclusive"
    assert "at exactly the threshold no number of examples would settle it" in same.message


def test_a_ranking_that_turns_back():
    """The difference of two F1 is a quotient of parabolas in the weight."""
    sizes = np.array([4, 24, 28, 6])  # positives and negatives there, and elsewhere
    cell = np.repeat(np.arange(4), sizes)
    label, there = (cell % 2 == 0) * 1, cell < 2
    place = np.arange(62) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    a, b = (1 * (place < np.array(p)[cell]) for p in ((1, 18, 11, 4), (0, 0, 6, 1)))
    shared = {"id": np.arange(62), "label": label, "there": there}
    both = of(shared | {"prediction": a}, shared | {"prediction": b})
    about = prefers("B", over="A", because="these", where={"there": True})
    message = judged(both, about, metric=f1).message
    low, high = re.search(r"count more than ([\d.]+) times, up to ([\d.]+) times", message).groups()

    def lead(w):
        weight = np.where(there, w, 1.0)

        def of_model(p):
            tp, wrong = weight @ (label & p), weight @ (label != p)
            return 2 * tp / (2 * tp + wrong)

        return of_model(b) - of_model(a)

    assert lead(1) < 0
    for end in map(float, (low, high)):
        assert lead(end - 0.01) * lead(end) < 0


@pytest.mark.parametrize(
    "metric",
    [
        accuracy,
        f1,
        precision,
        f1(average="macro"),
        mean("cost", better="lower"),
        rate("flag", better="higher"),
        roc_auc,
        0.5 * precision + 0.5 * accuracy,
    ],
    ids=str,
)
def test_at_the_weight_both_are_equal(metric):
    """With that weight in the tables the two are equal; a little below A leads, and above B."""
    rng = np.random.default_rng(5)
    n = 300
    label, there = rng.integers(0, 2, n), np.arange(n) < 40

    def table(wrong_there, wrong_elsewhere):
        wrong = rng.random(n) < np.where(there, wrong_there, wrong_elsewhere)
        score = 0.5 + (label - 0.5) * np.where(wrong, -0.5, 0.5) + rng.uniform(-0.2, 0.2, n)
        columns = {"id": np.arange(n), "label": label, "there": there, "score": score}
        columns |= {"prediction": np.where(wrong, 1 - label, label)}
        return columns | {"cost": wrong + rng.random(n) / 9, "flag": ~wrong}

    a, b = table(0.6, 0.05), table(0.1, 0.25)
    about = prefers("B", over="A", because="these", where={"there": True})
    sign = 1 if metric.better == "higher" else -1

    def asked(**more):
        plan = Plan(of(a | more, b | more))
        return read(plan, about, metric.on("dev"), Settings())

    def lead(w):
        return sign * asked(weight=np.where(there, w, 1.0)).bounds.value

    first = asked()
    turn = first.ranked.turn(first.chosen)
    assert turn.start > 1
    assert turn.end is None
    assert lead(turn.start) == pytest.approx(0, abs=1e-8)
    assert lead(turn.start / 1.001) < 0 < lead(turn.start * 1.001)


def test_equal_models_contradict_no_more_often_than_declared():
    """Of 12 rows on which one of two models errs each is as likely: enumerated."""
    chance = {"pass": 0.0, "fail": 0.0, "inconclusive": 0.0}
    for better in range(13):
        result = judged(of(*tables(12 - better, better)), BY_LOOKING, metric=accuracy)
        chance[result.outcome] += binom.pmf(better, 12, 0.5)
    assert 0.01 < chance["fail"] <= 0.05
    assert chance["pass"] == pytest.approx(chance["fail"])


def test_judgements_share_the_level_of_a_fail():
    """Of 13 rows 3 newly right: mid-P .029, which is enough for one judgement and not for three."""
    both = of(*tables(10, 3))
    both["C"] = both["A"]
    preferences = [
        BY_LOOKING,
        prefers("B", over="C", because="…"),
        prefers("A", over="B2", because="…"),
    ]
    assert judged(both, BY_LOOKING, metric=accuracy).outcome == "fail"
    several = judged(both | {"B2": both["B"]}, *preferences, metric=accuracy)
    assert [r.outcome for r in several] == ["inconclusive", "inconclusive", "pass"]
    assert "(likely fail: beyond the threshold, but not at the shared level" in several[0].message


def test_refused_before_any_number_whatever_is_chosen():
    a, b = tables(5, 9)
    others = {
        "no such model": (of(a, b), prefers("C", over="A", because="…"), "there is no model 'C'"),
        "ids": (of(a, b | {"id": b["id"] + 1}), BY_LOOKING, "1 of 400 ids"),
        "labels": (of(a, b | {"label": 1 - b["label"]}), BY_LOOKING, "label"),
        "column": (of(a, b), LETS_THROUGH, "there is no column `kind`"),
        "value": (course(), prefers("B", over="A", because="…", where={"kind": "pr"}), "'pr'"),
    }
    for outputs, preference, message in others.values():
        made = declare(
            models=["B"],
            optimizing=accuracy.on("dev").against("A"),
            preferences=[preference],
            satisficing=[accuracy.on("dev") >= 0.5],
        )
        chosen = [c for c in made.checks if c.kind == "satisficing"]
        with pytest.raises(OutputsError, match=message):
            made.run(outputs, select=chosen)


def test_examples_outside_of_the_metrics_slice():
    inside = prefers("B", over="A", because="…", where={"kind": "cat"})
    assert judged(course(), inside, metric=placed(kind="cat")).outcome == "pass"
    with pytest.raises(OutputsError, match="measured where kind='dog'; name examples that it"):
        judged(course(), inside, metric=placed(kind="dog"))


class placed:
    """error_rate on a slice, as `judged` places it."""

    def __init__(self, **where):
        self.where = where

    def on(self, split):
        return error_rate.on(split, **self.where)


def test_a_metric_whose_difference_has_no_bounds():
    a, b = (t | {"latency": np.ones(400)} for t in tables(5, 9))
    with pytest.raises(DeclarationError, match="is not available"):
        judged(of(a, b), BY_LOOKING, metric=latency.quantile(0.9))


def test_by_value_alone():
    result = judged(of(*tables(5, 9)), BY_LOOKING, metric=accuracy, policy="point")
    assert result.outcome == "pass"
    assert "no statistical guarantee" in result.message
