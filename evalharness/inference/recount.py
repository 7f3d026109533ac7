"""A count metric on samples drawn again: the counts of the patterns that occurred are drawn, not
the examples, so that the cost does not grow with their number.

Drawing n examples with replacement gives the patterns multinomial counts. Swapping two models'
predictions of each example, or not, by the toss of a coin gives each pattern a binomial number of
swaps. Both are what doing it example by example would give, in distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.metric import Metric
from evalharness.inference.added import Part, added_at
from evalharness.inference.batches import values
from evalharness.statistics.joint_counts import (
    Patterns,
    cells_of,
    class_cells_of,
    patterns,
    share_of,
)
from evalharness.statistics.tables import Cells, Share

Floats = NDArray[np.float64]

# Counts that are drawn at a time: 32 MB.
HELD = 1 << 22


def countable(part: Part) -> bool:
    """Whether the table counts examples that were sampled by themselves and count alike, by label
    and prediction alone."""
    if not isinstance(part.table, (Share, Cells)) or not part.sample.plain:
        return False
    return not getattr(part.metric.statistic, "average", None) or "task" not in part.sample.arrays


def told_by_table(part: Part) -> bool:
    """Whether the table tells how often each pattern occurred, so that no example is asked."""
    return _of_table(part) is not None


def pattern_columns(arrays: Any) -> list[Any]:
    """The columns whose patterns a count metric's table is made of: hits, or labels and
    predictions."""
    if "hit" in arrays:
        return [arrays["hit"]]
    return [arrays["label"], arrays["prediction"]]


def recounted(part: Part, stratum: Any, seed: int, replicates: int) -> Floats:
    """(replicates,) the metric of each replicate. stratum: int (m,) of each entry, or None."""
    if stratum is None and (known := _of_table(part)) is not None:
        found = Patterns((np.zeros(len(known.counts), int), *known.columns), known.counts)
    else:
        first = np.zeros(part.sample.size, np.int64) if stratum is None else stratum
        found = patterns([first, *pattern_columns(part.sample.arrays)])
    classes = len(part.sample.classes)
    return drawn_again(
        found, seed, replicates, lambda c: at_counts(part.metric, found.columns[1:], c, classes)
    )


def influences_of_counts(part: Part) -> Floats | None:
    """(n,) what each example adds to the metric, where its table tells; else None."""
    if (known := _of_table(part)) is None:
        return None
    added = added_at(part, known.columns)
    return np.repeat(added - known.counts @ added / known.counts.sum(), known.counts)


def drawn_again(
    found: Patterns, seed: int, replicates: int, of: Callable[[Floats], Floats]
) -> Floats:
    """What `of` gives for the counts of (replicates, C) patterns, some replicates at a time. The
    first column of the patterns is the stratum; strata keep their sizes."""
    rng = np.random.default_rng(seed)
    return np.concatenate([of(c) for c in _drawn(found, rng, replicates)])


def swapped_again(
    found: Patterns, seed: int, replicates: int, of: Callable[[Any, Floats], Floats]
) -> Floats:
    """What `of` gives for the columns and the counts (replicates, C) of joint patterns, whose last
    two columns are swapped in each example or not."""
    rng = np.random.default_rng(seed)
    counts, columns = found.counts, swapped_columns(found.columns)
    differing = found.columns[-1] != found.columns[-2]
    step = max(1, HELD // max(1, 2 * len(counts)))
    pieces = []
    for start in range(0, replicates, step):
        moved = np.zeros((min(step, replicates - start), len(counts)))
        tossed = rng.binomial(counts[differing], 0.5, (len(moved), int(differing.sum())))
        moved[:, differing] = tossed
        pieces.append(of(columns, np.hstack([counts - moved, moved])))
    return np.concatenate(pieces)


def swapped_columns(columns: Any) -> tuple[Any, ...]:
    """Each joint pattern as it is, and then each with its last two columns swapped."""
    *rest, first, second = columns
    swapped = (*rest, second, first)
    return tuple(np.concatenate(pair) for pair in zip(columns, swapped, strict=True))


def _drawn(found: Patterns, rng: np.random.Generator, replicates: int) -> Iterator[Floats]:
    stratum, size = found.columns[0], len(found.counts)
    ends = np.append(np.flatnonzero(np.diff(stratum, prepend=-1)), size)
    step = max(1, HELD // max(1, size))
    for start in range(0, replicates, step):
        counts = np.empty((min(step, replicates - start), size))
        for a, b in zip(ends[:-1], ends[1:], strict=True):
            n = int(found.counts[a:b].sum())
            counts[:, a:b] = rng.multinomial(n, found.counts[a:b] / n, len(counts))
        yield counts


def at_counts(metric: Metric, columns: Any, counts: Floats, classes: int) -> Floats:
    """(B,) the metric at B counts (B, C) of patterns with these columns (C,)."""
    return values(metric, table_of(metric, columns, counts, classes))


def table_of(metric: Metric, columns: Any, counts: Floats, classes: int) -> Any:
    """The tables that (…, C) counts of patterns make: columns (C,) of hits, or of labels and
    predictions."""
    if len(columns) == 1:
        return share_of(columns[0], counts)
    label, prediction = columns
    average = getattr(metric.statistic, "average", None)
    if average is None:
        return cells_of(label, prediction, counts)
    cells = class_cells_of(label, prediction, counts, classes)
    return Cells(*(part.sum(-1) for part in cells)) if average == "micro" else cells


def _of_table(part: Part) -> Patterns | None:
    """The patterns of a table that tells their counts itself."""
    table = part.table
    columns: tuple[list[int], ...]
    if isinstance(table, Share):
        columns, counts = ([0, 1],), [table.n - table.hits, table.hits]
    elif part.metric.statistic.average is None:
        columns, counts = ([0, 0, 1, 1], [0, 1, 0, 1]), [table.tn, table.fp, table.fn, table.tp]
    else:
        return None
    whole = np.asarray(counts, float).round().astype(np.int64)
    return Patterns(tuple(np.array(c) for c in columns), whole)
