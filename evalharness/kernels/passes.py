"""The jitted pass over the examples. The only place where examples go to the device and tables come
back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalharness.kernels.backend import compiled, on_cpu, scope
from evalharness.statistics.base import Columns, Statistic

# Up to so many entries a pass takes a millisecond or two, however well it was compiled.
SMALL = 1 << 16


def count(
    statistic: Statistic, columns: Columns, code: Any, groups: int, weight: Any = None
) -> Sequence[Any]:
    """The table of each group.

    columns: arrays of shape (m,); code: int32 (m,), the group of each entry, ≥ groups for none;
    weight: float64 (m,), how much each entry counts; None where all count alike.
    """
    import jax
    import numpy as np

    given = dict(columns.arrays) | ({} if weight is None else {"weight": weight})
    if statistic.program is None:
        return statistic.host_tables(given, columns, code, groups)
    by_numpy = getattr(statistic, "on_cpu", None)
    if by_numpy is not None and on_cpu():
        return statistic.tables(
            by_numpy(given, code, groups, len(columns.classes)), columns, groups
        )
    arrays, code, padded = in_buckets(given, code, groups)
    with scope():
        program = compiled(statistic.program, len(code) <= SMALL)
        raw = jax.device_get(program(arrays, code, groups=padded, classes=len(columns.classes)))
    return statistic.tables(raw, columns, groups)


def in_buckets(arrays: dict[str, Any], code: Any, groups: int) -> tuple[dict[str, Any], Any, int]:
    """The same in shapes that come again: every small split and every handful of slices share one
    compiled program. Of many rows one group is one: to add up into a single place is another
    program, several times as fast."""
    import numpy as np

    rows = _rows(len(code))
    padded = 1 if groups == 1 and rows > SMALL else _power(max(groups, 16))
    padding = (0, rows - len(code))
    code = np.where(code < groups, code, padded).astype(np.int32, copy=False)
    if padding[1]:
        arrays = {k: np.pad(v, [padding, *[(0, 0)] * (v.ndim - 1)]) for k, v in arrays.items()}
        code = np.pad(code, padding, constant_values=padded)
    return arrays, code, padded


def _rows(n: int) -> int:
    """n rounded up to a shape bucket: a power of two up to a million, then whole millions (2²⁰)."""
    top = 1 << 20
    return max(1 << 14, _power(n)) if n <= top else -(-n // top) * top


def _power(n: int) -> int:
    return 1 << (n - 1).bit_length() if n > 1 else 1
