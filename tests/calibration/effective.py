"""Coverage of what decides under weights and clusters: shares, quantiles, means and smooth metrics.

Weighted shares have a fixed design (which units are heavy is known, as of strata); where the
weights are drawn too, a sample may hold none of the heavy ones, and no bound knows of what nobody
saw: these are in ``unseen`` and are reported, not promised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from evalharness.inference.effective import lower_limit, shown_by_ten, unit_sums, upper_limit
from evalharness.inference.effective_quantiles import EffectiveQuantileBounds
from evalharness.inference.linearised import LinearisedBounds
from tests.calibration.simulate import ALPHA, Coverage, Setting, coverage

Rng = np.random.Generator
# runs -> hits and trials, (runs, units) each, and what their share estimates.
Shares = Callable[[Rng, int], tuple[np.ndarray, np.ndarray, float]]
# A value and the influences of its units.
Draw = Callable[[Rng], tuple[float, np.ndarray]]
Measure = Callable[[Rng], Coverage]


def share(draw: Shares, clusters: bool, runs: int) -> Measure:
    """All samples at once: EffectiveBounds is the same functions, one sample at a time.

    ``decided`` is the share of samples in which more than the worst case decides.
    """

    def measure(rng: Rng) -> Coverage:
        found, left = np.zeros(4), runs
        while left:
            part = min(left, max(1, 2_000_000 // draw(rng, 1)[1].shape[1]))
            hits, trials, truth = draw(rng, part)
            s = unit_sums(hits, trials, clusters)
            low, wide_low = (lower_limit(s, a) <= truth + 1e-9 for a in (ALPHA, ALPHA / 2))
            high, wide_high = (upper_limit(s, a) >= truth - 1e-9 for a in (ALPHA, ALPHA / 2))
            both = wide_low & wide_high
            found += [x.sum() for x in (low, high, both, shown_by_ten(s))]
            left -= part
        low, high, both, decided = (float(x) / runs for x in found)
        return Coverage(low, high, both, decided, runs)

    return measure


# Weights


def two_weights(
    n: int, heavy: int, times: float, rates: tuple[float, float], fixed: bool
) -> Shares:
    """``heavy`` of ``n`` examples weigh ``times`` as much; rates of the heavy and of the others."""

    def draw(rng: Rng, runs: int) -> tuple[np.ndarray, np.ndarray, float]:
        is_heavy = np.broadcast_to(np.arange(n) < heavy, (runs, n))
        if not fixed:
            is_heavy = rng.random((runs, n)) < heavy / n
        w = np.where(is_heavy, times, 1.0)
        hits = w * (rng.random((runs, n)) < np.where(is_heavy, *rates))
        truth = np.average(rates, weights=[heavy * times, n - heavy])
        return hits, w, float(truth)

    return draw


def lognormal_weights(n: int, sigma: float, rate: float) -> Shares:
    def draw(rng: Rng, runs: int) -> tuple[np.ndarray, np.ndarray, float]:
        w = rng.lognormal(sigma=sigma, size=(runs, n))
        return w * (rng.random((runs, n)) < rate), w, rate

    return draw


def errors_by_weight(n: int, power: int) -> Shares:
    """Lognormal weights (sigma 1, cut at 10); the error rate is 0.05 times weight to ``power``."""

    def draw(rng: Rng, runs: int) -> tuple[np.ndarray, np.ndarray, float]:
        grid = np.random.default_rng(0).lognormal(size=1_000_000).clip(0.1, 10)
        w = rng.lognormal(size=(runs, n)).clip(0.1, 10)
        truth = 1 - grid @ np.minimum(1, 0.05 * grid**power) / grid.sum()
        return w * (rng.random((runs, n)) >= np.minimum(1, 0.05 * w**power)), w, float(truth)

    return draw


RATES = [(0.5, 0.99), (0.95, 0.99), (0.99, 0.5), (0.9, 0.9), (0.99, 0.99), (0.8, 0.999)]


def weights() -> list[Setting]:
    found = []
    for n, part, times, rates in product(
        (50, 100, 300, 1_000, 3_000, 10_000), (0.005, 0.02, 0.1), (3.0, 10.0, 100.0), RATES
    ):
        runs = 2_000 if n <= 300 else 1_000 if n < 3_000 else 200
        heavy = max(1, round(part * n))
        draw = two_weights(n, heavy, times, rates, True)
        detail = f"{heavy} weigh ×{times:g}"
        name = "/".join(map(str, rates))
        found.append(Setting("weighted proportion", name, n, detail, share(draw, False, runs)))
    for n, rate, sigma in product((50, 300, 3_000), (0.5, 0.9, 0.99, 0.999), (0.5, 1.0, 2.0)):
        draw = lognormal_weights(n, sigma, rate)
        measure = share(draw, False, 1_500 if n <= 300 else 300)
        detail = f"lognormal weights, sigma {sigma}"
        found.append(Setting("weighted proportion", f"{rate}", n, detail, measure))
    for n, power in product((50, 300, 3_000), (-1, 1)):
        measure = share(errors_by_weight(n, power), False, 1_500 if n <= 300 else 300)
        detail = f"errors like weight^{power}"
        found.append(Setting("weighted proportion", "0.9", n, detail, measure))
    for n, times, rate in product((50, 300), (0.05, 0.5, 2.0), (0.5, 0.9, 0.99)):
        draw = two_weights(n, 1, times * n, (rate, rate), True)
        detail = f"one weighs {times:g} times all others"
        found.append(
            Setting("weighted proportion", f"{rate}", n, detail, share(draw, False, 2_000))
        )
    return found


def unseen() -> list[Setting]:
    """Weights are drawn with the examples: many samples hold no heavy one."""
    return [
        Setting(
            "weighted proportion",
            "0.5/0.99",
            n,
            f"each weighs ×{times} with probability {heavy / n:g}",
            share(two_weights(n, heavy, times, (0.5, 0.99), False), False, 2_000),
        )
        for n, heavy, times in ((100, 2, 10), (100, 1, 100), (300, 6, 10), (1_000, 20, 10))
    ]


# Clusters

SIZES: dict[str, Callable[[Rng, tuple[int, int]], np.ndarray]] = {
    "of 10": lambda rng, size: np.full(size, 10),
    "geometric, mean 10": lambda rng, size: rng.geometric(0.1, size),
    "geometric, mean 50": lambda rng, size: rng.geometric(0.02, size),
    "a fifth of 200, else 1": lambda rng, size: np.broadcast_to(
        np.where(np.arange(size[1]) < max(1, size[1] // 5), 200, 1), size
    ),
}


def clustered(sizes: str, units: int, rate: float, alike: float, weighted: bool = False) -> Shares:
    """``alike``: the correlation of two outcomes of a cluster; ``weighted``: lognormal weights."""

    def draw(rng: Rng, runs: int) -> tuple[np.ndarray, np.ndarray, float]:
        m = SIZES[sizes](rng, (runs, units))
        rates = np.full(m.shape, rate)
        if alike:
            total = (1 - alike) / alike
            rates = rng.beta(rate * total, (1 - rate) * total, m.shape)
        w = rng.lognormal(size=m.shape) if weighted else 1.0
        return rng.binomial(m, rates) * w, m * w, rate

    return draw


def clusters() -> list[Setting]:
    found = []
    for units, sizes, rate, alike in product(
        (5, 10, 20, 50, 200), SIZES, (0.5, 0.9, 0.95, 0.99), (0, 0.1, 0.3, 0.5)
    ):
        for weighted in (False, True) if sizes != "geometric, mean 50" else (False,):
            draw = clustered(sizes, units, rate, alike, weighted)
            detail = f"{sizes}, ICC {alike}" + (", weighted" if weighted else "")
            measure = share(draw, True, 2_000)
            found.append(Setting("clustered proportion", f"{rate}", units, detail, measure))
    return found


# What is linearised: samples of influences


def influences(draw: Draw, truth: float, scale: str, runs: int) -> Measure:
    def measure(rng: Rng) -> Coverage:
        def samples() -> Iterator[tuple[tuple[float, np.ndarray], float]]:
            for _ in range(runs):
                yield draw(rng), 1 / runs

        return coverage(
            samples(), lambda vu: LinearisedBounds(vu[0], vu[1], 0, scale=scale), truth, runs
        )

    return measure


def weighted_mean(n: int, sigma: float, skewed: bool) -> Draw:
    def draw(rng: Rng) -> tuple[float, np.ndarray]:
        w = rng.lognormal(sigma=sigma, size=n)
        x = rng.exponential(size=n) if skewed else 1 + rng.normal(size=n)
        value = float(w @ x / w.sum())
        return value, w * (x - value) / w.sum()

    return draw


def ratio(sizes: str, units: int, spread: float) -> Draw:
    """A ratio of sums: gamma values, in clusters whose levels vary with variance ``spread``."""

    def draw(rng: Rng) -> tuple[float, np.ndarray]:
        m = SIZES[sizes](rng, (1, units))[0]
        level = rng.gamma(1 / spread, spread, units) if spread else 1.0
        total = rng.gamma(m * 1.0) * level
        value = float(total.sum() / m.sum())
        return value, (total - value * m) / m.sum()

    return draw


def correlated(n: int, r: float, tails: bool) -> Draw:
    def draw(rng: Rng) -> tuple[float, np.ndarray]:
        x, e = rng.standard_t(5, (2, n)) if tails else rng.normal(size=(2, n))
        y = r * x + math.sqrt(1 - r * r) * e
        x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
        value = float((x * y).mean())
        return value, (x * y - value * (x * x + y * y) / 2) / n

    return draw


def explained(n: int, r2: float) -> Draw:
    def draw(rng: Rng) -> tuple[float, np.ndarray]:
        x, e = rng.normal(size=(2, n))
        y, square = math.sqrt(r2) * x + math.sqrt(1 - r2) * e, (1 - r2) * e * e
        around = (y - y.mean()) ** 2
        left = square.mean() / around.mean()
        return float(1 - left), -(square - left * around) / around.sum()

    return draw


def smooth() -> list[Setting]:
    found = []

    def add(
        form: str, rate: str, n: int, detail: str, draw: Draw, truth: float, scale: str
    ) -> None:
        runs = 250 if n < 200 else 600
        found.append(Setting(form, rate, n, detail, influences(draw, truth, scale, runs)))

    for n in (20, 50, 200, 2_000):
        for sigma, skewed in product((0.5, 1), (False, True)):
            word = "exponential" if skewed else "normal"
            detail = f"lognormal weights, sigma {sigma}"
            add("weighted mean", word, n, detail, weighted_mean(n, sigma, skewed), 1, "identity")
        for sizes, spread in product(SIZES, (0.0, 0.3)):
            draw = ratio(sizes, n, spread)
            add("clustered mean", f"spread {spread}", n, sizes, draw, 1, "identity")
        for r, tails in product((0.0, 0.5, 0.9, 0.99), (False, True)):
            detail = "t, 5 degrees" if tails else "normal"
            add("Pearson", f"{r}", n, detail, correlated(n, r, tails), r, "atanh")
        for r2 in (0.2, 0.9, 0.99):
            add("r2", f"{r2}", n, "normal", explained(n, r2), r2, "log1m")
    return found


def quantile(q: float, n: int, kind: str, runs: int) -> Measure:
    """Exponential values, of which the true quantile is known."""
    truth = -math.log(1 - q)

    def measure(rng: Rng) -> Coverage:
        def samples() -> Iterator[tuple[tuple, float]]:
            for _ in range(runs):
                if kind == "weights":
                    yield (rng.exponential(size=n), rng.lognormal(size=n), None, q), 1 / runs
                else:  # each cluster of five repeats most of one value
                    unit = np.repeat(np.arange(n // 5), 5)
                    own = rng.exponential(size=n // 5)[unit]
                    x = np.where(rng.random(n) < 0.7, own, rng.exponential(size=n))
                    yield (x, None, unit, q, True), 1 / runs

        return coverage(samples(), lambda args: EffectiveQuantileBounds(*args), truth, runs)

    return measure


def quantiles() -> list[Setting]:
    return [
        Setting(form, f"{q}", n, "", quantile(q, n, kind, 500))
        for form, kind in (("weighted quantile", "weights"), ("clustered quantile", "clusters"))
        for q in (0.5, 0.9, 0.99)
        for n in (50, 300, 2_000)
    ]


def settings() -> list[Setting]:
    return [*weights(), *clusters(), *quantiles(), *smooth()]
