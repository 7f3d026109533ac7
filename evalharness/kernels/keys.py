"""A number for what each row is: of its id, or of what it holds. The same on any platform, in any
order of rows and columns."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.kernels.weights import mix
from evalharness.outputs import kinds
from evalharness.outputs.memory import nulls, to_numpy

Keys = NDArray[np.uint64]

MISSING = np.uint64(0x6E756C6C)
WORD = 8


def unit_keys(split: Any, by: str = "") -> Keys:
    """uint64 (n,): rows that were sampled together share one, and no others do.

    By `cluster`, else by the column `by` (queries), else by `id`; rows without any of these by all
    their columns, equal rows told apart by which of them they are.
    """
    names = split.column_names
    for name in ("cluster", by, "id"):
        if name and name in names:
            return column_keys(split.column(name))
    found = np.zeros(split.n, np.uint64)
    for name in sorted(names):
        found = mix(found ^ column_keys(split.column(name)))
    return _told_apart(found)


def column_keys(column: Any) -> Keys:
    """uint64 (n,): equal values of a plain Arrow array have equal numbers, and others do not."""
    import pyarrow as pa

    given = column.type
    if kinds.kind(column) in (kinds.INTEGER, kinds.BOOLEAN):
        found = mix(to_numpy(column).astype(np.uint64))
    elif kinds.kind(column) == kinds.REAL:
        found = mix((to_numpy(column).astype("<f8") + 0.0).view("<u8"))  # −0.0 and 0.0 are equal
    elif kinds.kind(column) == kinds.TEXT or pa.types.is_large_binary(given):
        found = _texts(column)
    elif pa.types.is_temporal(given) and given.bit_width == 64:
        found = mix(to_numpy(column.cast(pa.int64())).astype(np.uint64))
    elif kinds.is_list(column):
        found = _lists(column)
    else:
        found = _spelled(column)
    return np.where(nulls(column), mix(np.array([MISSING])), found)


def _texts(column: Any) -> Keys:
    """Of the bytes, eight at a time for all rows that have as many left."""
    offsets = np.frombuffer(column.buffers()[1], np.int64)
    offsets = offsets[column.offset : column.offset + len(column) + 1]
    length = np.diff(offsets)
    data = column.buffers()[2]
    padded = (b"" if data is None else memoryview(data)[: offsets[-1]].tobytes()) + bytes(WORD)
    # The word that begins at each byte.
    word = np.ndarray((len(padded) - WORD + 1,), "<u8", padded, strides=(1,))
    found = mix(length.astype(np.uint64))
    rows, done = np.flatnonzero(length > 0), 0
    while len(rows):
        left = np.minimum(length[rows] - done, WORD).astype(np.uint64)
        beyond = np.uint64(8) * (np.uint64(WORD) - left)
        piece = word[offsets[rows] + done] << beyond  # what belongs to the next text goes
        found[rows] = mix(found[rows] ^ piece)
        done += WORD
        rows = rows[length[rows] > done]
    return found


def _lists(column: Any) -> Keys:
    """Of the values of each list, in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    length = to_numpy(pc.list_value_length(column).cast(pa.int64()).fill_null(0))
    values = column_keys(kinds.plain(column.flatten()))
    start = np.cumsum(length) - length
    place = np.arange(len(values)) - np.repeat(start, length)
    with np.errstate(over="ignore"):
        each = mix(values ^ mix(place.astype(np.uint64)))
        summed = np.concatenate([np.zeros(1, np.uint64), np.cumsum(each, dtype=np.uint64)])
        return mix((summed[start + length] - summed[start]) ^ mix(length.astype(np.uint64)))


def _spelled(column: Any) -> Keys:
    """Of values of rare types, by how Python writes them."""
    texts = map(repr, column.to_pylist())
    digests = (blake2b(t.encode("utf-8", "surrogatepass"), digest_size=8).digest() for t in texts)
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def _told_apart(content: Keys) -> Keys:
    """Equal rows are numbered; which gets which number changes nothing, since they are equal."""
    order = np.argsort(content, kind="stable")
    rising = content[order]
    first = np.concatenate([[True], rising[1:] != rising[:-1]])[: len(rising)]
    at = np.arange(len(rising))
    number = np.empty(len(rising), np.uint64)
    number[order] = at - np.maximum.accumulate(np.where(first, at, 0))
    return mix(content ^ mix(number))
