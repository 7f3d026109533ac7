"""Scores: one number for each row (`score`), or one for each row and class (`scores`)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.errors import did_you_mean
from evalharness.outputs import kinds, table
from evalharness.outputs.class_scores import class_columns, has_classes, named
from evalharness.outputs.lists import refuse_multilabel
from evalharness.outputs.walks import TOLERANCE, Walk, row_sums
from evalharness.outputs.words import Absent, Refused, names, rows, short, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split


FINEST = 2**53  # beyond it not every integer is a float


def score(split: "Split", positive: Any) -> np.ndarray:
    """float32 or float64 (n,): `score`, of the positive class, or the column of a class."""
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
        found = split.raw_numbers("score")
        whole = kinds.kind(split.column("score")) == kinds.INTEGER
        if whole and max(found.max(initial=0), -found.min(initial=0)) > FINEST:
            raise Refused(
                "column `score` holds integers beyond 2⁵³, which floats do not tell apart; "
                "subtract the least of them, or rank them, in the table"
            )
        return found
    if has_classes(split):
        return np.ascontiguousarray(checked(split).found[:, split.positive_code(positive)])
    raise Absent(_none(available))


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
    given = split.given_probabilities().astype(np.float64, copy=False)
    if given.shape[1] < len(split.classes):
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
            f"column `{'score' if lone else named(split)}` lies outside [0, 1] in "
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
        raise Absent(_none(available))
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


def _none(available: tuple[str, ...]) -> str:
    return (
        f"there is no column `score`{did_you_mean('score', available)}, nor `scores` or "
        f"`score_<class>`; there are {names(available)}; name it: "
        'Outputs(…, columns={"score": "<its name in the table>"})'
    )


def checked(split: "Split", remedy: str = "normalise them, or hand over logits") -> Walk:
    """The scores by class. Rows that are probabilities must sum to one; other numbers (logits) are
    as good for ranking.

    remedy: what to do where they do not sum to one.
    """
    refuse_multilabel(split)
    walk, what = split.walk(), f"`{named(split)}`"
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


def span(found: np.ndarray) -> str:
    """ "from -3 to 1.5", with as many digits as it takes to see what lies outside [0, 1]."""
    return f"from {_seen(float(found.min()))} to {_seen(float(found.max()))}"


def _seen(value: float) -> str:
    text = f"{value:.4g}"
    return text if (0 <= float(text) <= 1) == (0 <= value <= 1) else repr(value)
