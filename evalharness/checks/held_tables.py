"""Tables that are kept without the examples: of counts, and of the moments of many values.

Of examples that count alike and were sampled by themselves such a table is all that a bound needs,
so that it is rebuilt by the same code that made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from evalharness.declare.errors import EvalharnessError
from evalharness.declare.metric import Metric
from evalharness.declare.naming import place, quoted
from evalharness.inference.bounds import Bounds
from evalharness.inference.of_form import bounds_of
from evalharness.kernels.streamed import StreamedSample
from evalharness.statistics.counts import Confusion, Hits
from evalharness.statistics.tables import Cells, MomentTable, Share

KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Cells, Share, MomentTable)}


class NeedsExamples(EvalharnessError):
    """A bound that no table tells: the examples themselves are needed."""


class _Absent(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        raise NeedsExamples("its interval needs the examples, which a saved result does not hold")


def key(metric: Metric) -> str:
    """What a table is of, in words: `Confusion().on("test").by("device")`; "" where its statistic
    is of a function that no name tells from others."""
    statistic = words(metric.statistic)
    return statistic and statistic + place(metric)


def words(statistic: Any) -> str:
    """A statistic with those of its options that are not the defaults."""
    told = []
    for field in fields(statistic):
        value = getattr(statistic, field.name)
        if field.default is not MISSING and value == field.default:
            continue
        if callable(value):
            value = f"{value.__module__}.{getattr(value, '__qualname__', '<')}"
            if "<" in value:  # a lambda, or a function of a function
                return ""
        told.append(f"{field.name}={quoted(value)}")
    return f"{type(statistic).__name__}({', '.join(told)})"


def row(table: Any) -> list[Any]:
    """The numbers of a table, as JSON has them."""
    return [_plain(np.asarray(x).tolist()) for x in table]


def made(kind: str, numbers: Sequence[Any]) -> Any:
    """The table of its numbers."""
    return KINDS[kind](*(np.asarray(x, float) if isinstance(x, list) else x for x in numbers))


def bounds(metric: Metric, table: Any, classes: Sequence[Any]) -> Bounds:
    """The bounds of a metric at a table, as they are where the examples are there. Raises
    NeedsExamples where the table is not enough."""
    sample: Any = StreamedSample(tuple(classes), _size(table), _Absent())  # type: ignore[arg-type]
    return bounds_of(metric, table, sample, 0)


def _size(table: Any) -> int:
    if isinstance(table, Cells):
        return int(sum(float(np.ravel(x)[0]) for x in table))
    return int(table.n)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(x) for x in value]
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return int(value) if whole else value


def cells_of_hits(metric: Metric) -> Confusion | None:
    """The statistic whose cells tell the hits that a metric counts, of two classes."""
    hits = metric.statistic
    if not isinstance(hits, Hits) or hits.apart:
        return None
    return Confusion(threshold=hits.threshold)
