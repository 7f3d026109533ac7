"""With several workers one computes, and the others know what it found."""

import json
from types import SimpleNamespace

import pytest

from pytest_evalharness.shared import Copy, _pickled
from tests.plugin.suites import BROKEN, BY_HAND, GATE, PAIR

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
    pytester.makepyfile(test_pair=PAIR)
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
        ]
    )
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


def test_the_same_verdicts_as_in_one_process(pytester, calls):
    pytester.makepyfile(test_gate=GATE)
    options = ["-W", "error", "-rA", "--eval-inconclusive=skip"]
    one = pytester.runpytest_subprocess(*options, "--eval-json=one.json")
    two = pytester.runpytest_subprocess(*options, "--eval-json=two.json", "-n2")
    assert one.parseoutcomes() == two.parseoutcomes()
    assert one.parseoutcomes() == {"passed": 2, "failed": 2, "inconclusive": 4}
    assert one.outlines[-1] == two.outlines[-1]
    assert "4 inconclusive checks allowed by" in two.outlines[-1]
    assert calls() == 2
    first, second = (
        json.loads((pytester.path / name).read_text())["results"][0]
        for name in ("one.json", "two.json")
    )
    first["provenance"].pop("time")
    second["provenance"].pop("time")
    assert first == second


def test_an_error_is_told_once(pytester, calls):
    pytester.makepyfile(test_broken=BROKEN)
    result = pytester.runpytest_subprocess("-n2", "-W", "error", "--eval-json=result.json")
    result.assert_outcomes(errors=3)
    assert calls() == 1
    out = result.stdout.str()
    assert out.count("raise ValueError") == 1
    line = (
        "TestBroken could not be evaluated: ValueError: no such bucket (in full at test_broken.py"
    )
    assert out.count("\n" + line) == 2
    assert out.count("ERROR  could not be evaluated") == 1
    report = json.loads((pytester.path / "result.json").read_text())
    assert [e["message"] for e in report["errors"]] == ["ValueError: no such bucket"]


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
    copy = Copy(SimpleNamespace(__name__="TestPair"), "", tmp_path / "examples", None)
    with pytest.raises(pytest.fail.Exception, match="TestPair: .* cannot be sent .* `also`, or "):
        _ = copy.live
