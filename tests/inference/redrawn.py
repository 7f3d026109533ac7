"""Tables of which the tests of resampling draw, and their estimates."""

import numpy as np
import pytest

from evalharness.inference.of_form import seed_of
from evalharness.kernels.weights import halves, poisson, replicate_keys, words
from evalharness.metrics import accuracy, balanced_accuracy, f1
from tests.metrics.measure import measure

N = 300
SHUFFLED = np.random.default_rng(1).permutation(N)
# Metrics of counts, by hand.
COUNTED = {
    accuracy: lambda y, p: np.mean(y == p),
    f1: lambda y, p: 2 * np.sum(y & p) / (np.sum(y) + np.sum(p)),
    balanced_accuracy: lambda y, p: (np.mean(p[y == 1]) + np.mean(1 - p[y == 0])) / 2,
}
counted = pytest.mark.parametrize("metric", COUNTED, ids=str)


def table(n=N, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    return {
        "id": np.arange(n),
        "label": label,
        "prediction": np.where(rng.random(n) < 0.85, label, 1 - label),
        "score": np.round(0.3 * label + 0.7 * rng.random(n), 2),
        "x": rng.normal(size=n),
        "flag": rng.random(n) < 0.1,
        "latency": rng.lognormal(size=n),
        "region": rng.choice(["eu", "us"], n),
        "group": rng.integers(0, 60, n),
    }


def numbers(n=N, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.normal(size=n) + 3
    return {"id": np.arange(n), "label": label, "prediction": label + rng.normal(size=n)}


def queries(n=N, seed=0):
    rng = np.random.default_rng(seed)
    relevance = rng.integers(0, 3, n)
    relevance[: n // 10] = 1
    return {
        "query": np.arange(n) % (n // 10),
        "relevance": relevance,
        "score": rng.random(n) + 0.2 * relevance,
    }


def pixels(n=N, seed=0):
    labelled, predicted = np.random.default_rng(seed).integers(50, 99, (2, n))
    shared = np.minimum(labelled, predicted) - 20
    return {
        "image": np.arange(n) // 2,
        "class": np.array(["road", "car"])[np.arange(n) % 2],
        "labelled": labelled,
        "predicted": predicted,
        "intersection": shared,
    }


def estimated(metric, columns, **options):
    return measure([metric], columns, **options)[metric.on("test")]


def drawn(keys, replicates):
    """(replicates, n) weights of rows with these keys, at the evaluation's default seed."""
    first, second = replicate_keys(seed_of(0, "weights"), 0, replicates)
    return poisson(words(*halves(keys), first[:, None], second[:, None]))
