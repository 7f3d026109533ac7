"""What a bootstrap draws (clusters, strata, what weighs something), and what it refuses."""

import math

import numpy as np
import pytest

from evalharness import DeclarationError, Outputs, OutputsError, Result
from evalharness.metrics import (
    accuracy,
    balanced_accuracy,
    calibration_error,
    custom,
    f1,
    latency,
    mean,
    precision,
    rate,
    recall,
    roc_auc,
    sensitivity_at,
)
from tests.inference.redrawn import N, estimated, table
from tests.metrics.measure import run


def test_clusters_are_drawn_whole_and_widen():
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(30), 10)
    shared = rng.normal(size=30)[group]
    columns = table() | {"x": shared + 0.3 * rng.normal(size=N)}
    right = shared + 0.5 * rng.normal(size=N) > -0.8
    columns["prediction"] = np.where(right, columns["label"], 1 - columns["label"])
    for metric in (mean("x"), accuracy, balanced_accuracy):
        alone = estimated(metric, columns).bootstrap(500)
        whole = estimated(metric, columns | {"cluster": group}).bootstrap(500)
        assert (alone.n, alone.unit) == (N, "examples")
        assert (whole.n, whole.unit) == (30, "clusters")
        assert whole.error > 1.5 * alone.error
        assert "resamples of 30 clusters" in whole.message


def test_strata_keep_their_numbers():
    """With six positives an area varies by how many are drawn, and some draws have none."""
    columns = table(100) | {"label": (np.arange(100) < 6).astype(int)}
    e = estimated(roc_auc, columns)
    free, kept = e.bootstrap(4_000), e.bootstrap(4_000, stratify="label")
    assert free.degenerate > 0 == kept.degenerate
    assert kept.error < 0.95 * free.error
    assert "within each label" in kept.message
    # Within the regions nothing is left of what tells them apart.
    columns = table() | {"x": 5.0 * (table()["region"] == "eu") + table()["x"]}
    e = estimated(mean("x"), columns)
    assert e.bootstrap(500, stratify="region").error < 0.6 * e.bootstrap(500).error
    # Counts too: with the labels fixed, recall has as many trials in every draw.
    e = estimated(recall, table())
    positives = int(table()["label"].sum())
    hits = e.bootstrap(500, stratify="label").values * positives
    assert hits == pytest.approx(np.round(hits), abs=1e-9)


def test_strata_that_cut_through_clusters_are_refused():
    e = estimated(mean("x"), table() | {"cluster": table()["group"]})
    with pytest.raises(
        DeclarationError, match="clusters are drawn whole; stratify by a column that"
    ):
        e.bootstrap(stratify="region")
    cut = sum(len(set(table()["region"][table()["group"] == g])) > 1 for g in set(table()["group"]))
    with pytest.raises(
        DeclarationError, match=rf"\): {cut} clusters of test .* have rows with sev"
    ):
        e.bootstrap(stratify="region")
    with pytest.raises(OutputsError, match=r"stratify='shade'\): there is no column `shade`") as no:
        e.bootstrap(stratify="shade")
    assert "slice by" not in str(no.value)


@pytest.mark.parametrize("metric", [recall, roc_auc, mean("x")], ids=str)
def test_strata_of_hardly_more_than_one_unit_are_refused(metric):
    """Among h units of a stratum the replicates show (h − 1) / h of what it varies."""
    columns = table() | {"own": np.arange(N), "four": np.arange(N) // 4, "five": np.arange(N) // 5}
    e = estimated(metric, columns)
    for column, values in (("own", N), ("four", N // 4)):
        said = f"the column has {values} values for {N} examples, .* with 5 examples or more"
        with pytest.raises(DeclarationError, match=said):
            e.bootstrap(stratify=column)
    kept, free = (e.bootstrap(1_000, stratify=s).error for s in ("five", None))
    assert 0.7 * free < kept < 1.05 * free


def test_strata_are_of_units_and_of_the_slice():
    columns = table() | {"cluster": np.arange(N) // 5}
    with pytest.raises(DeclarationError, match=f"has {N // 5} values for {N // 5} clusters"):
        estimated(mean("x"), columns | {"own": columns["cluster"]}).bootstrap(stratify="own")


def test_rows_without_weight_are_not_drawn():
    columns = table() | {"weight": np.where(np.arange(N) < 50, 0.0, 2.0)}
    bare = {k: v[50:] for k, v in table().items()}
    for metric in (f1, roc_auc, mean("x"), balanced_accuracy):
        one, other = (estimated(metric, c).bootstrap(100) for c in (columns, bare))
        assert one.n == other.n == N - 50
        assert one.values == pytest.approx(other.values, abs=1e-12)


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("metric", [f1, roc_auc, mean("x")], ids=str)
def test_a_slice_that_weighs_nothing_has_no_draws(metric, clustered):
    columns = table() | {"weight": np.where(table()["region"] == "eu", 0.0, 1.0)}
    columns |= {"cluster": np.arange(N) // 4} if clustered else {}
    asked = metric.on("test", region="eu")
    other = columns | {"prediction": 1 - columns["prediction"], "x": -columns["x"]}
    outputs = {"a": Outputs(test=columns), "b": Outputs(test=other)}
    result = run(outputs, also=[asked], models=["a"])
    for estimate in (result["a", asked], result["a", asked] - result["b", asked]):
        for method in ("percentile", "bca"):
            found = estimate.bootstrap(100, method=method)
            assert found.degenerate == 100
            assert found.reason.startswith("more than 1 % of the resamples have no value")
    if metric is not roc_auc:
        assert (result["a", asked] - result["b", asked]).permutation(100).p_value == 1


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e-12, 1.0, 1e30])
def test_draws_are_told_apart_at_any_scale(scale):
    x = np.random.default_rng(0).lognormal(size=N)
    one, other = (estimated(mean("x"), {"id": np.arange(N), "x": k * x}) for k in (1.0, scale))
    for method in ("percentile", "bca"):
        exact, found = (e.bootstrap(300, method=method) for e in (one, other))
        assert not found.reason
        assert (found.low, found.high) == pytest.approx((scale * exact.low, scale * exact.high))


def test_replicates_without_a_value_are_counted():
    columns = table() | {"label": (np.arange(N) < 3).astype(int)}
    for metric in (recall, roc_auc):
        found = estimated(metric, columns).bootstrap(1_000)
        assert found.degenerate == np.isnan(found.values).sum()
        assert found.degenerate == pytest.approx(1_000 * math.exp(-3), abs=25)
        assert (found.low, found.high) == (0, 1)
        assert "have no value (0/0)" in found.reason
        assert f"{found.degenerate} of them have no value" in found.message


@pytest.mark.parametrize(
    "metric, columns",
    [
        (accuracy, table() | {"prediction": table()["label"]}),
        (roc_auc, table() | {"score": table()["label"] * 1.0}),
        (f1, {k: v[:1] for k, v in table().items()} | {"label": [1], "prediction": [1]}),
        (mean("x"), table() | {"x": np.full(N, 0.1)}),
    ],
    ids=["all right", "areas of 1", "one row", "constant"],
)
def test_replicates_that_are_all_alike_give_no_interval(metric, columns):
    found = estimated(metric, columns).bootstrap(200)
    assert (found.low, found.high) == metric.range
    assert "do not tell how much it varies" in found.reason


def test_nearly_all_alike_is_no_interval_either():
    wrong = np.arange(N) == 0
    label = table()["label"]
    columns = table() | {"prediction": np.where(wrong, 1 - label, label)}
    found = estimated(accuracy, columns).bootstrap(1_000, confidence=0.1)
    assert found.low < found.high
    assert found.reason


def test_what_is_0_over_0_stays_so():
    columns = table() | {"prediction": np.zeros(N, int)}
    found = estimated(precision, columns).bootstrap(200)
    assert found.degenerate == 200
    assert math.isnan(found.value)
    assert (found.low, found.high) == (0, 1)
    assert "undefined" in repr(found)


def scorer(label, prediction):
    return float(np.mean(label == prediction))


@pytest.mark.parametrize(
    "metric, why",
    [
        (latency.quantile(0.9).on("test"), "does not hold for every quantile"),
        (recall.on("test").by("region").gap(), "the largest of several differences"),
        (custom(scorer, better="higher").on("test"), "is resampled as it is"),
        (calibration_error.on("test"), "near 0 the bootstrap does not hold"),
    ],
    ids=["quantile", "gap", "black box", "calibration"],
)
def test_what_is_not_drawn_again_says_why(metric, why):
    columns = table()
    with pytest.raises(TypeError, match=why):
        run(Outputs(test=columns), also=[metric])[metric].bootstrap()


def test_fixed_lists_and_saved_results_are_not_drawn():
    bound = rate("flag").on("test").exactly() == 0
    result = run(Outputs(test=table()), satisficing=[bound], also=[f1.on("test")])
    with pytest.raises(TypeError, match="every row of a fixed list counts"):
        result[rate("flag").on("test").exactly()].bootstrap()
    saved = Result.from_json(result.to_json())
    with pytest.raises(TypeError, match="holds no examples to draw from"):
        saved[f1.on("test")].bootstrap()
    with pytest.raises(TypeError, match="is of the difference of two models"):
        result[f1.on("test")].permutation()


def test_arguments_that_cannot_be_are_all_named():
    e = estimated(f1, table())
    with pytest.raises(DeclarationError) as told:
        e.bootstrap(10, method="bcaa", stratify="", confidence=95)
    for word in ("replicates=10", "did you mean `bca`", "stratify=''", "confidence=95"):
        assert word in str(told.value)
    with pytest.raises(DeclarationError, match="no smooth function"):
        estimated(sensitivity_at, table()).bootstrap(100, method="bca")


def test_the_result_reads_as_a_sentence():
    found = estimated(f1, table()).bootstrap(500, confidence=0.9)
    assert repr(found).startswith("<f1 on test: 0.8")
    assert "90 % bootstrap interval" in repr(found)
    assert "percentiles of 500 resamples of 300 examples" in repr(found)
    assert len(found.values) == 500
