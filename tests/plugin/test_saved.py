"""--eval-save, --eval-rewrite and --eval-baseline: whole runs are saved, and nothing is replaced in
silence."""

import json
import os

import pytest

from evalharness.checks import changes, held  # noqa: F401  # so that no inner run loads them again
from evalharness.store import Store

SUITE = """
import numpy as np
import pytest
from evalharness import Evaluation, Outputs, saved
from evalharness.metrics import accuracy, recall

def outputs(wrong, n=400):
    row = np.arange(n)
    label = row % 2
    return Outputs(
        test={"id": row, "label": label, "prediction": np.where(row < wrong, 1 - label, label)}
    )

class TestCats(Evaluation):
    satisficing = [recall.on("test") >= 0.9]
    also = [accuracy.on("test")]

    @classmethod
    def outputs(cls):
        return outputs(WRONG)

class TestDogs(Evaluation):
    satisficing = [accuracy.on("test") >= 0.9, recall.on("test") >= 0.5]

    @classmethod
    def outputs(cls):
        return outputs(8)
"""
AGAINST = """
class TestNew(TestCats):
    satisficing = []
    optimizing = accuracy.on("test").against(saved(), within=0.05)
"""


@pytest.fixture
def suite(pytester):
    def write(wrong=8, more=""):
        pytester.makepyfile(test_cats=SUITE.replace("WRONG", str(wrong)) + more)

    write()
    return write


def file(pytester, name="v1"):
    return pytester.path / ".evalharness" / f"{name}.json"


def test_a_run_is_saved_and_saved_again_without_a_change(pytester, suite):
    result = pytester.runpytest("--eval-save=v1")
    assert result.ret == 0
    assert result.outlines[-1] == "evalharness: --eval-save=v1: saved as .evalharness/v1.json"
    data = json.loads(file(pytester).read_text())
    assert sorted(data["evaluations"]) == ["test_cats.py::TestCats", "test_cats.py::TestDogs"]
    before = file(pytester).read_bytes()
    result = pytester.runpytest("--eval-save=v1", "--eval-rewrite")
    assert result.ret == 0
    assert result.outlines[-1].endswith(".evalharness/v1.json holds exactly this already")
    assert file(pytester).read_bytes() == before


def test_another_result_is_left_as_it_is_unless_it_may_be_rewritten(pytester, suite):
    pytester.runpytest("--eval-save=v1")
    before = file(pytester).read_bytes()
    suite(wrong=10)
    result = pytester.runpytest("--eval-save=v1")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "evalharness: --eval-save=v1: .evalharness/v1.json holds another*--eval-rewrite*",
            "  test_cats.py::TestCats: data, model, test: other outputs, 400 rows, was 400",
            '  test_cats.py::TestCats: figures, model, accuracy.on("test"): value 0.975, was 0.98',
        ]
    )
    assert file(pytester).read_bytes() == before
    suite(wrong=100)  # what fails is saved, too
    result = pytester.runpytest("--eval-save=v1", "--eval-rewrite")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "v1: .evalharness/v1.json was REWRITTEN. What differs:" in str(result.stdout)
    kept = json.loads(file(pytester).read_text())["evaluations"]["test_cats.py::TestCats"]
    assert kept["checks"][""]["recall-test"]["outcome"] == "fail"


PARTS = [
    (("-k", "TestCats"), "test_cats.py::TestDogs was deselected"),
    (("test_cats.py::TestDogs::test_satisficing[recall-test]",), "TestDogs ran in part, 1 of 2"),
    (("--lf",), "--lf leaves out what passed before"),
    (("--eval-disable",), "no evaluation ran"),
]


@pytest.mark.parametrize("arguments, message", PARTS)
def test_a_part_of_a_run_is_not_saved(pytester, suite, arguments, message):
    result = pytester.runpytest("--eval-save=v1", *arguments)
    assert result.ret != 0
    assert "v1: nothing was saved: " in result.outlines[-1]
    assert message in result.outlines[-1]
    assert not file(pytester).exists()


def test_two_classes_of_one_name_are_told_apart(pytester, suite):
    pytester.makepyfile(test_more=SUITE.replace("WRONG", "8"))
    nodes = [f"{name}.py::TestDogs" for name in ("test_cats", "test_more")]
    chosen = [f"{node}::test_satisficing[recall-test]" for node in nodes]
    result = pytester.runpytest("--eval-save=v1", *chosen)
    for node in nodes:
        assert f"{node} ran in part, 1 of 2 checks" in str(result.stdout)


def test_what_has_no_result_is_not_saved(pytester, suite):
    suite(more='\n    also = [accuracy.on("dev")]\n')
    result = pytester.runpytest("--eval-save=v1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "nothing was saved: TestDogs has no result: " in str(result.stdout)
    suite(more='\nTestDogs.outputs = classmethod(lambda cls: pytest.skip("none today"))\n')
    result = pytester.runpytest("--eval-save=v1")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert "TestDogs has no result: it was skipped" in result.outlines[-1]
    assert not file(pytester).exists()
    pytester.makepyfile(test_broken="import there_is_no_such_module")
    result = pytester.runpytest("--eval-save=v1", "--continue-on-collection-errors")
    assert result.ret != 0
    assert not file(pytester).exists()


USAGE = [
    (("--eval-save=a/v1",), "'a/v1' is no name of a saved result"),
    (("--eval-save=baseline",), "choose another name"),
    (("--eval-save=v1", "--eval-save=v2"), "--eval-save is given 2 times (v1, v2)"),
    (("--eval-rewrite",), "says nothing without --eval-save=NAME"),
    (("--eval-baseline=v7",), "--eval-baseline=v7: no result was saved as 'v7'"),
]


@pytest.mark.parametrize("arguments, message", USAGE)
def test_options_that_make_no_sense_are_refused_before_anything_runs(
    pytester, suite, arguments, message
):
    result = pytester.runpytest(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in str(result.stderr)


def test_a_folder_that_cannot_be_written_is_said_before_anything_runs(pytester, suite, monkeypatch):
    (pytester.path / ".evalharness").write_text("")
    result = pytester.runpytest("--eval-save=v1")
    assert (result.ret, "is no folder" in str(result.stderr)) == (4, True)
    (pytester.path / ".evalharness").unlink()
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    result = pytester.runpytest("--eval-save=v1")
    assert (result.ret, "no permission to write in" in str(result.stderr)) == (4, True)


def test_the_change_against_a_baseline_is_reported_and_gates_nothing(pytester, suite):
    pytester.runpytest("--eval-save=v1")
    suite(wrong=80, more="\nclass TestMore(TestDogs):\n    pass\n")
    result = pytester.runpytest("--eval-baseline=v1", "-k", "accuracy or recall")
    result.stdout.fnmatch_lines(
        [
            "TestCats against v1: reported, not gated; unpaired",
            "  (each limit with 95 % confidence)",
            '  accuracy.on("test"): 0.8000, was 0.9800; change -0.1800, from -0.2316 to -0.1284',
            "TestDogs against v1: reported, not gated; unpaired",
            '  accuracy.on("test"): 0.9800, was 0.9800; change 0.0000, from -0.0316 to +0.0316',
            "TestMore against v1: reported, not gated; unpaired",
            "  saved('v1') is of another evaluation: it holds TestCats, TestDogs, not TestMore; *",
        ]
    )
    assert "eval-save" not in str(result.stdout)


def test_saved_means_the_baseline_of_the_run_or_the_one_that_was_promoted(pytester, suite):
    suite(more="\nclass TestNew(TestCats):\n    pass\n")
    pytester.runpytest("--eval-save=v1")
    suite(more=AGAINST)
    result = pytester.runpytest("-k", "TestNew")
    result.assert_outcomes(errors=1, deselected=3)
    assert "none was promoted in .evalharness; make one with" in str(result.stdout)
    result = pytester.runpytest("-k", "TestNew", "--eval-baseline=v1")
    result.assert_outcomes(passed=1, deselected=3)
    assert "accuracy minus saved() on test: equivalent" in str(result.stdout)
    assert "against v1: reported" not in str(result.stdout)
    Store(pytester.path / ".evalharness").promote("v1")
    pytester.runpytest("-k", "TestNew").assert_outcomes(passed=1, deselected=3)


def test_under_xdist_the_controller_saves_what_the_workers_found(pytester, suite):
    pytester.runpytest("--eval-save=v1")
    result = pytester.runpytest_subprocess(
        "-n1", "--eval-save=v1", "--eval-baseline=v1", "-W", "error"
    )
    assert result.ret == 0
    assert 'accuracy.on("test"): 0.9800, was 0.9800' in str(result.stdout)
    assert result.outlines[-1].endswith(".evalharness/v1.json holds exactly this already")
