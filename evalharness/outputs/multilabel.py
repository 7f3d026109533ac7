"""Multilabel tables: every row has a label for each task, or none where it is missing."""

from typing import TYPE_CHECKING

import numpy as np

from evalharness.declare.errors import did_you_mean
from evalharness.outputs import class_scores, lists, scores
from evalharness.outputs.words import Absent, Refused, names, rows, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

MISSING = -1
DEFAULT_THRESHOLD = 0.5


def label_matrix(split: "Split") -> np.ndarray:
    """int8 (n, tasks) of 0 and 1, MISSING where a label is null (or NaN)."""
    _tasks(split)
    found = lists.cells(split, "label", lists.TRUTHS)
    null = np.isnan(found)
    problems = _strangers("label", found, null)
    lost = null.all(axis=0)
    if split.n and lost.any():
        without = [task for task, gone in zip(split.classes, lost, strict=True) if gone]
        problems.append(
            f"column `label`: every label is missing of {len(without)} of {len(lost)} tasks "
            f"({names(without)}); leave these out of the lists and of classes=[…]"
        )
    if problems:
        raise Refused(*problems)
    return np.where(null, MISSING, found).astype(np.int8)


def prediction_matrix(split: "Split", threshold: float | None) -> np.ndarray:
    """int8 (n, tasks) of 0 and 1: `prediction`, else the scores from a threshold on; with a
    threshold of the metric's own always from the scores."""
    _tasks(split)
    if threshold is None and "prediction" in split.column_names:
        return _predictions(split)
    if threshold is None and not class_scores.has_classes(split):
        raise Absent(
            f"there is no column `prediction`{did_you_mean('prediction', split.column_names)}, nor "
            f"`scores` to make it from; there are {names(split.column_names)}; name it: "
            'Outputs(…, columns={"prediction": "<its name in the table>"})'
        )
    found = split.score_matrix()
    if threshold is None:
        threshold = split.options.threshold
    if threshold is None:
        threshold = DEFAULT_THRESHOLD
        outside = ((found < 0) | (found > 1)).any(axis=1)
        if outside.any():
            raise Refused(
                f"column `scores` lies outside [0, 1] in {rows(outside)}, {scores.span(found)}; "
                "without a `prediction` column it is compared with 0.5 and "
                "must be a probability: give Outputs(…, threshold=…) on the scores' own scale"
            )
    return (found >= threshold).astype(np.int8)


def score_matrix(split: "Split") -> np.ndarray:
    """float64 (n, tasks), finite: how much the model holds each row for each task. Rows need not
    sum to one."""
    _tasks(split)
    if not class_scores.has_classes(split):
        raise Absent(
            f"there is no column `scores`{did_you_mean('scores', split.column_names)}, a list with "
            f"a number for each task; there are {names(split.column_names)}; name it: "
            'Outputs(…, columns={"scores": "<its name in the table>"})'
        )
    return class_scores.finite(split)


def _predictions(split: "Split") -> np.ndarray:
    wrong = split.options.missing == "wrong"
    if not lists.holds(split.column("prediction"), lists.TRUTHS):
        raise Refused(
            f"column `prediction` is {split.column('prediction').type}, but `label` holds a list "
            "for each row (multilabel): predict a list of 0 and 1, one place for each task"
        )
    found = lists.cells(split, "prediction", lists.TRUTHS, null_rows=wrong)
    null = np.isnan(found)
    problems = _strangers("prediction", found, null)
    if null.any() and not wrong:
        problems.append(
            f"column `prediction` has nulls in {rows(null.any(axis=1))}; if the model may abstain "
            'and that counts as wrong, say Outputs(…, missing="wrong")'
        )
    if problems:
        raise Refused(*problems)
    if null.any():
        # Where the label is missing too, nothing is counted, whichever is written here.
        found[null] = (split.label_matrix() == 0)[null]
    return found.astype(np.int8)


def _tasks(split: "Split") -> None:
    """Refused unless `label` is a list column; asking for the classes says if none are named."""
    if not split.multilabel:
        raise Refused(
            "column `label` must hold a list for each row (multilabel), with 0, 1 or null for "
            f"each task; it is {split.column('label').type}"
        )
    _ = split.classes


def _strangers(name: str, found: np.ndarray, null: np.ndarray) -> list[str]:
    odd = (found != 0) & (found != 1) & ~null
    if not odd.any():
        return []
    fractions = name == "prediction" and bool((found[odd] % 1 != 0).any())
    return [
        f"column `{name}` holds {values(np.unique(found[odd]).tolist())} in "
        f"{rows(odd.any(axis=1))}, but each place says 0 or 1"
        + (" (a missing label is null)" if name == "label" else "")
        + (
            '; they look like scores: name it `scores` (Outputs(…, columns={"scores": '
            '"prediction"}))'
            if fractions
            else "; correct the table"
        )
    ]
