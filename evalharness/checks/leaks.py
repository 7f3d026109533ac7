"""Leaks: rows of one split that another split gives away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.declare.plural import counted
from evalharness.outputs import memory
from evalharness.outputs.content_codes import NULL, codes, content_codes
from evalharness.outputs.split import Split
from evalharness.outputs.times import in_order
from evalharness.outputs.words import names, short, values

SHOWN_PAIRS = 3

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


def find(
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
) -> list[Leak]:
    """What of the first split is in the second: one `Leak` for each thing that is looked at, also
    where nothing leaked.

    ids, clusters: whether ids, and values of `cluster`, are on both sides.
    content:       columns that, taken together, are equal (`content_codes.fold` for texts).
    near:          columns of text, each for itself, of a Jaccard similarity of at least
                   near_jaccard.
    embeddings:    columns of lists of numbers, each for itself, that are nearer to a row of the
                   first split than those are to each other.
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
        asked.append(lambda: _ids(first, second))
    if clusters:
        asked.append(lambda: _clusters(first, second))
    if content:
        asked.append(lambda: _content(first, second, content))
    if time:
        asked.append(lambda: _time(first, second, time))
    comparisons = []
    for question in asked:
        try:
            comparisons.append(question())
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(problems)
    return [compare() for compare in comparisons]


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
    _checked([first.checked_ids, second.checked_ids])
    ours, theirs = codes([first, second], "id")
    return lambda: _shared("id", "ids", first, second, ours, theirs)


def _clusters(first: Split, second: Split) -> Comparison:
    _checked([lambda: first.groups_of("cluster"), lambda: second.groups_of("cluster")])
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
            f"later than the last row of {first.name} ({short(when)}){_at(leaked)}"
        )
        return Leak("time", f"`{name}`", leaked, _pairs(leaked, np.full(second.n, last)), told)

    return compare


def _checked(questions: Sequence[Callable[[], object]]) -> None:
    problems: list[str] = []
    for question in questions:
        try:
            question()
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(problems)


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
