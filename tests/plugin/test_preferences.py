"""Preferences as test items."""

import json

SUITE = """
import numpy as np
from evalharness import Evaluation, Outputs, prefers
from evalharness.metrics import error_rate

def table(wrong):
    row = np.arange(2000)
    kind = np.where(row < 40, "rare", "common")
    return {"id": row, "label": row % 2, "prediction": (row % 2) ^ wrong(row), "kind": kind}

class TestCats(Evaluation):
    models = ["C"]
    optimizing = error_rate.on("dev").against("B")
    preferences = [
        prefers("B", over="A", because="A misses the rare ones", where={"kind": "rare"}),
        prefers("A", over="C", because="C is worse"),
    ]

    @classmethod
    def outputs(cls):
        return {
            "A": Outputs(dev=table(lambda row: row < 60)),
            "B": Outputs(dev=table(lambda row: (row >= 500) & (row < 600))),
            "C": Outputs(dev=table(lambda row: (row >= 500) & (row < 800))),
        }
"""


def test_each_judgement_is_a_test(pytester):
    pytester.makepyfile(test_cats=SUITE)
    result = pytester.runpytest_subprocess("-v", "-m", "preferences", "--eval-json=r.json")
    result.assert_outcomes(passed=1, failed=1, deselected=1)
    result.stdout.fnmatch_lines(
        [
            "*::TestCats::test_preferences[[]B-over-A] FAILED*",
            "*::TestCats::test_preferences[[]A-over-C] PASSED*",
            'FAIL: prefers("B", over="A"): error_rate contradicts it (A misses the rare ones): *',
            "*weigh those examples more (a column `weight`, 10 or 100 times)*",
            "Of preferences, a FAIL is stated at level 0.05 / 2 judgements.",
        ]
    )
    (report,) = json.loads((pytester.path / "r.json").read_text())["results"]
    first, second = report["checks"]
    assert (first["kind"], first["outcome"]) == ("preferences", "fail")
    assert "turn the ranking if they count more than 2 times" in first["findings"][0]["told"]
    assert second["outcome"] == "pass"


def test_a_missing_model_is_an_error_of_every_test(pytester):
    pytester.makepyfile(test_cats=SUITE.replace('prefers("B"', 'prefers("D"'))
    result = pytester.runpytest_subprocess("-m", "optimizing")
    result.assert_outcomes(errors=1, deselected=2)
    result.stdout.fnmatch_lines(["*there is no model 'D'*"])
