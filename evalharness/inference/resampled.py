"""Any function of the examples: BCa bootstrap and jackknife over the units that were sampled.

What is known of a black box is what it says when examples are left out or drawn again. Both are
done with whole units (an example; with clusters a cluster). The interval that is shown is BCa. A
pass or a fail is read off the wider of three: BCa, Student's t of the jackknife, and its correction
for skewness (`means.MeanBounds` of the jackknife's pseudo-values). Where those are skewed beyond
what the correction mends nothing is decided: a maximum, a tail quantile or a rate near 1 hangs on
few units, so that their influence is as skewed as can be.

Sources: Efron 1987 (BCa); Efron and Tibshirani 1993, chapters 11 and 14; Kott 2001 (delete-a-group
jackknife). Coverage: docs/calibration.md.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from evalharness.declare.plural import counted
from evalharness.inference.bca import acceleration, alike_to_rounding, bca_levels, bias
from evalharness.inference.bounds import Bounds, settle_by_width, upper_z
from evalharness.inference.means import CHUNK, LEAST, MeanBounds, largest_asymmetry
from evalharness.inference.row_order import contents, in_order
from evalharness.kernels.sample import Sample
from evalharness.statistics.examples import Resampled

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

REPLICATES = 2_000
# The jackknife leaves out at most so many groups of units, one at a time.
GROUPS = 200
# Above this share of resamples without a value, what the others say is about other data.
MOST_UNDEFINED = 0.01
# Beyond these error levels the resamples are too few to tell: the tail is taken as normal.
FINEST = 0.005
# How far the value may lie from the middle of its resamples, in their standard deviations: what
# resampling shifts (the number of distinct values, a dependence near none) it does not bound.
MOST_BIAS = 0.25
# Leaving units out may not move a function by more than drawing them again does, give or take: the
# best or worst of several groups is not smooth where two are close.
LEAST_RATIO = 0.9
# Above this many seconds the cost is announced before it is paid.
SECONDS = 10.0


class CostWarning(UserWarning):
    """Resampling a metric will take long."""


class ResampledBounds:
    """A function of rows, bounded by resampling.

    of:      (rows) → the function's value on these rows, NaN where it has none; rows may repeat.
    content: uint64 (m,): what each row holds, as a number; equal rows have equal numbers. It puts
             the rows in an order of their own, so that the order of the table cannot matter.
    unit:    int (m,): dense codes of the unit of each row; None where every row is its own.
    seed:    of resamples and of the jackknife's groups.
    name:    of the function, for messages.
    range:   least and greatest value.
    """

    decides = "wider of BCa bootstrap, jackknife t and its skewness correction"

    def __init__(
        self,
        of: Callable[[Ints], float],
        content: NDArray[np.uint64],
        unit: NDArray[np.integer] | None,
        seed: int,
        *,
        name: str = "the metric",
        range: tuple[float, float] = (-math.inf, math.inf),
        replicates: int = REPLICATES,
    ) -> None:
        self._of, self._seed, self.name, self.range = of, seed, name, range
        self._replicates, self._rows = replicates, len(content)
        self.unit = "examples" if unit is None else "clusters"
        self._order, self._starts = in_order(np.asarray(content, np.uint64), unit)
        self.n = len(self._starts) - 1
        started = perf_counter()
        self.value = float(of(np.arange(self._rows))) if self._rows else math.nan
        self._seconds = perf_counter() - started

    @property
    def shown(self) -> str:
        return "none" if self.n < LEAST else "BCa bootstrap"

    @property
    def calls(self) -> int:
        """How often the function is called; never, where there are too few units to draw from."""
        return 0 if self.n < LEAST else self._replicates + min(self.n, GROUPS)

    @property
    def note(self) -> str:
        """What the estimate cost, in words."""
        return f"{counted(self.calls, 'calls')} of {self.name}" if self.calls else ""

    @cached_property
    def reason(self) -> str:
        if not math.isfinite(self.value):
            return f"{self.name} has no value on these {counted(self._rows, 'rows')}"
        if self.n < LEAST:
            return f"fewer than {LEAST} {self.unit} decide nothing"
        if self._restless:
            return self._restless
        if not np.isfinite(self._influences).all():
            return f"{self.name} has no value when some of the {self.unit} are left out"
        mean = self._mean.reason
        if _skewed(self._mean):
            return (
                f"too few of {self.n:,} {self.unit} make the value (skewness/√n of their influence "
                f"is {self._mean.asymmetry:.2g}): it hangs on what was not seen"
            )
        if mean:
            return f"{self.name} is the same whichever {self.unit} are left out"
        lost = int(np.isnan(self._resamples).sum())
        if lost > MOST_UNDEFINED * self._replicates:
            return f"{self.name} has no value in {lost:,} of {self._replicates:,} resamples"
        if abs(self._bias) > MOST_BIAS:
            share = float(ndtr(self._bias))
            return (
                f"the value lies above {share:.0%} of its resamples: the bootstrap does not hold "
                f"for {self.name}"
            )
        ratio = float(self._known.std()) / (math.sqrt(self._mean.m2) / self.n)
        if ratio < LEAST_RATIO:
            return (
                f"{self.name} is not smooth: leaving {self.unit} out moves it {1 / ratio:.2g}x "
                "as much as drawing them again; if it is the worst of several groups, use .by()"
            )
        return ""

    @cached_property
    def _restless(self) -> str:
        """What to say of a function that hangs on the order of the rows, or on chance."""
        started = perf_counter()
        again = float(self._of(self._order))
        # The first call may have loaded what the others find ready.
        seconds = min(self._seconds, perf_counter() - started) * self.calls
        if seconds > SECONDS:
            warnings.warn(
                f"{self.name}: {self.calls:,} calls of about {1e3 * seconds / self.calls:,.0f} ms "
                f"each: about {seconds:,.0f} s",
                CostWarning,
                stacklevel=2,
            )
        if abs(again - self.value) <= 1e-6 * max(1.0, abs(self.value)):
            return ""
        return (
            f"{self.name} is {self.value:.4g} on the rows as they stand and {again:.4g} on the "
            "same rows in another order; resampling needs a function to which order is nothing"
        )

    def _rows_of(self, units: Ints) -> Ints:
        """The rows of some units, each as often as it is named."""
        if self.n == self._rows:
            return self._order[units]
        first, size = self._starts[units], self._starts[units + 1] - self._starts[units]
        steps = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        return self._order[np.repeat(first, size) + steps]

    def _evaluate(self, drawn: Iterable[Ints]) -> Floats:
        return np.array([self._of(self._rows_of(units)) for units in drawn], float)

    @cached_property
    def _influences(self) -> Floats:
        """What each unit, or random group of units, adds: (n − size)(θ − θ without it), centred."""
        if self.n < 2:
            return np.zeros(0)
        groups = min(self.n, GROUPS)
        shuffled = np.random.default_rng([self._seed, 1]).permutation(self.n)
        group = np.empty(self.n, np.intp)
        group[shuffled] = np.arange(self.n) % groups
        every = np.arange(self.n)
        without = self._evaluate(every[group != g] for g in range(groups))
        found = (self.n - np.bincount(group)) * (self.value - without)
        return found - found.mean()

    @cached_property
    def _mean(self) -> MeanBounds:
        """The mean of as many values as there are units that varies as the function does."""
        c, n = self._influences, self.n
        square = float((c**2).sum())
        # Of sums over groups the squares and cubes add up to those of their units.
        m2 = square * ((n - 1) / n) * (len(c) / (len(c) - 1)) if n > 1 else 0.0
        m3 = float((c**3).sum()) * (m2 / square) ** 1.5 if square else 0.0
        return MeanBounds(n, self.value, m2, m3, lambda: self.value + c, self._seed)

    @cached_property
    def _resamples(self) -> Floats:
        """(replicates,) the value of each resample, NaN where it has none."""
        return self._evaluate(self._draws())

    def _draws(self) -> Iterator[Ints]:
        rng = np.random.default_rng([self._seed, 2])
        size = max(1, CHUNK // self.n)
        for start in range(0, self._replicates, size):
            many = min(size, self._replicates - start)
            yield from rng.integers(0, self.n, (many, self.n))

    @cached_property
    def _known(self) -> Floats:
        """The resamples that have a value, sorted."""
        found = self._resamples
        return np.sort(found[np.isfinite(found)])

    @cached_property
    def _bias(self) -> float:
        """z0: where the value lies among its resamples."""
        return bias(self._known, self.value)

    @cached_property
    def _acceleration(self) -> float:
        return acceleration(self._influences)

    def _bca(self, alpha: float) -> tuple[float, float]:
        level = max(alpha, FINEST)
        levels = bca_levels(level, self._bias, self._acceleration)
        low, high = (float(x) for x in np.quantile(self._known, levels))
        further = upper_z(alpha) / upper_z(level) if alpha < level else 1.0
        return self.value + further * (low - self.value), self.value + further * (high - self.value)

    @property
    def _flat(self) -> bool:
        """Whether there is nothing to make an interval of."""
        if self.n < LEAST or not math.isfinite(self.value) or not len(self._known):
            return True
        return alike_to_rounding(self._known, self.range)

    def interval(self, confidence: float) -> tuple[float, float]:
        """BCa; the whole range where there are too few units to draw from, or no spread."""
        if not self._flat:
            low, high = self._clipped(self._bca((1 - confidence) / 2))
            if low < high:
                return low, high
        return self.range

    def lower(self, alpha: float) -> float:
        return self._deciding(alpha)[0]

    def upper(self, alpha: float) -> float:
        return self._deciding(alpha)[1]

    def _deciding(self, alpha: float) -> tuple[float, float]:
        if self.reason:
            return self.range
        # BCa takes the spread for known; Student's t allows for its being estimated too.
        degrees = min(self.n, GROUPS) - 1
        wider = max(1.0, -float(stdtrit(degrees, alpha)) / upper_z(alpha))
        low, high = (self.value + wider * (end - self.value) for end in self._bca(alpha))
        return self._clipped(
            (min(low, self._mean.lower(alpha)), max(high, self._mean.upper(alpha)))
        )

    def _clipped(self, limits: tuple[float, float]) -> tuple[float, float]:
        return max(self.range[0], limits[0]), min(self.range[1], limits[1])

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        if self.reason:
            return None
        now = self._deciding(alpha)
        mean = self._mean

        def at(factor: float, lower: bool) -> tuple[float, float]:
            side = 0 if lower else 1
            larger = MeanBounds(
                math.ceil(factor * self.n),
                self.value,
                factor * mean.m2,
                factor * mean.m3,
                lambda: (),
                0,
            )
            if larger.reason or _skewed(larger):
                return math.inf, 0.0
            error = math.sqrt(larger.m2) / larger.n
            # As much wider than the jackknife's t as it is now.
            t = math.sqrt(mean.m2) / mean.n
            return self.value + (now[side] - self.value) * error / t, error

        return settle_by_width(self, threshold, alpha, power, at)


def _skewed(mean: MeanBounds) -> bool:
    """Whether influences are too skewed to resample. Of a mean, a bound further off may then still
    decide; how far off a function is of which few units were seen, those do not tell."""
    return abs(mean.asymmetry) >= largest_asymmetry(mean.n)


def resampled(form: Resampled, sample: Sample, seed: int, range: tuple[float, float]) -> Bounds:
    """The bounds of a function of the rows of a slice."""
    arrays = dict(sample.arrays)
    if sample.weight is not None:
        arrays["weight"] = sample.weight
    bounds = ResampledBounds(
        lambda rows: form.of({name: array[rows] for name, array in arrays.items()}),
        contents(arrays.values()),
        sample.unit,
        seed,
        name=form.name,
        range=range,
    )
    if sample.unit is not None and not sample.clustered:
        bounds.unit = "rows"
    return bounds
