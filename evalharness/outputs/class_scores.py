"""A score for each row and class, as the table has them: the lists of `scores`, or a column
`score_<class>` for each class."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.outputs import kinds, lists, table
from evalharness.outputs.walks import Walk, refuse_odd, walk
from evalharness.outputs.words import Absent, Refused, names, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

PREFIX = "score_"


def has_classes(split: "Split") -> bool:
    """Whether the table has a score for each class, and not only one for each row."""
    return "scores" in split.column_names or bool(class_columns(split))


def named(split: "Split") -> str:
    """What messages call them."""
    return "scores" if "scores" in split.column_names else f"{PREFIX}<class>"


def class_columns(split: "Split") -> list[str]:
    """The names of the `score_<class>` columns."""
    return [name for name in split.column_names if name.startswith(PREFIX)]


def class_names(split: "Split", kind: str) -> list[Any]:
    """The classes that `score_<class>` columns name, in the type of the labels, sorted."""
    found: list[Any] = [name.removeprefix(PREFIX) for name in class_columns(split)]
    if kind == kinds.BOOLEAN:
        return [False, True]
    if kind == kinds.INTEGER:
        odd = [name for name in found if not name.removeprefix("-").isdecimal()]
        if odd:
            raise Refused(
                f"labels are integers, but {names([PREFIX + name for name in odd])} name no "
                "integer class; rename them, or give `prediction`"
            )
        found = [int(name) for name in found]
    return sorted(found)


def walked(split: "Split") -> Walk:
    """The scores by class, finite, columns in the order of the classes."""
    return walk(_by_class(split, narrow=True), named(split))


def finite(split: "Split") -> np.ndarray:
    """float64 (n, classes), finite, columns in the order of the classes, as the table has them."""
    found = _by_class(split)
    if not table.finite(found):
        refuse_odd(found, named(split))
    return found


def _by_class(split: "Split", narrow: bool = False) -> np.ndarray:
    """float64 (n, classes), or float32 where `narrow` and the table has them so."""
    return _from_list(split, narrow) if "scores" in split.column_names else _from_columns(split)


def _from_list(split: "Split", narrow: bool) -> np.ndarray:
    column, known = split.column("scores"), split.classes
    if not kinds.is_list(column):
        raise Refused(
            f"column `scores` is {kinds.kind(column)}, but each row needs a list with one number "
            "for each class; a single number is `score`"
        )
    if split.options.classes is None and set(known) != {0, 1}:
        raise Refused(
            "column `scores`: it is not known which place stands for which class; list them in "
            f"that order: Outputs(…, classes=[{', '.join(map(repr, known[:3]))}, …])"
        )
    return lists.cells(split, "scores", narrow=narrow)


def _from_columns(split: "Split") -> np.ndarray:
    available = set(split.column_names)
    chosen: list[str] = []
    absent: list[str] = []
    for value in split.classes:
        named = [PREFIX + text for text in _spellings(value) if PREFIX + text in available]
        (chosen if named else absent).append(named[0] if named else f"{PREFIX}{value}")
    if absent:
        raise Absent(
            f"there is no column {names(absent)}; there are {names(class_columns(split))}; every "
            "class needs its score"
        )
    # Without `classes=`, a class that never occurs here still has its share of the probability.
    extra = [name for name in class_columns(split) if name not in chosen]
    if extra and split.options.classes is None:
        raise Refused(
            f"{names(extra)} belong to no class that occurs ({values(split.classes, 10)}); list "
            "all classes: Outputs(…, classes=[…]), or rename what is no score"
        )
    problems: list[str] = []
    found = np.empty((split.n, len(chosen)))
    for place, name in enumerate(chosen):
        try:
            found[:, place] = table.numbers(split, name)
        except Refused as refused:
            problems.extend(refused.problems)
    if problems:
        raise Refused(*problems)
    return found


def _spellings(value: Any) -> list[str]:
    """How a class may be written in a column's name."""
    texts = [str(value), str(value).lower()]
    if isinstance(value, bool | float) and value == int(value):
        texts.append(str(int(value)))
    return texts
