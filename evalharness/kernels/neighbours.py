"""Nearest neighbours by brute force: exact, in bounded memory."""

from collections.abc import Iterator

import numpy as np

# Rows of queries and of references whose distances are held at a time (32 MB of float32), and rows
# of references of which only the least distance is kept.
QUERIES, REFERENCES, GROUP = 2048, 4096, 128
# Numbers that are held at a time where distances are worked out again in float64.
AGAIN = 1 << 21
# The square of a distance that no scaled row has; not infinite, of which products are undefined.
FAR = 1e30


def nearest(
    queries: np.ndarray, references: np.ndarray, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The Euclidean distance from each query to the nearest reference, float64 (n,), and which one
    it is, int64 (n,): of several equally near ones the first.

    queries (n, d), references (m, d): finite. own: int (n,), for each query the reference that it
    is itself and that does not count; then there are at least two references.

    |y|² − 2xy in float32 tells, of each group of 128 references, the least that a distance can be,
    rounding allowed for. Where that is not above what the nearest one is at most, the distances are
    worked out again in float64 as Σ (x − y)², which does not cancel: the result is exact to
    float64, for copies too. The first takes O(n m d), the second hardly anything, unless very many
    references are equally near.
    """
    # Any centre will do, if it is one for both: of the type that they have, it makes none wider.
    centre = references.mean(axis=0, dtype=np.float64).astype(references.dtype)
    scale = max(_largest(queries, centre), _largest(references, centre)) or 1.0
    distance, index = np.empty(len(queries)), np.empty(len(queries), np.int64)
    for first in range(0, len(queries), QUERIES):
        some = slice(first, first + QUERIES)
        mine = None if own is None else own[some]
        least, most = _bounds(queries[some], references, mine, centre, scale)
        near = least <= most.min(axis=1, keepdims=True)
        distance[some], index[some] = _again(queries[some], references, mine, near)
    return distance, index


def _largest(x: np.ndarray, centre: np.ndarray) -> float:
    """The largest norm of a row, about; scaled so that squares of large numbers stay finite."""
    return max(float(np.abs(part - centre).max()) for part in _parts(x)) * np.sqrt(x.shape[1])


def _parts(x: np.ndarray) -> Iterator[np.ndarray]:
    return (x[first : first + REFERENCES] for first in range(0, len(x), REFERENCES))


def _bounds(
    queries: np.ndarray,
    references: np.ndarray,
    own: np.ndarray | None,
    centre: np.ndarray,
    scale: float,
) -> tuple[np.ndarray, np.ndarray]:
    """float32 (n, groups) twice: the least squared distance to each group lies between them, up to
    what is the same for all groups."""
    n, d = queries.shape
    # d products and one sum each, all rounded; twice the usual bound, since the entries are too.
    unit = np.float32(2 * (d + 4) * np.finfo(np.float32).eps)
    x = np.empty((n, d + 1), np.float32)
    x[:, :d], x[:, d] = (queries - centre) / scale, 1
    size = np.sqrt((x[:, :d] ** 2).sum(axis=1))
    groups = -(-len(references) // GROUP)
    least, error = np.empty((n, groups), np.float32), np.empty((n, groups), np.float32)
    for first in range(0, len(references), REFERENCES):
        part = references[first : first + REFERENCES]
        wide = -(-len(part) // GROUP)
        y = np.zeros((wide * GROUP, d + 1), np.float32)
        np.multiply(part - centre, -2 / scale, out=y[: len(part), :d], casting="same_kind")
        squares = np.einsum("ij,ij->i", y, y) / 4
        y[:, d] = squares
        y[len(part) :, d] = FAR
        found = x @ y.T
        if own is not None:
            inside = np.flatnonzero((own >= first) & (own < first + len(part)))
            found[inside, own[inside] - first] = np.inf
        at = slice(first // GROUP, first // GROUP + wide)
        found.reshape(n, wide, GROUP).min(axis=2, out=least[:, at])
        norm = np.sqrt(squares.reshape(wide, GROUP).max(axis=1))
        error[:, at] = unit * norm * (2 * size[:, None] + norm)
    return least - error, least + error


def _again(
    queries: np.ndarray, references: np.ndarray, own: np.ndarray | None, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of the groups that are marked, (n, groups), in float64."""
    n, d = queries.shape
    distance, index = np.full(n, np.inf), np.full(n, -1)
    row, group = np.nonzero(near)
    # Each query's first group, then the second of those that have one, and so on: a copy ends it.
    turn = np.arange(len(row)) - np.searchsorted(row, row)
    order = np.argsort(turn, kind="stable")
    row, group, turn = row[order], group[order], turn[order]
    step = max(1, AGAIN // (GROUP * d))
    for first in range(0, len(row), step):
        # No query twice in a step, since each begins and ends in one turn or in the next.
        for at in np.unique(turn[first : first + step]):
            now = np.arange(first, min(first + step, len(row)))
            now = now[(turn[now] == at) & (distance[row[now]] > 0)]
            places = group[now, None] * GROUP + np.arange(GROUP)
            there = places < len(references)
            places[~there] = 0
            x, y = queries[row[now]], references[places]
            apart = np.sqrt(_squares(x[:, None].astype(np.float64) - y))
            if own is not None:
                there &= places != own[row[now], None]
            apart[~there] = np.inf
            best = apart.argmin(axis=1)
            value = apart[np.arange(len(now)), best]
            nearer = value < distance[row[now]]
            distance[row[now[nearer]]] = value[nearer]
            index[row[now[nearer]]] = places[np.arange(len(now)), best][nearer]
    return distance, index


def _squares(apart: np.ndarray) -> np.ndarray:
    return np.einsum("ijk,ijk->ij", apart, apart)
