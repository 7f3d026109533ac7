"""Scores by class, walked in chunks of rows that stay in a cache.

A matrix of many classes is far larger than what is asked of it. Each walk takes from it what it can
while a chunk is at hand; nothing as large as the matrix is made of it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evalharness.outputs.words import Refused, rows, told

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

CHUNK = 1 << 19  # scores
TOLERANCE = 1e-4  # how far probabilities may sum away from one: float32 softmax, printed digits


class Walk(NamedTuple):
    """What one walk over the scores by class tells.

    found:   float32 or float64 (n, classes), finite, as the table has them.
    best:    int (n,): the class with the highest score; of equal scores the first.
    inside:  bool (n,): whether all scores of a row lie in [0, 1]; None where they do in every row.
    astray:  int (k,): rows inside [0, 1] that do not sum to one within TOLERANCE.
    """

    found: np.ndarray
    best: np.ndarray
    inside: np.ndarray | None
    astray: np.ndarray


def walk(found: np.ndarray, named: str) -> Walk:
    """Refused where a score of the column `named` is not finite."""
    best, totals = np.empty(len(found), np.intp), np.empty(len(found), found.dtype)
    low = np.inf
    with np.errstate(all="ignore"):
        for chunk in _chunks(found):
            part = found[chunk]
            part.sum(axis=1, out=totals[chunk])
            part.argmax(axis=1, out=best[chunk])
            low = min(low, part.min())
    if not np.isfinite(totals).all():  # which large numbers may be all the same
        refuse_odd(found, named)
    high = found[np.arange(len(found)), best]
    inside = None
    if not (low >= 0 and high.max(initial=0) <= 1):
        inside = (found.min(axis=1) >= 0) & (high <= 1)
    # Sums of float32 are off by less than a millionth of a half here: they only say where to look.
    near = np.abs(totals - 1) > TOLERANCE / 2
    doubtful = np.flatnonzero(near if inside is None else near & inside)
    astray = doubtful[np.abs(row_sums(found[doubtful]) - 1) > TOLERANCE]
    return Walk(found, best, inside, astray)


def refuse_odd(found: np.ndarray, named: str) -> None:
    """Refused where a score of the column `named` is not finite."""
    odd = ~np.isfinite(found).all(axis=1)
    if odd.any():
        raise Refused(
            f"column `{named}` is null, NaN or infinite in {rows(odd)}; finite numbers are needed"
        )


def row_sums(found: np.ndarray) -> np.ndarray:
    """float64 (n,)."""
    return found.astype(np.float64, copy=False).sum(axis=1)


def label_places(split: "Split") -> np.ndarray:
    """int64 (n,): how many classes score higher than the label, or as high and come later."""
    _both(split, split.raw_matrix)
    return places(split.raw_matrix(), split.compact_labels())


def places(found: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """int64 (n,): how many columns hold more than column `codes` does, or as much further on."""
    n, width = found.shape
    own = found[np.arange(n), codes]
    above = np.empty(n, np.int64)
    words = -(-width // 64)
    buffer = np.zeros((_step(found), 64 * words), bool)
    for chunk in _chunks(found):
        part, mine = found[chunk], own[chunk, None]
        bits = buffer[: len(part)]
        np.greater(part, mine, out=bits[:, :width])
        packed = np.packbits(bits).view(np.uint64).reshape(-1, words)
        above[chunk] = np.bitwise_count(packed).sum(axis=1)
        equal = part == mine
        if np.count_nonzero(equal) > len(part):
            above[chunk] += (equal & (np.arange(width) > codes[chunk, None])).sum(axis=1)
    return above


def label_probability(split: "Split") -> np.ndarray:
    """float64 (n,): the probability of the label."""
    _both(split, split.given_probabilities)
    given, codes = split.given_probabilities(), split.compact_labels()
    if given.shape[1] == 1:  # of the positive class: 1 - p where the label is the other one
        found = given[:, 0].astype(np.float64)
        found -= codes != split.positive_code()
        return np.abs(found, out=found)
    return given[np.arange(len(given)), codes] / _totals(given)


def _totals(given: np.ndarray) -> np.ndarray:
    totals = np.empty(len(given))
    for chunk in _chunks(given):
        totals[chunk] = row_sums(given[chunk])
    return totals


def _both(split: "Split", scores: Any) -> None:
    """Refused with the problems of scores and labels together."""
    problems = [*told(split, scores), *told(split, split.label_codes)]
    if problems:
        raise Refused(*problems)


def _step(found: np.ndarray) -> int:
    return max(1, min(len(found), CHUNK // max(1, found.shape[1])))


def _chunks(found: np.ndarray) -> Iterator[slice]:
    step = _step(found)
    return (slice(start, start + step) for start in range(0, len(found), step))
