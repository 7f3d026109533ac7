"""Random weights that depend on nothing but a seed, the key of a unit, and a replicate.

Drawing a sample again with replacement gives each unit a weight: how often it was drawn. Here each
weight is Poisson(1) by itself (the Poisson bootstrap), and is computed from the unit's key rather
than taken from a stream of numbers. So neither the order of the rows, nor chunks, nor other rows,
nor the device can change it, and one more unit leaves those of the others alone.

All of it is arithmetic of 32 bits that wraps around, the same in NumPy and in XLA. A word is made
of both halves of a key and of a replicate's key by two rounds of a multiply-and-shift mixing, and
the weight is the number of constant thresholds that lie above it, so that no logarithm nor any
other float is asked, whose last digit might differ between devices.

Sources: Hanley & MacGibbon 2006; Chamandy et al. 2012 (Poisson bootstrap); Steele, Lea & Flood 2014
(splitmix64, for keys); Wellons 2018 (the constants of the 32-bit mixing, "lowbias32").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Keys = NDArray[np.uint64]

# round(2³² P(N ≥ k)) of N ~ Poisson(1), k = 1 … 12; for 13 it is 0.
THRESHOLDS = (
    2_714_937_127,
    1_134_906_959,
    344_891_874,
    81_553_513,
    15_718_922,
    2_552_004,
    357_518,
    44_020,
    4_833,
    479,
    43,
    4,
)


def mix(x: Keys) -> Keys:
    """A one-to-one scrambling of 64 bits (splitmix64)."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def halves(keys: Keys) -> tuple[Words, Words]:
    """The lower and the upper 32 bits."""
    return keys.astype(np.uint32), (keys >> np.uint64(32)).astype(np.uint32)


def replicate_keys(seed: int, start: int, stop: int) -> tuple[Words, Words]:
    """The two key halves, (stop − start,) each, of some replicates of a seed (of any size)."""
    own = mix(np.array([seed & (2**64 - 1)], np.uint64))
    return halves(mix(own ^ mix(np.arange(start, stop, dtype=np.uint64))))


def words(lower: Any, upper: Any, first: Any, second: Any) -> Any:
    """A uniform word for each unit and replicate, uint32 in the shape that the four halves of keys
    broadcast to: those of the units, then those of the replicates. NumPy's or JAX's arrays."""
    return _mix32((_mix32(lower ^ first) + upper) ^ second)


def poisson(word: Any) -> Any:
    """int32: the Poisson(1) weight that a uniform word stands for, 0 … 12."""
    found = (word < np.uint32(THRESHOLDS[0])).astype(np.int32)
    for threshold in THRESHOLDS[1:]:
        found = found + (word < np.uint32(threshold)).astype(np.int32)
    return found


def _mix32(x: Any) -> Any:
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))
