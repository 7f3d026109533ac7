"""The length of a mean vector from the length of a normal one: noncentral chi-squares, inverted.

With z normal about m, covariance S and t = |m|, |z|² strays most where m lies in the direction of
the largest variance s²: there it is (t + sN)² + R, N a standard normal and R the noise of all other
directions, a sum of chi-squares weighted by their variances. R is taken for g times one chi-square
with the same mean and variance.

Source: Satterthwaite 1946 (the match); the bounds are a test of each t, inverted.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr, ndtri

Floats = NDArray[np.float64]

# Where the distribution of R is looked at: the middles of so many equally likely parts.
MIDDLES = (np.arange(200) + 0.5) / 200

# From so many directions on the largest variance is found by iteration.
MANY = 200


def largest_variance(covariance: Floats) -> float:
    """The largest eigenvalue of a covariance matrix (k, k)."""
    diagonal = np.diag(covariance)
    if np.count_nonzero(covariance) == np.count_nonzero(diagonal):
        return float(diagonal.max())
    if len(covariance) < MANY:
        return float(np.linalg.eigvalsh(covariance)[-1])
    from scipy.sparse.linalg import eigsh

    start = diagonal + diagonal.mean()  # the same one each time, so that the answer is
    return float(eigsh(covariance, 1, v0=start, return_eigenvectors=False, tol=1e-6)[0])


def rest(covariance: Floats, largest: float) -> Floats:
    """Quantiles of R, in equally likely steps; [0] where there is no other direction."""
    total = float(np.trace(covariance)) - largest
    squares = float((covariance**2).sum()) - largest**2
    if not (total > 1e-12 * largest and squares > 0):
        return np.zeros(1)
    scale = squares / total
    return 2 * scale * gammaincinv(total / scale / 2, MIDDLES)


def share_below(square: float, t: float, spread: float, others: Floats) -> float:
    """P((t + spread·N)² + R <= ``square``), R uniform over ``others``."""
    root = np.sqrt(np.maximum(square - others, 0.0))
    inside = ndtr((root - t) / spread) - ndtr((-root - t) / spread)
    return float(np.where(others < square, inside, 0.0).mean())


def inverted(
    square: float, spread: float, fewest: Floats, most: Floats, alpha: float
) -> tuple[float, float]:
    """Both limits of t, each at error level ``alpha``, where |z|² was ``square``.

    The t below which so large a |z|² has a probability < ``alpha``, and the t above which so small
    a one has; 0 where there is none. ``fewest``, ``most``: quantiles of R, small enough for the
    upper limit and large enough for the lower one.
    """
    far = math.sqrt(square) + 10 * spread
    high = _crossing(lambda t: share_below(square, t, spread, fewest), alpha, far)
    low = _crossing(lambda t: share_below(square, t, spread, most), 1 - alpha, far)
    return low, high


def _crossing(share: Callable[[float], float], level: float, end: float) -> float:
    """The t up to ``end`` until which a falling share is above ``level``; 0 where it is not at 0.

    By false position between the normal quantiles of the shares, which fall nearly straight: a
    quarter of the questions that bisection asks, for an answer as near (end/2³²).
    """

    def above(t: float) -> float:
        return float(ndtri(share(t)) - ndtri(level))

    low, high, step = 0.0, end, end / 2**32
    over, under = above(low), above(high)
    if not over > 0:
        return 0.0
    if under > 0:
        return end
    risen = None
    while high - low > step:
        part = over / (over - under) if math.isfinite(over - under) else 0.5
        t = min(max(low + part * (high - low), low + step / 2), high - step / 2)
        found = above(t)
        # An end that stays twice counts half (Illinois), lest the other one creeps.
        again, risen = risen == (found > 0), found > 0
        if risen:
            low, over, under = t, found, under / 2 if again else under
        else:
            high, over, under = t, over / 2 if again else over, found
    return low
