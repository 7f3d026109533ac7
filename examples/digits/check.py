"""Did the gate say what the demo promises? Reads what `pytest --eval-json=… --junitxml=…` wrote.

Exit status 0 when every verdict is the expected one, 1 otherwise: so `make demo` succeeds although
the gate, rightly, does not.
"""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

OUTPUTS = Path(__file__).parent / "outputs"

# The assertion that test_digits.py makes by hand; it is a test, but no declared check.
BY_HAND = "test_candidate_is_clearly_better"

# By model and id of the check; every check of the gate is here, and so is why it comes out so.
EXPECTED = {
    ("candidate", "accuracy-test"): ("pass", "98 %: shown to be above 95 %"),
    ("candidate", "f1-macro-test"): ("pass", "and not at the cost of any one digit"),
    ("candidate", "recall-positive-1-test"): ("pass", "82 of 83 ones"),
    ("candidate", "recall-positive-8-test"): ("inconclusive", "94 %, but of only 97 eights"),
    ("candidate", "accuracy-test-ink-thin"): ("pass", "faint handwriting is read well"),
    ("candidate", "accuracy-test-by-ink"): ("pass", "and so is each kind of stroke"),
    ("candidate", "latency-quantile-0.99-test"): ("pass", "99 of 100 answers come in time"),
    ("candidate", "avoidable_bias"): ("pass", "all of 528 training images are read rightly"),
    ("candidate", "ladder"): ("pass", "the bias is gone, as was recommended"),
    ("production", "accuracy-test"): ("fail", "84 %: surely below 95 %"),
    ("production", "f1-macro-test"): ("fail", "some digits are read badly"),
    ("production", "recall-positive-1-test"): ("fail", "it misses four of ten ones"),
    ("production", "recall-positive-8-test"): ("fail", "and eights; here 97 are enough to know"),
    ("production", "accuracy-test-ink-thin"): ("fail", "84 % on faint handwriting"),
    ("production", "accuracy-test-by-ink"): ("fail", "thin or thick, it is too often wrong"),
    ("production", "latency-quantile-0.99-test"): ("pass", "it was never slow"),
    ("production", "avoidable_bias"): (
        "fail",
        "14 % wrong, where people have 2.4 %: it is too small",
    ),
    ("production", "ladder"): ("pass", "bias dominates: so the candidate is a bigger model"),
    ("", "accuracy-dev"): ("inconclusive", "the choice: only one is left, and not shown to do"),
    ("both", BY_HAND): ("pass", "more than 0.05 apart on the same images"),
}


def main() -> int:
    try:
        report = json.loads((OUTPUTS / "result.json").read_text(encoding="utf-8"))
        checks = report["results"][0]["checks"]
        tests = ElementTree.parse(OUTPUTS / "junit.xml").iter("testcase")
        by_hand = next(test for test in tests if test.get("name") == BY_HAND)
    except (OSError, ValueError, LookupError, SyntaxError, StopIteration) as error:
        print(
            f"examples/digits/outputs holds no whole result ({type(error).__name__}: {error}); "
            "`make demo` makes one",
            file=sys.stderr,
        )
        return 1
    found = {(check["model"], check["id"]): check["outcome"] for check in checks}
    if by_hand.find("failure") is None and by_hand.find("error") is None:
        found["both", BY_HAND] = "pass"
    wrong = 0
    for model, check in {**EXPECTED, **found}:
        expected, why = EXPECTED.get((model, check), ("nothing", "not known to this script"))
        verdict = found.get((model, check), "missing")
        wrong += verdict != expected
        surprise = "" if verdict == expected else f"   <-- expected: {expected}"
        print(f"{verdict:<13} {model:<10} {check:<32} {why}{surprise}")
    if wrong:
        print(f"\n{wrong} of {len(EXPECTED)} verdicts are not the expected ones.")
        return 1
    print(
        f"\nAll {len(EXPECTED)} verdicts are the expected ones. The candidate is clearly better "
        "than production, and still\nnot released: one requirement is not shown. "
        "The gate's table says how many fresh eights may show it."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
