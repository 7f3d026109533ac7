"""What in ranked lists is relevant, and what it is worth at which place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evalharness.declare.errors import DeclarationError, OutputsError

if TYPE_CHECKING:
    from evalharness.statistics.grouped import Parts
    from evalharness.statistics.lists import Lists

NO_RELEVANT = ("error", "zero", "skip")
GAINS = ("linear", "exponential")


def relevant_documents(lists: Lists, least: float) -> tuple[Any, Any, Any]:
    """(m,) each: whether a document is relevant, how many that score higher are, and how many that
    have its score are."""
    import numpy as np

    relevant = is_relevant(lists.relevance, least)
    at = np.arange(len(relevant))
    start = at - lists.place
    summed = np.concatenate([[0.0], np.cumsum(relevant)])
    before = summed[start] - summed[start - lists.above]
    return relevant, before, summed[start + lists.tied] - summed[start]


def hits_in_first(lists: Lists, k: Any, least: float) -> tuple[Any, Any]:
    """(queries,) relevant documents among the first k places, and in all."""
    import numpy as np

    relevant = is_relevant(lists.relevance, least)
    inside = lists.expected((np.arange(lists.longest) < k).astype(float))
    return lists.total(relevant * inside), lists.relevant(least)


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


def gains_of(relevance: Any, gain: str) -> Any:
    """(m,) what each document of these grades adds at a first place."""
    import numpy as np

    if one_of("gain", gain, GAINS) == "linear":
        return relevance
    with np.errstate(over="ignore"):
        gains = np.exp2(relevance) - 1
    if not np.isfinite(gains).all():
        raise OutputsError(
            [
                f"column `relevance` goes up to {relevance.max():g}, of which the "
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


def is_relevant(relevance: Any, least: Any) -> Any:
    """(m,) 1.0 for a document whose grade is relevant, else 0.0."""
    if isinstance(least, bool) or not isinstance(least, (int, float)) or not least > 0:
        raise DeclarationError(
            f"min_relevance={least!r} is not a grade above 0, which is that of a document that is "
            "not relevant"
        )
    return (relevance >= least).astype(float)


def one_of(name: str, value: Any, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise DeclarationError(f"{name}={value!r} is none of {', '.join(map(repr, known))}")
    return value
