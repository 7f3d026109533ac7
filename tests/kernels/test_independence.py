"""A verdict does not depend on what else is decided, in what order, or how the rows are cut."""

import itertools

import numpy as np
import pytest

from evalharness import Outputs
from evalharness.kernels import passes
from evalharness.metrics import (
    accuracy,
    balanced_accuracy,
    f1,
    latency,
    matthews_corrcoef,
    mean,
    precision,
    rate,
    recall,
    roc_auc,
)
from tests.metrics.measure import declare, run

N = 150

BOUNDS = [
    recall.on("test") >= 0.7,
    recall.on("test") <= 0.95,
    precision.on("test", region="eu") >= 0.8,
    accuracy.on("test").by("region", min_n=20) >= 0.6,
    mean("cost").on("test") <= 9,  # few values, somewhat skewed: bootstrap-t, which draws
    mean("x").on("test", region="us") >= -1,
    latency.mean().on("test").by("region") <= 9,
    latency.quantile(0.9).on("test") <= 8,
    roc_auc.on("test") >= 0.6,
    matthews_corrcoef.on("test") >= 0.4,
    balanced_accuracy.on("test") >= 0.6,
    f1(threshold=0.4).on("test") >= 0.2,
    rate("flag").on("dev") <= 0.2,
]


def table(seed, n=N):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    return {
        "id": np.arange(n),
        "label": label,
        "prediction": np.where(rng.random(n) < 0.85, label, 1 - label),
        "score": np.round(0.4 * label + 0.6 * rng.random(n), 2),
        "x": rng.normal(size=n),
        "latency": rng.lognormal(size=n),
        "cost": rng.gamma(8, size=n),
        "flag": rng.random(n) < 0.1,
        "region": rng.choice(["eu", "us", "asia", "moon"], n, p=[0.5, 0.3, 0.15, 0.05]),
    }


def outputs(seed=1, order=None):
    def rows(columns):
        return columns if order is None else {k: v[order] for k, v in columns.items()}

    return Outputs(test=rows(table(seed)), dev=rows(table(seed + 100)))


@pytest.fixture(scope="module")
def evaluation():
    return declare(satisficing=BOUNDS)


@pytest.fixture(scope="module")
def whole(evaluation):
    return {c.id: c for c in evaluation.run(outputs=outputs()).checks}


def numbers(check):
    """Every number of a check's verdicts."""
    return [
        number
        for v in check.verdicts
        for e in [v.estimate]
        for number in (e.value, e.low, e.high, e.at_least, e.at_most, e.n, v.limit, v.level)
    ]


def assert_alike(one, two):
    """Equal but for rounding: sums in another order differ in their last digit."""
    assert one.id == two.id
    assert [v.outcome for v in one.verdicts] == [v.outcome for v in two.verdicts]
    assert [v.estimate.slice for v in one.verdicts] == [v.estimate.slice for v in two.verdicts]
    assert numbers(one) == pytest.approx(numbers(two), rel=1e-9, abs=1e-12)
    assert one.message == two.message
    assert one.pooled == two.pooled


def test_the_same_again(evaluation, whole):
    for check in evaluation.run(outputs=outputs()).checks:
        assert check == whole[check.id]


def test_there_is_something_to_depend_on(whole):
    outcomes = {c.outcome for c in whole.values()}
    methods = {v.estimate.decides for c in whole.values() for v in c.verdicts}
    assert len(outcomes) > 1
    assert any("bootstrap-t" in method for method in methods)
    assert len(methods) >= 5


@pytest.mark.parametrize("place", range(len(BOUNDS)))
def test_each_check_alone(evaluation, whole, place):
    chosen = evaluation.checks[place]
    (check,) = evaluation.run(outputs=outputs(), select=[chosen]).checks
    assert check == whole[chosen.id]


def test_any_selection(evaluation, whole):
    rng = np.random.default_rng(3)
    pairs = list(itertools.combinations(evaluation.checks, 2))
    many = [
        [c for c in evaluation.checks if rng.random() < share] for share in (0.3, 0.6, 0.9, 0.5)
    ]
    for select in [pairs[i] for i in rng.choice(len(pairs), 8, replace=False)] + many:
        found = evaluation.run(outputs=outputs(), select=select).checks
        assert [c.id for c in found] == [c.id for c in select]
        assert all(check == whole[check.id] for check in found)


def test_no_selection_decides_nothing_but_reads_all(evaluation):
    result = evaluation.run(outputs=outputs(), select=[])
    assert result.checks == ()
    assert result.provenance["tables"]["model"].keys() == {"test", "dev"}


def test_the_order_of_declaration(whole):
    backwards = declare(satisficing=BOUNDS[::-1]).run(outputs=outputs())
    assert [c.id for c in backwards.checks] == list(whole)[::-1]
    assert all(check == whole[check.id] for check in backwards.checks)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows(evaluation, whole, seed):
    order = np.random.default_rng(seed).permutation(N)
    for check in evaluation.run(outputs=outputs(order=order)).checks:
        assert_alike(check, whole[check.id])


@pytest.mark.parametrize("size", [N, 1 << 15])
def test_the_size_of_the_pass(evaluation, whole, size, monkeypatch):
    monkeypatch.setattr(passes, "rows_of", lambda n: size)
    monkeypatch.setattr(passes, "_power", lambda groups: groups)
    for check in evaluation.run(outputs=outputs()).checks:
        assert_alike(check, whole[check.id])


def test_what_else_is_reported(whole):
    also = [latency.mean().on("dev"), accuracy.on("test").by("region")]
    also += [recall(positive=0).on("dev"), f1.on("dev")]
    for check in declare(satisficing=BOUNDS, also=also).run(outputs=outputs()).checks:
        assert check == whole[check.id]


def test_a_baseline_beside_it():
    """A model that is not gated changes nothing but the names in the messages."""
    bounds = BOUNDS[:6]
    alone = run({"new": outputs()}, models=["new"], satisficing=bounds)
    both = run({"new": outputs(), "old": outputs(7)}, models=["new"], satisficing=bounds)
    for one, two in zip(alone.checks, both.checks, strict=True):
        assert [v.outcome for v in one.verdicts] == [v.outcome for v in two.verdicts]
        assert numbers(one) == numbers(two)


def test_a_fail_is_shared_among_what_was_declared_not_selected():
    """The level of a fail is that of the family, also when one check is run alone."""
    bounds = [recall.on("test") >= 0.99, *(accuracy.on(s) >= 0.1 for s in ("test", "dev"))]
    evaluation = declare(satisficing=bounds)
    (check,) = evaluation.run(outputs=outputs(), select=[evaluation.checks[0]]).checks
    assert check.outcome == "fail"
    assert check.verdicts[0].family == 3
    assert check.verdicts[0].level == pytest.approx(0.05 / 3)


def test_the_seed_moves_only_what_is_drawn(evaluation, whole):
    other = declare(satisficing=BOUNDS, seed=1).run(outputs=outputs())
    for check in other.checks:
        drawn = any("bootstrap-t" in v.estimate.decides for v in check.verdicts)
        assert (numbers(check) != numbers(whole[check.id])) == drawn
