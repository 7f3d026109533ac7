"""On GitHub: the table on the page of the run, annotations, and waivers in what a run prints."""

import re

import pytest

from tests.plugin.junit import cases
from tests.plugin.suites import BROKEN, GATE

pytestmark = pytest.mark.usefixtures("loaded")

WAIVERS = """
    waivers = [
        waive("EH-BOUND", owner="ana", reason="50 %, known", expires="2999-01-31",
              check="specificity-test"),
        waive("recall-test-by-device", owner="ana", reason="old", expires="2020-01-31"),
        waive("recall-test", owner="ana", reason="new phones", expires="2999-01-31"),
    ]
"""
WAIVED = "from evalharness import waive\n" + GATE.replace("    also =", f"{WAIVERS}    also =")


@pytest.fixture
def page(pytester, monkeypatch):
    """The step summary of a run on GitHub, whose project lies in a folder of the checkout."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(pytester.path.parent))
    path = pytester.path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    path.write_text("of an earlier command\n")
    return path


def test_annotations_stand_at_the_classes_and_the_page_has_all(pytester, page):
    pytester.makepyfile(test_gate=WAIVED, test_broken=BROKEN)
    result = pytester.runpytest_inprocess("-q")
    here = pytester.path.name
    commands = [line for line in result.outlines if line.startswith("::")]
    line = 1 + WAIVED.splitlines().index("class Gate(Evaluation):")
    start = f"file={here}/test_gate.py,line={line},title=Gate%3A "
    assert [c.split("::")[1] for c in commands if "test_gate" in c] == [
        f"error {start}accuracy-test",
        f"error {start}recall-test-by-device",
    ]
    assert sum(f"file={here}/test_broken.py,line=" in c for c in commands) == 1
    assert "::not evaluated: ValueError: no such bucket" in "".join(commands)
    assert re.search(r"::FAIL: accuracy on test: .* with 98.75 %25 confidence", "".join(commands))
    text = page.read_text(encoding="utf-8")
    assert text.startswith("of an earlier command\n### TestBroken")
    assert text.count("\n| ") == 2 + 4
    assert "### Gate (test\\_gate.py): 2 fail, 2 pass" in text
    assert "| waived | specificity on test |" in text
    assert "TestBroken (test\\_broken.py): could not be evaluated" in text


def test_what_is_not_decided_is_a_warning_and_fits_on_the_page(pytester, page, monkeypatch):
    from pytest_evalharness import github

    page.write_text("x" * 400)
    monkeypatch.setattr(github, "MOST", 700)
    pytester.makepyfile(test_gate=GATE)
    result = pytester.runpytest_inprocess("-k", "specificity", "--eval-inconclusive=skip")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["::warning file=*::INCONCLUSIVE: specificity on test: *"])
    result.stdout.no_fnmatch_line("::error*")
    assert 400 < page.stat().st_size <= 700
    assert page.read_text().endswith("The rest is left out: the page holds no more.*\n")


def test_a_page_that_cannot_be_written_fails_nothing(pytester, page, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "none" / "summary.md"))
    pytester.makepyfile(test_gate=GATE)
    result = pytester.runpytest_inprocess("-k", "recall-test and not device")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["evalharness: the step summary could not be written: *none*"])


def test_without_an_evaluation_and_elsewhere_nothing_is_written(pytester, page, monkeypatch):
    pytester.makepyfile("def test_it(): pass")
    pytester.runpytest_inprocess()
    monkeypatch.delenv("GITHUB_ACTIONS")
    pytester.makepyfile(test_gate=GATE)
    result = pytester.runpytest_inprocess("-k", "specificity")
    result.stdout.no_fnmatch_line("::*")
    assert page.read_text() == "of an earlier command\n"


def test_waivers_of_bounds_are_printed_always_and_stand_in_junit(pytester):
    pytester.makepyfile(test_gate=WAIVED)
    result = pytester.runpytest_inprocess("-q", "-q", "-k", "satisficing", "--junitxml=j.xml")
    last = "evalharness: let through by waivers: EH-BOUND in specificity-test"
    assert result.outlines[-1] == last
    junit = cases(pytester.path / "j.xml")
    told = junit["test_satisficing[specificity-test]"][2]
    assert (told["verdict"], told["decided"], told["code"]) == ("pass", "inconclusive", "EH-BOUND")
    assert told["waived"].startswith("EH-BOUND in specificity-test is waived by ana until 2999")
    outcome, message, told = junit["test_satisficing[recall-test-by-device]"]
    assert message.startswith("FAIL: the waiver of recall-test-by-device by ana (old) expired on")
    assert (told["verdict"], told["decided"]) == ("fail", "inconclusive")
    result = pytester.runpytest_inprocess("-k", "satisficing")
    result.stdout.fnmatch_lines(["waived:", "*recall-test is waived by ana*it waives nothing*"])
