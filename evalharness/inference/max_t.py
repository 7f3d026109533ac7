"""Several models on the same examples at once: at which level each difference has to be judged, so
that all of them hold together.

Of K models with values v, the covariance of v comes of what each unit adds to each model's metric.
Z is drawn from the normal distribution with that covariance; c is the (1 - α) quantile of the
largest |Z_i - Z_j| / se_ij over all pairs (max-T). Models that err alike need a smaller c than
Bonferroni's, since their differences move together.

What is taken from c is the level that it stands for, 2 Φ(-c), between α and α / pairs. Each
difference is then bounded at that level by the bounds that it has alone (Tango and MOVER for
shares, t for clusters), which hold where examples that tell two models apart are few; v ± c se does
not. The same draws say how much the best of K values gains by having been picked.

Sources: Dunnett 1955; Hothorn, Bretz & Westfall 2008 (max-T of linear estimates); James & Stein
1961. Simulated in docs/choice.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

DRAWS = 20_000
# Units that are multiplied at a time: 100 models take 13 MB.
BLOCK = 1 << 14
# Rounding leaves this share of a variance where two models are the same.
TINY = 1e-9


def covariance(units: ArrayLike) -> Floats:
    """(K, K) of K values to which the G units add `units` (K, G), each sampled by itself: the sum
    of the products about the mean, times G/(G - 1)."""
    u = np.asarray(units)
    size = u.shape[1]
    mean = u.sum(1, dtype=np.float64, keepdims=True) / max(1, size)
    total = np.zeros((len(u), len(u)))
    for start in range(0, size, BLOCK):
        block = u[:, start : start + BLOCK] - mean
        total += block @ block.T
    return total * size / max(1, size - 1)


class MaxT:
    """`covariance` (K, K) of the values of K models; `seed`: of the draws."""

    def __init__(self, covariance: ArrayLike, seed: int, draws: int = DRAWS) -> None:
        c = np.asarray(covariance, float)
        self._variance = np.maximum(np.diag(c), 0.0)
        self._apart = self._variance[:, None] + self._variance - 2 * c
        self._covariance, self._seed, self._draws = c, seed, draws

    @cached_property
    def _drawn(self) -> NDArray[np.float32]:
        """(K, draws) of the errors of the values."""
        values, vectors = np.linalg.eigh(self._covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        normal = np.random.default_rng(self._seed).standard_normal((len(root), self._draws))
        return np.asarray(root @ normal, np.float32)

    def of_pairs(self, alpha: float) -> float:
        """The two-sided level of each of the K(K - 1)/2 differences, with which all of them hold
        together at `alpha`."""
        largest, pairs = np.zeros(self._draws, np.float32), 0
        z = self._drawn
        for i in range(len(z) - 1):
            square = self._apart[i, i + 1 :]
            some = square > TINY * (self._variance[i] + self._variance[i + 1 :])
            if some.any():
                each = np.abs(z[i + 1 :][some] - z[i])
                each /= np.sqrt(square[some], dtype=np.float32)[:, None]
                np.maximum(largest, each.max(0), out=largest)
                pairs += int(some.sum())
        return _level(largest, alpha, pairs, 2)

    def of_each(self, alpha: float) -> float:
        """The one-sided level of a bound of each of the K values, with which all of them hold
        together at `alpha`: so that of whichever is picked holds, too."""
        some = self._variance > 0
        error = np.sqrt(self._variance[some], dtype=np.float32)[:, None]
        each = self._drawn[some] / error
        return _level(each.max(0, initial=0.0), alpha, len(each), 1)

    def gain(self, values: ArrayLike, sign: int, among: Sequence[int] | None = None) -> float:
        """By how much the best of the `values` (K,) looks better than it is, on average, for having
        been picked; sign: 1 where higher is better, else -1; among: the models that may be, None
        for all.

        The mean error of whichever is best in a draw, about values shrunk towards their mean by as
        much as chance alone spreads them: equal models differ by chance only.
        """
        some = np.arange(len(self._drawn)) if among is None else np.asarray(among)
        if len(some) < 2:
            return 0.0
        v, spread = sign * np.asarray(values, float)[some], self._covariance[np.ix_(some, some)]
        apart = float(((v - v.mean()) ** 2).sum())
        chance = float(np.trace(spread) - spread.mean(0).sum())
        kept = max(0.0, 1 - chance / apart) if apart > 0 else 0.0
        drawn = self._drawn[some]  # normal errors are as likely with either sign
        shrunk = np.asarray(v.mean() + kept * (v - v.mean()), np.float32)
        picked = np.argmax(shrunk[:, None] + drawn, axis=0)
        return max(0.0, float(drawn[picked, np.arange(self._draws)].mean(dtype=np.float64)))


def _level(largest: NDArray[np.float32], alpha: float, tests: int, sides: int) -> float:
    """The level that the quantile of the largest of `tests` statistics stands for."""
    if tests <= 1:
        return alpha
    quantile = float(np.quantile(largest, 1 - alpha))
    return float(min(alpha, max(alpha / tests, sides * ndtr(-quantile))))
