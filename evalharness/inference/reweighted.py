"""A share on one sample, as it would be with the mix of another.

Of strata k (labels, regions, bins of a score) with the shares q_k in the second sample, and a_k
hits of all in the first, the reweighted share is Σ q_k a_k. Its limits are MOVER's: what each a_k
may lie lower by Clopper-Pearson, and what q may vary, added in squares. No limit is nearer than z
standard errors: strata with an error or two each add up to a sum that is less skewed than its
parts (.92 covered with ten of 60 rows at .99). In clusters, which may have rows in many strata,
the rows are weighted instead, by q_k over the rows of the stratum (inference/effective.py). It
says what the mix alone would do, if within a stratum nothing else differed.

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
    right = np.bincount(first, hits, minlength=strata).astype(float)
    rate = np.divide(right, trials, out=np.zeros(strata), where=shared)
    value = float(mix @ rate)
    alpha = (1 - confidence) / 2
    varies = upper_z(alpha) * np.sqrt(_variance(rate[second] - value, shared[second], units[1]))
    if units[0] is None:
        below, above = _reach(right, np.maximum(trials, 1), rate, mix, alpha)
    else:
        weight = np.divide(mix, trials, out=np.zeros(strata), where=shared)[first]
        below, above = _reach_of_units(hits, weight, units[0], alpha)
    low, high = value - np.hypot(below, varies), value + np.hypot(above, varies)
    return Reweighted(value, max(0.0, float(low)), min(1.0, float(high)), uncovered)


def _reach(right: Any, trials: Any, rate: Floats, mix: Floats, alpha: float) -> tuple[float, float]:
    """How far the sum may lie below and above, of what its shares may."""
    least = upper_z(alpha) * np.sqrt(rate * (1 - rate) / trials)
    below = np.maximum(rate - clopper_pearson_lower(right, trials, alpha), least)
    above = np.maximum(clopper_pearson_upper(right, trials, alpha) - rate, least)
    return float(np.hypot.reduce(mix * below)), float(np.hypot.reduce(mix * above))


def _reach_of_units(hits: Any, weight: Floats, units: Any, alpha: float) -> tuple[float, float]:
    """A cluster may have rows in many strata, so that these are not independent."""
    bounds = EffectiveBounds(
        np.bincount(units.code, weight * hits, units.groups),
        np.bincount(units.code, weight, units.groups),
        clusters=True,
        examples=len(weight),
    )
    return bounds.value - bounds.lower(alpha), bounds.upper(alpha) - bounds.value


def _variance(deviation: Any, inside: Any, units: Any) -> float:
    """Of the mean deviation of rows inside of the shared strata."""
    deviation = np.where(inside, deviation, 0.0)
    total = inside.sum()
    if units is None:
        return float((deviation**2).sum() / total**2)
    of_units = np.bincount(units.code, deviation, units.groups)
    return float((of_units**2).sum() / total**2 * units.groups / max(1, units.groups - 1))
