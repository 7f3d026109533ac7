"""What a share can show where units differ: clusters that were sampled whole, or weighted examples.

There is no formula: n_eff hangs on how many units have an error, and few have. So samples of the
units that are there are drawn, with a true share and an intra-cluster correlation, and each is
decided by the limits that decide (inference/effective.py).

Of a cluster, the share of its rows that hit is Beta with the true share and the correlation, and
its hits binomial with that; a correlation of 0 makes them independent, one of 1 all alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.effective import lower_limit, unit_sums

Floats = NDArray[np.float64]

DRAWS = 400
# Numbers drawn at once, at most.
CELLS = 4_000_000
# As many times the units of now, at most, are looked at.
MOST = 64


@dataclass(frozen=True)
class UnitSizing:
    """A bound on a share: ``tau`` and ``alpha``, above it if ``upward``.

    trials (G,): what each unit brings to the share, its weight; rows (G,): how many rows that is;
    examples: of all units, where they are clusters. icc: intra-cluster correlation in [0, 1].
    """

    tau: float
    alpha: float
    upward: bool
    trials: Floats
    rows: Any
    clusters: bool
    examples: float | None = None

    @property
    def possible(self) -> bool:
        """Whether it can pass at all: if every single row is right."""
        return bool(self._shown(self.trials[None])[0])

    def power(self, true: float, icc: float = 0.0, times: int = 1, seed: int = 0) -> float:
        """The chance to pass if ``true`` is the share, of ``times`` as many units."""
        rng = np.random.default_rng([seed, 13])
        trials, rows = np.tile(self.trials, times), np.tile(self.rows, times)
        draws = max(50, min(DRAWS, CELLS // len(trials)))
        if icc >= 1:
            share = rng.random((draws, len(trials))) < true
        elif icc > 0 and 0 < true < 1:
            left = (1 - icc) / icc
            p = rng.beta(true * left, (1 - true) * left, (draws, len(trials)))
            share = rng.binomial(rows, p) / np.maximum(rows, 1)
        else:
            share = rng.binomial(rows, true, (draws, len(trials))) / np.maximum(rows, 1)
        shown = self._shown(share * trials, trials, times)
        return float(shown.mean())

    def needed(self, true: float, power: float, icc: float = 0.0) -> int | None:
        """How many times the units of now pass with the chance ``power``; None beyond MOST."""
        times = 2
        while times <= MOST and self.power(true, icc, times) < power:
            times *= 2
        if times > MOST:
            return None
        low = times // 2
        while times - low > 1:
            middle = (low + times) // 2
            if self.power(true, icc, middle) < power:
                low = middle
            else:
                times = middle
        return times

    def detectable(self, power: float, icc: float = 0.0) -> float | None:
        """The share nearest to the threshold that they show with the chance ``power``."""
        best = 1.0 if self.upward else 0.0
        if not self.possible:
            return None
        low, high = self.tau, best
        for _ in range(10):
            middle = (low + high) / 2
            low, high = (middle, high) if self.power(middle, icc) < power else (low, middle)
        return high

    def _shown(self, hits: Floats, trials: Any = None, times: int = 1) -> Any:
        trials = self.trials if trials is None else trials
        if not self.upward:
            hits = trials - hits
        examples = None if self.examples is None else self.examples * times
        sums = unit_sums(hits, np.broadcast_to(trials, hits.shape), self.clusters, examples)
        return lower_limit(sums, self.alpha) > (self.tau if self.upward else 1 - self.tau)
