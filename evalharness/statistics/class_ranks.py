"""Ranks by class: a score for each class, and the labels in the order of each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from evalharness.statistics.adding import module
from evalharness.statistics.base import Columns, gathered
from evalharness.statistics.keys import dense, ordered
from evalharness.statistics.tables import Array, RankTable

# A pair of classes has a table of its own: with more classes than this there are too many.
MOST_PAIRED = 64
# Bits of a sort key for the label; above them come 32 for the rank, and the group.
LABEL_BITS = 12


class ClassRankTable(NamedTuple):
    """How often each label has each distinct score of each class: (r,) arrays, sorted by class of
    the score, score, label.

    labels: places of classes; of one class against the rest 1 for it and 0 for the rest.
    classes: how many there are; exclusive: whether each row has one of them (not multilabel).
    """

    scores_of: Array
    values: Array
    labels: Array
    counts: Array
    classes: Any = 0
    exclusive: Any = True

    def against_rest(self) -> Iterator[RankTable]:
        """For each class: positives have its label; tables of one against the rest only."""
        for k in range(int(self.classes)):
            yield self._two(self._column(k), 1, 0)

    def pairs(self) -> Iterator[tuple[int, int, RankTable]]:
        """(i, j, table) for each ordered pair: by the score of class i, examples of i as positives,
        of j as negatives."""
        for i in range(int(self.classes)):
            column = self._column(i)
            for j in range(int(self.classes)):
                if i != j:
                    yield i, j, self._two(column, i, j)

    def _column(self, k: int) -> tuple[Array, Array, Array]:
        import numpy as np

        a, b = np.searchsorted(self.scores_of, [k, k + 1])
        return self.values[a:b], self.labels[a:b], self.counts[a:b]

    @staticmethod
    def _two(column: tuple[Array, Array, Array], positive: int, negative: int) -> RankTable:
        import numpy as np

        values, labels, counts = column
        some = (labels == positive) | (labels == negative)
        values, labels, counts = values[some], labels[some], counts[some]
        start = np.ones(len(values), bool)
        start[1:] = values[1:] != values[:-1]
        at, size = start.cumsum() - 1, int(start.sum())
        sums = (
            np.bincount(at, counts * (labels == code), size).astype(counts.dtype)
            for code in (negative, positive)
        )
        return RankTable(values[start], *sums)


@dataclass(frozen=True)
class ClassRanks:
    """The labels in the order of each class's score: a `ClassRankTable`.

    Of multilabel outputs each task is a class against the rest, and rows without its label count
    nowhere. pairs: keep the labels apart, as one class against another needs.
    """

    pairs: bool = False

    options: ClassVar[tuple[str, ...]] = ()

    def read(self, split: Any) -> Columns:
        import numpy as np

        multilabel = getattr(split, "multilabel", False)
        self._refuse(split, multilabel)
        if multilabel:
            truth, scores = gathered(split.label_matrix, split.score_matrix)
            self._refuse_lone(split, truth)
            known = truth >= 0
        else:
            codes, scores = gathered(split.compact_labels, split.raw_matrix)
            self._refuse_absent(split, codes)
            known = np.ones(scores.shape, bool)
        rank, values, ends = np.zeros(scores.shape, np.int32), [], [0]
        for k, some in enumerate(known.T):
            keys, numbers = ordered(scores[some, k])
            places, keys = dense(keys)
            distinct = numbers[keys]
            rank[some, k] = places + ends[-1]
            values.append(distinct)
            ends.append(ends[-1] + len(distinct))
        if not multilabel:
            each = np.arange(scores.shape[1])
            truth = np.broadcast_to(codes[:, None], known.shape)
            truth = truth if self.pairs else truth == each
        return Columns(
            {"rank": rank[known], "label": truth[known].astype(np.int32)},
            classes=tuple(split.classes),
            values=Scores(np.concatenate(values), np.array(ends), not multilabel),
            rows=np.nonzero(known)[0],
        )

    def _refuse(self, split: Any, multilabel: bool) -> None:
        from evalharness.declare.errors import OutputsError

        if self.pairs and multilabel:
            raise OutputsError(
                [
                    f"{split.where}: one class against another needs one label for each row, but "
                    "`label` holds a list (multilabel); use roc_auc_ovr"
                ]
            )
        classes = len(split.classes)
        most = MOST_PAIRED if self.pairs else 1 << LABEL_BITS
        if classes > most:
            raise OutputsError(
                [
                    f"{split.where}: there are {classes:,} classes, more than the {most:,} that "
                    + ("pairs are made of; use roc_auc_ovr" if self.pairs else "can be ranked")
                ]
            )

    @staticmethod
    def _refuse_absent(split: Any, codes: Any) -> None:
        import numpy as np

        from evalharness.declare.errors import OutputsError

        found = np.bincount(codes, minlength=len(split.classes))
        absent = [c for c, n in zip(split.classes, found, strict=True) if not n]
        if absent:
            raise OutputsError(
                [
                    f"{split.where}: this metric averages over classes and needs each among the "
                    f"labels, but {_some(absent)} ({len(absent)} of {len(found)}) never occurs; "
                    "collect examples of it, or fix the classes with Outputs(classes=[…])"
                ]
            )

    @staticmethod
    def _refuse_lone(split: Any, truth: Any) -> None:
        from evalharness.declare.errors import OutputsError

        problems = []
        for value, name in ((1, "positives"), (0, "negatives")):
            lone = ~(truth == value).any(axis=0)
            tasks = [c for c, x in zip(split.classes, lone, strict=True) if x]
            if tasks:
                problems.append(
                    f"{split.where}: column `label` has no {name} of {_some(tasks)} ({len(tasks)} "
                    f"of {len(lone)} tasks), whose scores so rank nothing; collect examples, or "
                    "leave these tasks out"
                )
        if problems:
            raise OutputsError(problems)

    @property
    def program(self) -> Callable[..., Any]:
        return sorted_label_keys

    @property
    def on_cpu(self) -> Callable[..., Any]:
        return sorted_label_keys  # NumPy sorts faster

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[ClassRankTable]:
        import numpy as np

        keys, shift = raw[0], np.uint64(32 + LABEL_BITS)
        ends = np.searchsorted(keys, np.arange(groups + 1, dtype=np.uint64) << shift)
        found = []
        for a, b in zip(ends[:-1], ends[1:], strict=True):
            part = keys[a:b] & ((np.uint64(1) << shift) - np.uint64(1))
            start = np.flatnonzero(np.concatenate([[True], part[1:] != part[:-1]])[: len(part)])
            rank = (part[start] >> np.uint64(LABEL_BITS)).astype(np.int64)
            label = (part[start] & np.uint64((1 << LABEL_BITS) - 1)).astype(np.int64)
            if len(raw) == 1:
                counts = np.diff(np.append(start, len(part)))
            else:
                counts = np.add.reduceat(raw[1][a:b], start) if len(start) else raw[1][:0]
            found.append(
                ClassRankTable(
                    columns.values.column(rank),
                    columns.values.values[rank],
                    label,
                    counts,
                    len(columns.classes),
                    columns.values.exclusive,
                )
            )
        return found

    def merge(self, a: ClassRankTable, b: ClassRankTable) -> ClassRankTable:
        import numpy as np

        scores_of, values, labels, counts = (
            np.concatenate([x, y]) for x, y in zip(a[:4], b[:4], strict=True)
        )
        order = np.lexsort((labels, values, scores_of))
        scores_of, values, labels = (x[order] for x in (scores_of, values, labels))
        start = np.ones(len(order), bool)
        start[1:] = np.any([k[1:] != k[:-1] for k in (scores_of, values, labels)], axis=0)
        sums = np.bincount(start.cumsum() - 1, counts[order], int(start.sum()))
        return ClassRankTable(
            scores_of[start],
            values[start],
            labels[start],
            sums.astype(counts.dtype),
            max(a.classes, b.classes),
            a.exclusive and b.exclusive,
        )

    def zero(self, classes: int = 0) -> ClassRankTable:
        import numpy as np

        whole = np.zeros(0, np.int64)
        return ClassRankTable(whole, np.zeros(0), whole, whole, classes)


class Scores(NamedTuple):
    """The distinct scores of all classes one after another; where each class's begin, (K+1,)."""

    values: Array
    ends: Array
    exclusive: bool = True

    def column(self, rank: Array) -> Array:
        """The class whose score a rank is."""
        import numpy as np

        return np.searchsorted(self.ends, rank, side="right") - 1


def sorted_label_keys(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(m,) sorted keys of group, rank and label in 64 bits; and the weights in that order, where
    there are any."""
    if groups >= 1 << (32 - LABEL_BITS):
        raise ValueError(f"{groups:,} slices are too many for ranks by class")
    xp, weight = module(code), arrays.get("weight")
    group = xp.where(code < groups, code, groups).astype(xp.uint64)
    key = (
        (group << (32 + LABEL_BITS))
        | (arrays["rank"].astype(xp.uint64) << LABEL_BITS)
        | arrays["label"].astype(xp.uint64)
    )
    if weight is None:
        return (xp.sort(key),)
    order = xp.argsort(key)
    return key[order], weight[order]


def _some(names: Any) -> str:
    return ", ".join(map(repr, names[:5])) + (", …" if len(names) > 5 else "")
