"""An order of rows, and of the units that they belong to, by what they hold: so that no result of
resampling depends on the order of a table."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from evalharness.kernels.weights import mix

Ints = NDArray[np.intp]


def in_order(
    content: NDArray[np.uint64], unit: NDArray[np.integer] | None
) -> tuple[Ints, NDArray[np.intp]]:
    """The rows unit by unit, (m,), and where each unit starts, (units + 1,): units, and the rows of
    each, ordered by what they hold and not by where they stand."""
    mixed = mix(content)
    if unit is None:
        return np.argsort(mixed, kind="stable"), np.arange(len(content) + 1)
    codes = np.unique(unit, return_inverse=True)[1]
    units = int(codes.max()) + 1 if len(codes) else 0
    whole = np.zeros(units, np.uint64)
    np.add.at(whole, codes, mixed)
    whole = mix(whole)
    rank = np.empty(units, np.intp)
    rank[np.argsort(whole, kind="stable")] = np.arange(units)
    order = np.lexsort((mixed, rank[codes]))
    return order, np.r_[0, np.cumsum(np.bincount(rank[codes], minlength=units))].astype(np.intp)


def contents(arrays: Iterable[NDArray]) -> NDArray[np.uint64]:
    """uint64 (m,): a number for what each row of the arrays, (m,) or (m, k) each, holds."""
    found = np.zeros(0, np.uint64)
    for array in arrays:
        columns = array.reshape(len(array), -1)
        if not len(found):
            found = np.zeros(len(array), np.uint64)
        for column in columns.T:
            found = mix(found ^ _numbered(column))
    return found


def _numbered(column: NDArray) -> NDArray[np.uint64]:
    if column.dtype.kind in "biuf":
        return (np.asarray(column, np.float64) + 0.0).view(np.uint64)  # −0.0 and 0.0 are equal
    digests = {}
    found = np.empty(len(column), np.uint64)
    for i, value in enumerate(column.tolist()):
        key = value if isinstance(value, str) else repr(value)
        if key not in digests:
            digests[key] = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
        found[i] = digests[key]
    return found
