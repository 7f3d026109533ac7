"""How much a number varies from one training run to the next: its spread through the seed alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtri, stdtrit


@dataclass(frozen=True)
class Spread:
    """Of a number, measured of R runs on the same examples.

    mean, low, high:       over the runs, with its t interval.
    sd, sd_low, sd_high:   from run to run, with its χ² interval; both of R − 1 degrees of freedom.
    differ:                so much two further runs differ at most, with the confidence: t·√2·sd,
                           which is exact where runs are normal.

    Runs that all have one value do not tell how they vary: what bounds that is ∞.
    """

    runs: int
    mean: float
    low: float
    high: float
    sd: float
    sd_low: float
    sd_high: float
    differ: float


def spread(values: Any, confidence: float = 0.95, size: float = 0.0) -> Spread:
    """values (R,): two or more; size: of the numbers that they are differences of."""
    values = np.asarray(values, float)
    runs, alpha = len(values), (1 - confidence) / 2
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    if sd <= 1e-12 * max(abs(mean), size):  # what rounding leaves of equal values
        return Spread(runs, mean, -math.inf, math.inf, 0.0, 0.0, math.inf, math.inf)
    t = -float(stdtrit(runs - 1, alpha))
    half = t * sd / math.sqrt(runs)
    # chdtri gives the quantile of which so much lies above.
    low, high = (sd * math.sqrt((runs - 1) / chdtri(runs - 1, p)) for p in (alpha, 1 - alpha))
    return Spread(runs, mean, mean - half, mean + half, sd, low, high, t * math.sqrt(2) * sd)
