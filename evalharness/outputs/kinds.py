"""The kinds of columns, and one plain in-memory form for each, whatever encoding came in."""

from typing import Any

TEXT = "text"
BOOLEAN = "boolean"
INTEGER = "integer"
REAL = "real-valued (float)"
EMPTY = "empty (every row is null)"
CLASSES = (TEXT, BOOLEAN, INTEGER)


def plain(column: Any) -> Any:
    """One pyarrow Array of the column's rows (n,): dictionaries and run ends decoded, text as
    large_string, integers as int64 (uint64 where they need it), reals and decimals as float64."""
    import pyarrow as pa

    if not isinstance(column, pa.ChunkedArray):
        return _plain(column)
    chunks = [_plain(chunk) for chunk in column.chunks]
    if not chunks:
        return _plain(pa.nulls(0, column.type))
    if len({chunk.type for chunk in chunks}) > 1:  # int64 in one chunk, uint64 in another
        return pa.array([value for chunk in chunks for value in chunk.to_pylist()])
    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)


def kind(column: Any) -> str:
    """TEXT, BOOLEAN, INTEGER, REAL, EMPTY, or the Arrow type's own name."""
    import pyarrow as pa

    given = column.type
    if pa.types.is_null(given):
        return EMPTY
    if pa.types.is_large_string(given):
        return TEXT
    if pa.types.is_boolean(given):
        return BOOLEAN
    if pa.types.is_integer(given):
        return INTEGER
    if pa.types.is_floating(given):
        return REAL
    return str(given)


def is_list(column: Any) -> bool:
    """Whether each row holds several values."""
    import pyarrow as pa

    given = column.type
    return (
        pa.types.is_list(given)
        or pa.types.is_large_list(given)
        or pa.types.is_fixed_size_list(given)
    )


def is_sliceable(column: Any) -> bool:
    """Whether rows can be grouped by the column's values."""
    import pyarrow as pa

    return kind(column) in (*CLASSES, REAL, EMPTY) or pa.types.is_temporal(column.type)


def numbers(column: Any) -> Any:
    """The numbers of an Arrow column in one piece, as NumPy (n,), without a copy; None where there
    are several pieces, nulls, or other things than integers and floats."""
    import pyarrow as pa

    from evalharness.outputs.memory import to_numpy

    if isinstance(column, pa.ChunkedArray):
        if column.num_chunks != 1:
            return None
        column = column.chunk(0)
    plain_type = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    return to_numpy(column) if plain_type and not column.null_count else None


def integers(column: Any) -> Any:
    """As `numbers`, of integers only."""
    found = numbers(column)
    return found if found is not None and found.dtype.kind in "iu" else None


def _plain(array: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    given = array.type
    if given in (pa.int64(), pa.float64(), pa.bool_(), pa.large_string()):
        return array
    if isinstance(given, pa.BaseExtensionType):
        return _plain(array.storage)
    if pa.types.is_dictionary(given):
        return _plain(array.dictionary_decode())
    if pa.types.is_run_end_encoded(given):
        return _plain(pc.run_end_decode(array))
    if pa.types.is_string(given) or pa.types.is_string_view(given):
        return _cast(array, pa.large_string())
    if pa.types.is_decimal(given):
        return _decimal(array)
    if pa.types.is_integer(given):
        return _integer(array)
    if pa.types.is_floating(given):
        return _cast(array, pa.float64())
    return array


def _cast(array: Any, wanted: Any) -> Any:
    import pyarrow as pa

    try:
        return array.cast(wanted)
    except pa.ArrowNotImplementedError:  # older Arrow: views of text, half floats
        return pa.array(array.to_pylist(), wanted)


def _integer(array: Any) -> Any:
    import pyarrow as pa

    try:
        return array.cast(pa.int64())
    except pa.ArrowInvalid:  # above 2**63: hashes that serve as ids
        return array


def _decimal(array: Any) -> Any:
    import pyarrow as pa

    if array.type.scale <= 0:
        try:
            return array.cast(pa.int64())
        except pa.ArrowInvalid:
            pass
    return array.cast(pa.float64())
