"""What every statistic offers, so that one pass serves them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol


class Columns(NamedTuple):
    """What a statistic reads of a split: (n,) arrays by name, and the classes if it counts by
    class."""

    arrays: dict[str, Any]
    classes: tuple[Any, ...] = ()
    values: Any = (
        None  # host data that the tables are labelled with (distinct scores), never traced
    )


class Statistic(Protocol):
    """A frozen dataclass of plain values; two equal statistics are counted once.

    options: names of metric parameters that configure it (`threshold`, …).
    read:    asks a split for its columns; raises OutputsError with everything that is wrong with
             them.
    program: traceable function (arrays, code, groups, classes) → raw arrays. `code` is int32 (n,):
             the group of each example; codes ≥ groups are padding or rows outside of every group,
             and count nowhere.
    tables:  the raw arrays, as NumPy, made into one table for each group.
    merge:   the table of two disjoint sets of examples; associative, commutative, neutral at
             `zero`.
    """

    options: tuple[str, ...]

    def read(self, split: Any) -> Columns: ...

    @property
    def program(self) -> Callable[..., Any]: ...

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[Any]: ...

    def merge(self, a: Any, b: Any) -> Any: ...

    def zero(self, classes: int = 0) -> Any: ...


def gathered(*reads: Callable[[], Any]) -> list[Any]:
    """What each of the reads gives; the problems of all of them are raised together."""
    from evalharness.declare.errors import OutputsError

    found: list[Any] = []
    problems: list[str] = []
    for read in reads:
        try:
            found.append(read())
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(problems)
    return found


def example_values(of: Any, split: Any, read: Callable[[str], Any]) -> Any:
    """One value for each example: a column by its name, or a function of the columns its arguments
    name."""
    import inspect

    import numpy as np

    from evalharness.declare.errors import OutputsError

    if isinstance(of, str):
        return read(of)
    problems: list[str] = []
    columns = []
    for name in inspect.signature(of).parameters:
        try:
            columns.append(split.numbers(name))
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(problems)
    name = getattr(of, "__name__", str(of))
    try:
        with np.errstate(all="ignore"):  # what is not finite is answered below, in words
            values = np.asarray(of(*columns))
    except Exception as error:
        raise OutputsError(
            [
                f"{split.where}: {name}() raised {type(error).__name__}: {error}; it is given "
                "whole "
                f"columns, arrays of {split.n} numbers, and must return one value for each row"
            ]
        ) from error
    if values.shape != (split.n,):
        raise OutputsError(
            [
                f"{split.where}: {name}() must return one value for each of {split.n} rows; it "
                f"returned shape {values.shape}"
            ]
        )
    if not np.isfinite(values).all():
        rows = np.flatnonzero(~np.isfinite(values))
        raise OutputsError(
            [
                f"{split.where}: {name}() is not finite on {len(rows)} rows, first row {rows[0]}; "
                "it must be a number everywhere"
            ]
        )
    return values
