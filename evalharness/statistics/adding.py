"""Sums by group. The same lines add up NumPy arrays at once, or are traced into a JAX program."""

from __future__ import annotations

from typing import Any


def module(x: Any) -> Any:
    """numpy for its arrays, else jax.numpy."""
    import numpy as np

    if isinstance(x, np.ndarray):
        return np
    import jax.numpy as jnp

    return jnp


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
    if module(cell).__name__ == "numpy":
        held += added(cell, len(held), weight).astype(held.dtype)
        return held
    return held.at[cell].add(1 if weight is None else weight, mode="drop")


# Sums that are taken side by side, since each addition waits for the one before it.
LANES = 8


def total(values: Any, inside: Any) -> Any:
    """(1,) the sum of the values (m,) that are inside: bool (m,)."""
    xp = module(values)
    if xp.__name__ == "numpy":
        return (values if inside.all() else values[inside]).sum(keepdims=True)
    mine = xp.where(inside, values, 0)
    lanes = LANES if len(mine) % LANES == 0 else 1
    return mine.reshape(-1, lanes).sum(axis=0).sum(keepdims=True)
