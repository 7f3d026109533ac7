"""Draws with replacement: how often each entry is drawn, replicate by replicate.

By Poisson weights of the units (`weights`), or, within strata that keep their sizes, unit by unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evalharness.kernels.backend import scope
from evalharness.kernels.weights import Keys, halves, poisson, replicate_keys, words

Ints = NDArray[np.integer]

# Weights that are made at a time: 4 MB, which stay in a cache.
HELD = 1 << 20
# Entries whose weights are multiplied at a time.
BLOCK = 1024


class Draw(Protocol):
    """How often each of m entries is drawn, by replicate."""

    size: int

    def weights(self, start: int, stop: int) -> NDArray[Any]:
        """(stop − start, m) weights of the replicates from `start` on."""


class Poisson:
    """Every entry by the key of its unit: Poisson(1), whatever else is drawn. keys: uint64 (m,)."""

    def __init__(self, keys: Keys, seed: int) -> None:
        self.keys, self.seed, self.size = keys, seed, len(keys)

    def weights(self, start: int, stop: int) -> NDArray[Any]:
        import jax

        size = bucket(self.size)
        lower, upper = (np.pad(x, (0, size - self.size)) for x in halves(self.keys))
        with scope():
            keys = replicate_keys(self.seed, start, stop)
            return jax.device_get(program(_weights)(lower, upper, *keys))[:, : self.size]


class Fixed:
    """As many units as there are in each stratum, drawn from that stratum with replacement.

    unit: int (m,), the unit of each entry, 0 … ; keys: uint64 (units,); stratum: int (units,).
    """

    def __init__(self, unit: Ints, keys: Keys, stratum: Ints, seed: int) -> None:
        order = np.lexsort((keys, stratum))  # by what they are and not by where they stand
        rank = np.empty(len(order), np.intp)
        rank[order] = np.arange(len(order))
        self._place, self._seed, self.size = rank[unit], seed, len(unit)
        sizes = np.unique(stratum, return_counts=True)[1]
        self._sizes = np.repeat(sizes, sizes)
        self._starts = np.repeat(np.cumsum(sizes) - sizes, sizes)

    def weights(self, start: int, stop: int) -> NDArray[Any]:
        units = len(self._sizes)
        found = np.empty((stop - start, self.size), np.int32)
        for row, replicate in zip(found, range(start, stop), strict=True):
            rng = np.random.default_rng([self._seed, replicate])
            drawn = self._starts + (rng.random(units) * self._sizes).astype(np.intp)
            row[:] = np.bincount(drawn, minlength=units)[self._place]
        return found


def each(draw: Draw, replicates: int) -> Iterator[NDArray[Any]]:
    """The weights (m,) of one replicate after another."""
    step = together(4 * HELD, draw.size, 256)
    for start in range(0, replicates, step):
        # Of one shape each time, where a program is compiled for it.
        stop = start + step if isinstance(draw, Poisson) else min(replicates, start + step)
        yield from draw.weights(start, stop)[: replicates - start]


def tosses(keys: Keys, seed: int, replicates: int) -> Iterator[NDArray[np.bool_]]:
    """bool (m,): the same coins, one replicate after another; heads are a plus."""
    lower, upper = halves(keys)
    for start in range(0, replicates, 32):
        first, second = replicate_keys(seed, start // 32, start // 32 + 1)
        word = words(lower, upper, first, second)
        for bit in range(min(32, replicates - start)):
            yield (word >> np.uint32(bit)) & np.uint32(1) == 1


def _weights(lower: Any, upper: Any, first: Any, second: Any) -> Any:
    import jax.numpy as jnp

    return poisson(words(lower, upper, first[:, None], second[:, None])).astype(jnp.uint8)


@cache
def program(function: Callable[..., Any]) -> Callable[..., Any]:
    """The jitted function; one object for each, so that JAX finds what it traced before."""
    import jax

    return jax.jit(function)


def bucket(n: int) -> int:
    """n rounded up to whole blocks, and to one of eight sizes between powers of two, so that few
    programs serve all."""
    step = max(BLOCK, 1 << max(0, n.bit_length() - 4))
    return max(step, -(-n // step) * step)


def together(held: int, size: int, most: int) -> int:
    """How many replicates of so many weights are made at a time: a power of two."""
    return max(1, min(most, 1 << max(0, (held // max(1, size)).bit_length() - 1)))
