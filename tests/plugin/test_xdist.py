"""With several workers one computes, and the others know what it found."""

import json
from types import SimpleNamespace

import pytest

from pytest_evalharness.shared import Copy, _pickled
from tests.plugin.suites import (
    ASKED,
    AUTOUSE,
    BROKEN,
    BY_HAND,
    CLASSES,
    EXITS,
    GATE,
    LEFT,
    PAIR,
    refused,
    scans,
    splits,
)

# Whether each worker loaded what computes.
WATCH = """
import pathlib, sys

def pytest_sessionfinish(session):
    worker = getattr(session.config, "workerinput", {}).get("workerid", "controller")
    pathlib.Path(f"{worker}.held").write_text(str("evalharness.kernels.passes" in sys.modules))
"""
# Each worker runs every test, so nothing depends on who gets which.
EACH = ("--tx=2*popen", "--dist=each")


def loaded(pytester):
    return sorted(f"{p.stem} {p.read_text()}" for p in pytester.path.glob("*.held"))


def test_one_worker_computes(pytester, calls):
    pytester.makeconftest(WATCH)
    # So there is one look, too.
    ledger = '    models = ["candidate"]\n    ledger = "it.ledger"\n'
    pytester.makepyfile(test_pair=PAIR.replace('    models = ["candidate"]\n', ledger))
    result = pytester.runpytest_subprocess(*EACH, "-v", "-W", "error", "--eval-json=result.json")
    result.assert_outcomes(passed=4)
    assert calls() == 1
    held = loaded(pytester)
    assert held[0] == "controller False"
    assert sorted(line.split()[1] for line in held[1:]) == ["False", "True"]
    result.stdout.fnmatch_lines(
        [
            "*= evalharness =*",
            "TestPair (test_pair.py): 2 pass",
            "2 metrics over 400 examples: *",
            "pass     candidate: recall on test  *",
            "look 1 at this test set (it.ledger, audit)",
        ]
    )
    assert (pytester.path / "it.ledger").read_text().count("\n") == 2
    report = json.loads((pytester.path / "result.json").read_text())
    assert len(report["results"]) == 1


def test_tests_by_hand_see_the_examples_on_every_worker(pytester, calls):
    pytester.makepyfile(
        test_pair=PAIR
        + BY_HAND
        + """
    def test_what_would_settle(self, evaluation):
        verdict = evaluation["candidate", recall.on("test")] >= 0.94
        assert verdict.settle == 3419
"""
    )
    result = pytester.runpytest_subprocess(*EACH, "-W", "error", "--import-mode=importlib")
    result.assert_outcomes(passed=10)
    assert calls() == 1


MANY = """
import numpy as np
from evalharness import Evaluation, Outputs
from evalharness.metrics import balanced_accuracy, latency, recall, roc_auc

class TestMany(Evaluation):
    satisficing = [
        m.on("test").by("region") >= 0.6 for m in (recall, balanced_accuracy, roc_auc)
    ]
    also = [m.on("test").by("region") for m in (latency.mean(), recall(threshold=0.8))]

    @classmethod
    def outputs(cls):
        rng = np.random.default_rng(0)
        label, score = np.arange(3000) % 2, rng.random(3000)
        return Outputs(
            test={
                "label": label,
                "score": 0.6 * score + 0.4 * label,
                "latency": score,
                "region": np.arange(3000) // 2 % 30,
            }
        )
"""


def paragraphs(result):
    """Of the section. Two workers end classes, and let checks through, in an order of their own."""
    section = result.stdout.str().partition("= evalharness =")[2].partition("= short test")[0]
    return sorted(
        "\n".join(sorted(part.splitlines())) if part.startswith("not decided") else part
        for part in section.split("\n\n")
        if not part.startswith("written to")
    )


def test_all_is_told_as_in_one_process(pytester, calls):
    """There nothing is written as JSON and read again."""
    pytester.makepyfile(test_gate=GATE, test_many=MANY, test_scans=scans(), test_splits=splits())
    options = ["-W", "error", "-rA", "--eval-inconclusive=skip"]
    one = pytester.runpytest_inprocess(*options, "--eval-json=one.json")
    two = pytester.runpytest_subprocess(*options, "--eval-json=two.json", "-n2")
    assert one.parseoutcomes() == two.parseoutcomes()
    assert one.parseoutcomes() == {"passed": 9, "failed": 5, "inconclusive": 6}
    assert "6 inconclusive checks allowed by" in two.outlines[-1]
    assert calls() == 2 * 2  # those of gates and splits are counted
    assert one.outlines[-1] == two.outlines[-1]
    assert paragraphs(one) == paragraphs(two)
    slices = [
        line for line in one.outlines if line.endswith("30 slices; the lowest and the highest are")
    ]
    assert len(slices) == 2
    first, second = (
        sorted(json.loads((pytester.path / name).read_text())["results"], key=lambda r: r["node"])
        for name in ("one.json", "two.json")
    )
    for result in first + second:
        result["provenance"].pop("time")
    assert first == second


def test_errors_are_told_once(pytester, calls):
    pytester.makepyfile(
        test_broken=BROKEN, test_exits=EXITS, test_autouse=AUTOUSE, test_classes=CLASSES
    )
    result = pytester.runpytest_subprocess("-n2", "-W", "error", "--eval-json=result.json")
    result.assert_outcomes(passed=2, errors=3 + 6 + 10)
    assert calls() == 1 + 3 + 0
    out = result.stdout.str()
    assert out.count("raise ValueError") == 1
    line = (
        "TestBroken could not be evaluated: ValueError: no such bucket (in full at test_broken.py"
    )
    assert out.count("\n" + line) == 2
    assert out.count("ERROR  could not be evaluated: ValueError") == 1
    result.stdout.fnmatch_lines_random(LEFT)
    for name in ASKED:
        result.stdout.fnmatch_lines_random(refused(name))
    assert "INTERNALERROR" not in out
    report = json.loads((pytester.path / "result.json").read_text())
    told = {e["evaluation"]: e["message"] for e in report["errors"]}
    assert len(told) == len(report["errors"]) == 1 + 3 + 4
    assert told["TestBroken"] == "ValueError: no such bucket"


def test_when_the_computing_worker_dies_another_takes_over(pytester, calls):
    dying = """
        import os
        if not os.path.exists("died"):
            open("died", "w").close()
            os._exit(3)
"""
    source = PAIR.replace("        called()\n", "        called()\n" + dying)
    pytester.makepyfile(test_pair=source)
    result = pytester.runpytest_subprocess("-n2")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*worker 'gw?' crashed while running 'test_pair.py::TestPair*"])
    assert calls() == 2


def test_outputs_that_cannot_be_sent_say_so(tmp_path):
    run = SimpleNamespace(models={"candidate": lambda: None})
    (tmp_path / "examples").write_bytes(_pickled(run))
    copy = Copy(SimpleNamespace(__name__="TestPair"), "", tmp_path / "examples", None, {})
    with pytest.raises(pytest.fail.Exception, match="TestPair: .* cannot be sent .* `also`, or "):
        _ = copy.live
