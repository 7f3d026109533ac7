"""What a panel of people answers: how often a majority of k answers to an item is right.

Of an item's m answers k are drawn without replacement; the panel's answer is the commonest of them,
one at random of several that are as common. A panel is right if that is the gold, or, where the
gold is what the *other* m − k people say, if it is a random one of their commonest answers.

The expectation over all panels is exact. With n_c answers of each class, P(h) = Π C(n_c, h_c) /
C(m, k); the chance that class c is among the commonest of the panel, with t others, is summed over
its own h_c = g class by class, as a polynomial in the number drawn and in t. The C(n, h) are
replaced by binomial probabilities at k/m, which are the same but for a factor and never overflow.

Items whose answers are alike but for the names of the classes are worked out once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def panel_errors(counts: Ints, gold: Ints | None, size: Ints | int) -> Floats:
    """(I,) the probability that a panel of ``size`` is wrong about each item.

    counts: (I, K) answers of each class. gold: (I,) the class that is right, −1 where it is none
    of them; None where it is what the answers outside of the panel say. size: of the panel, one
    for all or one for each item.

    NaN where there are too few answers: fewer than the panel, or, without gold, no more than it.
    """
    size = np.broadcast_to(np.asarray(size, np.int64), len(counts))
    error = np.full(len(counts), np.nan)
    total = counts.sum(axis=1)
    for k in np.unique(size):
        chosen = np.flatnonzero((size == k) & (total >= k + (gold is None)))
        if k < 1 or not len(chosen):
            continue
        error[chosen] = 1 - _agreement(counts[chosen], None if gold is None else gold[chosen], k)
    return error


def majority_errors(counts: Ints, gold: Ints) -> Floats:
    """(I,) the probability that the commonest of all answers is wrong: 0, 1, or between them
    where several are as common."""
    return 1 - _right_at(_tops(counts), gold)


def answer_errors(counts: Ints, gold: Ints | None) -> Floats:
    """(I, K) the probability that an answer of each class is wrong; NaN for answers that nobody
    gave, and, without gold, where no other answer is there to hold it against."""
    if gold is not None:
        error = (np.arange(counts.shape[1]) != gold[:, None]).astype(float)
        return np.where(counts > 0, error, np.nan)
    error = np.full(counts.shape, np.nan)
    for c in range(counts.shape[1]):
        there = np.flatnonzero((counts[:, c] > 0) & (counts.sum(axis=1) > 1))
        error[there, c] = majority_errors(less_one(counts[there], c), np.full(len(there), c))
    return error


def others_say(counts: Ints) -> Floats:
    """(I, K) the probability that a class is what the others say, of whoever answered: the
    commonest of the other answers, one at random of several; NaN where there is no other."""
    total = counts.sum(axis=1)
    there, found = np.flatnonzero(total > 1), np.full(counts.shape, np.nan)
    found[there] = 0.0
    for c in range(counts.shape[1]):
        given = there[counts[there, c] > 0]
        share = (counts[given, c] / total[given])[:, None]
        found[given] += share * _tops(less_one(counts[given], c))
    return found


def less_one(counts: Ints, label: Ints | int) -> Ints:
    """(I, K) the same without one answer of a class of each item."""
    found = counts.copy()
    found[np.arange(len(counts)), label] -= 1
    return found


def _tops(counts: Ints) -> Floats:
    """(I, K) which classes are the commonest, shared by as many."""
    best = counts == counts.max(axis=1, keepdims=True)
    return np.asarray(best / best.sum(axis=1, keepdims=True), float)


def _right_at(shares: Floats, gold: Ints) -> Floats:
    known = np.maximum(gold, 0)
    return np.where(gold < 0, 0.0, shares[np.arange(len(shares)), known])


def _agreement(counts: Ints, gold: Ints | None, k: int) -> Floats:
    """(I,) the probability that the panel's answer is the gold's, or that of the others."""
    if gold is not None:
        own = np.where(gold < 0, 0, counts[np.arange(len(counts)), np.maximum(gold, 0)])
        others = counts.copy()
        others[np.flatnonzero(gold >= 0), gold[gold >= 0]] = 0
        return _once(own, others, k, False)
    found = np.zeros(len(counts))
    commonest = counts.max(axis=1)
    for c in range(counts.shape[1]):
        # What leads in the panel and outside of it leads in all, by one answer in each or more.
        there = np.flatnonzero((counts[:, c] > 1) & (counts[:, c] == commonest))
        others = counts[there].copy()
        others[:, c] = 0
        found[there] += _once(counts[there, c], others, k, True)
    return found


def _once(own: Ints, others: Ints, k: int, rest: bool) -> Floats:
    """`_right` for items that differ in more than the names of the classes."""
    rows = np.column_stack([own, -np.sort(-others, axis=1)])
    distinct, back = np.unique(rows, axis=0, return_inverse=True)
    found = np.zeros(len(distinct))
    width = (distinct[:, 1:] > 0).sum(axis=1)
    for w in np.unique(width):
        alike = np.flatnonzero(width == w)
        found[alike] = _right(distinct[alike, 0], distinct[alike, 1 : 1 + w], k, rest)
    return found[back.reshape(-1)]


def _right(own: Ints, others: Ints, k: int, rest: bool) -> Floats:
    """(P,) the chance that a class is what a panel of k answers, and, for ``rest``, what the
    answers outside of it say as well.

    own: (P,) answers of the class; others: (P, C) those of the others.
    """
    total = own + others.sum(axis=1)
    share = k / total
    right = np.zeros(len(own))
    for g in range(1, k + 1):
        left = own - g
        ties = min(others.shape[1], k // g), others.shape[1] if rest else 0
        # [item, drawn so far, others as common in the panel, others as common outside of it]
        state = np.zeros((len(own), k + 1, ties[0] + 2, ties[1] + 2))
        state[:, g, 0, 0] = _binomial(own, g, share)
        for n in others.T:
            after = np.zeros_like(state)
            for j in range(min(g, int(n.max())) + 1):
                chance, up = _binomial(n, j, share), int(j == g)
                before = state[:, : k + 1 - j, : ties[0] + 1]
                here = after[:, j:, up : ties[0] + 1 + up]
                if not rest:
                    here += chance[:, None, None, None] * before
                    continue
                fewer, as_many = (chance * x for x in (n - j < left, n - j == left))
                here += fewer[:, None, None, None] * before
                here[..., 1:] += as_many[:, None, None, None] * before[..., :-1]
            state = after
        tied = 1.0 + np.arange(ties[0] + 2)[:, None], 1.0 + np.arange(ties[1] + 2)
        right += (state[:, k] / (tied[0] * tied[1])).sum(axis=(1, 2)) * ((left > 0) | (not rest))
    return right / _binomial(total, k, share)


def _binomial(n: Ints, j: int, share: Floats) -> Floats:
    """(P,) the probability of j of n; 0 where there are not so many."""
    rest = np.maximum(n - j, 0)
    logs = gammaln(n + 1.0) - gammaln(j + 1.0) - gammaln(rest + 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = logs + j * np.log(share) + np.where(rest > 0, rest * np.log1p(-share), 0.0)
    return np.where(n >= j, np.exp(logs), 0.0)
