"""The differences of all pairs of K models at once, by the bounds that each pair has alone.

Shares whose trials are the same for all models: the wider of Tango and MOVER, and McNemar's mid-P,
as in `paired`. Metrics of two classes: MOVER over the eight joint cells of label and both
predictions, and delta, as in `joint_difference`. The counts of all pairs are products of matrices,
some rows at a time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import upper_z
from evalharness.inference.joint_difference import distances
from evalharness.inference.max_t import BLOCK
from evalharness.inference.paired import deciding_lower, mid_p

Floats = NDArray[np.float64]


class Limits(NamedTuple):
    """(K, K) limits of the value of the model of the row minus that of the model of the column."""

    low: Floats
    high: Floats

    @property
    def apart(self) -> NDArray[np.bool_]:
        """Whether the two surely differ."""
        return (self.low > 0) | (self.high < 0)

    @property
    def above(self) -> NDArray[np.bool_]:
        """Whether the value of the row is surely the larger one."""
        return self.low > 0


def together(hits: Any) -> Floats:
    """(K, K) how many examples both models of each pair hit; hits: bool (K, n)."""
    total = np.zeros((len(hits), len(hits)))
    for start in range(0, hits.shape[1], BLOCK):
        block = hits[:, start : start + BLOCK].astype(np.float32)  # sums of ones are exact
        total += block @ block.T
    return total


def of_shares(hits: Any, level: float) -> Limits:
    """Of shares of the same n trials; hits: bool (K, n); level: two-sided, of each difference."""
    both, n = together(hits), hits.shape[1]
    only = np.diag(both)[:, None] - both  # what the row has right and the column has wrong
    i, j = np.triu_indices(len(both), 1)
    # Many pairs have the same two counts.
    pairs, at = np.unique(
        np.stack([np.append(only[i, j], only[j, i]), np.append(only[j, i], only[i, j])]),
        axis=1,
        return_inverse=True,
    )
    low = deciding_lower(pairs[0], pairs[1], n, level / 2)
    unsure = mid_p(*pairs.astype(np.int64)) > level / 2
    low = np.where((low > 0) & unsure, 0.0, low)[at.ravel()]
    return _square(len(both), low[: len(i)], -low[len(i) :])


def of_cells(values: Any, label: Any, predictions: Any, gradients: Any, level: float) -> Limits:
    """Of any metric of two classes. values (K,); label bool (n,); predictions bool (K, n);
    gradients (K, 2, 2): what one more example of each label and prediction adds to each value."""
    size, total = len(values), len(label)
    i, j = np.triu_indices(size, 1)
    counts, slopes = [], []
    for of in (0, 1):
        part = predictions[:, label == of]
        both, said = together(part), part.sum(1, dtype=float)
        yes = both[i, j]
        first, second = said[i] - yes, said[j] - yes
        counts += [part.shape[1] - yes - first - second, second, first, yes]
        slopes += [
            total * (gradients[i, of, a] - gradients[j, of, b]) for a in (0, 1) for b in (0, 1)
        ]
    found, slope = np.stack(counts, axis=1), np.stack(slopes, axis=1)
    slope -= (found * slope).sum(1, keepdims=True) / total
    chance = upper_z(level / 2) * np.sqrt((found * slope**2).sum(1)) / total
    down, up = (np.maximum(np.sqrt(x), chance) for x in distances(found, total, slope, level / 2))
    apart = values[i] - values[j]
    return _square(size, apart - down, apart + up)


def _square(size: int, low: Floats, high: Floats) -> Limits:
    """Of the limits of the pairs above the diagonal."""
    found = Limits(np.zeros((size, size)), np.zeros((size, size)))
    i, j = np.triu_indices(size, 1)
    found.low[i, j], found.high[i, j] = low, high
    found.low[j, i], found.high[j, i] = -high, -low
    return found
