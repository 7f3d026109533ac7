"""The shares of the labels in a sample without any, if nothing but these shares differs.

With C the joint shares of prediction × label in a sample that has both, and μ the shares of the
predictions in the other, w = C⁻¹ μ is how much more frequent each label is there, provided that
among rows of one label the predictions are distributed alike (label shift). Each share is cut to
[0, 1] and all are made to sum to one. The interval is of 1,000 samples drawn from both tables.

It says nothing where predictions hardly tell labels apart: C is then nearly singular, and the
shares are not given.

Source: Lipton, Wang & Smola 2018 (black box shift estimation); coverage in tests/calibration.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 1_000
# A larger ratio of C's largest to its smallest singular value leaves too little to go by.
MOST_CONDITION = 30.0


class LabelShares(NamedTuple):
    """(K,) shares with a two-sided interval each."""

    value: Floats
    low: Floats
    high: Floats


def weights(joint: Any, predicted: Any) -> Floats:
    """(…, K) w = C⁻¹ μ of joint shares (…, K, K), prediction × label, and shares (…, K)."""
    one = np.asarray(predicted, float)[..., None]
    return np.linalg.solve(np.asarray(joint, float), one)[..., 0]


def label_shares(
    joint: Any, predicted: Any, confidence: float = 0.95, seed: int = 0
) -> LabelShares | None:
    """joint: counts (K, K), prediction × label, of the sample with labels; predicted: counts (K,)
    of the other. None where the predictions tell too little, or a label does not occur."""
    counts, other = np.asarray(joint, float), np.asarray(predicted, float)
    if not counts.sum(axis=0).all() or np.linalg.cond(counts) > MOST_CONDITION:
        return None
    rng = np.random.default_rng([seed, 11])
    n, m = int(counts.sum()), int(other.sum())
    tables = rng.multinomial(n, (counts / n).ravel(), DRAWS).reshape(DRAWS, *counts.shape)
    drawn = rng.multinomial(m, other / m, DRAWS)
    solvable = tables.sum(axis=1).all(axis=1)
    solvable[solvable] = np.linalg.cond(tables[solvable]) < 1e6
    if solvable.mean() < 0.99:
        return None
    found = _shares(tables[solvable], drawn[solvable])
    tail = (1 - confidence) / 2
    low, high = np.quantile(found, [tail, 1 - tail], axis=0)
    value = _shares(counts, other)
    return LabelShares(value, np.minimum(low, value), np.maximum(high, value))


def _shares(counts: Any, other: Any) -> Floats:
    """(…, K) of counts (…, K, K) and (…, K)."""
    joint = counts / counts.sum(axis=(-2, -1), keepdims=True)
    predicted = other / other.sum(axis=-1, keepdims=True)
    found = np.clip(weights(joint, predicted) * joint.sum(axis=-2), 0, 1)
    total = found.sum(axis=-1, keepdims=True)
    return np.divide(found, total, out=found, where=total > 0)
