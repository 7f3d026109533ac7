"""The metric handle: a definition, its parameters, and where it is to be measured."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evalharness.declare import naming
from evalharness.declare.arithmetic import Arithmetic, is_number
from evalharness.declare.bound import Bound, bound
from evalharness.declare.errors import DeclarationError, did_you_mean
from evalharness.declare.naming import word

if TYPE_CHECKING:
    from evalharness.declare.human import Human
    from evalharness.declare.objective import Against, Saved

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True


@dataclass(frozen=True)
class Definition:
    """What `@metric` fixes: the function of a table, the statistic that fills it, and its
    meaning."""

    name: str
    function: Callable[..., Any]
    statistic: Any
    better: str | None = field(default=None, compare=False)  # no other value, so no other metric
    range: tuple[float, float] = (-math.inf, math.inf)
    unit: str = ""
    averages: tuple[str, ...] = ()
    report_only: str = ""

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The function's keyword-only parameters with their defaults."""
        found = inspect.signature(self.function).parameters.values()
        return {p.name: p.default for p in found if p.kind is p.KEYWORD_ONLY}


@dataclass(frozen=True)
class Metric(Arithmetic):
    """A metric, ready to be placed: `recall.on("test", region="eu").by("device") >= 0.8`.

    A handle is a plain value: equal handles are one computation, and `str` prints what was written.
    """

    definition: Definition
    options: tuple[tuple[str, Any], ...] = ()
    split: str = ""
    where: tuple[tuple[str, Any], ...] = ()
    group: tuple[str, ...] = ()
    min_n: int = field(default=1)
    over: str = ""
    exact: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self.definition.function.__doc__)

    def __call__(self, *arrays: Any, **options: Any) -> Metric:
        """The metric with other parameters: `recall(average="macro")`, `f1(threshold=0.3)`."""
        if arrays:
            raise DeclarationError(
                f"{self.name}(…) takes its parameters by name ({self.name}(positive=…)), and no "
                "arrays: write "
                f'{self.name}.on("test") and hand the table to Outputs(test=…)'
            )
        accepted = set(self.definition.parameters) | set(self.definition.statistic.options)
        if getattr(self.definition.statistic, "average", None):
            accepted -= {"average", "positive"}  # the metric is an average by definition
        problems = [
            f"{self.name} has no parameter {name!r}{did_you_mean(name, accepted)}; "
            + (f"it takes {', '.join(sorted(accepted))}" if accepted else "it takes none")
            for name in options
            if name not in accepted
        ]
        average = options.get("average")
        if average is not None and average not in self.definition.averages:
            offered = " or ".join(map(repr, self.definition.averages)) or "no average"
            problems.append(f"{self.name} offers {offered}, not average={average!r}")
        # NumPy scalars would print as np.float64(0.5).
        options = {k: v.item() if _is_scalar(v) else v for k, v in options.items()}
        merged = dict(self.options) | options
        if merged.get("average") is not None and merged.get("positive") is not None:
            problems.append(
                f"{self.name}: average= looks at every class, positive= at one; give one of them"
            )
        problems += [
            f"{self.name}: {name}={value!r} must be one value, not {type(value).__name__}"
            for name, value in options.items()
            if not isinstance(value, Hashable)
        ]
        threshold = options.get("threshold")
        if threshold is not None and not is_number(threshold):
            problems.append(f"{self.name}: threshold={threshold!r} is not a finite number")
        if problems:
            raise DeclarationError("; ".join(problems))
        return replace(self, options=tuple(sorted(merged.items())))

    def on(self, split: str, /, **where: Any) -> Metric:
        """The metric on one split, or on the slice of it where columns have the given values.

        A value is text, a number, a boolean, a date, or None for rows without one.
        """
        if self.split:
            raise DeclarationError(f"{self} already stands on {self.split!r}; use .on() once")
        if not isinstance(split, str) or not split:
            raise DeclarationError(
                f'{self}.on() takes the name of a split, such as "test"; got {split!r}'
            )
        if dict(self.options).get("threshold_from") == split:
            raise DeclarationError(
                f"{self}.on({split!r}): the threshold would be chosen on the split that it is "
                "judged on; choose it on another"
            )
        for column, value in where.items():
            if (
                value is not None
                and not isinstance(value, (str, int, float, date))
                and not _is_scalar(value)
            ):
                raise DeclarationError(
                    f"{self}.on({split!r}, {column}=…): a slice is one value of a column, "
                    f"not {type(value).__name__}; for every value use .by({column!r})"
                )
        # NumPy scalars would print as np.str_('eu'), and hash otherwise than what they equal.
        plain = {c: v.item() if _is_scalar(v) else v for c, v in where.items()}
        return replace(self, split=split, where=tuple(sorted(plain.items())))

    def by(self, *columns: str, min_n: int = 1) -> Metric:
        """One slice for each value of a column, or for each combination of the values of several;
        those with fewer than `min_n` rows are pooled."""
        if not columns or not all(isinstance(c, str) and c for c in columns):
            raise DeclarationError(
                f'{self}.by() takes names of columns, such as .by("device"); got {columns!r}'
            )
        if len(set(columns)) < len(columns):
            raise DeclarationError(f"{self}.by{columns!r}: name each column once")
        if self.group:
            crossed = ", ".join(map(repr, (*self.group, *columns)))
            raise DeclarationError(
                f"{self} is already sliced by {self.crossed!r}; for every combination of the "
                f"values of both write .by({crossed})"
            )
        if isinstance(min_n, bool) or not isinstance(min_n, int) or min_n < 1:
            raise DeclarationError(
                f"{self}.by({columns[0]!r}): min_n={min_n!r} is not a whole number ≥ 1"
            )
        return replace(self, group=columns, min_n=min_n)

    def gap(self) -> Metric:
        """The largest difference between two of the slices of `.by`.

        `recall.by("region").gap()` is equal opportunity, `rate("approved").by("sex").gap()`
        demographic parity.
        """
        if not self.group or self.over:
            raise DeclarationError(
                f'{self}.gap() is the difference between slices: write {self.label}.on("test")'
                '.by("region").gap()'
            )
        return replace(self, over="gap")

    def at(self, *, threshold_from: str, **least: float) -> Metric:
        """The metric at a threshold on the score that was chosen on another split.

        `f1.at(threshold_from="dev").on("test")`: where F1 is best on dev.
        `recall.at(threshold_from="dev", precision=0.9)`: where recall is best on dev among the
        thresholds at which precision is at least 0.9 there.
        """
        from evalharness.declare.thresholds import checked

        chosen = checked(self, threshold_from, least)
        return replace(self, options=tuple(sorted((dict(self.options) | chosen).items())))

    def exactly(self) -> Any:
        """The value on a fixed list, of which every row counts: `.exactly() == 0`.

        Nothing is sampled, so there is no interval, and the value alone decides.
        """
        from evalharness.declare.exactly import Exactly

        return Exactly(self)

    def __eq__(self, other: Any) -> bool:
        if isinstance(other, Metric):
            mine = [getattr(self, f.name) for f in fields(self)]
            return mine == [getattr(other, f.name) for f in fields(other)]
        if isinstance(other, (int, float)):
            raise DeclarationError(
                f"{self} == {other!r}: no number of examples can show that a metric is exactly a "
                "number; write <= or >=, or, if the rows are a fixed list of which every one "
                "counts, .exactly() =="
            )
        return NotImplemented

    def __hash__(self) -> int:
        # Of some fields: two that differ in the others only are told apart by `==`.
        return hash((self.definition.name, self.options, self.split, self.where, self.group))

    def against(self, baseline: str | Saved, *, within: float | None = None) -> Against:
        """The metric minus that of a baseline: the name of a model of the outputs, whose examples
        are paired by id, or `saved("NAME")`.

        `optimizing = f1.on("dev").against("production")` asks for a better model, with
        `within=0.005` for one that is not worse by more; compared with a number it is a bound:
        `recall.on("test").against("production") >= -0.01`.
        """
        from evalharness.declare.objective import against

        return against(self, baseline, within)

    def __ge__(self, threshold: float | Human) -> Bound:
        return bound(self, ">=", threshold)

    def __gt__(self, threshold: float | Human) -> Bound:
        return bound(self, ">", threshold)

    def __le__(self, threshold: float | Human) -> Bound:
        return bound(self, "<=", threshold)

    def __lt__(self, threshold: float | Human) -> Bound:
        return bound(self, "<", threshold)

    def __bool__(self) -> bool:
        raise DeclarationError(
            f"{self} is a declaration, not a number; list a bound on it in `satisficing`, "
            "or use the `evaluation` fixture to see its estimate"
        )

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest value."""
        low, high = self.definition.range
        return (0.0, high - low) if self.over else (low, high)

    @property
    def better(self) -> str | None:
        """ "higher", "lower", or None."""
        return "lower" if self.over else self.definition.better

    @cached_property
    def parts(self) -> tuple[Metric, ...]:
        """The metrics that are measured for this one, each where this one stands: itself, but for
        a combination of metrics of several statistics."""
        terms = getattr(self.definition.statistic, "terms", None)
        if terms is None:
            return (self,)
        place = {k: getattr(self, k) for k in ("split", "where", "group", "min_n", "exact")}
        return tuple(replace(term, **place) for term in terms)

    @cached_property
    def statistic(self) -> Any:
        """The statistic with those of the options that concern it."""
        statistic = self.definition.statistic
        mine = {k: v for k, v in self.options if k in statistic.options}
        if not mine:
            return statistic
        configured = getattr(statistic, "configured", None)
        return configured(mine) if configured else replace(statistic, **mine)

    def form(self, table: Any) -> Any:
        """What the metric's function makes of a table: a number or one of `forms`."""
        parameters = self.definition.parameters
        return self.definition.function(table, **{k: v for k, v in self.options if k in parameters})

    def value(self, table: Any) -> float:
        """The metric's value at a table: `recall.value(Cells(tp=8, fp=1, fn=2, tn=9))` is 0.8."""
        form = self.form(table)
        value = getattr(form, "value", form)
        return float(value.mean() if getattr(value, "ndim", 0) else value)  # macro average

    @cached_property
    def label(self) -> str:
        """The metric and its parameters as a person writes them: `f1(average='macro')`."""
        return naming.label(self)

    @property
    def measured(self) -> str:
        """What one number is of: the label, or "largest difference of recall by region"."""
        return f"largest difference of {self.label} by {self.crossed}" if self.over else self.label

    @property
    def slice(self) -> str:
        """The slice that `.on` asks for, in words: `region=eu, device=phone`; "" for the whole."""
        return ", ".join(f"{c}={word(v)}" for c, v in self.where)

    @property
    def crossed(self) -> str:
        """The columns of `.by`, in words: `region × device`; "" for none."""
        return " × ".join(self.group)

    @property
    def title(self) -> str:
        """As messages name it: `recall on test, region=eu by device`."""
        place = ", ".join(filter(None, [self.split, self.slice]))
        by = f" by {self.crossed}" if self.group and not self.over else ""
        return f"{self.measured} on {place}{by}"

    @property
    def slug(self) -> str:
        """For node ids: letters, digits, `-`, `_` and `.` only; never the threshold of a bound."""
        return naming.slug(self)

    @cached_property
    def _written(self) -> str:
        return naming.written(self)

    def __str__(self) -> str:
        return self._written

    __repr__ = __str__


def metric(
    statistic: Any,
    *,
    better: str | None = None,
    range: tuple[float, float] = (-math.inf, math.inf),
    unit: str = "",
    averages: tuple[str, ...] = (),
    name: str | None = None,
    report_only: str = "",
) -> Callable[[Callable[..., Any]], Metric]:
    """Declare a metric: a function of a statistic's table.

    The function receives the table and returns a number, or a form (`Proportion`, `Mean`, …) that
    says which interval decides. Keyword-only parameters become parameters of the metric.

    `better`: "higher", "lower" or None; `range`: the least and greatest value; `unit`: of the
    value; `averages`: the averages over classes that make sense ("macro"); `report_only`: why
    nothing bounds the metric, so that no bound on it can be declared.

    Example:
        @metric(Confusion(), better="higher", range=(0, 1))
        def positive_rate(table):
            return Proportion(table.tp + table.fp, table.tp + table.fp + table.fn + table.tn)
    """
    if isinstance(statistic, type) or not hasattr(statistic, "options"):
        raise DeclarationError(
            f"@metric takes a statistic, such as @metric(Confusion(), …); got {statistic!r}"
        )
    if better not in ("higher", "lower", None):
        raise DeclarationError(f'@metric: better={better!r} must be "higher", "lower" or None')
    if not (len(range) == 2 and range[0] < range[1]):
        raise DeclarationError(f"@metric: range={range!r} must be two rising numbers")

    def declare(function: Callable[..., Any]) -> Metric:
        return Metric(
            Definition(
                name or function.__name__,
                function,
                statistic,
                better,
                range,
                unit,
                averages,
                report_only,
            )
        )

    return declare


def _is_scalar(value: Any) -> bool:
    """Whether it is a scalar of NumPy (or of another array library), which `item()` makes plain."""
    return hasattr(value, "item") and getattr(value, "ndim", 0) == 0
