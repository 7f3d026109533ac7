"""Whether no value of a column occurs twice, told without a hash table of the values."""

from typing import Any

import numpy as np

from evalharness.outputs import encode, kinds, memory

# Integers that spread over less than so many times their number are ticked off in a table.
SPREAD = 4
# Bytes of a text: they are read eight at a time, which takes too long for a few long ones.
LONGEST = 512
# Texts that are hashed at a time, which stay in a cache.
TEXTS = 1 << 13
FACTOR, HALF, FULL = np.uint64(0x9E3779B97F4A7C15), np.uint64(32), np.uint64(2**64 - 1)


def surely_unique(column: Any) -> bool:
    """Whether a plain Arrow array without nulls is known to hold every value once. False says
    nothing: then the values themselves must tell."""
    if len(column) < 2:
        return True
    text = kinds.kind(column) == kinds.TEXT
    values = text_hashes(column) if text else encode.integers(column)
    return values is not None and _differ(values)


def _differ(values: np.ndarray) -> bool:
    """Whether integers (n,) are all different."""
    if (values[1:] > values[:-1]).all():
        return True
    low, high = int(values.min()), int(values.max())
    if high - low < SPREAD * len(values):
        seen = np.zeros(high - low + 1, bool)
        seen[values - values.dtype.type(low)] = True
        return int(np.count_nonzero(seen)) == len(values)
    rising = np.sort(_doubtful(values))
    return bool((rising[1:] != rising[:-1]).all())


def _doubtful(values: np.ndarray) -> np.ndarray:
    """Those of integers (n,) among which any that are equal must be: whose lower halves may be
    equal. These are sorted in half the time of the whole, and of hashes few halves are equal."""
    if values.dtype.itemsize < 8:
        return values
    halves = np.sort(values.astype(np.uint32))
    twice = halves[1:][halves[1:] == halves[:-1]]
    if len(twice) > len(values) // 64:
        return values
    marked = np.zeros(1 << 16, bool)
    marked[twice.astype(np.uint16)] = True
    return values[marked[values.astype(np.uint16)]]


def text_hashes(column: Any) -> np.ndarray | None:
    """uint64 (n,), equal for equal texts and hardly ever for others; None where a text is too long
    to be hashed so. column: large_string, not empty and without nulls."""
    offsets, content = memory.offsets(column), memory.content(column)
    starts, lengths = offsets - offsets[0], np.diff(offsets)
    if lengths.max() > LONGEST:
        return None
    found = lengths.astype(np.uint64)
    for first in range(0, len(lengths), TEXTS):
        some = slice(first, first + TEXTS)
        begin = starts[some.start]
        end = starts[min(some.stop, len(lengths))]
        _hash(content[begin:end], starts[:-1][some] - begin, lengths[some], found[some])
    return found


def _hash(content: np.ndarray, start: np.ndarray, lengths: np.ndarray, found: np.ndarray) -> None:
    """Hash a few texts, of which `found` (n,) holds the lengths, and then the hashes."""
    shortest, longest = int(lengths.min()), int(lengths.max())
    # Seven bytes more, so that the word that begins with the last one can be read.
    padded = np.zeros(len(content) + 7, np.uint8)
    padded[: len(content)] = content
    words = np.ndarray(len(content), "<u8", padded, strides=(1,))
    for at in range(0, longest, 8):
        some: Any = slice(None) if at < shortest else np.flatnonzero(lengths > at)
        if shortest == longest:  # read at a stride, which is five times as fast
            word = words[at::longest].copy()
            word &= FULL >> np.uint64(8 * (8 - min(longest - at, 8)))
        else:
            word = words[start[some] + at]
            # What belongs to the next text is cut off.
            left = np.minimum(lengths[some] - at, 8)
            word &= FULL >> (8 * (8 - left)).astype(np.uint64)
        word ^= found[some]
        word *= FACTOR
        word ^= word >> HALF
        found[some] = word
