"""What an estimate of an evaluation can be drawn again from: its examples, where the plan has
them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evalharness.checks.settings import Settings
from evalharness.declare.errors import DeclarationError, OutputsError, did_you_mean
from evalharness.declare.forms import Quantile, Unbounded
from evalharness.declare.metric import Metric
from evalharness.declare.plural import counted, singular
from evalharness.inference.added import Part, added
from evalharness.inference.bootstrap import Source
from evalharness.inference.of_form import seed_of
from evalharness.inference.of_units import UNITS
from evalharness.inference.recount import (
    countable,
    influences_of_counts,
    recounted,
    told_by_table,
)
from evalharness.inference.redraw import Rows, redrawn
from evalharness.kernels.backend import using
from evalharness.kernels.keys import unit_keys
from evalharness.kernels.plan import Plan
from evalharness.metrics.calibration import CalibrationError
from evalharness.metrics.overlap import Overlaps
from evalharness.outputs.streamed import refuse_batches
from evalharness.outputs.words import names
from evalharness.statistics.examples import Resampled

Ints = np.ndarray

# Of strata of fewer units each, on average, the replicates show less than four fifths of what the
# value varies.
FEWEST = 5


def source(
    plan: Plan, model: str, metric: Metric, group: int, piece: str, settings: Settings
) -> Source:
    """The source of the estimate of one slice: of the group with this code, in words `piece`.

    Raises DeclarationError for what is not drawn again.
    """
    measured = [plan.measure(model, p) for p in metric.parts]
    parts = [
        Part(plan.resolved(model, p), m.tables[group], m.sample(group))
        for p, m in zip(metric.parts, measured, strict=True)
    ]
    refuse(metric, parts)
    split = plan.split(model, metric.split)
    tabled = len(parts) == 1 and countable(parts[0])

    def values(replicates: int, column: str) -> Any:
        told = tabled and told_by_table(parts[0])
        if column:
            there_is(split, column)
        if column or not told:
            within = f" within each {column}" if column else ""
            free = "leave stratify= out, which needs no rows" if told else ""
            what = f"the bootstrap of {metric.label}{within} needs single rows"
            refuse_batches(what, split, instead=free)
        stratum = strata(split, column)
        if tabled:
            place = (settings.seed, "bootstrap", named(parts[0].metric), metric.split, piece)
            mine = None if stratum is None else stratum[parts[0].sample.rows]
            if mine is not None:
                enough_in_each(mine, column, unit_of(parts))
            return recounted(parts[0], mine, seed_of(*place), replicates)
        inside = measured[0].groups.code == group
        rows = drawn_from(split, parts, inside, stratum, column, settings)
        return combined(metric, [redrawn(p, rows, replicates) for p in parts])

    def influences() -> Any:
        if tabled and (found := influences_of_counts(parts[0])) is not None:
            return found
        return by_unit(metric, parts, unit_keys(split, grouped_by(parts)))

    return Source(
        n=max(p.sample.count for p in parts),
        unit=unit_of(parts),
        range=metric.range,
        values=on_device(settings, values),
        influences=on_device(settings, influences),
    )


def on_device(settings: Settings, of: Callable[..., Any]) -> Callable[..., Any]:
    """The function, computed where the evaluation was."""

    def there(*given: Any) -> Any:
        with using(settings.device):
            return of(*given)

    return there


def refuse(metric: Metric, parts: list[Part]) -> None:
    """Raise DeclarationError for what is not drawn again, with what to ask instead."""
    why = ""
    if metric.exact:
        why = "every row of a fixed list counts, so there is nothing to draw again"
    elif metric.over:
        why = (
            "the largest of several differences is not smooth, so that the bootstrap does not hold "
            "for it; its own bounds do"
        )
    for part in parts:
        form = part.form
        if isinstance(form, Quantile):
            why = (
                "the bootstrap does not hold for every quantile (far out it covers as little as "
                "0.63 of what it says); the bounds of the estimate are exact for each"
            )
        elif isinstance(form, Resampled):
            why = (
                "a function of all rows is resampled as it is; low and high of the estimate are "
                "its BCa bootstrap"
            )
        elif isinstance(form, CalibrationError):
            why = (
                "near 0 the bootstrap does not hold for a calibration error; the bounds of the "
                "estimate do"
            )
        elif isinstance(form, Unbounded):
            why = f"nothing bounds it ({form.why})"
    if why:
        raise DeclarationError(f"{metric.title} is not bootstrapped: {why}")


def strata(split: Any, column: str) -> Ints | None:
    """int (n,): the stratum of each row, or None where there are none."""
    if not column:
        return None
    there_is(split, column)
    return np.asarray(split.partition(column)[0])


def there_is(split: Any, column: str) -> None:
    """Refuse strata of a column that is not there."""
    if column not in split.column_names:
        raise OutputsError(
            [
                f"{split.where}: bootstrap(stratify={column!r}): there is no column `{column}`"
                f"{did_you_mean(column, split.column_names)}; there are "
                f"{names(split.column_names)}; stratify by one of them, or leave stratify= out"
            ]
        )


def enough_in_each(of_unit: Ints, column: str, unit: str) -> None:
    """Refuse strata that are hardly larger than a unit. of_unit: (units,) the stratum of each.

    Among h units of a stratum the replicates show (h − 1) / h of what it varies: none, where a unit
    is alone in it.
    """
    strata = len(np.unique(of_unit))
    if strata * FEWEST > len(of_unit):
        raise DeclarationError(
            f"bootstrap(stratify={column!r}): the column has {counted(strata, 'values')} for "
            f"{counted(len(of_unit), unit)}, which are drawn within their own, so that replicates "
            f"would hardly vary; stratify by a column with {FEWEST} {unit} or more for each value"
        )


def drawn_from(
    split: Any,
    parts: list[Part],
    inside: Any,
    stratum: Ints | None,
    column: str,
    settings: Settings,
) -> Rows:
    """The rows of a slice as units that are drawn."""
    keys = unit_keys(split, grouped_by(parts))
    weight = split.weights()
    if weight is not None:
        inside = inside & (weight > 0)  # what weighs nothing was not asked
    if stratum is not None:
        _, first, at = np.unique(keys[inside], return_index=True, return_inverse=True)
        mine, unit = stratum[inside], unit_of(parts)
        elsewhere = np.flatnonzero(mine != mine[first][at])
        if len(elsewhere):
            cut, example = np.unique(at[elsewhere]), elsewhere[0]
            one, other = np.flatnonzero(inside)[[first[at[example]], example]]
            raise DeclarationError(
                f"bootstrap(stratify={column!r}): {counted(len(cut), unit)} of {split.where} "
                f"{'has' if len(cut) == 1 else 'have'} rows with several values of `{column}` "
                f"(such as rows {one:,} and {other:,}, of one {singular(unit)}), and {unit} are "
                f"drawn whole; stratify by a column that is the same within each {singular(unit)}"
            )
        enough_in_each(mine[first], column, unit)
    return Rows(keys, seed_of(settings.seed, "weights"), stratum, inside)


def combined(metric: Metric, each: list[Any]) -> Any:
    """The metric of the values of its parts, replicate by replicate."""
    if len(each) == 1:
        return each[0]
    function: Any = metric.definition.function
    with np.errstate(all="ignore"):
        return np.asarray(function.of(each), float)


def by_unit(metric: Metric, parts: list[Part], keys: Any) -> Any:
    """(units,) what each unit adds to the metric; keys: (n,) of the rows."""
    places, found = added_by_row(metric, parts)
    _, at = np.unique(keys[places], return_inverse=True)
    return np.bincount(at, found)


def added_by_row(metric: Metric, parts: list[Part]) -> tuple[Any, Any]:
    """(m,) rows, and what the entry there adds to the metric."""
    slopes: list[float] = [1.0]
    if len(parts) > 1:
        function: Any = metric.definition.function
        slopes = function.slopes([p.form.value for p in parts])
    each = [slope * added(p) for slope, p in zip(slopes, parts, strict=True)]
    return np.concatenate([p.sample.rows for p in parts]), np.concatenate(each)


def grouped_by(parts: list[Part]) -> str:
    """The column whose values are the units of a metric that has one value for each, or ""."""
    for part in parts:
        if isinstance(part.metric.statistic, Overlaps):
            return "image"
        if by := getattr(part.metric.statistic, "by", ""):
            return str(by)
    return ""


def unit_of(parts: list[Part]) -> str:
    """What is drawn, in the plural."""
    if any(p.sample.clustered for p in parts):
        return "clusters"
    return UNITS.get(grouped_by(parts), "examples")


def named(metric: Metric) -> str:
    """The statistic as a text that is the same in every process: draws are shared by the metrics
    of one statistic."""
    statistic = metric.statistic
    return metric.label if callable(getattr(statistic, "of", None)) else repr(statistic)
