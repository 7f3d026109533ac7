"""A result: asking it, where it comes from, showing it."""

import math
import re

import numpy as np
import pytest

from evalharness import DeclarationError, Outputs, OutputsError
from evalharness.metrics import (
    accuracy,
    average_precision,
    f1,
    latency,
    mean,
    recall,
    specificity,
)
from tests.metrics.measure import declare, run
from tests.two_models import BOUNDS, N, gated_result, point_result, table


@pytest.fixture(scope="module")
def result():
    return gated_result()


@pytest.fixture(scope="module")
def point():
    """A result whose levels are NaN."""
    return point_result()


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


def test_of_many_slices_the_outermost_are_reported():
    n = 2_000
    region = np.arange(n) % 40
    columns = {"label": region > 0, "prediction": np.arange(n) % 97 >= region, "region": region}
    lines = str(run(Outputs(test=columns), also=[recall.on("test").by("region")])).splitlines()
    assert lines[2] == ("  recall on test, 40 slices (1 undefined); the lowest and the highest are")
    shown = [line.strip().split(":")[0] for line in lines[3:]]
    values = [np.mean((np.arange(n) % 97 >= r)[region == r]) for r in range(1, 40)]
    order = [f"region={r + 1}" for r in np.argsort(values, kind="stable")]
    assert shown == order[:3] + order[-3:]


def test_numbers_of_examples_have_commas_and_one_is_singular():
    label, x = np.arange(1_200) < 1, np.full(1_200, 3.0)
    asked = [m.on("test") for m in (accuracy, recall, average_precision, mean("x"))]
    columns = {
        "label": label,
        "prediction": ~label,
        "score": np.arange(1_200.0),
        "x": x,
    }
    found = run(Outputs(test=columns), also=asked)
    text = " ".join(str(found).split())
    assert "accuracy on test: 0.0000 (95 % interval 0.0000 to 0.0032, Wilson) (n=1,200 ex" in text
    assert "(n=1 positive)" in text
    assert "(no interval: 1 positive is too few: below 30 positives no bound was" in text
    assert "(no interval: all values are equal, so how much they vary is unknown)" in text
    assert "; n=1 positive)>" in repr(found[recall.on("test")])
    (verdict,) = run(Outputs(test=columns), satisficing=[accuracy.on("test") >= 0.5]).checks
    assert "(n=1,200 examples" in verdict.message


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
