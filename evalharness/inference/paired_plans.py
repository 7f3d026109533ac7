"""The plan of a bound on a difference of two models, from how often they disagree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalharness.declare.bound import Bound
from evalharness.declare.errors import DeclarationError
from evalharness.declare.forms import Proportion
from evalharness.declare.metric import Metric
from evalharness.inference.numbers import percent, show
from evalharness.inference.paired_power import PairedSizing
from evalharness.inference.plans import Plan
from evalharness.inference.probing import ONE, probed
from evalharness.statistics import Confusion
from evalharness.statistics.tables import Cells

ONLY_SHARES = (
    "how much it varies is known only once it is measured; accuracy, error rate, recall, "
    "specificity and rates can be planned"
)


def paired_unit(metric: Metric) -> str:
    """Of what the metric is a share, "positives"; "" where it is none, or where the predictions
    say what is a trial, so that the trials of two models do not pair up."""
    if len(metric.parts) > 1 or metric.over:
        return ""
    statistic = metric.statistic
    if isinstance(statistic, Confusion):
        if statistic.average is not None:
            return ""
        with np.errstate(all="ignore"):
            form = metric.form(ONE)
            if not isinstance(form, Proportion):
                return ""
            tp, fp, fn, tn = (float(metric.form(Cells(*row)).trials) for row in np.eye(4))
        if (tp, fp) != (fn, tn):
            return ""
    else:
        form = probed(metric)
    share = isinstance(form, Proportion) and form.through is None
    return form.unit if share else ""


def paired_plan(
    bound: Bound,
    disagreement: float,
    *,
    alpha: float,
    n: int | None = None,
    true: float | None = None,
    power: float = 0.8,
    note: str = "",
) -> Plan:
    """The plan of a bound on a difference at the one-sided level ``alpha``.

    ``disagreement``: the share of what the metric counts that only one of the two models has right,
    or more; 0 < psi <= 1. ``n``: how many it counts. ``true``: the difference that is expected;
    where there is none, that of a model that is halfway to the best (all that they disagree on is
    for the better), and of one that may be a little worse, none at all. ``note``: where the
    disagreement comes from.

    Raises DeclarationError for a threshold, or a difference, that so few disagreements cannot make.
    """
    metric, upward = bound.metric, bound.op in (">", ">=")
    of, unit = f"{metric.label} minus {bound.less}", paired_unit(metric)
    asked = bound.threshold if upward else -bound.threshold
    problem = ""
    if asked >= disagreement:
        problem = f"{bound} can never pass"
    elif true is not None and abs(true) > disagreement * (1 + 1e-12):
        problem = f"it cannot truly be {true:g}"
    if problem:
        raise DeclarationError(
            f"where two models disagree on {percent(disagreement)} of the {unit or 'examples'}, "
            f"{of} lies between {show(-disagreement)} and {show(disagreement)}, so that {problem}"
        )
    assumed = true is None
    if true is None:
        end = disagreement if upward else -disagreement
        true = (bound.threshold + end) / 2 if asked >= 0 else 0.0
    wrong = true < bound.threshold if upward else true > bound.threshold
    plan = Plan(
        unit=unit or "examples",
        n=n,
        least_n=None,
        true=true,
        assumed=assumed,
        of=of,
        at=bound.threshold,
        shows="fail" if wrong else "pass",
        power=None,
        target=power,
        needed_n=None,
        detectable=None,
        reason="" if unit else ONLY_SHARES,
        note=note,
    )
    if not unit:
        return plan
    sizing = PairedSizing(bound.threshold, alpha, disagreement)
    side = upward != wrong
    return replace(
        plan,
        least_n=sizing.least_n(upward),
        power=None if n is None else sizing.power_at(n, true, side),
        needed_n=sizing.needed_n(true, power, side),
        detectable=None if n is None else sizing.detectable(n, power, upward),
    )
