"""Between Arrow's memory and NumPy's, without a copy where there is none to make.

PyArrow's own conversions import pandas when it is installed, which costs a third of a second at the
start of every run; the buffers say the same.
"""

from typing import Any

import numpy as np

_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}


def to_numpy(array: Any) -> np.ndarray:
    """(n,) of a boolean or fixed-width Arrow array; what stands under a null is unspecified."""
    import pyarrow as pa

    if pa.types.is_boolean(array.type):
        if len(array) == 0:
            return np.zeros(0, bool)
        bits = np.frombuffer(array.buffers()[1], np.uint8)
        bits = np.unpackbits(bits, bitorder="little", count=array.offset + len(array))
        return bits[array.offset :].astype(bool)
    dtype = np.dtype(_FLOATS.get(str(array.type), str(array.type)))
    if len(array) == 0:
        return np.zeros(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)


def nulls(array: Any) -> np.ndarray:
    """bool (n,): where the array is null."""
    return to_numpy(array.is_null()) if array.null_count else np.zeros(len(array), bool)


def from_numpy(array: np.ndarray) -> Any:
    """An Arrow array of booleans, integers or floats (n,)."""
    import pyarrow as pa

    given, rows = pa.from_numpy_dtype(array.dtype), len(array)
    if array.dtype == bool:
        array = np.packbits(array, bitorder="little")
    buffer = pa.py_buffer(np.ascontiguousarray(array))
    return pa.Array.from_buffers(given, rows, [None, buffer])


def codes(encoded: Any, table: list[int], null: int) -> np.ndarray:
    """int32 (n,): `table` at each index of a dictionary array, `null` where it is null."""
    places = np.where(nulls(encoded), len(table), to_numpy(encoded.indices))
    return np.array([*table, null], np.int32)[places]
