"""Human levels of CIFAR-10H: 511,000 answers to the 10,000 images of the CIFAR-10 test set."""

import time

import pytest

from evalharness import Human, Outputs
from evalharness.checks.human_level import levels, model_errors, paired_gap
from evalharness.kernels.plan import Plan
from evalharness.metrics import error_rate
from tests.shared_data.real import expected, needs_data, rows

pytestmark = needs_data


@pytest.fixture(scope="module")
def plan():
    table = rows("cifar10/predictions.parquet", model="shake_shake_26_2x64d_SSI", split="orig")
    return Plan({"model": Outputs(dev=table.drop(["model", "split"]))})


def made(plan, **human):
    counts = rows("cifar10/human_counts.parquet")
    human = Human(annotations=counts, **human)
    return {x.name: x for x in levels(human, plan, "model", error_rate, ["dev"], 0)}


def test_individual_and_majority_error(plan):
    human = expected("cifar10")["human"]
    found = made(plan, panels=(3, 5))
    assert found["typical"].bounds.value == pytest.approx(1 - human["pooled_individual_accuracy"])
    low, high = found["typical"].bounds.interval(0.95)
    assert low < 0.0476 < high
    assert high - low < 0.005
    # Three images have two commonest answers: each is half right.
    wrong = 10_000 - human["majority_correct_if_ties_count_as_wrong"]
    assert found["majority"].bounds.value * 10_000 == pytest.approx(wrong - 1.5)
    sizes = [found[name].bounds.value for name in ("typical", "panel of 3", "panel of 5")]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] > found["majority"].bounds.value
    assert not any(level.few for level in found.values())


def test_the_others_are_easier_to_agree_with_than_the_labels(plan):
    ours, others = made(plan), made(plan, gold="others")
    assert list(others) == ["typical"]
    assert others["typical"].bounds.value < ours["typical"].bounds.value


def test_pairs_with_a_model_on_the_same_images(plan):
    found = made(plan)
    gaps = {}
    for name, level in found.items():
        assert level.split == "dev"
        errors = model_errors(plan, "model", error_rate, level)
        gaps[name] = paired_gap(level, errors)
        assert gaps[name].value == pytest.approx(errors.mean() - level.error.mean())
    assert gaps["typical"].upper(0.01) < 0 < gaps["majority"].lower(0.01)


def test_half_a_million_answers_take_no_time(plan):
    made(plan, panels=(3,))
    start = time.perf_counter()
    made(plan, panels=(3,))
    assert time.perf_counter() - start < 5
