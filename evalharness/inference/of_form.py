"""From a metric at a table to the bounds that decide: the form that the metric says it has chooses
them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from evalharness.declare.errors import EvalharnessError
from evalharness.declare.forms import (
    Concordance,
    Linear,
    Mean,
    Proportion,
    Quantile,
    Ratio,
    Unbounded,
    Undefined,
)
from evalharness.declare.metric import Metric
from evalharness.inference.bounds import Bounds
from evalharness.inference.estimates import EVERY_ROW
from evalharness.inference.influences import number
from evalharness.inference.nobounds import NoBounds
from evalharness.kernels.sample import Sample
from evalharness.metrics.calibration import CalibrationError
from evalharness.metrics.curves import Areas, AtThreshold, RankCurve
from evalharness.statistics.binned import Binned
from evalharness.statistics.examples import Resampled
from evalharness.statistics.tables import Cells, ComomentTable, MomentTable


class MetricError(EvalharnessError):
    """A metric's function did something that no metric may do."""


def bounds_of(metric: Metric, table: Any, sample: Sample, seed: int) -> Bounds:
    """The deciding bounds of a metric at a table; `sample`: the entries that the table counts."""
    if isinstance(table, Binned):
        from evalharness.inference.bracketed import bracketed

        return bracketed(metric, table, lambda t: bounds_of(metric, t, sample, seed))
    with np.errstate(all="ignore"):  # 0/0 is an answer here, not an accident
        form = _form(metric, table)
        try:
            bounds = _bounds(metric, form, table, sample, seed)
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            raise MetricError(
                f"the metric {metric.label} returned {form!r}, of which no estimate can be made: "
                f"{error}"
            ) from error
    low, high = metric.definition.range
    if not math.isnan(bounds.value) and not low - 1e-9 <= bounds.value <= high + 1e-9:
        raise MetricError(
            f"the metric {metric.label} is {bounds.value:g}{_on(table)}, outside the range "
            f"{low:g} to {high:g} that it declares"
        )
    return bounds


def _bounds(metric: Metric, form: Any, table: Any, sample: Sample, seed: int) -> Bounds:
    """Examples that count alike and were sampled by themselves have bounds of their own, many of
    them exact; all others go by what each unit adds (`of_units`)."""
    if isinstance(form, Undefined):
        return NoBounds(math.nan, form.reason, sample.count)
    if isinstance(form, Unbounded):
        return NoBounds(form.value, form.why, sample.count, beside=form.beside)
    if own := _of_family(metric, form, table, sample, seed):
        return own
    average = getattr(metric.statistic, "average", None)
    # One example may count several times in a micro average, and for several tasks in any.
    apart = average != "micro" and not (average and "task" in sample.arrays)
    if isinstance(form, (Proportion, Mean, Concordance, Quantile)) and sample.plain and apart:
        return _plain(metric, form, table, sample, seed)
    if isinstance(table, Cells) and not isinstance(form, (Proportion, Linear)):
        return _of_cells(metric, form, table, sample, seed)
    from evalharness.inference import of_units

    if isinstance(form, Proportion):
        _check_proportion(metric, form)
        return of_units.proportion(metric, form, sample, seed)
    if isinstance(form, Concordance):
        return of_units.area(metric, form, table, sample, seed)
    if isinstance(form, Quantile):
        return of_units.quantile(form, sample)
    if isinstance(form, (Mean, Ratio)):
        return of_units.ratio(metric, form, sample, seed)
    if isinstance(table, ComomentTable) and not isinstance(form, Linear):
        form = Linear(_number(metric, form), None)
    if isinstance(form, Linear):
        return of_units.linear(metric, form, table, sample, seed)
    raise MetricError(
        f"the metric {metric.label} returns a plain number, and for its statistic "
        f"{metric.statistic} no interval "
        "is known to decide that; return a form: Proportion(hits, trials), Mean(table), "
        "Ratio(table), Concordance(…) or Quantile(…)"
    )


def _of_family(metric: Metric, form: Any, table: Any, sample: Sample, seed: int) -> Bounds | None:
    """The bounds of forms that one family of metrics has for itself; None for any other."""
    if isinstance(form, Resampled):
        from evalharness.inference.resampled import resampled

        return resampled(form, sample, seed, metric.definition.range)
    if isinstance(form, CalibrationError):
        from evalharness.inference.calibration_error import calibration_bounds

        return calibration_bounds(form, sample)
    if isinstance(form, (RankCurve, AtThreshold, Areas)):
        from evalharness.inference.of_curves import curve_bounds

        return curve_bounds(metric, form, table, sample, seed)
    return None


def _plain(metric: Metric, form: Any, table: Any, sample: Sample, seed: int) -> Bounds:
    if isinstance(form, Proportion):
        _check_proportion(metric, form)
        return _proportion(metric, form, table, sample)
    if isinstance(form, Concordance):
        from evalharness.inference.concordance import ConcordanceBounds

        return ConcordanceBounds(form.positives, form.negatives)
    if isinstance(form, Quantile):
        from evalharness.inference.quantiles import QuantileBounds

        bounds = QuantileBounds(form.values, form.counts, form.q)
        bounds.value = form.value
        return bounds
    from evalharness.inference.means import SMALL, MeanBounds
    from evalharness.inference.through import through

    m = form.table
    if not isinstance(m, MomentTable):
        raise TypeError("Mean(table) takes the MomentTable of the statistic Moments(…)")
    if form.through is None and np.isfinite(metric.definition.range).all():
        from evalharness.inference.of_units import within

        return within(metric, form, sample)
    # Of many values none is asked, so that none is held.
    few = sample.arrays["value"] if m.n < SMALL else ()
    found = MeanBounds(int(m.n), float(m.mean), float(m.m2), float(m.m3), lambda: few, seed)
    return through(found, form.through, metric.definition.range)


def combined(
    metric: Metric, parts: list[tuple[Metric, Any, Sample]], clusters: Any, seed: int
) -> Bounds:
    """Bounds of a function of several metrics that were measured on the same rows.

    parts: each metric with its table and entries; clusters: int (n,) of the rows, or None.
    """
    from evalharness.inference.joint import joint

    with np.errstate(all="ignore"):
        forms = [_form(m, table) for m, table, _ in parts]
        return joint(metric, forms, parts, clusters, seed)


def exact(metric: Metric, parts: list[tuple[Metric, Any, Sample]]) -> Bounds:
    """The value on a fixed list, every row of which counts alike."""
    if isinstance(parts[0][1], Binned) and len(parts) == 1:
        from evalharness.inference.bracketed import bracketed

        part, table, sample = parts[0]
        return bracketed(part, table, lambda t: exact(metric, [(part, t, sample)]))
    with np.errstate(all="ignore"):
        forms = [_form(m, table) for m, table, _ in parts]
    values = [number(form) for form in forms]
    combined: Any = metric.definition.function
    value = values[0] if len(parts) == 1 else float(combined.of(values))
    size = max(sample.size for _, _, sample in parts)
    bounds = NoBounds(value, "" if value == value else "0/0 there", size, "rows of a fixed list")
    bounds.decides = EVERY_ROW
    form = forms[0]
    if len(parts) == 1 and isinstance(form, Proportion) and not np.ndim(form.hits):
        bounds.note = f"{form.hits:,.12g} of {form.trials:,.12g} {form.unit}"
    return bounds


def seed_of(seed: int, *place: str) -> int:
    """A seed for one estimate: a pure function of the evaluation's seed and of what is
    estimated."""
    text = "\0".join([str(seed), *place])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _form(metric: Metric, table: Any) -> Any:
    try:
        return metric.form(table)
    except ZeroDivisionError:
        return math.nan
    except EvalharnessError:
        raise
    except Exception as error:
        raise MetricError(
            f"the metric {metric.label} raised {type(error).__name__}: {error}{_on(table)}; "
            "its function must accept any table, and return NaN where it is undefined"
        ) from error


def _on(table: Any) -> str:
    """A table of a few counts in words; of a longer one nothing, since it may hold cells."""
    few = isinstance(table, tuple) and all(np.size(x) == 1 for x in table)
    return f" on {table!r}" if few and not hasattr(table, "asked") else ""


def _check_proportion(metric: Metric, form: Proportion) -> None:
    hits, trials = np.asarray(form.hits, float), np.asarray(form.trials, float)
    slack = 1e-9 * (1 + np.abs(trials))
    if not ((hits >= -slack).all() and (hits <= trials + slack).all()):
        raise MetricError(
            f"the metric {metric.label} says it is a proportion of {form.hits} hits in "
            f"{form.trials} trials; both must be whole numbers with 0 ≤ hits ≤ trials"
        )
    check_rising(metric, form)


def check_rising(metric: Metric, form: Proportion) -> None:
    """Refuse what a share is taken through, where it does not rise."""
    if form.through is not None:
        ends = [float(form.through(np.float64(share))) for share in (0.0, 0.5, 1.0)]
        if not ends[0] < ends[1] < ends[2]:
            raise MetricError(
                f"the metric {metric.label} takes its share through a function that is {ends} at "
                "0, 0.5 and 1; only a rising one carries the bounds of the share over"
            )


def _proportion(metric: Metric, form: Proportion, table: Any, sample: Sample) -> Bounds:
    hits, trials = np.asarray(form.hits, float), np.asarray(form.trials, float)
    if not ((hits == np.round(hits)).all() and (trials == np.round(trials)).all()):
        raise MetricError(
            f"the metric {metric.label} says it is a proportion of {form.hits} hits in "
            f"{form.trials} trials; both must be whole numbers with 0 ≤ hits ≤ trials"
        )
    if hits.ndim == 0:
        from evalharness.inference.proportions import ProportionBounds

        return ProportionBounds(int(hits), int(trials), form.unit, form.through)
    from evalharness.inference.macro import MacroBounds
    from evalharness.inference.mover import TwoClassBounds

    average = metric.statistic.average
    if len(hits) == 2 and average == "macro":
        cells = Cells(*(float(part[1]) for part in table))
        return TwoClassBounds(mean_of_both(metric), cells, metric.definition.range)
    return MacroBounds(metric.form, table, sample.classes, average == "weighted")


def function_of(metric: Metric) -> Callable[[Cells], Any]:
    """The metric's function, which MOVER asks at tables between the counts; its errors in words."""
    return lambda table: _form(metric, table)


def mean_of_both(metric: Metric) -> Callable[[Cells], Any]:
    """The macro average of two classes as a function of one 2×2 table: the other class has it
    mirrored."""

    def both(cells: Cells) -> Any:
        def one(c: Cells) -> Any:
            form = metric.form(c)
            share = form.hits / form.trials
            return form.through(share) if form.through else share

        return (one(cells) + one(mirrored(cells))) / 2

    return both


def of_both(metric: Metric) -> Callable[[Cells], Any]:
    """A number made of both classes' tables, as a function of one 2×2 table."""

    def both(cells: Cells) -> Any:
        pairs = zip(mirrored(cells), cells, strict=True)
        return _form(metric, Cells(*(np.stack(pair, axis=-1) for pair in pairs)))

    return both


def mirrored(cells: Cells) -> Cells:
    """The 2×2 table of the other class."""
    return Cells(cells.tn, cells.fn, cells.fp, cells.tp)


def _number(metric: Metric, value: Any) -> float:
    if getattr(value, "ndim", 0) or not hasattr(value, "__float__") or isinstance(value, complex):
        average = (
            "; an average over classes needs a form: return Proportion(hits, trials)"
            if dict(metric.options).get("average")
            else ""
        )
        raise MetricError(
            f"the metric {metric.label} must return one number; it returned "
            f"{repr(value)[:80]}{average}"
        )
    return float(value)


def _of_cells(metric: Metric, value: Any, table: Cells, sample: Sample, seed: int) -> Bounds:
    """A number made of a 2×2 table, or of the tables of every class."""
    _number(metric, value)
    tasks = "task" in sample.arrays
    if np.ndim(table.tp) and (np.size(table.tp) > 2 or tasks or not sample.plain):
        from evalharness.inference.of_units import linear

        return linear(metric, Linear(float(value), None), table, sample, seed)
    function = function_of(metric)
    if np.ndim(table.tp):
        function, table = of_both(metric), Cells(*(float(part[1]) for part in table))
    if not sample.plain:
        from evalharness.inference.of_units import two_class

        return two_class(metric, function, table, sample, seed)
    from evalharness.inference.mover import TwoClassBounds

    return TwoClassBounds(function, table, metric.definition.range)
