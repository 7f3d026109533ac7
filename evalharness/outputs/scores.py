"""Scores: one number for each row (`score`), or one for each row and class (`scores`)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.errors import did_you_mean
from evalharness.outputs import kinds, lists, table
from evalharness.outputs.lists import refuse_multilabel
from evalharness.outputs.walks import TOLERANCE, Walk, refuse_odd, row_sums, walk
from evalharness.outputs.words import Refused, names, rows, short, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

PREFIX = "score_"


def score(split: "Split", positive: Any) -> np.ndarray:
    """float32 or float64 (n,): `score` of the positive class, or the column of another class."""
    refuse_multilabel(split)
    available = split.column_names
    if "score" in available:
        owner = split.positive_code()
        if positive is not None and split.positive_code(positive) != owner:
            raise Refused(
                f"column `score` is for the class {short(split.classes[owner])}, not for "
                f"{short(positive)}; give a column for each class (`scores` or `score_<class>`), "
                "or change Outputs(…, positive=…)"
            )
        return split.raw_numbers("score")
    if has_classes(split):
        return np.ascontiguousarray(checked(split).found[:, split.positive_code(positive)])
    raise Refused(_none(available))


def probability(split: "Split") -> np.ndarray:
    """float32 or float64 (n,): `score` where it must be a probability, since no threshold was
    given."""
    found = split.raw_score()
    if not table.inside(found):
        outside = (found < 0) | (found > 1)
        raise Refused(
            f"column `score` lies outside [0, 1] in {rows(outside)}, {span(found)}; "
            f"without a `prediction` column it is compared with 0.5 and must "
            "be a probability: give Outputs(…, threshold=…) on the score's own scale"
        )
    return found


def probabilities(split: "Split") -> np.ndarray:
    """float64 (n, classes) in [0, 1]; each row sums to one, exactly after it did within TOLERANCE.
    Made from `score`, where that is all there is, of two classes."""
    given = split.given_probabilities()
    given = given.astype(np.float64, copy=False)
    if given.shape[1] == 1:
        return _two(split, given[:, 0], 1 - given[:, 0])
    return given / given.sum(axis=1, keepdims=True)


def given_probabilities(split: "Split") -> np.ndarray:
    """float32 or float64 (n, classes) in [0, 1], rows that sum to one within TOLERANCE; (n, 1), of
    the positive class, where one `score` of two classes is all there is."""
    lone = _lone(split)
    if lone:
        given = split.raw_score()[:, None]
        outside = None if table.inside(given) else (given < 0) | (given > 1)
    else:
        walk = checked(split, "normalise them")
        given, outside = walk.found, None if walk.inside is None else ~walk.inside
    if outside is not None:
        raise Refused(
            f"column `{'score' if lone else _named(split)}` lies outside [0, 1] in "
            f"{rows(outside)}, {span(given)}, but this metric takes "
            "probabilities; if these are logits, hand over their softmax (of two classes with one "
            "`score`: their sigmoid)"
        )
    return given


def by_class(split: "Split") -> np.ndarray:
    """float32 or float64 (n, classes), finite: a score for each class, a larger one for a likelier
    class.

    `score` of two classes, where that is all there is, becomes s for the positive class and 2t - s
    for the other, so that the larger one is the class that is predicted: t is `threshold=`, else
    1/2 where all scores lie in [0, 1], else 0.
    """
    if not _lone(split):
        return checked(split).found
    found, threshold = split.score(), split.options.threshold
    if threshold is None:
        threshold = 0.5 if table.inside(found) else 0.0
    return _two(split, found, 2 * threshold - found)


def _lone(split: "Split") -> bool:
    """Whether one `score` stands for both of two classes."""
    refuse_multilabel(split)
    available = split.column_names
    if "scores" in available or ("score" not in available and class_columns(split)):
        return False
    if "score" not in available:
        raise Refused(_none(available))
    known = split.classes
    if len(known) == 2:
        return True
    if class_columns(split):
        return False
    raise Refused(
        f"column `score` is one number for each row, and there are {len(known)} classes "
        f"({values(known, 10)}); give a number for each class (`scores` or `score_<class>`), or "
        "fix the two: Outputs(…, classes=[…])"
    )


def _two(split: "Split", positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    columns = [negative, positive] if split.positive_code() == 1 else [positive, negative]
    return np.stack(columns, axis=1)


def _named(split: "Split") -> str:
    return "scores" if "scores" in split.column_names else f"{PREFIX}<class>"


def _none(available: tuple[str, ...]) -> str:
    return (
        f"there is no column `score`{did_you_mean('score', available)}, nor `scores` or "
        f"`score_<class>`; there are {names(available)}; name it: "
        'Outputs(…, columns={"score": "<its name in the table>"})'
    )


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


def checked(split: "Split", remedy: str = "normalise them, or hand over logits") -> Walk:
    """The scores by class. Rows that are probabilities must sum to one; other numbers (logits) are
    as good for ranking.

    remedy: what to do where they do not sum to one.
    """
    refuse_multilabel(split)
    walk, what = split.walk(), f"`{_named(split)}`"
    found, inside, astray = walk.found, walk.inside, walk.astray
    # Logits seldom lie in [0, 1]: where most rows do, the others are mistakes.
    if inside is not None and 2 * np.count_nonzero(inside) <= len(found):
        return walk
    problems = []
    if inside is not None:
        problems.append(
            f"column {what} lies outside [0, 1] in {rows(~inside)}, {span(found)}, while the "
            "other rows are probabilities; mend them"
        )
    if len(astray):
        wrong, sums = np.zeros(len(found), bool), row_sums(found[astray])
        wrong[astray] = True
        problems.append(
            f"column {what}: probabilities do not sum to one within {TOLERANCE:g} in "
            f"{rows(wrong)}, from {sums.min():.6g} to {sums.max():.6g}; {remedy}"
        )
    if problems:
        raise Refused(*problems)
    return walk


def walked(split: "Split") -> Walk:
    """The scores by class, finite, columns in the order of the classes."""
    return walk(_by_class(split, narrow=True), _named(split))


def finite(split: "Split") -> np.ndarray:
    """float64 (n, classes), finite, columns in the order of the classes, as the table has them."""
    found = _by_class(split)
    if not table.finite(found):
        refuse_odd(found, _named(split))
    return found


def _by_class(split: "Split", narrow: bool = False) -> np.ndarray:
    """float64 (n, classes), or float32 where `narrow` and the table has them so."""
    return _from_list(split, narrow) if "scores" in split.column_names else _from_columns(split)


def has_classes(split: "Split") -> bool:
    """Whether the table has a score for each class, and not only one for each row."""
    return "scores" in split.column_names or bool(class_columns(split))


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
        raise Refused(
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


def span(found: np.ndarray) -> str:
    """ "from -3 to 1.5", with as many digits as it takes to see what lies outside [0, 1]."""
    return f"from {_seen(float(found.min()))} to {_seen(float(found.max()))}"


def _seen(value: float) -> str:
    text = f"{value:.4g}"
    return text if (0 <= float(text) <= 1) == (0 <= value <= 1) else repr(value)


def _spellings(value: Any) -> list[str]:
    """How a class may be written in a column's name."""
    texts = [str(value), str(value).lower()]
    if isinstance(value, bool | float) and value == int(value):
        texts.append(str(int(value)))
    return texts
