"""Differences of two models: paired by id, or refused in words."""

import json

import numpy as np
import pytest

from evalharness import Confusion, DeclarationError, Outputs, OutputsError, Proportion, metric
from evalharness.inference.bounds import upper_z
from evalharness.metrics import (
    accuracy,
    average_precision,
    balanced_accuracy,
    cohen_kappa,
    custom,
    error_rate,
    f1,
    f_beta,
    hamming_loss,
    harmonic_mean,
    hit_rate,
    jaccard,
    latency,
    matthews_corrcoef,
    mean,
    mean_absolute_error,
    ndcg,
    partial_auc,
    pearson_correlation,
    positive_likelihood_ratio,
    precision,
    rate,
    recall,
    roc_auc,
    roc_auc_ovr,
    root_mean_squared_error,
    sensitivity_at,
    specificity,
    weighted_mean_absolute_percentage_error,
)
from tests.inference.test_reference import _reference_file
from tests.metrics.measure import run
from tests.two_models import minus, table, two_models


@pytest.fixture(scope="module")
def both():
    """Two models whose rows stand in different orders."""
    return run(two_models(), models=["new", "old"], also=[recall.on("test")])


# Of the joint counts of label and both predictions.
JOINT = [
    m.on("test")
    for m in (
        f1,
        precision,
        f_beta(beta=2),
        matthews_corrcoef,
        cohen_kappa,
        balanced_accuracy,
        f1(average="macro"),
        recall(average="weighted"),
        jaccard(average="micro"),
        0.3 * recall + 0.7 * precision,
        harmonic_mean(precision, specificity),
        accuracy - f1(threshold=0.5),
    )
]
# By what each unit adds to the one and to the other.
BY_INFLUENCE = [
    m.on("test")
    for m in (
        roc_auc,
        average_precision,
        partial_auc(max_fpr=0.3),
        roc_auc_ovr,
        root_mean_squared_error,
        weighted_mean_absolute_percentage_error,
        pearson_correlation,
        0.5 * recall + 0.5 * roc_auc,
    )
]


def share(label, prediction):
    return float(np.mean(label == prediction))


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
        *JOINT,
        *BY_INFLUENCE,
    ],
    ids=str,
)
def test_a_difference_is_that_of_the_values(both, metric):
    new, old = both["new", metric], both["old", metric]
    found = new - old
    assert found.value == pytest.approx(new.value - old.value, abs=1e-12)
    assert found.model == "new − old"
    assert found.at_least < found.value < found.at_most
    assert found.low < found.value < found.high
    if metric not in (*JOINT, *BY_INFLUENCE):
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
    [latency.quantile(0.5).on("test"), sensitivity_at.on("test"), custom(share).on("test")],
    ids=str,
)
def test_a_difference_of_what_is_not_smooth_is_refused_in_words(both, metric):
    with pytest.raises(DeclarationError, match="not available: .* no smooth function"):
        minus(both, metric)


def test_only_like_is_subtracted(both):
    with pytest.raises(TypeError, match="one metric, on one slice, between two models"):
        _ = both["new", recall.on("test")] - both["old", accuracy.on("test")]
    with pytest.raises(TypeError, match="between two models"):
        _ = both["new", recall.on("test")] - both["new", recall.on("test")]
    slices = recall.on("test").by("region")
    with pytest.raises(DeclarationError, match=r"use .on\(split, column=value\)"):
        _ = both["new", slices]["region=eu"] - both["old", slices]["region=eu"]


def test_an_example_that_counts_twice_has_no_outcome_to_pair(both):
    @metric(Confusion(), better="higher", range=(0, 1))
    def doubled(cells):
        return Proportion(2 * cells.tp, 2 * (cells.tp + cells.fn))

    found, plain = minus(both, doubled.on("test")), minus(both, recall.on("test"))
    assert found.value == pytest.approx(plain.value, abs=1e-12)
    assert (plain.decides, found.decides) == (
        "wider of Tango and MOVER",
        "wider of MOVER and delta",
    )


def test_the_delta_error_is_that_of_examples_drawn_again(both):
    """By the joint counts, and by influences: either way as the bootstrap has it."""
    for each in (*JOINT[::2], *BY_INFLUENCE[::2]):
        found = minus(both, each)
        error = (found.high - found.low) / 2 / 1.96
        assert error == pytest.approx(found.bootstrap(400).error, rel=0.2)


def labelled(n, rates, seed=0, classes=2, **more):
    """Two models with these rates of right answers to the same examples."""
    rng = np.random.default_rng(seed)
    label, hard = rng.integers(0, classes, n), rng.random(n)
    found = []
    for right in rates:
        ease = np.where(rng.random(n) < 0.9, hard, rng.random(n))
        wrong = (label + rng.integers(1, classes, n)) % classes
        found.append(np.where(ease < right, label, wrong))
    common = {"id": np.arange(n), "label": label} | more
    return {m: Outputs(test=common | {"prediction": p}) for m, p in zip("ab", found, strict=True)}


@pytest.mark.parametrize("each", [f1, precision, matthews_corrcoef, balanced_accuracy], ids=str)
def test_clear_differences_are_decided_and_slight_ones_are_not(each):
    place = each.on("test")
    result = run(labelled(2_000, (0.95, 0.85)), models=["a", "b"], also=[place])
    assert result["a", place] - result["b", place] > 0.02
    result = run(labelled(300, (0.9, 0.9)), models=["a", "b"], also=[place])
    found = result["a", place] - result["b", place]
    assert (found > 0).outcome == "inconclusive"
    assert (found > 0).settle > 300


@pytest.mark.parametrize(
    "each",
    [f1, precision, matthews_corrcoef, balanced_accuracy, f1(average="macro"), roc_auc],
    ids=str,
)
@pytest.mark.parametrize("classes", [2, 4])
def test_equal_models_are_never_superior(each, classes):
    if classes == 4 and each not in (balanced_accuracy, f1(average="macro")):
        each = recall(positive=1)
    rng = np.random.default_rng(1)
    outputs = labelled(500, (0.99, 0.99), classes=classes, score=rng.random(500))
    place = each.on("test")
    outputs["b"] = outputs["a"]
    result = run(outputs, models=["a", "b"], also=[place])
    found = result["a", place] - result["b", place]
    assert found.value == 0
    assert found.at_least < 0 < found.at_most
    assert found.low < 0 < found.high
    assert (found > 0).outcome == "inconclusive"
    assert found > -0.5


def test_averages_over_classes_pair_up():
    places = [
        m.on("test")
        for m in (
            balanced_accuracy,
            f1(average="macro"),
            precision(average="weighted"),
            jaccard(average="micro"),
            cohen_kappa,
        )
    ]
    result = run(labelled(2_000, (0.93, 0.85), classes=5), models=["a", "b"], also=places)
    for place in places:
        a, b = result["a", place], result["b", place]
        found = a - b
        assert found.value == pytest.approx(a.value - b.value, abs=1e-12)
        assert found > 0
        error = (found.high - found.low) / 2 / 1.96
        assert error == pytest.approx(found.bootstrap(1_000).error, rel=0.15)


def test_weights_and_clusters_go_by_units():
    rng = np.random.default_rng(4)
    more = {"cluster": rng.integers(0, 150, 1_500), "weight": rng.choice([0.0, 1.0, 3.0], 1_500)}
    outputs = labelled(1_500, (0.93, 0.85), **more)
    for each in (f1, precision, balanced_accuracy, accuracy, matthews_corrcoef):
        place = each.on("test")
        result = run(outputs, models=["a", "b"], also=[place])
        a, b = result["a", place], result["b", place]
        found = a - b
        assert found.value == pytest.approx(a.value - b.value, abs=1e-12)
        assert (found.unit, found.n) == ("clusters", 150)
        assert found > 0
        error = (found.high - found.low) / 2 / 1.96
        assert error == pytest.approx(found.bootstrap(500).error, rel=0.35)


def test_a_metric_without_limits_is_not_bounded(both):
    found = minus(both, positive_likelihood_ratio.on("test"))
    assert (found > -5).outcome == "inconclusive"
    assert "declare its range" in found.reason


def test_what_has_no_value_for_one_model_has_no_difference():
    outputs = labelled(100, (0.9, 0.9))
    none = {"id": np.arange(100), "prediction": np.zeros(100, int)}
    label = labelled(100, (0.9, 0.9))["a"].split("test", "").label_codes()
    outputs["b"] = Outputs(test=none | {"label": label})
    place = precision.on("test")
    result = run(outputs, models=["a", "b"], also=[place])
    found = result["a", place] - result["b", place]
    assert np.isnan(found.value)
    assert (found > 0).outcome == "inconclusive"
    assert "0/0: it has no value for one of the models" in found.reason


def test_queries_pair_up_by_query():
    rng = np.random.default_rng(5)
    common = {
        "id": np.arange(400),
        "query": np.arange(400) // 10,
        "relevance": np.where(np.arange(400) % 10 == 0, 1, rng.integers(0, 3, 400)),
    }
    order = rng.permutation(400)
    theirs = {k: v[order] for k, v in (common | {"score": rng.random(400)}).items()}
    outputs = {"a": Outputs(test=common | {"score": rng.random(400)}), "b": Outputs(test=theirs)}
    for each in (ndcg, hit_rate(k=2)):
        place = each.on("test")
        result = run(outputs, models=["a", "b"], also=[place])
        a, b = result["a", place], result["b", place]
        found = a - b
        assert found.value == pytest.approx(a.value - b.value, abs=1e-12)
        assert found.n == 40
        assert found.at_least < found.value
    outputs["b"] = Outputs(test=theirs | {"query": np.roll(theirs["query"], 1)})
    result = run(outputs, models=["a", "b"], also=[ndcg.on("test")])
    with pytest.raises(OutputsError, match="column `query` groups the rows of the one otherwise"):
        minus_of(result, ndcg.on("test"))


def minus_of(result, metric):
    return result["a", metric] - result["b", metric]


@pytest.mark.parametrize("known", ["all", "one"])
def test_tasks_pair_up_by_row(known):
    rng = np.random.default_rng(6)
    label = rng.integers(0, 2, (300, 3))
    order = rng.permutation(300)
    there = np.ones((300, 3), bool) if known == "all" else np.arange(3) == order[:, None] % 3
    labels = np.where(there, label, None)

    def answers(rate):
        return np.where(rng.random((300, 3)) < rate, label, 1 - label)

    def table(answers, rows):
        columns = {"label": labels[rows].tolist(), "prediction": answers[rows].tolist()}
        return Outputs(test={"id": rows, **columns}, classes=["x", "y", "z"])

    outputs = {"a": table(answers(0.9), np.arange(300)), "b": table(answers(0.7), order)}
    places = [
        m.on("test")
        for m in (
            recall(positive="y"),
            f1(positive="y"),
            f1(average="macro"),
            recall(average="micro"),
            f1(average="weighted"),
            hamming_loss,
        )
    ]
    result = run(outputs, models=["a", "b"], also=places)
    for place in places:
        a, b = result["a", place], result["b", place]
        found = a - b
        assert found.value == pytest.approx(a.value - b.value, abs=1e-12)
        assert abs(found.value) > 0.1
        assert found.at_least * found.at_most > 0
        error = (found.high - found.low) / 2 / 1.96
        assert error == pytest.approx(found.bootstrap(200).error, rel=0.3)
        assert error == pytest.approx(np.hypot(*(e.bootstrap(200).error for e in (a, b))), rel=0.35)


def test_delong_aSAH():
    """wfns against s100b: z = 2.209, p = 0.0272 (pROC; MLstatkit)."""
    path = _reference_file()
    if path is None:
        pytest.skip("reference/statistics.json is not beside this checkout (../shared/reference)")
    cases = {case["name"]: case for case in json.loads(path.read_text())["cases"]}
    given, expected = (cases["delong_aSAH"][k] for k in ("inputs", "expected"))
    common = {"id": np.arange(len(given["y"])), "label": np.array(given["y"])}
    outputs = {
        "a": Outputs(test=common | {"score": np.array(given["wfns"], float)}),
        "b": Outputs(test=common | {"score": np.array(given["s100b"], float)}),
    }
    result = run(outputs, models=["a", "b"], also=[roc_auc.on("test")])
    found = minus_of(result, roc_auc.on("test"))
    assert found.value == pytest.approx(expected["wfns_vs_s100b"]["diff"], abs=1e-7)
    error = (found.high - found.low) / 2 / upper_z(0.025)
    assert found.value / error == pytest.approx(expected["wfns_vs_s100b"]["z"], abs=1e-6)
