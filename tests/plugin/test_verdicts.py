"""From verdicts to outcomes, and what the terminal, JUnit files and the JSON file tell of them."""

import json

from evalharness.result import Result
from tests.plugin.junit import cases
from tests.plugin.suites import GATE, PAIR

# Where annotations of a failure would stand.
PLACES = """
import pathlib

def pytest_runtest_logreport(report):
    if report.failed and "specificity" in report.nodeid:
        crash = report.longrepr.reprcrash
        text = f"{pathlib.Path(crash.path).name}:{crash.lineno} {report.location[1] + 1}"
        pathlib.Path("place.txt").write_text(text)
"""


def test_a_gate_with_every_verdict(pytester, calls):
    pytester.makepyfile(test_gate=GATE)
    pytester.makeconftest(PLACES)
    result = pytester.runpytest_subprocess(
        "-v", "-W", "error", "--strict-markers", "--junitxml=junit.xml", "--eval-json=result.json"
    )
    out = result.stdout
    assert (result.ret, calls()) == (1, 1)
    result.assert_outcomes(passed=2, failed=6)
    out.fnmatch_lines(
        [
            "*Gate::test_satisficing?recall-test? PASSED*",
            "*Gate::test_satisficing?specificity-test? FAILED*",
        ]
    )
    # The first line of a failure says it all, also in tests that are written by hand.
    out.fnmatch_lines(
        [
            "> * assert evaluation?f1.on(?test?)? >= 0.99",
            "E * assert f1 on test: 0.9500, at most 0.9*(n=210*; required ≥ 0.99: fail",
            "E  * INCONCLUSIVE: f1 on test: 0.9500, at least 0.9*required ≥ 0.949: inconclusive*",
            "test_gate.py:*: INCONCLUSIVE",
            "> * assert not (evaluation?recall.on(?test?)? >= 0.94)",
            "E  * INCONCLUSIVE: recall on test: 0.9500*",
        ]
    )
    out.fnmatch_lines(
        [
            "*_ Gate.test_satisficing?specificity-test? _*",
            "INCONCLUSIVE: specificity on test: 0.9500, at least 0.9166 * would settle it*",
            "*_ Gate.test_satisficing?accuracy-test? _*",
            "FAIL: accuracy on test: 0.9500, at most 0.97* (n=400 *; required ≥ 0.99: fail",
            "*_ Gate.test_satisficing?recall-test-by-device? _*",
            "INCONCLUSIVE: recall on test by device, 2 slices: 2 inconclusive (*",
            "",
            "verdict *slice *",
            "INCONCLUSIVE  device=desktop *100*",
            "INCONCLUSIVE  device=phone *100*",
        ],
        consecutive=False,
    )
    # No frame of the library or of the plugin stands in between.
    assert "/evalharness/" not in out.str()
    assert "pytest_evalharness/" not in out.str()
    assert "traceback entries are hidden" not in out.str()
    section = out.str().split("= evalharness =")[1].split("short test summary")[0]
    assert "Gate (test_gate.py): 1 fail, 2 inconclusive, 1 pass\n" in section
    assert "metrics × 3 slices over 400 examples: " in section
    for line in (
        "pass          recall on test ",
        "FAIL          accuracy on test ",
        "INCONCLUSIVE  specificity on test ",
        "INCONCLUSIVE  recall on test by device (0/2 pass) ",
        "  precision on test: 0.9500 (95 % interval ",
    ):
        assert "\n" + line in section
    assert max(map(len, section.splitlines())) <= 100
    # Short summaries, too.
    out.fnmatch_lines(
        [
            "FAILED test_gate.py::Gate::test_near - INCONCLUSIVE: f1 on test: 0.9500*",
            "FAILED *?accuracy-test? - FAIL: accuracy on test: 0.9500*",
        ]
    )

    line = GATE.strip().splitlines().index("class Gate(Evaluation):") + 1
    assert (pytester.path / "place.txt").read_text() == f"test_gate.py:{line} {line}"

    junit = cases(pytester.path / "junit.xml")
    outcome, message, told = junit["test_satisficing[recall-test-by-device]"]
    assert outcome == "failure"
    assert message.startswith("INCONCLUSIVE: recall on test by device")
    assert " ".join(told) == (
        "kind metric split slice model value low high at_least at_most n bound level code waived "
        "decided verdict"
    )
    assert told["slice"] in ("device=desktop", "device=phone")
    assert (told["n"], told["bound"], told["verdict"]) == ("100", ">= 0.98", "inconclusive")
    _, _, told = junit["test_satisficing[recall-test]"]
    assert (told["kind"], told["metric"], told["split"]) == ("satisficing", "recall", "test")
    assert float(told["low"]) < float(told["value"]) == 0.95 < float(told["high"])
    assert (told["slice"], told["model"], told["verdict"]) == ("", "", "pass")
    # The bounds that decide, beside the interval that is shown.
    at_least, at_most = float(told["at_least"]), float(told["at_most"])
    assert 0.916 < at_least < 0.917
    assert 0.972 < at_most < 0.973
    assert float(told["low"]) < at_least

    report = json.loads((pytester.path / "result.json").read_text())
    assert report["schema"] == "evalharness.report/1"
    assert report["errors"] == []
    (held,) = report["results"]
    assert held["node"] == "test_gate.py::Gate"
    assert [c["outcome"] for c in held["checks"]] == [
        "pass",
        "inconclusive",
        "fail",
        "inconclusive",
    ]
    again = Result.from_dict(held)
    assert again.outcome == "fail"
    assert again.checks[1].message in result.stdout.str()
    assert not list(pytester.path.glob("*.part"))


def test_inconclusive_checks_may_be_skipped(pytester):
    pytester.makepyfile(test_gate=GATE)
    pytester.makeini("[pytest]\neval_inconclusive = skip")
    options = ["-k", "specificity or device or near or recall-test", "--junitxml=junit.xml"]
    result = pytester.runpytest_inprocess(*options, "-q", "-W", "error")
    assert result.ret == 0
    assert result.parseoutcomes() == {"passed": 1, "inconclusive": 4, "deselected": 3}
    assert result.outlines[0].startswith("??.??")
    assert "= evalharness" not in result.stdout.str()
    assert result.outlines[-1] == (
        "evalharness: the gate guarantees nothing: 4 inconclusive checks allowed by the setting "
        "eval_inconclusive = skip in tox.ini"
    )
    junit = cases(pytester.path / "junit.xml")
    outcome, message, told = junit["test_satisficing[specificity-test]"]
    assert (outcome, told["verdict"]) == ("skipped", "inconclusive")
    assert message.startswith("specificity on test: 0.9500")
    assert junit["test_near"][0] == "skipped"
    assert junit["test_satisficing[recall-test]"][0] == "passed"


def test_inconclusive_checks_may_pass(pytester):
    pytester.makepyfile(test_gate=GATE)
    pytester.makeini("[pytest]\neval_inconclusive = skip")
    options = ["-k", "specificity or near", "--eval-inconclusive=pass", "--junitxml=junit.xml"]
    result = pytester.runpytest_inprocess(*options, "-v", "-W", "error")
    assert result.ret == 0
    assert result.parseoutcomes() == {"inconclusive": 3, "deselected": 5}
    result.stdout.fnmatch_lines(
        [
            "*::test_near INCONCLUSIVE*",
            "*specificity-test? INCONCLUSIVE*",
            "Gate (test_gate.py): 1 inconclusive",
            "2 metrics over 400 examples: *",
            "not decided, and allowed by --eval-inconclusive=pass:",
            "  test_near: f1 on test: *",
            "  specificity on test: *",
            "*= *3 inconclusive *",
        ]
    )
    assert result.outlines[-1] == (
        "evalharness: the gate guarantees nothing: 3 inconclusive checks allowed by "
        "--eval-inconclusive=pass"
    )
    junit = cases(pytester.path / "junit.xml")
    assert {outcome for outcome, _, _ in junit.values()} == {"passed"}
    assert junit["test_satisficing[specificity-test]"][2]["verdict"] == "inconclusive"


def test_a_gate_by_values_alone_says_so_in_the_last_line(pytester):
    source = GATE.replace(
        "class Gate(Evaluation):", "class Gate(Evaluation):\n    policy = 'point'"
    )
    pytester.makepyfile(test_gate=source)
    result = pytester.runpytest_inprocess("-q", "-k", "test_satisficing", "-W", "error")
    result.assert_outcomes(passed=2, failed=2, deselected=4)
    result.stdout.fnmatch_lines(["FAIL: accuracy on test: 0.9500 (n=400 *no statistical guarantee"])
    assert result.outlines[-1] == (
        "evalharness: no statistical guarantee: what Gate declares is decided by its "
        "values alone (policy 'point')"
    )


def test_a_selection_changes_no_verdict_and_the_failed_ones_can_be_run_again(pytester, calls):
    pytester.makepyfile(test_gate=GATE)
    whole = pytester.runpytest_inprocess("-k", "satisficing", "-W", "error")
    whole.assert_outcomes(passed=1, failed=3, deselected=4)
    again = pytester.runpytest_inprocess("--lf", "-x", "-W", "error")
    again.assert_outcomes(failed=1)
    first, *others = [line for line in whole.outlines if line.startswith(("FAIL:", "INCONCL"))][:3]
    assert first in again.outlines
    assert not set(others) & set(again.outlines)
    # The section holds what ran, and nothing that was left out or not reached.
    again.stdout.fnmatch_lines(["Gate (test_gate.py): 1 inconclusive"])
    again.stdout.no_fnmatch_line("FAIL *")
    assert calls() == 2


def test_without_the_plugin(pytester):
    """Evaluations cannot be decided by accident; other tests and `run()` work."""
    pytester.makepyfile(
        test_pair=PAIR
        + """
def test_unrelated():
    pass

def test_run():
    result = TestPair.run()
    assert result.outcome == "pass"
    assert result["candidate", recall.on("test")] >= 0.9
"""
    )
    result = pytester.runpytest_inprocess("-p", "no:evalharness", "-W", "error")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*fixture '_evalharness_evaluation' not found"])


def test_a_fixture_named_evaluation_does_not_replace_the_gate(pytester):
    pytester.makepyfile(test_gate=GATE)
    pytester.makeconftest(
        """
        import pytest
        from unittest.mock import MagicMock

        @pytest.fixture
        def evaluation():
            return MagicMock()
        """
    )
    result = pytester.runpytest_inprocess("-W", "error", "-k", "satisficing")
    result.assert_outcomes(passed=1, failed=3, deselected=4)


def test_a_fixture_named_evaluation_may_build_on_this_one(pytester):
    pytester.makepyfile(
        test_pair=PAIR
        + """
    def test_it(self, evaluation):
        assert evaluation >= 0.9
"""
    )
    pytester.makeconftest(
        """
        import pytest
        from evalharness.metrics import recall

        @pytest.fixture
        def evaluation(evaluation):
            return evaluation["candidate", recall.on("test")]
        """
    )
    pytester.runpytest_inprocess("-W", "error").assert_outcomes(passed=3)


def test_a_device_that_is_not_there_ends_every_check_in_words(pytester, monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    pytester.makepyfile(test_gate=GATE)
    result = pytester.runpytest_inprocess("--eval-device=gpu")
    result.stdout.fnmatch_lines(["*the device 'gpu' was asked for, and JAX finds none (it finds*"])
    result.stdout.fnmatch_lines(["*= 8 errors in *"])


def test_what_is_no_device_is_refused_at_once(pytester):
    result = pytester.runpytest("--eval-device=tpu9")
    result.stderr.fnmatch_lines(["*argument --eval-device: invalid choice: 'tpu9'*"])
