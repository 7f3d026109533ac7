"""The choice among several models as a test item."""

import json

SUITE = """
import numpy as np
from evalharness import Evaluation, Outputs
from evalharness.metrics import accuracy, recall

def table(seed, rate, n=1000):
    label = np.random.default_rng(0).integers(0, 2, n)
    right = np.random.default_rng(seed).random(n) < rate
    return {"id": np.arange(n), "label": label, "prediction": np.where(right, label, 1 - label)}

class TestCats(Evaluation):
    models = ["a", "b", "c"]
    optimizing = accuracy.on("dev")
    satisficing = [recall.on("dev") >= LEAST]

    @classmethod
    def outputs(cls):
        rates = {"a": 0.95, "b": 0.94, "c": 0.7}
        return {m: Outputs(dev=table(k, r)) for k, (m, r) in enumerate(rates.items(), 1)}

    def test_by_hand(self, evaluation):
        assert evaluation[self.optimizing].choice.candidates[0].model == "a"
"""


def test_the_choice_is_one_test(pytester):
    pytester.makepyfile(test_cats=SUITE.replace("LEAST", "0.85"))
    result = pytester.runpytest_subprocess("-v", "--eval-json=r.json")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*::TestCats::test_optimizing[[]accuracy-dev] PASSED*",
            "*::TestCats::test_satisficing[[]c-recall-dev] FAILED*",
            "*= evalharness =*",
            "pass * the choice by accuracy on dev: a *",
            "accuracy on dev, 3 models, 1,000 examples",
            "rank *model *value *interval *minus a *bounds *alike",
            "ruled out: c: recall on dev ≥ 0.85",
        ]
    )
    report = json.loads((pytester.path / "r.json").read_text(encoding="utf-8"))
    found = next(c for c in report["results"][0]["checks"] if "choice" in c)
    assert found["choice"]["winner"] == "a"
    assert [c["feasible"] for c in found["choice"]["candidates"]] == [
        "surely",
        "surely",
        "surely not",
    ]


def test_none_is_feasible_and_the_selection_changes_nothing(pytester):
    pytester.makepyfile(test_cats=SUITE.replace("LEAST", "0.99"))
    alone = pytester.runpytest_subprocess("-k", "optimizing")
    alone.assert_outcomes(failed=1)
    alone.stdout.fnmatch_lines(
        ["*FAIL: the choice by accuracy on dev: none of 3 meets every bound; 3 of 3 ruled out: *"]
    )
