"""Checks of splits on the outputs of real models."""

import numpy as np
import pytest

from evalharness import Outputs, OutputsError, no_leakage, same_distribution
from evalharness.metrics import accuracy
from tests.checks.two_splits import finding, judged
from tests.metrics.measure import run
from tests.shared_data.real import DATA, needs_data, rows

pytestmark = needs_data
MODELS = (
    "alexnet_tf_ben",
    "cudaconvnet",
    "densenet_BC_100_12",
    "nas",
    "random_features_256k_aug",
    "resnet_basic_110",
    "resnet_basic_32",
    "shake_shake_26_2x64d_SSI",
    "shake_shake_26_2x64d_SSI_cutout16",
    "vgg16_keras",
    "wide_resnet_tf",
    "wrn_28_10",
)


def cifar(model, split):
    table = rows("cifar10/predictions.parquet", model=model, split=split)
    return table.drop(["model", "split"])


@pytest.mark.parametrize("model", MODELS)
def test_cifar_10_1_looks_like_cifar_10_and_is_not(model):
    """Every model loses surely more than two points, by labels and predictions that are alike."""
    tables = cifar(model, "orig"), cifar(model, "v4")
    check = same_distribution("orig", "v4", columns={"correct": 0.02})
    result = judged(check, *tables)
    assert result.outcome == "fail"
    assert finding(result, "correct").limit > 0.02
    assert finding(result, "label").outcome == "pass"
    # By default the gap gates nothing, and is said all the same.
    *_, kind, gap = judged(same_distribution("orig", "v4"), *tables).notes
    assert "it surely falls, by at least 0." in gap
    assert "the relation of labels to inputs changed, or the inputs did" in kind or (
        "predictions" in kind
    )


def test_ids_of_cifar_10_1_are_not_those_of_cifar_10():
    tables = (cifar("nas", "orig"), cifar("nas", "v4"))
    ids = [set(t["id"].to_pylist()) for t in tables]
    result = judged(no_leakage("orig", "v4"), *tables)
    assert (result.outcome == "fail") == bool(ids[0] & ids[1])
    assert result.worst.value == pytest.approx(len(ids[0] & ids[1]) / len(ids[1]))


def labelled(dataset):
    """Labels, predictions and the probabilities of a model that was not trained on the rows."""
    import pyarrow.parquet as pq

    found = pq.read_table(DATA / f"label_errors/{dataset}_probabilities.parquet")
    names = [n for n in found.column_names if n.startswith("p")]
    matrix = np.column_stack([found[n].to_numpy() for n in names])
    return {
        "label": found["label"].to_numpy(),
        "prediction": matrix.argmax(axis=1),
        "scores": matrix.tolist(),
    }


def taken(table, mask):
    return {
        name: [v for v, kept in zip(column, mask, strict=True) if kept]
        for name, column in table.items()
    }


@pytest.mark.parametrize("dataset", ["20news", "mnist"])
def test_halves_pass_and_a_split_by_label_fails_and_names_the_classes(dataset):
    table = labelled(dataset)
    label, check = table["label"], same_distribution("dev", "test")
    half = np.random.default_rng(0).random(len(label)) < 0.5
    same = judged(check, taken(table, half), taken(table, ~half))
    assert [f.about for f in same.gated] == ["label", "prediction", "score"]
    assert same.outcome == "pass"
    low = label < 5
    other = judged(check, taken(table, low), taken(table, ~low))
    found = finding(other, "label")
    assert found.outcome == "fail"
    assert "label 0: " in " ".join(found.details) or "label 1: " in " ".join(found.details)
    assert all("0 % of test" in d or "0 % of dev" in d for d in found.details)


def mmlu(model):
    return Outputs(test=rows("mmlu_pro/predictions.parquet", model=model), missing="wrong")


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (
            "gemini-1.5-flash-002",
            ["20 of 12,032 ids are not in", "column `label` differs for 33 ids"],
        ),
        ("mathstral-7B", ["column `label` differs for 3 ids"]),
    ],
)
def test_models_with_other_answer_keys_are_not_compared(other, told):
    names = ("Llama-2-70b-hf", other)
    place = accuracy.on("test")
    result = run({m: mmlu(m) for m in names}, models=names, also=[place])
    with pytest.raises(OutputsError) as caught:
        result[names[0], place] - result[names[1], place]
    for words in told:
        assert words in str(caught.value)
    assert "(first: " in str(caught.value)
