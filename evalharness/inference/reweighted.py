"""A share on one sample, as it would be with the mix of another.

Of strata k (labels, regions, bins of a score) with the shares q_k in the second sample and a share
a_k of hits in the first, the reweighted share is Σ q_k a_k. Its limits are MOVER's: what each a_k
may lie lower by Clopper-Pearson (or, in clusters, by its effective sample), and what q may vary,
added in squares. It says what the mix alone would do, if within a stratum nothing else differed.

Source: Zou & Donner 2008, for a sum of independent parts; coverage in docs/calibration.md.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import upper_z
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper

Floats = NDArray[np.float64]


class Reweighted(NamedTuple):
    """The share and its two-sided interval; uncovered: the share of the second sample in strata of
    which the first has none, which are left out."""

    value: float
    low: float
    high: float
    uncovered: float


def reweighted(
    hits: Any, first: Any, second: Any, units: Any = (None, None), confidence: float = 0.95
) -> Reweighted:
    """hits: bool (n,) of the first sample; first, second: int (n,), (m,) the stratum of each row;
    units: the clusters of each sample, or None. NaN where the samples have no stratum in common."""
    strata = int(max(first.max(initial=-1), second.max(initial=-1))) + 1
    trials = np.bincount(first, minlength=strata).astype(float)
    wanted = np.bincount(second, minlength=strata).astype(float)
    shared = trials > 0
    uncovered = float(wanted[~shared].sum() / wanted.sum())
    if uncovered == 1:
        return Reweighted(math.nan, math.nan, math.nan, uncovered)
    mix = np.where(shared, wanted, 0)
    mix = mix / mix.sum()
    right = np.bincount(first, hits, minlength=strata)
    rate = np.divide(right, trials, out=np.zeros(strata), where=shared)
    value = float(mix @ rate)
    alpha = (1 - confidence) / 2
    low, high = _limits(hits, first, right, trials, mix, units[0], alpha)
    varies = upper_z(alpha) ** 2 * _variance(rate[second] - value, shared[second], units[1])
    below = np.sqrt((mix**2 * (rate - low) ** 2).sum() + varies)
    above = np.sqrt((mix**2 * (high - rate) ** 2).sum() + varies)
    return Reweighted(value, max(0.0, value - below), min(1.0, value + above), uncovered)


def _limits(
    hits: Any, first: Any, right: Any, trials: Any, mix: Any, units: Any, alpha: float
) -> tuple[Floats, Floats]:
    """One-sided limits of the share in each stratum."""
    if units is None:
        k, n = right, np.maximum(trials, 1)
        return clopper_pearson_lower(k, n, alpha), clopper_pearson_upper(k, n, alpha)
    low, high = np.zeros(len(trials)), np.ones(len(trials))
    for k in np.flatnonzero((mix > 0) & (trials > 0)):
        inside = first == k
        code, count = units.code[inside], units.groups
        bounds = EffectiveBounds(
            np.bincount(code, hits[inside], count),
            np.bincount(code, minlength=count),
            clusters=True,
        )
        low[k], high[k] = bounds.lower(alpha), bounds.upper(alpha)
    return low, high


def _variance(deviation: Any, inside: Any, units: Any) -> float:
    """Of the mean deviation of rows inside of the shared strata."""
    deviation = np.where(inside, deviation, 0.0)
    total = inside.sum()
    if units is None:
        return float((deviation**2).sum() / total**2)
    of_units = np.bincount(units.code, deviation, units.groups)
    return float((of_units**2).sum() / total**2 * units.groups / max(1, units.groups - 1))
