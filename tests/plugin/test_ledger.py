"""Evaluations with a ledger, as pytest runs them."""

import json

import pytest

from evalharness.ledger import file, history
from tests.plugin.suites import TABLE

SUITE = (
    TABLE
    + """
import os
from evalharness import Ledger
class TestCats(Evaluation):
    satisficing = [recall.on("test") >= 0.90, f1.on("test") >= 0.80, accuracy.on("dev") >= 0.9]
    ledger = Ledger("gate/it.ledger", mode="MODE")

    @classmethod
    def outputs(cls):
        called()
        return Outputs(test=table(wrong=int(os.environ["WRONG"])), dev=table(wrong=1))

    def test_by_hand(self, evaluation):
        assert evaluation[accuracy.on("dev")] > 0.8
"""
)
BY_HAND = """
    def test_it_is_withheld(self, evaluation):
        assert evaluation[f1.on("test")] > 0.8
"""


@pytest.fixture
def wrong(monkeypatch):
    """Sets how many of the test set are answered wrongly."""

    def put(n):
        monkeypatch.setenv("WRONG", str(n))

    put(5)
    return put


@pytest.fixture
def path(pytester):
    pytester.mkdir("gate")
    return pytester.path / "gate" / "it.ledger"


def looks(path):
    return history.looks(file.read(path))


def test_audit(pytester, path, wrong):
    """The path is relative to the rootdir, wherever pytest is called."""
    pytester.makeini("[pytest]\n")
    pytester.makepyfile(test_cats=SUITE.replace("MODE", "audit"))
    pytester.runpytest().assert_outcomes(passed=4)
    wrong(6)
    result = pytester.runpytest("--eval-json=result.json", "--rootdir=.")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "look 2 at this test set (gate/it.ledger, audit): if each was chosen by whether the*",
            "  *worth at most 10 %*",
            "the best of 2 equal models would look better than it is by about *",
        ]
    )
    assert max(map(len, result.outlines)) <= 100
    report = json.loads((pytester.path / "result.json").read_text())
    assert report["results"][0]["provenance"]["ledger"]["looks"][""]["looks"] == 2
    assert [x.verdict for x in looks(path)] == ["passed", "passed"]


def test_enforce(pytester, path, wrong):
    pytester.makepyfile(test_cats=SUITE.replace("MODE", "enforce") + BY_HAND)
    result = pytester.runpytest("-k", "accuracy")
    result.assert_outcomes(passed=1, deselected=3)  # nothing on test is looked at
    result = pytester.runpytest()
    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(["TestCats: there is no ledger gate/it.ledger, *--new`"])
    file.append(path, [], "")
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "test_cats.py::TestCats::test_held_out[[]test[]] PASSED*",
            '*f1.on("test") is withheld: the ledger gate/it.ledger enforces that*',
            "pass     all 2 bounds on test *",
            "1 look* at this test set (gate/it.ledger, enforced); the next has level 0.00462, *",
        ]
    )
    for option in (["-k", "held_out"], ["--deselect=test_cats.py::TestCats::test_satisficing"]):
        result = pytester.runpytest(*option)
        assert result.ret == 1
        result.stdout.fnmatch_lines(["TestCats: 1 of its checks are left out *without -k, --lf*"])
    assert len(looks(path)) == 1


def test_nothing_is_told_but_one_bit(pytester, path, wrong):
    """Not in the terminal, JSON or JUnit: 40 of 200 are missed, and the words are those of 80."""
    file.append(path, [], "")
    pytester.makepyfile(test_cats=SUITE.replace("MODE", "enforce"))
    files = ["result.json", "junit.xml"]
    options = ["-vv", "-rA", f"--eval-json={files[0]}", f"--junitxml={files[1]}"]
    wrong(40)
    result = pytester.runpytest(*options)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["FAIL: all 2 bounds on test: not passed at look 1, level 0.0152; which bound, and by *"]
    )
    written = [result.stdout.str(), *((pytester.path / f).read_text() for f in files)]
    for text in written:
        assert "not passed" in text
        assert "recall" not in text
        assert "0.8000" not in text
        assert "0.85" not in text
    assert 'name="verdict" value="fail"' in written[2]
