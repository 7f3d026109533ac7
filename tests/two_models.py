"""Outputs of two models on the same examples, for tests of results and of differences."""

import numpy as np

from evalharness import Outputs
from evalharness.metrics import (
    accuracy,
    error_rate,
    latency,
    mean,
    precision,
    rate,
    recall,
    roc_auc,
)
from tests.metrics.measure import run

N = 400

BOUNDS = [
    recall.on("test") >= 0.7,
    recall.on("test", region="eu") >= 0.99,
    accuracy.on("test").by("region", min_n=100) >= 0.5,
    precision(threshold=0.99999).on("test") >= 0.5,  # 0/0: nothing is predicted positive
    latency.quantile(0.999).on("test") <= 100,  # no bound at this n: infinite
    mean("x").on("test") <= 5,
    error_rate.on("test") >= 0.5,
]


def table(seed, n=N):
    """One model's outputs; labels and slices are the same whatever the seed."""
    common, own = np.random.default_rng(0), np.random.default_rng(seed)
    label = common.integers(0, 2, n)
    return {
        "id": np.arange(n),
        "label": label,
        "prediction": np.where(own.random(n) < 0.75 + 0.05 * seed, label, 1 - label),
        "score": own.random(n),
        "x": own.normal(size=n) + 0.3 * seed,
        "flag": own.random(n) < 0.1,
        "latency": own.lognormal(size=n),
        "region": common.choice(["eu", "us", "<script>"], n, p=[0.6, 0.38, 0.02]),
    }


def shuffled(columns, seed=5):
    order = np.random.default_rng(seed).permutation(len(columns["id"]))
    return {k: v[order] for k, v in columns.items()}


def two_models(**other):
    return {"new": Outputs(test=table(2)), "old": Outputs(test=shuffled(table(1)) | other)}


def gated_result():
    """Every kind of verdict for two gated models, and two metrics that are only reported."""
    also = [roc_auc.on("test"), rate("flag").on("test").by("region")]
    outputs = {"new": Outputs(test=table(2)), "old": Outputs(test=table(1))}
    return run(outputs, models=["new", "old"], satisficing=BOUNDS, also=also)


def point_result():
    """One model, decided by values alone."""
    return run(Outputs(test=table(1)), satisficing=BOUNDS[:2], policy="point")


def minus(result, metric):
    return result["new", metric] - result["old", metric]
