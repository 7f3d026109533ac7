"""Labels and predictions as places in the list of classes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.errors import did_you_mean
from evalharness.outputs import class_scores, encode, kinds, memory, scores
from evalharness.outputs.encode import NULL, UNKNOWN
from evalharness.outputs.lists import refuse_multilabel
from evalharness.outputs.words import Absent, Refused, names, rows, short, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

DEFAULT_THRESHOLD = 0.5


def classes(split: "Split") -> tuple[Any, ...]:
    """The classes in order; Refused when the labels cannot be classes."""
    label = split.column("label")
    declared = split.options.classes
    if declared is not None:
        return declared
    if split.multilabel:
        raise Refused(
            "column `label` holds a list for each row (multilabel), and it is not known which "
            "place stands for which task; name the tasks in that order: Outputs(…, classes=[…])"
        )
    kind = kinds.kind(label)
    if kind not in kinds.CLASSES:
        raise Refused(_not_classes(label))
    found = set(split.encoded("label").distinct())
    if "prediction" in split.column_names:
        prediction = split.column("prediction")
        if not _mismatch(split, label, prediction):
            found |= set(split.encoded("prediction").distinct())
    elif "score" not in split.column_names and class_scores.class_columns(split):
        found = set(class_scores.class_names(split, kind))
    if kind == kinds.BOOLEAN:
        return (False, True)
    return (0, 1) if found <= {0, 1} else tuple(sorted(found))


def label_codes(split: "Split") -> np.ndarray:
    """(n,); Refused where a label is null or none of the classes."""
    refuse_multilabel(split)
    codes = _encode(split, "label")
    problems = []
    if (codes == NULL).any():
        problems.append(
            f"column `label` is null in {rows(codes == NULL)}; every example needs its label: "
            "leave unlabelled ones out of the table"
        )
    problems += _strangers(split, "label", codes)
    if problems:
        raise Refused(*problems)
    return codes


def prediction_codes(split: "Split", threshold: float | None) -> np.ndarray:
    """(n,) from `prediction`, else from `score`, else from the largest of `scores`; with a
    threshold of the metric's own always from the score."""
    refuse_multilabel(split)
    available = split.column_names
    if threshold is not None:
        return _from_score(split, split.raw_score, threshold)
    if "prediction" in available:
        return _from_prediction(split)
    if "score" in available:
        chosen = split.options.threshold
        if chosen is not None:
            return _from_score(split, split.raw_score, chosen)
        return _from_score(split, lambda: scores.probability(split), DEFAULT_THRESHOLD)
    if class_scores.has_classes(split):
        if split.options.threshold is not None:  # refused where there are more than two classes
            return _from_score(split, split.raw_score, split.options.threshold)
        # The first of equal scores wins, as everywhere in NumPy.
        return scores.checked(split).best.astype(encode.smallest(split.classes))
    raise Absent(
        f"there is no column `prediction`{did_you_mean('prediction', available)}, nor `score`, "
        f"`scores` or `score_<class>` to make it from; there are {names(available)}; "
        'name it: Outputs(…, columns={"prediction": "<its name in the table>"})'
    )


def positive_code(split: "Split", positive: Any) -> int:
    """The place of the positive class; Refused when it is not known which one that is."""
    known = split.classes
    wanted = split.options.positive if positive is None else positive
    if wanted is not None:
        if wanted in known:
            return known.index(wanted)
        typed = next((c for c in known if str(c) == str(wanted)), None)
        hint = "write one of them, or list every class: Outputs(…, classes=[…])"
        if typed is not None:
            hint = f"write {typed!r}"
        raise Refused(
            f"`positive={short(wanted)}` is not one of the classes{did_you_mean(wanted, known)}; "
            f"there are {values(known, 10)}; {hint}"
        )
    if split.multilabel:
        raise Refused(
            f"it is not known which task is asked for of {values(known, 10)}; name it in the "
            'metric (positive=…), or average over all: average="macro"'
        )
    if set(known) == {0, 1}:
        return known.index(1)
    raise Refused(
        "this metric is of one class; it is not known which class is the positive one of "
        f"{values(known, 10)}; name it in "
        "Outputs(…, positive=…) or in the metric (positive=…), or average over all: "
        'average="macro"'
    )


def _from_prediction(split: "Split") -> np.ndarray:
    known = split.classes
    both = split.integers("label"), split.integers("prediction")
    if any(column is None for column in both):
        if problem := _mismatch(split, split.column("label"), split.column("prediction")):
            raise Refused(problem)
    codes = _encode(split, "prediction")
    null = codes == NULL
    problems = _strangers(split, "prediction", codes)
    if null.any() and split.options.missing == "error":
        problems.append(
            f"column `prediction` is null in {rows(null)}; if the model may abstain and that "
            'counts as wrong, say Outputs(…, missing="wrong")'
        )
    elif null.any() and len(known) == 2:
        codes[null] = 1 - split.compact_labels()[null]
    elif null.any():
        codes[null] = len(known)
    if problems:
        raise Refused(*problems)
    return codes


def _from_score(split: "Split", score: Callable[[], np.ndarray], threshold: float) -> np.ndarray:
    known = split.classes
    if len(known) != 2:
        raise Refused(
            f"a threshold decides between two classes, and there are {len(known)} "
            f"({values(known, 10)}); give a `prediction` column, or fix the two: "
            "Outputs(…, classes=[…])"
        )
    positive = split.positive_code()
    above = _at_least(score(), threshold)
    return (above if positive == 1 else ~above).view(np.int8)


def _at_least(score: np.ndarray, threshold: float) -> np.ndarray:
    """bool (n,): score >= threshold, as in float64 where the score is float32."""
    kind = score.dtype.type
    with np.errstate(over="ignore"):
        least = kind(threshold)
    if float(least) < threshold:  # rounded down
        least = np.nextafter(least, kind(np.inf))
    return score >= least


def _encode(split: "Split", name: str) -> np.ndarray:
    """(n,): the place of each value among the classes, NULL or UNKNOWN."""
    import pyarrow as pa

    if split.integers(name) is not None:
        return split.encoded(name).places(split.classes)
    column = split.column(name)
    if kinds.kind(column) not in (*kinds.CLASSES, kinds.REAL, kinds.EMPTY):
        return np.full(len(column), UNKNOWN, np.int8)
    if pa.types.is_null(column.type):
        return np.full(len(column), NULL, encode.smallest(split.classes))
    return split.encoded(name).places(split.classes)


def _strangers(split: "Split", name: str, codes: np.ndarray) -> list[str]:
    """Say which values of a column are none of the classes."""
    strange = codes == UNKNOWN
    if not strange.any():
        return []
    column, known = split.column(name), split.classes
    kind = kinds.kind(column)
    listed = kinds.TEXT if isinstance(known[0], str) else "numbers"
    if kind not in (*kinds.CLASSES, kinds.REAL):
        return [
            f"column `{name}` is {kind}; it must be one text, boolean or integer for each row: "
            "cast it in the table"
        ]
    mixed = (kind == kinds.TEXT) != (listed == kinds.TEXT)
    found = column.filter(memory.from_numpy(strange)).unique().to_pylist()
    return [
        f"column `{name}` holds {values(found)} in {rows(strange)}, which is not one of the "
        f"classes {values(known, 10)}; "
        + (
            f"the column is {kind} and the classes are {listed}: write classes=[…] in its type"
            if mixed
            else "correct the table, or list every class: Outputs(…, classes=[…])"
        )
    ]


def _not_classes(label: Any) -> str:
    kind = kinds.kind(label)
    if kind == kinds.REAL:
        return (
            "column `label` is real-valued (float), but this metric needs classes; use a metric "
            "of numbers (mean_absolute_error), cast the labels to integers, or list the classes: "
            "Outputs(…, classes=[0.0, 1.0])"
        )
    if kind == kinds.EMPTY:
        return "column `label` is null in every row; every example needs its label"
    if kinds.is_list(label):
        return (
            f"column `label` is {kind}, but labels are one text, boolean or integer for each row, "
            "or, of several tasks, a list of 0, 1 and null; cast it in the table"
        )
    return (
        f"column `label` is {kind}, but labels must be text, booleans or integers (or floats for "
        "metrics of numbers); cast it in the table"
    )


def _mismatch(split: "Split", label: Any, prediction: Any) -> str:
    """Say so when predictions are of another type than labels; "" when they can be compared."""
    ours, theirs = kinds.kind(label), kinds.kind(prediction)
    if ours == theirs or kinds.EMPTY in (ours, theirs):
        return ""
    if {ours, theirs} == {kinds.BOOLEAN, kinds.INTEGER}:
        integers = "label" if ours == kinds.INTEGER else "prediction"
        if set(split.encoded(integers).distinct()) <= {0, 1}:
            return ""
    if ours == kinds.REAL and theirs in (kinds.INTEGER, kinds.BOOLEAN):
        return ""  # such labels have their classes listed: values are compared with that list
    remedy = "give both the same type in the table"
    if theirs == kinds.REAL and ours in kinds.CLASSES:
        remedy = (
            "it looks like a score: name it `score` "
            '(Outputs(…, columns={"score": "prediction"})), or cast it to the type of the labels'
        )
        whole = memory.to_numpy(prediction.drop_null())
        if prediction.null_count and ours == kinds.INTEGER and (whole == np.floor(whole)).all():
            remedy = "nulls made floats of integers: keep them integers (pandas: .astype('Int64'))"
    return f"column `prediction` is {theirs}, but `label` is {ours}; {remedy}"
