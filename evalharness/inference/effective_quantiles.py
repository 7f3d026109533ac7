"""Quantiles of weighted or clustered values: the decision on the share, inverted.

Q_q <= v exactly when the share of x <= v is at least q. So the upper limit is the smallest value
from which on the lower limit of that share (``inference/effective.py``) reaches q, and the lower
limit the largest up to which its upper limit stays within q. With equal weights and each value its
own unit these are the order statistics.

Sources: Woodruff 1952; Francisco & Fuller 1991.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc

from evalharness.inference.effective import (
    TINY,
    EffectiveBounds,
    UnitSums,
    heaviest_half,
    lower_beta,
    unit_sums,
)

Floats = NDArray[np.float64]


class EffectiveQuantileBounds:
    """The q-quantile of weighted values: the smallest x whose share of the weight up to it is q.

    ``values`` (m,); ``weight`` (m,) >= 0, or None where all count alike; ``unit`` (m,) dense codes
    of what was drawn together, or None; ``clusters``: whether the units are clusters; 0 < q < 1.
    Where no bound exists on a side it is -inf or inf, and ``missing`` says why.
    ``closed``: a bound equal to the threshold satisfies it, as of ``QuantileBounds``.
    """

    closed = True
    shown = "order statistics at n_eff"
    decides = "order statistics at n_eff (Clopper-Pearson on the share)"

    def __init__(
        self,
        values: ArrayLike,
        weight: ArrayLike | None,
        unit: ArrayLike | None,
        q: float,
        clusters: bool = False,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(f"q must lie strictly between 0 and 1: {q}")
        x = np.asarray(values, float)
        w = np.ones(len(x)) if weight is None else np.asarray(weight, float)
        code = np.arange(len(x)) if unit is None else np.asarray(unit)
        order = np.argsort(x, kind="stable")
        order = order[w[order] > 0]
        self.q, self._clusters = q, clusters
        self._x, self._w = x[order], w[order]
        _, self._code = np.unique(code[order], return_inverse=True)
        # Where each distinct value ends in the sorted column.
        self._ends = np.flatnonzero(np.append(self._x[1:] > self._x[:-1], len(self._x) > 0))
        self.values = self._x[self._ends]
        self._sizes = np.bincount(self._code, self._w).astype(float)
        self.n, self.unit = len(self._sizes), "clusters" if clusters else "values"
        upto = np.cumsum(self._w)[self._ends]
        self.value = math.nan
        if self.n:
            first = np.searchsorted(upto, q * upto[-1] * (1 - 1e-12))
            self.value = float(self.values[first])

    def share(self, threshold: float) -> EffectiveBounds:
        """The share of values up to the threshold."""
        below = np.where(self._x <= threshold, self._w, 0.0)
        hits = np.bincount(self._code, below, self.n)
        return EffectiveBounds(
            np.minimum(hits, self._sizes), self._sizes, "values", None, self._clusters, self._most
        )

    @property
    def _most(self) -> int:
        """No n_eff is above the number of values; of what is no cluster, of units."""
        return len(self._x) if self._clusters else self.n

    @cached_property
    def reason(self) -> str:
        """Why no bound exists on one side, at 95 % confidence; the other side may still decide."""
        if not self.n:
            return "0/0: there are no values"
        return self.missing("upper", 0.05) or self.missing("lower", 0.05)

    @cached_property
    def note(self) -> str:
        return self.share(self.value).note if self.n else ""

    def missing(self, side: str, alpha: float) -> str:
        """Why there is no ``"upper"`` or ``"lower"`` bound at ``alpha``; "" where there is one."""
        if not math.isinf(self.upper(alpha) if side == "upper" else self.lower(alpha)):
            return ""
        return (
            f"no {side} bound of the {self.q:g} quantile exists with {100 * (1 - alpha):g} % "
            f"confidence: the {len(self._x):,} values in {self.n:,} {self.unit} are worth too few"
            if self._clusters
            else f"no {side} bound of the {self.q:g} quantile exists with "
            f"{100 * (1 - alpha):g} % confidence: {self.n:,} values of these weights are worth "
            "too few"
        )

    @cached_property
    def _shares(self) -> UnitSums:
        """Of the shares up to each distinct value, and first of those up to none."""
        w, code, m = self._w, self._code, self._sizes
        whole = unit_sums(m, m, self._clusters, self._most)
        together = np.argsort(code, kind="stable")
        upto = np.cumsum(w[together])
        starts = np.append(0, np.flatnonzero(np.diff(code[together])) + 1)
        before = np.empty(len(w))
        # Of its unit's weight, how much lies before each value.
        lengths = np.diff(np.append(starts, len(w)))
        before[together] = (
            upto - w[together] - np.repeat(upto[starts] - w[together][starts], lengths)
        )
        first, last = np.zeros(len(w)), np.zeros(len(w))
        first[together[starts]] = 1.0
        last[together[starts + lengths - 1]] = 1.0
        if not self._clusters:
            counted = heaviest_half(m)[code]
            first, last = first * counted, last * counted

        def at_ends(added: Floats) -> Floats:
            return np.append(0.0, np.cumsum(added)[self._ends])

        return whole._replace(
            hits=np.minimum(at_ends(w), whole.trials),
            ht=at_ends(w * m[code]),
            hh=at_ends(w * (2 * before + w)),
            successes=at_ends(first),
            errors=whole.successes - at_ends(last),
        )

    def _reaches(self, s: UnitSums, share: float, alpha: float) -> NDArray[np.bool_]:
        """Where the lower limit of the share reaches ``share``."""
        a, b = lower_beta(s, alpha)
        mean = a / (a + b)
        # Beta is sub-Gaussian with variance 1/4(a + b + 1) (Marchal & Arbel 2017): far from its
        # mean there is nothing to compute, and a million values cost no more than a thousand.
        reaches = mean > share
        near = 2 * (a + b + 1) * (mean - share) ** 2 < -math.log(min(alpha, 1 - alpha))
        near &= a > TINY
        reaches[near] = betainc(a[near], b[near], share) <= alpha
        return reaches & (a > TINY)

    def interval(self, confidence: float) -> tuple[float, float]:
        alpha = (1 - confidence) / 2
        return self.lower(alpha), self.upper(alpha)

    def lower(self, alpha: float) -> float:
        if not self.n:
            return -math.inf
        within = self._reaches(self._shares.mirrored(), 1 - self.q, alpha)
        first = int(np.argmin(within))  # the first that does not stay within q; 0: not even none
        return -math.inf if not first else min(float(self.values[first - 1]), self.value)

    def upper(self, alpha: float) -> float:
        if not self.n:
            return math.inf
        short = np.flatnonzero(~self._reaches(self._shares, self.q, alpha))
        last = int(short[-1]) if len(short) else 0
        return math.inf if last == len(self.values) else max(float(self.values[last]), self.value)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        """As of the share of values up to the threshold, against q."""
        if not self.n or math.isnan(threshold):
            return None
        return self.share(threshold).settle(self.q, alpha, power)
