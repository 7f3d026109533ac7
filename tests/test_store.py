"""Saved results: what is kept decides as the outputs did, files are whole, and nothing is replaced
in silence."""

import json
import os

import numpy as np
import pytest

from evalharness import DeclarationError, Evaluation, Outputs, OutputsError, Result, saved
from evalharness.checks.saved_result import SavedResult
from evalharness.inference.estimates import estimate
from evalharness.metrics import (
    accuracy,
    cohen_kappa,
    f1,
    latency,
    metric,
    precision,
    rate,
    recall,
    roc_auc,
    specificity,
)
from evalharness.statistics import Moments
from evalharness.store import Store
from tests.saved_results import LIMITED, TOLD, TestEvery, table


def evaluation(name="TestCats", **body):
    return type(name, (Evaluation,), body)


def decided(metrics, outputs, name="TestCats"):
    return evaluation(name, satisficing=[], also=list(metrics), test_none=lambda self: None).run(
        outputs
    )


def kept(result):
    held = json.loads(json.dumps(result.holding().as_dict()["held"]))
    return SavedResult("v1", result.evaluation, held)


@pytest.fixture(scope="module")
def every():
    result = TestEvery.run()
    return result, kept(result)


def close(a, b):
    return a == b or a == pytest.approx(b, rel=1e-12, abs=1e-14, nan_ok=True)


@pytest.mark.parametrize("metric", TOLD, ids=str)
def test_a_table_gives_the_same_bounds_at_every_level(every, metric):
    result, held = every
    found = held.bounds("model", metric)
    ours = result.estimates["model"][str(metric)]
    assert len(found) == len(ours)
    for e in ours:
        again = found[e.slice if metric.group else ""]
        assert (again.n, again.unit, again.decides) == (e.n, e.unit, e.decides)
        assert close(again.value, e.value)
        for alpha in (0.05, 0.001, 0.02):
            assert close(again.lower(alpha), e._bounds.lower(alpha))
            assert close(again.upper(alpha), e._bounds.upper(alpha))
        assert all(map(close, again.interval(0.95), (e.low, e.high)))
        near = e.value - 0.01
        assert again.settle(near, 0.05) == e._bounds.settle(near, 0.05)


@pytest.mark.parametrize("metric", LIMITED, ids=str)
def test_limits_decide_at_their_levels_and_never_more_in_between(every, metric):
    result, held = every
    (again,) = held.bounds("model", metric).values()
    e = result.estimates["model"][str(metric)][0]
    assert str(metric) in held._data["limits"]["model"]
    for alpha in (0.05, 0.05 / 2, 0.05 / 10):
        assert close(again.lower(alpha), e._bounds.lower(alpha))
        assert close(again.upper(alpha), e._bounds.upper(alpha))
    for alpha in (0.04, 0.05 / 7):
        assert again.lower(alpha) <= e._bounds.lower(alpha)
        assert again.upper(alpha) >= e._bounds.upper(alpha)
    assert (again.lower(1e-9), again.upper(1e-9)) == (-np.inf, np.inf)
    for threshold in (e.at_least - 1e-6, e.at_least + 1e-6, e.at_most + 1e-6):
        mine = estimate(again, 0.95, metric="m", model="", split="test", slice="")
        assert (mine >= threshold).outcome == (e >= threshold).outcome
        assert (mine <= threshold).outcome == (e <= threshold).outcome
        assert (mine >= threshold).limit == (e >= threshold).limit


def test_of_a_table_other_metrics_are_judged_as_with_the_outputs(every):
    result, held = every
    asked = [specificity.on("test"), precision.on("test"), precision.on("test").by("region")]
    asked += [specificity.on("test", region="c"), f1.on("test", device="phone")]
    for one in asked:
        fresh = TestEvery.run(Outputs(test=table()))._compute("model", one)
        for e, again in zip(fresh, held.bounds("model", one).values(), strict=True):
            assert close(again.lower(0.05), e.at_least)
            assert close(again.upper(0.05), e.at_most)


def test_cells_of_two_classes_tell_hits_and_those_of_three_do_not():
    held = kept(decided([recall.on("test")], Outputs(test=table())))
    bounds = held.bounds("model", accuracy.on("test"))[""]
    assert (bounds.hits, bounds.trials) == (540, 600)
    three = table(label=np.arange(600) % 3, prediction=np.arange(600) % 3)
    held = kept(decided([recall(positive=1).on("test")], Outputs(test=three)))
    with pytest.raises(OutputsError, match="does not hold accuracy"):
        held.bounds("model", accuracy.on("test"))


def test_weights_and_clusters_keep_limits_and_no_table():
    for more in ({"weight": np.arange(600) % 3 + 1.0}, {"cluster": np.arange(600) // 2}):
        result = decided([recall.on("test")], Outputs(test=table(**more)))
        held = kept(result)
        assert not held.tables("model")
        e = result.estimates["model"]['recall.on("test")'][0]
        (again,) = held.bounds("model", recall.on("test")).values()
        assert (again.lower(0.05), again.upper(0.05)) == (e.at_least, e.at_most)
        with pytest.raises(OutputsError, match=r"on test it holds recall.on\(\"test\"\); declare"):
            held.bounds("model", precision.on("test"))


def test_three_classes_keep_their_averages_and_refuse_what_needs_the_examples():
    rows = {"label": np.arange(600) % 3, "prediction": np.arange(600) // 2 % 3}
    result = decided([f1(average="macro").on("test")], Outputs(test=table(**rows)))
    held = kept(result)
    e = result.estimates["model"][str(f1(average="macro").on("test"))][0]
    again = held.bounds("model", f1(average="macro").on("test"))[""]
    assert close(again.lower(0.05), e.at_least)
    assert held.bounds("model", recall(average="macro").on("test"))[""].value > 0
    with pytest.raises(OutputsError, match=r"cohen_kappa.*needs the examples"):
        held.bounds("model", cohen_kappa.on("test"))


def test_functions_without_a_name_keep_limits_only():
    @metric(Moments(lambda latency: latency * 2), better="lower", range=(0, np.inf))
    def twice(table):
        from evalharness import Mean

        return Mean(table)

    held = kept(decided([twice.on("test")], Outputs(test=table())))
    assert not held.tables("model")
    assert held.bounds("model", twice.on("test"))[""].value > 0


def test_no_examples_and_small(tmp_path):
    n = 20_000
    rows = table(n, region=np.char.add("r", (np.arange(n) % 1_000).astype(str)))
    also = [recall.on("test").by("region"), f1.on("test"), roc_auc.on("test"), accuracy.on("test")]
    also += [latency.quantile(q).on("test") for q in (0.5, 0.9, 0.99)]
    also += [m.on("test", device="phone") for m in (recall, precision, f1, specificity)]
    result = decided(also, Outputs(test=rows))
    result.save("v1", folder=tmp_path)
    text = (tmp_path / "v1.json").read_text()
    assert len(text) < 100_000
    assert "7000" not in text  # ids begin with it
    tables = json.loads(text)["evaluations"]["TestCats"]["tables"]["model"]
    assert len(tables['Confusion().on("test").by("region")']["rows"]) == 1_000


def test_many_classes_keep_limits_only():
    label = np.arange(4_000) // 10
    rows = {"label": label, "prediction": np.where(np.arange(4_000) % 7, label, 0)}
    also = [recall(average="macro").on("test").by("region"), accuracy.on("test")]
    held = kept(decided(also, Outputs(test=table(4_000, **rows))))
    assert held.tables("model").keys() == {'Hits().on("test")'}
    assert held.of_split("model", "test")["classes"] == ["400 classes", "0", "399"]


def test_a_table_of_another_threshold_is_another_table(every):
    with pytest.raises(OutputsError, match=r"does not hold recall\(threshold=0.3\)"):
        every[1].bounds("model", recall(threshold=0.3).on("test"))
    with pytest.raises(OutputsError, match=r"it holds test of 'model', not 'dev'"):
        every[1].bounds("model", recall.on("dev"))
    with pytest.raises(OutputsError, match=r"does not hold rate\("):
        every[1].bounds("model", rate("urgent").on("test"))


def test_the_file_is_sorted_with_a_line_for_each_figure(tmp_path):
    result = TestEvery.run()
    assert result.save("v1", folder=tmp_path).endswith("v1.json")
    text = (tmp_path / "v1.json").read_text()
    data = json.loads(text)
    assert data == json.loads(json.dumps(data, sort_keys=True))
    assert list(data["evaluations"]["TestEvery"]) == sorted(data["evaluations"]["TestEvery"])
    lines = [line.strip().rstrip(",") for line in text.splitlines()]
    figures = data["evaluations"]["TestEvery"]["figures"]["model"]
    for slices in figures.values():
        for name, figure in slices.items():
            assert f"{json.dumps(name)}: {json.dumps(figure, sort_keys=True)}" in lines
    assert data["provenance"].keys() == {"time", "commit", "dirty"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["v1.json"]


def test_saving_the_same_again_changes_nothing(tmp_path):
    TestEvery.run().save("v1", folder=tmp_path)
    before = (tmp_path / "v1.json").stat()
    assert TestEvery.run().save("v1", folder=tmp_path).endswith("holds exactly this already")
    assert (tmp_path / "v1.json").stat().st_mtime_ns == before.st_mtime_ns
    # Another machine adds up otherwise.
    path = tmp_path / "v1.json"
    data = json.loads(path.read_text())
    numbers = data["evaluations"]["TestEvery"]["tables"]["model"][
        'Moments(of="latency").on("test")'
    ]
    numbers["rows"][""][1] *= 1 + 1e-13
    path.write_text(json.dumps(data))
    assert TestEvery.run().save("v1", folder=tmp_path).endswith("holds exactly this already")


def test_another_result_is_refused_with_what_differs_and_rewritten_when_asked(tmp_path):
    TestEvery.run().save("v1", folder=tmp_path)
    before = (tmp_path / "v1.json").read_bytes()
    other = TestEvery.run(Outputs(test=table(wrong=31)))
    with pytest.raises(OutputsError) as caught:
        other.save("v1", folder=tmp_path)
    told = str(caught.value)
    assert "--eval-rewrite" in told
    assert "TestEvery: data, model, test: other outputs, 600 rows, was 600" in told
    assert 'figures, model, accuracy.on("test"): value 0.896667, was 0.9' in told
    assert (tmp_path / "v1.json").read_bytes() == before
    assert "REWRITTEN" in other.save("v1", folder=tmp_path, rewrite=True)
    assert other.save("v1", folder=tmp_path).endswith("already")
    new = evaluation("TestNew", satisficing=[recall.on("test") >= 0.5]).run(Outputs(test=table()))
    with pytest.raises(OutputsError, match=r"TestEvery is no longer there\n.*TestNew is new"):
        new.save("v1", folder=tmp_path)


def test_a_result_that_was_read_keeps_what_it_held_and_cannot_hold_more(tmp_path):
    result = TestEvery.run().holding()
    again = Result.from_json(result.to_json())
    assert again.save("v1", folder=tmp_path) == f"saved as {tmp_path / 'v1.json'}"
    assert result.detached().save("v1", folder=tmp_path).endswith("already")
    with pytest.raises(Exception, match="read from JSON and holds no tables"):
        Result.from_json(TestEvery.run().to_json()).save("v2", folder=tmp_path)


BROKEN = [
    ("", "is empty"),
    ('{"schema": "evalharness.saved/1", "eval', "is no JSON, or only part of one"),
    ("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> b\n", "holds the marks of a merge"),
    (
        '{"schema": "evalharness.saved/2"}',
        "'evalharness.saved/2', and this version reads .* made by another ver",
    ),
    ('{"schema": "evalharness.result/1"}', "reads 'evalharness.saved/1': restore it"),
    ("[1]", "has the schema None"),
    ('{"schema": "evalharness.saved/1"}', "holds no evaluations"),
    (
        '{"schema": "evalharness.saved/1", "evaluations": {"T": {}, "T": {}}}',
        "'T' stands there twi",
    ),
    ('{"schema": "evalharness.saved/1", "evaluations": {"T": {"name": "T"}}}', "a wrong entry"),
]


@pytest.mark.parametrize("text, message", BROKEN)
def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path, text, message):
    (tmp_path / "v1.json").write_text(text)
    with pytest.raises(OutputsError, match=message):
        Store(tmp_path).held(saved("v1"), "T")


@pytest.mark.parametrize("row", [[1, 2, 3], [-5, 1, 2, 3]], ids=["short", "negative"])
def test_a_table_that_was_edited_is_refused(tmp_path, row):
    TestEvery.run().save("v1", folder=tmp_path)
    path = tmp_path / "v1.json"
    data = json.loads(path.read_text())
    rows = data["evaluations"]["TestEvery"]["tables"]["model"]['Confusion().on("test")']["rows"]
    rows[""] = row
    path.write_text(json.dumps(data))
    with pytest.raises(OutputsError, match=r"saved\('v1'\) .*edited by hand or merged; save"):
        Store(tmp_path).held(saved("v1"), "TestEvery").bounds("model", recall.on("test"))


def test_what_is_missing_names_what_is_there(tmp_path):
    with pytest.raises(OutputsError, match=r"saved as 'v1' .*there is none; run pytest --eval-sav"):
        Store(tmp_path).held(saved("v1"), "T")
    TestEvery.run().save("v1", folder=tmp_path)
    with pytest.raises(OutputsError, match=r"'v11' \(did you mean `v1`\?\).*there is v1"):
        Store(tmp_path).held(saved("v11"), "T")
    with pytest.raises(OutputsError, match=r"another evaluation: it holds TestEvery, not TestDogs"):
        Store(tmp_path).held(saved("v1"), "TestDogs")


def test_evaluations_of_one_name_are_told_apart_by_their_node_ids(tmp_path):
    held = TestEvery.run().holding().held
    Store(tmp_path).write("v1", {"a.py::TestEvery": held, "b.py::TestEvery": held})
    assert Store(tmp_path, node="b.py::TestEvery").held(saved("v1"), "TestEvery").gated
    with pytest.raises(OutputsError, match=r"2 evaluations that are called TestEvery \(a.py::"):
        Store(tmp_path, node="c.py::TestEvery").held(saved("v1"), "TestEvery")


@pytest.mark.parametrize("name", ["a/b", "..", "", "a b", "é", "baseline", "Baseline", "-v"])
def test_names(tmp_path, name):
    with pytest.raises(OutputsError, match="name"):
        Store(tmp_path).write(name, {})
    if name and name.lower() != "baseline":
        with pytest.raises(DeclarationError, match="has a name of letters"):
            saved(name)
    assert not list(tmp_path.iterdir())


def test_names_that_differ_in_case_alone_are_one_file_on_some_systems(tmp_path):
    held = TestEvery.run().holding().held
    Store(tmp_path).write("v1", {"T": held})
    with pytest.raises(OutputsError, match="'V1' would be the same file"):
        Store(tmp_path).write("V1", {"T": held})


def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path, monkeypatch):
    TestEvery.run().save("v1", folder=tmp_path)
    before = (tmp_path / "v1.json").read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        TestEvery.run(Outputs(test=table(wrong=1))).save("v1", folder=tmp_path, rewrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["v1.json"]
    assert (tmp_path / "v1.json").read_bytes() == before
