"""The gaps of a ladder: settings for the bounds of each.

Rates are those of the lower and of the upper rung; a rung of 0 rows is an assumed constant. The
bounds of two error rates are enumerated, so that their coverage is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.stats import binom, norm

from evalharness import Outputs
from evalharness import metrics as m
from evalharness.checks.measuring import _bounds as measured
from evalharness.checks.settings import Settings
from evalharness.inference.bounds import upper_z
from evalharness.inference.effective import lower_limit, unit_sums, upper_limit
from evalharness.inference.means import MeanBounds
from evalharness.inference.proportions import (
    clopper_pearson_lower,
    clopper_pearson_upper,
    wilson,
)
from evalharness.inference.rung_gap import RungGap, ends, farther
from evalharness.kernels.plan import Plan
from tests.calibration.simulate import ALPHA, CONFIDENCE, Coverage, Setting, coverage

Rng = np.random.Generator
Pair = tuple[int, int]
Rates = tuple[float, float]
# Two roundings of one number must not count as a miss.
SLACK = 1e-12


# One gap: two error rates, exactly


def outcomes(rate: float, n: int) -> tuple[Any, Any]:
    """What may be counted on a rung, and how likely each is."""
    if not n:
        return np.array([rate]), np.array([1.0])
    k = np.arange(n + 1)
    weights = binom.pmf(k, n, rate)
    some = weights > 1e-13
    return k[some], weights[some] / weights[some].sum()


def exact(rates: Rates, n: Pair, alpha: float, tied: bool = False) -> Coverage:
    """Of all samples at once: RungGap is the same functions, one sample at a time."""
    (k, likely), (j, also) = (outcomes(*rung) for rung in zip(rates, n, strict=True))
    counts = k[:, None], j[None, :]
    decide, show = [], []
    for hits, size in zip(counts, n, strict=True):
        if not size:
            decide.append((hits, hits, hits))
            show.append((hits, hits, hits))
            continue
        low, high = (f(hits, size, alpha) for f in (clopper_pearson_lower, clopper_pearson_upper))
        decide.append((hits / size, low, high))
        show.append((hits / size, *wilson(hits, size, upper_z(alpha / 2))))
    low, high = ends(*(decide if 0 in n else [farther(*d) for d in decide]), 1, tied)
    left, right = ends(*show, 1, tied)
    truth, weights = rates[1] - rates[0], np.outer(likely, also)
    held = (
        low <= truth + SLACK,
        high >= truth - SLACK,
        (left <= truth + SLACK) & (truth - SLACK <= right),
    )
    return Coverage(*(float(weights[x].sum()) for x in held), 1.0, None)


# (rates, rows) of the lower and of the upper rung.
SHARES: list[tuple[Rates, Pair]] = [
    ((0.01, 0.08), (100, 10_000)),
    ((0.005, 0.01), (200, 5_000)),
    ((0.1, 0.1), (5_000, 5_000)),
    ((0.05, 0.05), (20, 20_000)),
    ((0.001, 0.01), (1_000, 1_000)),
    ((0.99, 0.99), (1_000, 5_000)),
    ((0.99, 0.999), (200, 1_000)),
    ((0.0001, 0.0005), (100, 100)),
    ((0.5, 0.5), (20, 50)),
    ((0.02, 0.3), (50, 50)),
    # Where the nearer limits would be wrong most often: 1.3 and 2.9 times as often as declared, at
    # .025 and at .005.
    ((0.1657, 0.0074), (793, 23)),
    ((0.0064, 0.2388), (22, 2_053)),
]
ASSUMED: list[tuple[Rates, Pair]] = [
    ((0.01, 0.03), (0, 300)),
    ((0.03, 0.02), (0, 5_000)),
    ((0.001, 0.002), (0, 100)),
    ((0.005, 0.3563), (0, 115)),
]


def shares() -> list[Setting]:
    found = []
    for name, cases in (("gap of error rates", SHARES), ("gap above a constant", ASSUMED)):
        for rates, n in cases:
            for way in (1, -1) if name == "gap of error rates" else (1,):
                (p, q), (k, j) = rates[::way], n[::way]

                def measure(_: Rng, rates: Rates = (p, q), n: Pair = (k, j)) -> Coverage:
                    return exact(rates, n, ALPHA)

                detail = f"{k:,} and {j:,} rows" if k and j else "above it"
                found.append(Setting(name, f"{p} to {q}", min(k, j) or max(k, j), detail, measure))
    return found


# One gap: clusters


def clustered(
    rates: Rates, count: int, size: int, icc: float, together: int, tied: bool, runs: int
) -> Callable[[Rng], Coverage]:
    """Clusters whose rows share how hard they are. ``together``: 0 where either rung has its own
    clusters; 1 where both rungs have the same ones, -1 where what is hard on the one is easy on the
    other. All samples at once: EffectiveBounds is the same functions, one sample at a time."""

    def measure(rng: Rng) -> Coverage:
        shared = rng.normal(size=(runs, count))
        limits: dict[float, list[Any]] = {ALPHA: [], (1 - CONFIDENCE) / 2: []}
        for place, rate in enumerate(rates):
            if place:
                shared = together * shared if together else rng.normal(size=(runs, count))
            at = (norm.ppf(rate) - np.sqrt(icc) * shared) / np.sqrt(1 - icc)
            hits = rng.binomial(size, norm.cdf(at)).astype(float)
            sums = unit_sums(hits, np.full((runs, count), float(size)), True)
            for alpha, found in limits.items():
                value = hits.sum(1) / (size * count)
                found.append((value, lower_limit(sums, alpha), upper_limit(sums, alpha)))
        low, high = ends(*(farther(*x) for x in limits[ALPHA]), 1, tied)
        left, right = ends(*limits[(1 - CONFIDENCE) / 2], 1, tied)
        truth = rates[1] - rates[0]
        held = low <= truth, high >= truth, (left <= truth) & (truth <= right)
        return Coverage(*(float(x.mean()) for x in held), 1.0, runs)

    return measure


def clusters() -> list[Setting]:
    found = []
    for count in (10, 20, 50):
        for icc in (0.1, 0.5):
            for rates in ((0.1, 0.1), (0.05, 0.2), (0.01, 0.1), (0.5, 0.5)):
                for together in (0, 1, -1):
                    tied = together != 0
                    words = {0: "clusters of its own", 1: "hard on both", -1: "hard on one"}
                    detail = f"{count} of 20 rows, ICC {icc}, {words[together]}"
                    name = "gap, tied clusters" if tied else "gap, clusters"
                    measure = clustered(rates, count, 20, icc, together, tied, 1_000)
                    rate = f"{rates[0]} to {rates[1]}"
                    found.append(Setting(name, rate, count, detail, measure))
    return found


# One gap: what is no share


def means(n: Pair, shape: float, runs: int) -> Callable[[Rng], Coverage]:
    """Losses of a skewed kind; on the upper rung they are half as large again."""

    def rung(x: Any) -> MeanBounds:
        off = x - x.mean()
        return MeanBounds(len(x), x.mean(), (off**2).sum(), (off**3).sum(), lambda: x, 0)

    def measure(rng: Rng) -> Coverage:
        def samples() -> Iterator[tuple[RungGap, float]]:
            for _ in range(runs):
                one, two = rng.gamma(shape, 1, n[0]), rng.gamma(shape, 1.5, n[1])
                yield RungGap(rung(one), rung(two), 1), 1 / runs

        return coverage(samples(), lambda bounds: bounds, shape / 2, runs)

    return measure


def overlaps(n: Pair, rates: Rates, runs: int) -> Callable[[Rng], Coverage]:
    """F1 of both rungs, by the public way; recall and precision both equal the rate, so F1 too."""

    def split(rng: Rng, n: int, rate: float) -> dict[str, Any]:
        share = [0.2 * rate, 0.2 * (1 - rate), 0.2 * (1 - rate), 1 - 0.4 + 0.2 * rate]
        kind = rng.choice(4, n, p=share)
        return {"label": np.isin(kind, (0, 1)) * 1, "prediction": np.isin(kind, (0, 2)) * 1}

    def measure(rng: Rng) -> Coverage:
        def samples() -> Iterator[tuple[RungGap, float]]:
            for _ in range(runs):
                one, two = (split(rng, *rung) for rung in zip(n, rates, strict=True))
                plan = Plan({"model": Outputs(train=one, dev=two)})
                rungs = [
                    measured(plan, "model", m.f1.on(name), Settings())[0][1]
                    for name in ("train", "dev")
                ]
                yield RungGap(*rungs, -1), 1 / runs

        return coverage(samples(), lambda bounds: bounds, rates[0] - rates[1], runs)

    return measure


def others() -> list[Setting]:
    found = []
    for n in ((50, 50), (300, 10_000), (2_000, 2_000)):
        detail = f"{n[0]:,} and {n[1]:,} rows"
        runs = 300 if n[0] < 200 else 2_000
        found.append(Setting("gap of means", "gamma, shape 2", n[0], detail, means(n, 2.0, runs)))
        if n[0] >= 200:
            measure = overlaps(n, (0.95, 0.9), 100)
            found.append(Setting("gap of F1", "0.95 to 0.9", n[0], detail, measure))
    return found


def settings() -> list[Setting]:
    return [*shares(), *clusters(), *others()]
