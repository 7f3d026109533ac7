"""Bounds of any smooth metric by what each unit adds to it.

With u_g the influence of unit g, summed over its examples, a metric's error is nearly sum u_g, and
the units are independent. So the metric is treated as the mean of the pseudo-values
value + G u_g, with the rules of a mean: wider of t and a skewness correction, by bootstrap-t below
200 units, 2.5 times as far where the influences are more skewed, refused below 20 units and where
they are too skewed.

The influences of a ratio, a correlation or a weighted mean have heavier tails than the values
behind them, on both sides, so that their skewness alone tells too little (.87 covered at 30
units). Every half-width is therefore taken as if the unit that adds most had come up twice more:
times sqrt(1 + 2 max u²/sum u²); and below 200 units less skewness is let pass.

Where a metric is far from linear (a correlation near 1), the pseudo-values are formed on a scale
on which it is nearly normal, and the bounds brought back.

Sources: Hampel 1974 (influence); Binder 1983 (linearisation, clusters); Fisher 1921 (atanh).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalharness.inference.bounds import settle_by_root
from evalharness.inference.means import LEAST, SMALL, MeanBounds, refused_from


def largest(n: int) -> float:
    """Up to which skewness/sqrt(n) of the influences the bounds decide: stricter than a mean's
    where units are few."""
    return 0.15 if n < SMALL else refused_from(n)


class Scale(NamedTuple):
    """A rising function, its derivative and its inverse; ``low`` and ``high``: where it is
    defined, both excluded."""

    forward: Callable[[float], float]
    derivative: Callable[[float], float]
    inverse: Callable[[float], float]
    low: float = -math.inf
    high: float = math.inf


def _exp(y: float) -> float:
    return math.exp(min(y, 709.0))


SCALES = {
    "identity": Scale(lambda x: x, lambda x: 1.0, lambda y: y),
    "log": Scale(math.log, lambda x: 1 / x, _exp, 0.0),
    # Of what is left to 1, such as 1 - r2.
    "log1m": Scale(
        lambda x: -math.log1p(-x), lambda x: 1 / (1 - x), lambda y: 1 - _exp(-y), high=1.0
    ),
    "logit": Scale(
        lambda x: math.log(x) - math.log1p(-x),
        lambda x: 1 / (x * (1 - x)),
        lambda y: 1 / (1 + _exp(-y)),
        0.0,
        1.0,
    ),
    "atanh": Scale(math.atanh, lambda x: 1 / (1 - x * x), math.tanh, -1.0, 1.0),
}


class LinearisedBounds:
    """``value`` and the influences ``units`` (G,) of its independent units, which sum to nearly 0.

    ``seed``: of the bootstrap; ``range``: what the metric cannot leave; ``unit``: what a unit is,
    in the plural; ``scale``: a key of SCALES.
    """

    def __init__(
        self,
        value: float,
        units: ArrayLike,
        seed: int,
        range: tuple[float, float] = (-math.inf, math.inf),
        unit: str = "examples",
        note: str = "",
        scale: str = "identity",
    ) -> None:
        u = np.asarray(units, float)
        self.value, self.range, self.unit, self.note = float(value), range, unit, note
        self.n, self._scale = len(u), SCALES[scale]
        self._wrong = self._unusable(u)
        forward, slope = 0.0, 1.0
        if self._wrong:
            u = np.zeros(0)
        else:
            forward, slope = self._scale.forward(value), self._scale.derivative(value)
        # Centred, so that the pseudo-values have the value as their mean to the last digit.
        c = self.n * slope * (u - u.mean() if len(u) else u)
        square = c * c
        total = float(square.sum())
        self._wider = math.sqrt(1 + 2 * float(square.max()) / total) if total else 1.0
        self._mean = MeanBounds(
            len(u),
            forward,
            total,
            float((square * c).sum()),
            lambda: forward + c,
            seed,
        )

    def _unusable(self, units: np.ndarray) -> str:
        if not math.isfinite(self.value):
            return "0/0: there is no value"
        if not np.isfinite(units).all():
            return "not differentiable here, so how much it varies is unknown"
        if not self._scale.low < self.value < self._scale.high:
            return f"{self.value:g} is the end of its range, where how much it varies is unknown"
        return ""

    @cached_property
    def reason(self) -> str:
        if self._wrong:
            return self._wrong
        if self.n < LEAST:
            return f"what each of fewer than {LEAST} {self.unit} adds decides nothing"
        if self._mean.shown == "none":
            return f"all {self.unit} add the same, so how much they vary is unknown"
        if abs(self._mean.asymmetry) < largest(self.n):
            return ""
        return (
            f"too few of the {self.n:,} {self.unit} make up the metric (skewness/√n of what each "
            f"adds is {self._mean.asymmetry:.2g}, beyond ±{largest(self.n):g}): "
            f"take more {self.unit}"
        )

    @property
    def shown(self) -> str:
        return "none" if self._wrong else self._named(self._mean.shown)

    @property
    def decides(self) -> str:
        return self._named(self._mean.decides)

    def _named(self, method: str) -> str:
        return method if method == "none" else f"{method}, linearised"

    def _back(self, low: float, high: float) -> tuple[float, float]:
        """From the scale to the metric; what is infinite there is the end of the range."""
        low, high = (x if math.isinf(x) else self._scale.inverse(x) for x in (low, high))
        return (
            min(max(low, self.range[0]), self.value),
            max(min(high, self.range[1]), self.value),
        )

    def _limits(self, limits: tuple[float, float]) -> tuple[float, float]:
        """Of the mean, on the scale: wider by what the unit that adds most may add again."""
        centre = self._mean.value
        low, high = limits
        return centre - self._wider * (centre - low), centre + self._wider * (high - centre)

    def _deciding(self, alpha: float) -> tuple[float, float]:
        return self._limits((self._mean.lower(alpha), self._mean.upper(alpha)))

    def interval(self, confidence: float) -> tuple[float, float]:
        if self.shown == "none":
            return self.range
        return self._back(*self._limits(self._mean.interval(confidence)))

    def lower(self, alpha: float) -> float:
        return self.range[0] if self.reason else self._back(*self._deciding(alpha))[0]

    def upper(self, alpha: float) -> float:
        return self.range[1] if self.reason else self._back(*self._deciding(alpha))[1]

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        """Fresh units, on the scale (see ``settle_by_root``)."""
        if self.reason or not self._scale.low < threshold < self._scale.high:
            return None
        on_scale: Any = SimpleNamespace(
            value=self._mean.value,
            n=self.n,
            reason="",
            lower=lambda a: self._deciding(a)[0],
            upper=lambda a: self._deciding(a)[1],
        )
        return settle_by_root(on_scale, self._scale.forward(threshold), alpha, power)
