"""Which slices are surely worse than the others, by more than what does not matter.

A slice is held against the mean of all the others, weighted by their shares. The limits of that
mean are those of its parts, joined as MOVER joins (√ Σ (share · distance)²; where clusters have
rows in several slices, Σ share · distance), and so are those of the difference. Each limit is taken
on its farther side, as in `rung_gap`.

p is the level at which the lower bound of what is asked touches zero. Bounds are worked out at
levels half a standard deviation apart (`LEVELS`) and read off a line between them. Where the first
of them proves nothing p is 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from evalharness.inference.rung_gap import farther
from evalharness.inference.slice_rungs import RungSlices, deciding_gap

Floats = NDArray[np.float64]

# In standard deviations of a normal.
LEVELS = np.arange(1.0, 6.25, 0.5)


def p_values(
    rung: RungSlices,
    floor: RungSlices,
    share: Floats,
    judged: Any,
    sign: int,
    margin: float,
    *,
    mixed: bool = False,
    tied: bool = False,
) -> Floats:
    """(S,): of "the slice is no worse than the others by more than ``margin``, or no worse than the
    floor"; 1 for slices that are not ``judged``, or stand alone.

    share: (S,); only those of the judged slices count. mixed: whether clusters have rows in several
    slices; tied: in the rung and in the floor.
    """
    found = np.ones(len(share))
    weight = np.where(judged, share, 0.0)
    if np.count_nonzero(weight) < 2:
        return found
    weight = weight / weight.sum()
    before: Any = None
    for z in LEVELS:
        alpha = round(float(ndtr(-z)), 12)
        slack = np.minimum(
            _over_others(rung, weight, sign, mixed, alpha) - margin,
            deciding_gap(floor, rung, sign, tied, np.inf, alpha)[0],
        )
        slack = np.where(judged & ~np.isnan(slack), slack, -np.inf)
        proven = slack > 0
        if before is None:
            found[proven] = alpha
        else:
            with np.errstate(invalid="ignore"):
                part = np.where(proven, 1.0, before / (before - slack))
            still = before > 0
            found[still] = ndtr(-(z - 0.5 + 0.5 * part))[still]
        if not proven.any():
            break
        before = slack
    return found


def _over_others(rung: RungSlices, weight: Floats, sign: int, mixed: bool, alpha: float) -> Floats:
    """(S,) lower bounds of how much worse each slice is than the mean of the others."""
    value, low, _ = farther(*rung.limits(alpha))
    far = value - low
    power = 1.0 if mixed else 2.0
    inside = weight > 0
    moved = np.where(inside, (weight * far) ** power, 0.0)
    part = np.where(inside, weight * value, 0.0)
    rest = 1 - weight
    with np.errstate(divide="ignore", invalid="ignore"):
        others = (part.sum() - part) / rest
        spread = np.maximum(moved.sum() - moved, 0.0) ** (1 / power) / rest
        join = far + spread if mixed else np.hypot(far, spread)
        return np.asarray(sign * (value - others) - join, float)
