"""What weights, clusters and several labels of one example mean for a verdict, in words too."""

import numpy as np
import pytest

from evalharness import Outputs
from evalharness.metrics import (
    accuracy,
    error_rate,
    f1,
    hamming_loss,
    jaccard,
    mean,
    rate,
    recall,
)
from tests.metrics.measure import measure, run

N = 400
RNG = np.random.default_rng(0)
LABEL = RNG.integers(0, 2, N)
RIGHT = RNG.random(N) < 0.9
TABLE = {"label": LABEL, "prediction": np.where(RIGHT, LABEL, 1 - LABEL), "x": RNG.random(N)}


def one(metric, **columns):
    return measure([metric], TABLE | columns)[metric.on("test")]


def test_the_picture_that_must_not_get_through():
    """2 % of the rows count ten times; the model is right on half of these, and on the rest."""
    weight = np.where(np.arange(N) < 8, 10.0, 1.0)
    right = np.where(np.arange(N) < 8, np.arange(N) % 2 == 0, True)
    found = one(accuracy, prediction=np.where(right, LABEL, 1 - LABEL), weight=weight)
    assert found.value == pytest.approx(1 - 40 / 472)
    assert found.at_least < found.value - 0.05
    assert "the worst case" in found.note
    assert (found >= 0.9).outcome == "inconclusive"


@pytest.mark.parametrize("scale", [1e-9, 0.3, 1, 1e12])
def test_only_what_weights_are_to_each_other_matters(scale):
    weight = np.random.default_rng(1).choice([1.0, 2.0, 5.0], N)
    a, b = one(recall, weight=weight), one(recall, weight=scale * weight)
    assert a.value == pytest.approx(b.value)
    assert a.at_least == pytest.approx(b.at_least)
    assert one(recall, weight=np.full(N, scale)) == one(recall)


def test_a_row_without_weight_is_not_asked():
    weight = np.where(np.arange(N) < 300, 1.0, 0.0)
    some = {k: v[:300] for k, v in TABLE.items()}
    assert one(accuracy, weight=weight) == measure([accuracy], some)[accuracy.on("test")]


def test_clusters_of_one_row_are_no_clusters():
    assert one(f1, cluster=np.arange(N)) == one(f1)


@pytest.mark.parametrize("metric", [accuracy, recall, f1, mean("x"), error_rate], ids=str)
def test_one_cluster_decides_nothing(metric):
    found = one(metric, cluster=np.zeros(N, int))
    assert (found >= 0.5).outcome == (found <= 0.95).outcome == "inconclusive"
    assert found.unit == "clusters"


def test_three_right_answers_to_four_prompts_are_no_twelve():
    table = {
        "id": np.repeat(np.arange(4), 3),
        "sample": np.tile([0, 1, 2], 4),
        "won": np.ones(12, bool),
    }
    found = measure([rate("won")], table)[rate("won").on("test")]
    assert (found.n, found.unit) == (4, "clusters")
    assert found.at_least == pytest.approx(0.05 ** (1 / 4), abs=0.02)


def tasks(known=0.8):
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, (N, 3))
    label = [[int(t) if rng.random() < known else None for t in row] for row in truth]
    wrong = rng.random((N, 3)) < 0.1
    return {"label": label, "prediction": np.where(wrong, 1 - truth, truth)}


TASKS = {"classes": ["cat", "dog", "owl"]}


def test_a_missing_label_is_neither_an_error_nor_a_negative():
    table = tasks()
    known = np.array([[x is not None for x in row] for row in table["label"]])
    label = np.array([[x or 0 for x in row] for row in table["label"]])
    found = measure([hamming_loss, recall(positive="dog")], table, **TASKS)
    loss, dog = found[hamming_loss.on("test")], found[recall(positive="dog").on("test")]
    assert loss.value == pytest.approx((label != table["prediction"])[known].mean())
    assert f"{known.sum():,} labels of" in loss.note
    positives = known[:, 1] & (label[:, 1] == 1)
    assert (dog.n, dog.value) == (
        positives.sum(),
        pytest.approx(table["prediction"][positives, 1].mean()),
    )
    averaged = measure([f1(average="macro")], table, **TASKS)[f1(average="macro").on("test")]
    assert averaged.note == "n by task: " + ", ".join(
        f"{name} {n}" for name, n in zip(TASKS["classes"], known.sum(axis=0), strict=True)
    )


def test_a_task_without_labels_in_a_slice_leaves_its_average_undefined():
    """Two tasks are no two classes of one label."""
    label = [[None, int(x)] for x in LABEL[:60]] + [[int(x), int(x)] for x in LABEL[60:]]
    prediction = [[1, x[1]] for x in label]
    table = {"label": label, "prediction": prediction, "g": ["x"] * 60 + ["y"] * (N - 60)}
    for average in ("macro",):
        metric = f1(average=average).on("test", g="x")
        found = run(Outputs(test=table, classes=["a", "b"]), also=[metric])[metric]
        assert found.value != found.value
        assert "0/0 in 1 of 2 classes (a)" in found.reason


def test_a_micro_average_of_one_label_each_is_accuracy_with_its_interval():
    label = np.random.default_rng(4).integers(0, 4, N)
    table = {"label": label, "prediction": np.where(RIGHT, label, (label + 1) % 4)}
    found = measure([accuracy, f1(average="micro"), jaccard(average="micro")], table)
    whole, micro = found[accuracy.on("test")], found[f1(average="micro").on("test")]
    assert micro.value == pytest.approx(whole.value)
    assert micro.at_least == pytest.approx(whole.at_least)
    overlap = found[jaccard(average="micro").on("test")]
    a = whole.at_least
    assert overlap.at_least == pytest.approx(a / (2 - a))


OLD = TABLE | {"id": np.arange(N)}
CHANGED = np.where(np.arange(N) < 30, LABEL, OLD["prediction"])


@pytest.mark.parametrize("extra", ["cluster", "weight"])
@pytest.mark.parametrize("metric", [accuracy, recall, mean("x")], ids=str)
def test_a_difference_of_weighted_or_clustered_examples(extra, metric):
    column = {"cluster": np.arange(N) // 4, "weight": 1.0 + np.arange(N) % 3}[extra]
    old = OLD | {extra: column}
    new = old | {"prediction": CHANGED, "x": OLD["x"] + 0.01 * (np.arange(N) % 7)}
    result = run(
        {"new": Outputs(test=new), "old": Outputs(test=old)},
        models=["new"],
        also=[metric.on("test")],
    )
    a, b = result["new", metric.on("test")], result["old", metric.on("test")]
    found = a - b
    assert found.value == pytest.approx(a.value - b.value)
    assert found.at_least < found.value < found.at_most
    assert found.at_most - found.at_least < a.at_most - a.at_least + b.at_most - b.at_least


def test_an_unchanged_model_is_not_worse_by_much():
    clustered = OLD | {"cluster": np.arange(N) // 2}
    models = {m: Outputs(test=clustered) for m in ("new", "old")}
    result = run(models, models=["new"], also=[accuracy.on("test")])
    found = result["new", accuracy.on("test")] - result["old", accuracy.on("test")]
    assert found.value == 0
    assert -0.05 < found.at_least < 0 < found.at_most < 0.05
