"""Gaps and the ladder as test items."""

import json

from tests.plugin.junit import cases
from tests.plugin.suites import scans


def test_each_gap_is_a_test(pytester):
    pytester.makepyfile(test_scans=scans())
    result = pytester.runpytest_inprocess("-v", "--junitxml=junit.xml", "--eval-json=r.json")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*::TestScans::test_satisficing[[]error_rate-test-human-typical] PASSED*",
            "*::TestScans::test_diagnosis[[]variance] FAILED*",
            "*::TestScans::test_diagnosis[[]data_mismatch] FAILED*",
            "*::TestScans::test_diagnosis[[]ladder] PASSED*",
            "FAIL: variance of error_rate: 0.0850 from train to train_dev, *[[]EH-VARIANCE]",
            "variance: more training data, *",
            "INCONCLUSIVE: data_mismatch of error_rate: 0.0100 *[[]EH-MISMATCH]",
            "*= evalharness =*",
            "FAIL          variance of error_rate*",
            "pass          ladder of error_rate: variance *",
            "error_rate, 95 % intervals: variance dominates",
            "human (team)*0.0100 *n=1,000",
            "  avoidable_bias * P 0.00",
            "  variance * P 1.00◄",
            "differences up to 0.011 do not matter (by default a tenth of the error on dev)",
            "*Of gaps, a FAIL is stated at level 0.05 / 2*",
        ]
    )
    report = json.loads((pytester.path / "r.json").read_text())
    found = {c["id"]: c for c in report["results"][0]["checks"]}
    assert found["variance"]["findings"][0]["code"] == "EH-VARIANCE"
    ladder = found["ladder"]["ladder"]
    assert ladder["named"] == ["variance"]
    assert [r["name"] for r in ladder["rungs"]] == ["human", "train", "train_dev", "dev", "test"]
    _, _, told = cases(pytester.path / "junit.xml")["test_diagnosis[variance]"]
    assert (told["kind"], told["codes"], told["verdict"]) == ("diagnosis", "EH-VARIANCE", "fail")
    assert abs(float(told["value"]) - 0.085) < 1e-9


def test_by_mark_and_by_name(pytester):
    pytester.makepyfile(test_scans=scans())
    one = pytester.runpytest_inprocess("-k", "variance")
    one.assert_outcomes(failed=1, deselected=3)
    one.stdout.fnmatch_lines(["*level 0.05 / 2 limits*"])  # not the one that was selected
    marked = pytester.runpytest_inprocess("-m", "diagnosis")
    marked.assert_outcomes(passed=1, failed=2, deselected=1)
    marked.stdout.fnmatch_lines(["error_rate, 95 % intervals: variance dominates"])


def test_a_gap_is_waived_for_a_while(pytester):
    waiver = "waive('EH-VARIANCE', owner='ana', reason='more data in May', expires='2099-01-01')"
    pytester.makepyfile(test_scans=scans(f"[{waiver}]"))
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "waived        variance of error_rate*",
            "*is waived by ana until 2099-01-01: more data in*",
            "evalharness: let through by waivers: EH-VARIANCE in variance",
        ]
    )
