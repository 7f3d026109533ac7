"""A split that is read in batches gives the numbers of the whole, or says why it cannot."""

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from evalharness import Mean, Moments, Outputs, OutputsError, metric
from evalharness.kernels import accumulate, gridded, ranked, streaming
from evalharness.kernels.plan import Plan
from evalharness.metrics import (
    accuracy,
    balanced_accuracy,
    brier_score,
    exact_text_match,
    f1,
    latency,
    log_loss,
    mean,
    precision,
    rate,
    recall,
    roc_auc,
    specificity,
    top_k_accuracy,
)
from evalharness.outputs import shards as files
from evalharness.statistics.counts import count_cells, count_hits
from tests.metrics.catalogue import FAMILIES
from tests.metrics.measure import run
from tests.outputs.helpers import says
from tests.outputs.shards import shards

N = 1_000


def table(n=N, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    region = rng.choice(["eu", "us", "asia", "moon"], n, p=[0.5, 0.3, 0.19, 0.01])
    return {
        "label": label,
        "prediction": np.where(rng.random(n) < 0.85, label, 1 - label),
        "score": np.round(0.4 * label + 0.6 * rng.random(n), 2),
        "x": 1e6 + rng.normal(size=n),
        "latency": rng.gamma(4, size=n),
        "flag": rng.random(n) < 0.1,
        "region": pa.array([None if r == "moon" else str(r) for r in region]),
        "code": np.where(region == "eu", 7, rng.integers(100, 130, n)).astype(np.int16),
        "half": np.arange(n) < n / 2,
    }


ALSO = [
    accuracy.on("test"),
    recall.on("test", region="eu"),
    f1.on("test").by("region", min_n=20),
    precision.on("test").by("code"),
    specificity.on("test", half=True).by("code", "region", min_n=3),
    balanced_accuracy.on("test").by("half"),
    f1(threshold=0.5).on("test"),
    rate("flag").on("test", region=None),
    mean("x").on("test"),
    mean("x").on("test").by("code"),
    latency.mean().on("test", region="us"),
    log_loss.on("test").by("region"),
    accuracy.on("test").by("region").gap(),
    rate("flag").on("test").exactly() >= 0.05,
]
BOUND = ALSO.pop()


def same(found, expected):
    """Counts are equal bit for bit, and sums to rounding."""
    for key, whole in expected.items():
        assert [e.slice for e in found[key]] == [e.slice for e in whole]
        for mine, theirs in zip(found[key], whole, strict=True):
            numbers = [(e.value, e.low, e.high, e.at_least, e.at_most) for e in (mine, theirs)]
            if "mean" in key or "log_loss" in key:
                np.testing.assert_allclose(*numbers, rtol=1e-12, atol=1e-14)
            else:
                np.testing.assert_array_equal(*numbers)
            assert (mine.n, mine.unit, mine.reason) == (theirs.n, theirs.unit, theirs.reason)


@pytest.fixture(scope="module")
def whole():
    return run(Outputs(test=table()), also=ALSO, satisficing=[BOUND])


@pytest.mark.parametrize("rows", [1 << 18, 100])
@pytest.mark.parametrize("cuts", [(), (1, 500, 501, 990)])
@pytest.mark.parametrize("cpu", [True, False], ids=["numpy", "program"])
def test_batches_give_the_numbers_of_the_whole(cpu, cuts, rows, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "SMALL", 0)
    monkeypatch.setattr(streaming, "on_cpu", lambda: cpu)
    monkeypatch.setattr(files, "BATCH", rows)
    folder = shards(tmp_path / "t", table(), *cuts)
    result = run(Outputs(test=folder), also=ALSO, satisficing=[BOUND])
    same(result.estimates["model"], whole.estimates["model"])
    assert result.checks == whole.checks
    assert result.provenance["examples"] == {"model": {"test": N}}


def test_what_other_counts_tell_is_not_counted(tmp_path, monkeypatch):
    """Slices tell the whole, and cells of two classes tell hits, but for another threshold."""
    counted = []
    begun = streaming.begun
    monkeypatch.setattr(
        streaming,
        "begun",
        lambda found, by: (counted.append([s.program for s in found]), begun(found, by))[1],
    )
    rows = table()
    folder = shards(tmp_path / "t", rows)
    also = [accuracy.on("test"), accuracy.on("test").by("code"), recall.on("test").by("code")]
    also += [recall.on("test"), accuracy.on("test", region=None).by("code")]
    also += [f1.on("test", region=None).by("code")]
    for asked, programs in (
        (also, [count_cells, count_cells]),
        ([*also, accuracy(threshold=0.3).on("test")], [count_cells, count_cells, count_hits]),
        ([accuracy.on("test"), accuracy.on("test").by("code")], [count_hits]),
        (
            [accuracy.on("test"), recall.on("test", region=None).by("code")],
            [count_cells, count_hits],
        ),
    ):
        found = run(Outputs(test=folder), also=asked)
        same(found.estimates["model"], run(Outputs(test=rows), also=asked).estimates["model"])
        assert sorted(counted.pop(), key=str) == sorted(programs, key=str)
    found = run(Outputs(test=folder), also=also[1:3])
    counted.clear()
    assert (
        found["model", also[0]].value == run(Outputs(test=rows), also=also)["model", also[0]].value
    )
    assert not counted


def test_the_order_of_the_files_does_not_matter(whole, tmp_path):
    shards(tmp_path / "t", table(), 100, 300, 650)
    for old, new in ((0, 9), (1, 0), (2, 7)):
        (tmp_path / "t" / f"part-{old}.parquet").rename(tmp_path / "t" / f"part-{new}.parquet")
    found = run(Outputs(test=tmp_path / "t"), also=ALSO, satisficing=[BOUND])
    same(found.estimates["model"], whole.estimates["model"])


def test_what_is_asked_later_is_another_pass(whole, tmp_path):
    result = run(Outputs(test=shards(tmp_path / "t", table(), 400)), also=ALSO[:1])
    for asked in ALSO[3], ALSO[9], recall.on("test").by("code"), ALSO[3]:
        found, expected = result["model", asked], whole["model", asked]
        assert {k: e.value for k, e in found.items()} == pytest.approx(
            {k: e.value for k, e in expected.items()}, rel=1e-12
        )


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_metric_agrees_or_is_refused(family, tmp_path):
    """Before any number, and in words that say what to do."""
    rows = family.table(np.random.default_rng(3), 400)
    folder = shards(tmp_path / "t", rows, 150, 300)
    streamed = []
    for asked in family.metrics:
        try:
            run(Outputs(test=folder, **family.options), also=[asked.on("test")])
        except OutputsError as error:
            says(error, ["read in batches", "pyarrow.parquet.read_table(folder)"])
        else:
            streamed.append(asked.on("test"))
    if not streamed:
        return
    found = run(Outputs(test=folder, **family.options), also=streamed)
    expected = run(Outputs(test=rows, **family.options), also=streamed)
    for key, (theirs,) in expected.estimates["model"].items():
        (mine,) = found.estimates["model"][key]
        close = {"rel": 1e-6, "abs": 1e-9, "nan_ok": True}
        assert mine.value == pytest.approx(theirs.value, **close), key
        assert mine.at_least == pytest.approx(theirs.at_least, **close), key
        assert mine.at_most == pytest.approx(theirs.at_most, **close), key
        assert (mine.n, mine.unit) == (theirs.n, theirs.unit), key


def test_a_mean_in_a_known_range_is_never_bounded_more_closely(tmp_path):
    rng = np.random.default_rng(5)
    rows = {"label": rng.integers(0, 2, 3_000), "score": rng.beta(0.5, 3, 3_000)}
    rows["slice"] = rng.integers(0, 12, 3_000) ** 2 // 12
    # Slices that come later are not counted in by rows outside of the condition.
    rows["late"], rows["half"] = np.arange(3_000) // 400, rng.random(3_000) < 0.5
    folder = shards(tmp_path / "t", rows, 1_000)
    for asked in (
        brier_score.on("test"),
        brier_score.on("test").by("slice"),
        brier_score.on("test", half=True).by("late"),
    ):
        found = run(Outputs(test=folder), also=[asked])["model", asked]
        expected = run(Outputs(test=rows), also=[asked])["model", asked]
        pairs = [(found, expected)]
        if isinstance(found, dict):
            pairs = [(found[k], expected[k]) for k in expected]
        for mine, theirs in pairs:
            assert mine.value == pytest.approx(theirs.value, rel=1e-9)
            assert mine.at_least <= theirs.at_least + 1e-9
            assert mine.at_most >= theirs.at_most - 1e-9
            assert mine.at_most - mine.at_least < 1.01 * (theirs.at_most - theirs.at_least)


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


def test_functions_of_columns_and_own_metrics(tmp_path):
    @metric(Moments(lambda label, score: (label - score) ** 2), better="lower", range=(0, 1))
    def squared(table):
        return Mean(table)

    rows = table(5_000)
    folder = shards(tmp_path / "t", rows, 2_000, 2_001)
    asked = [squared.on("test"), squared.on("test").by("region")]
    for mine in asked:
        found = run(Outputs(test=folder), also=[mine])["model", mine]
        expected = run(Outputs(test=rows), also=[mine])["model", mine]
        if isinstance(found, dict):
            found, expected = found["region=us"], expected["region=us"]
        assert found.value == pytest.approx(expected.value, rel=1e-12)
        assert found.at_most == pytest.approx(expected.at_most, rel=1e-4)


GROWTH = """
import json, resource, sys
import numpy as np
from evalharness import Evaluation, Outputs
from evalharness.metrics import accuracy, mean, roc_auc

class Test(Evaluation):
    satisficing = [accuracy.on("test").by("slice") >= 0.1, roc_auc.on("test") >= 0.1]
    also = [mean("score").on("test")]

found = []
for folder in sys.argv[1:]:
    result = Test.run(outputs=Outputs(test=folder))
    found.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
assert "pandas" not in sys.modules  # which would take a third of a second to load
print(json.dumps([found, result.provenance["examples"]["model"]["test"]]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
def test_memory_is_bounded(tmp_path):
    """Sixteen times as many rows, 100 MB of them, take hardly more memory."""
    rng = np.random.default_rng(0)
    n = 200_000
    rows = {
        "label": rng.integers(0, 2, n),
        "prediction": rng.integers(0, 2, n),
        "slice": rng.integers(0, 50, n),
        "score": np.round(rng.random(n), 3),
    }
    shards(tmp_path / "one", rows)
    (tmp_path / "many").mkdir()
    for i in range(16):
        (tmp_path / "many" / f"{i}.parquet").symlink_to(tmp_path / "one" / "part-0.parquet")
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(tmp_path / "one"), str(tmp_path / "many")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (one, many), examples = json.loads(done.stdout)
    assert examples == 16 * n
    assert many - one < 50
