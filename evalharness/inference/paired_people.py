"""The error of a model minus that of people, on the same items.

The difference d_i of an item lies in [−1, 1]. Its mean is that of its positive part less that of
its negative part, two means in [0, 1], each with Clopper-Pearson limits at its n_eff; by MOVER each
limit of the difference is √(a² + b² + t² V) from it, a and b being how far those limits lie from
their values, and V the variance that the choice of people adds. Where every error is 0 or 1 and
people add nothing (the majority of one team), it is Tango's interval of pairs.

Source: Zou & Donner 2008.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from evalharness.inference.bounds import Bounds, ByLimits, settle_by_root
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.paired import PairedShareBounds


def paired_people(model: ArrayLike, human: ArrayLike, added: float, free: int) -> Bounds:
    """``model``, ``human`` (R,): the errors on each item, in [0, 1]. ``added``: the variance that
    the choice of people adds, at ``free`` degrees of freedom."""
    ours, theirs = np.asarray(model, float), np.asarray(human, float)
    whole = all(np.isin(x, (0, 1)).all() for x in (ours, theirs))
    if whole and not added:
        return PairedShareBounds(int((ours > theirs).sum()), int((ours < theirs).sum()), len(ours))
    return PairedPeopleBounds(ours - theirs, added, free)


class PairedPeopleBounds(ByLimits):
    """The mean of ``difference`` (R,), R ≥ 1."""

    unit, reason = "pairs", ""
    shown = decides = "MOVER of both signs"

    def __init__(self, difference: np.ndarray, added: float, free: int) -> None:
        self.n, self.value = len(difference), float(difference.mean())
        self._added, self._free = added, free
        ones = np.ones(self.n)
        self._worse, self._better = (
            EffectiveBounds(np.maximum(d, 0.0), ones, "pairs") for d in (difference, -difference)
        )

    def _limits(self, alpha: float) -> tuple[float, float]:
        t = -float(stdtrit(self._free, alpha)) if self._added else 0.0
        low, high = (
            math.sqrt(
                (up.value - up.lower(alpha)) ** 2
                + (down.upper(alpha) - down.value) ** 2
                + t * t * self._added
            )
            for up, down in ((self._worse, self._better), (self._better, self._worse))
        )
        return max(-1.0, self.value - low), min(1.0, self.value + high)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_root(self, threshold, alpha, power)
