"""What pairs two models' rows: their ids, or a refusal; and the patterns of many models."""

import numpy as np
import pytest

from evalharness import Outputs, OutputsError
from evalharness.checks.compare import joint_table
from evalharness.kernels.plan import Plan
from evalharness.metrics import (
    accuracy,
    f1,
    recall,
)
from evalharness.statistics.joint_counts import cells_of, patterns
from tests.metrics.measure import run
from tests.two_models import N, minus, shuffled, table, two_models


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
    with pytest.raises(
        OutputsError, match="5 ids with a row in the slice for 'new' or for 'old', but not"
    ):
        minus(result, recall.on("test", region="eu"))


def test_without_ids_nothing_pairs():
    outputs = two_models()
    bare = {k: v for k, v in table(1).items() if k != "id"}
    result = run({**outputs, "old": Outputs(test=bare)}, models=["new"])
    with pytest.raises(OutputsError, match="there is no column `id`"):
        minus(result, recall.on("test"))


def test_many_models_make_only_the_patterns_that_occur():
    """Twenty models have 2^20 patterns; of 500 examples there are 500 at most."""
    rng = np.random.default_rng(7)
    label = rng.integers(0, 2, 500)
    answers = np.where(rng.random((20, 500)) < 0.9, label, 1 - label)
    order = rng.permutation(500)
    outputs = {}
    for i, prediction in enumerate(answers):
        rows = order if i else np.arange(500)
        columns = {"id": np.arange(500), "label": label, "prediction": prediction}
        outputs[f"m{i}"] = Outputs(test={k: v[rows] for k, v in columns.items()})
    plan = Plan(outputs)
    columns, counts = joint_table(plan, f1.on("test"), list(outputs))
    assert len(columns) == 21
    assert counts.sum() == 500 >= len(counts)
    for i, prediction in enumerate(answers):
        cells = cells_of(columns[0], columns[1 + i], counts)
        assert cells.tp == ((label == 1) & (prediction == 1)).sum()
    hits, _ = joint_table(plan, accuracy.on("test"), ["m0", "m1"])
    assert len(hits) == 2


@pytest.mark.parametrize("size", [2, 300, 5_000_000])
def test_patterns_are_counted_whatever_they_hold(size):
    rng = np.random.default_rng(8)
    columns = [rng.integers(0, 2, 400), *rng.integers(size - 2, size, (3, 400))]
    inside = rng.random(400) < 0.7
    found = patterns(columns, inside)
    rows, counts = np.unique(np.stack(columns)[:, inside], axis=1, return_counts=True)
    assert (np.stack(found.columns) == rows).all()
    assert (found.counts == counts).all()
    assert len(patterns([c[:0] for c in columns]).counts) == 0
