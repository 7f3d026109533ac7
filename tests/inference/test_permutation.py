"""Differences of two models, drawn again and swapped."""

import math

import numpy as np
import pytest

from evalharness import Outputs
from evalharness.metrics import (
    accuracy,
    average_precision,
    f1,
    mean,
    roc_auc,
)
from tests.inference.redrawn import COUNTED, SHUFFLED, N, counted, table
from tests.metrics.measure import run


def second():
    """Another model's answers to the examples of `table()`."""
    rng, label = np.random.default_rng(3), table()["label"]
    return {
        "prediction": np.where(rng.random(N) < 0.8, label, 1 - label),
        "score": np.round(0.2 * label + 0.8 * rng.random(N), 2),
        "x": rng.normal(size=N),
    }


def both(metric, **more):
    """The estimates of two models whose rows stand in different orders."""
    new = table() | more
    old = {k: v[SHUFFLED] for k, v in (new | second()).items()}
    outputs = {"new": Outputs(test=new), "old": Outputs(test=old)}
    result = run(outputs, models=["new", "old"], also=[metric.on("test")])
    return result["new", metric.on("test")], result["old", metric.on("test")]


@pytest.mark.parametrize("metric", [roc_auc, mean("x"), average_precision], ids=str)
def test_both_models_are_drawn_alike(metric):
    a, b = both(metric)
    expected = a.bootstrap(100).values - b.bootstrap(100).values
    assert (a - b).bootstrap(100).values == pytest.approx(expected, abs=1e-12)


@counted
def test_joint_counts_vary_as_pairs_of_predictions_do(metric):
    a, b = both(metric)
    found = (a - b).bootstrap(4_000)
    y, p, q = table()["label"], table()["prediction"], second()["prediction"]
    function = COUNTED[metric]
    rows = np.random.default_rng(8).integers(0, N, (1_000, N))
    loop = [function(y[i], p[i]) - function(y[i], q[i]) for i in rows]
    assert found.error == pytest.approx(np.std(loop, ddof=1), rel=4 * math.sqrt(0.5 / 1_000))
    assert found.error == pytest.approx((a - b).bootstrap(4_000, stratify="region").error, rel=0.1)


def test_signs_are_those_of_the_exact_test():
    """All 1,024 signs of ten differences: 0.08984375 two-sided (SciPy's permutation_test)."""
    d = np.array([1.0, -2.0, 3.0, 4.0, -1.0, 2.0, 5.0, 3.0, -2.0, 4.0])
    ids = {"id": np.arange(10), "label": np.ones(10, int)}
    outputs = {"a": Outputs(test=ids | {"x": d}), "b": Outputs(test=ids | {"x": np.zeros(10)})}
    place = mean("x").on("test")
    result = run(outputs, models=["a", "b"], also=[place])
    found = (result["a", place] - result["b", place]).permutation(10_000)
    error = math.sqrt(0.09 * 0.91 / 10_000)
    assert found.p_value == pytest.approx(0.08984375, abs=4 * error)
    assert found.p_greater == pytest.approx(0.08984375 / 2, abs=4 * error)
    assert found.p_less > 0.9
    assert "10,000 random swaps of the two models on 10 examples" in found.message


@counted
@pytest.mark.parametrize("grouped", [False, True])
def test_swaps_are_those_of_whole_units(metric, grouped):
    a, b = both(metric, **({"cluster": table()["group"]} if grouped else {}))
    found = (a - b).permutation(4_000)
    y, p, q = table()["label"], table()["prediction"], second()["prediction"]
    unit = table()["group"] if grouped else np.arange(N)
    function, rng, loop = COUNTED[metric], np.random.default_rng(9), []
    for _ in range(1_000):
        swap = (rng.random(unit.max() + 1) < 0.5)[unit]
        loop.append(function(y, np.where(swap, q, p)) - function(y, np.where(swap, p, q)))
    assert np.std(found.values) == pytest.approx(np.std(loop), rel=4 * math.sqrt(0.5 / 1_000))
    assert abs(found.values.mean()) < 4 * np.std(loop) / math.sqrt(4_000)
    share = np.mean(np.array(loop) >= a.value - b.value - 1e-9)
    assert found.p_greater == pytest.approx(share, abs=4 * math.sqrt(0.25 / 1_000))


def test_equal_models_are_never_told_apart():
    outputs = {m: Outputs(test=table()) for m in ("a", "b")}
    for metric in (f1, accuracy, mean("x")):
        place = metric.on("test")
        result = run(outputs, models=["a", "b"], also=[place])
        apart = result["a", place] - result["b", place]
        found = apart.permutation(200)
        assert found.p_value == found.p_greater == found.p_less == 1
        drawn_again = apart.bootstrap(200)
        low, high = place.range
        assert (drawn_again.low, drawn_again.high) == (low - high, high - low)
        assert drawn_again.reason


def test_scores_are_not_swapped():
    a, b = both(roc_auc)
    with pytest.raises(TypeError, match="for those of ranks"):
        (a - b).permutation()


@pytest.mark.parametrize("scale", ["signed", "across 2", "rounded"])
def test_an_area_of_scores_of_64_bits_lies_within_its_resamples(scale):
    """Keys of 64 bits leave no room for the label: shifted by it, their order would be lost."""
    rng = np.random.default_rng(11)
    label = rng.integers(0, 2, 3_000)
    score = rng.normal(size=3_000) + label
    score = {"signed": score, "across 2": np.abs(score), "rounded": np.abs(score.round(1))}[scale]
    metric = roc_auc.on("test")
    found = run(Outputs(test={"label": label, "score": score}, threshold=0.5), also=[metric])[
        metric
    ]
    drawn = found.bootstrap(400)
    assert drawn.low < found.value < drawn.high
    assert abs(np.mean(drawn.values) - found.value) < 3 * np.std(drawn.values) / 20 + 1e-4
    assert (drawn.high - drawn.low) == pytest.approx(found.high - found.low, rel=0.15)
