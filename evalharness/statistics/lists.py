"""Ranked lists of documents, by query: places, ties, and what in them is relevant."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from evalharness.declare.errors import DeclarationError, OutputsError
from evalharness.statistics.grouped import Parts

TIES = ("average", "worst")
UNJUDGED = ("error", "not relevant", "skip")
NO_RELEVANT = ("error", "zero", "skip")
GAINS = ("linear", "exponential")


class Lists(NamedTuple):
    """The documents of all queries, (m,) each, by query and from the highest score to the lowest.

    query:     code of the query, rising.
    relevance: grade ≥ 0.
    above:     how many documents of the query score higher.
    tied:      how many have this very score.
    place:     0 … tied − 1 among these.
    parts:     the queries.
    """

    query: Any
    relevance: Any
    above: Any
    tied: Any
    place: Any
    parts: Parts

    def total(self, values: Any) -> Any:
        """(queries,) sums over the documents of each query."""
        import numpy as np

        return np.bincount(self.query, values, self.parts.count)

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


def ranked(parts: Parts, relevance: Any, score: Any, ties: str, unjudged: str) -> Lists:
    """The lists of all queries. One sort, whatever their number."""
    import numpy as np

    one_of("ties", ties, TIES)
    one_of("unjudged", unjudged, UNJUDGED)
    missing, code = np.isnan(relevance), parts.code
    if missing.any() and unjudged == "error":
        row = int(np.flatnonzero(missing)[0])
        raise OutputsError(
            [
                f"column `relevance` is null in {missing.sum():,} rows, first row {row}; say what "
                'an unjudged document counts as: unjudged="not relevant", or "skip" to take it '
                "out of its list"
            ]
        )
    if unjudged == "skip":
        kept = ~missing
        code, relevance, score = code[kept], relevance[kept], score[kept]
    relevance = np.where(np.isnan(relevance), 0.0, relevance)
    # Equal scores by rising relevance: the worst order, and sums that no order of rows can change.
    order = np.argsort(relevance, kind="stable")
    order = order[np.argsort(-score[order], kind="stable")]
    order = order[np.argsort(code[order], kind="stable")]
    query, relevance, score = code[order], relevance[order], score[order]
    at = np.arange(len(query))
    new_query = np.diff(query, prepend=-1) != 0
    new_score = new_query | (np.diff(score, prepend=0.0) != 0)
    if ties == "worst":
        new_score[:] = True
    first = np.maximum.accumulate(np.where(new_query, at, 0))
    start = np.maximum.accumulate(np.where(new_score, at, 0))
    tie = np.cumsum(new_score) - 1
    tied = np.bincount(tie)[tie] if len(tie) else at
    return Lists(query, relevance, start - first, tied, at - start, parts)


def relevant_documents(lists: Lists, least: float) -> tuple[Any, Any, Any]:
    """(m,) each: whether a document is relevant, how many that score higher are, and how many that
    have its score are."""
    import numpy as np

    relevant = is_relevant(lists, least)
    at = np.arange(len(relevant))
    start = at - lists.place
    summed = np.concatenate([[0.0], np.cumsum(relevant)])
    before = summed[start] - summed[start - lists.above]
    return relevant, before, summed[start + lists.tied] - summed[start]


def hits_in_first(lists: Lists, k: Any, least: float) -> tuple[Any, Any]:
    """(queries,) relevant documents among the first k places, and in all."""
    import numpy as np

    relevant = is_relevant(lists, least)
    inside = lists.expected((np.arange(lists.longest) < k).astype(float))
    return lists.total(relevant * inside), lists.total(relevant)


def share_of(
    above: Any, relevant: Any, parts: Parts, no_relevant: str, words: str, below: Any = None
) -> Any:
    """`above` over `below` (over `relevant` by itself), with queries in which nothing is relevant
    treated as declared."""
    import numpy as np

    one_of("no_relevant", no_relevant, NO_RELEVANT)
    none = relevant <= 0
    if none.any() and no_relevant == "error":
        first = parts.name(int(np.flatnonzero(none)[0]))
        raise OutputsError(
            [
                f"{none.sum():,} of {parts.count:,} queries have no relevant document (relevance "
                f"{words}), the first is {first}; say what such a query counts as: "
                'no_relevant="skip" leaves it out, "zero" counts it as 0'
            ]
        )
    found = above / np.where(none, 1.0, relevant if below is None else below)
    return np.where(none, math.nan if no_relevant == "skip" else 0.0, found)


def gains_of(lists: Lists, gain: str) -> Any:
    import numpy as np

    if one_of("gain", gain, GAINS) == "linear":
        return lists.relevance
    with np.errstate(over="ignore"):
        gains = np.exp2(lists.relevance) - 1
    if not np.isfinite(gains).all():
        raise OutputsError(
            [
                f"column `relevance` goes up to {lists.relevance.max():g}, of which the "
                'exponential gain 2^relevance − 1 is infinite; use gain="linear"'
            ]
        )
    return gains


def discounts_of(lists: Lists, k: int | None) -> Any:
    """(longest,) 1 / log2(1 + place), 0 beyond the first k."""
    import numpy as np

    place = np.arange(1, lists.longest + 1)
    return np.where(place <= (places(k) or math.inf), 1 / np.log2(1 + place), 0.0)


def places(k: Any, optional: bool = True) -> int | None:
    if k is None and optional:
        return None
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        also = ", or None for the whole list" if optional else ""
        raise DeclarationError(f"k={k!r} is not a number of places: a whole number ≥ 1{also}")
    return k


def is_relevant(lists: Lists, least: Any) -> Any:
    """(m,) 1.0 for a document that is relevant, else 0.0."""
    if isinstance(least, bool) or not isinstance(least, (int, float)) or not least > 0:
        raise DeclarationError(
            f"min_relevance={least!r} is not a grade above 0, which is that of a document that is "
            "not relevant"
        )
    return (lists.relevance >= least).astype(float)


def one_of(name: str, value: Any, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise DeclarationError(f"{name}={value!r} is none of {', '.join(map(repr, known))}")
    return value
