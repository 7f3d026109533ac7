"""Did the gate say what the demo promises? Reads what `pytest --eval-json=…` wrote.

Exit status 0 when every verdict is the expected one, 1 otherwise: so `make demo` succeeds although
the gate, rightly, does not.
"""

import json
import sys
from pathlib import Path

RESULT = Path(__file__).parent / "outputs" / "result.json"

# By model and id of the check; every check of the gate is here, and so is why it comes out so.
EXPECTED = {
    ("candidate", "accuracy-test"): ("pass", "right on 98 % of the images; shown to be above 95 %"),
    ("candidate", "f1-macro-test"): ("pass", "and not at the cost of one of the ten digits"),
    ("candidate", "recall-positive-1-test"): ("pass", "ones are easy for it"),
    ("candidate", "recall-positive-8-test"): (
        "inconclusive",
        "94 % of the eights, but there are only 97: a model at 89 % could do as well by luck",
    ),
    ("candidate", "accuracy-test-ink-thin"): ("pass", "faint handwriting is read well"),
    ("candidate", "accuracy-test-by-ink"): ("pass", "and so is each kind of stroke"),
    ("candidate", "latency-quantile-0.99-test"): ("pass", "99 of 100 answers come in time"),
    ("production", "accuracy-test"): ("fail", "86 %: surely below 95 %"),
    ("production", "f1-macro-test"): ("fail", "some digits are read badly"),
    ("production", "recall-positive-1-test"): ("fail", "four of ten ones are taken for another"),
    ("production", "recall-positive-8-test"): ("fail", "and as many eights: 97 are enough here"),
    ("production", "accuracy-test-ink-thin"): ("fail", "85 % on faint handwriting"),
    ("production", "accuracy-test-by-ink"): ("fail", "thin or thick makes no difference"),
    ("production", "latency-quantile-0.99-test"): ("pass", "it was never slow"),
}


def main() -> int:
    try:
        report = json.loads(RESULT.read_text(encoding="utf-8"))
        checks = report["results"][0]["checks"]
    except (OSError, ValueError, LookupError) as error:
        print(
            f"examples/digits/outputs/{RESULT.name} holds no result ({type(error).__name__}): run "
            "`python examples/digits/train.py`, then `pytest examples/digits "
            "--eval-json=examples/digits/outputs/result.json`",
            file=sys.stderr,
        )
        return 1
    found = {(check["model"], check["id"]): check["outcome"] for check in checks}
    wrong = 0
    for model, check in {**EXPECTED, **found}:
        expected, why = EXPECTED.get((model, check), ("nothing", "not known to this script"))
        verdict = found.get((model, check), "missing")
        wrong += verdict != expected
        surprise = "" if verdict == expected else f"   <-- expected: {expected}"
        print(f"{verdict:<13} {model:<10} {check:<27} {why}{surprise}")
    if wrong:
        print(f"\n{wrong} of {len(EXPECTED)} verdicts are not the expected ones.")
        return 1
    print(
        f"\nAll {len(EXPECTED)} verdicts are the expected ones. The candidate is better than "
        "production in every way, and\nstill not released: one requirement is not shown. "
        "The table above says how many fresh eights would show it."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
