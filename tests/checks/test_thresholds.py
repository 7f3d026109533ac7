"""Thresholds on the score that are chosen on one split and applied to another."""

import numpy as np
import pytest

from evalharness import DeclarationError, Outputs, OutputsError
from evalharness.metrics import (
    accuracy,
    f1,
    latency,
    matthews_corrcoef,
    precision,
    recall,
    roc_auc,
    specificity,
)
from tests.metrics.measure import run


def table(seed, n=300):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    return {"label": label, "score": np.round(0.3 * label + 0.7 * rng.random(n), 2)}


DEV, TEST = table(0), table(1)


def best(metric, allowed=lambda t: True):
    """The best threshold on dev by trying every score, the highest among equals."""
    tried = []
    for t in np.unique(DEV["score"]):
        found = run(Outputs(dev=DEV), also=[metric(threshold=float(t)).on("dev")])
        value = found[metric(threshold=float(t)).on("dev")].value
        if value == value and allowed(float(t)):
            tried.append((value, float(t)))
    return max(tried)[1]


@pytest.mark.parametrize("metric", [f1, accuracy, matthews_corrcoef], ids=str)
def test_it_is_the_best_on_dev_and_is_shown(metric):
    chosen = metric.at(threshold_from="dev").on("test")
    found = run(Outputs(dev=DEV, test=TEST), also=[chosen])[chosen]
    threshold = best(metric)
    by_hand = metric(threshold=threshold).on("test")
    assert found.value == run(Outputs(test=TEST), also=[by_hand])[by_hand].value
    assert found.note == f"threshold {threshold:.6g}, chosen on dev"
    assert found.note in (found >= 0.5).message


def test_what_is_demanded_beside_holds_on_dev():
    chosen = recall.at(threshold_from="dev", precision=0.8).on("test")
    found = run(Outputs(dev=DEV, test=TEST), also=[chosen])[chosen]
    threshold = float(found.note.split()[1].strip(","))
    on_dev = precision(threshold=threshold).on("dev")
    assert run(Outputs(dev=DEV), also=[on_dev])[on_dev].value >= 0.8


def test_a_gap_and_its_slices_have_one_threshold():
    part = {"part": np.arange(300) % 2}
    chosen = recall.at(threshold_from="dev", precision=0.8).on("test")
    asked = [chosen.by("part").gap(), chosen, chosen.by("part")]
    outputs = Outputs(dev=DEV, test=TEST | part)
    result = run(outputs, also=asked)
    assert result[asked[0]].note.endswith(result[chosen].note)
    values = [e.value for e in result[asked[2]].values()]
    assert result[asked[0]].value == pytest.approx(max(values) - min(values))


def test_each_model_has_its_own():
    other = {"label": DEV["label"], "score": DEV["score"] / 2}
    outputs = {
        "a": Outputs(dev=DEV, test=TEST),
        "b": Outputs(dev=other, test={**TEST, "score": TEST["score"] / 2}),
    }
    chosen = f1.at(threshold_from="dev").on("test")
    result = run(outputs, models=["a", "b"], also=[chosen])
    first, second = (float(result[m, chosen].note.split()[1].strip(",")) for m in "ab")
    assert second == pytest.approx(first / 2)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda: recall.at(threshold_from="dev"), "alone is best where everything"),
        (lambda: specificity.at(threshold_from="dev"), "alone is best where everything"),
        (lambda: roc_auc.at(threshold_from="dev"), "takes no threshold"),
        (lambda: latency.mean().at(threshold_from="dev"), "takes no threshold"),
        (lambda: f1(threshold=0.3).at(threshold_from="dev"), "already has a threshold"),
        (lambda: f1(average="macro").at(threshold_from="dev"), "this is an average"),
        (lambda: f1.at(threshold_from=""), "names a split"),
        (lambda: f1.on("dev").at(threshold_from="dev"), "the split that it is judged on"),
        (lambda: f1.at(threshold_from="dev").on("dev"), "the split that it is judged on"),
        (lambda: recall.at(threshold_from="dev", precison=0.9), "did you mean `precision`"),
        (lambda: recall.at(threshold_from="dev", precision=9), "0 < precision ≤ 1"),
    ],
    ids=range(11),
)
def test_what_is_refused_at_the_declaration(write, words):
    with pytest.raises(DeclarationError, match=words):
        write()


ONES = {"label": [1] * 5, "score": [0.1, 0.2, 0.3, 0.4, 0.5]}
MANY = {k: list(v) for k, v in table(2).items()}


@pytest.mark.parametrize(
    ("dev", "test", "words"),
    [
        (TEST, TEST, "is the same table"),
        (
            DEV | {"id": np.arange(300)},
            TEST | {"id": np.arange(290, 590)},
            "has 10 of the same ids.*choose it on a split of other examples",
        ),
        (ONES, TEST, "there are no negatives"),
        (DEV | {"score": -DEV["score"]}, TEST, "no threshold on the score gives precision ≥ 0.99"),
        ({"label": [0, 1], "prediction": [0, 1]}, TEST, "no column `score`"),
    ],
    ids=["same", "ids", "one class", "impossible", "no score"],
)
def test_what_is_refused_of_the_outputs(dev, test, words):
    chosen = recall.at(threshold_from="dev", precision=0.99).on("test")
    with pytest.raises(OutputsError, match=words):
        run(Outputs(dev=dev, test=test), also=[chosen])
