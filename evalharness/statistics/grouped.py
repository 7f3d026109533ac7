"""Groups: moments of one value for each query, prompt or other group of rows, which is the unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evalharness.statistics.base import Columns, gathered, keywords
from evalharness.statistics.counts import Flags
from evalharness.statistics.sums import Moments


@dataclass(frozen=True, eq=False)
class Parts:
    """The rows of a split by group.

    code:  int (n,), the group of each row, 0 … count − 1.
    first: int (count,), the first row of each group.
    name:  the group of a code in words, for messages: "query 'q7'".
    """

    code: Any
    first: Any
    name: Callable[[int], str]

    @property
    def count(self) -> int:
        return len(self.first)

    @property
    def sizes(self) -> Any:
        """(count,) rows of each group."""
        import numpy as np

        return np.bincount(self.code, minlength=self.count)


class _OfGroups:
    """What statistics share that are of one value for each group of rows."""

    of: Any
    given: Any
    by: str
    columns: tuple[str, ...]
    kind: str

    @property
    def options(self) -> tuple[str, ...]:
        return keywords(self.of) + (("column",) if self.columns else ())

    def values(self, split: Any) -> tuple[Any, Any]:
        """One value for each group, and the first row of each; groups that have none are left
        out."""
        import numpy as np

        given = dict(self.given)
        names = (given.pop("column"),) if "column" in given else self.columns or self._arguments()
        parts, *columns = gathered(
            lambda: parts_of(split, self.by), *(self._reader(split, name) for name in names)
        )
        if isinstance(self.of, str):
            found = np.bincount(parts.code, columns[0], parts.count) / parts.sizes
        else:
            found = _called(self.of, parts, columns, given, split)
        kept = ~np.isnan(found)
        return found[kept], parts.first[kept]

    def _arguments(self) -> tuple[str, ...]:
        import inspect

        if isinstance(self.of, str):
            return (self.of,)
        found = inspect.signature(self.of).parameters.values()
        return tuple(p.name for p in found if p.kind is not p.KEYWORD_ONLY)[1:]

    def _reader(self, split: Any, name: str) -> Callable[[], Any]:
        if name == "relevance":
            return lambda: split.grades(name)
        if self.kind == "flags":
            return lambda: split.flags(name).astype(float)
        return lambda: split.numbers(name)


@dataclass(frozen=True)
class Grouped(_OfGroups, Moments):
    """`Moments` of one value for each group of rows: a `MomentTable` in which a group counts once.

    of:      name of a numeric column, of which each group has its mean; or a function of `Parts`
             and of the columns that its other positional arguments name, each handed over whole,
             float64 (n,), which returns (count,) values, NaN for a group that is to be left out.
             `relevance` may be null, and is NaN there. Keyword-only arguments are parameters of the
             metric.
    by:      the column that tells the groups apart; weights, clusters and slices must be the same
             in all rows of a group.
    columns: what to hand over in place of the arguments' names; `column=` then names another.
    kind:    "numbers", or "flags" where those columns are yes/no.
    """

    by: str = "id"
    columns: tuple[str, ...] = ()
    kind: str = "numbers"

    def read(self, split: Any) -> Columns:
        values, rows = self.values(split)
        return Columns({"value": values}, rows=rows)


@dataclass(frozen=True)
class GroupedFlags(_OfGroups, Flags):
    """How many groups of rows something is true for: a `Share`. `of` returns 0 or 1 for each
    group, NaN for one that is to be left out; else as `Grouped`."""

    by: str = "id"
    columns: tuple[str, ...] = ()
    kind: str = "numbers"

    def read(self, split: Any) -> Columns:
        values, rows = self.values(split)
        return Columns({"hit": values.astype(bool)}, rows=rows)


def parts_of(split: Any, by: str) -> Parts:
    """The rows of a split by the values of a column; weights and clusters may not vary inside."""
    code, first = split.groups_of(by)
    shared = [c for c in ("weight", "cluster") if c in split.column_names and c != by]
    gathered(*(lambda c=c: split.constant_within(c, by) for c in shared))
    values = split.column(by)
    return Parts(code, first, lambda i: f"{by} {values[int(first[i])].as_py()!r}")


def _called(
    of: Callable[..., Any], parts: Parts, columns: list[Any], given: dict[str, Any], split: Any
) -> Any:
    """What the function makes of the groups; whatever is wrong with it is said in words."""
    import numpy as np

    from evalharness.declare.errors import DeclarationError, OutputsError

    where = f"{split.where}: {getattr(of, '__name__', of)}()"
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(of(parts, *columns, **given), float)
    except DeclarationError:
        raise
    except OutputsError as error:  # raised by the function itself, about its own domain
        raise OutputsError([f"{split.where}: {problem}" for problem in error.problems]) from None
    except Exception as error:
        raise OutputsError(
            [
                f"{where} raised {type(error).__name__}: {error}; it is given whole columns, "
                f"arrays of {split.n:,} numbers, and must return one value for each of "
                f"{parts.count:,} groups"
            ]
        ) from error
    if found.shape != (parts.count,):
        raise OutputsError(
            [
                f"{where} must return one value for each of {parts.count:,} groups; it returned "
                f"shape {found.shape}"
            ]
        )
    if np.isinf(found).any():
        i = int(np.flatnonzero(np.isinf(found))[0])
        raise OutputsError([f"{where} is infinite for {parts.name(i)}; it must be a number"])
    return found
