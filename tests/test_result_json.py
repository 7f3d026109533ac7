"""A result that is saved and read again is the same, under a documented schema."""

import dataclasses
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from evalharness import EvalharnessError, Evaluation, Outputs, Result, large_enough
from evalharness.checks.satisficing import CheckResult
from evalharness.inference.estimates import Estimate
from evalharness.inference.verdicts import Verdict
from evalharness.metrics import (
    accuracy,
    latency,
    precision,
    recall,
    specificity,
)
from tests.two_models import gated_result, point_result, table

DOCS = Path(__file__).parent.parent / "docs" / "result.md"


@pytest.fixture(scope="module")
def result():
    return gated_result()


@pytest.fixture(scope="module")
def point():
    """A result whose levels are NaN."""
    return point_result()


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


def test_a_record_is_a_line(result):
    """So a changed estimate is a changed line, and many are written fast."""
    data = json.loads(result.to_json())
    records = [v for c in data["checks"] for v in c["verdicts"]]
    records += [e for by in data["estimates"].values() for es in by.values() for e in es]
    lines = [x.strip().rstrip(",") for x in result.to_json().splitlines()]
    assert [json.loads(x) for x in lines if x.startswith(('{"est', '{"metric'))] == records


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
        _ = saved["new", recall.on("test")] - saved["old", recall.on("test")]


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


def test_what_comes_back_is_equal_also_where_there_is_no_number():
    class TestTwo(Evaluation):
        models = ["a", "b"]
        optimizing = accuracy.on("test")
        splits = [large_enough("test")]
        satisficing = [accuracy.on("test") >= 0.5]

    outputs = {"a": Outputs(test=table(1)), "b": Outputs(test=table(2))}
    result = TestTwo.run(outputs)
    assert Result.from_json(result.to_json()) == result
    assert TestTwo.run({"a": outputs["b"], "b": outputs["a"]}) != result
