"""What stands between the rungs of a ladder, and what keeps one from being measured."""

import re

import numpy as np
import pytest

from evalharness import Human, Outputs, OutputsError, bias_variance
from evalharness.metrics import accuracy, error_rate, f1
from tests.checks.rungs import answers, diagnosed, gap, ladder, splits
from tests.metrics.measure import declare

N = 1000


def named(name, wrong=20, n=N, start=0, **columns):
    """A split with ids of its own, from `start` on."""
    return answers(wrong, n, id=[f"{name}-{row}" for row in range(start, start + n)], **columns)


def test_rows_that_were_learnt_from_make_no_rung():
    shared = named("train", start=900)
    outputs = Outputs(train=named("train"), train_dev=shared, dev=named("dev", 90))
    found = diagnosed(None, {"variance": 0.02, "data_mismatch": 0.02}, outputs)
    ladder_, variance, mismatch = found["ladder"], found["variance"], found["data_mismatch"]
    assert ladder_.outcome == "fail"
    words = "100 rows of 1,000 of train_dev have the id of a row of train (first: 'train-900'"
    assert words in ladder_.message
    assert "[EH-RUNG]" in ladder_.message
    assert ladder_.ladder.state == "unmeasured"
    assert {variance.outcome, mismatch.outcome} == {"inconclusive"}
    assert words in variance.message
    # Gaps on which the rung has no bearing are measured all the same.
    more = Outputs(
        train=named("train"), train_dev=shared, dev=named("dev", 90), test=named("test", 95)
    )
    assert [g.name for g in ladder(outputs=more).gaps] == ["dev_overfitting"]


def test_target_examples_that_were_learnt_from_are_not_unseen():
    dev = named("dev", 90)
    outputs = Outputs(train=named("train"), dev=dev, train_target=named("dev", 10, start=500))
    found = diagnosed(None, None, outputs)["ladder"]
    assert found.outcome == "fail"
    assert "500 rows of 1,000 of dev have the id of a row of train_target" in found.message


def test_ids_that_only_count_rows_are_told_and_break_nothing():
    def counting(wrong, shift):
        table = answers(wrong, N, id=np.arange(N))
        return {k: np.roll(v, shift) if k != "id" else v for k, v in table.items()}

    found = ladder(outputs=Outputs(train=counting(20, 0), dev=counting(90, 1)))
    assert found.state == "dominant"
    assert any("are no names of examples" in text for text in found.advice)


def test_without_ids_it_is_said_that_overlaps_cannot_be_seen():
    found = ladder(outputs=Outputs(train=answers(20, N), dev=answers(90, N)))
    assert any("not every rung has a column `id`" in text for text in found.advice)


def test_one_table_twice_is_refused():
    table = named("train")
    with pytest.raises(OutputsError, match="are one and the same table, so that there is no gap"):
        ladder(outputs=Outputs(train=table, dev=dict(table)))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["c", "d"], "none of its labels .first: 'c'. is a label of train"),
        ([0, 1], "column `label` is text in train .*, integer in dev"),
    ],
)
def test_labels_of_another_task_are_refused(labels, words):
    train = {"label": ["a", "b"] * 50, "prediction": ["a", "b"] * 50}
    dev = {"label": labels * 50, "prediction": labels * 50}
    with pytest.raises(OutputsError, match=words):
        ladder(outputs=Outputs(train=train, dev=dev))


def test_a_label_that_train_lacks_is_told():
    train = {"label": ["a", "b"] * 50, "prediction": ["a", "b"] * 50}
    dev = {"label": ["a", "b", "c", "b"] * 25, "prediction": ["a", "b", "a", "b"] * 25}
    found = ladder(outputs=Outputs(train=train, dev=dev))
    told = "25 rows of dev have labels that no row of train has (first: 'c')"
    assert told in found.advice


@pytest.mark.parametrize("metric", [accuracy, None])
def test_worse_than_guessing_is_told(metric):
    more = {} if metric is None else {"metric": metric}
    found = ladder(train=(10, N), dev=(700, N), **more)
    assert any("dev is worse than chance: guessing among its 2 labels" in t for t in found.advice)


def test_a_rare_class_that_is_missed_is_no_chance():
    """Two in a thousand are positive; an error of one in a hundred is no guess."""
    label = (np.arange(N * 5) < 10).astype(int)
    wrong = np.where(np.arange(N * 5) % 100 == 99, 1 - label, label)
    tables = {n: {"label": label, "prediction": np.roll(wrong, k)} for k, n in enumerate(("dev",))}
    found = ladder(outputs=Outputs(train=answers(20, N), **tables))
    assert not any("chance" in text for text in found.advice)


def test_a_rung_without_a_value_is_not_measured():
    nothing = {"label": [0] * 50, "prediction": [0] * 50}
    found = diagnosed(None, None, Outputs(train=nothing, dev=named("dev")), metric=f1)["ladder"]
    assert found.outcome == "fail"
    assert "train cannot be measured: f1 on train: 0/0" in found.message


def test_a_rung_of_one_row_says_so_and_decides_nothing():
    found = diagnosed(None, {"variance": 0.1}, train=(10, N), train_dev=(0, 1), dev=(100, N))
    assert found["variance"].outcome == "inconclusive"
    assert "of train_dev (now 1) would settle it" in found["variance"].message
    assert "train_dev has n=1, which tells next to nothing" in found["ladder"].ladder.advice
    assert gap(found["ladder"].ladder, "data_mismatch").at_most <= 1


LIMITS = [
    ({"variance": 0.1}, {"train", "dev"}, "there is no train_dev"),
    ({"dev_overfitting": 0.1}, {"train", "dev"}, "there is no test"),
    ({"variance_or_mismatch": 0.1}, {"train", "train_dev", "dev"}, "a rung between is there"),
    ({"variance_or_mismatch": 0.1}, {"train", "train_dev"}, "there is no dev|no test"),
]


@pytest.mark.parametrize(("limits", "there", "words"), LIMITS)
def test_a_limit_on_a_gap_that_is_not_there_is_refused(limits, there, words):
    with pytest.raises(OutputsError, match=words):
        diagnosed(None, limits, **dict.fromkeys(sorted(there), (10, N)))


def test_a_ladder_needs_two_rungs():
    with pytest.raises(OutputsError, match="there is only train"):
        ladder(train=(10, N))
    with pytest.raises(OutputsError, match="there are none of these"):
        ladder(outputs=Outputs(valid=named("valid")))


def test_no_gap_dominates_what_is_not_told():
    """Train is better than people, so that all of its error may be bias: .08, against .02."""
    human = Human(typical=(1_000, 10_000))
    n = 20_000
    found = ladder(human, train=(1_600, n), train_dev=(2_000, n), dev=(2_010, n))
    assert not found.named
    assert found.state == "below human"
    assert "NaN" not in str(gap(found, "avoidable_bias").largest)


def test_people_are_not_surpassed_where_test_is_worse():
    n = 20_000
    found = ladder(Human(one=(1_000, n)), train=(200, n), dev=(200, n), test=(2_000, n))
    assert found.named == ("dev_overfitting",)
    assert "what lies above it is not" in found.advice[0]


def test_fewer_than_three_people_decide_nothing():
    table = named("dev", 200)
    right = np.asarray(table["label"])
    said = np.where(np.arange(N) >= 600, 1 - right, right)  # wrong in 40 %
    people = Human(annotations={"id": table["id"], "annotator": ["a"] * N, "label": said})
    found = diagnosed(people, {"bias_or_variance": 0.3}, Outputs(dev=table, test=named("test")))
    assert found["bias_or_variance"].outcome == "inconclusive"
    assert "fewer than three people" in found["bias_or_variance"].message
    told = found["ladder"].ladder
    assert gap(told, "bias_or_variance").state == "few annotators"
    assert not any("surpassed" in text for text in told.advice)


def test_splits_of_other_sizes_are_measured_as_they_are():
    found = ladder(outputs=splits(train=(5, 50), dev=(100, N)))
    assert [r.n for r in found.rungs] == [50, N]


def test_no_gap_dominates_the_bias_above_too_few_people():
    """One person errs in 8 %, as the model does on train; what all people do is not known."""
    table = named("train", 80)
    right = np.asarray(table["label"])
    said = np.where(np.arange(N) >= 920, 1 - right, right)
    one = Human(annotations={"id": table["id"], "annotator": ["a"] * N, "label": said})
    found = ladder(one, outputs=Outputs(train=table, dev=named("dev", 140)))
    assert gap(found, "avoidable_bias").state == "few annotators"
    assert not found.named
    assert ladder(Human(many=(80, N)), outputs=Outputs(train=table, dev=named("dev", 140))).named


def test_all_problems_of_bounds_splits_and_gaps_at_once():
    broken = {"label": [0, 1] * 50}
    asked = bias_variance(error_rate, limits={"dev_overfitting": 0.1})
    made = declare(
        diagnosis=asked,
        satisficing=[error_rate.on("dev") <= Human(annotations="nowhere.parquet")["typical"]],
    )
    with pytest.raises(OutputsError) as caught:
        made.run(Outputs(train=named("train"), dev=broken))
    told = " ".join(caught.value.problems)
    for words in ("no column `prediction`", "no file at", "`dev_overfitting`|dev_overfitting"):
        assert re.search(words, told), words
    assert len(caught.value.problems) == len(set(caught.value.problems))
