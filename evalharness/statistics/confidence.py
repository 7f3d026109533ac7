"""Confidence: how often the model is right at each probability that it gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from evalharness.declare.errors import DeclarationError, did_you_mean
from evalharness.statistics.base import Columns, gathered
from evalharness.statistics.ranks import Ranks, sorted_keys, sorted_on_cpu

Array = Any

KINDS = ("top", "class", "positive")


class ConfidenceTable(NamedTuple):
    """For each distinct probability of each group, ascending: how many entries have it and are
    misses, or hits. `group` (k,): the class whose probability it is; 0 where there is one group."""

    group: Array
    probability: Array
    misses: Array
    hits: Array


@dataclass(frozen=True)
class Confidences:
    """What calibration is a function of: a `ConfidenceTable`.

    of:       "top": the largest probability of each row; a hit where that class is the label.
              "class": the probabilities of every class, each a group; a hit where it is the label.
              "positive": the probability of the positive class; a hit where the label is positive.
    positive: that class; default: that of the outputs.
    """

    of: str = "top"
    positive: Any = None

    options: ClassVar[tuple[str, ...]] = ("of", "positive")

    def __post_init__(self) -> None:
        if self.of not in KINDS:
            raise DeclarationError(
                f"of={self.of!r}{did_you_mean(self.of, KINDS)}: calibration is of the largest "
                'probability ("top"), of every class ("class") or of the positive one ("positive")'
            )
        if self.positive is not None and self.of != "positive":
            raise DeclarationError(
                f"positive={self.positive!r} names one class, but of={self.of!r} looks at all of "
                'them: add of="positive", or leave positive= out'
            )

    def read(self, split: Any) -> Columns:
        import numpy as np

        wanted = [split.probabilities, split.compact_labels]
        if self.of == "positive":
            wanted.append(lambda: split.positive_code(self.positive))
        probability, label, *positive = gathered(*wanted)
        n, classes = probability.shape
        rows, group = None, np.zeros(n, np.int32)
        if self.of == "top":
            likeliest = probability.argmax(axis=1)
            found, hit = probability[np.arange(n), likeliest], likeliest == label
        elif self.of == "positive":
            found, hit = probability[:, positive[0]], label == positive[0]
        else:
            found = probability.ravel()
            hit = (label[:, None] == np.arange(classes)).ravel()
            rows, group = np.divmod(np.arange(n * classes), classes)
        order = np.lexsort((found, group))
        first = np.ones(len(found), bool)
        p, g = found[order], group[order]
        first[1:] = (p[1:] != p[:-1]) | (g[1:] != g[:-1])
        rank = np.empty(len(order), np.int32)
        rank[order] = np.cumsum(first) - 1
        return Columns({"rank": rank, "label": hit}, values=(g[first], p[first]), rows=rows)

    @property
    def program(self) -> Callable[..., Any]:
        return sorted_keys

    @property
    def on_cpu(self) -> Callable[..., Any]:
        return sorted_on_cpu

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[ConfidenceTable]:
        import numpy as np

        group, probability = columns.values
        places = columns._replace(values=np.arange(len(group)))
        return [
            ConfidenceTable(group[t.values], probability[t.values], t.negatives, t.positives)
            for t in Ranks().tables(raw, places, groups)
        ]

    def merge(self, a: ConfidenceTable, b: ConfidenceTable) -> ConfidenceTable:
        import numpy as np

        group, probability, *counts = (np.concatenate([x, y]) for x, y in zip(a, b, strict=True))
        # Complex numbers are sorted as pairs, and ten times as quickly as pairs are.
        keys, at = np.unique(group + 1j * probability, return_inverse=True)
        added = (np.bincount(at, c, len(keys)).astype(c.dtype) for c in counts)
        return ConfidenceTable(keys.real.astype(group.dtype), keys.imag, *added)

    def zero(self, classes: int = 0) -> ConfidenceTable:
        import numpy as np

        return ConfidenceTable(
            np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64)
        )


class Bins(NamedTuple):
    """For each bin: its group, its entries, their mean probability and their share of hits."""

    group: Array
    n: Array
    probability: Array
    hits: Array


def equal_mass(table: ConfidenceTable, bins: int) -> Any:
    """int (k,): the bin of each row of the table, so that each bin of a group holds as many entries
    as the next one. Equal probabilities stay together, so there may be fewer bins.

    The entries of a group, in order, are cut into `bins` parts whose sizes differ by one at most,
    the larger ones first; a bin ends midway between the last of a part and the first of the next.
    """
    import numpy as np

    at = np.zeros(len(table.group), np.int64)
    before = 0
    for rows in _by_group(table):
        p = table.probability[rows]
        cumulative = np.cumsum(table.misses[rows] + table.hits[rows])
        total = float(cumulative[-1])
        cut = np.arange(1, bins)
        # Where rounding leaves a sum of weights just short of a cut, it is at the cut.
        slack = 0.0 if cumulative.dtype.kind == "i" else 1e-9 * total
        if abs(total - round(total)) <= slack:
            size, larger = divmod(round(total), bins)
            cuts = (cut * size + np.minimum(cut, larger)).astype(float)
        else:  # weights
            cuts = cut * total / bins
        cuts = cuts[(cuts > slack) & (cuts < total - slack)]
        last = np.searchsorted(cumulative, cuts - slack)
        following = np.searchsorted(cumulative, cuts + slack, side="right")
        ends = np.unique((p[last] + p[following]) / 2)
        # A bin without entries is none.
        at[rows] = before + np.unique(np.searchsorted(ends, p), return_inverse=True)[1]
        before = at[rows][-1] + 1
    return at


def equal_width(table: ConfidenceTable, bins: int) -> Any:
    """int (k,): the bin of each row of the table; of `bins` equally wide ones, each with its upper
    end, those that hold entries."""
    import numpy as np

    place = np.searchsorted(np.arange(1, bins) / bins, table.probability)
    return np.unique(table.group * bins + place, return_inverse=True)[1]


def binned(table: ConfidenceTable, at: Any) -> Bins:
    """Sums over the rows of the table that are in each bin; `at` (k,) from 0 on, as above."""
    import numpy as np

    size = int(at.max()) + 1 if len(at) else 0
    counts = np.asarray(table.misses + table.hits, float)
    n = np.bincount(at, counts, size)
    group = np.zeros(size, np.int64)
    group[at] = table.group
    safe = np.where(n > 0, n, 1.0)  # rows that weigh nothing
    return Bins(
        group,
        n,
        np.bincount(at, counts * table.probability, size) / safe,
        np.bincount(at, table.hits, size) / safe,
    )


def _by_group(table: ConfidenceTable) -> list[slice]:
    """Where each group's rows stand; the table is sorted by group."""
    import numpy as np

    edges = [0, *(np.flatnonzero(np.diff(table.group)) + 1).tolist(), len(table.group)]
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True) if b > a]
