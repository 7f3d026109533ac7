"""Which metrics can be told of a split whose examples are read in batches and let go."""

from __future__ import annotations

import math
from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.declare.forms import Concordance, Mean, Proportion, Quantile
from evalharness.declare.metric import Metric
from evalharness.metrics.curves import Distance, RankCurve
from evalharness.metrics.rank_curves import average_precision_of, ks_statistic_of
from evalharness.outputs.streamed import ITSELF
from evalharness.statistics.counts import Confusion, Flags, Hits
from evalharness.statistics.grouped import Grouped, GroupedFlags
from evalharness.statistics.ranks import Order, Ranks
from evalharness.statistics.sums import Moments
from evalharness.statistics.tables import Cells, MomentTable, OrderTable, RankTable, Share

# Rows of which a function is tried out.
FEW = 64


def refusal(metric: Metric, whole: Metric, split: Any) -> str:
    """Why a metric, which is part of a whole or all of it, cannot be computed in batches, and what
    to do; "" where it can."""
    why = _why(metric, split)
    if len(whole.parts) > 1 and not whole.exact:
        metric, why = whole, "has an interval that needs what each example adds to all of its parts"
    if not why:
        return ""
    if "threshold_from" in dict(metric.options):
        return (
            f"{metric.label} needs its threshold before a split is read in batches: choose it "
            f"beforehand ({metric.name}(threshold=…)); or, {ITSELF}"
        )
    return f"{metric.label} {why}, which a split that is read in batches cannot give; {ITSELF}"


def scale(metric: Metric) -> tuple[float, float] | None:
    """The range of a mean whose bound goes by all values, which are then kept on a grid."""
    form = _form(metric, 0)
    bounded = isinstance(form, Mean) and form.through is None and not metric.exact
    return (
        metric.definition.range
        if bounded and all(map(math.isfinite, metric.definition.range))
        else None
    )


def refuse_whole(metric: Metric, split: Any) -> None:
    """Raises OutputsError where a function of columns gives a row another value when it is handed
    fewer rows: in batches that would be another metric."""
    import numpy as np

    statistic = metric.statistic
    if isinstance(getattr(statistic, "of", ""), str):
        return
    more, fewer = (statistic.read(split.probe(rows)).arrays for rows in (2 * FEW, FEW))
    for name, values in fewer.items():
        if not np.allclose(values, more[name][: len(values)], rtol=1e-12, atol=0):
            raise OutputsError(
                [
                    f"{split.where}: {metric.label} gives rows other values when it is handed "
                    "fewer of them, so it needs all rows at once, which a split that is read in "
                    f"batches cannot give; {ITSELF}"
                ]
            )


def _why(metric: Metric, split: Any) -> str:
    statistic = metric.statistic
    if "threshold_from" in dict(metric.options):
        return "needs its threshold beforehand"
    if isinstance(statistic, (Grouped, GroupedFlags)):
        return f"needs all rows of one `{statistic.by}` together"
    if isinstance(statistic, Order):
        return "" if quantile_share(metric) is not None else "needs all values in order"
    if not isinstance(statistic, (Confusion, Hits, Flags, Moments, Ranks)):
        return "needs all rows at once"
    if isinstance(statistic, Ranks):
        if split.multilabel:
            return "needs the scores of each task in order"
        return _of_ranks(metric)
    if metric.exact:
        return ""
    average, tasks = getattr(statistic, "average", None), split.multilabel
    form = _form(metric, len(split.classes) if average else 0)
    if average == "micro" or (average and tasks):
        return "has an interval that needs what each example adds to the average"
    if isinstance(statistic, Moments):
        fits = isinstance(form, Mean)
    elif average:
        fits = isinstance(form, Proportion) or (_is_number(form) and len(split.classes) == 2)
    else:
        fits = isinstance(form, Proportion) or _is_number(form)
    if tasks and getattr(statistic, "apart", False):
        fits = False  # one example counts for several tasks
    return "" if fits else "has an interval that needs what each example adds to it"


def quantile_share(metric: Metric) -> float | None:
    """Which quantile a metric is, and nothing else that could be made of values in order; None."""
    import numpy as np

    if not isinstance(metric.statistic, Order):
        return None
    table = OrderTable(np.arange(3.0), np.array([40, 30, 20]))
    try:
        form = metric.form(table)
    except Exception:
        return None
    of_all = isinstance(form, Quantile) and (
        form.values is table.values,
        form.counts is table.counts,
    )
    return form.q if of_all == (True, True) else None


def _of_ranks(metric: Metric) -> str:
    """Bins bracket what goes by the order of the scores as these do, and by nothing else."""
    import numpy as np

    form, table = _form(metric, 0), _few_ranks()
    if isinstance(form, RankCurve):
        known = form.function is average_precision_of
    elif isinstance(form, Distance):
        known = form.value == ks_statistic_of(table.negatives, table.positives)
    else:
        known = isinstance(form, Concordance)
    sides = ("negatives", "positives")
    if known and all(np.array_equal(getattr(form, x), getattr(table, x)) for x in sides):
        return ""
    return "needs all scores in order"


def _few_ranks() -> RankTable:
    import numpy as np

    return RankTable(np.arange(3.0), np.array([40, 30, 20]), np.array([20, 30, 40]))


def _form(metric: Metric, classes: int) -> Any:
    """What the metric makes of some table of its statistic; None where it fails on it, which is
    said when it is asked of the real one."""
    import numpy as np

    statistic = metric.statistic
    if isinstance(statistic, Ranks):
        table: Any = _few_ranks()
    elif isinstance(statistic, Moments):
        table = MomentTable(400, 0.5, 10.0, 1.0)
    elif isinstance(statistic, Confusion):
        cells = (40.0, 10.0, 12.0, 38.0)
        each = classes and statistic.average != "micro"
        table = Cells(*(np.full(classes, x) if each else x for x in cells))
    else:
        table = Share(80.0, 100.0)
    try:
        with np.errstate(all="ignore"):
            return metric.form(table)
    except Exception:
        return None


def _is_number(form: Any) -> bool:
    return form is None or (hasattr(form, "__float__") and getattr(form, "ndim", 0) == 0)
