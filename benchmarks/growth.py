"""How time grows: one thing grows at a time, most are doubled four times."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from benchmarks import ours, splits
from benchmarks.data import Size, binary
from benchmarks.sides import Side
from benchmarks.split_data import two_splits
from benchmarks.timing import spread, taking_turns
from evalharness import Outputs
from evalharness import metrics as m

# What grows, the work, the values, and ours at each of them.
Growing = tuple[str, str, list[int], Callable[[int], Side]]
# Rounds where one takes seconds.
FEW = 3
# Sixteen functions of one table.
COUNTS = (
    *(m.accuracy, m.precision, m.recall, m.specificity, m.f1, m.jaccard, m.balanced_accuracy),
    *(m.matthews_corrcoef, m.cohen_kappa, m.error_rate, m.false_positive_rate),
    *(m.false_negative_rate, m.negative_predictive_value, m.f_beta(beta=2), m.f_beta(beta=0.5)),
    m.positive_likelihood_ratio,
)


def growth(size: Size, rounds: int) -> list[dict[str, Any]]:
    """What grew, at which values, milliseconds there, and the fitted exponent: 1 where twice as
    much takes twice as long, 0 where it costs nothing."""
    each = [_series(*series, rounds) for series in _all(size)]
    return each + [
        _series(*series, min(rounds, FEW)) | {"most": most} for series, most in _of_splits(size)
    ]


def _of_splits(size: Size) -> list[tuple[Growing, float]]:
    """The default contract of two splits, and how many times longer the last may take."""
    n = size.examples
    return [
        (("rows", "two splits, 50 columns", [n // 10, n], _split_rows), 12),
        (
            (
                "columns",
                f"two splits, {n // 5:,} rows each",
                [10, 50],
                lambda k: splits.contract(two_splits(n // 5, k), size),
            ),
            6,
        ),
    ]


def _split_rows(n: int) -> Side:
    return splits.contract(two_splits(n), Size())


def _all(size: Size) -> list[Growing]:
    n, resampled = f"{size.examples:,} examples", f"{size.resampled:,} examples"
    full = binary(size.examples, size.slices)
    few = binary(size.resampled)
    return [
        ("examples", "9 metrics", _doubled(size.examples // 8), _examples),
        ("metrics", f"functions of one table, {n}", _doubled(1), lambda k: _metrics(k, full)),
        ("slices", f"5 metrics, {n}", _doubled(size.slices // 8), _slices(size)),
        (
            "replicates",
            f"F1, {resampled}",
            _doubled(size.replicates // 4),
            lambda b: ours.f1_bootstrap(few, Size(replicates=b)),
        ),
        (
            "models",
            f"5 metrics, {resampled} each",
            _doubled(1),
            lambda k: _models(k, few),
        ),
    ]


def _doubled(start: int) -> list[int]:
    return [start << doubling for doubling in range(5)]


def _examples(n: int) -> Side:
    return ours.nine(binary(n), Size())


def _metrics(count: int, data: Any) -> Side:
    asked = {str(metric): metric.on("test") for metric in COUNTS[:count]}
    return ours.asking(ours.gate(m.accuracy.on("test") >= 0.5, asked), asked, test=data)


def _slices(size: Size) -> Callable[[int], Side]:
    return lambda k: ours.counts_by_slice(binary(size.examples, k), size)


def _models(count: int, data: Any) -> Side:
    names = tuple(f"model-{i}" for i in range(count))
    asked = {metric.definition.name: metric.on("test") for metric in ours.COUNTS}
    evaluation = ours.gate(m.accuracy.on("test") >= 0.5, asked, models=names)

    def call() -> Any:
        result = evaluation.run(outputs={name: Outputs(test=data) for name in names})
        return [result[name, metric].low for name in names for metric in asked.values()]

    return Side(call)


def _series(what: str, work: str, at: list[int], make: Any, rounds: int) -> dict[str, Any]:
    found = {"what": what, "work": work, "at": at}
    calls = {str(value): make(value).call for value in at}
    for call in calls.values():  # compiles
        call()
    turns = taking_turns(calls, rounds)
    times = [spread([wall for wall, _ in turns[str(value)]]) for value in at]
    return found | {
        "status": "measured",
        "ms": times,
        "exponent": exponent(at, [time["median"] for time in times]),
    }


def exponent(at: list[int], ms: list[float]) -> float:
    """Slope of log time by log size, by least squares."""
    x, y = [math.log(value) for value in at], [math.log(value) for value in ms]
    middle = sum(x) / len(x)
    return sum((a - middle) * b for a, b in zip(x, y, strict=True)) / sum(
        (a - middle) ** 2 for a in x
    )
