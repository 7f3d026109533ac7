"""The tables that metrics are functions of. All add up over disjoint sets of examples."""

from __future__ import annotations

from typing import Any, NamedTuple

Array = Any  # NumPy on the host, a traced array under jax.grad


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


class RankTable(NamedTuple):
    """For each distinct score, ascending: how many negatives and positives have it."""

    values: Array
    negatives: Array
    positives: Array


class OrderTable(NamedTuple):
    """For each distinct value, ascending: how many examples have it."""

    values: Array
    counts: Array
