"""Bounds of a calibration error: the length of a vector of gaps, of which chance makes a part.

Each bin has a gap d_b between its share of hits and its mean probability, and z_b = √w_b d_b is
nearly normal about √w_b δ_b. Wanted is t = |√w δ|, and |z|² is t² on the mean plus the noise: at
t = 0 the delta method and the bootstrap break down. So the distribution of |z|² is inverted: where
all of t lies in the direction in which the noise is largest, |z|² strays most, and is
(t + sN)² + R, with s² the largest variance of any direction and R the noise of all the others, a
weighted sum of chi-squares that is matched by one. That is the worst case for both bounds.

A bin in which few errors were seen, or none, shows no variance. Its variance is at least what
Clopper-Pearson's limits of its share of hits say; for the upper bound this makes s larger but takes
nothing off, for the lower bound all of it is noise.

Sources: Kumar, Liang & Ma 2019 (the debiased error); Satterthwaite 1946; coverage as simulated in
docs/calibration.md.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.special import stdtrit

from evalharness.inference.bounds import ByLimits, settle_by_width, upper_z
from evalharness.inference.noncentral import inverted, largest_variance, rest
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper
from evalharness.metrics.calibration import CalibrationError
from evalharness.statistics.confidence import ConfidenceTable, equal_mass

Floats = NDArray[np.float64]

# Units that each bin must hold on average before anything is decided, and units in all.
LEAST, FEWEST = 10, 20

# The largest covariance matrix of bins that is made: 18 MB.
MOST_BINS = 1_500


class Row(NamedTuple):
    """A bin of a reliability table.

    ``group``: the class, by its place; ``low``, ``high``: least and largest probability; ``n``:
    entries; ``probability``: their mean; ``hits``: share of hits, between ``at_least`` and
    ``at_most`` (Clopper-Pearson, two-sided).
    """

    group: int
    low: float
    high: float
    n: int
    probability: float
    hits: float
    at_least: float
    at_most: float


class CalibrationBounds(ByLimits):
    """A debiased calibration error and its bounds.

    ``probability``, ``hit``, ``at`` (m,): of each entry its probability, whether it is a hit, and
    its bin, from 0 on. ``group`` (m,): its class where there are several. ``weight`` (m,): how much
    it counts. ``unit`` (m,): what it was sampled with, 0 … count - 1. ``value``: the error if it is
    known already (every entry counts alike); else the variance that the units show is taken off.
    ``clustered``: whether units are clusters rather than examples.
    """

    shown = decides = "noncentral chi-square"

    def __init__(
        self,
        probability: ArrayLike,
        hit: ArrayLike,
        at: ArrayLike,
        *,
        group: ArrayLike | None = None,
        weight: ArrayLike | None = None,
        unit: ArrayLike | None = None,
        value: float | None = None,
        clustered: bool = False,
    ) -> None:
        self._p, self._hit = np.asarray(probability, float), np.asarray(hit, float)
        self._at, size = np.asarray(at), len(self._p)
        self._group = np.zeros(size, int) if group is None else np.asarray(group)
        self._weight = np.ones(size) if weight is None else np.asarray(weight, float)
        self._unit = np.arange(size) if unit is None else np.asarray(unit)
        self._given = value
        self.n = int(self._unit.max()) + 1 if size else 0
        self.unit = "clusters" if clustered else "examples"
        self._known: dict[float, tuple[float, float]] = {}
        if self._total > 0 and self._size <= MOST_BINS:
            self._prepare()

    @cached_property
    def _size(self) -> int:
        return int(self._at.max()) + 1 if len(self._at) else 0

    @cached_property
    def _total(self) -> float:
        return float(self._weight.sum())

    def _prepare(self) -> None:
        """Shares, gaps and their covariance, of every bin."""
        w, at, size, p, hit = self._weight, self._at, self._size, self._p, self._hit
        weights = np.bincount(at, w, size)
        safe = np.where(weights > 0, weights, 1.0)
        self._share = weights / self._total
        self._mean = np.bincount(at, w * p, size) / safe
        self._hits = np.bincount(at, w * hit, size) / safe
        gap = self._hits - self._mean
        self.z = np.sqrt(self._share) * gap
        # What each unit weighs in each bin, and adds to z there.
        shape = (self.n, size)
        counts = csr_array((w, (self._unit, at)), shape)
        added = w * (hit - p - gap[at]) / safe[at] * np.sqrt(self._share[at])
        influences = csr_array((added, (self._unit, at)), shape)
        units = np.bincount(counts.indices, counts.data > 0, size)
        scale = np.sqrt(units / np.maximum(units - 1, 1))
        covariance = (influences.T @ influences).toarray() * np.outer(scale, scale)
        # As many trials as if each weighed as much as the heaviest: the worst case of a cluster.
        heaviest = counts.max(axis=0).toarray().ravel()
        self._trials = weights / np.where(heaviest > 0, heaviest, 1.0)
        self._covariance, self._largest = covariance, largest_variance(covariance)
        self.trace = float(np.trace(covariance))

    @cached_property
    def value(self) -> float:
        if not self._total > 0:
            return math.nan
        if self._given is not None:
            return float(self._given)
        if self._size > MOST_BINS:
            return math.nan
        return math.sqrt(max(0.0, float(self.z @ self.z) - self.trace))

    @cached_property
    def reason(self) -> str:
        if not self._total > 0:
            return "0/0: there are no examples"
        groups = len(np.unique(self._group))
        if self._size > MOST_BINS:
            return (
                f"{self._size:,} bins of {groups} classes are too many to bound together: take "
                f'fewer (bins={max(1, MOST_BINS // groups)}), or of="top"'
            )
        need = max(FEWEST, math.ceil(LEAST * self._size / groups))
        if self.n >= need:
            return ""
        fewer = f", or take fewer bins (bins={self.n // LEAST})" if self.n >= FEWEST else ""
        return (
            f"{self.n:,} {self.unit} are too few to tell miscalibration from chance in "
            f"{math.ceil(self._size / groups)} bins: {need:,} are needed{fewer}"
        )

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        def at(factor: float, lower: bool) -> tuple[float, float]:
            bound = self._at_factor(alpha, factor)[0 if lower else 1]
            stray = 2 * ((self._covariance / factor) ** 2).sum()
            stray += 4 * self.value**2 * self._largest / factor
            return bound, math.sqrt(stray) / (2 * max(self.value, bound, 1e-12))

        return settle_by_width(self, threshold, alpha, power, at)

    def reliability(self, confidence: float = 0.95) -> list[Row]:
        """The reliability table: what the error is made of, bin by bin."""
        if not self._total > 0 or self._size > MOST_BINS:
            return []
        alpha = (1 - confidence) / 2
        found = self._hits * self._trials
        low = clopper_pearson_lower(found, self._trials, alpha)
        high = clopper_pearson_upper(found, self._trials, alpha)
        rows = []
        for b in range(self._size):
            inside = self._at == b
            p, group = self._p[inside], int(self._group[inside][0])
            ends = float(p.min()), float(p.max())
            mean, hits = float(self._mean[b]), float(self._hits[b])
            rows.append(Row(group, *ends, len(p), mean, hits, float(low[b]), float(high[b])))
        return rows

    def _limits(self, alpha: float) -> tuple[float, float]:
        if self.reason:
            return 0.0, 1.0
        level = round(alpha, 12)
        if level not in self._known:
            self._known[level] = self._at_factor(level, 1.0)
        return self._known[level]

    def _at_factor(self, alpha: float, factor: float) -> tuple[float, float]:
        """The bounds if there were ``factor`` times as many units, that show the same value."""
        square = float(self.z @ self.z)
        if factor != 1:
            square = self.value**2 + self.trace / factor
        noise = self._covariance / factor
        least = self._least_variance(alpha, factor)
        larger = noise + np.diag(np.maximum(least - np.diag(noise), 0.0))
        most = largest_variance(larger)
        # Variances of a few units are themselves estimates: as Student's t is wider than z.
        few = float(stdtrit(factor * self.n - 1, alpha)) / -upper_z(alpha)
        spread = few * math.sqrt(most)
        low, high = inverted(
            square, spread, rest(noise, self._largest / factor), rest(larger, most), alpha
        )
        # Never without width, however well all bins happen to agree.
        high = max(high, self.value, upper_z(alpha) * spread)
        return min(low, self.value), min(1.0, high)

    def _least_variance(self, alpha: float, factor: float) -> Floats:
        """Of each z_b, as Clopper-Pearson's farther limit says: (w_b half-width/z_a)² / w_b."""
        alpha = min(alpha, 0.05)
        trials = factor * self._trials
        hits = self._hits * trials
        below = self._hits - clopper_pearson_lower(hits, trials, alpha)
        above = clopper_pearson_upper(hits, trials, alpha) - self._hits
        return self._share * (np.maximum(below, above) / upper_z(alpha)) ** 2


def calibration_bounds(form: CalibrationError, sample: Any) -> CalibrationBounds:
    """The bounds of a form, from the entries that its table counts (a `Sample`)."""
    group, probability = sample.values
    rank, arrays = sample.arrays["rank"], sample.arrays
    # The rows of the table are the distinct ranks of this slice, ascending.
    row = np.unique(rank, return_inverse=True)[1]
    return CalibrationBounds(
        probability[rank],
        arrays["label"],
        np.asarray(form.at)[row],
        group=group[rank],
        weight=sample.weight,
        unit=sample.unit,
        value=form.value if sample.weight is None and not sample.clustered else None,
        clustered=sample.clustered,
    )


def reliability_table(
    probability: ArrayLike, hit: ArrayLike, bins: int = 15, confidence: float = 0.95
) -> list[Row]:
    """Share of hits beside the mean probability, in ``bins`` bins with equally many examples.

    ``probability``, ``hit``: (n,).

    >>> for row in reliability_table([0.2, 0.3, 0.8, 0.9], [0, 0, 1, 1], bins=2):
    ...     print(row.n, round(row.probability, 6), row.hits, round(row.at_most, 6))
    2 0.25 0.0 0.841886
    2 0.85 1.0 1.0
    """
    values, row = np.unique(np.asarray(probability, float), return_inverse=True)
    hits = np.bincount(row, np.asarray(hit, float), len(values)).astype(int)
    misses = np.bincount(row, minlength=len(values)) - hits
    table = ConfidenceTable(np.zeros(len(values), int), values, misses, hits)
    return CalibrationBounds(probability, hit, equal_mass(table, bins)[row]).reliability(confidence)
