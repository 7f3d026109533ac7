"""Counts: tables of cells. The cheapest statistics, exact in integers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from evalharness.statistics.adding import added, module
from evalharness.statistics.base import Columns, OfColumns, example_values, gathered
from evalharness.statistics.stacked import Stacked
from evalharness.statistics.tables import Cells, Share


@dataclass(frozen=True)
class Confusion:
    """Right and wrong, by label and prediction: `Cells` of one positive class, or of every class in
    turn.

    positive:  the class (or task) that counts as positive; default: that of the outputs.
    threshold: predict positive where the score is at least this, whatever `prediction` says.
    average:   "macro" and "weighted" count every class against the rest, in (classes,) arrays;
               "micro" adds these up to one table.

    Of multilabel outputs the classes are the tasks, and a missing label counts nowhere.
    """

    positive: Any = None
    threshold: float | None = None
    average: str | None = None

    options: ClassVar[tuple[str, ...]] = ("positive", "threshold", "average")

    def read(self, split: Any) -> Columns:
        if split.multilabel:
            return self._tasks(split)
        if self.average is None:
            return self._one_class(split)
        label, prediction = gathered(
            split.label_codes, lambda: split.prediction_codes(self.threshold)
        )
        if not getattr(split, "part", False):  # of a part the whole will tell
            self.every_class_occurs(split, label)
        return Columns({"label": label, "prediction": prediction}, classes=tuple(split.classes))

    def _tasks(self, split: Any) -> Columns:
        """One entry for each label that is known, of one task or of all."""
        import numpy as np

        label, prediction = gathered(
            split.label_matrix, lambda: split.prediction_matrix(self.threshold)
        )
        if self.average is None:
            task = split.positive_code(self.positive)
            rows = np.flatnonzero(label[:, task] >= 0)
            return Columns(
                {"label": label[rows, task] == 1, "prediction": prediction[rows, task] == 1},
                rows=rows,
            )
        rows, task = np.nonzero(label >= 0)
        return Columns(
            {
                "label": label[rows, task] == 1,
                "prediction": prediction[rows, task] == 1,
                "task": task.astype(np.int32),
            },
            classes=tuple(split.classes),
            rows=rows,
        )

    def _one_class(self, split: Any) -> Columns:
        """Whether each label, and each prediction, is the positive class."""
        positive, codes = gathered(lambda: split.positive_code(self.positive), split.compact_labels)
        label = codes == positive
        if self.threshold is not None:
            return Columns(
                {"label": label, "prediction": split.score(self.positive) >= self.threshold}
            )
        answer = split.compact_predictions()
        # No answer counts as wrong, so it is the opposite of the label, whatever that is.
        silent = answer == len(split.classes)
        return Columns({"label": label, "prediction": (answer == positive) | (silent & ~label)})

    def every_class_occurs(self, split: Any, label: Any) -> None:
        """Refuse a macro average where a class is not among the places of labels, int (m,)."""
        import numpy as np

        from evalharness.declare.errors import OutputsError

        absent = [
            c
            for c, n in zip(
                split.classes, np.bincount(label, minlength=len(split.classes)), strict=True
            )
            if not n
        ]
        if absent and self.average == "macro":
            shown = ", ".join(map(repr, absent[:5])) + (", …" if len(absent) > 5 else "")
            raise OutputsError(
                [
                    f"{split.where}: this metric averages over classes and needs each among the "
                    f"labels, but {shown} ({len(absent)} of {len(split.classes)}) never occurs; "
                    "collect examples of it, or fix the classes with Outputs(classes=[…])"
                ]
            )

    @property
    def program(self) -> Callable[..., Any]:
        return count_cells if self.average is None else count_classes

    def tables(self, raw: Any, columns: Columns, groups: int) -> Stacked:
        # float64 holds counts exactly and keeps products of them from overflowing.
        if self.average is None:
            counts = raw[:groups].astype(float)
            return Stacked(Cells(*(counts[:, c] for c in (3, 1, 2, 0))), plain=True)
        n, hits, labels, predictions = (x[:groups].astype(float) for x in raw)
        found = Cells(hits, predictions - hits, labels - hits, n - labels - predictions + hits)
        if self.average == "micro":
            found = Cells(*(part.sum(axis=1) for part in found))
        return Stacked(found, plain=True)

    def merge(self, a: Cells, b: Cells) -> Cells:
        return Cells(*(x + y for x, y in zip(a, b, strict=True)))

    def zero(self, classes: int = 0) -> Cells:
        import numpy as np

        each = self.average not in (None, "micro")
        return Cells(*(np.zeros(classes if each else ())[()] for _ in range(4)))

    def entries(self, arrays: Any, classes: int = 0, of: int | None = None) -> Cells:
        """The table of every entry alone, (m,) arrays: of class `of` against the rest, where there
        is an average; for "micro" of all classes together."""
        label, prediction = arrays["label"], arrays["prediction"]
        if self.average is None or "task" in arrays:
            mine = 1.0 if of is None else (arrays["task"] == of) * 1.0
        elif of is None:
            right, silent = label == prediction, prediction == classes
            wrong = ~right * 1.0
            return Cells(right * 1.0, wrong * ~silent, wrong, classes - 1.0 - wrong * ~silent)
        else:
            label, prediction, mine = label == of, prediction == of, 1.0
        return Cells(
            (label & prediction) * mine,
            (~label & prediction) * mine,
            (label & ~prediction) * mine,
            (~label & ~prediction) * mine,
        )

    def influence(self, gradient: Cells, table: Any, arrays: Any, values: Any) -> Any:
        import numpy as np

        if not np.ndim(gradient.tp):
            entries = self.entries(arrays)
            return sum(g * x for g, x in zip(gradient, entries, strict=True))
        label, prediction = arrays["label"], arrays["prediction"]
        if "task" in arrays:
            task = arrays["task"]
            entries = self.entries({"label": label, "prediction": prediction, "task": task})
            return sum(g[task] * x for g, x in zip(gradient, entries, strict=True))
        # An entry is a true negative of every class but those of its label and its prediction.
        tp, fp, fn, tn = (np.append(g, 0.0) for g in gradient)  # one more for "no answer"
        right = label == prediction
        there = tn.sum() - tn[label]
        return there + np.where(right, tp[label], fn[label] + fp[prediction] - tn[prediction])


class _Counted:
    """What statistics share that count the examples of which something is true."""

    @property
    def program(self) -> Callable[..., Any]:
        return count_hits

    def tables(self, raw: Any, columns: Columns, groups: int) -> Stacked:
        misses, hits = raw[:groups].astype(float).T
        return Stacked(Share(hits, misses + hits), plain=True)

    def merge(self, a: Share, b: Share) -> Share:
        return Share(a.hits + b.hits, a.n + b.n)

    def zero(self, classes: int = 0) -> Share:
        return Share(0.0, 0.0)

    def entries(self, arrays: Any, classes: int = 0, of: int | None = None) -> Share:
        """The table of every entry alone, (m,) arrays."""
        import numpy as np

        return Share(arrays["hit"] * 1.0, np.ones(len(arrays["hit"])))

    def influence(self, gradient: Share, table: Any, arrays: Any, values: Any) -> Any:
        return gradient.hits * arrays["hit"] + gradient.n


@dataclass(frozen=True)
class Hits(_Counted):
    """How many predictions equal the label: a `Share`. Any number of classes.

    apart: of multilabel outputs every label that is known counts by itself; else a row is a hit
           when all of its known labels are predicted.
    """

    threshold: float | None = None
    apart: bool = False

    options: ClassVar[tuple[str, ...]] = ("threshold",)

    def told_by(self, other: Any) -> bool:
        """Whether of two classes, one of them for each row, the cells of another statistic tell the
        hits: `of_cells`."""
        return (
            isinstance(other, Confusion)
            and other.average is None
            and other.threshold == self.threshold
            and (self.threshold is None or other.positive is None)
        )

    def of_cells(self, cells: Cells) -> Share:
        """The table that the cells tell."""
        return Share(cells.tp + cells.tn, cells.tp + cells.tn + cells.fp + cells.fn)

    def read(self, split: Any) -> Columns:
        if split.multilabel:
            import numpy as np

            label, prediction = gathered(
                split.label_matrix, lambda: split.prediction_matrix(self.threshold)
            )
            if self.apart:
                rows, task = np.nonzero(label >= 0)
                return Columns({"hit": (label == prediction)[rows, task]}, rows=rows)
            rows = np.flatnonzero((label >= 0).any(axis=1))
            hit = ((label == prediction) | (label < 0)).all(axis=1)
            return Columns({"hit": hit[rows]}, rows=rows)
        label, prediction = gathered(
            split.compact_labels, lambda: split.compact_predictions(self.threshold)
        )
        return Columns({"hit": label == prediction})


@dataclass(frozen=True)
class Flags(_Counted, OfColumns):
    """How many examples a yes/no column, or function of columns, is true for: a `Share`.

    of: name of a boolean or 0/1 column; or a function whose arguments name numeric columns, each
        handed over whole, float64 (n,), and which returns (n,) values that are true or false.
    """

    def read(self, split: Any) -> Columns:
        values = example_values(self.of, split, split.flags, self.given)
        return Columns({"hit": values.astype(bool)})


def count_cells(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups, 4) counts of the cells 2·label + prediction."""
    label, prediction = (arrays[k].astype("int8") for k in ("label", "prediction"))
    return _counted(arrays, code * 4 + (2 * label + prediction), groups, 4)


def count_hits(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups, 2) counts of misses and hits."""
    return _counted(arrays, code * 2 + arrays["hit"], groups, 2)


def count_classes(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups, 1 or classes) entries, and (groups, classes) hits, labels and predictions: all that
    one-vs-rest tables need. Entries of several tasks are counted by task."""
    xp = module(code)
    width = classes + 1  # one more for "no answer", which is the prediction of no class
    label, prediction = arrays["label"], arrays["prediction"]
    if "task" in arrays:
        task = arrays["task"].astype(code.dtype)
        cells = [xp.where(x, task, classes) for x in (label & prediction, label, prediction)]
        n = _counted(arrays, code * width + task, groups, width)[:, :classes]
    else:
        cells = [xp.where(label == prediction, label, classes), label, prediction]
        n = _counted(arrays, code, groups, 1)
    counts = [_counted(arrays, code * width + x, groups, width)[:, :classes] for x in cells]
    return (n, *counts)


def _counted(arrays: dict[str, Any], cell: Any, groups: int, width: int) -> Any:
    """(groups, width) counts of `cell`, or sums of the weights. Where the code is no group the cell
    lies beyond them all, and is dropped."""
    return added(cell, groups * width, arrays.get("weight")).reshape(groups, width)
