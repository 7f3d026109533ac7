"""A split that is read in batches gives the numbers of the whole, or says why it cannot."""

import json
import subprocess
import sys

import numpy as np
import pytest

from evalharness import Mean, Moments, Outputs, OutputsError, metric
from evalharness.kernels import streaming
from evalharness.metrics import (
    accuracy,
    balanced_accuracy,
    brier_score,
    f1,
    latency,
    log_loss,
    mean,
    precision,
    rate,
    recall,
    specificity,
)
from evalharness.outputs import shards as files
from evalharness.statistics.counts import count_cells, count_hits
from tests.kernels.streamed import N, table
from tests.metrics.catalogue import FAMILIES
from tests.metrics.measure import run
from tests.outputs.helpers import says
from tests.outputs.shards import shards

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
