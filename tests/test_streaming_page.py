"""What docs/streaming.md says of each metric is what happens."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from evalharness import Outputs, OutputsError, metrics
from evalharness.kernels import sampled, streaming
from tests.metrics.measure import run
from tests.outputs.shards import shards

PAGE = Path(__file__).parents[1].joinpath("docs", "streaming.md").read_text(encoding="utf-8")
# The first table: (expressions, "yes", "no" or "within a bracket").
ROWS = [
    (re.findall(r"`([^`]+)`", asked), answer)
    for asked, answer, _ in re.findall(r"^\| (`.*?) \| (.*?) \| (.*) \|$", PAGE, re.MULTILINE)
    if not asked.startswith("`.")
]
N = 600


def table(seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, N)
    return {
        "label": label,
        "prediction": np.where(rng.random(N) < 0.8, label, 1 - label),
        "score": np.round(0.4 * label + 0.6 * rng.random(N), 3),
        "x": rng.gamma(4, size=N),
        "latency": rng.gamma(4, size=N),
        "flag": rng.random(N) < 0.1,
        "region": rng.choice(["eu", "us"], N),
        "query": np.arange(N) // 6,
        "relevance": rng.integers(0, 2, N),
    }


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    def at(name, rows):
        return shards(tmp_path_factory.mktemp(name) / "t", rows, 200, 350)

    return {
        "all": Outputs(test=at("all", table()), dev=table(1)),
        "ids": Outputs(test=at("ids", table() | {"id": np.arange(N)})),
        "whole": Outputs(test=table() | {"id": np.arange(N)}),
    }


def evaluated(expression):
    return eval(expression, vars(metrics)).on("test")  # of our own page


def of(answer):
    return [e for expressions, said in ROWS if said == answer for e in expressions]


def test_the_table_is_read():
    assert {said for _, said in ROWS} == {"yes", "no", "within a bracket"}
    assert len(of("yes")) > 15
    assert len(of("no")) > 15


def test_what_streams_does(outputs):
    run(outputs["all"], also=[evaluated(e) for e in of("yes")])


@pytest.mark.parametrize("expression", of("no"))
def test_what_does_not_is_refused(expression, outputs):
    asked = evaluated(expression)
    with pytest.raises(OutputsError) as caught:
        run(outputs["all"], also=[asked])
    said = str(caught.value)
    assert said.startswith("test (")
    assert f"): {asked.label} " in said
    assert "read in batches" in said
    assert "read_table(folder)" in said


@pytest.mark.parametrize("expression", of("within a bracket"))
def test_what_is_bracketed(expression, tmp_path, monkeypatch):
    monkeypatch.setattr(sampled, "SAMPLE", 100)
    monkeypatch.setattr(streaming, "WIDE", 1.0)
    folder = shards(tmp_path / "t", table(), 200, 350)
    found, exact = (
        run(Outputs(test=given), also=[evaluated(expression)])["model", evaluated(expression)]
        for given in (folder, table())
    )
    assert abs(found.value - exact.value) <= found.error
    assert f" open by ±{found.error:.1g}, which its bounds allow for" in found.note
    # Where the bins leave it open, a sort decides as of the whole table.
    for threshold in exact.at_most - 1e-9, exact.at_most + 1e-9:
        verdict = found <= threshold
        assert verdict.outcome == (exact <= threshold).outcome
        assert verdict.estimate.note.endswith("by a sort of all scores")


@pytest.mark.parametrize("name", ["weight", "cluster", "sample"])
def test_columns_that_need_all_rows(name, tmp_path):
    folder = shards(
        tmp_path / "t", table() | {"id": np.arange(N), name: np.arange(N) // 3 + 1}, 300
    )
    with pytest.raises(OutputsError, match=f"column `{name}`, and .* not counted in batches"):
        run(Outputs(test=folder), also=[evaluated("accuracy")])


def test_several_tasks(tmp_path):
    rng = np.random.default_rng(0)
    label, prediction = (rng.integers(0, 2, (90, 2)).tolist() for _ in range(2))
    rows = {"label": pa.array(label), "prediction": pa.array(prediction)}
    rows |= {"scores": pa.array(rng.random((90, 2)).tolist())}
    outputs = Outputs(test=shards(tmp_path / "t", rows, 40), classes=["mild", "toxic"])
    run(outputs, also=[evaluated('recall(positive="toxic")')])
    for refused in 'recall(average="macro")', 'roc_auc(positive="toxic")':
        with pytest.raises(OutputsError, match="read in batches"):
            run(outputs, also=[evaluated(refused)])


def test_what_is_drawn_again(outputs):
    names = ["accuracy", "f1", "roc_auc", 'mean("x")', 'recall(average="macro")']
    accuracy, f1, *others = [evaluated(e) for e in names]
    result = run(outputs["all"], also=[accuracy, f1, *others])
    for asked in accuracy, f1:
        assert len(result[asked].bootstrap(100).values) == 100
        with pytest.raises(OutputsError, match="within each region needs single rows"):
            result[asked].bootstrap(100, stratify="region")
    for asked in others:
        with pytest.raises(OutputsError, match="needs single rows, which a split that is read in"):
            result[asked].bootstrap(100)


def test_models_are_not_paired(outputs):
    both = {"new": outputs["ids"], "old": outputs["whole"]}
    asked = evaluated("accuracy")
    result = run(both, models=["new", "old"], also=[asked])
    with pytest.raises(OutputsError, match="needs rows to pair by id, which a split that is read"):
        result["new", asked] - result["old", asked]
