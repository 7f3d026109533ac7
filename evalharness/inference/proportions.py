"""Proportions: hits of trials, and increasing functions of one (F1 = 2J/(1+J)).

Wilson is shown; Clopper-Pearson decides, since it alone never covers less than it says
(one-sided Wilson falls to .82 on the side that fails, Jeffreys to .88 on the side that passes).

Sources: Wilson 1927; Clopper & Pearson 1934; Brown, Cai & DasGupta 2001; Hand & Christen 2018 (F1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from evalharness.inference.bounds import upper_z
from evalharness.inference.power import settle_proportion

Floats = NDArray[np.float64]


def wilson(hits: ArrayLike, trials: ArrayLike, z: float) -> tuple[Floats, Floats]:
    """Wilson's score limits for ``hits`` of ``trials`` (shapes that broadcast), clipped to [0, 1].

    Without trials the limits are 0 and 1.
    """
    k, n = np.asarray(hits, float), np.asarray(trials, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = k / n
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # At k = 0 and k = n a limit is exactly 0 or 1; rounding would leave 1e-17.
    low = np.where((n > 0) & (k > 0), np.clip(centre - half, 0.0, 1.0), 0.0)
    high = np.where((n > 0) & (k < n), np.clip(centre + half, 0.0, 1.0), 1.0)
    return low, high


def clopper_pearson_lower(hits: ArrayLike, trials: ArrayLike, alpha: float) -> Floats:
    """One-sided lower limit: the share at which P(X >= hits) = ``alpha``; 0 without hits.

    ``hits`` and ``trials`` have any shapes that broadcast. For a two-sided interval give alpha/2.
    """
    k, n = np.asarray(hits, float), np.asarray(trials, float)
    some = k > 0
    a, b = np.where(some, k, 1.0), np.where(some, n - k + 1, 1.0)
    return np.where(some, betaincinv(a, b, alpha), 0.0)


def clopper_pearson_upper(hits: ArrayLike, trials: ArrayLike, alpha: float) -> Floats:
    """One-sided upper limit: the share at which P(X <= hits) = ``alpha``; 1 when all are hits."""
    k, n = np.asarray(hits, float), np.asarray(trials, float)
    # The mirror image, so that p <-> 1 - p is exact symmetry.
    return 1.0 - clopper_pearson_lower(n - k, n, alpha)


class ProportionBounds:
    """A share ``hits``/``trials``, or ``through`` of it.

    ``hits``, ``trials``: counts, 0 <= hits <= trials. ``unit``: what a trial is. ``through``: an
    increasing function of the share on [0, 1]; value and all bounds are mapped by it.
    Without trials the value is nan, ``reason`` says so and the bounds are the ends of the range.
    """

    shown = "Wilson"
    decides = "Clopper-Pearson"

    def __init__(
        self,
        hits: float,
        trials: float,
        unit: str = "examples",
        through: Callable[[float], float] | None = None,
    ) -> None:
        if not 0 <= hits <= trials:
            raise ValueError(f"hits must lie between 0 and trials: {hits} of {trials}")
        self.hits, self.trials = float(hits), float(trials)
        self.n, self.unit, self.through = int(trials), unit, through

    def _map(self, share: ArrayLike) -> float:
        x = float(np.asarray(share))
        return x if self.through is None else float(self.through(x))

    @cached_property
    def value(self) -> float:
        return self._map(self.hits / self.trials) if self.trials else math.nan

    @property
    def reason(self) -> str:
        return "" if self.trials else f"0/0: there are no {self.unit}"

    def interval(self, confidence: float) -> tuple[float, float]:
        low, high = wilson(self.hits, self.trials, upper_z((1 - confidence) / 2))
        return self._map(low), self._map(high)

    def lower(self, alpha: float) -> float:
        return self._map(clopper_pearson_lower(self.hits, self.trials, alpha))

    def upper(self, alpha: float) -> float:
        return self._map(clopper_pearson_upper(self.hits, self.trials, alpha))

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        """The exact number of fresh trials (see ``power.settle_proportion``)."""
        if self.reason:
            return None
        share = self._share_at(threshold)
        return (
            None
            if share is None
            else settle_proportion(share, self.hits / self.trials, alpha, power)
        )

    def _share_at(self, threshold: float) -> float | None:
        """The share at which ``through`` reaches the threshold; None outside its range."""
        if self.through is None:
            return threshold if 0 <= threshold <= 1 else None
        low, high = 0.0, 1.0
        if not self._map(low) <= threshold <= self._map(high):
            return None
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self._map(middle) < threshold else (low, middle)
        return high
