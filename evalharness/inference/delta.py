"""The delta method by automatic differentiation: standard error of a smooth function of cells.

With w the cells' shares of n examples and h the gradient with respect to those shares,
Var = (sum w h² - (sum w h)²)/n. One compiled gradient per function serves every slice and model.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np


@lru_cache(maxsize=256)
def _compiled(function: Callable[[Any], Any]) -> Any:
    import jax

    return jax.jit(jax.grad(function))


def delta_error(function: Callable[[Any], Any], cells: Any) -> float:
    """Standard error of ``function(cells)`` where the cells are multinomial counts.

    ``cells``: a named tuple of scalar counts. nan where the function is not differentiable there,
    or cannot be traced by JAX (it calls NumPy itself); that is for the caller to answer.
    """
    counts = np.array([float(c) for c in cells])
    n = counts.sum()
    if not n:
        return math.nan
    try:
        slope = n * _gradient(function, cells)
    except Exception:
        # Whatever a user's function does under tracing, only the *shown* interval hangs on it.
        return math.nan
    share = counts / n
    # An impossible cell may have an infinite slope; it has no weight.
    used = share > 0
    mean = float(share[used] @ slope[used])
    return math.sqrt(float(share[used] @ (slope[used] - mean) ** 2) / n)


def _gradient(function: Callable[[Any], Any], cells: Any) -> np.ndarray:
    from evalharness.kernels.backend import scope

    with scope():
        table = type(cells)(*(np.float64(c) for c in cells))
        return np.array([float(part) for part in _compiled(function)(table)])
