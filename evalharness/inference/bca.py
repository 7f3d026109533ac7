"""BCa: at which quantiles of its resamples the limits of a value lie, corrected for bias and skew.

Source: Efron 1987; Efron and Tibshirani 1993, chapter 14.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from evalharness.inference.bounds import upper_z

Floats = NDArray[np.float64]


def bias(resamples: Floats, value: float) -> float:
    """BCa's z0 = Φ⁻¹(share below ``value`` + half the share at it), kept finite."""
    slack = 1e-10 * max(abs(value), float(np.ptp(resamples)) if len(resamples) else 0.0)
    below = (resamples < value - slack).sum() + 0.5 * (abs(resamples - value) <= slack).sum()
    least = 0.5 / (len(resamples) + 1)
    return float(ndtri(min(1 - least, max(least, below / max(1, len(resamples))))))


def acceleration(influences: Floats) -> float:
    """BCa's a = Σd³ / 6(Σd²)^1.5 of centred jackknife influences d; 0 without spread."""
    largest = float(np.abs(influences).max(initial=0.0))
    if not largest > 0:
        return 0.0
    d = influences / largest  # whose cubes fit into float64
    return float((d**3).sum()) / (6 * float((d**2).sum()) ** 1.5)


def alike_to_rounding(known: Floats, range: tuple[float, float]) -> bool:
    """Whether values of a metric with this range differ by no more than the order does in which
    equal ones are added up."""
    width = range[1] - range[0]
    size = max(float(np.abs(known).max()), width if math.isfinite(width) else 0.0)
    return bool(np.ptp(known) <= 1e-12 * size)


def bca_levels(alpha: float, z0: float, a: float) -> tuple[float, float]:
    """At which quantiles of the resamples BCa's lower and upper limit lie, ``alpha`` each."""

    def level(z: float) -> float:
        below = 1 - a * (z0 + z)
        return float(ndtr(z0 + (z0 + z) / below)) if below > 0 else float(z > 0)

    return level(-upper_z(alpha)), level(upper_z(alpha))
