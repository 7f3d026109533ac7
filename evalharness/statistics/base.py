"""What every statistic offers, so that one pass serves them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from evalharness.declare.plural import counted


class Columns(NamedTuple):
    """What a statistic reads of a split.

    arrays:  one value for each entry, (m,) each, by name.
    classes: of the labels, if it counts by class.
    values:  host data that the tables are labelled with (distinct scores), never traced.
    rows:    int (m,): the row of the split that each entry belongs to, whose slice, weight and
             cluster it has; None when entry i is row i. The entries of one row are one unit of
             inference.
    """

    arrays: dict[str, Any]
    classes: tuple[Any, ...] = ()
    values: Any = None
    rows: Any = None


def everywhere(code: Any) -> bool:
    """Whether every entry is in group 0; not looked through where one number stands for all."""
    if len(code) and code.strides == (0,):
        return bool(code[0] == 0)
    return not code.any()


class Statistic(Protocol):
    """A frozen dataclass of plain values; two equal statistics are counted once.

    options:   names of metric parameters that configure it (`threshold`, …).
    read:      asks a split for its columns; raises OutputsError with everything that is wrong with
               them.
    program:   function (arrays, code, groups, classes) → raw arrays, of NumPy (few entries, or on a
               CPU, where the tables of blocks are merged) or traceable. `code` is int32 (m,), or of
               fewer bits where all are 0: the group of each entry; codes ≥ groups are padding or
               rows outside of every group, and count nowhere. Where examples have weights,
               `arrays["weight"]` holds them. None: the tables are the entries themselves
               (`host_tables`), nothing is added up.
    on_cpu:    where there is one: what takes the place of `program` on NumPy arrays, of all entries
               at once (sorts).
    tables:    the raw arrays, as NumPy, made into one table for each group: `Stacked` or `Ragged`
               where they stay arrays until one of them is asked for.
    merge:     the table of two disjoint sets of examples; associative, commutative, neutral at
               `zero`.
    influence: (gradient, table, arrays, values) → (m,): what each entry of a slice adds to a metric
               whose gradient with respect to the table is given, for one unit of weight.
    """

    options: tuple[str, ...]

    def read(self, split: Any) -> Columns: ...

    @property
    def program(self) -> Callable[..., Any]: ...

    def tables(self, raw: Any, columns: Columns, groups: int) -> Sequence[Any]: ...

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


# Arguments of a function of columns that are asked for otherwise than as numbers.
SPECIAL: dict[str, Callable[[Any], Any]] = {
    "probabilities": lambda split: split.probabilities(),
    "scores_matrix": lambda split: split.matrix(),
    "label_codes": lambda split: split.label_codes(),
    "label_probability": lambda split: split.label_probability(),
    "label_places": lambda split: split.label_places(),
    "given_probabilities": lambda split: split.given_probabilities(),
    "class_count": lambda split: len(split.classes),
    "prediction_codes": lambda split: split.prediction_codes(),
}


@dataclass(frozen=True)
class OfColumns:
    """What statistics share that are of one value for each example.

    of:    name of a column; or a function whose positional arguments name columns, each handed over
           whole, and which returns (n,) values. Its keyword-only arguments are parameters of the
           metric.
    given: those parameters, where they are not the defaults.
    """

    of: str | Callable[..., Any]
    given: tuple[tuple[str, Any], ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        return keywords(self.of)

    @property
    def column(self) -> str:
        return self.of if isinstance(self.of, str) else ""

    def configured(self, options: Mapping[str, Any]) -> Any:
        """The statistic with other parameters of its function."""
        return replace(self, given=tuple(sorted(options.items())))


def keywords(of: Any) -> tuple[str, ...]:
    """The names of a function's keyword-only arguments: they are parameters of its metric."""
    return () if isinstance(of, str) else _arguments(of)[1]


@lru_cache(256)
def _arguments(of: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of a function's positional, and of its keyword-only arguments; kept, since it is
    asked for them again and again."""
    import inspect

    found = inspect.signature(of).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return (
        tuple(p.name for p in found if p.kind in positional),
        tuple(p.name for p in found if p.kind is inspect.Parameter.KEYWORD_ONLY),
    )


def example_values(
    of: Any,
    split: Any,
    read: Callable[[str], Any],
    given: tuple[tuple[str, Any], ...] = (),
    columns: int = 1,
) -> Any:
    """One value for each example: a column by its name, or a function of the columns its arguments
    name; with `columns` > 1 a tuple of so many arrays. `given`: keyword arguments."""
    if isinstance(of, str):
        return read(of)

    def reader(name: str) -> Callable[[], Any]:
        if name in SPECIAL:
            return lambda: SPECIAL[name](split)
        return lambda: split.numbers(name)

    arguments = gathered(*(reader(name) for name in _arguments(of)[0]))
    return called(of, arguments, dict(given), split, columns)


def called(
    of: Callable[..., Any], arguments: list[Any], given: dict[str, Any], split: Any, columns: int
) -> Any:
    """What the function makes of whole columns; whatever is wrong with it is said in words."""
    import numpy as np

    from evalharness.declare.errors import OutputsError

    name = getattr(of, "__name__", str(of))
    where = f"{split.where}: {name}()"
    first = getattr(split, "first_row", 0)  # of a part, as it is counted in the whole
    try:
        with np.errstate(all="ignore"):  # what is not finite is answered below, in words
            found = of(*arguments, **given)
            found = tuple(np.asarray(x) for x in (found if columns > 1 else (found,)))
    except OutputsError as error:  # raised by the function itself, about its own domain
        raise OutputsError([f"{split.where}: {problem}" for problem in error.problems]) from None
    except Exception as error:
        raise OutputsError(
            [
                f"{where} raised {type(error).__name__}: {error}; it is given whole columns, "
                f"arrays of {split.n:,} numbers, and must return one value for each row"
            ]
        ) from error
    problems = []
    if len(found) != columns:
        problems.append(f"{where} must return {columns} arrays; it returned {len(found)}")
    for values in found:
        if values.shape != (split.n,):
            problems.append(
                f"{where} must return one value for each of {split.n:,} rows; it returned shape "
                f"{values.shape}"
            )
        elif not np.isfinite(values).all():
            rows = np.flatnonzero(~np.isfinite(values))
            problems.append(
                f"{where} is not finite on {counted(len(rows), 'rows')}, first row "
                f"{rows[0] + first}; it must be a number everywhere"
            )
    if problems:
        raise OutputsError(problems)
    return found if columns > 1 else found[0]
