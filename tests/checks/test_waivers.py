"""Waivers: what they let through, and when they fail."""

import numpy as np
import pytest

from evalharness import (
    DeclarationError,
    Outputs,
    Result,
    known_difference,
    no_leakage,
    same_distribution,
    waive,
)
from evalharness.metrics import accuracy, recall
from tests.checks.two_splits import answers, judged
from tests.metrics.measure import declare

SAME = same_distribution("dev", "test", columns={"x": 0.1})
A = answers(x=np.zeros(2000))
B = answers(seed=1, x=np.ones(2000))


def waiver(code="EH-SHIFT", expires="2999-12-31", **more):
    return waive(code, owner="ana", reason="the new region", expires=expires, **more)


def test_what_is_waived_is_let_through_and_printed():
    outputs = Outputs(dev=A, test=B)
    result = declare(splits=[SAME], waivers=[waiver()]).run(outputs)
    assert result.outcome == "pass"
    (found,) = result.checks[0].waived
    assert (found.outcome, found.about) == ("fail", "x")
    said = "EH-SHIFT is waived by ana until 2999-12-31: the new region"
    assert found.waived == said
    printed = " ".join(str(result).split())
    assert "waived:" in printed
    assert said in printed
    assert "waived" in str(result).splitlines()[1]
    assert said in result._repr_html_()
    assert result.checks[0].worst.about == "x"
    assert result.checks[0].message.endswith(f"[EH-SHIFT]; {said}")


def test_what_is_not_waived_still_decides():
    moved = B | {"label": np.ones(2000, int)}
    only = waiver(check="known_difference-dev-test")
    known = known_difference("dev", "test", columns={"x": 0.3})
    made = declare(splits=[SAME, known], waivers=[waiver("EH-DIFFERENCE")])
    assert [c.outcome for c in made.run(Outputs(dev=A, test=moved)).checks] == ["fail", "pass"]
    made = declare(splits=[known], waivers=[waiver("EH-DIFFERENCE", check=only.check)])
    assert made.run(Outputs(dev=A, test=B)).outcome == "pass"


def test_an_expired_waiver_fails_even_where_nothing_is_found():
    same = A | {"x": np.zeros(2000), "label": A["label"][::-1].copy()}
    result = judged(SAME, A, same, waivers=[waiver(expires="2020-01-31")])
    assert result.outcome == "fail"
    assert "the waiver of EH-SHIFT by ana (the new region) expired on 2020-01-31" in result.message
    both = judged(SAME, A, B, waivers=[waiver(expires="2020-01-31"), waiver()])
    assert both.outcome == "fail"


def test_a_waiver_that_waives_nothing_is_told():
    same = A | {"label": A["label"][::-1].copy()}
    note = judged(SAME, A, same, waivers=[waiver()]).notes[-1]
    assert note.endswith("the new region; it waives nothing here at present")


def test_a_waiver_of_one_code_leaves_the_others():
    ids = {"id": np.arange(2000), "cluster": np.arange(2000)}
    check = no_leakage("dev", "test")
    result = judged(check, A | ids, B | ids, waivers=[waiver("EH-LEAK-ID")])
    assert result.outcome == "fail"
    assert [f.code for f in result.waived] == ["EH-LEAK-ID"]
    assert result.worst.code == "EH-LEAK-CLUSTER"


def test_a_result_comes_back_from_json():
    result = declare(splits=[SAME], waivers=[waiver()]).run(Outputs(dev=A, test=B))
    again = Result.from_json(result.to_json())
    assert str(again) == str(result)
    assert again.checks[0].told() == result.checks[0].told()
    assert again.outcome == result.outcome


def test_a_check_of_splits_is_found_in_the_result_and_printed_in_full():
    outputs = {m: Outputs(dev=A, test=B) for m in ("new", "old")}
    result = declare(splits=[SAME], models=["new", "old"]).run(outputs)
    assert result["old", SAME].outcome == "fail"
    with pytest.raises(KeyError, match="decided of several models"):
        result[SAME]
    with pytest.raises(KeyError, match="is not among the checks"):
        result["new", same_distribution("a", "b")]
    assert 'old: same_distribution("dev", "test"):\n  fail          `x`: ' in str(result)
    assert "[EH-SHIFT]" in str(result).split("new: ")[1]


# Of 200 rows, 180 are answered rightly: neither bound is met, the second surely not.
ROWS = {
    "id": np.arange(200),
    "label": np.arange(200) % 2,
    "prediction": np.where(np.arange(200) < 20, 1, 0) ^ (np.arange(200) % 2),
    "part": np.arange(200) % 3,
}
NEAR, FAR = accuracy.on("test") >= 0.89, recall.on("test") >= 0.99
SAID = "is waived by ana until 2999-12-31: the new region"


def bounds(*waivers, **more):
    made = declare(satisficing=[NEAR, FAR], waivers=waivers, **more)
    return made.run(Outputs(test=ROWS))


@pytest.mark.parametrize("policy", ["confident", "point"])
def test_a_bound_is_waived_by_its_code_or_by_its_name(policy):
    free = bounds(policy=policy)
    assert [c.outcome for c in free.checks][1] == "fail"
    for given in (waiver("EH-BOUND"), waiver("EH-BOUND", check="recall-test")):
        far = bounds(given, policy=policy).checks[1]
        assert (far.outcome, far.decided) == ("pass", "fail")
        assert far.message == f"{free.checks[1].message} [EH-BOUND]; {far.waived}"
    near, far = bounds(waiver("recall-test"), policy=policy).checks
    assert (near.outcome, near.waived) == (free.checks[0].outcome, "")
    assert far.waived == f"recall-test {SAID}"


def test_a_waived_bound_is_printed_and_comes_back_from_json():
    result = bounds(waiver("EH-BOUND"))
    assert result.outcome == "pass"
    printed = str(result)
    assert [line.split()[0] for line in printed.splitlines()[1:3]] == ["waived", "waived"]
    assert printed.count("EH-BOUND is waived by ana") == 2
    assert result._repr_html_().count("EH-BOUND is waived by ana") == 2
    data = result.as_dict()["checks"]
    assert [(c["outcome"], c["decided"]) for c in data] == [
        ("pass", "inconclusive"),
        ("pass", "fail"),
    ]
    again = Result.from_json(result.to_json())
    assert again.checks == result.checks
    assert str(again) == printed


def test_an_expired_waiver_fails_a_bound_that_holds():
    over = waiver("accuracy-test", expires="2020-01-31")
    made = declare(satisficing=[accuracy.on("test") >= 0.5], waivers=[over, waiver("EH-BOUND")])
    result = made.run(Outputs(test=ROWS))
    (check,) = result.checks
    assert (check.outcome, check.decided, check.waived) == ("fail", "pass", "")
    assert check.message.startswith(
        "the waiver of accuracy-test by ana (the new region) expired on 2020-01-31; remove it, or "
        "waive anew; accuracy on test: 0.9"
    )
    assert "FAIL" in str(result)
    assert "its waiver is over" in str(result)


def test_a_waiver_that_a_bound_does_not_need_is_printed():
    made = declare(satisficing=[accuracy.on("test") >= 0.5], waivers=[waiver("EH-BOUND")])
    result = made.run(Outputs(test=ROWS))
    assert result.checks[0].message.endswith("required ≥ 0.5: pass")
    printed = " ".join(str(result).split())
    assert f"waived: EH-BOUND {SAID}; it waives nothing here at present" in printed


def test_all_slices_of_a_bound_are_waived_together():
    sliced = accuracy.on("test").by("part") >= 0.99
    made = declare(satisficing=[sliced], waivers=[waiver("accuracy-test-by-part")])
    (check,) = made.run(Outputs(test=ROWS)).checks
    assert (check.outcome, check.decided, len(check.verdicts)) == ("pass", "fail", 3)


def test_an_objective_is_waived():
    worse = ROWS | {"prediction": 1 - ROWS["prediction"]}
    made = declare(
        models=["new"],
        optimizing=accuracy.on("test").against("old"),
        satisficing=[accuracy.on("test") >= 0.01],
        waivers=[waiver("EH-OBJECTIVE")],
    )
    outputs = {"new": Outputs(test=worse), "old": Outputs(test=ROWS)}
    result = made.run(outputs)
    first, second = result.checks
    assert (first.outcome, first.decided, first.code) == ("pass", "fail", "EH-OBJECTIVE")
    assert second.waived == ""


def test_a_check_of_splits_is_waived_by_its_name():
    ids = {"id": np.arange(2000), "cluster": np.arange(2000)}
    check = no_leakage("dev", "test")
    result = judged(check, A | ids, B | ids, waivers=[waiver("no_leakage-dev-test")])
    assert result.outcome == "pass"
    assert [f.code for f in result.waived] == ["EH-LEAK-ID", "EH-LEAK-CLUSTER"]
    over = waiver("no_leakage-dev-test", expires="2020-01-31")
    result = judged(check, A | {"id": np.arange(2000)}, B | {"id": np.arange(9000, 11000)})
    assert result.outcome == "pass"
    result = judged(
        check, A | {"id": np.arange(2000)}, B | {"id": np.arange(9000, 11000)}, waivers=[over]
    )
    assert (result.outcome, result.worst.code) == ("fail", "EH-LEAK-ID")
    assert "the waiver of no_leakage-dev-test by ana" in result.message


WRONG = [
    ([waiver("recal-test")], r"names no check, nor a code \(did you mean `recall-test`\?\)"),
    ([waiver("shift")], r"the waiver of shift names no check, nor a code: 'shift'"),
    ([waiver("EH-BOUND", check="recall-tset")], r"no check \(did you mean `recall-test`\?\)"),
    ([waiver("EH-BOUND", check="same_distribution-dev-test")], "waives nothing: no declared"),
    ([waiver("EH-OBJECTIVE")], "waives nothing: no declared check can find it"),
]


@pytest.mark.parametrize(("waivers", "words"), WRONG, ids=range(len(WRONG)))
def test_an_unknown_waiver_is_an_error(waivers, words):
    with pytest.raises(DeclarationError, match=words):
        declare(satisficing=[NEAR, FAR], splits=[SAME], waivers=waivers)


def test_what_looks_like_a_code_is_one():
    with pytest.raises(DeclarationError, match=r"no code 'eh_bound' \(did you mean `EH-BOUND`\?\)"):
        waiver("eh_bound")
    with pytest.raises(DeclarationError, match="names a check, and check='f1-dev' another"):
        waiver("recall-test", check="f1-dev")
    with pytest.raises(DeclarationError, match="None is neither a code"):
        waiver(None)
