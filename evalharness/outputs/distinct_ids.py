"""Whether ids are distinct over all files of a split, at bounded memory.

Each id is a number of 64 bits: itself, or a hash of its text. These are parted by some of their
bits, into temporary files where there are many, and each part is sorted by itself. Equal numbers of
different texts are told apart by the texts.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from evalharness.declare.plural import counted
from evalharness.outputs import kinds, progress
from evalharness.outputs.memory import nulls, to_numpy
from evalharness.outputs.shards import Shard, Shards
from evalharness.outputs.unique import LONGEST, text_hashes
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

    kind = shards.type_of(name)
    if kinds.is_list(kinds.plain(pa.nulls(0, kind))):
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
            f"column `id` holds {counted(times, 'ids')} more than once, the first is "
            f"{short(value)} in row {row} of `{one.shown}` and row {again} of "
            f"`{other.shown}` (counting from 0); give every example its own id, or drop the copies"
        )


def _twice(shards: Shards, name: str) -> tuple[int, Hashes]:
    """How many numbers occur more than once, and some of them."""
    parts = min(MOST_PARTS, -(-shards.n // PART))
    numbers = (found for *_, found in _read(shards, name))
    if parts <= 1:
        return _repeated([np.concatenate(list(numbers))])
    with tempfile.TemporaryDirectory(prefix="evalharness-") as folder:
        paths = _parted(numbers, parts, Path(folder))
        return _repeated(np.fromfile(path, np.uint64) for path in paths)


def _parted(numbers: Iterator[Hashes], parts: int, folder: Path) -> list[Path]:
    """Files with the numbers, each of which lies in the file of its highest bits."""
    paths = [folder / f"{part}" for part in range(parts)]
    with ExitStack() as stack:
        files = [stack.enter_context(open(path, "wb")) for path in paths]
        for some in numbers:
            part = (some >> np.uint64(48)).astype(np.uint32) * np.uint32(parts) >> np.uint32(16)
            order = np.argsort(part.astype(np.uint8), kind="stable")  # bytes are sorted fastest
            ends = np.searchsorted(part[order], np.arange(parts + 1))
            some = some[order]
            for file, a, b in zip(files, ends[:-1], ends[1:], strict=True):
                some[a:b].tofile(file)
    return paths


def _repeated(parts: Any) -> tuple[int, Hashes]:
    times, found = 0, [np.zeros(0, np.uint64)]
    for part in parts:
        part = np.sort(part)
        twice = part[1:][part[1:] == part[:-1]]
        first = np.concatenate([[True], twice[1:] != twice[:-1]])[: len(twice)]
        times += int(first.sum())
        found.append(twice[first][:LOOKED_AT])
    return times, np.concatenate(found)[:LOOKED_AT]


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
        # By a sort, since NumPy 2.0 fails where it would make a table of such large numbers.
        for place in np.flatnonzero(np.isin(numbers, doubtful, kind="sort")):
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
    if kinds.kind(column) != kinds.TEXT:
        column = column.cast(pa.large_string())
    found = text_hashes(column)
    if found is None:  # a text is too long for it
        short = [text if len(text) < LONGEST // 4 else _digest(text) for text in column.to_pylist()]
        found = text_hashes(pa.array(short, pa.large_string()))
    assert found is not None
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _mixed(numbers: Hashes) -> Hashes:
    """The same numbers one to one, with every bit depending on all (the end of splitmix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
