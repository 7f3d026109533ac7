"""What cannot be evaluated is an error, told once in full and in one line at every other item."""

import json

import pytest

from tests.plugin.suites import BROKEN, EXITS, LEFT, PAIR, TABLE

UNSUITABLE = (
    TABLE
    + """
import pytest

class Base(Evaluation):
    abstract = True
    satisficing = [recall.on("test") >= .90, accuracy.on("test") >= .9]

@pytest.fixture(scope="module", params=[1, 2])
def many(request):
    return request.param

class TestScope(Base):
    @classmethod
    def outputs(cls, tmp_path):
        pass

class TestUnknown(Base):
    @classmethod
    def outputs(cls, nope):
        pass

class TestMany(Base):
    @classmethod
    def outputs(cls, many):
        pass

class TestNothing(Base):
    @classmethod
    def outputs(cls):
        called()

class TestTable(Base):
    @classmethod
    def outputs(cls):
        return Outputs(test={"label": [1, 0], "predicion": [1, 0], "weight": [1, -2]})

class TestArguments(Base):
    @classmethod
    def outputs(cls):
        return Outputs(test=3, columns=4)

class TestSkipped(Base):
    @classmethod
    def outputs(cls, default=None, *rest):
        called()
        pytest.skip("no bucket here")

class TestSelf:
    def test_outside(self, evaluation):
        pass
"""
)


def test_errors_are_told_once_in_full(pytester, calls):
    pytester.makepyfile(test_it=UNSUITABLE)
    result = pytester.runpytest_inprocess("-W", "error", "-rs", "--eval-json=result.json")
    result.assert_outcomes(errors=13, skipped=2)
    assert calls() == 2
    told = [
        "*ERROR at setup of TestScope.test_satisficing?recall-test?*",
        "TestScope.outputs asks for the fixture `tmp_path`, which is made anew for each test;*",
        "*ERROR at setup of TestScope.test_satisficing?accuracy-test?*",
        "TestScope could not be evaluated: *(in full at test_it.py::TestScope::*recall-test?)",
        "*fixture 'nope' not found",
        "TestUnknown could not be evaluated: fixture 'nope' not found (in full at *",
        "TestMany.outputs asks for the fixture `many`, which is parametrized;*",
        "TestNothing: outputs() must return Outputs(test=…), *; it returned NoneType",
        "TestNothing could not be evaluated: outputs() must return *(in full at *",
        "2 problems in the outputs:",
        "  1. test (mapping of arrays): *`weight`*",
        "TestTable could not be evaluated: 2 problems in the outputs: 1. test (*(in full at *",
        ">   * return Outputs(test=3, columns=4)",
        "E  *OutputsError: 2 problems in the outputs:",
        "test_it.py:*: OutputsError",
        "test_outside asks for the fixture `evaluation`, which belongs to *",
        "*= evalharness =*",
        "TestScope",
        "ERROR  could not be evaluated: TestScope.outputs asks *",
        "       in full above, at test_it.py::TestScope::test_satisficing?recall-test?",
        "SKIPPED ?2? test_it.py:*: no bucket here",
    ]
    result.stdout.fnmatch_lines(told)
    for noise in ("ScopeMismatch", "During handling", "entries are hidden", "_check_columns"):
        assert noise not in result.stdout.str()
    report = json.loads((pytester.path / "result.json").read_text())
    assert report["results"] == []
    assert len(report["errors"]) == 6
    assert report["errors"][1] == {
        "node": "test_it.py::TestUnknown",
        "evaluation": "TestUnknown",
        "item": "test_it.py::TestUnknown::test_satisficing[recall-test]",
        "message": "fixture 'nope' not found",
    }


def test_what_outputs_raises_is_shown_where_it_was_raised(pytester, calls):
    pytester.makepyfile(test_it=BROKEN)
    result = pytester.runpytest_inprocess("-W", "error")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(
        [
            "> *raise ValueError(?no such bucket?)",
            "E *ValueError: no such bucket",
            "test_it.py:*: ValueError",
            "*ERROR at setup of TestBroken.test_satisficing?f1-test?*",
            "TestBroken could not be evaluated: ValueError: no such bucket (in full at *",
            "*ERROR at setup of TestBroken.test_satisficing?accuracy-dev?*",
            "TestBroken could not be evaluated: ValueError: no such bucket (in full at *",
            "*= evalharness =*",
            "ERROR  could not be evaluated: ValueError: no such bucket",
        ]
    )
    assert result.stdout.str().count("raise ValueError") == 1
    assert "evalharness/" not in result.stdout.str()
    assert calls() == 1


def test_errors_of_tests_that_are_written_by_hand_stand_at_their_line(pytester):
    pytester.makepyfile(
        test_it=PAIR
        + """
    def test_unknown(self, evaluation):
        assert evaluation["candidate", recall.on("dev")] >= 0.5

    def test_several(self, evaluation):
        recall.on("test") >= 0.5 and True
"""
    )
    result = pytester.runpytest_inprocess("-W", "error", "-k", "unknown or several")
    result.assert_outcomes(failed=2, deselected=2)
    result.stdout.fnmatch_lines(
        [
            '> *assert evaluation?"candidate", recall.on("dev")? >= 0.5',
            "E *OutputsError: *there is no split `dev`*",
            '> *recall.on("test") >= 0.5 and True',
            "E *DeclarationError: *is a declaration, not a truth value*",
        ]
    )
    assert "/evalharness/" not in result.stdout.str()


@pytest.mark.parametrize(
    "options, ini, message",
    [
        (
            [],
            "maybe",
            "ERROR: the setting eval_inconclusive = maybe in tox.ini: it must be one of *",
        ),
        (["--eval-inconclusive=maybe"], "fail", "*invalid choice: 'maybe'*"),
        (["--eval-only", "--eval-disable"], "fail", "ERROR: *together deselect every test*"),
        (["--eval-json=no/such.json"], "fail", "ERROR: --eval-json=no/such.json: there is no *"),
        (["--eval-json="], "fail", "ERROR: --eval-json= is given without the name of a file; *"),
        (["--eval-json=loop"], "fail", "ERROR: --eval-json=loop: *"),
        (["--eval-json=."], "fail", "ERROR: --eval-json=.: this is a folder*"),
        (["--eval-json=no/such.json", "-n2"], "fail", "ERROR: *there is no folder*"),
    ],
)
def test_options_that_make_no_sense(pytester, options, ini, message):
    pytester.makepyfile("def test_it(): pass")
    pytester.makeini(f"[pytest]\neval_inconclusive = {ini}")
    (pytester.path / "loop").symlink_to("loop")
    result = pytester.runpytest_inprocess(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert "Traceback" not in result.stderr.str()


def test_markers_and_options_are_documented(pytester):
    result = pytester.runpytest_inprocess("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.evaluation: *", "@pytest.mark.satisficing: *"])
    result = pytester.runpytest_inprocess("--help")
    result.stdout.fnmatch_lines(["*--eval-inconclusive={fail,skip,pass}", "*eval_inconclusive *"])


def test_leaving_python_in_outputs_ends_one_evaluation_only(pytester, calls):
    pytester.makepyfile(test_it=EXITS)
    result = pytester.runpytest_inprocess("-W", "error")
    result.assert_outcomes(passed=2, errors=6)
    assert calls() == 3
    result.stdout.fnmatch_lines_random(LEFT)
    assert "INTERNALERROR" not in result.stdout.str()
