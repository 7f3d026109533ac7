"""Distances of two samples of one categorical column, from their 2 x K table of counts.

The two rows are the samples, the columns the categories, in one order. A category that neither
sample holds says nothing and is left out. 0 ln 0 is 0 throughout; where a category that one sample
alone holds would make a distance infinite, its docstring says what is done.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Below this expected count the chi-square distribution is not to be trusted (Cochran 1954).
LEAST_EXPECTED = 5
REPLICATES = 4_999
# Cells of simulated tables held at once.
CELLS = 2_000_000
# Examples shuffled in all, at most (about two seconds): beyond, fewer replicates, down to FEWEST.
WORK, FEWEST = 100_000_000, 99


class Difference(NamedTuple):
    """The largest difference of one share, and the category (column of the table) that has it."""

    value: float
    category: int


class Independence(NamedTuple):
    """A statistic of independence and its p-value. simulated: by Monte Carlo, not chi-square."""

    statistic: float
    p_value: float
    simulated: bool


def total_variation(table: ArrayLike) -> float:
    """Half the sum of |p - q| over categories: 0 for equal shares, 1 where none is shared.

    table: counts (2, K). Its value on samples of one distribution is about sqrt(K / n), not 0.
    """
    p, q = _shares(table)
    return float(np.abs(p - q).sum() / 2)


def largest_difference(table: ArrayLike) -> Difference:
    """The largest |p - q| of any one category, in [0, 1]; of equal ones the first.

    table: counts (2, K).
    """
    p, q = _shares(table, whole=True)
    gaps = np.abs(p - q)
    where = int(gaps.argmax())
    return Difference(float(gaps[where]), where)


def chi_square(table: ArrayLike, seed: int = 0, replicates: int = REPLICATES) -> Independence:
    """Pearson's chi-square, sum (count - expected)^2 / expected, without correction.

    table: counts (2, K). The p-value is that of K - 1 degrees of freedom; where a count of less
    than 5 is expected, it is (1 + tables that are as extreme) / (1 + replicates) over seeded
    random tables with the same margins, which is valid at any size (with many thousand categories
    there are fewer of them, to bound the time). With one category it is 1.
    As scipy.stats.chi2_contingency(correction=False).
    """
    return _independence(_counts(table), _pearson, seed, replicates)


def g_statistic(table: ArrayLike, seed: int = 0, replicates: int = REPLICATES) -> Independence:
    """The likelihood ratio G = 2 sum count ln(count / expected), with 0 ln 0 = 0.

    table: counts (2, K). The p-value as that of `chi_square`.
    As scipy.stats.chi2_contingency(correction=False, lambda_="log-likelihood").
    """
    return _independence(_counts(table), _likelihood_ratio, seed, replicates)


def cramers_v(table: ArrayLike) -> float:
    """sqrt(chi-square / examples), in [0, 1]; for two rows this is Cohen's w too.

    table: counts (2, K); 0 with one category. Biased upwards by about sqrt((K - 1) / examples).
    """
    counts = _counts(table)
    share = counts[0].sum() / counts.sum()
    return math.sqrt(float(_pearson(counts[0], counts.sum(axis=0), share)) / counts.sum())


def population_stability(table: ArrayLike) -> float:
    """The population stability index, PSI = sum (p - q) ln(p / q), in [0, inf).

    table: counts (2, B) of B bins or categories. Where a bin is empty in one sample alone, half an
    example is added to every bin of both, since the sum would be infinite.

    Without any difference its mean is (B - 1) (1/n + 1/m): .18 with 10 bins and n = m = 100. Fixed
    limits such as .1 and .25 mean nothing at small n; see `population_stability_critical`.
    """
    counts = _counts(table)
    if not counts.all():
        counts = counts + 0.5
    p, q = counts / counts.sum(axis=1, keepdims=True)
    return float(((p - q) * np.log(p / q)).sum())


def population_stability_critical(n: int, m: int, bins: int, alpha: float = 0.05) -> float:
    """The PSI that samples of n and m examples of one distribution exceed with probability alpha.

    The upper quantile of chi-square with bins - 1 degrees of freedom, times 1/n + 1/m (Yurdakul
    2018); 0 with one bin.
    """
    from scipy.special import chdtri

    return float(chdtri(bins - 1, alpha)) * (1 / n + 1 / m) if bins > 1 else 0.0


def jensen_shannon(table: ArrayLike) -> float:
    """The Jensen-Shannon divergence in bits: the mean of both shares' divergences from their mean.

    table: counts (2, K). In [0, 1], and 1 where no category is shared: 0 ln 0 = 0. Its square root
    is the Jensen-Shannon distance, which is what scipy.spatial.distance.jensenshannon returns.
    """
    p, q = _shares(table)
    middle = (p + q) / 2
    bits = [float((s[s > 0] * np.log2(s[s > 0] / middle[s > 0])).sum()) for s in (p, q)]
    return min(max(sum(bits) / 2, 0.0), 1.0)


def _counts(table: ArrayLike, whole: bool = False) -> Floats:
    """Float (2, K), without the categories that neither sample holds (unless ``whole``)."""
    counts = np.asarray(table, np.float64)
    if counts.ndim != 2 or len(counts) != 2:
        raise ValueError(f"a table of counts (2, K) is expected, not one of {counts.shape}")
    if not (counts >= 0).all() or not (counts == np.floor(counts)).all():
        raise ValueError("a count is negative, or not a whole number")
    sizes = counts.sum(axis=1)
    if not sizes.all():
        raise ValueError(f"a sample is empty: {sizes[0]:.0f} and {sizes[1]:.0f} examples")
    return counts if whole else counts[:, counts.any(axis=0)]


def _shares(table: ArrayLike, whole: bool = False) -> Floats:
    counts = _counts(table, whole)
    return counts / counts.sum(axis=1, keepdims=True)


def _pearson(first: Floats, both: Floats, share: float) -> Floats:
    """(…,) of first rows (…, K) of tables whose column sums are ``both`` (K,).

    share: of all examples that are in the first row.
    """
    # In the second row the deviation from what is expected is the same, with the other sign.
    return ((first - share * both) ** 2 / (share * (1 - share) * both)).sum(axis=-1)


def _likelihood_ratio(first: Floats, both: Floats, share: float) -> Floats:
    from scipy.special import xlogy

    second = both - first
    ratio = xlogy(first, first / (share * both)) + xlogy(second, second / ((1 - share) * both))
    return 2 * ratio.sum(axis=-1)


def _independence(
    counts: Floats, statistic: Callable[..., Floats], seed: int, replicates: int
) -> Independence:
    both, sizes = counts.sum(axis=0), counts.sum(axis=1)
    share = sizes[0] / sizes.sum()
    value = float(statistic(counts[0], both, share))
    if len(both) == 1:
        return Independence(0.0, 1.0, False)
    if both.min() * min(share, 1 - share) < LEAST_EXPECTED:
        extreme, drawn = _as_extreme(both, sizes, statistic, value, seed, replicates)
        return Independence(value, (1 + extreme) / (1 + drawn), True)
    from scipy.special import chdtrc

    return Independence(value, float(chdtrc(len(both) - 1, value)), False)


def _as_extreme(
    both: Floats,
    sizes: Floats,
    statistic: Callable[..., Floats],
    value: float,
    seed: int,
    replicates: int,
) -> tuple[int, int]:
    """How many random tables of the same margins are at least as extreme, and of how many."""
    rng = np.random.default_rng(seed)
    colors, n = both.astype(np.int64), int(sizes[0])
    # Two ways to draw a table: shuffle its examples, or draw category by category.
    shuffle, by_category = int(sizes.sum()), 40 * len(colors)
    method: Literal["count", "marginals"] = "count" if shuffle < by_category else "marginals"
    drawn = min(replicates, max(FEWEST, WORK // min(shuffle, by_category)))
    step = max(1, CELLS // len(colors))
    least = value * (1 - 1e-9)  # equal tables may be added up in another order
    extreme = 0
    for start in range(0, drawn, step):
        tables = rng.multivariate_hypergeometric(
            colors, n, size=min(step, drawn - start), method=method
        )
        extreme += int((statistic(tables, both, sizes[0] / sizes.sum()) >= least).sum())
    return extreme, drawn
