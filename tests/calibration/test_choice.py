"""Do the promises of a choice hold: equal models are not told apart, the bound of the picked one
holds, and no model is let through for having been one of many."""

import numpy as np
import pytest

from evalharness import Outputs
from evalharness.inference.all_pairs import of_shares
from evalharness.inference.linearised import LinearisedBounds
from evalharness.inference.max_t import MaxT, covariance
from evalharness.inference.paired_units import PairedUnitBounds
from evalharness.inference.proportions import clopper_pearson_lower
from evalharness.metrics import accuracy
from tests.inference.test_max_t import hits, influences
from tests.metrics.measure import declare

pytestmark = pytest.mark.calibration
ALPHA = 0.05


def most(runs):
    """How many of the runs may go wrong: the level, and three standard errors."""
    return runs * ALPHA + 3 * np.sqrt(runs * ALPHA * (1 - ALPHA))


@pytest.mark.parametrize(
    "models, n, rate, common, runs",
    [
        (100, 1000, 0.9, 0.0, 40),
        (100, 200, 0.9, 0.7, 30),
        (20, 200, 0.99, 0.0, 80),
        (5, 50, 0.5, 0.0, 200),
        (5, 1000, 0.9, 0.9, 150),
        (2, 1000, 0.999, 0.0, 200),
    ],
)
def test_equal_models_are_told_apart_in_at_most_one_run_of_twenty(models, n, rate, common, runs):
    wrong = 0
    for seed in range(runs):
        right = hits(seed, models, n, rate, common)
        level = MaxT(covariance(influences(right)), seed, draws=2000).of_pairs(ALPHA)
        wrong += of_shares(right, level).apart.any()
    assert wrong <= most(runs)


@pytest.mark.parametrize("clusters, members, runs", [(5, 40, 60), (10, 40, 60), (30, 20, 60)])
def test_few_clusters_tell_no_equal_models_apart(clusters, members, runs):
    rng, wrong, models = np.random.default_rng(3), 0, 10
    for seed in range(runs):
        shape = (models, clusters)
        ease = rng.normal(0, 0.5, (1, clusters)) + rng.normal(0, 0.5, shape)
        right = rng.normal(size=(*shape, members)) + ease[:, :, None] < 0.8
        values = right.mean((1, 2))
        units = (right.sum(2) - members * values[:, None]) / (clusters * members)
        spread = covariance(units)
        level = MaxT(spread, seed, draws=2000).of_pairs(ALPHA)
        # As good as any: the pair that a normal bound would tell apart the most clearly.
        error = np.sqrt(np.add.outer(np.diag(spread), np.diag(spread)) - 2 * spread)
        error[error <= 0] = np.inf
        i, j = np.unravel_index(np.argmax(np.subtract.outer(values, values) / error), error.shape)
        linear = LinearisedBounds(values[i] - values[j], units[i] - units[j], 0, (-1, 1))
        better, worse = (right[i] & ~right[j]).sum(1), (right[j] & ~right[i]).sum(1)
        bounds = PairedUnitBounds(linear, better, worse, np.full(clusters, members), True)
        wrong += bounds.lower(level / 2) > 0
    assert wrong <= most(runs)


@pytest.mark.parametrize(
    "models, common, optimism, runs",
    [(5, 0.0, 0.011, 100), (20, 0.0, 0.017, 80), (20, 0.7, 0.0, 80), (100, 0.0, 0.023, 40)],
)
def test_the_bound_of_the_picked_model_holds_and_its_value_is_corrected(
    models, common, optimism, runs
):
    broken, raw, left = 0, [], []
    for seed in range(runs):
        right = hits(seed, models, 1000, 0.9, common)
        values = right.mean(1)
        found = MaxT(covariance(influences(right)), seed, draws=2000)
        picked = np.round(1000 * values.max())
        broken += clopper_pearson_lower(picked, 1000, found.of_each(ALPHA)) > 0.9
        raw.append(values.max() - 0.9)
        left.append(values.max() - found.gain(values, 1) - 0.9)
    assert broken <= most(runs)
    error = np.std(left, ddof=1) / np.sqrt(runs)
    assert abs(np.mean(left)) < 0.0015 + 3 * error
    if not common:
        assert np.mean(raw) == pytest.approx(optimism, abs=0.002)


def test_of_many_models_at_the_threshold_none_is_let_through():
    """Each alone passes in one run of twenty; of twelve some would in nearly every second run."""
    runs, n, passed, alone = 40, 300, 0, 0
    names = [f"m{k}" for k in range(12)]
    evaluation = declare(
        models=names, optimizing=accuracy.on("dev"), satisficing=[accuracy.on("dev") >= 0.9]
    )
    ids, label = np.arange(n), np.arange(n) % 2
    for seed in range(runs):
        right = hits(seed, len(names), n, 0.9)
        given = {
            m: Outputs(dev={"id": ids, "label": label, "prediction": np.where(r, label, 1 - label)})
            for m, r in zip(names, right, strict=True)
        }
        result = evaluation.run(given)
        passed += result[accuracy.on("dev")].outcome == "pass"
        alone += any(c.outcome == "pass" for c in result.checks if c.kind == "satisficing")
    assert passed <= most(runs)
    assert alone > 3 * passed
