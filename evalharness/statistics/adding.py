"""Sums by group. The same lines add up NumPy arrays at once, or are traced into a JAX program."""

from __future__ import annotations

from typing import Any

from evalharness.statistics.base import everywhere


def module(x: Any) -> Any:
    """numpy for its arrays, else jax.numpy."""
    import numpy as np

    if isinstance(x, np.ndarray):
        return np
    import jax.numpy as jnp

    return jnp


def known_whole(code: Any, groups: int) -> bool:
    """Whether it is known, without tracing, that every entry is in the only group."""
    return groups == 1 and module(code).__name__ == "numpy" and everywhere(code)


# So few cells are compared with every entry, one cell after the other, which takes less time than
# looking up each entry's cell.
FEW = 8


def added(cell: Any, size: int, weight: Any = None) -> Any:
    """(size,) how often each of 0, …, size − 1 is among the cells (m,), integers ≥ 0; or the sum of
    its weights. Cells beyond are dropped."""
    xp = module(cell)
    if xp.__name__ == "numpy":
        if weight is None and size <= FEW:
            return xp.array([xp.count_nonzero(cell == k) for k in range(size)])
        return xp.bincount(cell, weight, size)[:size]
    return onto(xp.zeros(size, xp.int32 if weight is None else weight.dtype), cell, weight)


def onto(held: Any, cell: Any, weight: Any = None) -> Any:
    """The same added to what is held (size,), which is used up."""
    xp, one = module(cell), 1 if weight is None else weight
    if xp.__name__ != "numpy":
        return held.at[cell].add(one, mode="drop")
    if len(cell) and cell.max() >= len(held):
        some = cell < len(held)
        cell, one = cell[some], one if weight is None else weight[some]
    xp.add.at(held, cell, one)
    return held


# Sums that are taken side by side, since each addition waits for the one before it.
LANES = 8


def total(values: Any, code: Any) -> Any:
    """(1,) the sum of the values (m,) whose code is 0."""
    xp = module(values)
    if xp.__name__ == "numpy":
        return (values if everywhere(code) else values[code == 0]).sum(keepdims=True)
    mine = xp.where(code == 0, values, 0)
    lanes = LANES if len(mine) % LANES == 0 else 1
    return mine.reshape(-1, lanes).sum(axis=0).sum(keepdims=True)
