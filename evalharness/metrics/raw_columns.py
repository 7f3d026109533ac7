"""Columns as they stand in the table, for functions of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.declare.plural import counted
from evalharness.statistics.base import gathered


def reader(split: Any, name: str) -> Callable[[], Any]:
    """What asks a split for the column that an argument of this name stands for."""
    if name in ("label", "prediction"):
        return lambda: answers(split)[name]
    if name == "score":
        return lambda: split.score()
    if name == "scores":
        return lambda: split.score_matrix() if split.multilabel else split.matrix()
    if name in ("probabilities", "label_codes", "prediction_codes"):
        return lambda: getattr(split, name)()
    return lambda: column(split, name)


def answers(split: Any) -> dict[str, Any]:
    """Labels and predictions, (n,) each, as they stand in the table; of a multilabel table
    (n, tasks), −1 where a label is missing. Predictions are made from scores where there are
    none."""
    import numpy as np

    if split.multilabel:
        return {"label": split.label_matrix(), "prediction": split.prediction_matrix()}
    label = split.column("label")
    given = split.column("prediction") if "prediction" in split.column_names else None
    numbers = ("int64", "uint64", "double")
    if str(label.type) == "double" or given is not None and str(given.type) == "double":
        if str(label.type) in numbers:
            both = gathered(lambda: split.numbers("label"), lambda: split.numbers("prediction"))
            return dict(zip(("label", "prediction"), both, strict=True))
    if given is not None and given.type == label.type and split.options.classes is None:
        if not given.null_count:
            both = gathered(lambda: column(split, "label"), lambda: column(split, "prediction"))
            return dict(zip(("label", "prediction"), both, strict=True))
    codes = gathered(split.label_codes, split.prediction_codes)
    if (codes[1] == len(split.classes)).any():
        raise OutputsError(
            [
                f"{split.where}: column `prediction` is null in some rows, and a function of the "
                "values themselves has no value that stands for a wrong answer; write one in the "
                "table"
            ]
        )
    values = np.array(split.classes, object if isinstance(split.classes[0], str) else None)
    return {"label": values[codes[0]], "prediction": values[codes[1]]}


def column(split: Any, name: str) -> Any:
    """A column as a NumPy array (n,), without nulls: numbers, booleans, or objects."""
    import numpy as np

    given = split.column(name)
    if given.null_count:
        first = given.is_null().to_pylist().index(True)
        raise OutputsError(
            [
                f"{split.where}: column `{name}` is null in {counted(given.null_count, 'rows')}, "
                f"the first is row {first} (counting from 0); a metric of your own needs it in "
                "every row"
            ]
        )
    if str(given.type) == "double":
        return split.numbers(name)
    if str(given.type) in ("int64", "bool"):
        return np.array(given.to_pylist(), np.int64 if str(given.type) == "int64" else bool)
    found = np.empty(len(given), object)
    found[:] = given.to_pylist()
    return found
