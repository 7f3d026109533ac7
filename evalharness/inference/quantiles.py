"""Quantiles by order statistics: no distribution is assumed and none is fitted.

Q_q <= t exactly when the share of x <= t is at least q, so a bound on a quantile is a bound on a
proportion, decided by Clopper-Pearson; the order statistics below are that decision, inverted.
Ties only make it conservative: on a heavily tied column both limits may be one value, and this is
a statement about the atom there, not a collapsed interval.

Sources: Wilks 1941; Conover 1999 section 3.2; Hahn & Meeker 1991.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc

from evalharness.inference.power import least_hits, settle_proportion, wilks_n


def upper_rank(n: int, q: float, alpha: float) -> int | None:
    """Smallest u with P(Bin(n, q) >= u) <= alpha: X_(u) (1-based) is an upper limit of Q_q."""
    return least_hits(q, n, alpha) if n else None


def lower_rank(n: int, q: float, alpha: float) -> int | None:
    """Largest l with P(Bin(n, q) <= l - 1) <= alpha: X_(l) (1-based) is a lower limit of Q_q."""
    misses = least_hits(1 - q, n, alpha) if n else None
    return None if misses is None else n - misses + 1


def rank_coverage(n: int, q: float, low: int, high: int) -> float:
    """P(X_(low) <= Q_q < X_(high)) for a continuous distribution."""

    def at_least(k: int) -> float:
        return 1.0 if k <= 0 else 0.0 if k > n else float(betainc(k, n - k + 1, q))

    return at_least(low) - at_least(high)


class QuantileBounds:
    """The q-quantile of a column: the smallest x with F(x) >= q ("inverted_cdf").

    ``values`` (k,): the distinct values, ascending; ``counts`` (k,): how often each occurs;
    0 < q < 1. Where the sample is too small for a bound (Wilks), that bound is -inf or inf, and
    ``missing`` says how many values it takes; the other bound may still decide.
    ``closed``: an upper bound equal to the threshold satisfies ``<= threshold``, a lower one
    ``>= threshold`` (these *are* the Clopper-Pearson decisions on the share).
    """

    unit = "values"
    shown = "order statistics"
    decides = "order statistics (Clopper-Pearson on the share)"
    closed = True

    def __init__(self, values: ArrayLike, counts: ArrayLike, q: float) -> None:
        if not 0 < q < 1:
            raise ValueError(f"q must lie strictly between 0 and 1: {q}")
        self.values, self.q = np.asarray(values, float), q
        self._upto = np.cumsum(np.asarray(counts, np.int64))
        self.n = int(self._upto[-1]) if self._upto.size else 0
        # n q is compared with a little slack, so that 0.07 * 100 asks for the 7th value.
        rank = max(1, math.ceil(self.n * q * (1 - 1e-12)))
        self.value = self._at(rank) if self.n else math.nan

    @cached_property
    def reason(self) -> str:
        """Why no bound exists on one side, at 95 % confidence; the other side may still decide."""
        if not self.n:
            return "0/0: there are no values"
        return self.missing("upper", 0.05) or self.missing("lower", 0.05)

    def _at(self, rank: int) -> float:
        return float(self.values[np.searchsorted(self._upto, rank)])

    def missing(self, side: str, alpha: float) -> str:
        """Why there is no ``"upper"`` or ``"lower"`` bound at ``alpha``; "" where there is one."""
        needed = wilks_n(self.q if side == "upper" else 1 - self.q, alpha)
        if self.n >= needed:
            return ""
        return (
            f"no {side} bound of the {self.q:g} quantile exists below {needed:,} values "
            f"with {100 * (1 - alpha):g} % confidence; here are {self.n:,}"
        )

    def interval(self, confidence: float) -> tuple[float, float]:
        alpha = (1 - confidence) / 2
        return self.lower(alpha), self.upper(alpha)

    def lower(self, alpha: float) -> float:
        rank = lower_rank(self.n, self.q, alpha)
        return -math.inf if rank is None else min(self._at(rank), self.value)

    def upper(self, alpha: float) -> float:
        rank = upper_rank(self.n, self.q, alpha)
        return math.inf if rank is None else max(self._at(rank), self.value)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        """Exact, as for a proportion: the share of values up to the threshold against q."""
        if not self.n or math.isnan(threshold):
            return None
        below = int(np.searchsorted(self.values, threshold, side="right"))
        share = (int(self._upto[below - 1]) if below else 0) / self.n
        return settle_proportion(self.q, share, alpha, power)
