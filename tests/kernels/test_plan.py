"""The plan reads and checks first, all at once, and counts equal questions once."""

import numpy as np
import pytest

from evalharness import Outputs, OutputsError
from evalharness.kernels import plan as planning
from evalharness.kernels.groups import groups
from evalharness.kernels.passes import _power, rows_of
from evalharness.kernels.plan import Plan
from evalharness.metrics import (
    accuracy,
    error_rate,
    f1,
    latency,
    mean,
    precision,
    quantile,
    recall,
    roc_auc,
)
from tests.metrics.measure import declare, run

TABLE = {
    "label": [0, 1, 1, 0, 1, 1, 0, 1],
    "prediction": [0, 1, 0, 0, 1, 1, 1, 1],
    "latency": [1.0, 2, 3, 4, 5, 6, 7, 8],
    "region": ["eu", "eu", "us", "us", None, "eu", "asia", "moon"],
    "device": ["a", "b", "a", "b", "a", "b", "a", "b"],
}


@pytest.fixture
def counted(monkeypatch):
    """The statistics that were counted, one for each pass."""
    found = []

    def count(statistic, *rest):
        found.append(statistic)
        return real(statistic, *rest)

    real = planning.count
    monkeypatch.setattr(planning, "count", count)
    return found


def test_metrics_of_one_table_are_one_pass(counted):
    metrics = [recall, precision, f1, accuracy, error_rate, latency.quantile(0.5)]
    metrics += [quantile("latency", 0.9), latency.mean(), mean("latency")]
    run(Outputs(test=TABLE), also=[m.on("test") for m in metrics])
    assert len(counted) == len(set(counted)) == 3


@pytest.mark.parametrize("more", [{}, {"weight": [1.0, 2, 0, 1, 3, 1, 1, 2]}])
@pytest.mark.parametrize("at", [None, 0.4])
def test_of_two_classes_the_cells_tell_the_hits(counted, more, at):
    score = [0.1, 0.9, 0.45, 0.3, 0.5, 0.8, 0.7, 0.6]
    table = {k: TABLE[k] for k in ("label", "prediction", "device")} | {"score": score} | more
    for place in ({}, {"device": "a"}):
        hits, cells = (m(threshold=at).on("test", **place) for m in (accuracy, f1))
        counted.clear()
        both = run(Outputs(test=table), also=[hits, cells])
        assert [type(s).__name__ for s in counted] == ["Confusion"]
        alone = run(Outputs(test=table), also=[hits])
        assert type(counted[-1]).__name__ == "Hits"
        assert both[hits] == alone[hits]


def test_the_cells_of_three_classes_do_not_tell_the_hits(counted):
    table = {"label": [0, 1, 2, 0, 1, 2], "prediction": [0, 2, 2, 0, 0, 1]}
    metrics = [accuracy.on("test"), recall(positive=1).on("test")]
    found = run(Outputs(test=table), also=metrics)
    assert len(counted) == 2
    assert found[metrics[0]].value == 0.5


def test_slices_of_one_column_are_one_pass(counted):
    slices = [recall.on("test").by("device"), precision.on("test").by("device")]
    result = run(Outputs(test=TABLE), also=slices)
    assert len(counted) == 1
    result[precision.on("test").by("device")]
    assert len(counted) == 1


def test_two_bounds_on_one_metric_are_one_pass(counted):
    run(Outputs(test=TABLE), satisficing=[recall.on("test") >= 0.1, recall.on("test") <= 0.9])
    assert len(counted) == 1


def test_all_problems_at_once_and_before_any_number(counted):
    table = {"label": [0, 1], "prediction": [0, None], "x": [1.0, np.nan], "y": ["a", "b"]}
    bounds = [
        recall.on("test") >= 0.5,
        precision.on("test", region="eu") >= 0.5,  # the same null predictions: said once
        mean("x").on("test") >= 0,
        mean("y").on("test") >= 0,
        mean("z").on("test") >= 0,
        roc_auc.on("test") >= 0.5,
        accuracy.on("tst") >= 0.5,
        accuracy.on("test").by("device") >= 0.5,
    ]
    with pytest.raises(OutputsError) as caught:
        run({"m": Outputs(test=table)}, satisficing=bounds)
    problems = caught.value.problems
    assert counted == []
    for words in (
        "column `prediction` is null",
        "`region`",
        "column `x`",
        "column `y`",
        "no column `z`",
        "no column `score`",
        "no split `tst`",
        "`device`",
    ):
        assert sum(words in p for p in problems) == 1, (words, problems)


def test_problems_of_every_model_at_once():
    broken = {"label": [0, 1], "prediction": [0, None]}
    outputs = {"a": Outputs(test=broken), "b": Outputs(test=broken)}
    with pytest.raises(OutputsError) as caught:
        run(outputs, models=["a", "b"], satisficing=[recall.on("test") >= 0.5])
    assert [p.split(",")[0] for p in caught.value.problems] == ["a", "b"]


def test_an_error_never_depends_on_the_selection():
    bounds = [recall.on("test") >= 0.5, mean("price").on("test") <= 1]
    evaluation = declare(satisficing=bounds)
    for select in (None, [], evaluation.checks[:1], evaluation.checks[1:]):
        with pytest.raises(OutputsError, match="`price`"):
            evaluation.run(outputs=Outputs(test=TABLE), select=select)


def test_an_unknown_model():
    with pytest.raises(OutputsError, match="no model 'candidat' .did you mean `candidate`"):
        Plan({"candidate": Outputs(test=TABLE)}).split("candidat", "test")


# --- groups -----------------------------------------------------------------------------------


def split(**columns):
    return Outputs(test=TABLE | columns).split("test")


def test_the_whole_is_one_group():
    code, names, pooled = groups(split(), recall.on("test"))
    assert code.tolist() == [0] * 8
    assert code.dtype == np.int32
    assert (names, pooled) == (("",), ())


def test_a_slice_leaves_the_others_out():
    code, names, _ = groups(split(), recall.on("test", region="eu", device="b"))
    assert (code == 0).tolist() == [False, True, False, False, False, True, False, False]
    assert (code[code != 0] >= len(names)).all()


def test_by_has_a_group_for_each_value_and_one_for_none():
    code, names, pooled = groups(split(), recall.on("test").by("region"))
    assert names == (
        "region=asia",
        "region=eu",
        "region=moon",
        "region=us",
        "region=(missing)",
    )
    assert [names[c] for c in code] == [f"region={r or '(missing)'}" for r in TABLE["region"]]
    assert pooled == ()


def test_small_values_are_pooled_and_listed():
    code, names, pooled = groups(split(), recall.on("test").by("region", min_n=2))
    assert names == ("region=eu", "region=us", "region: other (3 values pooled)")
    assert code.tolist() == [0, 0, 1, 1, 2, 0, 2, 2]
    assert pooled == (("asia", 1), ("moon", 1), ("(missing)", 1))


def test_all_values_may_be_too_small():
    code, names, pooled = groups(split(), recall.on("test").by("region", min_n=100))
    assert names == ("region: other (5 values pooled)",)
    assert code.tolist() == [0] * 8
    assert sum(n for _, n in pooled) == 8


def test_a_slice_by_a_column():
    """Sizes count within the slice; values that do not occur there are no groups."""
    code, names, pooled = groups(split(), recall.on("test", region="eu").by("device", min_n=2))
    assert names == ("device=b", "device: other (1 value pooled)")
    assert code.tolist() == [1, 0, 2, 2, 2, 0, 2, 2]
    assert pooled == (("a", 1),)
    assert groups(split(), recall.on("test", region="moon").by("device")).names == ("device=b",)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (recall.on("test", region="mars"), "mars"),
        (recall.on("test", regoin="eu"), "did you mean `region`"),
        (recall.on("test").by("regoin"), "did you mean `region`"),
        (recall.on("test", region="moon", device="a"), "no row has .* together"),
    ],
)
def test_a_slice_withoutrows_of(metric, words):
    with pytest.raises(OutputsError, match=words):
        groups(split(), metric)


def test_all_that_is_wrong_with_a_slice():
    with pytest.raises(OutputsError) as caught:
        groups(split(), recall.on("test", region="mars", planet=1).by("continent"))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("n", "rows"),
    [(0, 1 << 14), (1, 1 << 14), (1 << 14, 1 << 14), ((1 << 14) + 1, 1 << 15)]
    + [(1 << 20, 1 << 20), ((1 << 20) + 1, 2 << 20), (5_000_000, 5 << 20)],
)
def test_shape_buckets(n, rows):
    assert rows_of(n) == rows


def test_powers_of_two():
    assert [_power(n) for n in (1, 2, 3, 4, 5, 16, 17)] == [1, 2, 4, 4, 8, 16, 32]


def test_a_file_that_is_not_there_is_told_once_whatever_is_asked_of_it(tmp_path):
    bounds = [m.on("test") >= 0.5 for m in (recall, precision, roc_auc)]
    with pytest.raises(OutputsError) as caught:
        run(Outputs(test=tmp_path / "none.parquet"), satisficing=bounds)
    assert len(caught.value.problems) == 1
    assert "there is no file at" in caught.value.problems[0]
