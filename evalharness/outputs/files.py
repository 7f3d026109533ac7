"""Reading a file: one function for each format. Add a format HERE, with its suffixes.

A format whose columns can be read one by one (Parquet) is read as columns are asked for; the others
at once. Every file's bytes are hashed, so that a result can say what it was computed from.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol

from evalharness.outputs import digests
from evalharness.outputs.content import Content
from evalharness.outputs.csvfile import read_csv
from evalharness.outputs.locations import Location
from evalharness.outputs.words import Refused, reason


class Source(Protocol):
    """The columns of one table, under the names that the file gave them."""

    names: tuple[str, ...]
    n: int

    @property
    def digest(self) -> str:
        """The content hash; waits for it where it is made in the background."""

    def read(self, name: str) -> Any:
        """The column (n,) as a pyarrow ChunkedArray; Refused when it cannot be read."""


class TableSource:
    """A table in memory."""

    def __init__(self, table: Any, digest: str = ""):
        self.table = table
        self.names = tuple(table.column_names)
        self.n = table.num_rows
        self._digest = (lambda: digest) if digest else digests.begun(table)

    @cached_property
    def digest(self) -> str:
        return self._digest()

    def read(self, name: str) -> Any:
        return self.table.column(name)

    def __reduce__(self) -> Any:
        return TableSource, (self.table, self.digest)


class ParquetSource:
    """A Parquet file, of which only the columns that are used are decoded."""

    def __init__(self, content: Content):
        self.content = content
        self.digest = content.digest
        opened = self._open()
        self.names = tuple(opened.schema_arrow.names)
        self.n = opened.metadata.num_rows

    def read(self, name: str) -> Any:
        import pyarrow as pa

        try:
            column = self._open().read(columns=[name]).column(name)
            column.validate(full=True)
            return column
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            said = reason(error)
        raise Refused(
            f"column `{name}` cannot be read ({said}): the Parquet file is corrupt; write it again"
        )

    def _open(self) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.content.handle(), page_checksum_verification=True)


def read_file(location: Location) -> Source:
    """Open the file; Refused with every problem that can be seen from outside and in its head."""
    if location.problem:
        raise Refused(location.problem)
    read = READERS.get(location.suffix)
    problems = []
    if read is None and not location.shown.endswith("/"):
        problems.append(_unknown_format(location.suffix))
    try:
        content = Content(location)
    except Refused as refused:
        problems = [*refused.problems, *problems]
    if problems or read is None:
        raise Refused(*problems)
    return _guarded(read, content)


def _unknown_format(suffix: str) -> str:
    found = f"has the suffix `{suffix}`" if suffix else "has no suffix"
    return (
        f"the file {found}, so its format is not known; expected {', '.join(READERS)}, or read "
        "it yourself and pass the table"
    )


def _guarded(read: Callable[[Content], Source], content: Content) -> Source:
    import pyarrow as pa

    try:
        if content.size == 0:
            raise Refused("the file is empty (0 bytes); write it again")
        return read(content)
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, MemoryError) as error:
        said = reason(error)
    # Raised out here, so that no chain of exceptions carries what the library was handed.
    kind = content.location.suffix.lstrip(".")
    raise Refused(
        f"the file cannot be read as {kind} ({said}): it is corrupt, cut off, or not "
        "in the format that its suffix says; write it again"
    )


def _parquet(content: Content) -> Source:
    return ParquetSource(content)


def _ipc(content: Content) -> Source:
    import pyarrow as pa

    data = content.read()
    try:
        table = pa.ipc.open_file(data).read_all()
    except pa.ArrowInvalid:  # the stream format has the same suffixes
        table = pa.ipc.open_stream(data).read_all()
    table.validate(full=True)  # a damaged body would otherwise be read out of bounds
    return TableSource(table, content.digest)


def _csv(content: Content) -> Source:
    return TableSource(read_csv(content.read()), content.digest)


def _json_lines(content: Content) -> Source:
    import pyarrow as pa
    import pyarrow.json as pj

    data = content.read()
    # One block, so that types are inferred from every row and not from the first million bytes.
    options = pj.ReadOptions(use_threads=False, block_size=min(len(data) + 1, 2**31 - 1))
    table = pj.read_json(pa.BufferReader(data), options)
    table.validate(full=True)  # text need not be UTF-8
    return TableSource(table, content.digest)


READERS: dict[str, Callable[[Content], Source]] = {
    ".parquet": _parquet,
    ".pq": _parquet,
    ".arrow": _ipc,
    ".feather": _ipc,
    ".ipc": _ipc,
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
