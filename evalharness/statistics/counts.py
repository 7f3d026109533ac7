"""Counts: tables of cells. The cheapest statistics, exact in integers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from evalharness.statistics.base import Columns, example_values, gathered
from evalharness.statistics.tables import Cells, Share


@dataclass(frozen=True)
class Confusion:
    """Right and wrong, by label and prediction: `Cells` of one positive class, or of every class in
    turn.

    positive:  the class that counts as positive; default: that of the outputs.
    threshold: predict positive where the score is at least this, whatever `prediction` says.
    average:   "macro" counts every class against the rest, in (classes,) arrays.
    """

    positive: Any = None
    threshold: float | None = None
    average: str | None = None

    options: ClassVar[tuple[str, ...]] = ("positive", "threshold", "average")

    def read(self, split: Any) -> Columns:
        if self.average is None:
            return self._one_class(split)
        label, prediction = gathered(
            split.label_codes, lambda: split.prediction_codes(self.threshold)
        )
        self._every_class_occurs(split, label)
        return Columns({"label": label, "prediction": prediction}, classes=tuple(split.classes))

    def _one_class(self, split: Any) -> Columns:
        """Whether each label, and each prediction, is the positive class."""
        import numpy as np

        positive, codes = gathered(lambda: split.positive_code(self.positive), split.label_codes)
        label = codes == positive
        if self.threshold is not None:
            return Columns(
                {"label": label, "prediction": split.score(self.positive) >= self.threshold}
            )
        answer = split.prediction_codes()
        # No answer counts as wrong, so it is the opposite of the label, whatever that is.
        silent = answer == len(split.classes)
        return Columns({"label": label, "prediction": np.where(silent, ~label, answer == positive)})

    def _every_class_occurs(self, split: Any, label: Any) -> None:
        import numpy as np

        from evalharness.declare.errors import OutputsError

        absent = [
            c
            for c, n in zip(
                split.classes, np.bincount(label, minlength=len(split.classes)), strict=True
            )
            if not n
        ]
        if absent:
            shown = ", ".join(map(repr, absent[:5])) + (", …" if len(absent) > 5 else "")
            raise OutputsError(
                [
                    f"{split.where}: an average over classes needs every class among the labels, "
                    f"but {shown} "
                    f"({len(absent)} of {len(split.classes)}) never occurs; collect examples of "
                    "it, or fix the classes "
                    "with Outputs(classes=[…])"
                ]
            )

    @property
    def program(self) -> Callable[..., Any]:
        return count_cells if self.average is None else count_classes

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[Cells]:
        if self.average is None:
            return [Cells(*(float(raw[g, c]) for c in (3, 1, 2, 0))) for g in range(groups)]
        # float64 holds counts exactly and keeps products of them from overflowing.
        n, hits, labels, predictions = (x.astype(float) for x in raw)
        return [
            Cells(
                hits[g],
                predictions[g] - hits[g],
                labels[g] - hits[g],
                n[g] - labels[g] - predictions[g] + hits[g],
            )
            for g in range(groups)
        ]

    def merge(self, a: Cells, b: Cells) -> Cells:
        return Cells(*(x + y for x, y in zip(a, b, strict=True)))

    def zero(self, classes: int = 0) -> Cells:
        import numpy as np

        return Cells(*(np.zeros(classes if self.average else ())[()] for _ in range(4)))


class _Counted:
    """What statistics share that count the examples of which something is true."""

    @property
    def program(self) -> Callable[..., Any]:
        return count_hits

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[Share]:
        return [Share(float(raw[g, 1]), float(raw[g, 0] + raw[g, 1])) for g in range(groups)]

    def merge(self, a: Share, b: Share) -> Share:
        return Share(a.hits + b.hits, a.n + b.n)

    def zero(self, classes: int = 0) -> Share:
        return Share(0.0, 0.0)


@dataclass(frozen=True)
class Hits(_Counted):
    """How many predictions equal the label: a `Share`. Any number of classes."""

    threshold: float | None = None

    options: ClassVar[tuple[str, ...]] = ("threshold",)

    def read(self, split: Any) -> Columns:
        label, prediction = gathered(
            split.label_codes, lambda: split.prediction_codes(self.threshold)
        )
        return Columns({"hit": label == prediction})


@dataclass(frozen=True)
class Flags(_Counted):
    """How many examples a yes/no column, or function of columns, is true for: a `Share`.

    of: name of a boolean or 0/1 column; or a function whose arguments name numeric columns, each
        handed over whole, float64 (n,), and which returns (n,) values that are true or false.
    """

    of: str | Callable[..., Any]

    options: ClassVar[tuple[str, ...]] = ()

    @property
    def column(self) -> str:
        return self.of if isinstance(self.of, str) else ""

    def read(self, split: Any) -> Columns:
        values = example_values(self.of, split, split.flags)
        return Columns({"hit": values.astype(bool)})


def count_cells(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups, 4) counts of the cells 2·label + prediction."""
    label, prediction = (arrays[k].astype(code.dtype) for k in ("label", "prediction"))
    return _bincount(code * 4 + 2 * label + prediction, code, groups, 4)


def count_hits(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups, 2) counts of misses and hits."""
    return _bincount(code * 2 + arrays["hit"].astype(code.dtype), code, groups, 2)


def count_classes(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups,1) examples, and (groups, classes) hits, labels and predictions: all that one-vs-rest
    tables need."""
    import jax.numpy as jnp

    label, prediction = arrays["label"], arrays["prediction"]
    width = classes + 1  # one more for "no answer", which is the prediction of no class
    hit = jnp.where(label == prediction, label, classes)
    counts = [
        _bincount(code * width + x, code, groups, width)[:, :classes]
        for x in (hit, label, prediction)
    ]
    return (_bincount(code, code, groups, 1), *counts)


def _bincount(cell: Any, code: Any, groups: int, width: int) -> Any:
    """Counts of `cell` as (groups, width); rows whose code is no group are dropped."""
    import jax.numpy as jnp

    size = groups * width
    cell = jnp.where(code < groups, cell, size)
    return jnp.zeros(size, jnp.int32).at[cell].add(1, mode="drop").reshape(groups, width)
