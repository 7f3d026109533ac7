"""How far two splits lie apart: settings for the bounds of every distance, and of what a mix does.

A setting names its true distance. Of clusters, rows share a normal effect; ``alike`` is the share
of the variance that it makes up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
from scipy.stats import norm

from evalharness.distances.ks import ks_distance
from evalharness.inference import two_sample_units
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper
from evalharness.inference.reweighted import reweighted
from evalharness.inference.two_sample import KsDistance, ShareDistance
from evalharness.inference.two_sample_units import Clustered, ClusteredKs, Units
from tests.calibration.simulate import ALPHA, CONFIDENCE, Coverage, Setting, distinct

# Fewer draws of the largest difference than decide: their noise is small beside that of the runs.
FEWER_DRAWS = 2_000
Limits = tuple[float, float, float, float]


def held(limits: Iterable[tuple[Limits, float]], truth: float, ends: tuple, runs: int) -> Coverage:
    """From one-sided limits and the ends of the interval of each sample, and its share."""
    found = np.zeros(4)
    for (low, high, left, right), share in limits:
        inside = left - 1e-9 <= truth <= right + 1e-9
        decides = low > ends[0] or high < ends[1]
        found += share * np.array([low <= truth + 1e-9, high >= truth - 1e-9, inside, decides])
    return Coverage(*(float(x) for x in found), runs)


def limits(distance: Any) -> Limits:
    half = (1 - CONFIDENCE) / 2
    return distance.lower(ALPHA), distance.upper(ALPHA), distance.lower(half), distance.upper(half)


@cache
def every(n: int, alpha: float) -> tuple[Any, Any]:
    """Clopper-Pearson limits of each number of hits of ``n``."""
    hits = np.arange(n + 1)
    return clopper_pearson_lower(hits, n, alpha), clopper_pearson_upper(hits, n, alpha)


class Listed:
    """As `two_sample.Drawn`, whose numbers come up again and again."""

    def __init__(self, hits: Any) -> None:
        self._hits, self._n = hits, int(hits.sum())

    def lower(self, alpha: float) -> Any:
        return every(self._n, alpha)[0][self._hits]

    def upper(self, alpha: float) -> Any:
        return every(self._n, alpha)[1][self._hits]


def share_distance(counts: Any) -> ShareDistance:
    return ShareDistance(counts, [Listed(hits) for hits in counts])


# What the values are


def shifted(kind: str, apart: float) -> Callable[[np.random.Generator, int, int], Any]:
    """A function of a generator, a side (0 or 1) and a size; the KS distance is ``apart``."""

    def draw(rng: np.random.Generator, side: int, n: int) -> Any:
        if kind == "normal":
            return rng.normal(2 * norm.ppf((1 + apart) / 2) * side, 1, n)
        if kind == "5 values":
            return np.searchsorted([0.2, 0.4, 0.6 - apart * side, 0.8], rng.random(n)).astype(float)
        values = rng.normal(size=n)
        return np.where(rng.random(n) < 0.1 + apart * side, np.inf, values)

    return draw


def shares(categories: int, rate: float, apart: float) -> tuple[Any, Any]:
    """The first category has the shares ``rate`` and ``rate`` + ``apart``; the rest are alike."""
    return tuple(
        np.r_[first, np.full(categories - 1, (1 - first) / (categories - 1))]
        for first in (rate, rate + apart)
    )


def clusters(rng: np.random.Generator, count: int, size: int, kind: str) -> Any:
    """(n,) the cluster of each row: all of one size, or a tenth of them 32 times as large."""
    sizes = np.full(count, size)
    if kind == "unequal":
        sizes = np.maximum(1, np.where(np.arange(count) < count // 10, size * 8, size // 4))
    return np.repeat(np.arange(count), sizes)


def effects(rng: np.random.Generator, code: Any, alike: float) -> Any:
    """(n,) standard normals, of which rows of one cluster share a part."""
    shared = rng.normal(size=code[-1] + 1)[code]
    return np.sqrt(alike) * shared + np.sqrt(1 - alike) * rng.normal(size=len(code))


# One sample after another


def ks(kind: str, apart: float, n: tuple[int, int], runs: int) -> Callable:
    draw = shifted(kind, apart)

    def measure(rng: np.random.Generator) -> Coverage:
        def samples() -> Iterator[tuple[Limits, float]]:
            for _ in range(runs):
                value = ks_distance(draw(rng, 0, n[0]), draw(rng, 1, n[1]))
                yield limits(KsDistance(value, n)), 1 / runs

        return held(samples(), apart, (0, 1), runs)

    return measure


def tables(pair: Sequence[Any], n: tuple[int, int], runs: int) -> Callable:
    """Largest difference of a share, of counts that were drawn row by row."""

    def measure(rng: np.random.Generator) -> Coverage:
        drawn = np.hstack([rng.multinomial(k, p, runs) for k, p in zip(n, pair, strict=True)])
        each = distinct(drawn)
        some = ((limits(share_distance(t.reshape(2, -1))), share) for t, share in each)
        return held(some, abs(pair[0] - pair[1]).max(), (0, 1), runs)

    return measure


def clustered_ks(
    apart: float, count: tuple[int, int], size: int, kind: str, alike: float, runs: int
) -> Callable:
    def measure(rng: np.random.Generator) -> Coverage:
        def samples() -> Iterator[tuple[Limits, float]]:
            for _ in range(runs):
                codes = [clusters(rng, c, size, kind) for c in count]
                a, b = (effects(rng, code, alike) for code in codes)
                b = b + 2 * norm.ppf((1 + apart) / 2)
                units = tuple(Units(c, k) for c, k in zip(codes, count, strict=True))
                yield limits(ClusteredKs(ks_distance(a, b), (a, b), units)), 1 / runs

        with patch.object(two_sample_units, "DRAWS", FEWER_DRAWS):
            return held(samples(), apart, (0, 1), runs)

    return measure


def clustered_tables(
    pair: Sequence[Any], count: tuple[int, int], size: int, kind: str, alike: float, runs: int
) -> Callable:
    def measure(rng: np.random.Generator) -> Coverage:
        def samples() -> Iterator[tuple[Limits, float]]:
            categories = len(pair[0])
            for _ in range(runs):
                counts, sides = [], []
                for p, held_ in zip(pair, count, strict=True):
                    code = clusters(rng, held_, size, kind)
                    at = norm.cdf(effects(rng, code, alike))
                    category = np.searchsorted(np.cumsum(p)[:-1], at)
                    counts.append(np.bincount(category, minlength=categories))
                    sides.append(Clustered(category, Units(code, held_), categories))
                yield limits(ShareDistance(np.stack(counts), sides, "clusters")), 1 / runs

        return held(samples(), abs(pair[0] - pair[1]).max(), (0, 1), runs)

    return measure


def mixed(
    rates: Any, mixes: tuple, n: tuple[int, int], count: int, alike: float, runs: int
) -> Callable:
    """Right answers reweighted to another mix; ``count``: clusters, which run across strata, or
    0."""
    rates, truth = np.asarray(rates), float(np.dot(mixes[1], rates))

    def side(rng: np.random.Generator, size: int, mix: Any) -> tuple[Any, Any, Any]:
        code = np.repeat(np.arange(count), size // count) if count else np.arange(size)
        within = alike if count else 0.0
        stratum = np.searchsorted(np.cumsum(mix)[:-1], norm.cdf(effects(rng, code, within)))
        right = norm.cdf(effects(rng, code, within)) < rates[stratum]
        return right, stratum, Units(code, count) if count else None

    def measure(rng: np.random.Generator) -> Coverage:
        def samples() -> Iterator[tuple[Limits, float]]:
            for _ in range(runs):
                right, first, one = side(rng, n[0], mixes[0])
                _, second, two = side(rng, n[1], mixes[1])
                ends = [
                    reweighted(right, first, second, (one, two), c)[1:3]
                    for c in (1 - 2 * ALPHA, CONFIDENCE)
                ]
                yield (*ends[0], *ends[1]), 1 / runs

        return held(samples(), truth, (0, 1), runs)

    return measure


def fall(rates: tuple[float, float], n: tuple[int, int], runs: int) -> Callable:
    """By how much the share of right answers falls, with its sign."""

    def measure(rng: np.random.Generator) -> Coverage:
        drawn = np.stack([rng.binomial(k, p, runs) for k, p in zip(n, rates, strict=True)], 1)

        def some() -> Iterator[tuple[Limits, float]]:
            for hits, share in distinct(drawn):
                d = share_distance(np.stack([hits, np.array(n) - hits], 1))
                yield (*d.bounds(0, ALPHA), *d.bounds(0, (1 - CONFIDENCE) / 2)), share

        return held(some(), rates[0] - rates[1], (-1, 1), runs)

    return measure


def settings() -> list[Setting]:
    return [*drawn(), *in_clusters(), *mixes()]


SIZES = ((50, 50), (2_000, 2_000), (200, 20_000), (20_000, 200))


def drawn() -> list[Setting]:
    found = [
        Setting(f"KS, {kind}", f"{apart}", min(n), f"{n[0]} and {n[1]}", ks(kind, apart, n, 600))
        for kind in ("normal", "5 values", "nulls")
        for apart in (0.1, 0.3)
        for n in SIZES[:3]
        if apart < 0.2 or kind != "5 values"
    ]
    cases = [(k, rate, 0.05) for k in (2, 3, 10, 50) for rate in (0.001, 0.02, 1 / k)]
    cases += [(k, 0.949, 0.05) for k in (2, 10)] + [(2, 0.5, 0.002), (2, 0.001, 0.3)]
    for k, rate, apart in cases:
        pair = shares(k, rate, apart)
        for n in SIZES if k == 2 else SIZES[1:3]:
            detail = f"{n[0]} and {n[1]} rows, {rate:.3g} in the one"
            measure = tables(pair[::-1], n, 1_000 if k == 2 else 300)
            found.append(Setting(f"share, {k} values", f"{apart}", min(n), detail, measure))
    return found


def in_clusters() -> list[Setting]:
    found = []
    sizes = [((5, 5), 20), ((10, 10), 50), ((30, 30), 20), ((10, 200), 20), ((200, 200), 20)]
    for count, size in sizes:
        for kind in ("equal", "unequal"):
            for alike in (0.1, 0.5):
                detail = f"{count[0]} and {count[1]} {kind} clusters, ICC {alike}"
                at = (count, size, kind, alike)
                # Where nothing differs, a bound from below is hit most often.
                apart = 0.0 if alike == 0.5 else 0.3
                measure = clustered_ks(apart, *at, 150)
                found.append(Setting("KS, clusters", f"{apart}", min(count), detail, measure))
                for k, rate, far in ((2, 0.001, 0.05), (2, 0.5, 0.15), (10, 0.1, 0.1)):
                    measure = clustered_tables(shares(k, rate, far), *at, 100)
                    name = f"share, {k} values, clusters"
                    words = f"{detail}, {rate} in the one"
                    found.append(Setting(name, f"{far}", min(count), words, measure))
    return found


STRATA: dict[str, tuple[Any, tuple[Any, Any]]] = {
    "three at .5 to .99": ([0.5, 0.9, 0.99], ([0.5, 0.3, 0.2], [0.2, 0.3, 0.5])),
    "three at .999": ([0.999] * 3, ([0.4, 0.4, 0.2], [0.2, 0.2, 0.6])),
    "six rows make up 40 %": ([0.9, 0.5, 0.99], ([0.89, 0.01, 0.1], [0.4, 0.4, 0.2])),
    "ten at .5 to .99": (np.linspace(0.5, 0.99, 10), (np.full(10, 0.1), np.arange(1, 11) / 55)),
    "ten at .99": (np.full(10, 0.99), (np.full(10, 0.1), np.arange(1, 11) / 55)),
}


def mixes() -> list[Setting]:
    found = []
    for name, (rates, pair) in STRATA.items():
        for n in ((600, 600), (600, 20_000)):
            measure = mixed(rates, pair, n, 0, 0, 250)
            found.append(Setting("another mix", name, 600, f"{n[0]} and {n[1]} rows", measure))
        for count, alike in ((30, 0.5), (200, 0.3)):
            measure = mixed(rates, pair, (3_000, 3_000), count, alike, 100)
            detail = f"{count} clusters, ICC {alike}"
            found.append(Setting("another mix", name, 3_000, detail, measure))
    for rates in ((0.5, 0.5), (0.9, 0.85), (0.99, 0.95), (0.999, 0.99)):
        for n in ((200, 200), (200, 20_000)):
            detail = f"{n[0]} and {n[1]} rows"
            measure = fall(rates, n, 2_000)
            found.append(
                Setting("fall of accuracy", f"{rates[0]}/{rates[1]}", n[0], detail, measure)
            )
    return found
