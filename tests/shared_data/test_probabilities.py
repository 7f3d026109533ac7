"""Log loss and Brier score of real probabilities are those that scikit-learn computed."""

import numpy as np
import pytest

from evalharness.metrics.probability import brier_score, log_loss, top_k_accuracy
from tests.metrics.measure import measure
from tests.shared_data.real import expected, needs_data, rows

pytestmark = needs_data


def probabilities(file):
    """The table of a file whose columns p… are the probabilities of the classes, in order."""
    table = rows(file)
    names = [name for name in table.column_names if name.startswith("p")]
    scores = np.stack([table[name].to_numpy() for name in names], axis=1)
    return {"label": table["label"].to_numpy(), "scores": scores}


@pytest.mark.parametrize(
    "file, figures",
    [
        ("cifar10/cv_probabilities.parquet", ("cv_model",)),
        (
            "label_errors/mnist_probabilities.parquet",
            ("datasets", "mnist", "probabilities"),
        ),
        (
            "label_errors/20news_probabilities.parquet",
            ("datasets", "20news", "probabilities"),
        ),
    ],
    ids=["cifar10", "mnist", "20news"],
)
def test_log_loss_and_brier_score(file, figures):
    wanted = expected(file.split("/")[0])
    for name in figures:
        wanted = wanted[name]
    table = probabilities(file)
    classes = list(range(table["scores"].shape[1]))
    found = measure([log_loss, brier_score, top_k_accuracy(k=1)], table, classes=classes)
    assert found[log_loss.on("test")].value == pytest.approx(wanted["log_loss"], abs=1e-6)
    assert found[brier_score.on("test")].value == pytest.approx(
        wanted["brier_multiclass_sum"], abs=1e-6
    )
    first = found[top_k_accuracy(k=1).on("test")]
    assert (first.value, first.n) == (pytest.approx(wanted["accuracy"]), len(table["label"]))
