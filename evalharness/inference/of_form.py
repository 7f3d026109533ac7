"""From a metric at a table to the bounds that decide: the form that the metric says it has chooses
them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from evalharness.declare.errors import EvalharnessError
from evalharness.declare.forms import Concordance, Mean, Proportion, Quantile
from evalharness.declare.metric import Metric
from evalharness.inference.bounds import Bounds
from evalharness.statistics.tables import Cells, MomentTable


class MetricError(EvalharnessError):
    """A metric's function did something that no metric may do."""


def bounds_of(
    metric: Metric, table: Any, values: Callable[[], Any], seed: int, classes: tuple[Any, ...] = ()
) -> Bounds:
    """The deciding bounds of a metric at a table.

    values: gives the values of the examples, for a mean's bootstrap; called only where that is
            needed.
    classes: names of the classes that an average is over, for messages.
    """
    import numpy as np

    with np.errstate(all="ignore"):  # 0/0 is an answer here, not an accident
        form = _form(metric, table)
        try:
            bounds = _bounds(metric, form, table, values, seed, classes)
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            raise MetricError(
                f"the metric {metric.label} returned {form!r}, of which no estimate can be made: "
                f"{error}"
            ) from error
    low, high = metric.definition.range
    if not math.isnan(bounds.value) and not low - 1e-9 <= bounds.value <= high + 1e-9:
        raise MetricError(
            f"the metric {metric.label} is {bounds.value:g} on {table!r}, outside the range "
            f"{low:g} to {high:g} that it declares"
        )
    return bounds


def _bounds(
    metric: Metric,
    form: Any,
    table: Any,
    values: Callable[[], Any],
    seed: int,
    classes: tuple[Any, ...],
) -> Bounds:
    if isinstance(form, Proportion):
        return _proportion(metric, form, table, classes)
    if isinstance(form, Mean):
        from evalharness.inference.means import MeanBounds

        m = form.table
        if not isinstance(m, MomentTable):
            raise TypeError("Mean(table) takes the MomentTable of the statistic Moments(…)")
        return MeanBounds(int(m.n), float(m.mean), float(m.m2), float(m.m3), values, seed)
    if isinstance(form, Concordance):
        from evalharness.inference.concordance import ConcordanceBounds

        return ConcordanceBounds(form.positives, form.negatives)
    if isinstance(form, Quantile):
        from evalharness.inference.quantiles import QuantileBounds

        return QuantileBounds(form.values, form.counts, form.q)
    return _smooth(metric, form, table)


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
    except Exception as error:
        raise MetricError(
            f"the metric {metric.label} raised {type(error).__name__}: {error} on {table!r}; "
            "its function must accept any table, and return NaN where it is undefined"
        ) from error


def _proportion(metric: Metric, form: Proportion, table: Any, classes: tuple[Any, ...]) -> Bounds:
    import numpy as np

    hits, trials = np.asarray(form.hits, float), np.asarray(form.trials, float)
    whole = (hits == np.round(hits)).all() and (trials == np.round(trials)).all()
    if not (whole and (hits >= 0).all() and (hits <= trials).all()):
        raise MetricError(
            f"the metric {metric.label} says it is a proportion of {form.hits} hits in "
            f"{form.trials} trials; both must be whole numbers with 0 ≤ hits ≤ trials"
        )
    if form.through is not None:
        ends = [float(form.through(np.float64(share))) for share in (0.0, 0.5, 1.0)]
        if not ends[0] < ends[1] < ends[2]:
            raise MetricError(
                f"the metric {metric.label} takes its share through a function that is {ends} at "
                "0, 0.5 and 1; only a rising one carries the bounds of the share over"
            )
    if hits.ndim == 0:
        from evalharness.inference.proportions import ProportionBounds

        return ProportionBounds(int(hits), int(trials), form.unit, form.through)
    from evalharness.inference.macro import MacroBounds
    from evalharness.inference.mover import TwoClassBounds

    if len(hits) == 2:
        cells = Cells(*(float(part[1]) for part in table))
        return TwoClassBounds(_mean_of_both(metric), cells, metric.definition.range)
    return MacroBounds(metric.form, table, classes)


@lru_cache  # equal metrics have one function, so that its gradient is compiled once
def _function(metric: Metric) -> Callable[[Cells], Any]:
    """The metric's function, which MOVER asks at tables between the counts; its errors in words."""
    return lambda table: _form(metric, table)


@lru_cache
def _mean_of_both(metric: Metric) -> Callable[[Cells], Any]:
    """The macro average of two classes as a function of one 2×2 table: the other class has it
    mirrored."""

    def both(cells: Cells) -> Any:
        def one(c: Cells) -> Any:
            form = metric.form(c)
            share = form.hits / form.trials
            return form.through(share) if form.through else share

        return (one(cells) + one(Cells(cells.tn, cells.fn, cells.fp, cells.tp))) / 2

    return both


def _smooth(metric: Metric, value: Any, table: Any) -> Bounds:
    if not isinstance(table, Cells):
        raise MetricError(
            f"the metric {metric.label} returns a plain number, and for its statistic "
            f"{metric.statistic} no interval "
            "is known to decide that; return a form: Proportion(hits, trials), Mean(table), "
            "Concordance(…) or Quantile(…)"
        )
    if getattr(value, "ndim", 0) or not hasattr(value, "__float__") or isinstance(value, complex):
        average = (
            "; an average over classes needs a form: return Proportion(hits, trials)"
            if dict(metric.options).get("average")
            else ""
        )
        raise MetricError(
            f"the metric {metric.label} must return one number; it returned {value!r}{average}"
        )
    from evalharness.inference.mover import TwoClassBounds

    return TwoClassBounds(_function(metric), table, metric.definition.range)
