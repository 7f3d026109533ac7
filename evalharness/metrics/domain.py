"""What a metric's own formula cannot take: said in words, with the rows, all problems at once."""

from __future__ import annotations

from typing import Any

SHOWN = 3


def refuse(*checks: tuple[str, Any, Any, str]) -> None:
    """Raise `OutputsError` with every check that fails on some rows.

    checks: (column, its values (n,), which of them are wrong (n,), the rest of the sentence).
    """
    from evalharness.declare.errors import OutputsError

    problems = [
        f"column `{column}` {spread(values, wrong)} in {rows(wrong)}, but {rest}"
        for column, values, wrong, rest in checks
        if wrong.any()
    ]
    if problems:
        raise OutputsError(problems)


def refuse_parameter(name: str, value: Any, allowed: bool, expected: str) -> None:
    """Raise `OutputsError` where a parameter of a metric is not what its formula needs."""
    from evalharness.declare.errors import OutputsError

    if not allowed:
        raise OutputsError([f"{name}={value!r}: {expected}"])


def is_number(value: Any) -> bool:
    """Whether it is a finite number, and not a truth value."""
    import math

    return not isinstance(value, bool) and isinstance(value, (int, float)) and math.isfinite(value)


def spread(values: Any, wrong: Any) -> str:
    """The offending values: "is 0", "is -3 to -1"."""
    low, high = values[wrong].min(), values[wrong].max()
    return f"is {low:g}" if low == high else f"is {low:g} to {high:g}"


def rows(wrong: Any) -> str:
    """How many rows a mask (n,) marks, and the first of them: "2 rows (3 and 7, counting from
    0)"."""
    import numpy as np

    places = np.flatnonzero(wrong).tolist()
    if len(places) == 1:
        return f"1 row (row {places[0]}, counting from 0)"
    if len(places) <= SHOWN:
        shown = ", ".join(map(str, places[:-1])) + f" and {places[-1]}"
    else:
        shown = "first: " + ", ".join(map(str, places[:SHOWN]))
    return f"{len(places):,} rows ({shown}, counting from 0)"
