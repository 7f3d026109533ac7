"""What holds for every metric of the catalogue, whatever its family."""

import math
import re

import numpy as np
import pytest

from evalharness import Outputs, OutputsError, metrics
from evalharness.metrics import listing
from tests.metrics.catalogue import FAMILIES, Family, Table
from tests.metrics.measure import measure, run

NO_METRICS = {"Metric", "metric", "harmonic_mean", "custom"}
UNITS = 60

every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)


def table(family: Family, units: int = UNITS, seed: int = 0) -> Table:
    return family.table(np.random.default_rng(seed), units * family.unit)


def rows(columns: Table, chosen: np.ndarray) -> Table:
    return {
        k: [v[i] for i in chosen] if isinstance(v, list) else np.asarray(v)[chosen]
        for k, v in columns.items()
    }


def spread(family: Family, of_units: np.ndarray) -> np.ndarray:
    """A value of each unit, for each of its rows."""
    return np.repeat(of_units, family.unit)


def values(family: Family, columns: Table) -> dict[str, float]:
    result = measure(family.metrics, columns, **family.options)
    return {str(m): result[m.on("test")].value for m in family.metrics}


def test_every_metric_is_in_a_family():
    named = {m.name for f in FAMILIES for m in f.metrics}
    named |= (
        {"latency"} if any(str(m).startswith("latency") for m in FAMILIES[3].metrics) else set()
    )
    offered = {
        getattr(value, "name", name)
        for name in set(metrics.__all__) - NO_METRICS
        for value in [getattr(metrics, name)]
    }
    assert offered - named == set(), "add the new one to tests/metrics/catalogue.py"


@every_family
def test_a_weight_of_two_is_the_row_twice(family):
    columns = table(family)
    weight = np.random.default_rng(1).integers(1, 4, UNITS)
    weighted = values(family, columns | {"weight": spread(family, weight) / 4})
    place = np.arange(UNITS * family.unit).reshape(UNITS, family.unit)
    repeated = rows(columns, np.repeat(place, weight, axis=0).ravel())
    for key in ("query", "id", "image"):
        if key in columns:  # each copy is a unit of its own
            repeated[key] = np.arange(len(repeated[key])) // family.unit
    found = values(family, repeated)
    for name, value in weighted.items():
        if name.startswith(("calibration_error", "brier_re", "brier_un")):
            continue  # what chance adds, which is taken off, depends on how many examples there are
        assert value == pytest.approx(found[name], rel=1e-9, abs=1e-12), name


@every_family
def test_a_slice_is_the_table_of_its_rows(family):
    columns = table(family)
    part = np.where(np.arange(UNITS) < 25, "a", "b")
    sliced = columns | {"part": spread(family, part)}
    placed = [m.on("test").by("part") for m in family.metrics]

    result = run(Outputs(test=sliced, **family.options), also=placed)
    for name in "ab":
        alone = rows(columns, np.flatnonzero(sliced["part"] == name))
        whole = values(family, alone)
        for m, by in zip(family.metrics, placed, strict=True):
            assert result[by][f"part={name}"].value == pytest.approx(
                whole[str(m)], rel=1e-9, abs=1e-12, nan_ok=True
            ), (name, str(m))


@every_family
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_clusters_change_the_interval_and_never_the_value(family, weighted):
    columns = table(family, 120)
    rng = np.random.default_rng(2)
    if weighted:
        columns["weight"] = spread(family, rng.choice([1.0, 2.0, 5.0], 120))
    alone = values(family, columns)
    clustered = columns | {"cluster": spread(family, np.arange(120) // 4)}
    result = measure(family.metrics, clustered, **family.options)
    for m in family.metrics:
        e = result[m.on("test")]
        if not m.name.startswith(("calibration_error", "expected", "brier_")):
            assert e.value == pytest.approx(alone[str(m)], rel=1e-12), str(m)
        assert e.at_least <= e.value <= e.at_most, str(m)
        assert e.at_least < e.at_most, str(m)
        assert e.low < e.high, str(m)
        low, high = m.range
        if math.isfinite(e.at_least):
            assert low - 1e-9 <= e.at_least <= e.at_most <= high + 1e-9, str(m)


@every_family
@pytest.mark.parametrize("units", [1, 2, 5])
def test_a_handful_of_units_never_decides_by_accident(family, units):
    """Undefined, refused in words, or wide: never a bound of no width, never a traceback."""
    columns = table(family, units, seed=3)
    for m in family.metrics:
        try:
            e = measure([m], columns, **family.options)[m.on("test")]
        except OutputsError:
            continue  # a class that never occurs, k above the number of samples: said in words
        if math.isnan(e.value):
            assert e.reason, str(m)
            continue
        column_of_ties = e.closed  # order statistics of few values may coincide
        assert e.at_least <= e.value <= e.at_most, str(m)
        assert e.at_least < e.at_most or column_of_ties, str(m)


@every_family
def test_the_order_of_the_rows_changes_nothing(family):
    columns = table(family) | {"cluster": spread(family, np.arange(UNITS) // 3)}
    order = np.random.default_rng(4).permutation(UNITS * family.unit)
    a = measure(family.metrics, columns, **family.options)
    b = measure(family.metrics, rows(columns, order), **family.options)
    for m in family.metrics:
        one, other = a[m.on("test")], b[m.on("test")]
        for name in ("value", "at_least", "at_most", "low", "high"):
            x, y = getattr(one, name), getattr(other, name)
            assert x == pytest.approx(y, rel=1e-9, abs=1e-12), (str(m), name)


def test_the_listing_tells_all_of_every_metric():
    told = {re.sub(r"\(.*", "", r.metric): r for _, found in listing.families() for r in found}
    assert set(told) == set(metrics.__all__) - {"Metric", "metric", "harmonic_mean"}
    for r in told.values():
        assert all((r.needs, r.better, r.range, r.interval, r.summary)), r
