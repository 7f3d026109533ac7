"""Distances of two samples of rows in many dimensions: MMD and the energy distance.

Both are 0 in the population only where the two distributions are one, and both are tested by
permutation. The columns count as they are scaled: that is for the caller to settle.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalharness.distances.permuted import (
    MOST_ROWS,
    PERMUTATIONS,
    Permuted,
    permuted,
    pool,
    squared_distances,
)

Floats = NDArray[np.float64]
Array = NDArray[Any]

# Rows whose pairs the median heuristic looks at.
SEEN = 1_000


def mmd(
    x: ArrayLike,
    y: ArrayLike,
    *,
    clusters: tuple[ArrayLike, ArrayLike] | None = None,
    bandwidth: float | None = None,
    permutations: int = PERMUTATIONS,
    most: int = MOST_ROWS,
    seed: int = 0,
) -> Permuted:
    """The squared maximum mean discrepancy, unbiased, with its permutation p-value.

    MMD² = E k(X, X') + E k(Y, Y') - 2 E k(X, Y), k(u, v) = exp(-|u - v|² / (2 s²)), the means
    within a sample without each row's pair with itself: about 0 (and as often below) where there is
    no difference.

    x, y: finite rows (n, d) and (m, d). clusters: codes (n,) and (m,) of what was sampled; whole
    clusters are then permuted, as many on each side as there are, and equal codes in x and y are
    two clusters. bandwidth: s; without one the median distance of pairs of both samples together.
    most: rows of a sample above which a random part of it is used, since all pairs are held
    (4 (n + m)² bytes; 8 up to 2,000 rows in all). The result says how many were used.

    Source: Gretton, Borgwardt, Rasch, Schölkopf & Smola 2012.
    """
    data = pool(x, y, clusters, most, seed)
    s = _median_distance(data.values, seed) if bandwidth is None else float(bandwidth)
    if not s > 0:
        raise ValueError(f"bandwidth={s} is not above 0")

    def kernel(squared: Array) -> Array:
        squared *= -1 / (2 * s * s)
        return np.exp(squared, out=squared)

    statistic, p = permuted(data, kernel, True, permutations, seed)
    return Permuted(statistic, p, permutations, data.rows, data.units, s)


def energy_distance(
    x: ArrayLike,
    y: ArrayLike,
    *,
    clusters: tuple[ArrayLike, ArrayLike] | None = None,
    permutations: int = PERMUTATIONS,
    most: int = MOST_ROWS,
    seed: int = 0,
) -> Permuted:
    """The energy distance with its permutation p-value: 2 E|X - Y| - E|X - X'| - E|Y - Y'| >= 0.

    |.| is Euclidean; the means within a sample hold each row with itself (V-statistics). In one
    dimension it is the square of what scipy.stats.energy_distance returns.
    Arguments as those of `mmd`. Source: Székely & Rizzo 2004.
    """
    data = pool(x, y, clusters, most, seed)

    def closeness(squared: Array) -> Array:
        return np.negative(np.sqrt(squared, out=squared), out=squared)

    statistic, p = permuted(data, closeness, False, permutations, seed)
    return Permuted(max(statistic, 0.0), p, permutations, data.rows, data.units)


def _median_distance(values: Floats, seed: int) -> float:
    """Of the pairs of at most SEEN random rows that differ; 1 where none do."""
    if len(values) > SEEN:
        values = values[np.random.default_rng(seed).choice(len(values), SEEN, replace=False)]
    squared = squared_distances(values, values)[np.triu_indices(len(values), 1)]
    apart = squared[squared > 1e-12 * squared.max(initial=0.0)]
    return math.sqrt(float(np.median(apart))) if len(apart) else 1.0
