"""Leaks of rows that are nearly the same: by their text, or by their embedding."""

from __future__ import annotations

import numpy as np

from evalharness.checks.leak import SHOWN_PAIRS, Comparison, Leak, at, pairs, share
from evalharness.declare.errors import OutputsError
from evalharness.declare.plural import counted
from evalharness.distances import minhash
from evalharness.kernels.neighbours import nearest
from evalharness.outputs import kinds
from evalharness.outputs.alike import columns
from evalharness.outputs.content_codes import folded
from evalharness.outputs.split import Split
from evalharness.outputs.vectors import of_both

# So many rows of the first split tell how near its rows are to each other, and the quantile of
# their distances below which a row of the second split is too near.
SAMPLE = 10_000
TOO_NEAR = 0.001
# So much nearer than usual are copies: of points on a line one in 200 is by chance, in a plane one
# in 4,000.
COPY = 0.05


def texts(first: Split, second: Split, name: str, at_least: float, seed: int) -> Comparison:
    """Texts whose shingles have at least this Jaccard similarity; a null is like no other."""
    splits = (first, second)
    found = columns(name, splits, "name a column of text")
    problems = [
        f"{split.where}: column `{name}` is {kinds.kind(column)}, but near duplicates are told of "
        "text; compare it as content, or, of lists of numbers, as embeddings"
        for split, column in zip(splits, found, strict=True)
        if kinds.kind(column) != kinds.TEXT
    ]
    if problems:
        raise OutputsError(problems)

    def compare() -> Leak:
        ours, theirs = (folded(column).fill_null("").to_pylist() for column in found)
        there, _ = minhash.near(theirs, ours, at_least, seed)
        written = np.array([bool(text) for text in theirs])
        leaked = (there >= 0) & written  # what is empty tells nothing
        told = (
            f"{share(leaked)} of {counted(int(written.sum()), 'texts')} of {second.name} have "
            f"nearly the `{name}` of a row of {first.name} (Jaccard similarity of shingles of "
            f"{minhash.SHINGLE} characters ≥ {at_least:g}){at(leaked)}"
        )
        how = (
            f"a pair of this similarity is looked at with probability "
            f"{minhash.caught(at_least):.4f}, and less often where very many texts are alike"
        )
        few = pairs(leaked, there)
        return Leak("near", f"`{name}`", leaked, few, told, looked=written, how=how)

    return compare


def embeddings(first: Split, second: Split, name: str, seed: int) -> Comparison:
    """Rows that are as near to one of the first split as its own hardly ever are."""
    ours, theirs = of_both(first, second, name)
    if first.n < 2:
        raise OutputsError(
            [
                f"{first.where}: column `{name}` has 1 row; how near is too near is learned from "
                "the distances between at least 2 rows of this split: add more"
            ]
        )

    def compare() -> Leak:
        limit, expected, copies = _limit(ours, seed)
        distance, there = nearest(theirs, ours)
        leaked = (distance == 0) | (distance <= limit)
        near = np.flatnonzero(leaked)
        shown = near[np.argsort(distance[near], kind="stable")][:SHOWN_PAIRS]
        told = (
            f"{share(leaked)} of {counted(second.n, 'rows')} of {second.name} are by `{name}` "
            f"as near to a row of {first.name} as {100 * expected:.2g} % of its own rows are to "
            f"each other (distance ≤ {limit:.3g}){at(leaked)}; about {expected * second.n:.2g} "
            "were expected of rows that did not leak"
        )
        few = tuple((int(row), int(there[row])) for row in shown)
        how = (
            f"{100 * copies:.2g} % of the rows of {first.name} are nearly copies of others of it, "
            "and do not count for how near its rows are"
            if copies
            else ""
        )
        return Leak("embedding", f"`{name}`", leaked, few, told, expected, how=how)

    return compare


def _limit(vectors: np.ndarray, seed: int) -> tuple[float, float, float]:
    """The distance that is too near, the share of new rows of the same kind that are so near, and
    the share of rows that are nearly copies of others.

    Of s distances, the k-th least, k = .001 (s + 1) or 1: a new one is as small with probability
    k / (s + 1), but for its one more neighbour. A few copies inside of the split would make it the
    distance between copies, and hide all others: what is COPY times the tenth least of ten or less
    is set aside.
    """
    n = len(vectors)
    rows = np.sort(np.random.default_rng([seed, n]).permutation(n)[:SAMPLE])
    distance = np.sort(nearest(vectors[rows], vectors, rows)[0])
    usual = distance[distance > 0]
    if not len(usual):
        return 0.0, 0.0, 1.0
    apart = usual[usual > COPY * usual[int(0.1 * len(usual))]]
    least = max(1, int(TOO_NEAR * (len(apart) + 1)))
    copies = 1 - len(apart) / len(distance)
    return float(apart[least - 1]), least / (len(apart) + 1), copies
