"""How many examples two models predict otherwise: that needs no labels."""

from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.outputs import kinds, memory
from evalharness.outputs.classes import DEFAULT_THRESHOLD
from evalharness.outputs.join import _one_type, _unequal, align
from evalharness.outputs.streamed import refuse_batches
from evalharness.outputs.words import names


def disagreement(a: Any, b: Any) -> tuple[int, int]:
    """How many rows of two splits, paired by id, have another `prediction`, and how many there are.

    Without that column in both, another side of 0.5 of the `score`. A row that one model leaves
    without an answer counts where the other gives one. Raises OutputsError where the two do not
    have the same examples, or nothing to compare.
    """
    refuse_batches("how often two models disagree needs rows to pair by id", a, b)
    for split in (a, b):
        split.check()
    row = align(a, b)
    both = [name for name in ("prediction", "score") if all(name in s.column_names for s in (a, b))]
    bare, other = (a, b) if "score" in a.column_names else (b, a)
    if a.n and not both and "score" in bare.column_names and "prediction" in other.column_names:
        raise OutputsError(
            [
                f"{bare.where} has a `score` and no `prediction`, and {other.where} no `score`; "
                "add the column `prediction`, the class that the score stands for, such as "
                f"score >= {DEFAULT_THRESHOLD:g}"
            ]
        )
    if not a.n or not both:
        raise OutputsError(
            [
                f"{a.where} and {b.where} have no rows, or neither `prediction` nor `score` in "
                f"common; there are {names(a.column_names)} in the one and "
                f"{names(b.column_names)} in the other"
            ]
        )
    if both[0] == "score":
        ours, theirs = (s.numbers("score") >= DEFAULT_THRESHOLD for s in (a, b))
        return int((ours != theirs[row]).sum()), a.n
    mine, yours = _one_type("prediction", a, b)
    if kinds.is_list(mine):
        raise OutputsError(
            [f"{a.where}: column `prediction` holds lists; models disagree on one answer each"]
        )
    return int(_unequal(mine, yours.take(memory.from_numpy(row))).sum()), a.n
