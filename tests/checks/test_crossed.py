"""Slices by several columns, thousands of slices, and what is too many."""

import numpy as np
import pytest

from evalharness import Outputs, OutputsError
from evalharness.kernels import groups as grouping
from evalharness.metrics import accuracy, f1, recall, roc_auc
from tests.metrics.measure import run

N = 2_000
RNG = np.random.default_rng(5)
TABLE = {
    "label": RNG.integers(0, 2, N),
    "score": np.round(RNG.random(N), 2),
    "region": RNG.choice(["eu", "us", "asia"], N),
    "device": RNG.choice(["phone", "pc"], N),
    "hour": RNG.integers(0, 24, N),
}
TABLE["region"][TABLE["device"] == "pc"] = "eu"  # two of the six combinations never occur


def by_slice(metric, table=TABLE):
    return run(Outputs(test=table), also=[metric])[metric]


def test_a_slice_for_each_combination_that_occurs():
    found = by_slice(recall.on("test").by("region", "device"))
    assert list(found) == [
        "region=asia, device=phone",
        "region=eu, device=pc",
        "region=eu, device=phone",
        "region=us, device=phone",
    ]
    for name, estimate in found.items():
        where = dict(part.split("=") for part in name.split(", "))
        (alone,) = [by_slice(recall.on("test", **where))]
        assert (estimate.value, estimate.n) == (alone.value, alone.n)
        assert (estimate.at_least, estimate.at_most) == (alone.at_least, alone.at_most)
        assert estimate.title == f"recall on test, {name}"


def test_three_columns_and_small_combinations_pooled():
    metric = accuracy.on("test").by("region", "device", "hour", min_n=20)
    found = by_slice(metric)
    *_, last = found
    assert last.startswith("region × device × hour: other (")
    assert sum(e.n for e in found.values()) == N
    assert all(e.n >= 20 for name, e in found.items() if name != last)


def test_combinations_that_fill_no_table_are_the_same(monkeypatch):
    metric = f1.on("test").by("region", "device", "hour")
    expected = by_slice(metric)
    monkeypatch.setattr(grouping, "TABLE", 2)
    assert by_slice(metric) == expected


def test_a_check_names_its_columns():
    bound = recall.on("test").by("region", "device") >= 0.999
    (check,) = run(Outputs(test=TABLE), satisficing=[bound]).checks
    assert check.id == "recall-test-by-region-device"
    assert check.group == "region × device"
    assert check.message.startswith("recall on test by region × device, 4 slices: 4 fail (region=")
    assert str(bound) == 'recall.on("test").by("region", "device") >= 0.999'


def test_more_values_than_rows_allow():
    many = {"label": np.arange(4_000) % 2, "prediction": np.zeros(4_000, int)}
    many["session"] = np.arange(4_000) // 2 * 2 + (np.arange(4_000) % 4 == 3)
    with pytest.raises(OutputsError, match="`session` has 3,000 values in 4,000 rows"):
        by_slice(accuracy.on("test").by("session"), many)
    assert len(by_slice(accuracy.on("test").by("session", min_n=2), many)) == 1_001


def test_the_order_of_thousands_of_slices_and_of_their_rows_changes_nothing():
    rng = np.random.default_rng(0)
    n = 30_000
    table = {
        "label": rng.integers(0, 2, n),
        "score": rng.random(n).round(3),
        "user": rng.integers(0, 1_500, n),
    }
    bounds = [m.on("test").by("user") >= 0.3 for m in (recall, f1, roc_auc)]
    order = rng.permutation(n)
    one, two = (
        run(Outputs(test=t), satisficing=bounds)
        for t in (table, {k: v[order] for k, v in table.items()})
    )
    for a, b in zip(one.checks, two.checks, strict=True):
        assert a.message == b.message
        assert list(a.outcomes) == list(b.outcomes)


@pytest.mark.parametrize("more", [{"cluster": np.arange(N) // 4}, {"weight": np.arange(N) % 3}])
def test_clusters_and_weights_of_many_slices_are_those_of_each(more):
    metric = recall.on("test").by("hour")
    found = by_slice(metric, TABLE | more)
    assert len(found) == 24
    for hour in (0, 23):
        alone = by_slice(recall.on("test", hour=hour), TABLE | more)
        assert found[f"hour={hour}"].at_least == pytest.approx(alone.at_least, rel=1e-12)
        assert found[f"hour={hour}"].decides == alone.decides


@pytest.mark.parametrize(
    "columns",
    [
        {"a": ["(missing)", None, "x"] * 40},
        {"a": ["1, b=2", "1", "1"] * 40, "b": ["3", "2, b=3", "z"] * 40},
    ],
)
def test_values_that_would_be_written_alike_keep_names_of_their_own(columns):
    table = {"label": [0, 1, 1] * 40, "prediction": [0, 0, 1] * 40} | columns
    found = by_slice(accuracy.on("test").by(*columns), table)
    assert len(found) == 3
    assert sorted(e.value for e in found.values()) == [0.0, 1.0, 1.0]


def test_many_slices_are_printed_without_asking_what_would_settle_each(monkeypatch):
    """Of 1,500 slices only the worst is asked; a forecast takes longer than a verdict."""
    from evalharness.inference import verdicts

    rng = np.random.default_rng(0)
    n = 6_000
    table = {
        "label": rng.integers(0, 2, n),
        "score": rng.random(n),
        "user": rng.integers(0, 1_500, n),
    }
    asked = []
    real = verdicts._settle
    monkeypatch.setattr(verdicts, "_settle", lambda *a: asked.append(1) or real(*a))
    bounds = [m.on("test").by("user") >= 0.3 for m in (recall, roc_auc)]
    result = run(Outputs(test=table), satisficing=bounds)
    str(result)
    result.to_json()
    assert len(asked) <= 2
    assert result.checks[0].worst.settle
    others = [v for v in result.checks[0].verdicts if v.outcome == "inconclusive"]
    assert {v.settle for v in others[1:]} >= {0}
    assert "would settle" not in next(v for v in others if v.settle == 0).message
