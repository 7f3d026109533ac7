"""Rank metrics beyond AUC against scikit-learn, on anything small with many ties."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from evalharness import Outputs, OutputsError
from evalharness.declare.errors import DeclarationError
from evalharness.kernels.plan import Plan
from evalharness.metrics import curves
from evalharness.metrics import rank_curves as rc
from evalharness.statistics import RankTable
from evalharness.statistics.class_ranks import ClassRanks
from tests.shared_data.real import expected, needs_data, rows

cells = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=9)
shares = st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.77, 0.9, 0.95])


def table_of(counts):
    negatives, positives = (np.array([row[i] for row in counts]) for i in (0, 1))
    return RankTable(np.arange(len(counts)) / 4, negatives, positives)


def examples(table):
    """Labels and scores of which the table is."""
    values, negatives, positives = table
    label = np.repeat([0, 1], [negatives.sum(), positives.sum()])
    return label, np.r_[np.repeat(values, negatives), np.repeat(values, positives)]


def both(counts):
    table = table_of(counts)
    assume(table.negatives.sum() and table.positives.sum())
    return table, *examples(table)


@given(cells, shares)
def test_areas_under_curves(counts, share):
    table, label, score = both(counts)
    found = curves.average_precision.value(table)
    assert found == pytest.approx(average_precision_score(label, score))
    found = curves.partial_auc(max_fpr=share).value(table)
    assert found == pytest.approx(roc_auc_score(label, score, max_fpr=share))
    assert curves.partial_auc(max_fpr=1).value(table) == pytest.approx(roc_auc_score(label, score))


@given(cells, shares)
def test_rates_at_a_threshold(counts, share):
    table, label, score = both(counts)
    fpr, tpr, _ = roc_curve(label, score, drop_intermediate=False)
    slack = 1e-9
    wanted = tpr[fpr <= 1 - share + slack].max()
    assert curves.sensitivity_at(specificity=share).value(table) == pytest.approx(wanted)
    wanted = 1 - fpr[tpr >= share - slack].min()
    assert curves.specificity_at(sensitivity=share).value(table) == pytest.approx(wanted)
    wanted = np.maximum(fpr, 1 - tpr).min()
    assert curves.equal_error_rate.value(table) == pytest.approx(wanted)
    wanted = ks_2samp(score[label == 1], score[label == 0], alternative="less").statistic
    assert curves.ks_statistic.value(table) == pytest.approx(wanted)
    assert curves.ks_statistic.value(table) == pytest.approx((tpr - fpr).max())
    precision, recall, _ = precision_recall_curve(label, score)
    wanted = recall[precision >= share - slack].max()
    assert curves.recall_at_precision(precision=share).value(table) == pytest.approx(wanted)
    wanted = precision[np.flatnonzero(recall >= share - slack)[-1]]
    assert curves.precision_at_recall(recall=share).value(table) == pytest.approx(wanted)


BINARY = [
    curves.average_precision,
    curves.partial_auc,
    curves.sensitivity_at,
    curves.specificity_at,
    curves.equal_error_rate,
    curves.ks_statistic,
    curves.recall_at_precision,
    curves.precision_at_recall,
]


@pytest.mark.parametrize("metric", BINARY, ids=str)
def test_without_positives_there_is_no_value(metric):
    assert math.isnan(metric.value(table_of([(2, 0), (1, 0)])))
    assert math.isnan(metric.value(RankTable(*(np.zeros(0) for _ in range(3)))))


@pytest.mark.parametrize("metric", BINARY, ids=str)
def test_weight_two_is_the_row_twice(metric):
    table = table_of([(3, 0), (1, 2), (2, 2), (0, 4)])
    doubled = RankTable(table.values, 2 * table.negatives, 2 * table.positives)
    assert metric.value(doubled) == pytest.approx(metric.value(table))


@pytest.mark.parametrize("share", [0, 1, 95, -0.1, "a", True, None])
def test_a_parameter_that_is_no_share_is_refused(share):
    table = table_of([(3, 1), (1, 2)])
    with pytest.raises(DeclarationError, match="between 0 and 1"):
        curves.sensitivity_at(specificity=share).value(table)


INFLUENCES = {
    "average precision": (rc.average_precision_of, rc.average_precision_influence),
    "partial area": (
        lambda n, p: rc.partial_auc_of(n, p, 0.3),
        lambda n, p: rc.partial_auc_influence(n, p, 0.3),
    ),
    "area": (rc.auc_of, rc.auc_influence),
}


@pytest.mark.parametrize("name", INFLUENCES)
@settings(deadline=None)
@given(counts=cells)
def test_an_influence_is_the_derivative_by_a_count(name, counts):
    value, influence = INFLUENCES[name]
    table, _, _ = both(counts)
    # Counts that are no round shares keep away from the corner of the partial area.
    neg, pos = table.negatives * 1.0137, table.positives * 1.0
    of_neg, of_pos = influence(neg, pos)
    assert neg @ of_neg + pos @ of_pos == pytest.approx(0, abs=1e-9)
    if name == "partial area":
        above = 1 - np.cumsum(neg) / neg.sum()
        assume(np.abs(np.r_[1, above] - 0.3).min() > 1e-3)
    step = 1e-5
    for j, unit in enumerate(np.eye(len(neg)) * step):
        if neg[j]:
            slope = (value(neg + unit, pos) - value(neg - unit, pos)) / (2 * step)
            assert of_neg[j] == pytest.approx(slope, abs=1e-6)
        if pos[j]:
            slope = (value(neg, pos + unit) - value(neg, pos - unit)) / (2 * step)
            assert of_pos[j] == pytest.approx(slope, abs=1e-6)


def test_the_influence_of_average_precision_is_its_gradient():
    import jax
    import jax.numpy as jnp

    neg, pos = (np.array(x, float) for x in ([3, 0, 2, 1, 0], [1, 2, 2, 0, 3]))

    def value(negatives, positives):
        tp, fp = (jnp.cumsum(x[::-1])[::-1] for x in (positives, negatives))
        return (positives * tp / (tp + fp)).sum() / positives.sum()

    with jax.enable_x64(True):
        wanted = jax.grad(value, argnums=(0, 1))(jnp.array(neg), jnp.array(pos))
    for found, gradient in zip(rc.average_precision_influence(neg, pos), wanted, strict=True):
        assert found == pytest.approx(np.asarray(gradient), abs=1e-12)


# Averages over classes


def measured(metric, table, **options):
    found = Plan({"m": Outputs(test=table, **options)}).measure("m", metric.on("test"))
    return metric.value(found.tables[0])


labelled = st.lists(st.tuples(st.integers(0, 2), *[st.integers(0, 4)] * 3), min_size=3, max_size=30)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(labelled)
def test_averages_over_classes(found):
    data = np.array(found)
    label, scores = data[:, 0], data[:, 1:] + 1.0
    assume(len(set(label)) == 3)
    scores = scores / scores.sum(axis=1, keepdims=True)
    table = {"label": label, "scores": scores}
    for metric, kind in ((curves.roc_auc_ovr, "ovr"), (curves.roc_auc_ovo, "ovo")):
        wanted = roc_auc_score(label, scores, multi_class=kind)
        assert measured(metric, table, classes=[0, 1, 2]) == pytest.approx(wanted)


def test_of_multilabel_outputs_rows_without_a_label_count_nowhere():
    label = [[1, 0], [0, None], [1, 1], [0, 0], [None, 1]]
    scores = np.array([[0.9, 0.3], [0.2, 0.9], [0.4, 0.6], [0.5, 0.4], [0.9, 0.2]])
    wanted = (roc_auc_score([1, 0, 1, 0], scores[:4, 0]) + 0.5) / 2
    table = {"label": label, "scores": scores.tolist()}
    found = measured(curves.roc_auc_ovr, table, classes=["a", "b"])
    assert found == pytest.approx(wanted)


@pytest.mark.parametrize("pairs", [False, True])
def test_tables_add_up(pairs):
    rng = np.random.default_rng(0)
    label, scores = rng.integers(0, 3, 90), rng.integers(1, 6, (90, 3)) / 8
    scores /= scores.sum(axis=1, keepdims=True)
    statistic = ClassRanks(pairs)
    metric = curves.roc_auc_ovo if pairs else curves.roc_auc_ovr

    def table(some):
        outputs = Outputs(
            test={"label": label[some], "scores": scores[some], "prediction": label[some]},
            classes=[0, 1, 2],
        )
        return Plan({"m": outputs}).measure("m", metric.on("test")).tables[0]

    halves = [table(slice(0, 40)), table(slice(40, 90))]
    whole, merged = table(slice(0, 90)), statistic.merge(*halves)
    for a, b in zip(whole, merged, strict=True):
        assert np.array_equal(a, b)
    for a, b in zip(whole, statistic.merge(whole, statistic.zero(3)), strict=True):
        assert np.array_equal(a, b)


def test_a_class_that_never_occurs_is_named():
    table = {"label": [0, 1, 0], "scores": np.full((3, 3), 1 / 3)}
    with pytest.raises(OutputsError, match="needs each among the labels, but 2"):
        measured(curves.roc_auc_ovr, table, classes=[0, 1, 2])


@needs_data
@pytest.mark.parametrize("dataset", ["mnist", "20news"])
def test_real_probabilities(dataset):
    found = rows(f"label_errors/{dataset}_probabilities.parquet")
    names = [name for name in found.column_names if name.startswith("p")]
    scores = np.stack([found[name].to_numpy() for name in names], axis=1)
    table = {"label": found["label"].to_numpy(), "scores": scores}
    wanted = expected("label_errors")["datasets"][dataset]["probabilities"]["macro_auc_ovr"]
    value = measured(curves.roc_auc_ovr, table, classes=list(range(len(names))))
    assert value == pytest.approx(wanted, abs=1e-9)
