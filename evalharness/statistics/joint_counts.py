"""Joint counts: how often each pattern of several columns occurs together, such as the label and
the predictions of several models. Only patterns that occur are kept, so that many models do not
make 2^M cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from evalharness.statistics.tables import Array, Cells, Share

# Up to so many possible patterns for each row, all are counted at once rather than sorted.
DENSE = 4
# Above this a packed pattern is renumbered before another column is added to it.
PACKED = 1 << 62


class Patterns(NamedTuple):
    """The distinct patterns, in order: columns (C,) each, and how often each occurs, int64 (C,)."""

    columns: tuple[Array, ...]
    counts: Array


def patterns(columns: Sequence[Array], inside: Array = None) -> Patterns:
    """The patterns of int or bool columns (n,), each ≥ 0; `inside`: bool (n,), the rows to count.

    One packed number for each row, counted in one pass; rows are merged, so that two sets of
    examples have the sum of their counts.
    """
    import numpy as np

    if inside is not None and not inside.all():
        columns = [c[inside] for c in columns]
    sizes = [int(c.max(initial=0)) + 1 for c in columns]
    # Few patterns fit into a byte, and bytes are soon multiplied.
    dtype: Any = np.uint8 if math.prod(sizes) < 256 else np.int64
    code, span, packed = np.zeros(len(columns[0]), dtype), 1, True
    for column, size in zip(columns, sizes, strict=True):
        if span * size >= PACKED:
            code = np.unique(code, return_inverse=True)[1].astype(np.int64)
            span, packed = int(code.max(initial=0)) + 1, False
        code = code * dtype(size) + column.astype(dtype)
        span *= size
    if packed and span <= max(1 << 12, DENSE * len(code)):
        counts = np.bincount(code, minlength=1)
        found = np.flatnonzero(counts)
        return Patterns(_unpacked(found, sizes), counts[found])
    _, first, counts = np.unique(code, return_index=True, return_counts=True)
    return Patterns(tuple(c[first].astype(np.int64) for c in columns), counts)


def _unpacked(code: Array, sizes: list[int]) -> tuple[Array, ...]:
    import numpy as np

    found = []
    for size in reversed(sizes):
        code, column = np.divmod(code, size)
        found.append(column)
    return tuple(reversed(found))


def share_of(hit: Array, counts: Array) -> Share:
    """The tables of (…, C) counts of patterns, of which `hit` (C,) are hits."""
    return Share(counts[..., hit.astype(bool)].sum(-1), counts.sum(-1))


def cells_of(label: Array, prediction: Array, counts: Array) -> Cells:
    """The 2×2 tables of (…, C) counts of patterns with this label and prediction, 0 or 1 each."""
    right = label == prediction
    parts = (right & (label == 1), ~right & (label == 0), ~right & (label == 1))
    tp, fp, fn = (counts[..., part].sum(-1) for part in parts)
    return Cells(tp, fp, fn, counts.sum(-1) - tp - fp - fn)


def class_cells_of(label: Array, prediction: Array, counts: Array, classes: int) -> Cells:
    """(…, classes) tables of every class against the rest; a prediction of `classes` is none."""
    right = label == prediction
    tp = summed_by(label[right], counts[..., right], classes)
    fn = summed_by(label[~right], counts[..., ~right], classes)
    fp = summed_by(prediction[~right], counts[..., ~right], classes + 1)[..., :classes]
    return Cells(tp, fp, fn, counts.sum(-1)[..., None] - tp - fp - fn)


def summed_by(code: Array, counts: Array, size: int) -> Array:
    """(…, size) sums of (…, C) counts over the patterns that have each code (C,)."""
    import numpy as np

    found = np.zeros((*counts.shape[:-1], size), counts.dtype)
    if len(code):
        order = np.argsort(code, kind="stable")
        rising = code[order]
        first = np.flatnonzero(np.diff(rising, prepend=-1))
        found[..., rising[first]] = np.add.reduceat(counts[..., order], first, axis=-1)
    return found
