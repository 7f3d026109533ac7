"""Tables of many files: what a folder or a pattern stands for, and whether its files are one table.

The files (shards) are Parquet, each with the same columns of the same kinds, in any order. They are
read in batches, so that the table need not fit into memory.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evalharness.outputs import digests, kinds
from evalharness.outputs.background import Answers, ahead
from evalharness.outputs.content import Mark, mark_of
from evalharness.outputs.locations import Location
from evalharness.outputs.patterns import as_written, listed
from evalharness.outputs.words import Refused, names, reason

# Rows that are decoded and counted at a time: few enough for their columns to stay in a cache.
BATCH = 1 << 18
# Bytes of a column that are read from disk at a time, however long its row groups are.
BUFFER = 1 << 20
# Row groups of a shard, and shards, of which a few rows are looked at beforehand.
HEADS, MOST_HEADS = 8, 256
# Shards whose faults a message tells one by one.
SHOWN_SHARDS = 5
REMEDY = "let nothing write to it meanwhile, and run again"


@dataclass(frozen=True)
class Shard:
    """One file. `groups`: the rows of each row group; `mark`: tells that it was not changed."""

    path: str
    shown: str
    groups: tuple[int, ...]
    mark: Mark

    @property
    def rows(self) -> int:
        """How many it holds."""
        return sum(self.groups)

    def check(self) -> None:
        """Refused when the file is not the one that was opened."""
        try:
            same = mark_of(os.stat(self.path)) == self.mark
        except OSError:
            same = False
        if not same:
            raise Refused(
                f"shard `{self.shown}` was changed or removed while it was being evaluated; "
                f"{REMEDY}"
            )

    def read(self, columns: Sequence[str], rows: int = 0) -> Iterator[tuple[int, Any]]:
        """(first row, record batch) of at most so many rows, or BATCH; Refused where the file is
        damaged."""
        first = 0
        for batch in self._decoded(columns, rows or BATCH):
            yield first, batch
            first += batch.num_rows
        if first != self.rows:
            raise Refused(self._damaged(f"{first:,} of {self.rows:,} rows are there"))

    def heads(self, columns: Sequence[str], rows: int) -> Iterator[tuple[int, Any]]:
        """The same of about so many rows: the first ones of a few row groups."""
        some = range(len(self.groups))[:: -(-len(self.groups) // HEADS)]
        wanted = -(-rows // len(some))
        for group in some:
            for batch in self._decoded(columns, wanted, row_groups=[group]):
                yield sum(self.groups[:group]), batch
                break

    def _decoded(self, columns: Sequence[str], rows: int, **which: Any) -> Iterator[Any]:
        import pyarrow as pa

        self.check()
        try:
            # Column by column in this thread: another one counts meanwhile.
            found = opened(self.path).iter_batches(
                rows, columns=list(columns), use_threads=False, **which
            )
            for batch in found:
                batch.validate(full=True)  # text need not be UTF-8
                yield batch
            said = ""
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            said = reason(error)
        self.check()
        if said:
            raise Refused(self._damaged(said))

    def _damaged(self, said: str) -> str:
        return (
            f"shard `{self.shown}` cannot be read ({said}): it is corrupt or cut off; write it "
            "again"
        )


class Shards:
    """The files of one split. `names`: of the columns, as in the first shard; `n`: rows in all."""

    def __init__(self, location: Location):
        found = listed(location)
        heads: list[tuple[Shard, Any]] = []
        problems: list[str] = []
        for path in found:
            try:
                heads.append(_head(path, as_written(path, location)))
            except Refused as refused:
                problems += refused.problems
        problems += _differences(heads)
        if problems:
            hidden = len(problems) - SHOWN_SHARDS
            more = [f"{hidden:,} more shards have such problems"] if hidden > 1 else []
            raise Refused(*(problems[:SHOWN_SHARDS] + more if more else problems))
        self.all = tuple(shard for shard, _ in heads)
        self.names = tuple(heads[0][1].names)
        self._types: dict[str, list[Any]] = {name: [] for name in self.names}
        for schema in dict.fromkeys(schema for _, schema in heads):
            for field in schema:
                self._types[field.name].append(field.type)
        self.n = sum(shard.rows for shard in self.all)

    def type_of(self, name: str) -> Any:
        """The Arrow type of a column, in the first shard where it is not null in every row."""
        import pyarrow as pa

        found = self._types[name]
        return next((kind for kind in found if not pa.types.is_null(kind)), found[0])

    def is_short(self, name: str) -> bool:
        """Whether a column is of float32 in every shard, of whose numbers 32 bits tell all."""
        return {str(kind) for kind in self._types[name]} == {"float"}

    def __getstate__(self) -> dict[str, Any]:
        """Without the thread that hashes; whoever gets the shards begins anew."""
        return {k: v for k, v in self.__dict__.items() if k != "_hashes"}

    @cached_property
    def _hashes(self) -> Answers[Shard, str]:
        return Answers(_hashed, self.all)

    def hash(self) -> None:
        """Begin to hash the files, in the background."""
        _ = self._hashes

    @cached_property
    def digest(self) -> str:
        """Of the files' content, whatever their names and order; waits until all are hashed."""
        each = sorted(self._hashes.all())
        return digests.of_bytes("\n".join(each).encode())

    def read(self, columns: Sequence[str]) -> Iterator[tuple[Shard, int, Any]]:
        """(shard, first row in it, record batch), decoded in another thread while the last one is
        used."""

        def each() -> Iterator[tuple[Shard, int, Any]]:
            for shard in self.all:
                for first, batch in shard.read(columns):
                    if batch.num_rows:
                        yield shard, first, batch

        return ahead(each())

    def heads(self, columns: Sequence[str], rows: int) -> Iterator[tuple[Shard, int, Any]]:
        """The same of about so many rows: a few of each shard, or of as many as are spread
        evenly."""
        some = [shard for shard in self.all if shard.rows]
        some = some[:: -(-len(some) // MOST_HEADS)]
        share = rows / sum(shard.rows for shard in some)
        for shard in some:
            for first, batch in shard.heads(columns, max(1, round(share * shard.rows))):
                yield shard, first, batch

    def are_bits(self, name: str) -> bool:
        """Whether the files say of an integer column that it holds nothing but 0 and 1."""
        for shard in self.all:
            head = opened(shard.path).metadata
            place = [head.schema.column(i).path for i in range(head.num_columns)].index(name)
            for group in range(head.num_row_groups):
                told = head.row_group(group).column(place).statistics
                if told is None or not told.has_min_max or told.min < 0 or told.max > 1:
                    return False
        return True

    def piece(self, name: str, shard: Shard, first: int, rows: int) -> Any:
        """One column of some rows of a shard, as a pyarrow ChunkedArray."""
        import pyarrow as pa

        found = []
        for start, batch in shard.read([name], rows):
            a, b = max(first - start, 0), min(first + rows - start, batch.num_rows)
            if a < b:
                found.append(batch.column(name).slice(a, b - a))
            if start + batch.num_rows >= first + rows:
                break
        return pa.chunked_array(found)


def opened(path: str) -> Any:
    """The Parquet file, read in buffers: without one, a column of a whole row group is loaded."""
    import pyarrow.parquet as pq

    return pq.ParquetFile(
        path, buffer_size=BUFFER, pre_buffer=False, page_checksum_verification=True
    )


def _head(path: str, shown: str) -> tuple[Shard, Any]:
    """A shard and its Arrow schema, from the end of the file."""
    import pyarrow as pa

    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise Refused(f"shard `{shown}` is a device or a pipe, not a file")
        if found.st_size == 0:
            raise Refused(f"shard `{shown}` is empty (0 bytes): what wrote it was cut off")
        file = opened(path)
        head = file.metadata
        groups = tuple(head.row_group(g).num_rows for g in range(head.num_row_groups))
        return Shard(path, shown, groups, mark_of(found)), file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        said = reason(error)
    raise Refused(
        f"shard `{shown}` cannot be read as Parquet ({said}): it is corrupt, cut off, or not what "
        "its suffix says; write it again"
    )


def _differences(heads: Sequence[tuple[Shard, Any]]) -> list[str]:
    """In what each shard differs from most of them: names of columns, and their kinds."""
    if not heads:
        return []
    # Of the shards that are alike the first; it may not be the first of all that is odd.
    many = Counter(schema for _, schema in heads).most_common(1)[0][0]
    first, schema = next(head for head in heads if head[1].equals(many))
    ours, problems = _kinds(schema), []
    for shard, other in heads:
        if other.equals(schema):
            continue
        theirs = _kinds(other)
        # Where a column is null in every row, the first shard that has values tells its kind.
        empty = [name for name, kind in ours.items() if kind == kinds.EMPTY]
        ours |= {name: theirs[name] for name in empty if name in theirs}
        told = []
        if absent := [name for name in ours if name not in theirs]:
            told.append(f"lacks {names(absent)}")
        if extra := [name for name in theirs if name not in ours]:
            told.append(f"has {names(extra)} beside them")
        others = [
            name
            for name, kind in ours.items()
            if name in theirs and kinds.EMPTY not in (kind, theirs[name]) and theirs[name] != kind
        ]
        same = not told  # the names
        told += [f"has `{name}` as {theirs[name]}, not {ours[name]}" for name in others]
        if told and same:
            problems.append(
                f"shard `{shard.shown}` {', '.join(told)} as in `{first.shown}`; the "
                f"files of one split are one table: write {names(others)} with one type in all"
            )
        elif told:
            problems.append(
                f"shard `{shard.shown}` {', '.join(told)}; `{first.shown}` has other "
                "columns: the files of one split are one table"
            )
    return problems


def _kinds(schema: Any) -> dict[str, str]:
    import pyarrow as pa

    return {field.name: kinds.kind(kinds.plain(pa.nulls(0, field.type))) for field in schema}


def _hashed(shard: Shard) -> str:
    shard.check()
    try:
        with open(shard.path, "rb") as file:
            found = digests.of_file(file)
    except OSError as error:
        raise Refused(f"shard `{shard.shown}` cannot be read: {reason(error)}") from None
    shard.check()
    return found
