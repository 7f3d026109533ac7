"""What so many examples can show of a metric of a 2x2 table (MCC, kappa, balanced accuracy), before
any is measured: by tables drawn from a model of both classes.

Positives and negatives are as many as the split has. Sensitivity and specificity are the same rate
r, solved so that the metric has the value that is asked about. Tables are drawn from that, and all
are bounded at once by what will decide (`TwoClassSlices`); the power is the share that show it.

The tables are not random: the quantiles of both binomials at the points of a Fibonacci lattice,
which fills the square so evenly that the share is good to about a percent.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtri

from evalharness.inference.mover import table_of
from evalharness.inference.mover_slices import TwoClassSlices
from evalharness.statistics.tables import Cells

Floats = NDArray[np.float64]

# Two neighbouring Fibonacci numbers: so many tables, and the step of the lattice.
TABLES, STEP = 377, 233
# Rates at which a metric is looked at, to find where it has a value.
RATES = 2_001
# Beyond so many examples no plan is made.
MOST = 10**9
# Errors of either kind that a table at its best may have: likelihood ratios are 0/0 without any.
ERRORS = np.array([0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144], float)
# Rates that are looked at before it is bisected where the power is reached.
STEPS = 16
# Passing comes and goes with the rounding of the positives; so many sizes below are looked through.
NEAR = 64


def lattice() -> tuple[Floats, Floats]:
    """(TABLES,) each: points that fill the unit square evenly."""
    i = np.arange(TABLES)
    return (i + 0.5) / TABLES, (i * STEP % TABLES + 0.5) / TABLES


def binomial_quantile(u: Floats, n: int, p: float) -> Floats:
    """The smallest k with P(Bin(n, p) <= k) >= u."""
    if n == 0 or p in (0.0, 1.0):
        return np.full(len(u), n * p)
    # From the Cornish-Fisher expansion, which is rarely off by more than one, to the exact one.
    z, spread = ndtri(u), math.sqrt(n * p * (1 - p))
    k = np.clip(np.round(n * p + spread * z + (1 - 2 * p) * (z * z - 1) / 6), 0, n)
    while np.any(short := bdtr(k, n, p) < u):
        k = k + short
    while np.any(beyond := (k > 0) & (bdtr(np.maximum(k - 1, 0), n, p) >= u)):
        k = k - beyond
    return np.asarray(k)


@dataclass(frozen=True)
class TableSizing:
    """A ``function`` of 2x2 tables, of arrays as of numbers, in ``range``. ``prevalence``: share of
    the positives; n counts examples."""

    function: Callable[[Any], Any]
    range: tuple[float, float]
    threshold: float
    alpha: float
    prevalence: float

    def classes(self, n: Any) -> tuple[Any, Any]:
        """Positives and negatives among n; where there are two examples, one of each at least."""
        positives = np.clip(np.round(n * self.prevalence), 1, np.maximum(n - 1, 1))
        return positives, n - positives

    @cached_property
    def _curve(self) -> tuple[Floats, Floats]:
        """The rates, and the metric at each."""
        rates = np.linspace(0, 1, RATES)
        return rates, self._at(rates)

    def _at(self, rates: Floats) -> Floats:
        shape = np.full(len(rates), self.prevalence)
        with np.errstate(all="ignore"):
            cells = table_of(Cells, 1.0, np.array([shape, rates, rates]))
            return np.asarray(self.function(cells), float) + np.zeros(len(rates))

    def rate(self, value: float) -> float | None:
        """The rate nearest to 1 at which the metric has a value; None where it never does."""
        rates, found = self._curve
        with np.errstate(invalid="ignore"):
            above = found >= value
            crossed = (above[1:] != above[:-1]) & np.isfinite(found[1:]) & np.isfinite(found[:-1])
        if not crossed.any():
            return None
        i = int(np.flatnonzero(crossed)[-1])
        low, high = float(rates[i]), float(rates[i + 1])
        for _ in range(50):
            middle = (low + high) / 2
            same = bool(self._at(np.array([middle]))[0] >= value) == bool(above[i])
            low, high = (middle, high) if same else (low, middle)
        return (low + high) / 2

    def _shown(self, cells: Cells, upward: bool) -> NDArray[np.bool_]:
        bounds = TwoClassSlices(self.function, cells, self.range)
        with np.errstate(invalid="ignore"):
            if upward:
                return np.asarray(bounds.lower(self.alpha) > self.threshold)
            return np.asarray(bounds.upper(self.alpha) < self.threshold)

    def least_n(self, upward: bool) -> int | None:
        """At which a table that is as good as it can be shows it."""

        def can(sizes: Any) -> Any:
            """(k,) of so many examples."""
            n, fn, fp = np.broadcast_arrays(
                np.asarray(sizes, float)[:, None, None], ERRORS[:, None], ERRORS
            )
            pos, neg = self.classes(n)
            fn, fp = np.minimum(fn, pos), np.minimum(fp, neg)
            right = Cells(pos - fn, fp, fn, neg - fp)
            wrong = Cells(fn, neg - fp, pos - fn, fp)
            found = [
                self._shown(Cells(*(c.ravel() for c in cells)), upward).reshape(n.shape)
                for cells in (right, wrong)
            ]
            return (found[0] | found[1]).any(axis=(1, 2))

        high = _doubled(lambda n: bool(can([n])[0]), 2)
        if high is None:
            return None
        high = _bisected(lambda n: bool(can([n])[0]), high)
        before = np.arange(max(2, high - NEAR), high + 1)
        return int(before[np.argmax(can(before))])

    def power_at(self, n: int, true: float, upward: bool) -> float | None:
        rate = self.rate(true)
        return None if rate is None else self._power(n, rate, upward)

    def _power(self, n: int, rate: float, upward: bool) -> float:
        if n < 2:
            return 0.0
        positives, negatives = (int(x) for x in self.classes(n))
        u, v = lattice()
        tp, tn = binomial_quantile(u, positives, rate), binomial_quantile(v, negatives, rate)
        return float(self._shown(Cells(tp, negatives - tn, positives - tp, tn), upward).mean())

    def needed_n(self, true: float, power: float, upward: bool) -> int | None:
        rate = self.rate(true)
        if rate is None or (true > self.threshold) != upward:
            return None

        def enough(n: int) -> bool:
            return self._power(n, rate, upward) >= power

        high = _doubled(enough, 2)
        return None if high is None else _bisected(enough, high)

    def detectable(self, n: int, power: float, upward: bool) -> float | None:
        """By bisection over the rates from that of the threshold to the end that is better."""
        at_threshold = self.rate(self.threshold)
        if at_threshold is None:
            return None
        beside = at_threshold + min(1e-3, (1 - at_threshold) / 2)
        value = self._at(np.array([beside]))[0]
        rising = bool(value > self.threshold)
        end = 1.0 if rising == upward else 0.0

        def enough(rate: float) -> bool:
            return self._power(n, rate, upward) >= power

        # At the very end a metric may be 0/0, so that there the power is none again.
        rates = np.linspace(at_threshold, end, STEPS + 1)
        first = next((i for i in range(1, STEPS + 1) if enough(float(rates[i]))), None)
        if first is None:
            return None
        near, far = float(rates[first - 1]), float(rates[first])
        for _ in range(12):
            middle = (near + far) / 2
            near, far = (near, middle) if enough(middle) else (middle, far)
        found = float(self._at(np.array([far]))[0])
        return found if math.isfinite(found) else None


def _doubled(true: Callable[[int], bool], start: int) -> int | None:
    """The first of start, 2 start, 4 start, … at which it is true."""
    while start <= MOST:
        if true(start):
            return start
        start *= 2
    return None


def _bisected(true: Callable[[int], bool], high: int) -> int:
    """Where it becomes true, at or below ``high`` and above half of that."""
    low = high // 2
    while high - low > max(1, high // 2_000):
        middle = (low + high) // 2
        low, high = (low, middle) if true(middle) else (middle, high)
    return high
