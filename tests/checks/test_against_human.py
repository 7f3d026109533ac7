"""Bounds of which a human level is the threshold."""

import numpy as np
import pytest

from evalharness import Human, Outputs, large_enough
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.rung_gap import RungGap
from evalharness.metrics import accuracy, error_rate, f1
from tests.checks.rungs import answers, splits
from tests.metrics.measure import declare

PEOPLE = Human(typical=(30, 1000))


def judged(bound, outputs, **more):
    return declare(satisficing=[bound], **more).run(outputs).checks[0]


@pytest.mark.parametrize(("wrong", "outcome"), [(80, "pass"), (150, "inconclusive"), (260, "fail")])
@pytest.mark.parametrize("right", [False, True])
def test_decided_with_the_uncertainty_of_both(wrong, outcome, right):
    bound = accuracy.on("test") >= PEOPLE if right else error_rate.on("test") <= PEOPLE
    check = judged(bound, splits(test=(wrong, 5000)))
    assert check.outcome == outcome
    e = check.worst.estimate
    sign = -1 if right else 1
    gap = RungGap(ProportionBounds(30, 1000), ProportionBounds(wrong, 5000), 1)
    ours = (e.value, e.at_most, e.at_least)
    theirs = (gap.value, gap.upper(0.05), gap.lower(0.05))
    theirs = theirs if not right else (-theirs[0], -theirs[2], -theirs[1])
    assert ours == pytest.approx(theirs, abs=1e-12)
    assert sign * e.value == pytest.approx(wrong / 5000 - 0.03)
    assert "minus human on test" in check.message
    assert "human level: typical, 30 of 1,000" in check.message
    assert "n=6,000 examples and human answers" in check.message


def test_an_assumed_level_is_a_threshold():
    """The same verdict as the number itself, whatever the metric."""
    for metric, level in ((error_rate, 0.03), (f1, 0.95)):
        for wrong in (50, 120, 150, 180, 300):
            outputs = splits(test=(wrong, 5000))
            lower = metric.better == "lower"
            place = metric.on("test")
            ours = place <= Human(one=level) if lower else place >= Human(one=level)
            theirs = place <= level if lower else place >= level
            assert judged(ours, outputs).outcome == judged(theirs, outputs).outcome


def test_every_slice_is_held_against_the_one_level():
    table = answers(100, 4000, region=np.repeat(["eu", "us"], 2000))
    check = judged(error_rate.on("test").by("region") <= PEOPLE, Outputs(test=table))
    assert check.outcomes == ["fail" if check.verdicts[0].estimate.value > 0 else "pass", "pass"]
    assert [v.estimate.slice for v in check.verdicts] == ["region=eu", "region=us"]


def test_people_who_answered_the_same_rows_are_paired():
    """Where both err on the same rows, nothing is open but the rows in which they differ."""
    n = 1000
    table = answers(50, n, id=[f"x{row}" for row in range(n)])
    right = np.asarray(table["label"])
    said = np.where(np.arange(n) < 52, 1 - right, right)
    people = {
        "id": table["id"] * 3,
        "annotator": np.repeat(["a", "b", "c"], n),
        "label": np.concatenate([said] * 3),
    }
    level = Human(annotations=people)["majority"]
    check = judged(error_rate.on("test") <= level, Outputs(test=table))
    e = check.worst.estimate
    assert e.unit == "pairs"
    assert e.value == pytest.approx(-0.002)
    other = answers(50, n, id=[f"y{row}" for row in range(n)])
    apart = judged(error_rate.on("test") <= level, Outputs(test=other, dev=table)).worst.estimate
    assert e.at_most < 0.005 < apart.at_most


def people_of(said, ids):
    """said: (n, people), what each says of each row."""
    item, person = np.nonzero(said >= 0)
    return {"id": np.asarray(ids)[item], "annotator": person, "label": said[item, person]}


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize(("people", "outcome"), [(1, "inconclusive"), (2, "inconclusive")])
def test_one_or_two_people_decide_nothing(right, people, outcome):
    table = answers(10, 1000, id=np.arange(1000))
    said = np.repeat(np.asarray(table["label"])[:, None], people, axis=1)
    said[500:] = 1 - said[500:]
    level = Human(annotations=people_of(said, table["id"]))["typical"]
    for wrong in (10, 900):
        outputs = Outputs(dev=answers(wrong, 1000, id=np.arange(1000)))
        bound = accuracy.on("dev") >= level if right else error_rate.on("dev") <= level
        check = judged(bound, outputs)
        assert check.outcome == outcome
        assert "fewer than three people answered" in check.message
    three = np.repeat(said[:, :1], 3, axis=1)
    level = Human(annotations=people_of(three, table["id"]))["typical"]
    assert judged(error_rate.on("dev") <= level, Outputs(dev=table)).outcome == "pass"


@pytest.mark.parametrize("right", [False, True])
def test_nothing_passes_by_people_who_were_held_against_each_other(right):
    """But where they answered its very rows; that a model is worse is told everywhere."""
    n, rng = 1000, np.random.default_rng(0)
    truth = rng.integers(0, 2, n)
    said = truth[:, None] ^ (rng.random((n, 9)) < 0.1)
    human = Human(annotations=people_of(said, np.arange(n)), gold="others", panels=(2,))
    outcomes = {}
    for name, level in (("typical", "typical"), ("panel", "panel of 2"), ("best", "best")):
        for wrong, split in ((0, "dev"), (400, "dev"), (0, "test"), (400, "test")):
            label = (said.sum(axis=1) > 4).astype(int)
            model = np.where(np.arange(n) < wrong, 1 - label, label)
            dev = {"id": np.arange(n), "label": label, "prediction": model}
            outputs = Outputs(dev=dev, test=dev | {"id": np.arange(n) + n})
            metric = accuracy.on(split) if right else error_rate.on(split)
            check = judged(metric >= human[level] if right else metric <= human[level], outputs)
            outcomes[name, split, wrong] = check.outcome
            if check.outcome == "inconclusive":
                assert "so that nothing passes by it" in check.message
    passed = {where for where, outcome in outcomes.items() if outcome == "pass"}
    assert passed == {("typical", "dev", 0)}
    assert {o for (_, _, wrong), o in outcomes.items() if wrong} == {"fail"}


def test_a_worse_model_seldom_passes_where_labels_are_what_people_said():
    """60 people at 5 %, three of them for an item, whose majority is the label; a model at 7.5 % of
    the truth. Held against that label it would look better than they do against each other."""
    rng, runs, n, passed = np.random.default_rng(5), 60, 1000, 0
    for _ in range(runs):
        who = rng.random((n, 60)).argpartition(3, axis=1)[:, :3]
        wrong = (rng.random((n, 3)) < 0.05).astype(int)
        label = (wrong.sum(axis=1) > 1).astype(int)
        people = {
            "id": np.repeat(np.arange(n), 3),
            "annotator": who.ravel(),
            "label": wrong.ravel(),
        }
        model = (rng.random(n) < 0.075).astype(int)
        dev = {"id": np.arange(n), "label": label, "prediction": model}
        level = Human(annotations=people, gold="others")["typical"]
        check = judged(error_rate.on("dev") <= level, Outputs(dev=dev))
        passed += check.outcome == "pass"
    assert passed <= 0.05 * runs


def test_a_size_is_not_told_against_people():
    made = declare(satisficing=[error_rate.on("test") <= PEOPLE], splits=[large_enough("test")])
    check = next(c for c in made.run(splits(test=(10, 1000))).checks if c.kind == "splits")
    assert "what people do is known no better than from so many of them" in check.told()


def test_equal_rates_seldom_pass():
    rng = np.random.default_rng(0)
    for rate in (0.01, 0.05, 0.3):
        passed = 0
        for people, model in zip(
            rng.binomial(500, rate, 600), rng.binomial(2000, rate, 600), strict=True
        ):
            gap = RungGap(ProportionBounds(people, 500), ProportionBounds(model, 2000), 1)
            passed += gap.upper(0.05) < 0
        assert passed <= 45  # of 600; 30 are expected at most, and 45 are three errors more
