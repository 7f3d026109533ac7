"""Content hashes: of a file's bytes, or of the values of an Arrow table.

A table's hash depends on column names, types and values; not on chunks, offsets, dictionary
encoding, the order of columns, metadata, or what lies in memory under a null. It is the hash of the
hashes of its blocks, so that the processors share the work.
"""

import hashlib
import os
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields
from io import BufferedReader
from threading import Event, Lock
from typing import Any

BLOCK = 1 << 22
# Tables of fewer bytes are hashed at once: to start a thread would take longer.
SMALL = 1 << 17
THREADS = 4


def of_bytes(content: Any) -> str:
    """ "sha256:…" of anything that has a buffer."""
    return _named(hashlib.sha256(content))


def of_file(handle: BufferedReader) -> str:
    """ "sha256:…" of an open file, read in pieces."""
    return _named(hashlib.file_digest(handle, "sha256"))


def of_table(table: Any) -> str:
    """ "sha256:…" of a pyarrow Table's content."""
    return _joined(_parts(table, _of_block))


def as_read(digest: str, options: Any) -> str:
    """ "sha256:…" of content together with what it is read as: the fields of the options."""
    told = {f.name: getattr(options, f.name) for f in fields(options)}
    told["columns"] = sorted(dict(told["columns"]).items())
    text = repr([digest, sorted(told.items(), key=lambda item: item[0])])
    return of_bytes(text.encode("utf-8", "surrogatepass"))


def begun(table: Any) -> Callable[[], str]:
    """Begin to hash a table, a large one in threads of its own that end with the work; what is
    returned waits for the hash, and does itself what no thread has begun."""
    if table.get_total_buffer_size() <= SMALL:
        found = of_table(table)
        return lambda: found
    process, shared = os.getpid(), _Shared(table)
    # One processor is left to those who wait. Nobody waits for a thread to start: where all
    # processors are busy, that takes longer than the hash.
    for _ in range(max(1, min(THREADS, (os.cpu_count() or 1) - 1))):
        start_new_thread(shared.help, ())
    # Threads do not live on in a forked process.
    return lambda: shared.digest() if os.getpid() == process else of_table(table)


class _Shared:
    """The blocks of a table, each hashed by whoever comes first."""

    def __init__(self, table: Any):
        self._table = table
        self._parts: list[Any] | None = None
        self._lock, self._done = Lock(), Event()
        self._next = self._left = 0

    def help(self) -> None:
        """Hash what there is to hash. What goes wrong is said by `digest`."""
        with suppress(Exception):
            self._work()

    def digest(self) -> str:
        """The hash, once the last block is done."""
        parts = self._work()
        self._done.wait()
        return _joined(parts)

    def _work(self) -> list[Any]:
        with self._lock:
            if self._parts is None:
                self._parts = list(_parts(self._table, lambda block: block))
                self._left = sum(isinstance(part, memoryview) for part in self._parts)
                if not self._left:
                    self._done.set()
            parts = self._parts
        while (place := self._taken(parts)) is not None:
            found = _of_block(parts[place])
            with self._lock:
                parts[place] = found
                self._left -= 1
                if not self._left:
                    self._done.set()
        return parts

    def _taken(self, parts: list[Any]) -> int | None:
        """The next block that nobody has begun."""
        with self._lock:
            while self._next < len(parts):
                self._next += 1
                if isinstance(parts[self._next - 1], memoryview):
                    return self._next - 1
        return None


def _named(digest: Any) -> str:
    return f"sha256:{digest.hexdigest()}"


def _joined(parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return _named(digest)


def _of_block(block: memoryview) -> bytes:
    return hashlib.sha256(block).digest()


def _parts(table: Any, hashed: Callable[[memoryview], Any]) -> Iterator[Any]:
    """What the hash of a table is the hash of: words, and what `hashed` makes of each block."""
    from evalharness.outputs.kinds import plain

    named = zip(table.column_names, table.columns, strict=True)
    for name, column in sorted(named, key=lambda pair: pair[0]):
        values = plain(column)
        yield f"{len(name.encode())}:{name}:{values.type}:{len(values)}:".encode()
        for buffer in _buffers(values):
            whole = memoryview(buffer)
            yield f"{len(whole)}:".encode()
            for start in range(0, len(whole), BLOCK):
                yield hashed(whole[start : start + BLOCK])


def _buffers(values: Any) -> Iterator[Any]:
    """The content of a plain Arrow array, as buffers of bytes."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from evalharness.outputs import memory
    from evalharness.outputs.memory import nulls, to_numpy

    if values.null_count:
        yield np.packbits(nulls(values))
        values = values.drop_null()
    kind = values.type
    if pa.types.is_null(kind):
        return
    if pa.types.is_boolean(kind):
        yield to_numpy(values).view(np.uint8)
    elif pa.types.is_large_string(kind):
        yield np.diff(memory.offsets(values)).view(np.uint8)
        yield memory.content(values)
    elif pa.types.is_large_list(kind) or pa.types.is_list(kind):
        yield to_numpy(pc.list_value_length(values).cast(pa.int64())).view(np.uint8)
        yield from _buffers(values.flatten())
    elif pa.types.is_fixed_size_list(kind):
        yield from _buffers(values.flatten())
    elif pa.types.is_primitive(kind) or pa.types.is_fixed_size_binary(kind):
        width = kind.bit_width // 8
        start = values.offset * width
        if len(values):
            yield memoryview(values.buffers()[1])[start : start + len(values) * width]
    else:  # structs and other nested values cannot be evaluated, but still belong to the content
        yield pa.record_batch([values], names=[""]).serialize()
