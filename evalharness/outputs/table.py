"""What holds for a whole table and for plain columns: names, numbers, flags."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.plural import counted
from evalharness.outputs import kinds
from evalharness.outputs.memory import nulls, to_numpy
from evalharness.outputs.words import Refused, rows, told, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split


def rename(found: tuple[str, ...], columns: Mapping[str, str]) -> dict[str, str]:
    """Name to ask for -> name in the table. A renamed column loses its own name, and a renamed one
    goes before another that already has the new name."""
    names = {name: name for name in found if name not in columns.values()}
    names.update({name: column for name, column in columns.items() if column in found})
    for name, column in columns.items():
        if column not in found:  # `label` must not quietly mean another column than was asked for
            names.pop(name, None)
    return names


def head_problems(split: Any) -> list[str]:
    """The problems that can be told without the rows."""
    problems = []
    if split.n == 0:
        problems.append("the table is empty (0 rows); nothing can be evaluated")
    repeated = [name for name, times in Counter(split.source_names).items() if times > 1]
    problems += [twice(name) for name in repeated]
    problems += [
        f"there is no column `{column}` for `columns={{{name!r}: {column!r}}}`"
        for name, column in split.options.columns.items()
        if column not in split.source_names
    ]
    return problems


def check(split: "Split") -> None:
    """Refuse with every problem of the whole table."""
    problems = head_problems(split)
    for name, question in (
        ("id", split.checked_ids),
        ("weight", split.weights),
        ("cluster", split.clusters),
        ("sample", split.clusters),
        # Checked even where a prediction stands beside it: a score that is no number is a fault of
        # what wrote the table, whichever metric is asked for.
        ("score", lambda: split.raw_numbers("score")),
    ):
        if name in split.column_names and split.n:
            problems += told(split, question)
    if problems:
        raise Refused(*problems)


def twice(name: str) -> str:
    """The problem of two columns with one name."""
    return f"column `{name}` occurs more than once; rename the others in the table"


def numbers(split: "Split", name: str) -> np.ndarray:
    """float64 (n,), or float32 where the table has it so; Refused where a value is not a finite
    number."""
    given = kinds.numbers(split.given(name))
    if given is not None:
        given = given if given.dtype == np.float32 else given.astype(np.float64, copy=False)
        if finite(given):
            return given
    column = split.column(name)
    kind = kinds.kind(column)
    if kind not in (kinds.REAL, kinds.INTEGER):
        remedy = "cast it in the table"
        if kind == kinds.BOOLEAN:
            remedy = f'use rate("{name}") for a share, or cast it to integers in the table'
        elif kinds.is_list(column):
            remedy = "keep one number for each row"
        raise Refused(f"column `{name}` is {kind}, but numbers are needed; {remedy}")
    found = to_numpy(column.cast("float64", safe=False))
    if not column.null_count and finite(found):
        return found
    missing = nulls(column)
    problems = []
    if missing.any():
        problems.append(
            f"column `{name}` is null (or was NaN) in {rows(missing)}; a number is needed in "
            "every row: mend them, or leave them out of the split for a reason that you state"
        )
    odd = ~np.isfinite(found) & ~missing
    if odd.any():
        problems.append(
            f"column `{name}` is NaN or infinite in {rows(odd)}; a finite number is needed in "
            "every row: mend what wrote them"
        )
    if problems:
        raise Refused(*problems)
    return found


def grades(split: "Split", name: str) -> np.ndarray:
    """float64 (n,), NaN where it is null; Refused where a value is no grade."""
    import pyarrow as pa

    column = split.column(name)
    kind = kinds.kind(column)
    if kind not in (kinds.INTEGER, kinds.REAL, kinds.BOOLEAN, kinds.EMPTY):
        raise Refused(
            f"column `{name}` is {column.type}, but a grade ≥ 0 is needed (0 for not relevant, "
            "null for unjudged); cast it in the table"
        )
    if kind == kinds.EMPTY:
        return np.full(split.n, np.nan)
    found = to_numpy(column.cast(pa.int8()) if kind == kinds.BOOLEAN else column)
    found = found.astype(np.float64, copy=False)
    if column.null_count:
        found = np.where(nulls(column), np.nan, found)
    if len(found) and not (found.min() >= 0 and found.max() < np.inf):
        odd = np.isinf(found) | (found < 0)
        if odd.any():
            row = int(np.flatnonzero(odd)[0])
            raise Refused(
                f"column `{name}` is negative or infinite in {counted(odd.sum(), 'rows')}, first "
                f"row {row} ({found[row]:g}); a grade is a number ≥ 0, and null where a document "
                "was not judged"
            )
    return found


def finite(found: np.ndarray) -> bool:
    """Whether numbers of any shape are known to be finite. False where a sum of large ones says
    nothing."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(found.sum()))


def inside(found: np.ndarray) -> bool:
    """Whether all numbers, none of them NaN, lie in [0, 1]."""
    return not len(found) or bool(found.min() >= 0 and found.max() <= 1)


def flags(split: "Split", name: str) -> np.ndarray:
    """bool (n,); Refused where a value is neither true nor false."""
    column = split.column(name)
    kind = kinds.kind(column)
    problems = []
    if kind not in (kinds.BOOLEAN, kinds.INTEGER):
        raise Refused(
            f"column `{name}` is {kind}, but true/false or 0/1 is needed; cast it in the table"
        )
    missing = nulls(column)
    if missing.any():
        problems.append(f"column `{name}` is null in {rows(missing)}; say true or false there")
    found = to_numpy(column)
    if kind == kinds.INTEGER:
        odd = (found != 0) & (found != 1) & ~missing
        if odd.any():
            shown: list[Any] = np.unique(found[odd]).tolist()
            problems.append(
                f"column `{name}` holds {values(shown)} in {rows(odd)}, but only 0 and 1 (or "
                "booleans) can be counted"
            )
    if problems:
        raise Refused(*problems)
    return found.astype(bool)
