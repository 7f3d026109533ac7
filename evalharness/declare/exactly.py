"""Bounds on a fixed list: every row of it counts, nothing is sampled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalharness.declare.bound import Bound, bound

if TYPE_CHECKING:
    from evalharness.declare.metric import Metric

__tracebackhide__ = True


class Exactly:
    """What `rate("unsafe").on("redteam").exactly()` builds; compared with a number it is a bound
    that the value alone decides."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, metric: Metric) -> None:
        self.metric = replace(metric, exact=True)

    def __repr__(self) -> str:
        return str(self.metric)

    def __eq__(self, threshold: Any) -> Bound:  # type: ignore[override]
        return bound(self.metric, "==", threshold)

    def __ge__(self, threshold: Any) -> Bound:
        return self.metric >= threshold

    def __gt__(self, threshold: Any) -> Bound:
        return self.metric > threshold

    def __le__(self, threshold: Any) -> Bound:
        return self.metric <= threshold

    def __lt__(self, threshold: Any) -> Bound:
        return self.metric < threshold
