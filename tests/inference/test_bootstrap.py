"""Bootstrap and permutation test: right replicates, whatever the order, and honest words."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as sk

from evalharness import DeclarationError, Outputs, OutputsError, Result
from evalharness.inference import recount
from evalharness.inference.bootstrap import Source, bootstrap
from evalharness.inference.estimates import Estimate
from evalharness.inference.of_form import seed_of
from evalharness.kernels import draws, resample
from evalharness.kernels.keys import column_keys
from evalharness.kernels.weights import halves, poisson, replicate_keys, words
from evalharness.metrics import (
    accuracy,
    average_precision,
    balanced_accuracy,
    brier_score,
    calibration_error,
    cohen_kappa,
    custom,
    f1,
    hit_rate,
    latency,
    matthews_corrcoef,
    mean,
    mean_iou,
    ndcg,
    pearson_correlation,
    precision,
    r2,
    rate,
    recall,
    roc_auc,
    roc_auc_ovr,
    root_mean_squared_error,
    sensitivity_at,
    spearman_correlation,
    weighted_mean_absolute_percentage_error,
)
from tests.inference.test_resampled import SPATIAL
from tests.metrics.measure import declare, measure, run

N = 300


def table(n=N, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    return {
        "id": np.arange(n),
        "label": label,
        "prediction": np.where(rng.random(n) < 0.85, label, 1 - label),
        "score": np.round(0.3 * label + 0.7 * rng.random(n), 2),
        "x": rng.normal(size=n),
        "flag": rng.random(n) < 0.1,
        "latency": rng.lognormal(size=n),
        "region": rng.choice(["eu", "us"], n),
        "group": rng.integers(0, 60, n),
    }


def numbers(n=N, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.normal(size=n) + 3
    return {"id": np.arange(n), "label": label, "prediction": label + rng.normal(size=n)}


def queries(n=N, seed=0):
    rng = np.random.default_rng(seed)
    relevance = rng.integers(0, 3, n)
    relevance[: n // 10] = 1
    return {
        "query": np.arange(n) % (n // 10),
        "relevance": relevance,
        "score": rng.random(n) + 0.2 * relevance,
    }


def pixels(n=N, seed=0):
    labelled, predicted = np.random.default_rng(seed).integers(50, 99, (2, n))
    shared = np.minimum(labelled, predicted) - 20
    return {
        "image": np.arange(n) // 2,
        "class": np.array(["road", "car"])[np.arange(n) % 2],
        "labelled": labelled,
        "predicted": predicted,
        "intersection": shared,
    }


def estimated(metric, columns, **options):
    return measure([metric], columns, **options)[metric.on("test")]


def drawn(keys, replicates):
    """(replicates, n) weights of rows with these keys, at the evaluation's default seed."""
    first, second = replicate_keys(seed_of(0, "weights"), 0, replicates)
    return poisson(words(*halves(keys), first[:, None], second[:, None]))


@pytest.mark.parametrize(
    "metric, columns, unit",
    [
        (roc_auc, table(), "id"),
        (average_precision, table(), "id"),
        (sensitivity_at(specificity=0.9), table(), "id"),
        (roc_auc_ovr, table(), "id"),
        (mean("x"), table(), "id"),
        (brier_score, table(), "id"),
        (0.5 * recall + 0.5 * roc_auc, table(), "id"),
        (root_mean_squared_error, numbers(), "id"),
        (weighted_mean_absolute_percentage_error, numbers(), "id"),
        (r2, numbers(), "id"),
        (pearson_correlation, numbers(), "id"),
        (spearman_correlation, numbers(), "id"),
        (ndcg, queries(), "query"),
        (hit_rate(k=2), queries(), "query"),
        (mean_iou, pixels(), "image"),
        (f1, table() | {"cluster": table()["group"]}, "cluster"),
        (accuracy, table() | {"cluster": table()["group"]}, "cluster"),
        (roc_auc, table() | {"cluster": table()["group"]}, "cluster"),
        (mean("x"), table() | {"cluster": table()["group"]}, "cluster"),
        (balanced_accuracy, table() | {"cluster": table()["group"]}, "cluster"),
        (f1(average="weighted"), table() | {"cluster": table()["group"]}, "cluster"),
        (cohen_kappa, table() | {"cluster": table()["group"]}, "cluster"),
        (matthews_corrcoef, table() | {"cluster": table()["group"]}, "cluster"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_a_replicate_is_the_metric_of_weighted_rows(metric, columns, unit):
    """Whatever the way it is computed: a weight of 2 is the row twice."""
    found = estimated(metric, columns).bootstrap(100).values
    split = Outputs(test=columns).split("test", "")
    weights = drawn(column_keys(split.column(unit)), 100)
    for b in (0, 99):
        again = estimated(metric, columns | {"weight": weights[b]})
        assert found[b] == pytest.approx(again.value, abs=1e-9)


@pytest.mark.parametrize("metric, scorer", [(f1, "f1"), (roc_auc, "auc")], ids=["f1", "auc"])
def test_the_spread_is_that_of_scikit_learn_in_a_loop(metric, scorer):
    columns, rng = table(), np.random.default_rng(5)
    found = estimated(metric, columns).bootstrap(4_000)
    label, other = columns["label"], columns["prediction" if scorer == "f1" else "score"]
    function = sk.f1_score if scorer == "f1" else sk.roc_auc_score
    loop = [function(label[i], other[i]) for i in rng.integers(0, N, (200, N))]
    assert found.error == pytest.approx(np.std(loop, ddof=1), rel=4 * math.sqrt(0.5 / 200))
    assert found.values.mean() == pytest.approx(np.mean(loop), abs=4 * np.std(loop) / 200**0.5)


COUNTED = {
    accuracy: lambda y, p: np.mean(y == p),
    f1: lambda y, p: 2 * np.sum(y & p) / (np.sum(y) + np.sum(p)),
    balanced_accuracy: lambda y, p: (np.mean(p[y == 1]) + np.mean(1 - p[y == 0])) / 2,
}
counted = pytest.mark.parametrize("metric", COUNTED, ids=str)


@counted
def test_counts_vary_as_examples_do(metric):
    """Multinomial counts against rows drawn one by one."""
    columns, rng = table(), np.random.default_rng(6)
    found = estimated(metric, columns).bootstrap(4_000)
    y, p = columns["label"], columns["prediction"]
    loop = [COUNTED[metric](y[i], p[i]) for i in rng.integers(0, N, (1_000, N))]
    assert found.error == pytest.approx(np.std(loop, ddof=1), rel=4 * math.sqrt(0.5 / 1_000))
    assert found.values.mean() == pytest.approx(np.mean(loop), abs=4 * found.error / 1_000**0.5)


SHUFFLED = np.random.default_rng(1).permutation(N)
ALL = [f1, balanced_accuracy, roc_auc, mean("x"), average_precision]


@pytest.fixture(scope="module")
def whole():
    result = measure(ALL, table())
    return {str(m): result[m.on("test")].bootstrap(200).values for m in ALL}


@pytest.mark.parametrize("without_ids", [False, True])
def test_the_order_of_rows_changes_no_replicate(whole, without_ids):
    columns = table()
    if without_ids:
        columns.pop("id")
        whole = {str(m): estimated(m, columns).bootstrap(200).values for m in ALL}
    result = measure(ALL, {k: v[SHUFFLED] for k, v in columns.items()})
    for metric in ALL:
        again = result[metric.on("test")].bootstrap(200).values
        assert (again == whole[str(metric)]).all()


def test_neither_chunks_nor_company_change_a_replicate(whole, monkeypatch):
    monkeypatch.setattr(resample, "HELD", 1 << 14)
    monkeypatch.setattr(draws, "HELD", 1 << 10)
    monkeypatch.setattr(recount, "HELD", 1 << 6)
    outputs = {"new": Outputs(test=table()), "old": Outputs(test=table(seed=3))}
    also = [m.on("test") for m in ALL[:2]] + [roc_auc.on("test").by("region")]
    result = run(outputs, models=["new", "old"], also=also)
    for metric in ALL:
        again = result["new", metric.on("test")].bootstrap(200).values
        assert (again == whole[str(metric)]).all()


def test_fewer_replicates_are_the_first_ones(whole):
    for metric in ALL:
        again = estimated(metric, table()).bootstrap(150).values
        assert (again == whole[str(metric)][:150]).all()


def test_a_slice_is_drawn_as_a_table_of_its_own():
    columns = table()
    inside = columns["region"] == "eu"
    sliced = roc_auc.on("test", region="eu")
    one = run(Outputs(test=columns), also=[sliced])[sliced].bootstrap(100).values
    alone = estimated(roc_auc, {k: v[inside] for k, v in columns.items()}).bootstrap(100).values
    assert (one == alone).all()


def test_each_of_many_slices_is_drawn_by_itself():
    columns = table() | {"part": np.arange(N) % 12}
    for metric in (f1, roc_auc):
        sliced = metric.on("test").by("part")
        found = run(Outputs(test=columns), also=[sliced])[sliced]
        one = metric.on("test", part=7)
        alone = run(Outputs(test=columns), also=[one])[one].bootstrap(100).values
        assert found["part=7"].bootstrap(100).values == pytest.approx(alone, nan_ok=True, abs=0)


def test_counts_of_what_is_read_in_batches_are_drawn(tmp_path):
    for i in range(3):
        part = {k: v[100 * i : 100 * (i + 1)] for k, v in table().items()}
        pq.write_table(pa.table(part), tmp_path / f"{i}.parquet")
    result = run(Outputs(test=tmp_path), also=[f1.on("test"), roc_auc.on("test")])
    found = result[f1.on("test")].bootstrap(100, method="bca")
    whole = estimated(f1, table()).bootstrap(100, method="bca")
    assert (found.values == whole.values).all()
    assert (found.low, found.high) == pytest.approx((whole.low, whole.high))
    with pytest.raises(OutputsError, match="bootstrap of roc_auc needs single rows, which a split"):
        result[roc_auc.on("test")].bootstrap()
    with pytest.raises(
        OutputsError, match="f1 within each label needs single rows, .* leave stratify= out"
    ):
        result[f1.on("test")].bootstrap(stratify="label")
    macro = f1(average="macro").on("test")
    with pytest.raises(OutputsError, match="bootstrap of f1.average='macro'. needs single rows, "):
        result[macro].bootstrap()


def test_the_device_changes_no_replicate(whole):
    evaluation = declare(also=[m.on("test") for m in ALL])
    result = evaluation.run(outputs=Outputs(test=table()), device="cpu")
    for metric in ALL:
        again = result[metric.on("test")].bootstrap(200).values
        assert again == pytest.approx(whole[str(metric)], rel=1e-12)


def test_seeds_differ():
    for metric in (f1, roc_auc):
        found = [
            run(Outputs(test=table()), also=[metric.on("test")], seed=s)[metric.on("test")]
            for s in (0, 0, 1)
        ]
        a, b, c = (e.bootstrap(100).values for e in found)
        assert (a == b).all()
        assert (a != c).any()


def test_bca_of_a_variance_is_that_of_the_book():
    """SciPy 1.17.1 with 1e5 resamples; the ends vary by about 1 from seed to seed."""
    x = np.array(SPATIAL, float)

    def values(replicates, column):
        w = np.random.default_rng(0).multinomial(26, np.full(26, 1 / 26), replicates)
        return w @ x**2 / 26 - (w @ x / 26) ** 2

    def influences():
        without = np.array([np.var(np.delete(x, i)) for i in range(26)])
        return without.mean() - without

    source = Source(26, "examples", (0, math.inf), values, influences)
    bounds = {"low": 0.0, "high": 0.0, "at_least": 0.0, "at_most": 0.0, "confidence": 0.9}
    stub = Estimate("variance", "", "test", "", float(x.var()), n=26, unit="", shown="", decides="",
                    **bounds)  # fmt: skip
    found = bootstrap(stub, source, 20_000, "bca", None, None)
    assert (found.low, found.high) == pytest.approx((115.96, 261.46), abs=2.5)
    found = bootstrap(stub, source, 20_000, "percentile", None, None)
    assert (found.low, found.high) == pytest.approx((97.56, 235.56), abs=2.5)


@pytest.mark.parametrize("metric", [latency.mean(), roc_auc, f1, roc_auc_ovr], ids=str)
def test_bca_leans_toward_the_longer_tail(metric):
    e = estimated(metric, table())
    plain, leaning = e.bootstrap(1_000), e.bootstrap(1_000, method="bca")
    assert (plain.values == leaning.values).all()
    side = 1 if metric == latency.mean() else -1
    assert side * (leaning.low - plain.low) > 0
    assert side * (leaning.high - plain.high) > 0


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


# Differences of two models


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
