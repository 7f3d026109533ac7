"""From verdicts to outcomes, and what the terminal, JUnit files and the JSON file tell of them."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from evalharness.result import Result
from pytest_evalharness.items import Planned
from pytest_evalharness.run import Run
from tests.plugin.suites import BROKEN, BY_HAND, GATE, PAIR, TABLE

DOCS = Path(__file__).parents[2] / "docs" / "result.md"


def cases(path):
    """The test cases of a JUnit file by name: (outcome, message, properties)."""
    found = {}
    for case in ET.parse(path).iter("testcase"):
        ended = [e for e in case if e.tag in ("failure", "skipped", "error")]
        outcome, message = (ended[0].tag, ended[0].get("message")) if ended else ("passed", "")
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        found[case.get("name")] = (outcome, message, properties)
    return found


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
    assert (
        "Gate (test_gate.py): 1 fail, 2 inconclusive, 1 pass\n4 checks over 400 examples: "
        in section
    )
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
        "kind metric split slice model value low high at_least at_most n bound level verdict"
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
    result = pytester.runpytest_subprocess(*options, "-q", "-W", "error")
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
    result = pytester.runpytest_subprocess(*options, "-v", "-W", "error")
    assert result.ret == 0
    assert result.parseoutcomes() == {"inconclusive": 3, "deselected": 5}
    result.stdout.fnmatch_lines(
        [
            "*::test_near INCONCLUSIVE*",
            "*specificity-test? INCONCLUSIVE*",
            "Gate (test_gate.py): 1 inconclusive",
            "1 check over 400 examples: *",
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
    result = pytester.runpytest_subprocess("-q", "-k", "test_satisficing", "-W", "error")
    result.assert_outcomes(passed=2, failed=2, deselected=4)
    result.stdout.fnmatch_lines(["FAIL: accuracy on test: 0.9500 (n=400 *no statistical guarantee"])
    assert result.outlines[-1] == (
        "evalharness: no statistical guarantee: the declared bounds of Gate are decided by their "
        "values alone (policy 'point')"
    )


def test_a_selection_changes_no_verdict_and_the_failed_ones_can_be_run_again(pytester, calls):
    pytester.makepyfile(test_gate=GATE)
    whole = pytester.runpytest_subprocess("-k", "satisficing", "-W", "error")
    whole.assert_outcomes(passed=1, failed=3, deselected=4)
    again = pytester.runpytest_subprocess("--lf", "-x", "-W", "error")
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
    result = pytester.runpytest_subprocess("-p", "no:evalharness", "-W", "error")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*fixture '_evalharness_evaluation' not found"])


def test_each_class_runs_once_in_any_order(pytester, calls):
    """Also if another plugin takes turns between classes, and if a module imports a class."""
    both = TABLE + "".join(
        f"""
class {name}(Evaluation):
    satisficing = [recall.on("test") >= 0.9, accuracy.on("test") >= 0.9]

    @classmethod
    def outputs(cls, place):
        called(f"{name} at {{place}}")
        return Outputs(test=table())
"""
        for name in ("TestA", "TestB")
    )
    place = """
import pytest

@pytest.fixture(scope="module")
def place(request):
    return request.module.__name__
"""
    pytester.makepyfile(test_it=both + place, test_other="from test_it import TestA\n" + place)
    pytester.makeconftest(
        "def pytest_collection_modifyitems(items): items[:] = items[::2] + items[1::2]"
    )
    result = pytester.runpytest_subprocess("--import-mode=append", "-W", "error")
    result.assert_outcomes(passed=6)
    assert calls() == 3


def test_a_check_finds_its_own_verdict_whatever_its_id():
    namespace = {}
    exec(PAIR.replace("called()", "pass"), namespace)
    cls = namespace["TestPair"]
    cls.checks = tuple(replace(c, id="same") for c in cls.checks)
    run = Run("test_pair.py::Pair", cls, Planned(checks=list(reversed(cls.checks))))
    run.result = SimpleNamespace(
        checks=[SimpleNamespace(**vars(c), metric=str(c.bound.metric)) for c in cls.checks]
    )
    for check in cls.checks:
        assert run.find(check).metric == str(check.bound.metric)
    with pytest.raises(LookupError, match="other was collected after the run was planned"):
        run.find(replace(cls.checks[0], id="other"))


# As plugins that run a failed test again do it: the whole protocol of an item, twice.
AGAIN = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    runtestprotocol(item, nextitem=nextitem, log=False)
    item._initrequest()
    runtestprotocol(item, nextitem=nextitem)
    return True
"""


def test_items_may_be_run_again(pytester, calls):
    second = PAIR.partition("class TestPair")[2]
    pytester.makepyfile(test_pair=PAIR + BY_HAND + "class TestSecond" + second + BY_HAND)
    pytester.makeconftest(AGAIN)
    result = pytester.runpytest_subprocess("-W", "error", "--junitxml=junit.xml")
    result.assert_outcomes(passed=8)
    assert calls() == 2  # also of the last item of a class
    properties = list(ET.parse(pytester.path / "junit.xml").iter("property"))
    assert len([p for p in properties if p.get("name") == "verdict"]) == 4


def test_a_class_that_was_left_for_another_may_be_come_back_to(pytester, calls):
    second = PAIR.partition("class TestPair")[2]
    pytester.makepyfile(test_pair=PAIR + "class TestSecond" + second)
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtestloop(session):
            for item in session.items + session.items[:1]:
                item._initrequest()
                runtestprotocol(item, nextitem=None)
            return True
        """
    )
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(passed=5)
    assert calls() == 3


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
    result = pytester.runpytest_subprocess("-W", "error", "-k", "satisficing")
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
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=3)


# Infinite bounds, an undefined value and several slices, as JSON has to hold them.
REPORTED = (
    TABLE
    + """
from evalharness.metrics import latency

class TestAll(Evaluation):
    satisficing = [
        recall.on("test") >= 0.90,
        latency.quantile(0.999).on("test") <= 100,
        precision(threshold=9).on("test") >= 0.5,
        accuracy.on("test").by("device") >= 0.9,
    ]
    also = [f1.on("test")]

    @classmethod
    def outputs(cls):
        return Outputs(test=table() | {"score": np.arange(400) / 400, "latency": np.arange(400)})

class TestPoint(TestAll):
    policy = "point"

def test_run():
    TestAll.run().to_json("0.json")
    TestPoint.run().to_json("1.json")
"""
)


def test_results_can_be_read_out_of_the_report(pytester):
    pytester.makepyfile(test_it=REPORTED)
    pytester.runpytest_subprocess("-W", "error", "--eval-json=result.json")
    report = json.loads((pytester.path / "result.json").read_text())
    assert list(report) == ["schema", "results", "errors"]
    assert [r["node"] for r in report["results"]] == [
        "test_it.py::TestAll",
        "test_it.py::TestPoint",
    ]
    for place, held in enumerate(report["results"]):
        read = Result.from_dict(held)
        made = Result.from_json(pytester.path / f"{place}.json")
        assert read.provenance.keys() == made.provenance.keys()
        assert replace(read, provenance={}) == replace(made, provenance={})
        assert str(read) == str(made)


def test_the_report_and_the_properties_are_documented(pytester):
    pytester.makepyfile(test_gate=GATE, test_broken=BROKEN)
    pytester.runpytest_subprocess("--eval-json=result.json", "--junitxml=junit.xml")
    report = json.loads((pytester.path / "result.json").read_text())
    junit = cases(pytester.path / "junit.xml")
    page = DOCS.read_text(encoding="utf-8")
    _, _, page = page.partition("## The report of a pytest run")
    of_report, _, of_junit = page.partition("## Properties in a JUnit file")
    (error,) = report["errors"]
    assert set(report) | set(error) <= set(re.findall(r"`(\w+)`", of_report))
    told = junit["test_satisficing[recall-test]"][2]
    rows = [line.split("|")[1] for line in of_junit.splitlines() if line.startswith("| `")]
    assert set(told) == set(re.findall(r"`(\w+)`", "".join(rows)))


def test_the_limit_is_at_the_level_that_is_documented(pytester):
    pytester.makepyfile(test_gate=GATE)
    pytester.runpytest_subprocess("--eval-json=result.json", "-k", "satisficing")
    report = json.loads((pytester.path / "result.json").read_text())
    for check in report["results"][0]["checks"]:
        for verdict in check["verdicts"]:
            estimate = verdict["estimate"]
            if verdict["outcome"] == "fail":
                assert verdict["level"] == pytest.approx(0.05 / 4)
                assert verdict["limit"] > estimate["at_most"]
            else:
                assert verdict["limit"] == estimate["at_least"]
