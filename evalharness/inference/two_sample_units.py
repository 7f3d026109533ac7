"""The same distances where rows come in clusters that were drawn whole.

Of numbers, what cluster g adds to F(t) − p is (k_g(t) − m_g F(t)) / Σm, k_g(t) of its m_g values
being at or below t. The sums of these over the clusters of both samples are nearly normal, jointly
over all t, with the covariance that is estimated from them; the quantile of the largest of such
normals (drawn) takes the place of K √(1/n + 1/m), and is never below it. It is widened by t/z, z
being 2K and t as rare a value at the smaller number of clusters less one. Clusters of unequal size
count as (Σm)² / Σm² equal ones: where a few hold most rows, the others say nothing of how these
vary. Where a sample has fewer than ten, it stands for Σm / max m rows: as if all rows of one
cluster were alike.

Of shares, the limits are those of clustered proportions (inference/effective.py).
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov, ndtr, stdtrit

from evalharness.distances.ks import kolmogorov_quantile
from evalharness.inference.effective import LEAST, UnitSums, lower_limit, upper_limit

Floats = NDArray[np.float64]

# Points at which the distribution functions are looked at, and draws of the largest difference.
POINTS, DRAWS = 100, 10_000
# The rarest of which draws tell.
RAREST = 0.002


class Units(NamedTuple):
    """code (n,): the cluster of each row; groups: how many there are."""

    code: Any
    groups: int


class ClusteredKs:
    """The largest distance ``value`` between the distribution functions of two samples.

    ``first``, ``second``: values (n,), (m,); ``units``: the clusters of each, None where rows were
    drawn one by one. ``seed``: of what is drawn.
    """

    measure = "KS distance"

    def __init__(self, value: float, samples: Any, units: Any, seed: int = 0) -> None:
        self.value = float(value)
        self.n = (len(samples[0]), len(samples[1]))
        self.note = " and ".join(
            f"{u.groups:,} clusters" if u is not None else f"{n:,} rows"
            for u, n in zip(units, self.n, strict=True)
        )
        self._samples, self._units, self._seed = samples, units, seed

    @cached_property
    def _worth(self) -> tuple[float, float]:
        """How many rows drawn one by one each sample is worth in the worst case."""
        sizes = [np.ones(n) if u is None else np.bincount(u.code) for u, n in self._sides]
        return float(sizes[0].sum() / sizes[0].max()), float(sizes[1].sum() / sizes[1].max())

    @property
    def _sides(self) -> Any:
        return zip(self._units, self.n, strict=True)

    @cached_property
    def _fewest(self) -> float:
        """Of both samples, the smaller number of equal clusters that its clusters count as."""
        sizes = [np.ones(n) if u is None else np.bincount(u.code) for u, n in self._sides]
        return min(float(m.sum() ** 2 / (m.astype(float) ** 2).sum()) for m in sizes)

    @cached_property
    def _largest(self) -> Floats:
        """(DRAWS,) sorted: the largest absolute difference that chance would show."""
        pooled = np.sort(np.concatenate(self._samples))
        at = np.unique(pooled[np.linspace(0, len(pooled) - 1, POINTS).astype(int)])
        both = zip(self._samples, self._units, strict=True)
        covariance: Any = sum(_covariance(x, u, at) for x, u in both)
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0))
        shape = (DRAWS, len(at))
        drawn = np.random.default_rng([self._seed, 5]).standard_normal(shape, dtype=np.float32)
        return np.sort(abs(drawn @ root.T.astype(np.float32)).max(axis=1)).astype(float)

    @cached_property
    def p_value(self) -> float:
        if self._fewest < LEAST:
            one, two = self._worth
            return float(kolmogorov(self.value / math.sqrt(1 / one + 1 / two)))
        widened = self._largest * self._widening(0.05)
        beyond = DRAWS - np.searchsorted(widened, self.value)
        return float((1 + beyond) / (1 + DRAWS))

    @property
    def error(self) -> float:
        return self.reach(0.32)

    def _widening(self, alpha: float) -> float:
        # Where the largest is likely to be, at a median, so many errors are its quantile.
        z = 2 * kolmogorov_quantile(alpha)
        return float(-stdtrit(self._fewest - 1, ndtr(-z)) / z)

    def reach(self, alpha: float, above: bool = True) -> float:
        if self._fewest < LEAST:
            one, two = self._worth
            return kolmogorov_quantile(alpha) * math.sqrt(1 / one + 1 / two)
        # Further out than so many draws show, the tail is Kolmogorov's.
        seen = max(alpha, RAREST)
        drawn = float(self._largest[math.ceil((1 - seen) * DRAWS) - 1]) * self._widening(alpha)
        drawn *= kolmogorov_quantile(alpha) / kolmogorov_quantile(seen)
        return max(drawn, kolmogorov_quantile(alpha) * math.sqrt(1 / self.n[0] + 1 / self.n[1]))

    def lower(self, alpha: float) -> float:
        return max(0.0, self.value - self.reach(alpha))

    def upper(self, alpha: float) -> float:
        return min(1.0, self.value + self.reach(alpha))


def _covariance(values: Floats, units: Units | None, at: Floats) -> Floats:
    """(T, T): of the distribution function of a sample at the points (T,)."""
    n, places = len(values), np.searchsorted(at, values)
    if units is None:
        share = np.searchsorted(np.sort(values), at, side="right") / n
        return (np.minimum.outer(share, share) - np.outer(share, share)) / n
    total: Any = np.zeros((len(at), len(at)))
    share = np.bincount(places, minlength=len(at) + 1)[:-1].cumsum() / n
    order = np.argsort(units.code, kind="stable")
    places, code = places[order], units.code[order]
    step = max(1, 4_000_000 // len(at))
    for first in range(0, units.groups, step):  # so many clusters at once fit into memory
        low, high = np.searchsorted(code, [first, first + step])
        held = min(step, units.groups - first)
        cells = (code[low:high] - first) * (len(at) + 1) + places[low:high]
        count = np.bincount(cells, minlength=held * (len(at) + 1)).reshape(held, -1)
        added = count[:, :-1].cumsum(axis=1) - count.sum(axis=1, keepdims=True) * share
        total += added.T @ added
    return total / n**2 * units.groups / max(1, units.groups - 1)


class Clustered:
    """Limits of the shares of K categories among rows that come in clusters.

    ``codes`` (n,): the category of each row.
    """

    def __init__(self, codes: Any, units: Units, categories: int) -> None:
        sizes = np.bincount(units.code, minlength=units.groups).astype(float)
        pairs, count = np.unique(units.code * categories + codes, return_counts=True)
        unit, category = pairs // categories, pairs % categories

        def by_category(values: Any) -> Any:
            return np.bincount(category, values, minlength=categories)

        count = count.astype(float)
        self.worth = float(sizes.sum() ** 2 / (sizes**2).sum())
        self._sums = UnitSums(
            units=float(units.groups),
            trials=sizes.sum(),
            hits=by_category(count),
            tt=(sizes**2).sum(),
            ht=by_category(count * sizes[unit]),
            hh=by_category(count**2),
            largest=sizes.max(),
            examples=sizes.sum(),
            successes=by_category(None),
            errors=units.groups - by_category((count == sizes[unit]).astype(float)),
            clusters=True,
        )

    def lower(self, alpha: float) -> Floats:
        return np.asarray(lower_limit(self._sums, alpha))

    def upper(self, alpha: float) -> Floats:
        return np.asarray(upper_limit(self._sums, alpha))


class Joined:
    """The limits of several, one after the other."""

    def __init__(self, parts: Any) -> None:
        self._parts, self.worth = parts, parts[0].worth

    def lower(self, alpha: float) -> Floats:
        return np.concatenate([part.lower(alpha) for part in self._parts])

    def upper(self, alpha: float) -> Floats:
        return np.concatenate([part.upper(alpha) for part in self._parts])
