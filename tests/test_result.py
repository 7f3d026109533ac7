"""A result: asking it, subtracting models, saving it and reading it again."""

import dataclasses
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from evalharness import DeclarationError, EvalharnessError, Outputs, OutputsError, Result
from evalharness.checks.satisficing import CheckResult
from evalharness.inference.estimates import Estimate
from evalharness.inference.verdicts import Verdict
from evalharness.metrics import (
    accuracy,
    error_rate,
    f1,
    latency,
    mean,
    mean_absolute_error,
    precision,
    rate,
    recall,
    roc_auc,
    specificity,
)
from tests.metrics.measure import declare, run

N = 400
DOCS = Path(__file__).parent.parent / "docs" / "result.md"


def table(seed, n=N):
    """One model's outputs; labels and slices are the same whatever the seed."""
    common, own = np.random.default_rng(0), np.random.default_rng(seed)
    label = common.integers(0, 2, n)
    return {
        "id": np.arange(n),
        "label": label,
        "prediction": np.where(own.random(n) < 0.75 + 0.05 * seed, label, 1 - label),
        "score": own.random(n),
        "x": own.normal(size=n) + 0.3 * seed,
        "flag": own.random(n) < 0.1,
        "latency": own.lognormal(size=n),
        "region": common.choice(["eu", "us", "<script>"], n, p=[0.6, 0.38, 0.02]),
    }


def shuffled(columns, seed=5):
    order = np.random.default_rng(seed).permutation(len(columns["id"]))
    return {k: v[order] for k, v in columns.items()}


def two_models(**other):
    return {"new": Outputs(test=table(2)), "old": Outputs(test=shuffled(table(1)) | other)}


BOUNDS = [
    recall.on("test") >= 0.7,
    recall.on("test", region="eu") >= 0.99,
    accuracy.on("test").by("region", min_n=100) >= 0.5,
    precision(threshold=0.99999).on("test") >= 0.5,  # 0/0: nothing is predicted positive
    latency.quantile(0.999).on("test") <= 100,  # no bound at this n: infinite
    mean("x").on("test") <= 5,
    error_rate.on("test") >= 0.5,
]


@pytest.fixture(scope="module")
def result():
    also = [roc_auc.on("test"), rate("flag").on("test").by("region")]
    outputs = {"new": Outputs(test=table(2)), "old": Outputs(test=table(1))}
    return run(outputs, models=["new", "old"], satisficing=BOUNDS, also=also)


@pytest.fixture(scope="module")
def point():
    """A result whose levels are NaN."""
    return run(Outputs(test=table(1)), satisficing=BOUNDS[:2], policy="point")


# --- asking -----------------------------------------------------------------------------------


def test_every_kind_of_verdict_is_here(result):
    assert {c.outcome for c in result.checks} == {"pass", "fail", "inconclusive"}
    assert result.outcome == "fail"
    assert len(result.checks) == 2 * len(BOUNDS)


@pytest.mark.parametrize(
    ("bounds", "outcome"),
    [
        ([recall.on("test") >= 0.1], "pass"),
        ([recall.on("test") >= 0.1, recall.on("test", region="us") >= 0.8], "inconclusive"),
        ([recall.on("test") >= 0.99, latency.quantile(0.999).on("test") <= 9], "fail"),
        ([], "pass"),
    ],
)
def test_the_outcome_is_that_of_the_worst_check(bounds, outcome):
    assert run(Outputs(test=table(1)), satisficing=bounds).outcome == outcome


def test_estimates_are_found_by_model_and_metric(result):
    found = result["new", recall.on("test")]
    assert (found.metric, found.model, found.split, found.slice) == ("recall", "new", "test", "")
    right = (table(2)["label"] == 1) & (table(2)["prediction"] == 1)
    assert found.value == right.sum() / (table(2)["label"] == 1).sum()


def test_what_was_not_declared_is_computed_when_asked_for(result):
    assert str(specificity.on("test")) not in result.estimates["new"]
    assert 0 < result["new", specificity.on("test", region="us")].value < 1


def test_a_sliced_metric_is_a_mapping_of_slices(result):
    found = result["new", accuracy.on("test").by("region", min_n=100)]
    assert list(found) == ["region=eu", "region=us", "region: other (1 value pooled)"]
    assert sum(e.n for e in found.values()) == N


def test_one_model_needs_no_name():
    found = run(Outputs(test=table(1)), also=[recall.on("test")])
    assert found[recall.on("test")].model == ""
    assert found[recall.on("test")] == found["model", recall.on("test")]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (recall.on("test"), "there are 2 models; ask for .* one of 'new', 'old'"),
        (("nw", recall.on("test")), "there is no model 'nw'.*holds 'new', 'old'"),
        (("new", recall), r'ask for a metric on a split, such as recall.on\("test"\)'),
        ("recall", "ask for a metric on a split"),
        (("new", recall.on("test") >= 0.5), "ask for a metric on a split"),
        (3, "ask for a metric on a split"),
    ],
)
def test_a_wrong_key(result, key, words):
    with pytest.raises(KeyError, match=words):
        result[key]


def test_what_the_outputs_do_not_hold(result):
    with pytest.raises(OutputsError, match="there is no split `tst`.*did you mean `test`"):
        result["new", recall.on("tst")]
    with pytest.raises(OutputsError, match="`price`"):
        result["new", mean("price").on("test")]


def test_estimates_refuse_what_they_cannot_say(result):
    found = result["new", recall.on("test")]
    with pytest.raises(TypeError, match="not a truth value"):
        bool(found)
    with pytest.raises(TypeError, match="never exactly equal to a number"):
        _ = found == 0.5
    with pytest.raises(TypeError):
        _ = found - 0.1
    with pytest.raises(DeclarationError, match="compare an estimate with a number"):
        _ = found >= "0.5"
    with pytest.raises(DeclarationError, match="finite"):
        _ = found >= math.nan


# --- differences ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both():
    """Two models whose rows stand in different orders."""
    return run(two_models(), models=["new", "old"], also=[recall.on("test")])


def minus(result, metric):
    return result["new", metric] - result["old", metric]


@pytest.mark.parametrize(
    "metric",
    [
        accuracy.on("test"),
        error_rate.on("test"),
        recall.on("test"),
        specificity.on("test"),
        accuracy.on("test", region="eu"),
        recall.on("test", region="us"),
        recall(positive=0).on("test"),
        rate("flag").on("test"),
        mean("x").on("test"),
        mean("x").on("test", region="eu"),
        latency.mean().on("test"),
        mean_absolute_error.on("test"),
    ],
    ids=str,
)
def test_a_difference_is_that_of_the_values(both, metric):
    new, old = both["new", metric], both["old", metric]
    found = new - old
    assert found.value == pytest.approx(new.value - old.value, abs=1e-12)
    assert found.model == "new − old"
    assert found.at_least < found.value < found.at_most
    assert found.n == new.n == old.n
    back = old - new
    assert back.value == pytest.approx(-found.value, abs=1e-12)
    assert back.at_least == pytest.approx(-found.at_most, abs=1e-9)


def test_pairing_is_by_id_not_by_row(both):
    """On rows that are paired, what both get right or wrong cancels out."""
    straight = {"new": Outputs(test=table(2)), "old": Outputs(test=table(1))}
    other = run(straight, models=["new", "old"], also=[recall.on("test")])
    for metric in (recall.on("test"), mean("x").on("test")):
        a, b = minus(both, metric), minus(other, metric)
        assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), rel=1e-12)


def test_a_difference_gives_a_verdict(both):
    assert minus(both, accuracy.on("test")) > -0.5
    assert not minus(both, accuracy.on("test")) > 0.5


def test_a_model_minus_its_equal_is_never_certain():
    same = {"new": Outputs(test=table(1)), "old": Outputs(test=table(1))}
    result = run(same, models=["new", "old"], also=[recall.on("test")])
    found = minus(result, accuracy.on("test"))
    assert found.value == 0
    assert found.at_least < 0 < found.at_most
    assert (minus(result, mean("x").on("test")) > -1).outcome == "inconclusive"


@pytest.mark.parametrize(
    "metric",
    [
        precision.on("test"),
        f1.on("test"),
        recall(average="macro").on("test"),
        roc_auc.on("test"),
        latency.quantile(0.5).on("test"),
    ],
    ids=str,
)
def test_a_difference_that_does_not_pair_is_refused_in_words(both, metric):
    with pytest.raises(DeclarationError, match="not available in this version: it is for means"):
        minus(both, metric)


def test_only_like_is_subtracted(both):
    with pytest.raises(TypeError, match="one metric, on one slice, between two models"):
        _ = both["new", recall.on("test")] - both["old", accuracy.on("test")]
    with pytest.raises(TypeError, match="between two models"):
        _ = both["new", recall.on("test")] - both["new", recall.on("test")]
    slices = recall.on("test").by("region")
    with pytest.raises(DeclarationError, match=r"use .on\(split, column=value\)"):
        _ = both["new", slices]["region=eu"] - both["old", slices]["region=eu"]


def test_ids_that_do_not_match():
    fewer = {k: v[:-3] for k, v in table(1).items()}
    outputs = {"new": Outputs(test=table(2)), "old": Outputs(test=fewer)}
    result = run(outputs, models=["new", "old"], also=[recall.on("test")])
    with pytest.raises(OutputsError, match="3 of 400 ids are not in .*first: 397"):
        minus(result, recall.on("test"))


def test_labels_that_differ_for_one_id():
    result = run(two_models(label=shuffled(table(1))["label"] ^ (np.arange(N) < 2)), models=["new"])
    with pytest.raises(OutputsError, match="column `label` differs for 2 ids"):
        minus(result, recall.on("test"))


def test_slices_that_differ_for_one_id():
    moved = shuffled(table(1))["region"].copy()
    moved[:5] = np.where(moved[:5] == "eu", "us", "eu")
    result = run(two_models(region=moved), models=["new"])
    with pytest.raises(OutputsError, match="5 ids are in the slice for 'new' or for 'old' but not"):
        minus(result, recall.on("test", region="eu"))


def test_without_ids_nothing_pairs():
    outputs = two_models()
    bare = {k: v for k, v in table(1).items() if k != "id"}
    result = run({**outputs, "old": Outputs(test=bare)}, models=["new"])
    with pytest.raises(OutputsError, match="there is no column `id`"):
        minus(result, recall.on("test"))


# --- saving -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["result", "point"])
def test_what_is_read_is_what_was_written(name, request, tmp_path):
    made = request.getfixturevalue(name)
    path = tmp_path / "result.json"
    text = made.to_json(path)
    for again in (Result.from_json(text), Result.from_json(path), Result.from_json(str(path))):
        assert again == made
        assert again.to_json() == text
        assert str(again) == str(made)
        assert again._repr_html_() == made._repr_html_()
        assert again.outcome == made.outcome
        assert [c.message for c in again.checks] == [c.message for c in made.checks]
    assert path.read_text(encoding="utf-8") == text + "\n"


def test_numbers_that_json_has_not_are_words(result, point):
    """NaN and infinity survive, in JSON that any reader accepts."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    data = json.loads(result.to_json(), parse_constant=refuse)
    undefined = data["estimates"]["new"]['precision(threshold=0.99999).on("test")'][0]
    assert undefined["value"] == "nan"
    assert data["estimates"]["new"]['latency.quantile(0.999).on("test")'][0]["at_most"] == "inf"
    again = Result.from_json(result.to_json())
    assert math.isnan(again["new", precision(threshold=0.99999).on("test")].value)
    assert again["new", latency.quantile(0.999).on("test")].at_most == math.inf
    assert math.isnan(Result.from_json(point.to_json()).checks[0].verdicts[0].level)


def test_a_saved_result_is_asked_as_a_fresh_one(result):
    saved = Result.from_json(result.to_json())
    assert saved["old", recall.on("test")] == result["old", recall.on("test")]
    assert saved["old", accuracy.on("test").by("region", min_n=100)].keys()
    assert bool(saved["new", recall.on("test")] >= 0.5)
    with pytest.raises(KeyError, match=r"specificity.on.*not in this saved result; it holds"):
        saved["new", specificity.on("test")]
    with pytest.raises(TypeError, match="saved result, which holds no examples to pair"):
        minus(saved, recall.on("test"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"schema": "evalharness.result/99"}', r"'evalharness.result/99'.*reads 'evalharness.res"),
        ("{}", "has the schema None"),
        ("[1, 2]", "no result"),
        ('{"schema": "evalharness.result/1"}', "lacks 'evaluation'"),
        ('{"schema": "evalharness.result/1", ', "is no JSON.*line 1"),
        ("", "is no JSON|no result"),
    ],
)
def test_what_is_no_result_is_refused_in_words(text, words, tmp_path):
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(EvalharnessError, match=words):
        Result.from_json(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        Result.from_json(tmp_path / "none.json")


def test_an_estimate_differs_in_its_last_digit(result):
    one = result["new", recall.on("test")]
    assert one != dataclasses.replace(one, value=np.nextafter(one.value, 1).item())
    assert one == dataclasses.replace(one)


def keys(value, names=("estimates", "versions", "tables", "examples")):
    """Every key of nested mappings; below some names keys are the user's own."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in names:
                yield from keys(inner, names)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, names)


def test_every_field_is_documented(result):
    told = set(re.findall(r"^\| `(\w+)`", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    data = json.loads(result.to_json())
    assert data["schema"] in DOCS.read_text(encoding="utf-8")
    assert set(keys(data)) - told == set(), "describe the new field in docs/result.md"
    public = {
        f.name
        for kind in (Estimate, Verdict, CheckResult)
        for f in dataclasses.fields(kind)
        if not f.name.startswith("_")
    }
    assert public <= told


# --- provenance -------------------------------------------------------------------------------


def test_provenance_says_what_it_is_about(result):
    found = result.provenance
    assert found["versions"].keys() >= {"python", "evalharness", "jax", "numpy", "scipy", "pyarrow"}
    assert found["device"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found["time"])
    assert (found["seed"], found["confidence"], found["policy"]) == (0, 0.95, "confident")
    assert found["family"] == 2 * len(BOUNDS)
    for model in ("new", "old"):
        assert re.fullmatch("sha256:[0-9a-f]{64}", found["tables"][model]["test"])
        assert found["examples"][model] == {"test": N}


def test_the_hash_is_of_the_content():
    def digest(columns):
        made = run(Outputs(test=columns), also=[recall.on("test")])
        return made.provenance["tables"]["model"]["test"]

    same = table(1)
    assert digest(same) == digest(table(1))
    assert digest(same) != digest(same | {"prediction": 1 - same["prediction"]})


def test_tables_that_no_check_needs_are_not_read():
    outputs = Outputs(test=table(1), train="not-there.parquet")
    found = run(outputs, also=[recall.on("test")]).provenance["tables"]
    assert found.keys() == {"model"}
    assert found["model"].keys() == {"test"}


def test_settings_of_the_class_are_kept():
    found = run(Outputs(test=table(1)), satisficing=BOUNDS[:1], seed=7, confidence=0.9).provenance
    assert (found["seed"], found["confidence"], found["family"]) == (7, 0.9, 1)


# --- showing ----------------------------------------------------------------------------------


def test_print_shows_every_check_in_100_columns(result):
    text = str(result)
    assert max(map(len, text.splitlines())) <= 100
    for word in ("pass", "FAIL", "INCONCLUSIVE", "new: recall on test", "undefined", "to settle"):
        assert word in text
    assert "reported, not gated:" in text
    assert "new: roc_auc on test: 0." in text
    assert "a FAIL is stated at level 0.05 / 14 bounds" in text


def test_point_policy_promises_nothing(point):
    assert "no statistical guarantee" in str(point)
    assert "no statistical guarantee" in point.checks[0].message


def test_a_notebook_shows_it_and_runs_nothing_of_it(result):
    html = result._repr_html_()
    assert html.count("<tr>") == 1 + len(result.checks)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    named = declare(satisficing=BOUNDS[:1])
    named.__name__ = "<img src=x>"
    shown = named.run(outputs=Outputs(test=table(1)))._repr_html_()
    assert "<img" not in shown


def test_model_names_are_escaped():
    outputs = {"<b>": Outputs(test=table(1))}
    shown = run(outputs, models=["<b>"], satisficing=BOUNDS[:1], also=[f1.on("test")])
    assert "<b>:" not in shown._repr_html_()
