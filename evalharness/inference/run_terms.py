"""A term of the loss of several runs, with limits over both the runs and the examples.

Its standard error is a jackknife over runs (one left out), plus that over examples, or over their
clusters; how its limits follow is said in `decomposition`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, stdtrit

from evalharness.inference.bounds import upper_z
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper

Floats = NDArray[np.float64]

# Fewer runs tell nothing of how much runs vary.
LEAST = 3


@dataclass(frozen=True)
class Term:
    """One term. runs, examples: its standard error through the one and through the other; NaN, and
    the interval as wide as can be, where that is not known."""

    value: float
    runs: float
    examples: float
    low: float
    high: float


@dataclass(frozen=True)
class RunSample:
    """How the examples were sampled: weight (n,) and unit (n,), as codes, or None."""

    n: int
    weight: Any
    unit: Any
    confidence: float
    runs: int
    share: Floats = field(init=False)

    def __post_init__(self) -> None:
        weight = np.ones(self.n) if self.weight is None else np.asarray(self.weight, float)
        object.__setattr__(self, "share", weight / weight.sum())

    def mean(self, each: Any) -> float:
        # Not by BLAS, whose threads wait for each other longer than such a sum takes.
        return float(np.einsum("n,n->", self.share, each))

    def error(self, each: Any) -> tuple[float, int]:
        """Standard error of the mean over the examples, and how many units there are."""
        added = self.share * (each - self.mean(each))
        if self.unit is not None:
            added = np.bincount(self.unit, added)
        units = len(added)
        return math.sqrt(units / max(units - 1, 1) * float(np.square(added).sum())), units

    def term(self, each: Any, left_out: Any, *, low: float, high: float, above: Any = None) -> Term:
        """each (n,): the term of each example; left_out (R,): the mean without each run; above:
        what bounds it from above instead of `each`."""
        value, runs = self.mean(each), self.runs
        if runs < LEAST:
            return Term(value, math.nan, math.nan, low, high)
        spread = math.sqrt((runs - 1) / runs * float(np.square(left_out - left_out.mean()).sum()))
        error, units = self.error(each)
        kind = SHARE if (low, high) == (0.0, 1.0) else LEANING if low == 0 else SIGNED
        limits = partial(_limits, kind, runs=runs, spread=spread)
        alpha = (1 - self.confidence) / 2
        bottom, top = limits(value, error, units, alpha)
        if above is not None:
            top = limits(self.mean(above), *self.error(above), alpha)[1]
        return Term(value, spread, error, max(low, bottom), min(high, top))


# What is known of a term's distribution.
SHARE, LEANING, SIGNED = "share", "leaning", "signed"


def _limits(
    kind: str, value: float, error: float, units: int, alpha: float, *, runs: int, spread: float
) -> tuple[float, float]:
    """Both limits, each at error level alpha, of a value with a standard error through the runs,
    `spread`, and one through the examples."""
    a, b, z = spread**2, error**2, upper_z(alpha)
    if kind == LEANING:
        down = -float(stdtrit(runs - 1, alpha)) * spread
        # That of a variance is itself times √(2 / (R − 1)).
        up = (
            spread
            * math.sqrt((runs - 1) / 2)
            * ((runs - 1) / float(chdtri(runs - 1, 1 - alpha)) - 1)
        )
        return value - math.hypot(down, z * error), value + math.hypot(up, z * error)
    freedom = (a + b) ** 2 / (a**2 / (runs - 1) + b**2 / max(units - 1, 1)) if a + b else units - 1
    t = -float(stdtrit(max(freedom, 1.0), alpha))
    if kind == SIGNED:
        half = t * math.sqrt(a + b)
        return value - half, value + half
    inside = value * (1 - value)
    worth = inside / (a + b) if a + b and inside > 0 else units
    worth *= (z / t) ** 2
    hits = value * worth
    return (
        float(clopper_pearson_lower(hits, worth, alpha)),
        float(clopper_pearson_upper(hits, worth, alpha)),
    )
