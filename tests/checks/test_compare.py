"""Differences of two models: paired by id, or refused in words."""

import numpy as np
import pytest

from evalharness import Confusion, DeclarationError, Outputs, OutputsError, Proportion, metric
from evalharness.metrics import (
    accuracy,
    error_rate,
    f1,
    latency,
    mean,
    mean_absolute_error,
    precision,
    rate,
    recall,
    roc_auc,
    specificity,
)
from tests.metrics.measure import run
from tests.two_models import N, shuffled, table, two_models


@pytest.fixture(scope="module")
def both():
    """Two models whose rows stand in different orders."""
    return run(two_models(), models=["new", "old"], also=[recall.on("test")])


def minus(result, metric):
    return result["new", metric] - result["old", metric]


@pytest.mark.parametrize(
    "metric",
    [
        accuracy.on("test"),
        error_rate.on("test"),
        recall.on("test"),
        specificity.on("test"),
        accuracy.on("test", region="eu"),
        recall.on("test", region="us"),
        recall(positive=0).on("test"),
        rate("flag").on("test"),
        mean("x").on("test"),
        mean("x").on("test", region="eu"),
        latency.mean().on("test"),
        mean_absolute_error.on("test"),
    ],
    ids=str,
)
def test_a_difference_is_that_of_the_values(both, metric):
    new, old = both["new", metric], both["old", metric]
    found = new - old
    assert found.value == pytest.approx(new.value - old.value, abs=1e-12)
    assert found.model == "new − old"
    assert found.at_least < found.value < found.at_most
    assert found.n == new.n == old.n
    back = old - new
    assert back.value == pytest.approx(-found.value, abs=1e-12)
    assert back.at_least == pytest.approx(-found.at_most, abs=1e-9)


def test_pairing_is_by_id_not_by_row(both):
    """On rows that are paired, what both get right or wrong cancels out."""
    straight = {"new": Outputs(test=table(2)), "old": Outputs(test=table(1))}
    other = run(straight, models=["new", "old"], also=[recall.on("test")])
    for each in (recall.on("test"), mean("x").on("test")):
        a, b = minus(both, each), minus(other, each)
        assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), rel=1e-12)


def test_a_difference_gives_a_verdict(both):
    assert minus(both, accuracy.on("test")) > -0.5
    assert not minus(both, accuracy.on("test")) > 0.5


def test_a_model_minus_its_equal_is_never_certain():
    same = {"new": Outputs(test=table(1)), "old": Outputs(test=table(1))}
    result = run(same, models=["new", "old"], also=[recall.on("test")])
    found = minus(result, accuracy.on("test"))
    assert found.value == 0
    assert found.at_least < 0 < found.at_most
    assert (minus(result, mean("x").on("test")) > -1).outcome == "inconclusive"


@pytest.mark.parametrize(
    "metric",
    [
        precision.on("test"),
        f1.on("test"),
        recall(average="macro").on("test"),
        roc_auc.on("test"),
        latency.quantile(0.5).on("test"),
    ],
    ids=str,
)
def test_a_difference_that_does_not_pair_is_refused_in_words(both, metric):
    with pytest.raises(DeclarationError, match="not available in this version: it is for means"):
        minus(both, metric)


def test_only_like_is_subtracted(both):
    with pytest.raises(TypeError, match="one metric, on one slice, between two models"):
        _ = both["new", recall.on("test")] - both["old", accuracy.on("test")]
    with pytest.raises(TypeError, match="between two models"):
        _ = both["new", recall.on("test")] - both["new", recall.on("test")]
    slices = recall.on("test").by("region")
    with pytest.raises(DeclarationError, match=r"use .on\(split, column=value\)"):
        _ = both["new", slices]["region=eu"] - both["old", slices]["region=eu"]


def test_ids_that_do_not_match():
    fewer = {k: v[:-3] for k, v in table(1).items()}
    outputs = {"new": Outputs(test=table(2)), "old": Outputs(test=fewer)}
    result = run(outputs, models=["new", "old"], also=[recall.on("test")])
    with pytest.raises(OutputsError, match="3 of 400 ids are not in .*first: 397"):
        minus(result, recall.on("test"))


def test_labels_that_differ_for_one_id():
    result = run(two_models(label=shuffled(table(1))["label"] ^ (np.arange(N) < 2)), models=["new"])
    with pytest.raises(OutputsError, match="column `label` differs for 2 ids"):
        minus(result, recall.on("test"))


def test_slices_that_differ_for_one_id():
    moved = shuffled(table(1))["region"].copy()
    moved[:5] = np.where(moved[:5] == "eu", "us", "eu")
    result = run(two_models(region=moved), models=["new"])
    with pytest.raises(OutputsError, match="5 ids are in the slice for 'new' or for 'old' but not"):
        minus(result, recall.on("test", region="eu"))


def test_without_ids_nothing_pairs():
    outputs = two_models()
    bare = {k: v for k, v in table(1).items() if k != "id"}
    result = run({**outputs, "old": Outputs(test=bare)}, models=["new"])
    with pytest.raises(OutputsError, match="there is no column `id`"):
        minus(result, recall.on("test"))


def test_an_example_that_counts_twice_has_no_outcome_to_pair(both):
    @metric(Confusion(), better="higher", range=(0, 1))
    def doubled(cells):
        return Proportion(2 * cells.tp, 2 * (cells.tp + cells.fn))

    with pytest.raises(DeclarationError, match="not available in this version"):
        minus(both, doubled.on("test"))
