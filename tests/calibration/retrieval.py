"""Coverage of means over queries: NDCG and reciprocal ranks of weak and strong models, hit rates.

Values of a query are drawn from a population of 20,000 queries with 20 documents each, whose
documents a model of some strength has ranked; the truth is the population's mean.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from evalharness.inference.gaffke import GaffkeBounds
from evalharness.metrics.retrieval import (
    hit_by_query,
    ndcg_by_query,
    precision_by_query,
    reciprocal_rank_by_query,
)
from evalharness.statistics.grouped import Parts
from tests.calibration.simulate import Coverage, Setting, coverage, proportion

QUERIES, DOCUMENTS = 20_000, 20
SIZES = (20, 50, 200, 1_000)

# Strength of the model: 0 ranks at random, 2 well, 6 nearly as the ideal.
MEANS: dict[str, tuple[Callable[..., Any], dict[str, Any], tuple[float, ...]]] = {
    "NDCG@10": (ndcg_by_query, {"k": 10}, (0, 2, 6)),
    "MRR": (reciprocal_rank_by_query, {}, (0, 1, 2)),
    "precision@5": (precision_by_query, {"k": 5}, (1,)),
}


@lru_cache
def population(of: Callable[..., Any], strength: float, **options: Any) -> np.ndarray:
    """(20,000,) the value of each query."""
    rng = np.random.default_rng(0)
    shape = QUERIES, DOCUMENTS
    relevance = (rng.random(shape) < 0.15) * rng.integers(1, 4, shape)
    relevance[:, 0] = np.maximum(relevance[:, 0], 1)
    signal = strength * ((relevance > 0) + 0.3 * relevance)
    score = signal + rng.normal(size=shape)
    code = np.repeat(np.arange(QUERIES), DOCUMENTS)
    parts = Parts(code, np.arange(0, code.size, DOCUMENTS), str)
    return of(parts, relevance.ravel().astype(float), score.ravel(), **options)


def mean_over_queries(values: np.ndarray, n: int, runs: int) -> Callable:
    def measure(rng: np.random.Generator) -> Coverage:
        samples = ((rng.choice(values, n), 1 / runs) for _ in range(runs))
        return coverage(samples, GaffkeBounds, float(values.mean()), runs)

    return measure


def settings() -> list[Setting]:
    found = []
    for name, (of, options, strengths) in MEANS.items():
        for strength in strengths:
            values = population(of, strength, **options)
            for n in SIZES:
                measure = mean_over_queries(values, n, 250)
                found.append(Setting(name, f"{values.mean():.3f}", n, "", measure))
    for strength in (1, 2):
        share = float(population(hit_by_query, strength, k=3).mean())
        found += [Setting("hit rate@3", f"{share:.3f}", n, "", proportion(share, n)) for n in SIZES]
    return found
