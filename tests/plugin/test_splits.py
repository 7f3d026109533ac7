"""Checks of splits as test items."""

import json

from tests.plugin.junit import cases
from tests.plugin.suites import splits


def test_each_line_is_a_test(pytester):
    pytester.makepyfile(test_splits=splits())
    result = pytester.runpytest_inprocess("-v", "--junitxml=junit.xml", "--eval-json=r.json")
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*::TestSplits::test_splits[[]same_distribution-dev-test] FAILED*",
            "*::TestSplits::test_splits[[]known_difference-train-dev] PASSED*",
            "*::TestSplits::test_splits[[]no_leakage-train-test] FAILED*",
            "*::TestSplits::test_splits[[]large_enough-test] PASSED*",
            'FAIL: same_distribution("dev", "test"): `device`: *[[]EH-SHIFT]',
            "fail          `device`: *",
            "FAIL: no_leakage*: 1 of 2,000 ids of test is also in train*[[]EH-LEAK-ID]",
            "*= evalharness =*",
            "TestSplits (test_splits.py): 2 fail, 3 pass",
            'FAIL     same_distribution("dev", "test"): device *',
            "Bounds are one-sided at 95 % confidence, and decide. Of splits, a FAIL is stated at *",
        ]
    )
    report = json.loads((pytester.path / "r.json").read_text())
    checks = report["results"][0]["checks"]
    assert [c["kind"] for c in checks] == ["satisficing", *["splits"] * 4]
    assert {f["code"] for f in checks[1]["findings"]} == {"EH-SHIFT"}
    *_, told = cases(pytester.path / "junit.xml")["test_splits[same_distribution-dev-test]"]
    assert told["codes"] == "EH-SHIFT"
    assert told["about"] == "device"
    assert told["verdict"] == "fail"


def test_marks_and_names_select_them(pytester):
    pytester.makepyfile(test_splits=splits())
    pytester.runpytest_inprocess("-m", "splits").assert_outcomes(passed=2, failed=2, deselected=1)
    pytester.runpytest_inprocess("-k", "leakage").assert_outcomes(failed=1, deselected=4)


def test_waivers_are_printed_and_expired_ones_fail(pytester):
    waivers = """[waive("EH-SHIFT", owner="ana", reason="new region", expires="2999-01-31"),
                  waive("EH-LEAK-ID", owner="bo", reason="one row", expires="2020-01-31")]"""
    pytester.makepyfile(test_splits=splits(waivers, start=9000))
    result = pytester.runpytest_inprocess("-m", "splits")
    result.assert_outcomes(passed=3, failed=1, deselected=1)
    result.stdout.fnmatch_lines(
        [
            "FAIL: no_leakage*: the waiver of EH-LEAK-ID by bo (one row) expired on 2020-01-31*",
            'waived   same_distribution("dev", "test"): device *',
            "waived:",
            "*EH-SHIFT is waived by ana until*",
            "evalharness: let through by waivers: EH-SHIFT in same_distribution-dev-test",
        ]
    )
    quiet = pytester.runpytest_inprocess("-q", "-m", "splits")
    quiet.stdout.fnmatch_lines(["evalharness: let through by waivers: EH-SHIFT in same_distr*"])
