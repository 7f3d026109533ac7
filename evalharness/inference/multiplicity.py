"""Holm's step-down inside one share of the family level, asked by levels rather than by p-values.

Bounds are known at a level, not as p-values, so the question is put as "is slice i proven at level
a?". Everything proven at a/(s - r) is taken at once, r grows by that many, and the next level is
less strict; it stops when nothing new is proven. This is Holm 1979: the family-wise error stays at
most a under any dependence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence


def holm(count: int, proven: Callable[[float], Sequence[bool]], alpha: float) -> dict[int, float]:
    """Which of ``count`` hypotheses are proven at family-wise error ``alpha``, each with its level.

    ``proven(level)``: of each, (count,). It must be monotone: what is proven at a level is proven
    at any larger one. Returns {index: level at which it was proven}, in the order of proof.

    >>> p_values = [0.2, 0.01, 0.02]
    >>> holm(3, lambda level: [p <= level for p in p_values], 0.05)
    {1: 0.016666666666666666, 2: 0.025}
    """
    found: dict[int, float] = {}
    while len(found) < count:
        level = alpha / (count - len(found))
        new = [i for i, yes in enumerate(proven(level)) if yes and i not in found]
        if not new:
            break
        found.update(dict.fromkeys(new, level))
    return found


def next_level(count: int, found: int, alpha: float) -> float:
    """The level at which the slices not yet proven were asked last: alpha/(count - found).

    >>> next_level(5, 2, 0.05)
    0.016666666666666666
    """
    return alpha / max(1, count - found)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values: one is below a level exactly when its hypothesis is rejected there.

    >>> [round(p, 6) for p in adjusted([0.2, 0.01, 0.02])]
    [0.2, 0.03, 0.04]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    found, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[i]))
        found[i] = largest
    return found
