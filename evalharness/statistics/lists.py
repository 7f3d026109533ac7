"""Ranked lists of documents, by query: places and ties."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from evalharness.declare.errors import OutputsError
from evalharness.declare.plural import counted
from evalharness.statistics.grouped import Parts
from evalharness.statistics.relevance import is_relevant, one_of

TIES = ("average", "worst")
UNJUDGED = ("error", "not relevant", "skip")
# Lists stand side by side, as rows as long as the longest, where that takes at most so many times
# their own room.
ROOM = 4
BLOCK = 1 << 15


class Documents(NamedTuple):
    """The documents of all queries, by query.

    query: code of the query, rising; relevance: grade ≥ 0; sizes: (queries,) documents of each.
    """

    query: Any
    relevance: Any
    sizes: Any


class Lists(NamedTuple):
    """The documents that may be among the first k of their query, (m,) each, by query and from the
    highest score to the lowest; where there is no k, all of them.

    query:     code of the query, rising.
    relevance: grade ≥ 0.
    above:     how many documents of the query score higher.
    tied:      how many have this very score.
    place:     0 … tied − 1 among these.
    parts:     the queries.
    whole:     all documents, whether here or not.
    """

    query: Any
    relevance: Any
    above: Any
    tied: Any
    place: Any
    parts: Parts
    whole: Documents

    def total(self, values: Any) -> Any:
        """(queries,) sums over the documents of each query."""
        import numpy as np

        return np.bincount(self.query, values, self.parts.count)

    def relevant(self, least: float) -> Any:
        """(queries,) the number of relevant documents, in the whole list."""
        import numpy as np

        query, relevance, _ = self.whole
        return np.bincount(query, is_relevant(relevance, least), self.parts.count)

    def expected(self, discount: Any) -> Any:
        """(m,) the mean, over the places that a document may have, of a discount of the first
        place, the second place, …; (longest,)."""
        import numpy as np

        summed = np.concatenate([[0.0], np.cumsum(discount)])
        spread = (summed[self.above + self.tied] - summed[self.above]) / self.tied
        return np.where(self.tied == 1, discount[self.above], spread)

    @property
    def longest(self) -> int:
        return int((self.above + self.tied).max(initial=0))


def ranked(
    parts: Parts, relevance: Any, score: Any, ties: str, unjudged: str, k: int | None = None
) -> Lists:
    """The lists of all queries; `k`: only the first so many places are of interest."""
    import numpy as np

    one_of("ties", ties, TIES)
    one_of("unjudged", unjudged, UNJUDGED)
    code = parts.code
    if np.isnan(relevance.min(initial=0.0)):
        missing = np.isnan(relevance)
        if unjudged == "error":
            row = int(np.flatnonzero(missing)[0])
            raise OutputsError(
                [
                    f"column `relevance` is null in {counted(missing.sum(), 'rows')}, first row "
                    f"{row}; say what an unjudged document counts as: "
                    'unjudged="not relevant", or "skip" to take it out of its list'
                ]
            )
        if unjudged == "skip":
            kept = ~missing
            code, relevance, score = code[kept], relevance[kept], score[kept]
        else:
            relevance = np.where(missing, 0.0, relevance)
    sizes = np.bincount(code, minlength=parts.count)
    if not _in_order(code, sizes, parts):
        # Two bytes are sorted much faster than eight.
        short = code.astype(np.uint16) if parts.count <= 1 << 16 else code
        order = np.argsort(short, kind="stable")
        code, relevance, score = code[order], relevance[order], score[order]
    whole = Documents(code, relevance, sizes)
    if (kept := _among_the_first(score, sizes, k)) is not None:
        code, relevance, score = code[kept], relevance[kept], score[kept]
        sizes = np.bincount(code, minlength=parts.count)
    order = _falling(score, code, sizes)
    relevance, score = relevance[order], score[order]
    at = np.arange(len(code))
    # Where a document scores as high as the one before it.
    again = np.flatnonzero((score[1:] == score[:-1]) & (code[1:] == code[:-1])) + 1
    start, tied = at, np.ones_like(at)
    if len(again):
        begins = np.delete(at, again)
        runs = np.diff(begins, append=len(at))
        start, tied = np.repeat(begins, runs), np.repeat(runs, runs)
        # Equal scores by rising relevance: the worst order, and sums that no order of rows changes.
        equal = np.flatnonzero(tied > 1)
        relevance[equal] = relevance[equal][np.lexsort((relevance[equal], start[equal]))]
        if ties == "worst":
            start, tied = at, np.ones_like(at)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return Lists(code, relevance, start - first, tied, at - start, parts, whole)


def largest(whole: Documents, k: int | None) -> tuple[Any, Any, Any]:
    """The k largest grades of each query, of all where k is None: (grades, query, place) of each,
    by query and falling."""
    import numpy as np

    query, relevance, sizes = whole
    beside = _beside(relevance, sizes, 0.0)
    if beside is None:
        relevance = relevance[np.lexsort((-relevance, query))]
        place = np.arange(len(query)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return relevance, query, place
    longest = beside.shape[1]
    if k is not None and k < longest:
        beside, longest = _top(beside, k), k
    beside = np.sort(beside, axis=1)[:, ::-1]
    rows = len(sizes)
    return beside.ravel(), np.repeat(np.arange(rows), longest), np.tile(np.arange(longest), rows)


def _among_the_first(score: Any, sizes: Any, k: int | None) -> Any:
    """The documents that score no lower than the k-th of their query; None for all."""
    import numpy as np

    if k is None or k >= sizes.max(initial=0):
        return None
    beside = _beside(score, sizes, -math.inf)
    if beside is None:
        return None
    least = _top(beside, k).min(axis=1)
    if beside.size == len(score):
        return np.flatnonzero(beside >= least[:, None])
    # A shorter list has nothing at its k-th place, and is whole.
    return np.flatnonzero(score >= np.repeat(least, sizes))


def _in_order(code: Any, sizes: Any, parts: Parts) -> bool:
    """Whether the codes never fall."""
    if len(code) == len(parts.code):
        # They are numbered as they come: it is so where each begins after all rows of those before.
        return bool((parts.first == sizes.cumsum() - sizes).all())
    return bool((code[1:] >= code[:-1]).all())


def _top(beside: Any, k: int) -> Any:
    """(queries, k) the k largest of each row, in no order; some rows at a time, which stay in a
    cache."""
    import numpy as np

    rows, longest = beside.shape
    found = np.empty((rows, k), beside.dtype)
    step = max(1, BLOCK // longest)
    for start in range(0, rows, step):
        some = slice(start, start + step)
        found[some] = np.partition(beside[some], longest - k, axis=1)[:, longest - k :]
    return found


def _falling(score: Any, code: Any, sizes: Any) -> Any:
    """(m,) the documents by query, from the highest score to the lowest."""
    import numpy as np

    beside = _beside(-score, sizes, math.inf)
    if beside is None:
        return np.lexsort((-score, code))
    order = np.argsort(beside, axis=1) + (np.cumsum(sizes) - sizes)[:, None]
    if order.size == len(score):
        return order.ravel()
    return order[np.arange(beside.shape[1]) < sizes[:, None]]


def _beside(values: Any, sizes: Any, fill: float) -> Any:
    """(queries, longest): the lists side by side, filled up; None where they differ so much in
    length that this would take too much room."""
    import numpy as np

    longest = int(sizes.max(initial=0))
    if len(sizes) * longest > ROOM * len(values):
        return None
    if len(sizes) * longest == len(values):
        return values.reshape(len(sizes), longest)
    found = np.full((len(sizes), longest), fill)
    found[np.arange(longest) < sizes[:, None]] = values
    return found
