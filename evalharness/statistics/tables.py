"""The tables that metrics are functions of. All add up over disjoint sets of examples.

Where examples have weights, a count is the sum of the weights.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Array = Any  # scalars, or NumPy arrays


class Cells(NamedTuple):
    """A 2×2 confusion table; scalars for one positive class, (classes,) arrays for an average."""

    tp: Array
    fp: Array
    fn: Array
    tn: Array


class Share(NamedTuple):
    """How many of `n` examples are hits."""

    hits: Array
    n: Array


class MomentTable(NamedTuple):
    """Number, mean, and centred second and third sums, Σ(x−mean)² and Σ(x−mean)³."""

    n: Array
    mean: Array
    m2: Array
    m3: Array


class PairTable(NamedTuple):
    """Number, and the two sums of a ratio."""

    n: Array
    numerator: Array
    denominator: Array


class ComomentTable(NamedTuple):
    """Number and means of x and y, and the centred sums Σ(x−x̄)², Σ(y−ȳ)², Σ(x−x̄)(y−ȳ)."""

    n: Array
    mean_x: Array
    mean_y: Array
    sxx: Array
    syy: Array
    sxy: Array


class RankTable(NamedTuple):
    """For each distinct score, ascending: how many negatives and positives have it."""

    values: Array
    negatives: Array
    positives: Array


class OrderTable(NamedTuple):
    """For each distinct value, ascending: how many examples have it."""

    values: Array
    counts: Array
