"""What so many examples can show of the difference of two models' shares, before any is labelled.

Of n examples the models are told apart by those that only one of them has right, a share psi of
all: with the difference d the new model alone is right on (psi + d)/2 and the old one alone on
(psi − d)/2. A bound on d is decided by the wider of Tango's and MOVER's limits, and superiority by
McNemar's mid-P, too. Of m such examples the new model must win b(m) or more, which is found for
each m; so the power is exact:

    P(pass) = Σ_m P(Bin(n, psi) = m) P(Bin(m, (psi + d)/(2 psi)) >= b(m)).

Before labels exist, psi is at most the share of examples that the two predict otherwise, which
needs none; for one difference a larger psi takes more examples. Beyond 100,000 examples the power
is that of Connor's formula, n = [z_a sqrt(psi − t²) + z_b sqrt(psi − d²)]²/(d − t)² for a
threshold t, which is then within 0.1 % of the exact n.

Sources: Connor 1987 (n); Fagerland, Lydersen & Laake 2013 (mid-P).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, ndtr, ndtri
from scipy.stats import binom

from evalharness.inference.bounds import MOST
from evalharness.inference.paired import passes

Counts = NDArray[np.int64]

# Numbers of examples that tell the models apart which together are less likely are left out.
RARE = 1e-10
EXACT_UP_TO = 100_000
# Of more numbers than these the fewest wins are worked out for a few, and guessed between them.
FEW = 40


def least_wins(m: Counts, n: int, threshold: float, alpha: float) -> Counts:
    """Of m examples that only one of the models has right, the fewest that must be the new one's
    for a pass of ``difference > threshold``; m + 1 where even all are too few. m rises."""

    def good(wins: Counts) -> NDArray[np.bool_]:
        return (wins > m) | passes(np.minimum(wins, m), np.maximum(m - wins, 0), *about)

    about = n, threshold, alpha
    if len(m) > 2 * FEW:
        some = np.unique(np.linspace(0, len(m) - 1, FEW).astype(int))
        wins = np.ceil(np.interp(m, m[some], least_wins(m[some], *about))).astype(np.int64)
        wins = np.clip(wins, 0, m + 1)
        while (short := ~good(wins)).any():
            wins = wins + short
        while (spare := (wins > 0) & good(np.maximum(wins - 1, 0))).any():
            wins = wins - spare
        return wins
    low, high = np.full(m.shape, -1), m + 1  # does not pass, passes
    while (gap := high - low > 1).any():
        middle = (low + high) // 2
        enough = good(middle)
        low, high = np.where(gap & ~enough, middle, low), np.where(gap & enough, middle, high)
    return high


def connor(psi: float, d: float, threshold: float, alpha: float, power: float) -> float:
    """The normal formula for n; psi >= |d|, d beyond the threshold."""
    za, zb = -float(ndtri(alpha)), float(ndtri(power))
    return float(
        ((za * _null(psi, threshold) + zb * math.sqrt(max(psi - d * d, 0.0))) / (d - threshold))
        ** 2
    )


def _null(psi: float, threshold: float) -> float:
    """Standard deviation of one example's difference where the mean is the threshold."""
    return math.sqrt(max(psi - threshold**2, 0.0))


@dataclass(frozen=True)
class PairedSizing:
    """The `Sizing` of a difference. ``threshold``: of it; ``disagreement``: psi, above 0."""

    threshold: float
    alpha: float
    disagreement: float

    def least_n(self, upward: bool) -> int | None:
        """Where as many examples as expected tell the models apart, all for the better."""
        high = 1
        while not self.possible(high, upward):
            high *= 2
            if high > MOST:
                return None
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.possible(middle, upward) else (middle, high)
        return high

    def possible(self, n: int, upward: bool) -> bool:
        """Whether n can show it where as many as expected tell the models apart, all for the
        better."""
        t, m = self.threshold if upward else -self.threshold, round(self.disagreement * n)
        return bool(passes(m, 0, n, t, self.alpha))

    def power_at(self, n: int, true: float, upward: bool) -> float | None:
        """None where so many differences cannot be so one-sided."""
        psi, t, d = self.disagreement, self.threshold, true
        if not upward:
            t, d = -t, -d
        if abs(d) > psi * (1 + 1e-12):
            return None
        if n > EXACT_UP_TO:
            far = (d - t) * math.sqrt(n) + float(ndtri(self.alpha)) * _null(psi, t)
            spread = math.sqrt(max(psi - d * d, 0.0))
            return float(ndtr(far / spread)) if spread else float(far > 0)
        low, high = binom.ppf([RARE, 1 - RARE], n, psi)
        m = np.arange(int(low), int(high) + 1)
        wins = least_wins(m, n, t, self.alpha)
        share = min(1.0, max(0.0, (psi + d) / (2 * psi)))
        each = np.where(wins > m, 0.0, np.where(wins > 0, bdtrc(wins - 1, m, share), 1.0))
        return float(binom.pmf(m, n, psi) @ each)

    def needed_n(self, true: float, power: float, upward: bool) -> int | None:
        t, d = self.threshold, true
        if not upward:
            t, d = -t, -d
        if d <= t or abs(d) > self.disagreement * (1 + 1e-12):
            return None
        normal = connor(self.disagreement, d, t, self.alpha, power)
        if normal > EXACT_UP_TO:
            return math.ceil(normal)

        def enough(n: int) -> bool:
            return (self.power_at(n, true, upward) or 0.0) >= power

        high = max(4, math.ceil(normal))
        while not enough(high):
            high = math.ceil(1.2 * high)
        low = high
        while low > 1 and enough(low):
            high, low = low, math.floor(low / 1.2)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if enough(middle) else (middle, high)
        return high

    def detectable(self, n: int, power: float, upward: bool) -> float | None:
        psi, sign = self.disagreement, 1 if upward else -1
        low, high = max(sign * self.threshold, -psi), psi
        if high <= low or (self.power_at(n, sign * high, upward) or 0.0) < power:
            return None
        while high - low > 1e-6:
            middle = (low + high) / 2
            enough = (self.power_at(n, sign * middle, upward) or 0.0) >= power
            low, high = (low, middle) if enough else (middle, high)
        return sign * high
