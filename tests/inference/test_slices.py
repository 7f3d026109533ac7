"""All slices at once are each slice by itself: bounds, verdicts, messages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness import Confusion, Outputs, Proportion, Result
from evalharness.inference import slices
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.estimates import estimate
from evalharness.inference.many import Estimates, Verdicts
from evalharness.metrics import (
    accuracy,
    balanced_accuracy,
    brier_score,
    cohen_kappa,
    error_rate,
    f1,
    f_beta,
    jaccard,
    latency,
    matthews_corrcoef,
    mean,
    metric,
    precision,
    quantile,
    recall,
    roc_auc,
    root_mean_squared_error,
)
from tests.metrics.catalogue import FAMILIES
from tests.metrics.measure import run


@metric(Confusion(), better="higher", range=(-1, 1))
def youden(cells):
    """A function of a user's own."""
    return cells.tp / (cells.tp + cells.fn) + cells.tn / (cells.tn + cells.fp) - 1


METRICS = [accuracy, error_rate, precision, recall, f1, jaccard, roc_auc]
METRICS += [
    latency.mean(),
    mean("value"),
    brier_score,
    latency.quantile(0.9),
    latency.quantile(0.5),
    quantile("score", 0.1),
]
# Their shown interval is by differences, which lose half of the digits.
BY_DELTA = [balanced_accuracy, f1(average="macro"), matthews_corrcoef, cohen_kappa, f_beta(beta=2)]
BY_DELTA += [youden]


def table(seed: int, n: int, users: int, ties: int, skew: float) -> dict:
    rng = np.random.default_rng(seed)
    label = (rng.random(n) < rng.choice([0.02, 0.5, 0.98])).astype(int)
    label[:2] = 0, 1
    score = np.round(rng.random(n) * 0.5 + label * skew, ties)
    return {
        "label": label,
        "score": np.clip(score, 0, 1),
        "user": rng.integers(0, users, n),
        "latency": np.round(rng.lognormal(size=n), ties),
        "value": rng.normal(3, 1, n) ** rng.choice([1, 9]),
    }


@pytest.fixture
def both(monkeypatch):
    """The same evaluation with slices as arrays, and one at a time."""

    def evaluate(data, bounds, **more):
        together = run(Outputs(test=data), satisficing=bounds, **more)
        with monkeypatch.context() as m:
            m.setattr(slices, "FEWEST", 10**9)
            apart = run(Outputs(test=data), satisficing=bounds, **more)
        return together, apart

    return evaluate


@settings(max_examples=3, deadline=None, derandomize=True)
@given(
    st.integers(0, 10_000),
    st.sampled_from([8, 40, 300, 3_000]),
    st.sampled_from([8, 16]),
    st.sampled_from([1, 3]),
    st.sampled_from([0.0, 0.3, 0.6]),
)
def test_as_each_by_itself(seed, n, users, ties, skew):
    data = table(seed, n, users, ties, skew)
    bounds = [m.on("test").by("user") >= 0.6 for m in METRICS + BY_DELTA]
    bounds += [m.on("test").by("user") <= 0.2 for m in (error_rate, latency.quantile(0.5))]
    together = run(Outputs(test=data), satisficing=bounds)
    fewest, slices.FEWEST = slices.FEWEST, 10**9
    try:
        apart = run(Outputs(test=data), satisficing=bounds)
    finally:
        slices.FEWEST = fewest
    for one, two in zip(together.checks, apart.checks, strict=True):
        if len(one.verdicts) >= fewest:
            assert isinstance(one.verdicts, Verdicts)
        assert isinstance(two.verdicts, tuple)
        assert one.message == two.message
        assert one.worst.message == two.worst.message
        assert one.outcome == two.outcome
        for a, b in zip(one.verdicts, two.verdicts, strict=True):
            assert (a.outcome, a.level, a.settle) == (b.outcome, b.level, b.settle)
            delta = one.metric in map(str, BY_DELTA)
            for field in ("value", "low", "high", "at_least", "at_most", "n"):
                x, y = getattr(a.estimate, field), getattr(b.estimate, field)
                near = {"rel": 1e-7, "abs": 1e-8} if delta else {"rel": 1e-12, "abs": 1e-14}
                assert x == pytest.approx(y, **near, nan_ok=True), (one.metric, field)
            assert a.estimate.reason == b.estimate.reason
            assert (a.estimate.shown, a.estimate.decides) == (b.estimate.shown, b.estimate.decides)


def branching(cells):
    return cells.tp / (cells.tp + cells.fn) if cells.tp else 0.0


def of_all_slices(cells):
    return cells.tp / np.max(cells.tp + cells.fn)


@pytest.mark.parametrize("function", [branching, of_all_slices], ids=lambda f: f.__name__)
def test_what_answers_arrays_otherwise_is_asked_one_by_one(function, both):
    own = metric(Confusion(), better="higher", range=(0, 1))(function)
    together, apart = both(table(1, 3_000, 20, 2, 0.3), [own.on("test").by("user") >= 0.5])
    assert isinstance(together.checks[0].verdicts, tuple)
    assert str(together) == str(apart)


@metric(Confusion(average="macro"), better="higher", range=(0, 1))
def capped(cells):
    """Hits that are no sum of cells, in those slices that have many."""
    return Proportion(np.minimum(cells.tp, 40), cells.tp + cells.fn)


def test_the_classes_of_a_slice_are_judged_by_that_slice(both):
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(10), [40] * 5 + [400] * 5)
    label = rng.integers(0, 3, len(user))
    answer = np.where(rng.random(len(user)) < 0.8, label, rng.integers(0, 3, len(user)))
    data = {"label": label, "prediction": answer, "user": user}
    together, apart = both(data, [capped.on("test").by("user") >= 0.5])
    assert isinstance(together.checks[0].verdicts, Verdicts)
    for a, b in zip(together.checks[0].verdicts, apart.checks[0].verdicts, strict=True):
        assert a.message == b.message
        assert a.estimate.at_least == pytest.approx(b.estimate.at_least, rel=1e-12)


def test_a_function_of_a_mean_as_each_by_itself(both):
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(12), [1, 2, 30, 150, 199, 200, 201, 400, 400, 400, 3_000, 300])
    label = rng.normal(size=len(user))
    error = np.where(user == 7, 0.0, rng.normal(size=len(user)) ** np.where(user == 8, 15, 1))
    data = {"label": label, "prediction": label + error, "user": user}
    asked = root_mean_squared_error.on("test").by("user")
    together, apart = both(data, [asked <= 1.1])
    assert isinstance(together.checks[0].verdicts, Verdicts)
    assert str(together) == str(apart)
    for a, b in zip(together.checks[0].verdicts, apart.checks[0].verdicts, strict=True):
        assert (a.outcome, a.settle, a.message) == (b.outcome, b.settle, b.message)
        for field in ("value", "low", "high", "at_least", "at_most", "n"):
            x, y = getattr(a.estimate, field), getattr(b.estimate, field)
            assert x == pytest.approx(y, rel=1e-12, nan_ok=True), field


@pytest.mark.parametrize("n", [60, 3_000])
@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_averages_over_classes_as_each_by_itself(both, average, n):
    rng = np.random.default_rng(n)
    label = rng.choice(["a", "b", "c", "d"], n, p=[0.5, 0.3, 0.15, 0.05])
    answer = np.where(rng.random(n) < 0.8, label, rng.choice(["a", "b", "c", "d"], n))
    data = {"label": label, "prediction": answer, "user": rng.integers(0, 12, n)}
    asked = [m(average=average).on("test").by("user") for m in (recall, f1, precision)]
    bounds = [m >= 0.5 for m in asked] + [f1(average=average).on("test").by("user") <= 0.9]
    together, apart = both(data, bounds)
    assert all(isinstance(c.verdicts, Verdicts) for c in together.checks)
    assert str(together) == str(apart)
    for one, two in zip(together.checks, apart.checks, strict=True):
        for a, b in zip(one.verdicts, two.verdicts, strict=True):
            assert (a.outcome, a.settle, a.message) == (b.outcome, b.settle, b.message)
            for field in ("value", "low", "high", "at_least", "at_most", "n"):
                x, y = getattr(a.estimate, field), getattr(b.estimate, field)
                assert x == pytest.approx(y, rel=1e-12, nan_ok=True), (one.metric, field)


# Of these each slice is bounded by itself, in 1 to 15 ms.
ONE_BY_ONE = {
    "binary": """
        average_precision partial_auc sensitivity_at specificity_at equal_error_rate ks_statistic
        recall_at_precision precision_at_recall calibration_error expected_calibration_error
        brier_reliability brier_resolution brier_uncertainty
    """,
    "classes": "cohen_kappa roc_auc_ovr roc_auc_ovo calibration_error",
    "numbers": """
        max_error r2 explained_variance weighted_mean_absolute_percentage_error
        pearson_correlation spearman_correlation concordance_correlation
    """,
    "queries": "",
}


@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_which_metrics_are_bounded_at_once(name):
    """A new one had better be: a thousand slices are not rare."""
    family = next(f for f in FAMILIES if f.name == name)
    rows = dict(family.table(np.random.default_rng(3), 400))
    rows["zone"] = np.arange(400) // 5 % 10
    asked = {m.label: m.on("test").by("zone") for m in family.metrics if "micro" not in m.label}
    asked = {label: m for label, m in asked.items() if len(m.parts) == 1}
    found = run(Outputs(test=rows, **family.options), also=list(asked.values()))
    estimates = found.estimates["model"]
    alone = [k for k, m in asked.items() if not isinstance(estimates[str(m)], Estimates)]
    assert {label.split("(")[0] for label in alone} == set(ONE_BY_ONE[name].split())


def test_the_arrays_are_those_of_the_estimates(both):
    data = table(1, 3_000, 20, 2, 0.3)
    together, _ = both(data, [roc_auc.on("test").by("user") >= 0.5])
    found = next(iter(together.estimates["model"].values()))
    assert isinstance(found, Estimates)
    place = found.place | {"slice": ""}
    each = [estimate(found.slices.one(g), found.confidence, **place) for g in range(len(found))]
    for name in ("value", "low", "high", "at_least", "at_most", "n"):
        theirs = [getattr(e, name) for e in each]
        np.testing.assert_allclose(getattr(found, name), theirs, rtol=1e-12)
        assert [getattr(e, name) for e in found] == list(getattr(found, name))


def test_limits_are_those_of_the_arrays_and_not_computed_again(both, monkeypatch):
    data = table(1, 3_000, 20, 2, 0.3)
    bounds = [roc_auc.on("test").by("user") >= 0.6, roc_auc.on("test").by("user") <= 0.9]
    _, apart = both(data, bounds)
    with monkeypatch.context() as m:
        for name in ("interval", "lower", "upper"):
            m.setattr(ConcordanceBounds, name, None)
        together = run(Outputs(test=data), satisficing=bounds)
        found = [[(v.outcome, v.level) for v in c.verdicts] for c in together.checks]
    assert found == [[(v.outcome, v.level) for v in c.verdicts] for c in apart.checks]
    assert [c.message for c in together.checks] == [c.message for c in apart.checks]


@pytest.mark.parametrize("policy", ["confident", "point"])
def test_policies_and_levels(both, policy):
    data = table(3, 2_000, 12, 2, 0.3)
    bounds = [m.on("test").by("user") >= 0.9 for m in (recall, f1)]
    together, apart = both(data, bounds, policy=policy)
    assert [c.message for c in together.checks] == [c.message for c in apart.checks]
    assert str(together) == str(apart)


def test_a_result_of_many_slices_is_written_and_read(both):
    data = table(4, 2_000, 12, 2, 0.3)
    together, apart = both(data, [f1.on("test").by("user") >= 0.5])
    again = Result.from_json(together.to_json())
    assert [c.message for c in again.checks] == [c.message for c in together.checks]
    assert again.checks[0].verdicts == together.checks[0].verdicts
    left, right = (r.as_dict() for r in (together, apart))
    assert left["checks"][0]["outcome"] == right["checks"][0]["outcome"]
