"""Thresholds on the score that are chosen on one split and applied to another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from evalharness.declare.errors import DeclarationError, did_you_mean

if TYPE_CHECKING:
    from evalharness.declare.metric import Metric

__tracebackhide__ = True

# Of what may be demanded beside: metrics of the 2×2 table, by the names of their functions.
DEMANDS = (
    "precision",
    "recall",
    "specificity",
    "negative_predictive_value",
    "f1",
    "accuracy",
)


def checked(metric: Metric, split: Any, least: dict[str, float]) -> dict[str, Any]:
    """The options that `.at` adds. Raises DeclarationError where no threshold could be chosen."""
    written = f"{metric}.at(threshold_from={split!r})"
    problems = []
    options = dict(metric.options)
    if not isinstance(split, str) or not split:
        problems.append("threshold_from= names a split, such as 'dev'")
    if split and split == metric.split:
        problems.append(
            f"the threshold would be chosen on {split!r}, the split that it is judged on; choose "
            "it on another"
        )
    if hasattr(metric.definition.function, "terms"):
        problems.append(
            "choose the thresholds of the metrics that it is made of: "
            "recall.at(threshold_from=…) - precision.at(threshold_from=…)"
        )
    elif "threshold" not in metric.definition.statistic.options:
        problems.append(f"{metric.name} takes no threshold on the score")
    if options.get("threshold") is not None or "threshold_from" in options:
        problems.append("it already has a threshold")
    if options.get("average") or getattr(metric.definition.statistic, "average", None):
        problems.append("a threshold decides between two classes, and this is an average")
    for name, value in least.items():
        if name not in DEMANDS:
            problems.append(
                f"nothing is known of {name}={value!r}{did_you_mean(name, DEMANDS)}; beside the "
                f"metric itself may be demanded: {', '.join(DEMANDS)}"
            )
        elif not isinstance(value, (int, float)) or not 0 < value <= 1:
            problems.append(f"{name}={value!r} must lie in 0 < {name} ≤ 1")
    if not problems:
        if metric.better is None:
            problems.append(f"it is not known whether a higher or a lower {metric.name} is better")
        elif not least and _trivial(metric):
            problems.append(
                f"{metric.name} alone is best where everything, or nothing, is predicted positive; "
                f"say what is demanded beside it: .at(threshold_from={split!r}, precision=0.9)"
            )
    if problems:
        raise DeclarationError(f"{written}: {'; '.join(problems)}")
    return {"threshold_from": split} | {k: float(v) for k, v in least.items()}


def _trivial(metric: Metric) -> bool:
    """Whether predicting all positive, or all negative, reaches the end of the range."""
    low, high = metric.range
    best = high if metric.better == "higher" else low
    if "positive" not in metric.definition.statistic.options:
        return False  # right and wrong of both classes
    found = []
    for table in (_Cells(30.0, 70.0, 0.0, 0.0), _Cells(0.0, 0.0, 30.0, 70.0)):
        try:
            found.append(metric.value(table))
        except ZeroDivisionError:
            continue
    return any(math.isclose(x, best) for x in found)


class _Cells(NamedTuple):
    tp: float
    fp: float
    fn: float
    tn: float
