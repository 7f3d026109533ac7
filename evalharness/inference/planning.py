"""What so many trials can show of a share, before any is made: exact, by Clopper-Pearson.

A bound ``share >= tau`` passes with k hits of n where the lower limit of k of n lies beyond tau. So
with k the fewest such hits, the power at a true share p is P(Bin(n, p) >= k) = I_p(k, n - k + 1),
and the share at which the power is 80 % is that function's inverse. ``<= tau`` is the same of the
errors.

A plan of any metric answers four questions, each in the direction ``upward`` or down from a
threshold: `Sizing`. Here is that of shares; tables and areas have theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from scipy.special import betainc, betaincinv

from evalharness.inference.power import least_hits, settle_proportion, wilks_n
from evalharness.inference.proportions import clopper_pearson_lower


class Sizing(Protocol):
    """What ``n`` can show of a metric, in its own values. ``upward``: that it lies above the
    threshold."""

    def least_n(self, upward: bool) -> int | None:
        """Smallest n at which that can be shown at all; None where none can."""

    def power_at(self, n: int, true: float, upward: bool) -> float | None:
        """Probability that n show it, where ``true`` is the value; None where no sample with that
        value is known."""

    def needed_n(self, true: float, power: float, upward: bool) -> int | None:
        """The n from which on they show it with that probability."""

    def detectable(self, n: int, power: float, upward: bool) -> float | None:
        """The value nearest to the threshold that n show with that probability."""


def passing_hits(n: int, tau: float, alpha: float, closed: bool = False) -> int | None:
    """Fewest hits of ``n`` whose one-sided lower limit at ``alpha`` lies above ``tau``; None if
    even n do not. ``closed``: a limit at ``tau`` is enough."""
    k = least_hits(tau, n, alpha)
    # A limit that is tau itself is told apart as the verdict tells it, by the same numbers.
    if k is None or closed or float(clopper_pearson_lower(k, n, alpha)) > tau:
        return k
    return k + 1 if k < n else None


def least_n(tau: float, alpha: float, upward: bool = True, closed: bool = False) -> int | None:
    """Smallest n at which a share can be shown to lie above ``tau`` (below it, for a bound that is
    not ``upward``): ceil(ln alpha / ln tau), Wilks 1941; None at the end of the range."""
    tau = tau if upward else 1 - tau
    if tau >= 1:
        return None
    n = wilks_n(tau, alpha) if tau > 0 else 1
    return n if passing_hits(n, tau, alpha, closed) is not None else n + 1


def power_at(
    n: int, tau: float, true: float, alpha: float, upward: bool = True, closed: bool = False
) -> float:
    """Exact probability that ``n`` trials show a share above ``tau`` (or below it), where ``true``
    is the share. All shares in [0, 1]; 0 where n is below `least_n`."""
    if not upward:
        tau, true = 1 - tau, 1 - true
    k = passing_hits(n, tau, alpha, closed) if n and tau < 1 else None
    if k is None:
        return 0.0
    return float(betainc(k, n - k + 1, true)) if k else 1.0


def detectable(
    n: int, tau: float, alpha: float, power: float = 0.8, upward: bool = True, closed: bool = False
) -> float | None:
    """The true share nearest to ``tau`` that ``n`` trials show to lie above it (or below it) with
    probability ``power``; None where no share is.

    The smallest detectable difference is its distance from ``tau``.
    """
    k = passing_hits(n, tau if upward else 1 - tau, alpha, closed) if n else None
    if not k:
        return None
    share = float(betaincinv(k, n - k + 1, power))
    return share if upward else 1 - share


@dataclass(frozen=True)
class ShareSizing:
    """A share, or a rising ``through`` of it; ``threshold`` is of the metric.

    Below the threshold is shown what lies above it of the errors.
    """

    threshold: float
    alpha: float
    through: Callable[[float], float] | None = None
    closed: bool = False

    @property
    def _tau(self) -> float:
        return self.share(self.threshold)

    def share(self, value: float) -> float:
        """The share at which the metric has a value, to rounding; an end where it never does."""
        if self.through is None:
            return min(max(value, 0.0), 1.0)
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.through(middle) < value else (low, middle)
        return high if self.through(1.0) > value else 1.0

    def _value(self, share: float | None) -> float | None:
        return share if share is None or self.through is None else float(self.through(share))

    def least_n(self, upward: bool) -> int | None:
        return least_n(self._tau, self.alpha, upward, self.closed)

    def power_at(self, n: int, true: float, upward: bool) -> float | None:
        return power_at(n, self._tau, self.share(true), self.alpha, upward, self.closed)

    def needed_n(self, true: float, power: float, upward: bool) -> int | None:
        share = self.share(true)
        if (share > self._tau) != upward:
            return None
        return settle_proportion(self._tau, share, self.alpha, power)

    def detectable(self, n: int, power: float, upward: bool) -> float | None:
        return self._value(detectable(n, self._tau, self.alpha, power, upward, self.closed))


@dataclass(frozen=True)
class RangeSizing:
    """A mean of values in a known ``range``: at best all lie at its end, and Gaffke's bound is then
    Clopper-Pearson's. How much they vary, and so the power, is not known before they are seen."""

    threshold: float
    alpha: float
    range: tuple[float, float]

    def least_n(self, upward: bool) -> int | None:
        low, high = self.range
        return least_n((self.threshold - low) / (high - low), self.alpha, upward)

    def power_at(self, n: int, true: float, upward: bool) -> float | None:
        return None

    def needed_n(self, true: float, power: float, upward: bool) -> int | None:
        return None

    def detectable(self, n: int, power: float, upward: bool) -> float | None:
        return None
