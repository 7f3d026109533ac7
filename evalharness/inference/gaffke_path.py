"""Lower bounds of means, of many samples side by side, where every value counts alike.

The saddlepoint of the share of uniform weights that give a mean (`gaffke.share_below`) and the mean
itself are one search: with ``r = 1/(1 + q x)``, every q > 0 is the saddlepoint of the mean
``sum of x r / sum of r``, and the terms of Lugannani & Rice are moments of r:

    w² = 2 N (log of the mean of r − mean of log r),    u² = N · variance of r / (mean of r)²

with both of them negative. So one looks for the q at which the share is ``alpha``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

STEPS = 60
# At the mean of the values w is 0, where its terms cancel. The share there lies between 0.36 and
# 0.64, so that up to this level no search comes near.
LEVEL = 0.3
# On the normal scale: what is left is taken along the tangent, so that its square is lost.
ENOUGH = 1e-7


class Path(NamedTuple):
    """What is summed up of N points x in [0, 1], one of them 0, at q: with ``d = q x / (1 + q x)``,
    (G,) each."""

    mean: Floats  # of d, which is 1 − r
    spread: Floats  # the variance of d
    logs: Floats  # the mean of log(1 + q x)


def lugannani_rice(w: Any, u: Any) -> Any:
    """The share below."""
    return ndtr(w) + np.exp(-w * w / 2) / math.sqrt(2 * math.pi) * (1 / w - 1 / u)


def lower_means(
    path: Callable[[Floats, Any], Path], count: Floats, moments: Floats, alpha: float
) -> Floats:
    """(G,) means at which the share is ``alpha``, above 0 and at most `LEVEL`.

    ``path(q, rows)``: of some of the samples, at a q of each. ``count`` (G,): how many points each
    has. ``moments`` (3, G): their mean, mean square and mean cube; of none the mean is 0.
    """
    goal = float(ndtri(alpha))
    q = _start(count, moments, goal)
    found = np.empty(len(q))
    rows = np.arange(len(q))
    low, high = np.zeros(len(q)), np.full(len(q), np.inf)
    # What the share is off from w, on the normal scale, changes slowly with w: by a secant.
    last_w, last_off, bent = np.zeros(len(q)), np.zeros(len(q)), np.zeros(len(q))
    for step in range(STEPS):
        mean, spread, logs = path(q, rows)
        rest = 1 - mean
        square = np.maximum(2 * count * (np.log1p(-mean) + logs), 1e-30)
        w = -np.sqrt(square)
        rise = count * spread / (rest * rest)  # u²
        share = lugannani_rice(w, -np.sqrt(np.maximum(rise, 1e-30)))
        z = ndtri(np.clip(share, 1e-300, 1 - 1e-16))
        off = z - w
        if step:
            moved = np.abs(w - last_w) > 1e-6
            slope = (off - last_off) / np.where(moved, w - last_w, 1.0)
            bent = np.where(moved, np.clip(slope, -0.5, 1.0), bent)
        ahead = (goal - z) / (1 + bent)  # how far w has to go
        done = np.abs(goal - z) <= ENOUGH
        # The mean changes with w by −w / (N q · mean of r).
        found[rows] = (mean - w * ahead / count) / (q * rest)
        if done.all():
            break
        low, high = np.where(z > goal, q, low), np.where(z > goal, high, q)
        # log |w| is nearly straight in log q, with the slope u² · mean of r / w².
        wanted = np.log(np.clip((w + ahead) / w, 0.05, 20.0)) * square / (rise * rest)
        q = q * np.exp(np.clip(wanted, -3.0, 3.0))
        outside = ~((q > low) & (q < high))
        if outside.any():
            q = np.where(outside, np.where(low > 0, np.sqrt(low * high), high / 8), q)
        left = ~done
        if not left.all():
            rows, q, count, low, high = rows[left], q[left], count[left], low[left], high[left]
            w, off, bent = w[left], off[left], bent[left]
        last_w, last_off = w, off
    return found


def _start(count: Floats, moments: Floats, goal: float) -> Floats:
    """Where w is nearly the goal, by the first three moments."""
    first, second, third = moments
    variance = second - first * first
    cumulant = third - 3 * first * variance - first**3
    root = np.sqrt(count * variance)
    bend = first + 2 / 3 * cumulant / variance
    return np.asarray(-goal / np.maximum(root + bend * goal, 0.1 * root))


def lower_mean(values: Floats, counts: Floats, alpha: float) -> float:
    """Of one sample of values in [0, 1], not all of them 0, that occur ``counts`` times each."""
    total = 1 + float(counts.sum())

    def path(q: Floats, rows: Any) -> Path:
        y = q * values
        d = y / (1 + y)
        mean = (counts @ d) / total
        centred = d - mean  # of the one more at 0 it is −mean
        spread = (counts @ (centred * centred) + mean * mean) / total
        return Path(*(np.array([x]) for x in (mean, spread, (counts @ np.log1p(y)) / total)))

    square = values * values
    moments = np.array([[counts @ x / total] for x in (values, square, square * values)])
    return float(lower_means(path, np.array([total]), moments, alpha)[0])
