"""The ladder from human level to test: the course's numbers, and what is said of them."""

import math
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from evalharness import Human, Outputs, Result, bias_variance
from evalharness.checks.advice import KNOBS
from evalharness.checks.diagnosed import Diagnosis, Gap, Rung, Section, Under
from evalharness.metrics import accuracy, error_rate, f1, mean_absolute_error
from tests.checks.rungs import answers, diagnosed, gap, ladder, splits
from tests.metrics.measure import declare

LARGE, SMALL = 20_000, 200
BIAS, VARIANCE, MISMATCH = "avoidable_bias", "variance", "data_mismatch"
EITHER = "variance_or_mismatch"
# Errors in percent of human, train, (train_dev,) dev; what the course says of them. With 20,000
# examples of each, and one point that matters.
COURSE = [
    ({"human": 1, "train": 8, "dev": 10}, (BIAS,)),
    ({"human": 7.5, "train": 8, "dev": 10}, (EITHER,)),
    ({"human": 0.5, "train": 5, "dev": 6}, (BIAS,)),
    ({"human": 1, "train": 5, "dev": 6}, (BIAS,)),
    ({"human": 0.5, "train": 1, "dev": 5}, (EITHER,)),
    ({"human": 1, "train": 1, "dev": 5}, (EITHER,)),
    ({"human": 0, "train": 1, "train_dev": 9, "dev": 10}, (VARIANCE,)),
    ({"human": 0, "train": 1, "train_dev": 1.5, "dev": 10}, (MISMATCH,)),
    ({"human": 0, "train": 10, "train_dev": 11, "dev": 12}, (BIAS,)),
    ({"human": 0, "train": 10, "train_dev": 11, "dev": 20}, (BIAS, MISMATCH)),
]


def of(errors, n, material=1.0):
    """The ladder of errors in percent, each of n examples."""
    counts = {name: (round(percent * n / 100), n) for name, percent in errors.items()}
    human = Human(people=counts.pop("human"))
    return ladder(human, options={"materiality": material / 100}, **counts)


@pytest.mark.parametrize(("errors", "named"), COURSE)
def test_the_course_s_answer_where_there_are_examples_enough(errors, named):
    # Ten points are not to be told from nine.
    found = of(errors, LARGE, 2.0 if len(named) > 1 else 1.0)
    assert found.named == named
    assert found.state == ("dominant" if len(named) == 1 else "both")
    # The knobs of what dominates, and only those; the first broken link comes first.
    assert found.advice[0].startswith(f"{named[0]}: {KNOBS[named[0]]}")
    others = [words for name, words in KNOBS.items() if name not in named]
    assert not any(words in " ".join(found.advice) for words in others)


@pytest.mark.parametrize("errors", [errors for errors, _ in COURSE if errors["dev"] <= 10])
def test_cannot_tell_where_they_are_few(errors):
    found = of(errors, 40)
    assert found.state == "cannot tell"
    assert not found.named
    assert any(text.startswith("measure ") for text in found.advice)


def test_what_depends_on_the_human_level_is_said():
    """.5 or .7 for people, .7 on train, .8 on dev: which gap is larger hangs on the level."""
    n = 400_000
    rungs = {"train": (2_800, n), "dev": (3_200, n)}
    human = Human(team=(2_000, n), doctor=(2_800, n))
    found = ladder(human, options={"materiality": 0.0005}, **rungs)
    assert found.named == (BIAS,)
    assert {u.level: u.named for u in found.under} == {"team": (BIAS,), "doctor": (EITHER,)}
    (said,) = [text for text in found.advice if "depends on the human level" in text]
    assert "team 0.0050: avoidable_bias dominates" in said
    assert "doctor 0.0070: variance_or_mismatch dominates" in said
    # At the usual sizes and the usual materiality neither is told.
    assert ladder(human, train=(70, 10_000), dev=(40, 5_000)).state in ("cannot tell", "nothing")


def test_bias_whatever_the_human_level_says_nothing_of_it():
    found = ladder(Human(team=0.005, one=0.01), train=(1000, LARGE), dev=(1200, LARGE))
    assert {u.named for u in found.under} == {(BIAS,)}
    assert not any("depends" in text for text in found.advice)


def test_nothing_material_is_left():
    found = ladder(Human(team=(500, LARGE)), train=(510, LARGE), dev=(520, LARGE))
    assert found.state == "nothing"
    assert found.materiality == 0.005


def test_better_than_people_is_its_own_state():
    """Team .5, one human 1, train .3, dev .4: nothing says which of bias or variance is left."""
    n = 100_000
    human = Human(team=(500, n), one=(1000, n))
    results = diagnosed(human, {BIAS: 0.001}, train=(300, n), dev=(400, n))
    found = results["ladder"].ladder
    assert found.state == "below human"
    assert not found.named
    assert "human level is surpassed" in found.advice[0]
    assert gap(found, BIAS).state == "below human"
    # Never a negative bias shown as success: the whole error may be bias.
    limit = results[BIAS]
    assert limit.outcome == "inconclusive"
    assert "surely better than the human level" in limit.message
    assert diagnosed(human, {BIAS: 0.01}, train=(300, n), dev=(400, n))[BIAS].outcome == "pass"


def test_better_than_people_on_train_alone_is_overfitting():
    n = 100_000
    found = ladder(Human(team=(500, n)), train=(300, n), dev=(3_000, n))
    assert found.named == (EITHER,)
    assert "has learnt examples by heart" in found.advice[0]


def test_target_data_that_is_easier():
    n = 50_000
    found = ladder(
        Human(people=(2000, n)),
        train=(3500, n),
        train_dev=(5000, n),
        dev=(3000, n),
        test=(3000, n),
        options={"materiality": 0.01},
    )
    assert gap(found, MISMATCH).value == pytest.approx(-0.04)
    assert any("dev is easier for the model than train_dev" in text for text in found.advice)
    assert found.named == (BIAS, VARIANCE)


def test_overfitting_to_dev_is_not_said_without_what_looks_the_same():
    found = ladder(None, dev=(500, LARGE), test=(2000, LARGE))
    assert found.named == ("dev_overfitting",)
    told = " ".join(found.advice)
    assert "a change of distribution between dev and test looks the same" in told
    assert 'same_distribution("dev", "test")' in told


@pytest.mark.parametrize(
    ("rungs", "gaps"),
    [
        (
            {"train": 1, "train_dev": 2, "dev": 3, "test": 4},
            [VARIANCE, MISMATCH, "dev_overfitting"],
        ),
        ({"human": 1, "dev": 3}, ["bias_or_variance"]),
        ({"human": 1, "train_dev": 3}, ["bias_or_variance"]),
        ({"train": 1, "test": 3}, [EITHER]),
        ({"train_dev": 1, "test": 3}, [MISMATCH]),
    ],
)
def test_whichever_rungs_there_are(rungs, gaps):
    counts = {name: (k, 1000) for name, k in rungs.items()}
    human = Human(people=counts.pop("human")) if "human" in counts else None
    found = ladder(human, **counts)
    assert [g.name for g in found.gaps] == gaps
    no_human = any("without a human level" in text for text in found.advice)
    assert no_human == (human is None)


def test_without_train_dev_it_is_said_what_to_collect():
    found = ladder(Human(people=(10, LARGE)), train=(100, LARGE), dev=(2000, LARGE))
    assert "hold a train_dev set out of the training data" in found.advice[0]


@pytest.mark.parametrize(
    ("wrong", "outcome"), [(200, "pass"), (310, "inconclusive"), (2_000, "fail")]
)
def test_a_gap_with_a_limit(wrong, outcome):
    found = diagnosed(None, {VARIANCE: 0.02}, train=(100, 10_000), train_dev=(wrong, 10_000))
    result = found[VARIANCE]
    assert result.outcome == outcome
    assert result.message.startswith(
        f"variance of error_rate: {wrong / 10_000 - 0.01:.4f} from train"
    )
    assert ("[EH-VARIANCE]" in result.message) == (outcome != "pass")
    assert (KNOBS[VARIANCE] in result.told()) == (outcome != "pass")
    assert found["ladder"].outcome == "pass"


def test_the_level_of_a_fail_is_shared_by_the_limits():
    found = diagnosed(
        None,
        {VARIANCE: 0.02, MISMATCH: 0.02},
        train=(100, 10_000),
        train_dev=(2_000, 10_000),
        dev=(2_000, 10_000),
    )
    assert "97.5 % confidence" in found[VARIANCE].message
    assert "level 0.05 / 2 limits" in found[VARIANCE].message


def test_a_higher_metric_mirrors_a_lower_one():
    rungs = {"train": (300, 4000), "dev": (700, 5000)}
    errors = ladder(Human(people=(40, 1000)), **rungs)
    rights = ladder(Human(people=(40, 1000)), metric=accuracy, **rungs)
    for ours, theirs in zip(errors.gaps, rights.gaps, strict=True):
        for name in ("value", "low", "high", "at_least", "at_most"):
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=1e-12)
    assert rights.named == errors.named
    assert rights.rungs[0].value == pytest.approx(0.96)


def test_any_metric_with_a_direction():
    found = ladder(Human(team=0.99), metric=f1, train=(100, 4000), dev=(900, 4000))
    assert found.named == (EITHER,)
    rng = np.random.default_rng(0)
    numbers = {
        name: {"label": np.zeros(500), "prediction": rng.uniform(0.9 * by, 1.1 * by, 500)}
        for name, by in (("train", 0.5), ("dev", 1.5))
    }
    found = ladder(outputs=Outputs(numbers), metric=mean_absolute_error, human=Human(team=0.1))
    assert [g.value for g in found.gaps] == pytest.approx([0.4, 1.0], abs=0.02)
    assert found.materiality == pytest.approx(
        0.15, abs=0.01
    )  # a tenth of the error on dev; no half a point


def test_materiality_is_declared_or_its_default_is_told():
    rungs = {"train": (100, 4000), "dev": (900, 4000)}
    assert ladder(**rungs).why == "a tenth of the error on dev"
    found = ladder(**rungs, options={"materiality": 0.3})
    assert (found.materiality, found.why) == (0.3, "declared")
    assert found.state == "nothing"


def test_it_survives_json():
    asked = diagnosed(Human(team=0.01), {EITHER: 0.02}, train=(100, 4000), dev=(900, 4000))
    made = declare(diagnosis=asked and _asked()).run(splits(train=(100, 4000), dev=(900, 4000)))
    again = Result.from_json(made.to_json())
    assert again.to_json() == made.to_json()
    assert again.checks[-1].ladder == made.checks[-1].ladder
    assert str(again) == str(made)
    assert again._repr_html_() == made._repr_html_()
    assert "<pre>error_rate, 95 % intervals: variance_or_mismatch dominates" in again._repr_html_()


def test_every_field_of_a_ladder_is_documented():
    page = Path(__file__).parents[2].joinpath("docs", "result.md").read_text(encoding="utf-8")
    section = page.partition("## A ladder")[2].partition("## A finding")[0]
    named = set(re.findall(r"`(\w+)`", section))
    for kind in (Diagnosis, Rung, Gap, Under, Section):
        assert {f.name for f in fields(kind)} <= named


def _asked():
    return bias_variance(error_rate, human=Human(team=0.01), limits={EITHER: 0.02})


def test_a_result_is_asked_by_its_declaration():
    asked = _asked()
    made = declare(diagnosis=asked).run(splits(train=(100, 4000), dev=(900, 4000)))
    assert made[asked].ladder.named == (EITHER,)


def test_clusters_on_both_rungs_add_up():
    """The errors of one patient may go together, so nothing cancels."""

    def both(shared):
        start = 0 if shared else 500
        return Outputs(
            dev=answers(200, 2000, cluster=np.arange(2000) % 100),
            test=answers(300, 2000, cluster=np.arange(2000) % 100 + start),
        )

    tied, free = (gap(ladder(outputs=both(s)), "dev_overfitting") for s in (True, False))
    assert tied.value == free.value
    assert tied.at_most > free.at_most
    assert math.isclose(tied.high - tied.low, math.sqrt(2) * (free.high - free.low), rel_tol=0.2)


def test_gaps_that_surely_matter_are_told_where_none_dominates():
    found = ladder(
        Human(team=0.005),
        train=(400, 4000),
        train_dev=(402, 4000),
        dev=(782, 4000),
        options={"materiality": 0.005},
    )
    assert found.state == "cannot tell"
    told = "avoidable_bias and data_mismatch surely matter; which is the largest is not told"
    assert told in found.advice
