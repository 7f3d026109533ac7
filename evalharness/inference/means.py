"""Means of one value for each example: Student's t, corrected for skewness or by bootstrap-t.

A skewed column makes t too short on the side of its long tail, and a sample that happened to miss
the tail looks harmless. So the wider of t and a skewness-corrected bound decides. Where
skewness/sqrt(n) is large, of 200 values or more a bound 2.5 times as far decides: enough for a mean
far from its threshold. Where it is larger still nothing does: what a mean of such a column is, is
up to values that were not seen. Where that holds, and where no sample can tell, is measured in
docs/calibration.md.

Sources: Hall 1992 (transformation of t, second-order equivalent to bootstrap-t); Efron 1981.
"""

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

# Below this many values the bootstrap takes the place of the skewness correction.
SMALL = 200

# Below this many values a mean decides nothing: coverage was not shown to hold.
LEAST = 20
# How many times as far from the value the bounds lie where skewness/sqrt(n) is more than the
# correction mends (`largest_asymmetry`), and up to which they then decide: three equal values among
# thousands of zeros have 0.58. Rare values of very unequal size need both (a few per cent of
# lognormal ones with sigma 2): .92 covered by 2 times, and by 2 times up to 0.8 .91.
FURTHER = 2.5
MOST_ASYMMETRY = 0.6
# From which skewness/sqrt(n) on the interval that is shown is corrected too.
SHOWN_SKEW = 0.2
# Values, and spreads, up to this and down to its inverse have cubes in float64.
LARGEST = 1e100
# Numbers drawn at a time: 16 MB of positions, whatever n is.
CHUNK = 2_000_000


def t_half_width(n: int, m2: float, alpha: float) -> float:
    """t_{n-1, 1-alpha} sd/sqrt(n), with ``m2`` the centred sum of squares; n >= 2."""
    return float(-stdtrit(n - 1, alpha)) * math.sqrt(m2 / (n - 1) / n)


def corrected(t: float, asymmetry: float) -> float:
    """Hall's correction of a t quantile for ``asymmetry`` = skewness/sqrt(n): the inverse of
    g(t) = t + a/6 + a t²/3 + a² t³/27, by which the studentized mean is nearly symmetric.
    """
    if abs(asymmetry) < 1e-8:
        return t
    return 3 / asymmetry * (math.cbrt(1 + asymmetry * (t - asymmetry / 6)) - 1)


def largest_asymmetry(n: int) -> float:
    """Up to which skewness/sqrt(n) a mean may decide by the wider of t and its correction. Stricter
    for large n, where only heavy tails still look skewed.
    """
    return 0.2 if n < 2_000 else 0.15


def refused_from(n: int) -> float:
    """From which skewness/sqrt(n) on a mean decides nothing. Of fewer than 200 values a skewed
    sample tells too little of its tail (.90 covered at 20 by twice the distance)."""
    return largest_asymmetry(n) if n < SMALL else MOST_ASYMMETRY


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

    ``m2``, ``m3``: sums of (x - mean)² and (x - mean)³. ``values``: called only for the bootstrap,
    which is for fewer than 200 values; their order does not matter. ``seed``: of the bootstrap; the
    same values and seed give the same bounds.
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
        if not self._spread or self._beyond:
            return 0.0
        sd = math.sqrt(self.m2 / self.n)
        return self.m3 / self.n / sd / sd / sd / math.sqrt(self.n)

    @cached_property
    def _beyond(self) -> bool:
        size = max(math.sqrt(self.m2 / self.n), abs(self.value)) if self.n else 0.0
        return not (size == 0 or 1 / LARGEST < size < LARGEST)

    @cached_property
    def _spread(self) -> bool:
        # A constant column leaves a spread of rounding errors.
        return self.n > 1 and math.sqrt(self.m2 / self.n) > 1e-12 * abs(self.value)

    @cached_property
    def reason(self) -> str:
        if not self.n:
            return "0/0: there are no values"
        if self.n < LEAST:
            return f"a mean of fewer than {LEAST} values decides nothing"
        if self._beyond:
            return (
                "these values are too small or too large for the cubes of differences to fit into "
                f"float64 (outside of {1 / LARGEST:g} to {LARGEST:g}); measure them in another "
                "unit"
            )
        if not self._spread:
            return self._alike
        most = refused_from(self.n)
        if abs(self.asymmetry) < most:
            return ""
        return (
            f"too skewed for a mean of {self.n:,} values (skewness/√n is {self.asymmetry:.2g}, "
            f"beyond ±{most:g}): bound a quantile instead, or take more values"
        )

    @property
    def _alike(self) -> str:
        """What to say of values without a spread that float64 can tell from rounding."""
        if not self.m2:
            return "all values are equal, so how much they vary is unknown"
        return (
            "all values are equal to 12 digits, beyond which float64 does not tell how much they "
            f"vary; if they do, take off what they have in common (x − {self.value:.6g})"
        )

    @property
    def _small(self) -> bool:
        return self.n < SMALL

    @property
    def shown(self) -> str:
        if not self._spread or self._beyond:
            return "none"
        if self._small:
            return "bootstrap-t"
        return "t" if abs(self.asymmetry) < SHOWN_SKEW else "skewness-corrected t"

    @property
    def _further(self) -> float:
        """How many times as far from the value as the wider of both the deciding bounds lie."""
        return 1.0 if abs(self.asymmetry) < largest_asymmetry(self.n) else FURTHER

    @property
    def decides(self) -> str:
        wider = f"wider of t and {'bootstrap-t' if self._small else 'skewness-corrected t'}"
        # Where nothing decides, what would if the values were less skewed.
        return wider if self.reason or self._further == 1 else f"{wider}, times {FURTHER:g}"

    @cached_property
    def _ratios(self) -> Floats:
        return studentized(self._values(), self._seed)

    def _quantiles(self, alpha: float, method: str) -> tuple[float, float]:
        """Of the studentized mean: at ``alpha`` and at 1 - ``alpha``."""
        t = -float(stdtrit(self.n - 1, alpha))
        if method == "t":
            return -t, t
        if method == "bootstrap-t":
            low, high = np.quantile(self._ratios, [alpha, 1 - alpha], method="inverted_cdf")
            return float(low), float(high)
        return corrected(-t, self.asymmetry), corrected(t, self.asymmetry)

    def _limits(self, alpha: float, *methods: str, further: float = 1.0) -> tuple[float, float]:
        error = further * math.sqrt(self.m2 / (self.n - 1) / self.n)
        pairs = [self._quantiles(alpha, method) for method in methods]
        # Never beyond the value itself, whatever a degenerate resample says.
        low, high = min(0.0, *(q[0] for q in pairs)), max(0.0, *(q[1] for q in pairs))
        return self.value - high * error, self.value - low * error

    def interval(self, confidence: float) -> tuple[float, float]:
        if not self._spread or self._beyond:
            return -math.inf, math.inf
        return self._limits((1 - confidence) / 2, self.shown)

    def _deciding(self, alpha: float) -> tuple[float, float]:
        if self.reason:
            return -math.inf, math.inf
        other = "bootstrap-t" if self._small else "skewness-corrected t"
        return self._limits(alpha, "t", other, further=self._further)

    def lower(self, alpha: float) -> float:
        return self._deciding(alpha)[0]

    def upper(self, alpha: float) -> float:
        return self._deciding(alpha)[1]

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        def at(factor: float, lower: bool) -> tuple[float, float]:
            larger = MeanBounds(
                math.ceil(factor * self.n),
                self.value,
                factor * self.m2,
                factor * self.m3,
                lambda: (),
                0,
            )
            # No bootstrap of values that are not there: the correction is as wide.
            if larger.reason:
                return math.inf, 0.0
            limits = larger._limits(alpha, "t", "skewness-corrected t", further=larger._further)
            return limits[0 if lower else 1], math.sqrt(larger.m2) / larger.n

        return settle_by_width(self, threshold, alpha, power, at)
