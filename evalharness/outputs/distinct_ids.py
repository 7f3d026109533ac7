"""Whether ids are distinct over all files of a split, at bounded memory.

Each id is a number of 64 bits: itself, or a hash of its text. These are parted by some of their
bits, into temporary files where there are many, and each part is sorted by itself. Equal numbers of
different texts are told apart by the texts.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from evalharness.outputs import kinds, progress
from evalharness.outputs.memory import nulls, to_numpy
from evalharness.outputs.shards import Shard, Shards
from evalharness.outputs.words import Refused, counted_from, reason, rows, short

# Ids that are sorted at a time: 32 MB of them.
PART = 1 << 22
# More temporary files than this are not kept open.
MOST_PARTS = 256
# Doubtful ids that are looked at one by one.
LOOKED_AT = 1_000

Hashes = np.ndarray


def check(shards: Shards, name: str) -> None:
    """Refused where a value of column `name` is null, or occurs twice."""
    import pyarrow as pa

    kind = shards.schema.field(name).type
    if kinds.is_list(kinds.plain(pa.array([], kind))):
        raise Refused("column `id` holds lists; it must have one value for each row")
    try:
        times, doubtful = _twice(shards, name)
    except OSError as error:
        raise Refused(
            f"column `id`: {shards.n:,} ids are compared in temporary files, which cannot be "
            f"written ({reason(error)}); make room in {tempfile.gettempdir()}, or name another "
            "folder by TMPDIR"
        ) from None
    if times and (first := _first(shards, name, doubtful)):
        value, (one, row), (other, again) = first
        raise Refused(
            f"column `id`: {times:,} ids occur more than once, the first is {short(value)} in row "
            f"{row} of `{one.shown}` and row {again} of `{other.shown}` (counting from 0); give "
            "every example its own id, or drop the copies"
        )


def _twice(shards: Shards, name: str) -> tuple[int, Hashes]:
    """How many numbers occur more than once, and some of them."""
    count = -(-shards.n // PART)
    parts = min(MOST_PARTS, count)
    if count <= 1:
        found = list(_numbers(shards, name))
        return _repeated([np.concatenate(found)] if found else [])
    with tempfile.TemporaryDirectory(prefix="evalharness-") as folder:
        paths = [Path(folder) / f"{part}" for part in range(parts)]
        files = [open(path, "wb") for path in paths]
        try:
            for numbers in _numbers(shards, name):
                part = (numbers >> np.uint64(48)).astype(np.uint16) * np.uint32(parts) >> 16
                order = np.argsort(part, kind="stable")
                ends = np.searchsorted(part[order], np.arange(parts + 1))
                sorted_numbers = numbers[order]
                for file, a, b in zip(files, ends[:-1], ends[1:], strict=True):
                    sorted_numbers[a:b].tofile(file)
        finally:
            for file in files:
                file.close()
        return _repeated(np.fromfile(path, np.uint64) for path in paths)


def _repeated(parts: Any) -> tuple[int, Hashes]:
    times, found = 0, [np.zeros(0, np.uint64)]
    for part in parts:
        part = np.sort(part)
        twice = part[1:][part[1:] == part[:-1]]
        first = np.concatenate([[True], twice[1:] != twice[:-1]])[: len(twice)]
        times += int(first.sum())
        found.append(twice[first][:LOOKED_AT])
    return times, np.concatenate(found)[:LOOKED_AT]


def _numbers(shards: Shards, name: str) -> Iterator[Hashes]:
    for _, _, _, numbers in _read(shards, name):
        yield numbers


def _read(shards: Shards, name: str) -> Iterator[tuple[Shard, int, Any, Hashes]]:
    """(shard, first row, ids, their numbers) of each batch; refused where an id is null."""
    found = progress.shown(
        shards.read((name,)), lambda piece: piece[2].num_rows, shards.n, "comparing ids"
    )
    for shard, first, batch in found:
        column = kinds.plain(batch.column(0))
        if column.null_count:
            with counted_from(first):
                raise Refused(
                    f"shard `{shard.shown}`: column `id` is null in {rows(nulls(column))}; give "
                    "every example an id"
                )
        yield shard, first, column, _mixed(_words(column))


def _first(shards: Shards, name: str, doubtful: Hashes) -> Any:
    """The id that truly occurs twice and whose second place comes first, with its two places."""
    seen: dict[Any, tuple[Shard, int]] = {}
    for shard, first, column, numbers in _read(shards, name):
        for place in np.flatnonzero(np.isin(numbers, doubtful)):
            value, here = column[int(place)].as_py(), (shard, first + int(place))
            if value in seen:
                return value, seen[value], here
            seen[value] = here
    return None


def _words(column: Any) -> Hashes:
    """uint64 (n,): of integers themselves, of anything else a hash of how it is written."""
    import pyarrow as pa

    if kinds.kind(column) == kinds.INTEGER:
        return to_numpy(column).view(np.uint64)
    if not (pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type)):
        column = column.cast(pa.large_string())
    if len(column) == 0:
        return np.zeros(0, np.uint64)
    offsets = np.frombuffer(column.buffers()[1], np.int64)
    offsets = offsets[column.offset : column.offset + len(column) + 1]
    data = column.buffers()[2]
    letters = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]] if data else np.zeros(0, "u1")
    starts, lengths = offsets[:-1] - offsets[0], np.diff(offsets)
    place = np.arange(len(letters)) - np.repeat(starts, lengths)
    powers = np.cumprod(np.full(int(lengths.max(initial=0)) + 1, ODD, np.uint64))
    sums = np.zeros(len(letters) + 1, np.uint64)
    np.cumsum((letters + np.uint64(1)) * powers[place], dtype=np.uint64, out=sums[1:])
    ends = starts + lengths
    return sums[ends] - sums[starts]


# The base of the hash of a text, a polynomial of its bytes.
ODD = np.uint64(0x9E3779B97F4A7C15)


def _mixed(numbers: Hashes) -> Hashes:
    """The same numbers one to one, with every bit depending on all (the end of splitmix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
