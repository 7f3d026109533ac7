"""A satisficing bound: a metric and the threshold it must be shown to meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from evalharness.declare.errors import DeclarationError

if TYPE_CHECKING:
    from evalharness.declare.metric import Metric


@dataclass(frozen=True)
class Bound:
    """What `recall.on("test") >= 0.9` builds: a declaration, neither true nor false."""

    metric: Metric
    op: str
    threshold: float

    kind: ClassVar[str] = "satisficing"

    @property
    def side(self) -> str:
        """ "min" when the metric must be at least the threshold, "max" when at most."""
        return "min" if self.op in (">=", ">") else "max"

    def __bool__(self) -> bool:
        raise DeclarationError(
            f"`{self}` is a declaration, not a truth value. In a test, assert on the estimate: "
            f"`assert evaluation[{self.metric}] {self.op} {self.threshold:g}`; for a gate, list it in "
            "`satisficing`. A chained comparison (`0.8 <= metric <= 0.9`) is two bounds: list both."
        )

    def __str__(self) -> str:
        return f"{self.metric} {self.op} {self.threshold:g}"

    __repr__ = __str__
