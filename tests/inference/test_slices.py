"""All slices at once are each slice by itself: bounds, verdicts, messages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness import Outputs, Result
from evalharness.inference import slices
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.estimates import estimate
from evalharness.inference.many import Estimates, Verdicts
from evalharness.metrics import accuracy, error_rate, f1, jaccard, precision, recall, roc_auc
from tests.metrics.measure import run

METRICS = [accuracy, error_rate, precision, recall, f1, jaccard, roc_auc]


def table(seed: int, n: int, users: int, ties: int, skew: float) -> dict:
    rng = np.random.default_rng(seed)
    label = (rng.random(n) < rng.choice([0.02, 0.5, 0.98])).astype(int)
    score = np.round(rng.random(n) * 0.5 + label * skew, ties)
    return {"label": label, "score": np.clip(score, 0, 1), "user": rng.integers(0, users, n)}


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


@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    st.integers(0, 10_000),
    st.sampled_from([8, 40, 300, 1_500]),
    st.sampled_from([8, 30]),
    st.sampled_from([1, 3]),
    st.sampled_from([0.0, 0.3, 0.6]),
)
def test_as_each_by_itself(seed, n, users, ties, skew):
    data = table(seed, n, users, ties, skew)
    bounds = [m.on("test").by("user") >= t for m in METRICS for t in (0.6,)]
    bounds += [error_rate.on("test").by("user") <= 0.2]
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
            for field in ("value", "low", "high", "at_least", "at_most", "n"):
                x, y = getattr(a.estimate, field), getattr(b.estimate, field)
                assert x == pytest.approx(y, rel=1e-12, abs=1e-14, nan_ok=True), field
            assert a.estimate.reason == b.estimate.reason
            assert (a.estimate.shown, a.estimate.decides) == (b.estimate.shown, b.estimate.decides)


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
