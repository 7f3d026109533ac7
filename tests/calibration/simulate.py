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
from evalharness.inference.macro import Classes
from evalharness.inference.mover import UNBOUNDED
from evalharness.inference.mover_slices import TwoClassSlices
from evalharness.inference.paired import deciding_lower, tango
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.quantiles import lower_rank, upper_rank
from evalharness.inference.slices import AreaSlices
from evalharness.metrics import f1, false_negative_rate, matthews_corrcoef, precision, recall
from evalharness.statistics.stacked import Ragged
from evalharness.statistics.tables import Cells, RankTable

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


def at_once(slices: Any, weights: np.ndarray, truth: float, runs: int) -> Coverage:
    """As `coverage`, of samples that are taken for slices: the bounds of slices are those of each
    alone (tests/inference/test_slices.py), and are infinite where nothing is decided."""
    low, high = slices.lower(ALPHA), slices.upper(ALPHA)
    left, right = slices.interval(CONFIDENCE)
    slack = 1e-9 * max(1.0, abs(truth))
    held = [
        low <= truth + slack,
        high >= truth - slack,
        (left - slack <= truth) & (truth <= right + slack),
        np.isfinite(low) & np.isfinite(high),
    ]
    return Coverage(*(np.array(held) @ weights).tolist(), runs)


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
        tables, times = np.unique(drawn, axis=0, return_counts=True)
        slices = TwoClassSlices(function, Cells(*tables.T), UNBOUNDED)
        return at_once(slices, times / runs, truth, runs)

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
        return averages(Classes.of(metric.form, one_against_rest(drawn)), truth)

    return measure


def averages(c: Classes, truth: float) -> Coverage:
    """All samples at once: MacroBounds is the same functions, one sample at a time."""
    undefined = c.empty.any(-1)

    def limits(alpha: float) -> tuple[np.ndarray, np.ndarray]:
        low, high = c.limits(alpha)
        none = undefined | ~(high - low > 1e-12)
        return np.where(none, c.ends[0], low), np.where(none, c.ends[1], high)

    with np.errstate(invalid="ignore"):  # an undefined average has no error
        (low, high), (left, right) = limits(ALPHA), limits((1 - CONFIDENCE) / 2)
        half, shown = upper_z((1 - CONFIDENCE) / 2) * c.error, ~undefined & (c.error > 0)
        left = np.where(shown, np.maximum(c.ends[0], c.value - half), left)
        right = np.where(shown, np.minimum(c.ends[1], c.value + half), right)
    held = count_held(low, high, (left, right), truth)
    decided = np.sum((high < c.ends[1]) | (c.value == c.ends[1]))
    runs = len(c.value)
    return Coverage(*(float(x) / runs for x in (*held, decided)), runs)


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


def ranked(samples: Iterable[tuple[np.ndarray, np.ndarray]], truth: float) -> Coverage:
    """``samples``: positives and negatives by score, ascending; both (rows, k), and each row with
    some of either. All rows at once: ConcordanceBounds is the same functions, one at a time.
    """
    held, runs = np.zeros(3), 0
    for pos, neg in samples:
        rows, k = pos.shape
        ends, no = np.arange(0, (rows + 1) * k, k), np.broadcast_to(0.0, rows * k)
        b = AreaSlices(Ragged(RankTable(no, neg.ravel(), pos.ravel()), ends))
        held += count_held(b.lower(ALPHA), b.upper(ALPHA), b.interval(CONFIDENCE), truth)
        runs += rows
    lower, upper, shown = (float(x) / runs for x in held)
    return Coverage(lower, upper, shown, 1.0, runs)


def count_held(low: Any, high: Any, interval: tuple[Any, Any], truth: float) -> np.ndarray:
    """In how many of (runs,) samples the lower bound, the upper one and the interval hold."""
    slack = 1e-9 * max(1.0, abs(truth))
    left, right = interval
    both = (left - slack <= truth) & (truth <= right + slack)
    return np.array([np.sum(low <= truth + slack), np.sum(high >= truth - slack), np.sum(both)])


def in_rows(runs: int, n: int) -> Iterator[int]:
    """``runs`` samples of ``n``, so many at a time that they take 16 MB."""
    while runs:
        rows = min(runs, max(1, 2_000_000 // n))
        yield rows
        runs -= rows


def ordered(scores: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray]:
    """(rows, n) scores, the first ``m`` of positives: what lies at each place, from the lowest."""
    pos = np.argsort(scores, axis=1) < m
    return pos, ~pos


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
            drawn = rng.multinomial(m, pos, runs), rng.multinomial(n - m, neg, runs)
            return ranked([drawn], truth)

        def samples() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for rows in in_rows(runs, n):
                scores = rng.normal(size=(rows, n))
                scores[:, :m] = shift + spread * scores[:, :m]
                yield ordered(scores, m)

        return ranked(samples(), rate)

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

        def samples() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for rows in in_rows(runs, m + n):
                above = np.where(rng.random((rows, m)) < hidden, hiding, gap)
                below = np.where(rng.random((rows, n)) < flipped, gap, 0.0)
                scores = np.hstack([above, below]) + rng.normal(size=(rows, m + n))
                yield ordered(scores, m)

        return ranked(samples(), truth)

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
