"""The optimizing metric as a test item."""

import json

from tests.plugin.junit import cases

SUITE = """
import numpy as np
from evalharness import Evaluation, Outputs
from evalharness.metrics import accuracy, recall

def outputs(lost, won, n=2000):
    row = np.arange(n)
    label = row % 2
    common = {"id": row, "label": label, "region": np.where(row < 100, "us", "eu")}
    new = np.where(row < lost, 1 - label, label)
    old = np.where((row >= lost) & (row < lost + won), 1 - label, label)
    return {
        "candidate": Outputs(dev=common | {"prediction": new}),
        "production": Outputs(dev=common | {"prediction": old}),
    }

class TestCats(Evaluation):
    optimizing = accuracy.on("dev").against("production")
    satisficing = [recall.on("dev") >= 0.5, recall.on("dev").against("production") >= -0.05]

    @classmethod
    def outputs(cls):
        return outputs(LOST, WON)

    def test_by_hand(self, evaluation):
        assert evaluation[TestCats.optimizing].outcome == "OUTCOME"
"""


def suite(lost, won, outcome):
    text = SUITE.replace("LOST", str(lost)).replace("WON", str(won))
    return text.replace("OUTCOME", outcome)


def test_a_better_model_passes_and_values_are_told(pytester):
    pytester.makepyfile(test_cats=suite(20, 60, "pass"))
    result = pytester.runpytest_subprocess("-v", "--junitxml=junit.xml", "--eval-json=r.json")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "*::TestCats::test_optimizing[[]accuracy-dev] PASSED*",
            "*::TestCats::test_satisficing[[]recall-dev] PASSED*",
            "*::TestCats::test_satisficing[[]recall-dev-against-production] PASSED*",
            "pass     accuracy minus production on dev: better  0.0200 *> 0*",
            "  candidate: accuracy on dev: 0.9900 *",
            "  production: accuracy on dev: 0.9700 *",
            "*a FAIL is stated at level 0.05 / 2 bounds.",
        ]
    )
    report = json.loads((pytester.path / "r.json").read_text())
    first = report["results"][0]["checks"][0]
    assert (first["kind"], first["code"]) == ("optimizing", "EH-OBJECTIVE")
    assert first["meaning"] == "better"
    assert first["words"].startswith("0.9900 against 0.9700; 20 newly wrong and 60 newly")
    _, _, told = cases(pytester.path / "junit.xml")["test_optimizing[accuracy-dev]"]
    assert (told["kind"], told["metric"]) == ("optimizing", "accuracy minus production")
    assert (told["bound"], told["verdict"]) == ("> 0", "pass")


def test_a_worse_one_fails_and_says_where(pytester):
    pytester.makepyfile(test_cats=suite(60, 20, "fail"))
    result = pytester.runpytest_subprocess("-m", "optimizing")
    result.assert_outcomes(failed=1, deselected=3)
    result.stdout.fnmatch_lines(
        [
            "FAIL: candidate: accuracy minus production on dev: -0.0200, at most *: fail; worse; *",
            "most is lost in *",
            "  region 'us': 60 newly wrong and 20 newly right of 100",
        ]
    )


def test_what_cannot_be_told_apart_is_inconclusive_in_every_process(pytester):
    pytester.makepyfile(test_cats=suite(30, 31, "inconclusive"))
    result = pytester.runpytest_subprocess("-n", "2")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["INCONCLUSIVE: candidate: *; cannot be told apart; *"])
    allowed = pytester.runpytest_subprocess("--eval-inconclusive=pass")
    assert allowed.ret == 0
    allowed.stdout.fnmatch_lines(["*the gate guarantees nothing: 1 inconclusive check allowed*"])
