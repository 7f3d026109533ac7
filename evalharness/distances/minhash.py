"""Texts that are nearly the same: candidates by MinHash, decided by their exact Jaccard similarity.

A text is the set of its shingles, all runs of five characters. The least of a random hash over the
shingles is the same for two texts with probability J, their Jaccard similarity (Broder 1997). 100
such hashes are put in 20 bands of 5, and texts that agree in all of a band are candidates, so that
a pair is one with probability 1 − (1 − J⁵)²⁰ (Leskovec, Rajaraman & Ullman, Mining of Massive
Datasets, chapter 3): .9996 at J = .8, .0064 at J = .2.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

BANDS, ROWS = 20, 5
SHINGLE = 5
# Of so many texts in one bucket all are looked at. In a fuller one, such as of texts that were made
# from one template, only those that agree in the next band too, which a pair of J = .8 in full
# buckets still does somewhere with probability .90, and one of J = .9 with .9998.
FULL = 64
# Candidates of one text whose similarity is worked out: those that agree in most hashes. Where
# thousands are about as similar the right one may not be among them: of near duplicates among 4,000
# texts of one template, .95 to 1 were found.
TRIED = 50
# Characters that are hashed, and pairs that are compared, at a time.
CHARACTERS, PAIRS = 1 << 18, 1 << 16


def caught(jaccard: float) -> float:
    """The probability that a pair of this similarity becomes a candidate."""
    return float(1 - (1 - jaccard**ROWS) ** BANDS)


def jaccard(one: str, other: str) -> float:
    """|A ∩ B| / |A ∪ B| of the shingles of two texts, in [0, 1]; 0 where one is empty."""
    a, b = shingles(one), shingles(other)
    both = len(a & b)
    return both / (len(a) + len(b) - both) if both else 0.0


@lru_cache(1 << 10)
def shingles(text: str) -> frozenset[str]:
    """The runs of five characters; of a shorter text, all of it. None of an empty one."""
    last = max(len(text) - SHINGLE, 0) if text else -1
    return frozenset(text[at : at + SHINGLE] for at in range(last + 1))


def near(
    queries: Sequence[str], references: Sequence[str], at_least: float = 0.8, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """int64 (n,), for each query a reference whose similarity is at least so much, −1 where none
    was found; float64 (n,), their exact similarity, 0 where none was found.

    What is told is sure; what is not told may have been missed with probability 1 − `caught`, and
    more often where very many references are alike (see FULL and TRIED).
    """
    found, similarity = np.full(len(queries), -1), np.zeros(len(queries))
    known: dict[str, int] = {}
    for place, text in enumerate(references):
        known.setdefault(text, place)
    open_ = []
    for row, text in enumerate(queries):
        if text and text in known:
            found[row], similarity[row] = known[text], 1.0
        elif text:
            open_.append(row)
    known.pop("", None)
    if not open_ or not known:
        return found, similarity
    texts, places = list(known), np.fromiter(known.values(), np.int64, len(known))
    asked = [queries[row] for row in open_]
    mine, theirs = signatures(asked, seed), signatures(texts, seed)
    for query, reference in _candidates(mine, theirs, at_least).tolist():
        row = open_[query]
        if found[row] < 0:
            value = jaccard(asked[query], texts[reference])
            if value >= at_least:
                found[row], similarity[row] = places[reference], value
    return found, similarity


def signatures(texts: Sequence[str], seed: int = 0) -> np.ndarray:
    """uint32 (n, 100): of each text, none of which is empty, the least of each hash."""
    random = np.random.default_rng([seed, 0x6D696E])
    factors = random.integers(0, 2**31, BANDS * ROWS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    shifts = random.integers(0, 2**32, BANDS * ROWS, dtype=np.uint32)
    found = np.empty((len(texts), BANDS * ROWS), np.uint32)
    for first, some in _blocks(texts):
        hashes, starts = _hashed(some)
        place = slice(first, first + len(some))
        turned = np.empty_like(hashes)
        for k in range(BANDS * ROWS):
            np.multiply(hashes, factors[k], out=turned)
            turned += shifts[k]
            found[place, k] = np.minimum.reduceat(turned, starts)
    return found


def _blocks(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    first, size = 0, 0
    some: list[str] = []
    for place, text in enumerate(texts):
        if some and size + len(text) > CHARACTERS:
            yield first, some
            first, size, some = place, 0, []
        some.append(text)
        size += len(text)
    if some:
        yield first, some


def _hashed(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """uint32 (shingles,), a hash of each, and where those of each text begin."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    points = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    ends = np.cumsum(lengths)
    # Every run of five in the block, of which those that reach into the next text are left out. A
    # short text is padded with what no text holds.
    short = lengths < SHINGLE
    if short.any():
        wide = np.where(short, SHINGLE, lengths)
        begin = np.cumsum(wide) - wide
        padded = np.full(wide.sum(), 0xFFFFFFFF, np.uint32)
        padded[np.arange(len(points)) + np.repeat(begin - (ends - lengths), lengths)] = points
        points, lengths, ends = padded, wide, np.cumsum(wide)
    mixed = np.zeros(len(points) - SHINGLE + 1, np.uint64)
    for k in range(SHINGLE):
        mixed ^= points[k : len(points) - SHINGLE + 1 + k]
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
    inside = np.ones(len(mixed), bool)
    over = ends[:-1, None] - np.arange(1, SHINGLE)
    inside[over.ravel()] = False
    counts = lengths - SHINGLE + 1
    return mixed[inside].astype(np.uint32), np.cumsum(counts) - counts


def _candidates(mine: np.ndarray, theirs: np.ndarray, at_least: float) -> np.ndarray:
    """int64 (pairs, 2), query and reference, each pair once; of each query the likeliest first.
    Pairs that agree in so few hashes that they are hardly similar enough (four standard errors
    below) are left out."""
    hashes = BANDS * ROWS
    fewest = hashes * at_least - 4 * np.sqrt(hashes * at_least * (1 - at_least))
    ours, others = _bands(mine), _bands(theirs)
    found = np.zeros((0, 3), np.int64)
    for band in range(BANDS):
        then = (band + 1) % BANDS
        keys = others[:, band] << np.uint64(32) | others[:, then]
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        asked = ours[:, band] << np.uint64(32)
        low = np.searchsorted(keys, asked)
        high = np.searchsorted(keys, asked | np.uint64(0xFFFFFFFF), side="right")
        full = high - low > FULL
        both = asked[full] | ours[full, then]
        low[full] = np.searchsorted(keys, both)
        high[full] = np.minimum(np.searchsorted(keys, both, side="right"), low[full] + FULL)
        counts = high - low
        ends = np.cumsum(counts)
        met = [found]
        for first in range(0, int(ends[-1]), PAIRS):
            at = np.arange(first, min(first + PAIRS, ends[-1]))
            query = np.searchsorted(ends, at, side="right")
            reference = order[low[query] + at - (ends - counts)[query]]
            agreeing = np.count_nonzero(mine[query] == theirs[reference], axis=1)
            some = agreeing >= fewest
            met.append(np.stack([query, -agreeing, reference], axis=1)[some])
        found = _likeliest(np.concatenate(met))
    return found[:, ::2]


def _likeliest(met: np.ndarray) -> np.ndarray:
    """Of pairs (query, −agreeing, reference) each once, and of each query the first few, sorted."""
    met = met[np.lexsort(met.T[::-1])]
    met = met[np.append(True, (met[1:] != met[:-1]).any(axis=1))[: len(met)]]
    first = np.searchsorted(met[:, 0], met[:, 0])
    return met[np.arange(len(met)) - first < TRIED]


def _bands(signature: np.ndarray) -> np.ndarray:
    """uint64 (n, bands): a hash of 32 bits of each band."""
    found = np.zeros((len(signature), BANDS), np.uint64)
    for k in range(ROWS):
        found ^= signature[:, k::ROWS]
        found *= np.uint64(0x9E3779B97F4A7C15)
        found ^= found >> np.uint64(32)
    return found & np.uint64(0xFFFFFFFF)
