"""Difference of two proportions on the same examples: Tango's score interval.

Of n pairs, b are right in the new model only and c in the old one only; d = (b - c)/n. The limits
solve (b - c - nD)/sqrt(n(2q + D(1 - D))) = +-z, where q is the maximum-likelihood share of c under
the difference D: q = (sqrt(B² - 4AC) - B)/(2A), A = 2n, B = -b - c + (2n - b + c)D, C = -cD(1 - D).

One-sided, Tango covers as little as .91 where one kind of discordance is rare (200 pairs, .02
against .001), and MOVER from Clopper-Pearson limits of b/n and c/n as little as .905 where both are
common. The wider of the two never fell below .942 in docs/calibration.md, and decides.

Sources: Tango 1998; Zou & Donner 2008.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalharness.inference.bounds import settle_by_width, upper_z
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper

Floats = NDArray[np.float64]


def tango(
    new_only: ArrayLike, old_only: ArrayLike, n: ArrayLike, z: float
) -> tuple[Floats, Floats]:
    """Lower and upper limit for counts that broadcast (n >= 1), by bisection on [-1, 1]."""
    b, c, total = np.broadcast_arrays(
        np.asarray(new_only, float), np.asarray(old_only, float), np.asarray(n, float)
    )
    # Mirrored, the upper limit is a lower one: exact antisymmetry under swapping the models.
    return _lower(b, c, total, z), -_lower(c, b, total, z)


def _lower(b: Floats, c: Floats, n: Floats, z: float) -> Floats:
    low, high = np.full(b.shape, -1.0), np.asarray((b - c) / n, float)
    for _ in range(60):
        middle = (low + high) / 2
        outside = _beyond(b, c, n, middle, z)
        low, high = np.where(outside, middle, low), np.where(outside, high, middle)
    return low


def _beyond(b: Floats, c: Floats, n: Floats, difference: ArrayLike, z: float) -> NDArray[np.bool_]:
    """Whether Tango's score of a difference is above z, so that his lower limit is."""
    d = np.asarray(difference, float)
    big_b = -b - c + (2 * n - b + c) * d
    root = np.sqrt(np.maximum(big_b**2 + 8 * n * c * d * (1 - d), 0.0))
    # The root of smaller cancellation, so that q stays accurate when c is 0.
    q = np.where(
        big_b > 0,
        2 * c * d * (1 - d) / np.where(root + big_b == 0, 1.0, root + big_b),
        (root - big_b) / (4 * n),
    )
    q = np.maximum(q, np.maximum(0.0, -d))
    spread = np.maximum(n * (2 * q + d * (1 - d)), 0.0)
    return np.asarray(b - c - n * d > z * np.sqrt(spread))


def mover_lower(b: ArrayLike, c: ArrayLike, n: ArrayLike, alpha: float) -> Floats:
    """Lower limit of (b - c)/n from one-sided Clopper-Pearson limits of b/n and c/n."""
    p, q = np.divide(b, n), np.divide(c, n)
    down, up = p - clopper_pearson_lower(b, n, alpha), clopper_pearson_upper(c, n, alpha) - q
    return np.asarray(p - q - np.sqrt(down**2 + up**2), float)


def deciding_lower(b: ArrayLike, c: ArrayLike, n: ArrayLike, alpha: float) -> Floats:
    """The lower of Tango's and MOVER's one-sided lower limits; the upper is its mirror image."""
    new, old, total = np.broadcast_arrays(
        np.asarray(b, float), np.asarray(c, float), np.asarray(n, float)
    )
    return np.minimum(_lower(new, old, total, upper_z(alpha)), mover_lower(new, old, total, alpha))


def passes(
    b: ArrayLike, c: ArrayLike, n: ArrayLike, threshold: float, alpha: float
) -> NDArray[np.bool_]:
    """Whether the deciding lower limit of `PairedShareBounds` lies above a threshold, for counts
    that broadcast; no limit is worked out."""
    new, old, total = np.broadcast_arrays(
        np.asarray(b, float), np.asarray(c, float), np.asarray(n, float)
    )
    found = (new - old > threshold * total) & _beyond(new, old, total, threshold, upper_z(alpha))
    found &= mover_lower(new, old, total, alpha) > threshold
    return found & (mid_p(new, old) <= alpha) if threshold >= 0 else found


def mid_p(b: ArrayLike, c: ArrayLike) -> Floats:
    """McNemar's one-sided mid-P: of b + c discordant pairs, the chance of more than b that favour
    the one model, and half of that of just b, where each is as likely to favour either
    (Fagerland, Lydersen & Laake 2013). 1 where there is none."""
    from scipy.special import betainc

    new, old = np.asarray(b, float), np.asarray(c, float)
    # Upper tails P(Bin >= k) = I(k, m - k + 1), which keep what is tiny.
    more = np.where(old > 0, betainc(new + 1, np.maximum(old, 1), 0.5), 0.0)
    or_more = np.where(new > 0, betainc(np.maximum(new, 1), old + 1, 0.5), 1.0)
    return np.where(new + old > 0, (more + or_more) / 2, 1.0)


def _superior(b: int, c: int, n: int, alpha: float) -> float:
    """The deciding lower limit of (b - c)/n; not above 0 unless mid-P is at the level."""
    limit = float(deciding_lower(b, c, n, alpha))
    return min(limit, 0.0) if limit > 0 and mid_p(b, c) > alpha else limit


class PairedShareBounds:
    """The difference of a share between two models that were measured on the same ``n`` examples.

    ``new_only``: examples that only the new model has right; ``old_only``: only the old one.
    Tango is shown, and without a discordant example its lower bound is -z²/(n + z²). The wider of
    it and MOVER decides: never superior then, and equivalent only where that lies inside the
    margin. Neither model is superior unless McNemar's mid-P is at the level, too.
    """

    unit = "pairs"
    shown = "Tango"
    decides = "wider of Tango and MOVER"

    def __init__(self, new_only: int, old_only: int, n: int) -> None:
        if min(new_only, old_only) < 0 or new_only + old_only > n:
            raise ValueError(f"discordant pairs must fit into n: {new_only} + {old_only} of {n}")
        self.new_only, self.old_only, self.n = int(new_only), int(old_only), int(n)
        self.value = (self.new_only - self.old_only) / self.n if self.n else math.nan
        self.reason = "" if self.n else "0/0: there are no pairs"

    def interval(self, confidence: float) -> tuple[float, float]:
        if not self.n:
            return -1.0, 1.0
        z = upper_z((1 - confidence) / 2)
        low, high = tango(self.new_only, self.old_only, self.n, z)
        return float(low), float(high)

    def lower(self, alpha: float) -> float:
        if not self.n:
            return -1.0
        return _superior(self.new_only, self.old_only, self.n, alpha)

    def upper(self, alpha: float) -> float:
        if not self.n:
            return 1.0
        return -_superior(self.old_only, self.new_only, self.n, alpha)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        def at(factor: float, lower: bool) -> tuple[float, float]:
            new, old, n = (factor * x for x in (self.new_only, self.old_only, self.n))
            error = math.sqrt(max(0.0, (new + old) / n - self.value**2) / n)
            sign = 1 if lower else -1
            more, fewer = (new, old) if lower else (old, new)
            limit = float(deciding_lower(more, fewer, n, alpha))
            if sign * threshold >= 0 and mid_p(more, fewer) > alpha:
                limit = -1.0  # superior to nobody, as in `_superior`; at 0 it would just be enough
            return sign * limit, error

        return settle_by_width(self, threshold, alpha, power, at)
