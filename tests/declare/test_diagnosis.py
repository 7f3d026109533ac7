"""What can be declared of human levels and gaps, and what is refused in words."""

import numpy as np
import pytest

from evalharness import DeclarationError, Human, bias_variance, waive
from evalharness.declare.rungs import CODES, GAPS, RUNGS
from evalharness.metrics import (
    accuracy,
    error_rate,
    expected_calibration_error,
    f1,
    latency,
    log_loss,
    mean,
    precision,
    rate,
    recall,
)
from tests.metrics.measure import declare

PEOPLE = Human(people=(10, 1000))
LADDER = bias_variance(error_rate, human=PEOPLE, limits={"variance": 0.02, "avoidable_bias": 0.1})
BOUND = error_rate.on("test") <= PEOPLE


def refused(write, words):
    with pytest.raises(DeclarationError, match=words) as caught:
        write()
    assert "Traceback" not in str(caught.value)


HUMANS = [
    (lambda: Human(), "name a level"),
    (lambda: Human(typical=True), "typical=True must be a number or a pair"),
    (lambda: Human(typical="3 %"), "must be a number or a pair: typical=0.03"),
    (lambda: Human(typical=(7, 3)), "7 wrong of 3 cannot be"),
    (lambda: Human(typical=(0, 0)), "0 wrong of 0 cannot be"),
    (lambda: Human(typical=(-1, 10)), "-1 wrong of 10 cannot be"),
    (lambda: Human(typical=(0.5, 10)), "must be two whole numbers"),
    (lambda: Human(typical=(1, 2, 3)), "must be two whole numbers"),
    (lambda: Human(typical=float("nan")), "must be a number or a pair"),
    (lambda: Human(annotations={}, typical=0.1), "levels or annotations=…"),
    (lambda: Human(annotations={}, gold="people"), 'must be "labels" or "others"'),
    (lambda: Human(annotations={}, panels=[1]), "panels=.1. must list sizes of two people"),
    (lambda: Human(typical=0.1, panels=[3]), "are about annotations=…"),
    (lambda: Human(typical=0.1, team=0.01)["expert"], "has no level 'expert'; it has 'typical'"),
]


@pytest.mark.parametrize(("write", "words"), HUMANS, ids=range(len(HUMANS)))
def test_a_wrong_human_level(write, words):
    refused(write, words)


def test_all_problems_of_a_human_level_at_once():
    refused(lambda: Human(a=(7, 3), b="x"), r"2 problems:\n  1\. a=\(7, 3\).*\n  2\. b='x'")


SIZES = {"a": 1000, "b": 2000, "c": 4000}
DIAGNOSES = [
    (lambda: bias_variance("error_rate"), "'error_rate' is no metric"),
    (lambda: bias_variance([error_rate, log_loss]), "all rungs are measured by one metric"),
    (lambda: bias_variance({"train": log_loss, "dev": error_rate}), "one metric, or their gaps"),
    (lambda: bias_variance(error_rate.on("dev")), "give the metric itself, error_rate"),
    (lambda: bias_variance(error_rate.by("region")), "slices by `by=`"),
    (lambda: bias_variance(mean("cost")), "not known whether a higher or a lower value is better"),
    (
        lambda: bias_variance(recall.at(threshold_from="dev", precision=0.9)),
        "its threshold is chosen on a rung",
    ),
    (lambda: bias_variance(error_rate, human=0.03), r"human=0.03 must be Human\(…\)"),
    (lambda: bias_variance(error_rate, human=Human(typical=3)), "3 % is 0.03"),
    (lambda: bias_variance(error_rate, human=Human(typical=0.97)), "was 0.03 or 0.0097 meant"),
    (lambda: bias_variance(accuracy, human=Human(typical=0.03)), "was 0.97 or 0.9997 meant"),
    (lambda: bias_variance(error_rate, human=Human(typical=1)), "was 0.01 meant"),
    (lambda: bias_variance(error_rate, human=Human(typical=0.5)), "was 0.5 or 0.005 meant"),
    (lambda: bias_variance(log_loss, human=PEOPLE), "log_loss is no error rate; give a number"),
    (lambda: bias_variance(f1, human=Human(annotations={})), "measure the rungs by error_rate"),
    (lambda: bias_variance(error_rate, limits=0.02), "must say how large a gap may be"),
    (lambda: bias_variance(error_rate, limits={"varience": 0.1}), "did you mean `variance`"),
    (lambda: bias_variance(error_rate, limits={"variance": 0}), "no number of examples shows"),
    (lambda: bias_variance(error_rate, limits={"variance": -1}), "must be a number above 0"),
    (lambda: bias_variance(error_rate, limits={"avoidable_bias": 0.1}), "give human=…"),
    (lambda: bias_variance(error_rate, materiality=0), "materiality=0 must be a number above 0"),
    (lambda: bias_variance(error_rate, materiality=2), "2 % is 0.02"),
    (lambda: bias_variance(error_rate, limits={"variance": 2}), "never be missed.*2 % is 0.02"),
    (lambda: bias_variance(error_rate, by=["region"]), "must be the name of one column"),
    (lambda: bias_variance(error_rate, runs=["one"]), "two or more models"),
    (lambda: bias_variance(error_rate, runs="models"), "two or more models"),
    (lambda: bias_variance(error_rate, runs=["a", "a"]), "'a' is named twice"),
    (lambda: bias_variance(error_rate, sizes={"a": 10, "b": 20}), "three different sizes, not 2"),
    (
        lambda: bias_variance(error_rate, sizes=dict.fromkeys("abc", 9)),
        "three different sizes, not 1",
    ),
    (lambda: bias_variance(error_rate, sizes=[1, 2, 3]), "must give numbers by name of a model"),
    (lambda: bias_variance(error_rate, sizes={9: "a", 8: "b"}), "name: size; are they swapped"),
    (lambda: bias_variance(error_rate, sizes={9: 1, 8: 2, 7: 3}), "9: 1 must be name: size; such"),
    (lambda: bias_variance(error_rate, sizes=SIZES | {"a": 1.5}), "1.5 of 'a' must be a whole"),
    (lambda: bias_variance(error_rate, sizes=SIZES | {"a": 0}), "0 of 'a' must be a whole num"),
    (lambda: bias_variance(error_rate, sizes=SIZES | {"a": "1"}), "'1' of 'a' must be a whole"),
    (lambda: bias_variance(error_rate, target=0.1), r"of sizes=\{…\} leads"),
    (lambda: bias_variance(error_rate, sizes=SIZES, target="a"), r"of sizes=\{…\} leads"),
    (lambda: bias_variance(error_rate, sizes=SIZES, target=5), "neither; 5 % is 0.05"),
    (lambda: bias_variance(error_rate, sizes=SIZES, target=0), "target=0: error_rate lies between"),
    (lambda: bias_variance(error_rate, sizes=SIZES, target=-0.1), "lies between 0 and 1"),
    (lambda: bias_variance(accuracy, sizes=SIZES, target=95), "95 % is 0.95"),
    (lambda: bias_variance(log_loss, sizes=SIZES, target=0), "between 0 and inf"),
]


def test_sizes_are_whole_numbers_of_any_kind():
    sizes = {"a": np.int64(1000), "b": 2000.0, "c": np.float32(4000)}
    found = bias_variance(error_rate, sizes=sizes, target=0.05).sizes
    assert found == (("a", 1000), ("b", 2000), ("c", 4000))
    assert {type(n) for _, n in found} == {int}


@pytest.mark.parametrize(("write", "words"), DIAGNOSES, ids=range(len(DIAGNOSES)))
def test_a_wrong_diagnosis(write, words):
    refused(write, words)


BOUNDS = [
    (lambda: error_rate.on("test") >= PEOPLE, "ask the model to be worse than people"),
    (lambda: accuracy.on("test") <= PEOPLE, "ask the model to be worse than people"),
    (lambda: error_rate.on("test") <= Human(a=0.1, b=0.2), r"pick it: human\['a'\]"),
    (lambda: precision.on("test") >= PEOPLE, "precision is no error rate"),
    (lambda: rate("bad").on("test").exactly() <= Human(a=0.1), "a fixed list"),
    (
        lambda: expected_calibration_error.on("test") <= Human(one=0.1),
        "is report-only",
    ),
    (lambda: bool(error_rate.on("test") <= PEOPLE), "is a declaration, not a truth value"),
    (lambda: latency.quantile(0.9).on("test") <= Human(a=(1, 10)), "is no error rate"),
]


@pytest.mark.parametrize(("write", "words"), BOUNDS, ids=range(len(BOUNDS)))
def test_a_wrong_bound_against_people(write, words):
    refused(write, words)


def test_a_bound_against_people_has_an_id_of_its_own():
    human = Human(typical=(30, 1000), expert=0.01)
    bounds = [error_rate.on("test") <= level for level in (0.2, human["typical"], human["expert"])]
    made = declare(satisficing=bounds)
    assert [c.id for c in made.checks] == [
        "error_rate-test",
        "error_rate-test-human-typical",
        "error_rate-test-human-expert",
    ]
    assert str(bounds[1]) == 'error_rate.on("test") <= Human(typical=(30, 1000))'


def test_a_diagnosis_is_its_gaps_and_the_ladder():
    made = declare(diagnosis=LADDER)
    assert [c.id for c in made.checks] == ["variance", "avoidable_bias", "ladder"]
    assert {c.kind for c in made.checks} == {"diagnosis"}
    assert [str(c.declared) for c in made.checks][0] == "variance of error_rate"
    assert declare().checks == ()


WAIVER = {"owner": "ana", "reason": "known", "expires": "2099-01-01"}
CLASSES = [
    ({"diagnosis": [LADDER]}, "an evaluation has one: declare another metric's in a subclass"),
    ({"diagnosis": error_rate}, r"must be made by bias_variance\(error_rate"),
    ({"mine": LADDER}, "list them in `satisficing`, `splits`, `diagnosis` or `also`"),
    ({"test_diagnosis": 1}, "`test_diagnosis` is a name that Evaluation itself uses"),
    ({"diagnosis": LADDER, "waivers": [waive("EH-MISMATCH", **WAIVER)]}, "waives nothing"),
    (
        {"diagnosis": LADDER, "waivers": [waive("EH-BIAS", **WAIVER, check="bias")]},
        "names no check.*'bias'",
    ),
]


@pytest.mark.parametrize(("body", "words"), CLASSES, ids=range(len(CLASSES)))
def test_a_wrong_class(body, words):
    refused(lambda: declare(**body), words)


def test_every_pair_of_rungs_has_one_gap_with_a_code():
    pairs = [(a, b) for i, a in enumerate(RUNGS) for b in RUNGS[i + 1 :]]
    assert set(GAPS) == set(pairs)
    assert set(GAPS.values()) == set(CODES)


def test_a_diagnosis_is_no_truth_value():
    refused(lambda: bool(LADDER), "write `diagnosis = ")
