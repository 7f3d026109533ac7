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


def offsets(text: Any) -> np.ndarray:
    """int64 (n + 1,): where the texts of a large_string array begin in its buffer, and the end."""
    if len(text) == 0:
        return np.zeros(1, np.int64)
    return np.frombuffer(text.buffers()[1], np.int64, len(text) + 1, text.offset * 8)


def content(text: Any) -> np.ndarray:
    """uint8: the bytes of all texts of a large_string array, one after the other."""
    ends = offsets(text)
    if ends[0] == ends[-1]:
        return np.zeros(0, np.uint8)
    return np.frombuffer(text.buffers()[2], np.uint8, ends[-1] - ends[0], ends[0])


def from_text(content: np.ndarray, ends: np.ndarray) -> Any:
    """A large_string array: of UTF-8 bytes, and int64 (n + 1,) where each text begins, and the
    end."""
    import pyarrow as pa

    buffers = [None, pa.py_buffer(ends), pa.py_buffer(content.reshape(-1))]
    return pa.Array.from_buffers(pa.large_string(), len(ends) - 1, buffers)


def from_numpy(array: np.ndarray) -> Any:
    """An Arrow array of booleans, integers or floats (n,)."""
    import pyarrow as pa

    given, rows = pa.from_numpy_dtype(array.dtype), len(array)
    if array.dtype == bool:
        array = np.packbits(array, bitorder="little")
    buffer = pa.py_buffer(np.ascontiguousarray(array))
    return pa.Array.from_buffers(given, rows, [None, buffer])


def keep_freed() -> None:
    """Make the allocator of the process (glibc's) hand out memory again that was freed, where
    arrays of some megabytes come and go: else each of them is fetched from the system page by page,
    which takes longer than what is computed of it. It learns this from one larger array that goes.
    """
    np.empty(16 * 125_000)
