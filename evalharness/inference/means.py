"""Means of one value for each example: Student's t, or bootstrap-t where it cannot be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from evalharness.inference.bounds import settle_by_width

Floats = NDArray[np.float64]

REPLICATES = 2_000
# Numbers drawn at a time: 16 MB of positions, whatever n is.
CHUNK = 2_000_000


def t_half_width(n: int, m2: float, alpha: float) -> float:
    """t_{n-1, 1-alpha} sd/sqrt(n), with ``m2`` the centred sum of squares; n >= 2."""
    return float(-stdtrit(n - 1, alpha)) * math.sqrt(m2 / (n - 1) / n)


def studentized(values: ArrayLike, seed: int, replicates: int = REPLICATES) -> Floats:
    """Sorted (mean* - mean)/se* of ``replicates`` resamples of ``values`` (n,).

    The values are sorted first, so that the order of the rows cannot matter. A resample without
    spread gives -inf, 0 or inf.
    """
    x = np.sort(np.asarray(values, float))
    n = len(x)
    x = x - x.mean()
    rng = np.random.default_rng(seed)
    rows = max(1, CHUNK // n)
    found = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, replicates, rows):
            sample = x[rng.integers(0, n, (min(rows, replicates - start), n), dtype=np.int32)]
            mean = sample.mean(axis=1)
            spread = np.einsum("ij,ij->i", sample, sample) / n - mean**2
            error = np.sqrt(np.maximum(spread, 0.0) / (n - 1))
            # Of a resample of one value rounding leaves a spread of 1e-17 of its square.
            error[spread <= 1e-12 * mean**2] = 0.0
            found.append(np.where(mean == 0, 0.0, mean / error))
    return np.sort(np.concatenate(found))


class MeanBounds:
    """The mean of ``n`` values.

    ``m2``, ``m3``: sums of (x - mean)² and (x - mean)³. ``values``: called only when the bootstrap
    is needed. ``seed``: of the bootstrap; the same values and seed give the same bounds.
    """

    unit = "values"

    def __init__(
        self,
        n: int,
        mean: float,
        m2: float,
        m3: float,
        values: Callable[[], ArrayLike],
        seed: int,
    ) -> None:
        self.n, self.m2, self.m3 = int(n), float(m2), float(m3)
        self.value = float(mean) if self.n else math.nan
        self._values, self._seed = values, seed

    @cached_property
    def asymmetry(self) -> float:
        """Skewness over sqrt(n): how far the mean still is from normal. 0 without spread."""
        if self.n < 2 or not self.m2 > 0:
            return 0.0
        return (self.m3 / self.n) / (self.m2 / self.n) ** 1.5 / math.sqrt(self.n)

    @cached_property
    def _student(self) -> bool:
        return self.n >= 200 and abs(self.asymmetry) < 0.2

    @cached_property
    def reason(self) -> str:
        if not self.n:
            return "0/0: there are no values"
        if self.n < 2:
            return "a single value has no spread"
        if not self.m2 > 0:
            return "all values are equal, so their spread is unknown"
        return ""

    @property
    def shown(self) -> str:
        return "t" if self._student else "bootstrap-t"

    @property
    def decides(self) -> str:
        return self.shown

    @cached_property
    def _ratios(self) -> Floats:
        return studentized(self._values(), self._seed)

    def _limits(self, alpha: float) -> tuple[float, float]:
        if self.reason:
            return -math.inf, math.inf
        if self._student:
            half = t_half_width(self.n, self.m2, alpha)
            return self.value - half, self.value + half
        error = math.sqrt(self.m2 / (self.n - 1) / self.n)
        low, high = np.quantile(self._ratios, [alpha, 1 - alpha], method="inverted_cdf")
        return self.value - max(float(high), 0.0) * error, self.value - min(float(low), 0.0) * error

    def interval(self, confidence: float) -> tuple[float, float]:
        return self._limits((1 - confidence) / 2)

    def lower(self, alpha: float) -> float:
        return self._limits(alpha)[0]

    def upper(self, alpha: float) -> float:
        return self._limits(alpha)[1]

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return settle_by_width(self, threshold, alpha, power)
