"""Bootstrap: right replicates, whatever the order, the chunks, the company and the device."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as sk

from evalharness import Outputs, OutputsError
from evalharness.inference import recount
from evalharness.inference.bootstrap import Source, bootstrap
from evalharness.inference.estimates import Estimate
from evalharness.kernels import draws, resample
from evalharness.kernels.keys import column_keys
from evalharness.metrics import (
    accuracy,
    average_precision,
    balanced_accuracy,
    brier_score,
    cohen_kappa,
    f1,
    hit_rate,
    latency,
    matthews_corrcoef,
    mean,
    mean_iou,
    ndcg,
    pearson_correlation,
    r2,
    recall,
    roc_auc,
    roc_auc_ovr,
    root_mean_squared_error,
    sensitivity_at,
    spearman_correlation,
    weighted_mean_absolute_percentage_error,
)
from tests.inference.redrawn import (
    COUNTED,
    SHUFFLED,
    N,
    counted,
    drawn,
    estimated,
    numbers,
    pixels,
    queries,
    table,
)
from tests.inference.test_resampled import SPATIAL
from tests.metrics.measure import declare, measure, run


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


@counted
def test_counts_vary_as_examples_do(metric):
    """Multinomial counts against rows drawn one by one."""
    columns, rng = table(), np.random.default_rng(6)
    found = estimated(metric, columns).bootstrap(4_000)
    y, p = columns["label"], columns["prediction"]
    loop = [COUNTED[metric](y[i], p[i]) for i in rng.integers(0, N, (1_000, N))]
    assert found.error == pytest.approx(np.std(loop, ddof=1), rel=4 * math.sqrt(0.5 / 1_000))
    assert found.values.mean() == pytest.approx(np.mean(loop), abs=4 * found.error / 1_000**0.5)


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
