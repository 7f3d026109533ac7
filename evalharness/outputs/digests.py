"""Content hashes: of a file's bytes, or of the values of an Arrow table.

A table's hash depends on column names, types and values; not on chunks, offsets, dictionary
encoding, the order of columns, metadata, or what lies in memory under a null.
"""

import hashlib
from io import BufferedReader
from typing import Any


def of_bytes(content: Any) -> str:
    """ "sha256:…" of anything that has a buffer."""
    return _named(hashlib.sha256(content))


def of_file(handle: BufferedReader) -> str:
    """ "sha256:…" of an open file, read in pieces."""
    return _named(hashlib.file_digest(handle, "sha256"))


def of_table(table: Any) -> str:
    """ "sha256:…" of a pyarrow Table's content."""
    from evalharness.outputs.kinds import plain

    digest = hashlib.sha256()
    named = zip(table.column_names, table.columns, strict=True)
    for name, column in sorted(named, key=lambda pair: pair[0]):
        values = plain(column)
        digest.update(f"{len(name.encode())}:{name}:{values.type}:{len(values)}:".encode())
        _feed(digest, values)
    return _named(digest)


def _named(digest: Any) -> str:
    return f"sha256:{digest.hexdigest()}"


def _feed(digest: Any, values: Any) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from evalharness.outputs.memory import nulls, to_numpy

    if values.null_count:
        digest.update(np.packbits(nulls(values)).tobytes())
        values = values.drop_null()
    kind = values.type
    if pa.types.is_null(kind):
        return
    if pa.types.is_boolean(kind):
        digest.update(to_numpy(values).tobytes())
    elif pa.types.is_large_string(kind):
        offsets = np.frombuffer(values.buffers()[1], np.int64)
        offsets = offsets[values.offset : values.offset + len(values) + 1]
        digest.update(np.diff(offsets).tobytes())
        if len(values) and values.buffers()[2] is not None:
            digest.update(memoryview(values.buffers()[2])[offsets[0] : offsets[-1]])
    elif pa.types.is_large_list(kind) or pa.types.is_list(kind):
        digest.update(to_numpy(pc.list_value_length(values).cast(pa.int64())).tobytes())
        _feed(digest, values.flatten())
    elif pa.types.is_fixed_size_list(kind):
        _feed(digest, values.flatten())
    elif pa.types.is_primitive(kind) or pa.types.is_fixed_size_binary(kind):
        width = kind.bit_width // 8
        start = values.offset * width
        if len(values):
            digest.update(memoryview(values.buffers()[1])[start : start + len(values) * width])
    else:  # structs and other nested values cannot be evaluated, but still belong to the content
        digest.update(pa.record_batch([values], names=[""]).serialize())
