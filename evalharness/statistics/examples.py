"""Examples: the columns themselves, for metrics that are a function of all rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from evalharness.statistics.base import Columns, gathered
from evalharness.statistics.sums import Moments
from evalharness.statistics.tables import MomentTable


class Asked(NamedTuple):
    """A function as it is asked on one split.

    of:    (arrays, fixed, options) → what the function says of these rows; see `custom`.
    fixed: what the split adds to every call, such as its classes.
    each:  whether it gives one number for each row.
    where: the split, for messages.
    """

    of: Any
    fixed: Mapping[str, Any]
    options: Mapping[str, Any]
    each: bool
    where: str

    def __repr__(self) -> str:  # classes and parameters may be cells
        return f"<{self.of.name}() on {self.where}>"

    def number(self, arrays: Mapping[str, Any]) -> tuple[float, str]:
        """One number for these rows; or NaN, and why there is none."""
        found, reason = called(self, arrays)
        if not reason and (reason := _no_number(found)):
            reason = f"{self.of.name}() {reason}"
        if reason:
            return float("nan"), reason
        if (value := float(found)) != value:
            return value, f"{self.of.name}() is NaN on these rows"
        return value, ""


class ExampleTable(NamedTuple):
    """The rows of a group: (m, …) arrays by name, `weight` among them where rows have weights."""

    arrays: dict[str, Any]
    asked: Any

    def __repr__(self) -> str:  # a message that prints its table prints no cells
        count = max((len(array) for array in self.arrays.values()), default=0)
        return f"<{count:,} examples of {', '.join(self.arrays) or 'nothing'}>"


@dataclass(frozen=True)
class Resampled:
    """A function of the rows, of which only resampling tells how far it may be off.

    value: the function on all rows; of: (arrays) → its value on some of them, NaN where none.
    name:  of the function, for messages.
    """

    value: float
    of: Callable[[Mapping[str, Any]], float]
    name: str


@dataclass(frozen=True)
class Examples:
    """The columns that a function reads, row by row; nothing is added up.

    of:    what is asked: a frozen value with `name`, `options` (names of its parameters, which
           may be found only when they are gone through),
           `weighted` (whether it takes weights), `read(split, options)` → (arrays, fixed), and a
           call (arrays, fixed, options).
    given: its parameters.

    A function that gives one number for each row is summed up as `Moments` sums up a column.
    """

    of: Any
    given: tuple[tuple[str, Any], ...] = ()

    program = None
    average = ""  # it counts no 2×2 table; an average is a parameter of the function

    @property
    def options(self) -> Iterable[str]:
        return cast(Iterable[str], self.of.options)

    @property
    def column(self) -> str:
        """What stands in quotes where the metric is written: `custom("neg_log_loss")`."""
        return str(self.of.quoted)

    def configured(self, options: Mapping[str, Any]) -> Examples:
        """The statistic with other parameters of its function."""
        return Examples(self.of, tuple(sorted((dict(self.given) | dict(options)).items())))

    def read(self, split: Any) -> Columns:
        import numpy as np

        from evalharness.declare.errors import OutputsError

        options = dict(self.given)
        (arrays, fixed), weight = gathered(
            lambda: self.of.read(split, options), lambda: self._weight(split)
        )
        asked = Asked(self.of, fixed, options, False, split.where)
        whole = arrays if weight is None else arrays | {"weight": weight}
        found, reason = called(asked, whole, quiet=False)
        if reason:
            raise OutputsError([f"{split.where}: {reason}"])
        if np.shape(found) == (split.n,):
            values = self._each(split, found)
            return Columns({"value": values}, values=asked._replace(each=True))
        _, reason = asked.number(whole)
        if reason:
            raise OutputsError(
                [
                    f"{split.where}: {reason}; a metric gives one number, or one for each of the "
                    f"{split.n:,} rows"
                ]
            )
        return Columns(arrays, values=asked)

    def host_tables(
        self, arrays: dict[str, Any], columns: Columns, code: Any, groups: int
    ) -> list[Any]:
        import numpy as np

        found: list[Any] = []
        for g in range(groups):
            mine = {k: v[np.asarray(code) == g] for k, v in arrays.items()}
            asked = columns.values
            found.append(_moments(mine) if asked.each else ExampleTable(mine, asked))
        return found

    def merge(self, a: Any, b: Any) -> Any:
        import numpy as np

        if isinstance(a, MomentTable):
            return Moments("value").merge(a, b)
        if not a.arrays or not b.arrays:
            return a if a.arrays else b
        return ExampleTable(
            {k: np.concatenate([v, b.arrays[k]]) for k, v in a.arrays.items()}, a.asked
        )

    def zero(self, classes: int = 0) -> ExampleTable:
        return ExampleTable({}, None)

    def _weight(self, split: Any) -> Any:
        """The weights, where they differ and the function takes them; refused where it does not."""
        from evalharness.declare.errors import OutputsError

        weight = split.weights()
        if weight is None or (weight == weight[0]).all():
            return None
        if self.of.weighted:
            return weight
        raise OutputsError(
            [
                f"{split.where}: there is a column `weight`, and {self.of.name}() takes no "
                "sample_weight: it would count all rows alike; give the function an argument "
                "sample_weight, or free the name of the column: "
                'Outputs(…, columns={"my_weight": "weight"})'
            ]
        )

    def _each(self, split: Any, found: Any) -> Any:
        import numpy as np

        from evalharness.declare.errors import OutputsError

        try:
            values = np.asarray(found, float)
        except (TypeError, ValueError):
            raise OutputsError(
                [f"{split.where}: {self.of.name}() gives one value for each row, but no numbers"]
            ) from None
        odd = np.flatnonzero(~np.isfinite(values))
        if len(odd):
            raise OutputsError(
                [
                    f"{split.where}: {self.of.name}() is NaN or infinite in {len(odd):,} of "
                    f"{split.n:,} rows, the first is row {odd[0]} (counting from 0); it must be a "
                    "number in every row"
                ]
            )
        return values


def called(asked: Asked, arrays: Mapping[str, Any], quiet: bool = True) -> tuple[Any, str]:
    """What the function says of these rows, or None and why it says nothing.

    quiet: its warnings are not shown. What scikit-learn calls ill-defined is an error in any case,
    for it stands in for 0/0 with a number; an average over rows alone keeps its 0 (`scorers`).
    """
    import sys
    import warnings

    import numpy as np

    from evalharness.declare.errors import OutputsError

    name = asked.of.name
    undefined = getattr(sys.modules.get("sklearn.exceptions"), "UndefinedMetricWarning", ())
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        if quiet:
            warnings.simplefilter("ignore")
        if undefined:
            warnings.simplefilter("error", undefined)
        try:
            found = asked.of(
                {k: np.array(v) for k, v in arrays.items()}, asked.fixed, asked.options
            )
        except OutputsError as error:  # raised by the function itself, about its own domain
            return None, "; ".join(error.problems)
        except ZeroDivisionError:
            return None, f"{name}() is 0/0 on these rows"
        except Exception as error:
            text = str(error).strip().split("\n")[0]
            text = text if len(text) <= 200 else f"{text[:199]}…"  # it may be made of cells
            if undefined and isinstance(error, undefined):
                return None, (
                    f"{name}() is 0/0: {text}; where the function takes zero_division=, that says "
                    "what it is then"
                )
            told = asked.of.remedy(asked.fixed, text)
            return None, f"{name}() raised {type(error).__name__}: {text}{told}"
    return found, ""


def _no_number(found: Any) -> str:
    """What a result is where it should be one number, or ""."""
    import numpy as np

    shape = np.shape(found) if not isinstance(found, (dict, str, tuple, set)) else ()
    if shape:
        return f"returned an array of shape {shape}"
    if isinstance(found, (str, complex)) or not hasattr(found, "__float__"):
        return f"returned {type(found).__name__}, which is no number"
    return ""


def _moments(arrays: Mapping[str, Any]) -> MomentTable:
    import numpy as np

    x = arrays["value"]
    weight = arrays.get("weight")
    each = np.ones(len(x)) if weight is None else weight
    n = len(x) if weight is None else weight.sum()
    mean = (each * x).sum() / n if n else 0.0
    c = x - mean
    return MomentTable(n, mean, (each * c**2).sum(), (each * c**3).sum())
