"""Combinations of metrics, gaps between slices, fixed lists: values, bounds, what is refused."""

import math

import numpy as np
import pytest
import sklearn.metrics as sk

from evalharness import DeclarationError, Outputs
from evalharness.metrics import (
    accuracy,
    f1,
    false_positive_rate,
    harmonic_mean,
    max_error,
    mean,
    precision,
    rate,
    recall,
    roc_auc,
)
from tests.metrics.measure import measure, run

N = 400
RNG = np.random.default_rng(0)
LABEL = RNG.integers(0, 2, N)
SCORE = 0.4 * LABEL + 0.6 * RNG.random(N)
TABLE = {
    "label": LABEL,
    "score": SCORE,
    "prediction": (SCORE > 0.5).astype(int),
    "region": np.array(["eu", "us", "asia"])[np.arange(N) % 3],
    "latency": RNG.gamma(4, size=N),
}


def one(metric, **columns):
    placed = metric if metric.split else metric.on("test")
    return run(Outputs(test=TABLE | columns), also=[placed])[placed]


def value(metric):
    return one(metric).value


def test_a_weighted_sum_and_a_difference():
    r = value(recall)
    assert value(0.7 * recall + 0.3 * precision) == pytest.approx(0.7 * r + 0.3 * value(precision))
    assert value(recall - false_positive_rate) == pytest.approx(r - value(false_positive_rate))
    assert value(-recall / 2) == pytest.approx(-r / 2)
    assert value(sum([recall, recall(threshold=0.3)])) == pytest.approx(
        r + value(recall(threshold=0.3))
    )


def test_the_harmonic_mean_of_precision_and_recall_is_f1():
    made, whole = one(harmonic_mean(precision, recall)), one(f1)
    assert made.value == pytest.approx(whole.value)
    assert made.at_least == pytest.approx(whole.at_least, abs=0.01)


def test_metrics_of_several_statistics():
    found = one(accuracy + 2 * roc_auc - 0.01 * mean("latency"))
    expected = (
        sk.accuracy_score(LABEL, TABLE["prediction"])
        + 2 * sk.roc_auc_score(LABEL, SCORE)
        - 0.01 * TABLE["latency"].mean()
    )
    assert found.value == pytest.approx(expected)
    assert found.at_least < found.value < found.at_most
    # The error of the sum is that of an example bootstrap, which takes all three together.
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(300):
        i = rng.integers(0, N, N)
        drawn.append(
            sk.accuracy_score(LABEL[i], TABLE["prediction"][i])
            + 2 * sk.roc_auc_score(LABEL[i], SCORE[i])
            - 0.01 * TABLE["latency"][i].mean()
        )
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(np.std(drawn), rel=0.12)


def test_a_combination_is_written_as_it_was_and_equal_ones_are_one():
    made = 0.7 * recall + 0.3 * precision
    assert str(made.on("test")) == '(0.7 * recall + 0.3 * precision).on("test")'
    assert made == 0.7 * recall + 0.3 * precision
    assert hash(made) == hash(0.7 * recall + 0.3 * precision)
    assert made != 0.7 * recall + 0.2 * precision
    assert made.better == "higher"
    assert (recall - false_positive_rate).better == "higher"
    assert (recall + false_positive_rate).better is None
    assert (recall - false_positive_rate).range == (-1, 1)
    assert ((recall - precision).on("test") >= -0.1).metric.slug == "recall-precision-test"


def test_the_parts_may_be_placed_alike():
    assert recall.on("test") - precision.on("test") == (recall - precision).on("test")


REFUSED = [
    (lambda: recall.on("test") - recall.on("dev"), "on the same examples"),
    (lambda: recall + 0.1, "metrics are added to metrics"),
    (lambda: 1 - recall, "a number belongs into the threshold"),
    (lambda: recall * precision, "multiplied by numbers"),
    (lambda: recall * True, "a number other than 0"),
    (lambda: recall * math.nan, "must be finite"),
    (lambda: recall / 0, "divide a metric by a number"),
    (lambda: harmonic_mean(recall), "takes two metrics or more"),
    (lambda: harmonic_mean(recall, mean("x")), "may be negative"),
    (lambda: recall + max_error, "report-only"),
    (lambda: recall.on("test").gap(), "difference between slices"),
    (lambda: recall.on("test").by("a").gap().gap(), "difference between slices"),
    (lambda: recall.on("test") == 0.9, r"exactly a number.*\.exactly\(\)"),
    (lambda: (recall - precision).at(threshold_from="dev"), "metrics that it is made of"),
]


@pytest.mark.parametrize(("write", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(write, words):
    with pytest.raises(DeclarationError, match=words):
        write()


def test_a_gap_is_the_largest_difference():
    gap = recall.on("test").by("region").gap()
    each = run(Outputs(test=TABLE), also=[recall.on("test").by("region")])
    values = [e.value for e in each[recall.on("test").by("region")].values()]
    found = one(gap)
    assert found.value == pytest.approx(max(values) - min(values))
    assert 0 <= found.at_least < found.value < found.at_most < 1
    assert found.title == "largest difference of recall by region on test"
    assert "region=" in found.note
    assert (found <= 0.5).outcome == "pass"
    assert gap.better == "lower"
    assert str(gap) == 'recall.on("test").by("region").gap()'


def test_a_gap_needs_two_slices_that_are_defined():
    alone = one(recall.on("test").by("region").gap(), region=["eu"] * N)
    assert "there is one slice (region=eu)" in alone.reason
    assert (alone <= 0.5).outcome == "inconclusive"
    label = np.where(TABLE["region"] == "us", 0, LABEL)
    undefined = one(recall.on("test").by("region").gap(), label=label)
    assert math.isnan(undefined.value)
    assert "undefined in region=us" in undefined.reason


def test_clusters_that_reach_over_slices_widen_a_gap():
    gap = recall.on("test").by("region").gap()
    over = np.arange(N) // 18
    inside = np.arange(N) % 3 * 1000 + over
    assert one(gap, cluster=over).at_most > one(gap, cluster=inside).at_most


UNSAFE = {"unsafe": [0] * 99 + [1], "weight": [1.0] * 99 + [0.0]}


@pytest.mark.parametrize(
    ("write", "outcome"),
    [
        (lambda m: m.exactly() == 0, "fail"),
        (lambda m: m.exactly() <= 0.01, "pass"),
        (lambda m: m.exactly() < 0.01, "fail"),
        (lambda m: m.exactly() >= 1, "fail"),
    ],
)
def test_a_fixed_list_is_decided_by_its_value(write, outcome):
    """Whatever a row weighs elsewhere: on a list every one counts."""
    bound = write(rate("unsafe").on("redteam"))
    result = run(Outputs(redteam=UNSAFE), satisficing=[bound])
    (check,) = result.checks
    assert check.outcome == outcome
    assert "n=100 rows of a fixed list; 1 of 100 examples: every one counts" in check.message


def test_a_fixed_list_by_hand():
    exactly = rate("unsafe").on("redteam").exactly()
    result = run(Outputs(redteam=UNSAFE), also=[rate("unsafe").on("redteam")])
    assert (result[exactly] == 0).outcome == "fail"
    assert (result[exactly] <= 0.01).outcome == "pass"
    with pytest.raises(TypeError, match="never exactly equal"):
        _ = result[rate("unsafe").on("redteam")] == 0


def test_a_combination_on_a_fixed_list():
    bound = (accuracy + roc_auc).on("test").exactly() >= 1.9
    (check,) = run(Outputs(test=TABLE), satisficing=[bound]).checks
    expected = value(accuracy) + value(roc_auc)
    assert check.worst.estimate.value == pytest.approx(expected)
    assert check.outcome == ("pass" if expected >= 1.9 else "fail")


def test_all_of_them_in_one_evaluation_keep_their_ids():
    bounds = [
        (recall - precision).on("test") >= -0.5,
        (recall + precision).on("test") >= 0.5,
        recall.on("test").by("region").gap() <= 0.5,
        recall.on("test").by("region") >= 0.1,
        rate("flag").on("test").exactly() == 0,
        rate("flag").on("test") <= 0.5,
    ]
    result = run(Outputs(test=TABLE | {"flag": [False] * N}), satisficing=bounds)
    assert len({c.id for c in result.checks}) == len(bounds)
    assert {c.outcome for c in result.checks} == {"pass"}


def test_undefined_parts_leave_a_combination_undefined():
    table = {"label": [0, 0, 1], "prediction": [0, 0, 0], "score": [0.1, 0.2, 0.3]}
    found = measure([precision - recall, precision + roc_auc], table)
    for metric in (precision - recall, precision + roc_auc):
        e = found[metric.on("test")]
        assert math.isnan(e.value)
        assert e.reason
