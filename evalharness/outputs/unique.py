"""Whether no value of a column occurs twice, told without a hash table of the values."""

from typing import Any

import numpy as np

from evalharness.outputs import encode, kinds, memory

# Integers that spread over less than so many times their number are ticked off in a table.
SPREAD = 4
# Bytes of a text: they are read eight at a time, which takes too long for a few long ones.
LONGEST = 512
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
    rising = np.sort(values)
    return bool((rising[1:] != rising[:-1]).all())


def text_hashes(column: Any) -> np.ndarray | None:
    """uint64 (n,), equal for equal texts and hardly ever for others; None where a text is too long
    to be hashed so. column: large_string, not empty and without nulls."""
    offsets = memory.offsets(column)
    start, lengths = offsets[:-1] - offsets[0], np.diff(offsets)
    shortest, longest = int(lengths.min()), int(lengths.max())
    if longest > LONGEST:
        return None
    # Seven bytes more, so that the word that begins with the last one can be read.
    content = np.zeros(offsets[-1] - offsets[0] + 7, np.uint8)
    content[: len(content) - 7] = memory.content(column)
    words = np.ndarray(len(content) - 7, "<u8", content, strides=(1,))
    found = lengths.astype(np.uint64)
    for at in range(0, longest, 8):
        some: Any = slice(None) if at < shortest else np.flatnonzero(lengths > at)
        left: Any = lengths[some] - at
        if shortest == longest:  # read at a stride, which is five times as fast
            word, left = words[at::longest].copy(), np.int64(longest - at)
        else:
            word = words[start[some] + at]
        # What belongs to the next text is cut off.
        word &= FULL >> (8 * (8 - np.minimum(left, 8))).astype(np.uint64)
        word ^= found[some]
        word *= FACTOR
        word ^= word >> HALF
        found[some] = word
    return found
