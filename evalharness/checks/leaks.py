"""Leaks: rows of one split that another split gives away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from evalharness.checks import near_leaks
from evalharness.checks.leak import SHOWN_PAIRS, Comparison, Leak, at, both, pairs, share
from evalharness.declare.errors import OutputsError
from evalharness.declare.plural import counted
from evalharness.outputs import memory
from evalharness.outputs.content_codes import NULL, codes, content_codes
from evalharness.outputs.split import Split
from evalharness.outputs.times import in_order
from evalharness.outputs.words import names, values


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
    asked += [partial(near_leaks.texts, first, second, name, near_jaccard, seed) for name in near]
    asked += [partial(near_leaks.embeddings, first, second, name, seed) for name in embeddings]
    return both(asked)


def duplicates(split: Split, columns: tuple[str, ...]) -> Leak:
    """The rows whose content, all columns taken together, an earlier row of the split has; both
    rows of a pair are of this split. A row of nulls only repeats none."""
    (found,) = content_codes([split], columns)
    earlier = _places(found, found)
    repeats = (found != NULL) & (earlier != np.arange(split.n))
    of = f"of {counted(split.n, 'rows')} of {split.name}"
    told = f"{share(repeats)} {of} repeat the {names(columns)} of an earlier row{at(repeats)}"
    return Leak("content", names(columns), repeats, pairs(repeats, earlier), told)


def _ids(first: Split, second: Split) -> Comparison:
    both([first.checked_ids, second.checked_ids])
    ours, theirs = codes([first, second], "id")
    return lambda: _shared("id", "ids", first, second, ours, theirs)


def _clusters(first: Split, second: Split) -> Comparison:
    both([lambda: first.groups_of("cluster"), lambda: second.groups_of("cluster")])
    ours, theirs = codes([first, second], "cluster")
    return lambda: _shared("cluster", "clusters", first, second, ours, theirs)


def _shared(
    kind: str, things: str, first: Split, second: Split, ours: np.ndarray, theirs: np.ndarray
) -> Leak:
    """What stands on both sides, counted by value and not by row."""
    there = _places(ours, theirs)
    leaked = there >= 0
    several = np.flatnonzero(leaked)
    _, places = np.unique(theirs[several], return_index=True)
    one_each = several[np.sort(places)]
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
    return Leak(kind, f"`{kind}`", leaked, pairs(leaked, there), told)


def _content(first: Split, second: Split, columns: tuple[str, ...]) -> Comparison:
    ours, theirs = content_codes([first, second], columns)

    def compare() -> Leak:
        there = _places(ours, theirs)
        leaked = (theirs != NULL) & (there >= 0)
        told = (
            f"{share(leaked)} of {counted(second.n, 'rows')} of {second.name} have the "
            f"{names(columns)} of a row of {first.name}{at(leaked)}"
        )
        return Leak("content", names(columns), leaked, pairs(leaked, there), told)

    return compare


def _time(first: Split, second: Split, name: str) -> Comparison:
    leaked, last, when = in_order(first, second, name)

    def compare() -> Leak:
        of = counted(second.n, "rows")
        told = (
            f"{share(leaked)} of {of} of {second.name} are by `{name}` not later than the last row "
            f"of {first.name} ({when}){at(leaked)}"
            if leaked.any()
            else f"by `{name}` all {of} of {second.name} are later than the last row of "
            f"{first.name} ({when})"
        )
        return Leak("time", f"`{name}`", leaked, pairs(leaked, np.full(second.n, last)), told)

    return compare


def _places(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """int64 (n,): the first row whose code is the asked one, −1 where there is none."""
    first = np.full(max(known.max(), asked.max()) + 2, -1)
    first[known[::-1]] = np.arange(len(known))[::-1]
    return first[asked]
