"""One-sided coverage of what decides and two-sided coverage of what is shown, by setting.

A setting is a form, a truth and a number of examples. Where outcomes can be listed, coverage is
exact; else it is simulated, with a seed that depends on the setting's name only. A bound that is
refused (an infinite bound, the end of the range) cannot be wrong; the share of samples in which
both bounds exist is reported beside the coverage, so that refusing is visible.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom, multinomial, norm

from evalharness.inference.bounds import upper_z
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.macro import MacroBounds
from evalharness.inference.means import MeanBounds
from evalharness.inference.mover import TwoClassBounds
from evalharness.inference.paired import deciding_lower, tango
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.quantiles import lower_rank, upper_rank
from evalharness.metrics import f1, false_negative_rate, matthews_corrcoef, precision, recall
from evalharness.statistics.tables import Cells

ALPHA, CONFIDENCE = 0.05, 0.95
RATES = (0.5, 0.9, 0.95, 0.99, 0.999)
SIZES = (20, 50, 100, 1_000, 10_000)

# An outcome and its probability (or its share of the samples).
Weighted = Iterable[tuple[Any, float]]


@dataclass(frozen=True)
class Coverage:
    """Shares of samples in which each statement is true; ``runs`` is None where they are exact."""

    lower: float
    upper: float
    shown: float
    decided: float
    runs: int | None


@dataclass(frozen=True)
class Setting:
    """``rate``: what the table of the docs is sorted by; ``detail``: what else there is to say."""

    form: str
    rate: str
    n: int
    detail: str
    measure: Callable[[np.random.Generator], Coverage]

    @property
    def name(self) -> str:
        return " ".join(filter(None, [self.form, self.rate, f"n={self.n}", self.detail]))

    def run(self) -> Coverage:
        return self.measure(np.random.default_rng(zlib.crc32(self.name.encode())))


def coverage(
    outcomes: Weighted, bounds: Callable[[Any], Any], truth: float, runs: int | None
) -> Coverage:
    """Add up, over weighted outcomes, whether the bounds made from each hold."""
    held = np.zeros(4)
    # Two roundings of one number must not count as a miss.
    slack = 1e-9 * max(1.0, abs(truth))
    for outcome, weight in outcomes:
        b = bounds(outcome)
        low, high = b.lower(ALPHA), b.upper(ALPHA)
        left, right = b.interval(CONFIDENCE)
        ends = getattr(b, "range", (-math.inf, math.inf))
        held += weight * np.array(
            [
                low <= truth + slack,
                high >= truth - slack,
                left - slack <= truth <= right + slack,
                not b.reason
                and low > -math.inf
                and (high < math.inf and (high < ends[1] or b.value == ends[1])),
            ]
        )
    return Coverage(*(float(x) for x in held), runs)


def distinct(tables: np.ndarray) -> Weighted:
    """Each different row once, with its share: most small tables come up again and again."""
    rows, counts = np.unique(tables, axis=0, return_counts=True)
    return zip(rows, counts / len(tables), strict=True)


# Proportions, and increasing functions of one


def proportion(p: float, n: int) -> Callable[[np.random.Generator], Coverage]:
    def measure(_: np.random.Generator) -> Coverage:
        k = np.arange(n + 1)
        weights = binom.pmf(k, n, p)
        some = weights > 1e-12
        pairs = zip(k[some], weights[some] / weights[some].sum(), strict=True)
        return coverage(pairs, lambda hits: ProportionBounds(int(hits), n), p, None)

    return measure


def overlap(metric: Any, rate: float, n: int, prevalence: float, runs: int) -> Callable:
    """F1 or Jaccard where recall and precision both equal ``rate``."""

    def measure(rng: np.random.Generator) -> Coverage:
        hit, miss = prevalence * rate, prevalence * (1 - rate)
        truth = metric.value(Cells(hit, miss, miss, 1 - hit - 2 * miss))
        drawn = rng.multinomial(n, [hit, miss, miss, 1 - hit - 2 * miss], runs)

        def bounds(table: np.ndarray) -> ProportionBounds:
            form = metric.form(Cells(*(int(x) for x in table)))
            return ProportionBounds(form.hits, form.trials, form.unit, form.through)

        # Only the overlap and the errors matter, not how many true negatives there are.
        drawn[:, 1] += drawn[:, 2]
        drawn[:, 2:] = 0
        return coverage(distinct(drawn), bounds, float(truth), runs)

    return measure


# Functions of a 2x2 table


def balanced(cells: Cells) -> Any:
    return (cells.tp / (cells.tp + cells.fn) + cells.tn / (cells.tn + cells.fp)) / 2


def two_class(function: Callable, rate: float, n: int, prevalence: float, runs: int) -> Callable:
    """``rate`` is sensitivity and specificity."""

    def measure(rng: np.random.Generator) -> Coverage:
        shares = [
            prevalence * rate,
            (1 - prevalence) * (1 - rate),
            prevalence * (1 - rate),
            (1 - prevalence) * rate,
        ]
        drawn = rng.multinomial(n, shares, runs)
        truth = float(function(Cells(*(np.float64(s) for s in shares))))
        return coverage(
            distinct(drawn), lambda t: TwoClassBounds(function, Cells(*map(int, t))), truth, runs
        )

    return measure


# Macro averages


def macro(metric: Any, rate: float, n: int, shares: np.ndarray, near: bool, runs: int) -> Callable:
    """Each class is right with probability ``rate``; errors go to all others, or to the next."""

    def measure(rng: np.random.Generator) -> Coverage:
        k = len(shares)
        wrong = np.roll(np.eye(k), 1, axis=1) if near else (1 - np.eye(k)) / (k - 1)
        joint = shares[:, None] * (rate * np.eye(k) + (1 - rate) * wrong)
        drawn = rng.multinomial(n, joint.ravel(), runs).reshape(runs, k, k)
        truth = float(np.mean(metric.form(one_against_rest(joint)).value))
        tables = np.stack(one_against_rest(drawn), axis=1).reshape(runs, -1)
        return coverage(
            distinct(tables),
            lambda t: MacroBounds(metric.form, Cells(*t.reshape(4, k))),
            truth,
            runs,
        )

    return measure


def one_against_rest(joint: np.ndarray) -> Cells:
    """(…, K, K) counts, true by predicted, as (…, K) cells of each class."""
    tp = np.diagonal(joint, axis1=-2, axis2=-1)
    fp, fn = joint.sum(-2) - tp, joint.sum(-1) - tp
    return Cells(tp, fp, fn, joint.sum((-2, -1))[..., None] - tp - fp - fn)


def skewed(k: int) -> np.ndarray:
    """Shares of classes that fall like 1/rank."""
    shares = 1 / np.arange(1, k + 1)
    return shares / shares.sum()


# Ranks


def area(rate: float, n: int, prevalence: float, spread: float, levels: int, runs: int) -> Callable:
    """Normal scores, of positives with deviation ``spread``; ``levels``: rounded to so many."""

    def measure(rng: np.random.Generator) -> Coverage:
        m = max(2, round(n * prevalence))
        shift = norm.ppf(rate) * math.hypot(1, spread)
        if levels:
            cuts = np.linspace(-1, shift + 1, levels - 1)
            edges = np.r_[-np.inf, cuts, np.inf]
            pos = np.diff(norm.cdf((edges - shift) / spread))
            neg = np.diff(norm.cdf(edges))
            truth = float(pos @ (np.cumsum(neg) - neg / 2))
            drawn = np.hstack([rng.multinomial(m, pos, runs), rng.multinomial(n - m, neg, runs)])
            return coverage(
                distinct(drawn), lambda t: ConcordanceBounds(t[:levels], t[levels:]), truth, runs
            )

        def samples() -> Iterator[tuple[np.ndarray, float]]:
            for _ in range(runs):
                scores = np.r_[rng.normal(shift, spread, m), rng.normal(size=n - m)]
                yield np.argsort(scores) < m, 1 / runs

        return coverage(samples(), lambda pos: ConcordanceBounds(pos, ~pos), rate, runs)

    return measure


def mixture(
    m: int, n: int, hidden: float, flipped: float, bottom: bool, runs: int
) -> Callable[[np.random.Generator], Coverage]:
    """A share ``hidden`` of positives scores like negatives, or ``bottom``: below all of them; a
    share ``flipped`` of negatives like positives. The others lie five deviations apart.
    """
    gap, hiding = 5.0, -20.0 if bottom else 0.0

    def measure(rng: np.random.Generator) -> Coverage:
        truth = sum(
            p * q * norm.cdf((x - y) / math.sqrt(2))
            for x, p in ((gap, 1 - hidden), (hiding, hidden))
            for y, q in ((0.0, 1 - flipped), (gap, flipped))
        )

        def samples() -> Iterator[tuple[np.ndarray, float]]:
            for _ in range(runs):
                above = np.where(rng.random(m) < hidden, hiding, gap)
                below = np.where(rng.random(n) < flipped, gap, 0.0)
                yield np.argsort(np.r_[above, below] + rng.normal(size=m + n)) < m, 1 / runs

        return coverage(samples(), lambda pos: ConcordanceBounds(pos, ~pos), truth, runs)

    return measure


def quantile(q: float, n: int) -> Callable[[np.random.Generator], Coverage]:
    """Exact for any continuous distribution: how many values lie below it is binomial."""

    def measure(_: np.random.Generator) -> Coverage:
        def at_least(rank: int | None) -> float:
            return 1.0 if rank is None else float(binom.sf(rank - 1, n, q))

        def below(rank: int | None) -> float:
            return 1.0 if rank is None else float(binom.cdf(rank - 1, n, q))

        low, high = lower_rank(n, q, ALPHA), upper_rank(n, q, ALPHA)
        left, right = lower_rank(n, q, ALPHA / 2), upper_rank(n, q, ALPHA / 2)
        both = at_least(left) + below(right) - 1
        decided = float(low is not None and high is not None)
        return Coverage(at_least(low), below(high), both, decided, None)

    return measure


# Means

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def mean(draw: Draw, truth: float, n: int, runs: int) -> Callable[[np.random.Generator], Coverage]:
    def measure(rng: np.random.Generator) -> Coverage:
        def samples() -> Iterator[tuple[np.ndarray, float]]:
            left = runs
            while left:
                rows = min(left, max(1, 2_000_000 // n))
                for x in draw(rng, (rows, n)):
                    yield x, 1 / runs
                left -= rows

        def bounds(x: np.ndarray) -> MeanBounds:
            centre = x.mean()
            square = (c := x - centre) * c
            return MeanBounds(n, centre, square.sum(), square @ c, lambda: x, 0)

        return coverage(samples(), bounds, truth, runs)

    return measure


# Paired differences


def paired(new: float, old: float, n: int, runs: int) -> Callable[[np.random.Generator], Coverage]:
    """``new``, ``old``: shares of examples that only one model has right. Exact up to 50 pairs."""

    def measure(rng: np.random.Generator) -> Coverage:
        shares = [new, old, 1 - new - old]
        if n <= 50:
            b, c = (x.ravel() for x in np.mgrid[: n + 1, : n + 1])
            b, c = b[b + c <= n], c[b + c <= n]
            weights = multinomial.pmf(np.stack([b, c, n - b - c], -1), n, shares)
        else:
            drawn = rng.multinomial(n, shares, runs)
            (b, c, _), weights = drawn.T, np.full(runs, 1 / runs)
        # All tables at once: PairedShareBounds is the same functions, one table at a time.
        truth, slack = new - old, 1e-9
        low, high = deciding_lower(b, c, n, ALPHA), -deciding_lower(c, b, n, ALPHA)
        left, right = tango(b, c, n, upper_z((1 - CONFIDENCE) / 2))
        return Coverage(
            float(weights @ (low <= truth + slack)),
            float(weights @ (high >= truth - slack)),
            float(weights @ ((left <= truth + slack) & (truth - slack <= right))),
            1.0,
            None if n <= 50 else runs,
        )

    return measure


MACROS = {"F1": f1, "precision": precision, "recall": recall, "miss rate": false_negative_rate}
mcc = matthews_corrcoef.form
