"""Coverage of `ResampledBounds`: known metrics asked as black boxes, and some that none can bound.

The library calls a metric once for each resample; here all resamples are computed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from scipy.stats import norm

from evalharness.inference.resampled import ResampledBounds
from evalharness.inference.row_order import contents
from tests.calibration.simulate import Coverage, Setting, coverage, distinct

# A metric of columns: (…, n) arrays -> (…,).
Function = Callable[..., np.ndarray]
Sample = tuple[np.ndarray, ...]


class Vectorised(ResampledBounds):
    """The same bounds of a function that takes all resamples at once."""

    def __init__(self, function: Function, columns: Sample, unit: Any = None, seed: int = 0):
        self.function, self.columns = function, columns
        super().__init__(self.at, contents(columns), unit, seed)

    def at(self, rows: np.ndarray) -> Any:
        with np.errstate(all="ignore"):
            return self.function(*(c[rows] for c in self.columns))

    def _evaluate(self, drawn: Iterable[np.ndarray]) -> np.ndarray:
        rows = [self._rows_of(units) for units in drawn]
        sizes = {len(r) for r in rows}
        found = np.empty(len(rows))
        for size in sizes:
            some = np.array([i for i, r in enumerate(rows) if len(r) == size])
            for part in np.array_split(some, max(1, len(some) * size // 4_000_000)):
                found[part] = self.at(np.stack([rows[i] for i in part]))
        return found


def simulated(
    draw: Callable[[np.random.Generator], Sample],
    function: Function,
    truth: float,
    runs: int,
    unit: np.ndarray | None = None,
) -> Callable[[np.random.Generator], Coverage]:
    def measure(rng: np.random.Generator) -> Coverage:
        def samples() -> Iterator[tuple[Sample, float]]:
            for _ in range(runs):
                yield draw(rng), 1 / runs

        def bounds(sample: Sample) -> ResampledBounds:
            return Vectorised(function, sample, unit, seed=int(rng.integers(2**32)))

        return coverage(samples(), bounds, truth, runs)

    return measure


def counted(
    function: Callable[..., Any], shares: list[float], n: int, runs: int
) -> Callable[[np.random.Generator], Coverage]:
    """A metric of the counts of kinds of examples: `function` of (…, kinds), kinds by shares."""
    truth = float(function(np.array(shares)))

    def of_rows(kind: np.ndarray) -> Any:
        return function(np.stack([(kind == k).sum(-1) for k in range(len(shares))], -1))

    def measure(rng: np.random.Generator) -> Coverage:
        def bounds(table: np.ndarray) -> ResampledBounds:
            return Vectorised(of_rows, (np.repeat(np.arange(len(table)), table),))

        return coverage(distinct(rng.multinomial(n, shares, runs)), bounds, truth, runs)

    return measure


# Metrics as black boxes


def mean(x: np.ndarray) -> np.ndarray:
    return x.mean(-1)


def median(x: np.ndarray) -> np.ndarray:
    return np.median(x, axis=-1)


def largest(x: np.ndarray) -> np.ndarray:
    return x.max(-1)


def f1(c: np.ndarray) -> Any:
    with np.errstate(all="ignore"):
        return 2 * c[..., 0] / (2 * c[..., 0] + c[..., 1])


def accuracy(c: np.ndarray) -> Any:
    return c[..., 0] / c.sum(-1)


def r2(y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    centred = y - y.mean(-1, keepdims=True)
    return 1 - ((y - prediction) ** 2).sum(-1) / (centred**2).sum(-1)


def pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = x - x.mean(-1, keepdims=True), y - y.mean(-1, keepdims=True)
    return (x * y).sum(-1) / np.sqrt((x * x).sum(-1) * (y * y).sum(-1))


def ranks(x: np.ndarray) -> np.ndarray:
    """Mid-ranks along the last axis."""
    order = np.argsort(x, axis=-1)
    value = np.take_along_axis(x, order, -1)
    n = x.shape[-1]
    new = np.ones(x.shape, bool)
    new[..., 1:] = value[..., 1:] != value[..., :-1]
    place = np.broadcast_to(np.arange(n), x.shape)
    first = np.maximum.accumulate(np.where(new, place, 0), -1)
    last = np.ones(x.shape, bool)
    last[..., :-1] = new[..., 1:]
    end = np.flip(np.minimum.accumulate(np.flip(np.where(last, place, n), -1), -1), -1)
    found = np.empty(x.shape)
    np.put_along_axis(found, order, (first + end) / 2 + 1, -1)
    return found


def spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return pearson(ranks(x), ranks(y))


def auc(label: np.ndarray, score: np.ndarray) -> np.ndarray:
    m = label.sum(-1)
    total = (ranks(score) * label).sum(-1)
    return (total - m * (m + 1) / 2) / (m * (label.shape[-1] - m))


def weighted(hit: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return (hit * weight).sum(-1) / weight.sum(-1)


# Samples


def pairs(rho: float, n: int) -> Callable[[np.random.Generator], Sample]:
    def draw(rng: np.random.Generator) -> Sample:
        x, e = rng.normal(size=(2, n))
        return x, rho * x + np.sqrt(1 - rho**2) * e

    return draw


def scores(area: float, n: int, share: float) -> Callable[[np.random.Generator], Sample]:
    shift = norm.ppf(area) * np.sqrt(2)

    def draw(rng: np.random.Generator) -> Sample:
        label = (rng.random(n) < share).astype(float)
        return label, rng.normal(size=n) + shift * label

    return draw


def one(draw: Callable[[np.random.Generator], np.ndarray]) -> Callable[..., Sample]:
    return lambda rng: (draw(rng),)


def clusters(p: float, icc: float, count: int, size: int) -> Callable[..., Sample]:
    """Hits whose rate varies from cluster to cluster as a beta distribution."""
    both = (1 - icc) / icc

    def draw(rng: np.random.Generator) -> Sample:
        rate = rng.beta(p * both, (1 - p) * both, count)
        return ((rng.random((count, size)) < rate[:, None]).ravel().astype(float),)

    return draw


def heavy(n: int, light: float, rare: float) -> Callable[..., Sample]:
    """2 % of the rows weigh ten times as much, and are right as often as `rare`."""

    def draw(rng: np.random.Generator) -> Sample:
        weight = np.where(rng.random(n) < 0.02, 10.0, 1.0)
        hit = rng.random(n) < np.where(weight > 1, rare, light)
        return hit.astype(float), weight

    return draw


def settings() -> list[Setting]:
    """Known metrics asked as black boxes: easy, near the boundary, few units, skewed, not smooth.

    Two that no sample of these sizes tells are left out: see `unpromised`.
    """
    found = [
        Setting("any function", f"accuracy {p}", n, "", counted(accuracy, [p, 1 - p], n, 2_000))
        for p in (0.5, 0.9, 0.99, 0.999)
        for n in (50, 200)
    ]
    found += [
        Setting("any function", f"F1 {r}", 200, "", counted(f1, _overlap(r), 200, 300))
        for r in (0.9, 0.99)
    ]
    columns: list[tuple[str, int, Any, Function, float, int]] = [
        ("mean, lognormal", 50, one(_lognormal(50)), mean, float(np.exp(0.5)), 400),
        ("mean, lognormal", 200, one(_lognormal(200)), mean, float(np.exp(0.5)), 200),
        ("median", 50, one(lambda rng: rng.normal(size=50)), median, 0.0, 400),
        ("largest", 50, one(lambda rng: rng.random(50)), largest, 1.0, 200),
        ("R2 0.9", 50, pairs(0.95, 50), _r2, 0.9025, 400),
        ("Spearman 0.79", 50, pairs(0.8, 50), spearman, float(6 / np.pi * np.arcsin(0.4)), 150),
        ("AUC 0.95", 100, scores(0.95, 100, 0.5), auc, 0.95, 100),
    ]
    found += [
        Setting("any function", name, n, "", simulated(draw, function, truth, runs))
        for name, n, draw, function, truth, runs in columns
    ]
    for count in (10, 20, 50):
        unit = np.repeat(np.arange(count), 10)
        measure = simulated(clusters(0.9, 0.3, count, 10), mean, 0.9, 60, unit)
        found.append(Setting("any function", "accuracy 0.9", count, "clusters of 10", measure))
    truth = (0.98 * 0.99 + 0.2 * 0.95) / 1.18
    measure = simulated(heavy(1_000, 0.99, 0.95), weighted, truth, 60)
    found.append(Setting("any function", "accuracy 0.99/0.95", 1_000, "2 % x10", measure))
    return found


def unpromised() -> list[Setting]:
    """The worst of three groups that are alike: which one it is was chosen by the sample."""
    shares = list(np.ravel([[0.8 / 3, 0.2 / 3]] * 3))
    return [Setting("any function", "worst of 3", 200, "", counted(_worst, shares, 200, 300))]


def _overlap(rate: float) -> list[float]:
    """Shares of true positives, errors and true negatives; half are positive."""
    return [0.5 * rate, 1 - rate, 0.5 * rate]


def _lognormal(n: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: rng.lognormal(size=n)


def _r2(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return r2(y, 0.95 * x)


def _worst(c: np.ndarray) -> Any:
    with np.errstate(all="ignore"):
        return np.min(c[..., 0::2] / (c[..., 0::2] + c[..., 1::2]), -1)
