"""What a stream meets in its files, and what it cannot give: in words, before any number."""

import numpy as np
import pyarrow as pa
import pytest

from evalharness import Mean, Moments, Outputs, OutputsError, metric
from evalharness.kernels import accumulate, gridded, ranked, streaming
from evalharness.kernels.plan import Plan
from evalharness.metrics import (
    accuracy,
    brier_score,
    exact_text_match,
    f1,
    mean,
    precision,
    recall,
    roc_auc,
    top_k_accuracy,
)
from tests.kernels.streamed import N, table
from tests.metrics.measure import run
from tests.outputs.helpers import says
from tests.outputs.shards import shards

# (columns, metric, options, what the message says)
BAD = {
    "not a number": (
        {"score": [*[0.5] * 700, np.nan, *[0.5] * 298, np.inf]},
        roc_auc,
        {},
        ["part-1.parquet): column `score` is NaN", "2 rows (200 and 499,", "not looked at"],
    ),
    "null label": (
        {"label": pa.array([*[0, 1] * 450, None, *[1] * 99])},
        accuracy,
        {},
        ["part-1.parquet): column `label` is null in 1 row (row 400,", "every example needs its"],
    ),
    "stranger": (
        {"label": [*[0, 1] * 499, 0, 2]},
        accuracy,
        {"classes": [0, 1]},
        ["part-1.parquet): column `label` holds 2 in 1 row (row 499,"],
    ),
    "several at once": (
        {"score": [*[0.5] * 999, -np.inf], "label": [*[0, 1] * 499, 0, 2]},
        f1,
        {"classes": [0, 1]},
        [
            "2 problems",
            "column `label` holds 2",
            "column `score` is NaN or infinite",
            "(what follows row 499 of this file was not looked at)",
        ],
    ),
    "a function that is not finite": (
        {"x": [*[1.0] * 800, 0.0, *[1.0] * 199]},
        metric(Moments(lambda x: 1 / x), name="inverse")(lambda table: Mean(table)),
        {},
        ["part-1.parquet): <lambda>() is not finite on 1 row, first row 300"],
    ),
    "null text": (
        {"label": ["a"] * N, "prediction": ["a"] * 999 + [None]},
        exact_text_match,
        {},
        ["column `prediction` is null in 1 row, first row 499"],
    ),
    "no such column": ({}, mean("cost"), {}, ["{folder}): there is no column `cost`"]),
    "no rows": (
        {name: values[:0] for name, values in table().items()},
        accuracy.on("test").by("region"),
        {},
        ["{folder}): the table is empty (0 rows)"],
    ),
    "no such slice": ({}, accuracy.on("test", region="mars"), {}, ["no row with 'mars'", "'asia'"]),
    "never together": (
        {
            "half": [True] * N,
            "region": ["eu"] * 500 + ["us"] * 500,
            "flag": [False] * 500 + [True] * 500,
        },
        accuracy.on("test", region="eu", flag=True),
        {},
        ["no row has flag=True, region='eu' together"],
    ),
    "as many slices as rows": (
        {"x": np.arange(N)},
        accuracy.on("test").by("x"),
        {},
        ["`x` has 1,000 values in 1,000 rows"],
    ),
    "an absent class": (
        {"label": [0, 1] * 500},
        f1(average="macro"),
        {"classes": [0, 1, 5]},
        ["this metric (`f1(average='macro')`) averages", "but 5 (1 of 3) never occurs"],
    ),
    "logits of one score": (
        {"score": np.linspace(-3, 3, N)},
        top_k_accuracy(k=1),
        {},
        ["column `score` lies outside [0, 1]", "Outputs(…, threshold=…)"],
    ),
    "outside of the range": (
        {},
        metric(Moments("x"), range=(0, 1))(lambda table: Mean(table)),
        {},
        ["lie outside the range 0 to 1"],
    ),
    "of all rows": (
        {},
        metric(Moments(lambda x: x - x.mean()), name="centred")(lambda table: Mean(table)),
        {},
        ["centred gives rows other values when it is handed fewer", "read in batches"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name, tmp_path, monkeypatch):
    monkeypatch.setattr("evalharness.kernels.groups.MANY", 100)
    columns, asked, options, words = BAD[name]
    folder = shards(tmp_path / "t", table() | columns, 500)
    with pytest.raises(OutputsError) as caught:
        run(Outputs(test=folder, **options), also=[asked if asked.split else asked.on("test")])
    says(caught.value, [word.replace("{folder}", str(folder)) for word in words])


def test_names_of_folders_are_no_columns(tmp_path):
    for region in ("eu", "us"):
        shards(tmp_path / "t" / f"region={region}", {"label": [0, 1], "prediction": [0, 1]}, 1)
    with pytest.raises(OutputsError, match="no column `region`.*; names of folders are not read"):
        run(Outputs(test=str(tmp_path / "t/**/*.parquet")), also=[accuracy.on("test").by("region")])


def test_what_cannot_be_streamed_is_told_before_any_number(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming.Stream, "run", None)
    folder = shards(tmp_path / "t", table(), 500)
    asked = [
        0.5 * accuracy + 0.5 * recall,
        f1(average="micro"),
        f1.at(threshold_from="dev"),
        mean("nothing"),
    ]
    with pytest.raises(OutputsError) as caught:
        run(Outputs(test=folder, dev=table()), also=[m.on("test") for m in asked])
    says(
        caught.value,
        [
            "4 problems",
            "0.5 * accuracy + 0.5 * recall has an interval that needs what each example adds",
            "choose it beforehand (f1(threshold=…))",
            "no column `nothing`",
        ],
    )
    assert str(caught.value).count("read_table(folder)") == 3


def test_two_models_are_not_paired(tmp_path):
    rows = table() | {"id": np.arange(N)}
    outputs = {
        "a": Outputs(test=shards(tmp_path / "t", rows, 500)),
        "b": Outputs(test=rows),
    }
    result = run(outputs, also=[accuracy.on("test")], models=["a", "b"])
    with pytest.raises(OutputsError) as caught:
        result["a", accuracy.on("test")] - result["b", accuracy.on("test")]
    says(
        caught.value,
        ["a, test (", "difference of accuracy between 'a' and 'b' needs rows to pair by id"],
    )


def test_a_threshold_is_not_chosen_in_batches(tmp_path):
    outputs = Outputs(dev=shards(tmp_path / "t", table(), 500), test=table(seed=1))
    with pytest.raises(OutputsError) as caught:
        run(outputs, also=[f1.at(threshold_from="dev").on("test")])
    says(
        caught.value,
        ["dev (", "f1(threshold_from='dev') needs all scores to choose its threshold among"],
    )


def test_whoever_asks_for_an_example_is_told_which_metric_did(tmp_path):
    plan = Plan({"model": Outputs(test=shards(tmp_path / "t", table(), 500))})
    for asked in accuracy, f1:
        sample = plan.measure("model", asked.on("test")).sample(0)
        with pytest.raises(OutputsError) as caught:
            _ = sample.rows
        says(caught.value, ["test (", f"): {asked} needs single examples", "read_table(folder)"])


def test_slices_that_are_too_many(tmp_path, monkeypatch):
    folder = shards(tmp_path / "t", table(), 500)

    def refused(asked, *words):
        with pytest.raises(OutputsError) as caught:
            run(Outputs(test=folder), also=[asked])
        says(caught.value, words)

    monkeypatch.setattr("evalharness.kernels.numbered.MOST", 20)
    refused(accuracy.on("test").by("code"), "`code` has more than 20 distinct values")
    monkeypatch.undo()
    monkeypatch.setattr(ranked, "MOST", 4)
    run(Outputs(test=folder), also=[roc_auc.on("test").by("region")])
    refused(roc_auc.on("test").by("code"), "more than 4 slices", "order of scores")
    monkeypatch.setattr(gridded, "ALL_CELLS", 64)
    refused(brier_score.on("test").by("region"), "means in a known range")
    monkeypatch.setattr(accumulate, "LARGEST", 100)
    refused(mean("x").on("test").by("code"), "fewer than 200 values", "min_n")
    monkeypatch.setattr(accumulate, "LARGEST", 20)
    refused(precision.on("test").by("code"), "more numbers than are kept")
