"""Coverage of ratios of sums over utterances, and of means of values in [0, 1]: word error rates,
perplexity, token F1, win rates.

Words of one utterance go wrong together: each utterance has an error rate of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import geom

from evalharness.declare.metric import Metric
from evalharness.inference.bounds import Bounds
from evalharness.inference.of_form import bounds_of
from evalharness.kernels.sample import Sample
from evalharness.metrics.preferences import perplexity, win_rate
from evalharness.metrics.text import token_f1, word_error_rate
from evalharness.statistics.base import Columns
from evalharness.statistics.tables import MomentTable, PairTable
from tests.calibration.simulate import Coverage, Setting, coverage

SIZES = (20, 50, 200, 1_000)
WORDS = 12  # of a reference, on average

# One sample: (numerator, denominator) or (value,), (n,) each.
Arrays = tuple[np.ndarray, ...]
# What draws a sample of n, and the truth.
Population = tuple[Callable[[np.random.Generator, int], Arrays], float]


def utterances(rate: float, precision: float, burden: float = 0.0) -> Population:
    """Geometric lengths; each utterance's error rate is a Beta of this precision, with a mean that
    rises with its length by `burden`, and each word is wrong with it."""

    def mean(length: np.ndarray) -> np.ndarray:
        return np.clip(rate * (1 + burden * (length - WORDS) / WORDS), rate / 10, 0.95)

    def draw(rng: np.random.Generator, n: int) -> Arrays:
        length = rng.geometric(1 / WORDS, n)
        own = rng.beta(mean(length) * precision, (1 - mean(length)) * precision)
        return rng.binomial(length, own).astype(float), length.astype(float)

    lengths = np.arange(1, 100 * WORDS)
    return draw, float(geom.pmf(lengths, 1 / WORDS) @ (lengths * mean(lengths)) / WORDS)


def hallucinations(rate: float, share: float) -> Population:
    """Into a share of the utterances twice as many words are inserted as they have."""
    usual, truth = utterances(rate, 10)

    def draw(rng: np.random.Generator, n: int) -> Arrays:
        wrong, length = usual(rng, n)
        return wrong + 2 * length * (rng.random(n) < share), length

    return draw, truth + 2 * share


def likelihoods(spread: float) -> Population:
    """Texts of unequal lengths, each with a surprise of its own, lognormal around 3 a token."""

    def draw(rng: np.random.Generator, n: int) -> Arrays:
        tokens = 1 + rng.poisson(rng.gamma(2, 50, n)).astype(float)
        return tokens * 3 * rng.lognormal(-(spread**2) / 2, spread, n), tokens

    return draw, float(np.exp(3))


def overlaps(none: float, whole: float) -> Population:
    """Token F1: shares of 0 and of 1, the others in between."""

    def draw(rng: np.random.Generator, n: int) -> Arrays:
        u = rng.random(n)
        return (np.select([u < none, u < none + whole], [0.0, 1.0], rng.beta(3, 2, n)),)

    return draw, whole + (1 - none - whole) * 3 / 5


def contests(win: float, tie: float) -> Population:
    def draw(rng: np.random.Generator, n: int) -> Arrays:
        u = rng.random(n)
        return (np.select([u < win, u < win + tie], [1.0, 0.5], 0.0),)

    return draw, win + tie / 2


def measured(
    metric: Metric, population: Population, n: int, runs: int
) -> Callable[[np.random.Generator], Coverage]:
    draw, truth = population

    def measure(rng: np.random.Generator) -> Coverage:
        def samples() -> Iterator[tuple[Arrays, float]]:
            for _ in range(runs):
                yield draw(rng, n), 1 / runs

        def bounds(arrays: Arrays) -> Bounds:
            names = ("numerator", "denominator") if len(arrays) == 2 else ("value",)
            columns = Columns(dict(zip(names, arrays, strict=True)))
            return bounds_of(metric, table(arrays), Sample(columns, lambda: np.arange(n)), 0)

        return coverage(samples(), bounds, truth, runs)

    return measure


def table(arrays: Arrays) -> PairTable | MomentTable:
    if len(arrays) == 2:
        return PairTable(len(arrays[0]), *(float(x.sum()) for x in arrays))
    centred = arrays[0] - arrays[0].mean()
    square = centred * centred
    return MomentTable(len(centred), arrays[0].mean(), square.sum(), square @ centred)


def settings() -> list[Setting]:
    return [
        *_settings("word error rate", word_error_rate, ERRORS),
        *_settings("perplexity", perplexity(), SURPRISES),
        *_settings("token F1", token_f1, AGREEMENTS),
        *_settings("win rate", win_rate(), CONTESTS),
    ]


def unpromised() -> list[Setting]:
    """Utterances that are rare, and much worse than any that was seen: no sample of these sizes
    tells of them."""
    rare = {
        ("0.07", "1 % hallucinations"): hallucinations(0.05, 0.01),
        ("0.11", "3 % hallucinations"): hallucinations(0.05, 0.03),
    }
    return _settings("word error rate", word_error_rate, rare)


ERRORS = {
    **{(f"{rate}", ""): utterances(rate, 10) for rate in (0.01, 0.05, 0.2, 0.5)},
    ("0.2", "uneven utterances"): utterances(0.2, 2),
    ("0.2", "long ones worse"): utterances(0.2, 10, 0.8),
}
SURPRISES = {("20", f"spread {spread}"): likelihoods(spread) for spread in (0.3, 0.8)}
AGREEMENTS = {
    ("0.74", "half exact"): overlaps(0.1, 0.5),
    ("0.97", "nearly all exact"): overlaps(0.01, 0.95),
}
CONTESTS = {("0.55", "ties"): contests(0.4, 0.3), ("0.9", "few ties"): contests(0.85, 0.1)}


def _settings(
    form: str, metric: Metric, populations: dict[tuple[str, str], Population]
) -> list[Setting]:
    return [
        Setting(form, rate, n, detail, measured(metric, population, n, 300))
        for (rate, detail), population in populations.items()
        for n in SIZES
    ]
