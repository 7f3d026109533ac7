"""Leaks: rows of one split that another split gives away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.declare.plural import counted
from evalharness.distances import minhash
from evalharness.kernels.neighbours import nearest
from evalharness.outputs import kinds, memory
from evalharness.outputs.alike import columns
from evalharness.outputs.content_codes import NULL, codes, content_codes, folded
from evalharness.outputs.split import Split
from evalharness.outputs.times import in_order
from evalharness.outputs.vectors import vectors
from evalharness.outputs.words import names, values

SHOWN_PAIRS = 3
# So many rows of the first split tell how near its rows are to each other, and the quantile of
# their distances below which a row of the second split is too near.
SAMPLE = 10_000
TOO_NEAR = 0.001

# What is compared once it is known that everything can be compared.
Comparison = Callable[[], "Leak"]


@dataclass(frozen=True, eq=False)
class Leak:
    """What was looked at, and which rows leaked.

    kind:     "id", "content", "near", "embedding", "cluster" or "time"
    column:   what was looked at, in words
    rows:     bool (n,), the rows of the second split that leaked
    pairs:    a few that show it: (row of the second split, row of the first)
    told:     the same in one sentence
    expected: the share of rows that would be found although nothing leaked
    """

    kind: str
    column: str
    rows: np.ndarray
    pairs: tuple[tuple[int, int], ...]
    told: str
    expected: float = 0.0


def comparisons(
    first: Split,
    second: Split,
    *,
    ids: bool,
    clusters: bool,
    content: tuple[str, ...],
    near: tuple[str, ...],
    embeddings: tuple[str, ...],
    time: str,
    near_jaccard: float = 0.8,
    seed: int = 0,
) -> list[Comparison]:
    """What is to be compared, once it is known that all of it can be; each, called, tells what of
    the first split is in the second, also where nothing leaked.

    ids, clusters: whether ids, and values of `cluster`, are on both sides.
    content:       columns that, taken together, are equal (`content_codes.fold` for texts).
    near:          columns of text, each for itself, of a Jaccard similarity of at least
                   near_jaccard.
    embeddings:    columns of lists of numbers, each for itself: too near are those whose distance
                   to the nearest row of the first split is no larger than the 0.1 % quantile of
                   the distances from rows of the first to their nearest others. Distances of 0,
                   between copies, are left out of the quantile, and are always too near.
    time:          a column by which each row of the second split is later than the first; or "".

    Raises OutputsError with all that stands in the way.
    """
    problems = [
        f"{split.where}: the table is empty (0 rows); nothing can leak from it or into it"
        for split in (first, second)
        if not split.n
    ]
    if problems:
        raise OutputsError(problems)
    asked: list[Callable[[], Comparison]] = []
    if ids:
        asked.append(partial(_ids, first, second))
    if clusters:
        asked.append(partial(_clusters, first, second))
    if content:
        asked.append(partial(_content, first, second, content))
    if time:
        asked.append(partial(_time, first, second, time))
    asked += [partial(_near, first, second, name, near_jaccard, seed) for name in near]
    asked += [partial(_embeddings, first, second, name, seed) for name in embeddings]
    return _both(asked)


def find(first: Split, second: Split, **asked: Any) -> list[Leak]:
    """The same, compared."""
    return [compare() for compare in comparisons(first, second, **asked)]


def duplicates(split: Split, columns: tuple[str, ...]) -> Leak:
    """The rows whose content, all columns taken together, an earlier row of the split has; both
    rows of a pair are of this split. A row of nulls only repeats none."""
    (found,) = content_codes([split], columns)
    earlier = _places(found, found)
    repeats = (found != NULL) & (earlier != np.arange(split.n))
    of = f"of {counted(split.n, 'rows')} of {split.name}"
    told = f"{_share(repeats)} {of} repeat the {names(columns)} of an earlier row{_at(repeats)}"
    return Leak("content", names(columns), repeats, _pairs(repeats, earlier), told)


def _ids(first: Split, second: Split) -> Comparison:
    _both([first.checked_ids, second.checked_ids])
    ours, theirs = codes([first, second], "id")
    return lambda: _shared("id", "ids", first, second, ours, theirs)


def _clusters(first: Split, second: Split) -> Comparison:
    _both([lambda: first.groups_of("cluster"), lambda: second.groups_of("cluster")])
    ours, theirs = codes([first, second], "cluster")
    return lambda: _shared("cluster", "clusters", first, second, ours, theirs)


def _shared(
    kind: str, things: str, first: Split, second: Split, ours: np.ndarray, theirs: np.ndarray
) -> Leak:
    """What stands on both sides, counted by value and not by row."""
    there = _places(ours, theirs)
    leaked = there >= 0
    several = np.flatnonzero(leaked)
    _, at = np.unique(theirs[several], return_index=True)
    one_each = several[np.sort(at)]
    all_of = f"{counted(len(np.unique(theirs)), things)} of {second.name}"
    if not len(one_each):
        told = f"none of {all_of} is also in {first.name}"
    else:
        shown = second.column(kind).take(memory.from_numpy(one_each[:SHOWN_PAIRS])).to_pylist()
        more = f", in {counted(len(several), 'rows')}" if len(several) > len(one_each) else ""
        verb = "is" if len(one_each) == 1 else "are"
        told = (
            f"{len(one_each):,} of {all_of} {verb} also in {first.name}{more} "
            f"(first: {values(shown)})"
        )
    return Leak(kind, f"`{kind}`", leaked, _pairs(leaked, there), told)


def _content(first: Split, second: Split, columns: tuple[str, ...]) -> Comparison:
    ours, theirs = content_codes([first, second], columns)

    def compare() -> Leak:
        there = _places(ours, theirs)
        leaked = (theirs != NULL) & (there >= 0)
        told = (
            f"{_share(leaked)} of {counted(second.n, 'rows')} of {second.name} have the "
            f"{names(columns)} of a row of {first.name}{_at(leaked)}"
        )
        return Leak("content", names(columns), leaked, _pairs(leaked, there), told)

    return compare


def _time(first: Split, second: Split, name: str) -> Comparison:
    leaked, last, when = in_order(first, second, name)

    def compare() -> Leak:
        told = (
            f"{_share(leaked)} of {counted(second.n, 'rows')} of {second.name} are by `{name}` not "
            f"later than the last row of {first.name} ({when}){_at(leaked)}"
        )
        return Leak("time", f"`{name}`", leaked, _pairs(leaked, np.full(second.n, last)), told)

    return compare


def _near(first: Split, second: Split, name: str, at_least: float, seed: int) -> Comparison:
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
        leaked = there >= 0
        told = (
            f"{_share(leaked)} of {counted(second.n, 'rows')} of {second.name} have nearly the "
            f"`{name}` of a row of {first.name} (Jaccard similarity of shingles of "
            f"{minhash.SHINGLE} characters ≥ {at_least:g}){_at(leaked)}"
        )
        return Leak("near", f"`{name}`", leaked, _pairs(leaked, there), told)

    return compare


def _embeddings(first: Split, second: Split, name: str, seed: int) -> Comparison:
    ours, theirs = _both([partial(vectors, split, name) for split in (first, second)])
    wide = ours.shape[1], theirs.shape[1]
    if wide[0] != wide[1]:
        raise OutputsError(
            [
                f"{first.where} and {second.where}: column `{name}` has {wide[0]} numbers in each "
                f"row of one and {wide[1]} of the other; compare embeddings of one model"
            ]
        )
    if first.n < 2:
        raise OutputsError(
            [
                f"{first.where}: column `{name}` has 1 row; how near is too near is learned from "
                "the distances between at least 2 rows of this split: add more"
            ]
        )

    def compare() -> Leak:
        limit, expected = _limit(ours, seed)
        distance, there = nearest(theirs, ours)
        leaked = (distance == 0) | (distance <= limit)
        near = np.flatnonzero(leaked)
        shown = near[np.argsort(distance[near], kind="stable")][:SHOWN_PAIRS]
        told = (
            f"{_share(leaked)} of {counted(second.n, 'rows')} of {second.name} are by `{name}` "
            f"as near to a row of {first.name} as {100 * expected:.2g} % of its own rows are to "
            f"each other (distance ≤ {limit:.3g}){_at(leaked)}; about {expected * second.n:.2g} were expected "
            "of rows that did not leak"
        )
        pairs = tuple((int(row), int(there[row])) for row in shown)
        return Leak("embedding", f"`{name}`", leaked, pairs, told, expected)

    return compare


def _limit(vectors: np.ndarray, seed: int) -> tuple[float, float]:
    """The distance that is too near, and the share of new rows of the same kind that are so near.

    Of s distances, the k-th least, k = .001 (s + 1) or 1: a new one is as small with probability
    k / (s + 1), but for its one more neighbour.
    """
    n = len(vectors)
    rows = np.sort(np.random.default_rng([seed, n]).permutation(n)[:SAMPLE])
    distance = nearest(vectors[rows], vectors, rows)[0]
    apart = np.sort(distance[distance > 0])
    if not len(apart):
        return 0.0, 0.0
    least = max(1, int(TOO_NEAR * (len(apart) + 1)))
    return float(apart[least - 1]), least / (len(apart) + 1)


def _both(questions: Sequence[Callable[[], Any]]) -> list[Any]:
    """The answers, or the problems of all questions."""
    problems: list[str] = []
    answers = []
    for question in questions:
        try:
            answers.append(question())
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(problems)
    return answers


def _places(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """int64 (n,): the first row whose code is the asked one, −1 where there is none."""
    first = np.full(max(known.max(), asked.max()) + 2, -1)
    first[known[::-1]] = np.arange(len(known))[::-1]
    return first[asked]


def _pairs(leaked: np.ndarray, there: np.ndarray) -> tuple[tuple[int, int], ...]:
    return tuple((int(row), int(there[row])) for row in np.flatnonzero(leaked)[:SHOWN_PAIRS])


def _share(leaked: np.ndarray) -> str:
    return f"{np.count_nonzero(leaked):,}" if leaked.any() else "none"


def _at(leaked: np.ndarray) -> str:
    """Where the first of them are, in brackets."""
    places = np.flatnonzero(leaked)
    if not len(places):
        return ""
    shown = ", ".join(map(str, places[:SHOWN_PAIRS]))
    return (
        f" ({'row' if len(places) == 1 else 'rows'} {shown}{', …' * (len(places) > SHOWN_PAIRS)})"
    )
