"""Arrays of any library, as Arrow arrays: NumPy, JAX, torch, series, lists.

No array library is imported here: what is handed over brings its own, and is asked for its Arrow
form, its NumPy form, or DLPack, in this order.
"""

from collections.abc import Sequence
from typing import Any

from evalharness.outputs.memory import from_numpy, from_text
from evalharness.outputs.words import Refused, reason

_UNREADABLE = (TypeError, ValueError, RuntimeError, BufferError, OverflowError, NotImplementedError)


def is_array(value: Any) -> bool:
    """Whether `value` can be one column: an array, a series, or a list of values."""
    if isinstance(value, str | bytes):
        return False
    protocols = ("__array__", "__dlpack__", "__arrow_array__", "__arrow_c_array__")
    return isinstance(value, list | tuple | range) or any(hasattr(value, p) for p in protocols)


def to_arrow(value: Any, column: str) -> Any:
    """One column (n,) as a pyarrow array; a 2-D array (n, k) becomes lists of k values."""
    import pyarrow as pa

    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value
    if not is_array(value):
        raise Refused(
            f"column `{column}` is {_article(value)}; it must be an array or list with one value "
            "for each row"
        )
    try:
        return _to_arrow(value, column)
    except (pa.ArrowException, *_UNREADABLE) as error:
        said = reason(error)
    raise Refused(
        f"column `{column}` ({_article(value)}) cannot be read as a column: {said}; every value "
        "must have one type (text, boolean, integer or float)"
    )


def _to_arrow(value: Any, column: str) -> Any:
    import pyarrow as pa

    if isinstance(value, range):
        value = list(value)
    if isinstance(value, list | tuple):
        return _from_sequence(value, column)
    if hasattr(value, "__arrow_array__"):
        return pa.array(value)
    if hasattr(value, "to_arrow"):  # a polars series
        return value.to_arrow()
    if hasattr(value, "to_numpy") and hasattr(value, "index"):  # a pandas series: NaN is null
        return pa.array(value, from_pandas=True)
    return _from_numpy(_to_numpy(value), column)


def _to_numpy(value: Any) -> Any:
    import numpy as np

    if hasattr(value, "detach"):  # a tensor that may track gradients or live on a device
        value = value.detach().cpu()
        if "bfloat16" in str(value.dtype):
            value = value.float()
    if hasattr(value, "__array__"):
        return value if isinstance(value, np.ndarray) else np.asarray(value)
    return np.from_dlpack(value)


def _from_sequence(value: Sequence[Any], column: str) -> Any:
    import pyarrow as pa

    if any(hasattr(item, "__array__") and getattr(item, "ndim", 1) for item in value[:1]):
        return _from_numpy(_to_numpy(_stacked(value)), column)
    return pa.array(value)


def _stacked(value: Sequence[Any]) -> Any:
    import numpy as np

    return np.stack([_to_numpy(item) for item in value])


def _from_numpy(array: Any, column: str) -> Any:
    import numpy as np
    import pyarrow as pa

    if array.ndim == 0 or array.ndim > 2:
        raise Refused(
            f"column `{column}` is {array.ndim}-D, of shape {array.shape}; it must be 1-D with one "
            "value for each row (2-D only for `scores`, and for labels of several tasks)"
        )
    mask = None
    if isinstance(array, np.ma.MaskedArray):
        array, mask = array.data, np.ma.getmaskarray(array)
    if array.dtype.names:
        raise Refused(
            f"column `{column}` is a structured array; pass its fields as columns of their own: "
            + ", ".join(f"{name}=array[{name!r}]" for name in array.dtype.names[:3])
        )
    if array.dtype.kind == "c":
        raise Refused(f"column `{column}` is complex; pass a real number for each row")
    if array.dtype.kind == "V" or (array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8)):
        array = array.astype(np.float64)  # bfloat16, float8, half and long double
    if array.dtype.kind == "T":  # NumPy's own text of any width
        array = array.astype(object)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if mask is None and array.ndim == 1 and (text := _ascii(array)) is not None:
        return text
    if mask is None and array.dtype.kind in "biuf":
        flat = from_numpy(array.reshape(-1))
    else:
        # Among Python objects NaN is how pandas and NumPy write that a value is missing.
        flat = pa.array(
            array.reshape(-1),
            mask=None if mask is None else mask.reshape(-1),
            from_pandas=array.dtype.kind == "O",
        )
    if array.ndim == 1:
        return flat
    return pa.FixedSizeListArray.from_arrays(flat, array.shape[1])


def _ascii(array: Any) -> Any:
    """NumPy's text (n,) as an Arrow array, a few times as fast as Arrow's own way; None where it is
    not text or not plain ASCII."""
    import numpy as np

    if array.dtype.kind != "U" or array.size == 0 or array.itemsize == 0:
        return None
    points = np.ascontiguousarray(array).view(np.uint32).reshape(len(array), -1)
    if points.max() >= 128:
        return None
    content = points.astype(np.uint8)
    if np.count_nonzero(content) == content.size:  # all as wide as the array
        return from_text(content, np.arange(len(array) + 1) * content.shape[1])
    lengths = np.strings.str_len(array)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    if np.count_nonzero(content) != ends[-1]:
        return None  # a NUL inside
    if ends[-1] < content.size:
        content = content[np.arange(content.shape[1]) < lengths[:, None]]
    return from_text(content, ends)


def _article(value: Any) -> str:
    found = type(value)
    module = found.__module__.partition(".")[0]
    return (
        f"of type {found.__name__}"
        if module == "builtins"
        else f"of type {module} {found.__name__}"
    )
