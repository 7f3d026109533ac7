"""Slices: the rows that share a value. Null (and NaN) is a slice of its own, named None."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.errors import did_you_mean
from evalharness.outputs import kinds
from evalharness.outputs.words import Refused, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

SHOWN_SLICES = 10
REMEDY = "slice by a column that is there"


def partition(split: "Split", name: str) -> tuple[np.ndarray, tuple[Any, ...]]:
    """int32 codes (n,) and their values, sorted, None last."""
    column = split.column(name, remedy=REMEDY)
    if not kinds.is_sliceable(column):
        raise Refused(
            f"column `{name}` is {kinds.kind(column)}, by which rows cannot be grouped; take a "
            "column of text, booleans, numbers or dates"
        )
    return split.encoded(name).partition()


def matches(split: "Split", name: str, value: Any) -> np.ndarray:
    """bool (n,); Refused when no row has the value."""
    codes, known = split.partition(name)
    if value in known:
        return codes == known.index(value)
    raise Refused(absent(name, value, known))


def absent(name: str, value: Any, known: tuple[Any, ...]) -> str:
    """The problem of a value that no row has."""
    typed = next((k for k in known if str(k) == str(value)), None)
    hint = f"write {typed!r}" if typed is not None else "correct the value, or add such rows"
    return (
        f"column `{name}` has no row with {value!r}{did_you_mean(value, known)}; it has "
        f"{values(known, SHOWN_SLICES)}; {hint}"
    )


def never_together(conditions: Mapping[str, Any]) -> str:
    """The problem of conditions that no row meets all of."""
    asked = ", ".join(f"{name}={value!r}" for name, value in conditions.items())
    return f"no row has {asked} together; a slice needs rows: correct the values, or add such rows"


def select(split: "Split", conditions: Mapping[str, Any]) -> np.ndarray:
    """bool (n,); Refused with every condition that no row meets, or when no row meets them all."""
    from evalharness.declare.errors import OutputsError

    inside = np.ones(split.n, bool)
    problems: list[str] = []
    for name, value in conditions.items():
        try:
            inside &= split.matches(name, value)
        except OutputsError as error:
            problems += [problem.removeprefix(f"{split.where}: ") for problem in error.problems]
    if not problems and not inside.any():
        problems.append(never_together(conditions))
    if problems:
        raise Refused(*problems)
    return inside
