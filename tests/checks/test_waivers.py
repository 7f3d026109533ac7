"""Waivers: what they let through, and when they fail."""

import numpy as np

from evalharness import (
    Outputs,
    Result,
    known_difference,
    no_leakage,
    same_distribution,
    waive,
)
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
    import pytest

    outputs = {m: Outputs(dev=A, test=B) for m in ("new", "old")}
    result = declare(splits=[SAME], models=["new", "old"]).run(outputs)
    assert result["old", SAME].outcome == "fail"
    with pytest.raises(KeyError, match="decided of several models"):
        result[SAME]
    with pytest.raises(KeyError, match="is not among the checks"):
        result["new", same_distribution("a", "b")]
    assert 'old: same_distribution("dev", "test"):\n  fail          `x`: ' in str(result)
    assert "[EH-SHIFT]" in str(result).split("new: ")[1]
