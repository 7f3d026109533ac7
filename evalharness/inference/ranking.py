"""Ranks of several models as far as they are known, and which cannot be told apart.

With all differences bounded together, a model's rank lies between 1 + the number of those that are
surely better and K - the number of those that are surely worse. Models that share a letter cannot
be told apart, which does not say that they are equivalent.

Sources: Mogstad, Romano, Shaikh & Wilhelm 2024 (ranks); Piepho 2004 (letters).
"""

from __future__ import annotations

from typing import Any

import numpy as np


def rank_intervals(better: Any) -> list[tuple[int, int]]:
    """The best and the worst rank of each of K models; better: bool (K, K), whether the model of
    the row is surely better than that of the column."""
    above, below = np.sum(better, axis=0), np.sum(better, axis=1)
    return [(1 + int(a), len(better) - int(b)) for a, b in zip(above, below, strict=True)]


def groups(apart: Any) -> list[tuple[str, ...]]:
    """The letters of each of K models, the best of which comes first: two share one exactly where
    they are not `apart`, bool (K, K)."""
    alike = ~np.asarray(apart, bool)
    np.fill_diagonal(alike, True)
    open_ = np.triu(alike)
    found: list[list[str]] = [[] for _ in alike]
    made = 0
    for i in range(len(alike)):
        # The furthest first: models of one stretch of ranks are then one group.
        for j in range(len(alike) - 1, i - 1, -1):
            if not open_[i, j] or (i == j and found[i]):
                continue
            members = [i, j] if i != j else [i]
            fits = alike[i] & alike[j]
            for k in np.flatnonzero(fits):
                if k not in (i, j) and fits[k]:
                    members.append(int(k))
                    fits = fits & alike[k]
            open_[np.ix_(members, members)] = False
            for member in members:
                found[member].append(letters(made))
            made += 1
    return [tuple(each) for each in found]


def letters(number: int) -> str:
    """0 → "a", 25 → "z", 26 → "aa"."""
    head, last = divmod(number, 26)
    return (letters(head - 1) if head else "") + chr(ord("a") + last)
