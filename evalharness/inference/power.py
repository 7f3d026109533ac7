"""How many examples a verdict needs: exact for proportions, the normal formula where n is vast.

A bound ``share >= tau`` passes with k hits of n exactly when P(Bin(n, tau) >= k) <= alpha, which is
the Clopper-Pearson lower limit lying at or above tau. The power at a true share p is a sawtooth in
n, so "n*" means: from n* on, *every* larger n has the power.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtri

# Beyond this the exact n* differs from the corrected normal formula by less than 0.1 %.
EXACT_UP_TO = 1_000_000


def wilks_n(q: float, alpha: float) -> int:
    """Smallest n with q**n <= alpha; below it ``share >= q`` cannot pass (Wilks 1941)."""
    if not 0 < q < 1:
        raise ValueError(f"q must lie strictly between 0 and 1: {q}")
    # The guard keeps an exact power (0.5**2 <= 0.25) from being lost to rounding.
    return max(1, math.ceil(math.log(alpha) / math.log(q) - 1e-12))


def least_hits(threshold: float, n: int, alpha: float) -> int | None:
    """Fewest hits of ``n`` that pass ``share >= threshold`` at ``alpha``; None if even n do not."""
    k = int(_critical(np.array([n]), threshold, alpha)[0])
    return k if k <= n else None


def fewest_hits(threshold: float, n: NDArray[np.int64], alpha: float) -> NDArray[np.int64]:
    """The same of many ``n``; n + 1 where even n do not."""
    spread = np.sqrt(n * threshold * (1 - threshold))
    guess = np.ceil(n * threshold - float(ndtri(alpha)) * spread)
    found = _exactly(np.clip(guess, 0, n + 1), n, threshold, alpha)
    return found.astype(np.int64)


def settle_proportion(
    threshold: float, share: float, alpha: float, power: float = 0.8
) -> int | None:
    """Fresh trials from which on the verdict at ``alpha`` is reached with probability ``power``.

    ``threshold`` tau and true ``share`` p, both in [0, 1]: a pass of ``>= tau`` where p > tau, a
    fail where p < tau. Exact by Clopper-Pearson up to a million trials; the normal formula
    [(z_a sqrt(tau(1-tau)) + z_b sqrt(p(1-p)))/(p - tau)]², plus 1/|p - tau| for the discreteness,
    beyond. None when p = tau: no number of examples settles that.
    """
    if share == threshold:
        return None
    if share < threshold:
        threshold, share = 1 - threshold, 1 - share
    za, zb = float(-ndtri(alpha)), float(ndtri(power))
    spread = za * math.sqrt(threshold * (1 - threshold)) + zb * math.sqrt(share * (1 - share))
    gap = share - threshold
    if gap < 1e-12:
        return None
    normal = (spread / gap) ** 2
    if normal > EXACT_UP_TO:
        return math.ceil(normal + 1 / gap)
    if threshold <= 0:  # one hit is enough
        return max(1, math.ceil(math.log1p(-power) / math.log1p(-share))) if share < 1 else 1
    return _last_short(threshold, share, alpha, power, normal) + 1


def _last_short(tau: float, p: float, alpha: float, power: float, normal: float) -> int:
    """The largest n whose power is still below ``power``."""
    # With a real-valued critical count k(n) the needed hits lie in [k, k + 1): at k + 1 the power
    # is smooth and never above the exact one, so where it suffices no larger n can fall short.
    low, high = 1, max(4, int(normal) + 1)
    while _worst_power(high, tau, p, alpha) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _worst_power(middle, tau, p, alpha) < power:
            low = middle
        else:
            high = middle
    size = 64
    while high > 0:
        n = np.arange(max(1, high - size + 1), high + 1)
        k = _critical(n, tau, alpha)
        short = np.flatnonzero(_tail(k, n, p) < power)
        if short.size:
            return int(n[short[-1]])
        high, size = high - size, min(4 * size, 16_384)
    return 0


def _tail(k: NDArray[np.float64], n: NDArray[np.int64], p: float) -> NDArray[np.float64]:
    """P(Bin(n, p) >= k), also for real k in (0, n]; 0 above n and 1 at or below 0."""
    inside = (k > 0) & (k < n + 1)
    a, b = np.where(inside, k, 1.0), np.where(inside, n - k + 1, 1.0)
    return np.where(inside, betainc(a, b, p), np.where(k > 0, 0.0, 1.0))


def _real_critical(n: int, tau: float, alpha: float) -> float:
    """The real k with P(Bin(n, tau) >= k) = alpha, in (0, n + 1)."""
    low, high = 0.0, float(n + 1)
    guess = n * tau - float(ndtri(alpha)) * math.sqrt(n * tau * (1 - tau)) + 0.5
    sd = math.sqrt(n * tau * (1 - tau)) + 1
    for edge in (guess - sd, guess + sd):  # a tight bracket, when the normal guess holds
        if low < edge < high:
            if float(betainc(edge, n - edge + 1, tau)) > alpha:
                low = max(low, edge)
            else:
                high = min(high, edge)
    while high - low > 1e-7 * max(1.0, sd):
        middle = (low + high) / 2
        if float(betainc(middle, n - middle + 1, tau)) > alpha:
            low = middle
        else:
            high = middle
    return high


def _worst_power(n: int, tau: float, p: float, alpha: float) -> float:
    k = _real_critical(n, tau, alpha) + 1
    return float(betainc(k, n - k + 1, p)) if k < n + 1 else 0.0


def _critical(n: NDArray[np.int64], tau: float, alpha: float) -> NDArray[np.float64]:
    """Fewest hits with P(Bin(n, tau) >= k) <= alpha for consecutive ``n``; n + 1 where none do."""
    ends = [_real_critical(int(m), tau, alpha) for m in (n[0], n[-1])]
    # Nearly linear between the ends.
    return _exactly(np.ceil(np.interp(n, [n[0], n[-1]], ends)), n, tau, alpha)


def _exactly(
    k: NDArray[np.float64], n: NDArray[np.int64], tau: float, alpha: float
) -> NDArray[np.float64]:
    """The fewest hits, from a guess; exact whatever the guess."""
    while np.any(high := (_tail(k, n, tau) > alpha)):
        k = k + high
    while np.any(low := (k > 0) & (_tail(k - 1, n, tau) <= alpha)):
        k = k - low
    return k
