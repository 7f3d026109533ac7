"""Metrics of real labels and predictions against scikit-learn and SciPy: types, weights, ties,
constants, n = 1; and what is said of labels and predictions that have no such metric."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness import OutputsError
from evalharness.declare.metric import Metric
from evalharness.metrics import association, deviance, regression
from tests.metrics.measure import measure

NAN = math.nan
MOST = np.finfo(float).max


@dataclass(frozen=True)
class Row:
    """A metric and its oracle: (label, prediction, weight), float64 (n,) each, to a number.

    needs: "any", "nonzero" labels, "above -1", or "positive" labels and predictions.
    """

    metric: Metric
    of: Callable[[Any, Any, Any], float | None]
    needs: str = "any"


def weighted(score: Callable[..., float], **more: Any) -> Callable[[Any, Any, Any], float]:
    return lambda y, p, w: score(y, p, sample_weight=w, **more)


def defined(score: Callable[..., float]) -> Callable[[Any, Any, Any], float]:
    """scikit-learn says 0 or 1 for constant labels; here they are undefined."""
    return lambda y, p, w: NAN if constant(y, w) else score(y, p, sample_weight=w)


def constant(x: Any, w: Any) -> bool:
    return len(np.unique(x[w > 0])) == 1


def symmetric(y: Any, p: Any, w: Any) -> float:
    size = np.where((y == 0) & (p == 0), 1.0, abs(y) + abs(p))
    return float(np.average(2 * abs(y - p) / size, weights=w))


def share_of_labels(y: Any, p: Any, w: Any) -> float:
    total = float(w @ abs(y))
    return float(w @ abs(y - p)) / total if total else NAN


def pearson(y: Any, p: Any, w: Any) -> float:
    if constant(y, w) or constant(p, w):
        return NAN
    if (w == 1).all():
        return float(scipy.stats.pearsonr(y, p).statistic)
    (a, c), (_, b) = np.cov(y, p, aweights=w)
    return float(c / np.sqrt(a) / np.sqrt(b))


def repeated(y: Any, p: Any, w: Any) -> float:
    """A weight of 2 is the row twice, of half a row half of that."""
    if constant(y, w) or constant(p, w):
        return NAN
    times = np.round(2 * w).astype(int)
    return float(scipy.stats.spearmanr(np.repeat(y, times), np.repeat(p, times)).statistic)


def agreement(y: Any, p: Any, w: Any) -> float:
    """Lin 1989."""
    if constant(np.concatenate([y, p]), np.concatenate([w, w])):
        return NAN
    my, mp = np.average(y, weights=w), np.average(p, weights=w)
    covariance = np.average((y - my) * (p - mp), weights=w)
    spreads = [np.average((x - m) ** 2, weights=w) for x, m in ((y, my), (p, mp))]
    return float(2 * covariance / (sum(spreads) + np.average(y - p, weights=w) ** 2))


def median(y: Any, p: Any, w: Any) -> float | None:
    """scikit-learn's; None where weights balance exactly, and a median is a matter of custom."""
    if (w != 1).any():
        error = abs(y - p)
        below = np.cumsum(w[np.argsort(error)])
        if np.isclose(below, below[-1] / 2).any():
            return None
    return sk.median_absolute_error(y, p, sample_weight=w)


def tweedie(power: float) -> Callable[[Any, Any, Any], float]:
    return weighted(sk.mean_tweedie_deviance, power=power)


pinball, power = regression.mean_pinball_loss, deviance.mean_tweedie_deviance

ROWS = [
    Row(regression.mean_absolute_error, weighted(sk.mean_absolute_error)),
    Row(regression.mean_squared_error, weighted(sk.mean_squared_error)),
    Row(regression.root_mean_squared_error, weighted(sk.root_mean_squared_error)),
    Row(regression.mean_squared_log_error, weighted(sk.mean_squared_log_error), "above -1"),
    Row(
        regression.root_mean_squared_log_error,
        weighted(sk.root_mean_squared_log_error),
        "above -1",
    ),
    Row(regression.median_absolute_error, median),
    Row(
        regression.mean_absolute_percentage_error,
        weighted(sk.mean_absolute_percentage_error),
        "nonzero",
    ),
    Row(regression.symmetric_mean_absolute_percentage_error, symmetric),
    Row(regression.weighted_mean_absolute_percentage_error, share_of_labels),
    Row(pinball, weighted(sk.mean_pinball_loss)),
    Row(pinball(alpha=0.9), weighted(sk.mean_pinball_loss, alpha=0.9)),
    Row(regression.max_error, lambda y, p, w: sk.max_error(y[w > 0], p[w > 0])),
    Row(deviance.mean_poisson_deviance, weighted(sk.mean_poisson_deviance), "positive"),
    Row(deviance.mean_gamma_deviance, weighted(sk.mean_gamma_deviance), "positive"),
    Row(power, weighted(sk.mean_tweedie_deviance)),
    *(Row(power(power=q), tweedie(q), "positive") for q in (-1.5, 1, 1.5, 2, 3)),
    Row(association.r2, defined(sk.r2_score)),
    Row(association.explained_variance, defined(sk.explained_variance_score)),
    Row(association.pearson_correlation, pearson),
    Row(association.spearman_correlation, repeated),
    Row(association.concordance_correlation, agreement),
]


def fits(row: Row, y: Any, p: Any) -> bool:
    return {
        "any": True,
        "nonzero": bool((y != 0).all()),
        "above -1": bool((y > -1).all() and (p > -1).all()),
        # Of large labels scikit-learn's deviances lose their digits.
        "positive": bool((y > 0).all() and (p > 0).all() and y.max() < 1e6),
    }[row.needs]


def disagreements(table: dict[str, Any], rel: float = 1e-9) -> list[str]:
    """Every metric that differs from its oracle on a table, in words."""
    y, p = (np.asarray(table[k]).astype(float) for k in ("label", "prediction"))
    w = np.asarray(table.get("weight", np.ones(len(y))), float)
    rows = [row for row in ROWS if fits(row, y, p)]
    result = measure([row.metric for row in rows], table)
    wrong = []
    for row in rows:
        # scikit-learn warns where our metric is undefined.
        with np.errstate(all="ignore"):
            wanted = row.of(y, p, w)
        found = result[row.metric.on("test")]
        if wanted is None:
            continue
        if math.isnan(wanted):
            if not (math.isnan(found.value) and found.reason):
                wrong.append(f"{row.metric}: {found.value}, but it is undefined")
        elif not math.isclose(found.value, wanted, rel_tol=rel, abs_tol=1e-12):
            wrong.append(f"{row.metric}: {found.value!r}, but the oracle says {wanted!r}")
    return wrong


def tables() -> Iterator[Any]:
    rng = np.random.default_rng(3)

    def table(n: int, dtype: Any = float, low: float = -50, high: float = 50) -> dict[str, Any]:
        y, noise = rng.uniform(low, high, n), rng.normal(0, (high - low) / 10, n)
        return {
            "label": y.astype(dtype),
            "prediction": np.clip(y + noise, low, high).astype(dtype),
        }

    def case(name: str, made: dict[str, Any]) -> Any:
        return pytest.param(made, id=name)

    for n in (1, 2, 7, 1000):
        yield case(f"n-{n}", table(n))
        yield case(f"positive-{n}", table(n, low=0.1, high=9))
    yield case("beyond-a-shape-bucket", table(20_000, low=0.1, high=9))
    for dtype in (np.float32, np.int8, np.int64, np.uint8):
        low = 1 if dtype is np.uint8 else -50
        yield case(np.dtype(dtype).name, table(300, dtype, low))
    yield case("offset", table(300, low=1e9, high=1e9 + 1))
    yield case("ties", {k: np.round(v, 0) for k, v in table(400, low=-3, high=3).items()})
    yield case("constant-labels", table(50) | {"label": np.full(50, 0.1)})
    yield case("constant-predictions", table(50) | {"prediction": np.full(50, 0.1)})
    yield case("one-number", {"label": np.full(9, 0.1), "prediction": np.full(9, 0.1)})
    yield case("zeros", {"label": np.zeros(9), "prediction": np.zeros(9)})
    exact = rng.normal(size=40)
    yield case("exact", {"label": exact, "prediction": exact})
    yield case("reversed", {"label": exact, "prediction": -exact})
    for name, weight in {
        "whole": rng.integers(1, 5, 300),
        "halves": rng.integers(1, 9, 300) / 2,
        "some-zero": rng.integers(0, 3, 300),
        "one-giant": np.where(np.arange(300) == 7, 1000, 1),
    }.items():
        for low in (-50, 0.1):
            yield case(f"weight-{name}-{low:g}", table(300, low=low) | {"weight": weight})
    rounded = {k: np.round(v) for k, v in table(300, low=1, high=9).items()}
    yield case("weighted-ties", rounded | {"weight": rng.integers(1, 9, 300) / 2})


@pytest.mark.filterwarnings("ignore:R.2 score is not well-defined")
@pytest.mark.parametrize("table", list(tables()))
def test_agrees_with_the_oracle(table):
    assert disagreements(table) == []


numbers = st.integers(-40, 40).map(lambda k: k / 8)


@pytest.mark.filterwarnings("ignore:R.2 score is not well-defined")
@settings(max_examples=10)
@given(st.lists(st.tuples(numbers, numbers, st.integers(1, 4)), min_size=1, max_size=25))
def test_agrees_on_anything_small(rows):
    y, p, w = np.array(rows, float).T
    positive = {"label": abs(y) + 0.5, "prediction": abs(p) + 0.5}
    found = disagreements({"label": y, "prediction": p})
    found += disagreements({"label": y, "prediction": p, "weight": w})
    assert found + disagreements(positive) + disagreements(positive | {"weight": w}) == []


def test_every_metric_has_a_row():
    here = {
        value.name
        for module in (regression, deviance, association)
        for value in vars(module).values()
        if isinstance(value, Metric)
    }
    assert here == {row.metric.name for row in ROWS}


def refused(metric: Metric, label: list[float], prediction: list[float]) -> str:
    with pytest.raises(OutputsError) as caught:
        measure([metric], {"label": label, "prediction": prediction})
    return str(caught.value)


def test_what_a_formula_cannot_take_is_named_with_its_rows():
    text = refused(regression.mean_absolute_percentage_error, [1, 0, 2, 0], [1, 1, 1, 1])
    assert "column `label` is 0 in 2 rows (1 and 3, counting from 0)" in text
    assert "weighted_mean_absolute_percentage_error" in text
    text = refused(regression.mean_squared_log_error, [0.5, -1, -3], [1, -2, 1])
    assert "column `label` is -3 to -1 in 2 rows (1 and 2, counting from 0)" in text
    assert "column `prediction` is -2 in 1 row (row 1, counting from 0)" in text


@pytest.mark.parametrize(
    "metric, label, prediction, told",
    [
        (deviance.mean_poisson_deviance, -1, 0, ["labels of 0 or more", "predictions above 0"]),
        (deviance.mean_gamma_deviance, 0, -2, ["labels above 0", "predictions above 0"]),
        (power(power=1.5), -1, 0, ["Tweedie (power 1.5)", "labels of 0 or more", "above 0"]),
        (power(power=3), 0, 0, ["labels above 0", "predictions above 0"]),
        (power(power=-1), -5, 0, ["Tweedie (power -1)", "predictions above 0"]),
    ],
    ids=str,
)
def test_domains_of_deviances(metric, label, prediction, told):
    text = refused(metric, [1, label, 2], [1, prediction, 2])
    assert all(part in text for part in told)
    assert "row 1, counting from 0" in text


def test_deviances_of_labels_that_are_zero():
    """Counts of 0 are what Poisson regression is for."""
    y, p = np.array([0, 0, 3.0, 1]), np.array([0.5, 1, 2, 1])
    for metric, oracle in (
        (deviance.mean_poisson_deviance, sk.mean_poisson_deviance(y, p)),
        (power(power=1.5), sk.mean_tweedie_deviance(y, p, power=1.5)),
        (power(power=-1), sk.mean_tweedie_deviance(y - 2, p, power=-1)),
    ):
        label = y - 2 if metric == power(power=-1) else y
        found = measure([metric], {"label": label, "prediction": p})[metric.on("test")]
        assert found.value == pytest.approx(oracle, rel=1e-12)


@pytest.mark.parametrize(
    "metric",
    [pinball(alpha=0), pinball(alpha=1), pinball(alpha="high"), pinball(alpha=NAN)],
    ids=str,
)
def test_a_level_between_zero_and_one(metric):
    assert "lies between 0 and 1" in refused(metric, [1, 2], [1, 2])


@pytest.mark.parametrize("wrong", [0.5, "two", True, math.inf], ids=str)
def test_no_distribution_has_that_power(wrong):
    assert "between 0 and 1 there is no" in refused(power(power=wrong), [1, 2], [1, 2])


def test_errors_that_are_no_numbers():
    assert "not finite" in refused(regression.mean_squared_error, [1e200, 0], [0, 0])
    assert "too large for a number in row 1" in refused(association.r2, [1, MOST], [1, -MOST])


@pytest.mark.parametrize("size", [1e-200, 1e200])
@pytest.mark.parametrize(
    "metric", [association.r2, association.pearson_correlation, association.concordance_correlation]
)
def test_sums_that_overflow_are_undefined(metric, size):
    y = size * np.arange(30.0)
    found = measure([metric], {"label": y, "prediction": y[::-1]})[metric.on("test")]
    assert math.isnan(found.value)
    assert found.reason


def test_constants_are_named():
    some, same = [1.0, 2, 3], [0.1, 0.1, 0.1]
    for metric in (association.r2, association.explained_variance):
        found = measure([metric], {"label": same, "prediction": some})[metric.on("test")]
        assert found.reason == "the labels are constant"
    for metric in (association.pearson_correlation, association.spearman_correlation):
        for table, reason in (
            ({"label": same, "prediction": some}, "the labels are constant"),
            ({"label": some, "prediction": same}, "the predictions are constant"),
        ):
            assert measure([metric], table)[metric.on("test")].reason == reason


def test_the_largest_error_is_reported_and_never_gates():
    rng = np.random.default_rng(0)
    table = {"label": rng.normal(size=500), "prediction": np.zeros(500)}
    found = measure([regression.max_error], table)[regression.max_error.on("test")]
    assert found.value == np.abs(table["label"]).max()
    assert "not seen may be any number" in found.reason
    assert [(found <= x).outcome for x in (1e-9, 1e9)] == ["inconclusive"] * 2


def test_a_cluster_of_copies_is_one_row():
    """Every metric's value and bounds: copying each row into its cluster shows nothing new."""
    rng = np.random.default_rng(9)
    n = 1_000
    y = rng.uniform(1, 9, n)
    single = {"label": y, "prediction": y * rng.uniform(0.8, 1.25, n)}
    copies = {k: np.repeat(v, 3) for k, v in single.items()} | {"cluster": np.arange(3 * n) // 3}
    metrics = [row.metric for row in ROWS if row.metric is not regression.max_error]
    one, three = measure(metrics, single), measure(metrics, copies)
    for metric in (m.on("test") for m in metrics):
        a, b = one[metric], three[metric]
        assert b.n == n
        assert b.value == pytest.approx(a.value, rel=1e-9)
        for side in ("at_least", "at_most"):
            width = abs(getattr(a, side) - a.value)
            assert math.isfinite(width)
            assert width > 0
            assert getattr(b, side) == pytest.approx(getattr(a, side), abs=0.15 * width), metric
