"""A satisficing bound: a metric and the threshold it must be shown to meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from evalharness.declare.errors import DeclarationError

if TYPE_CHECKING:
    from evalharness.declare.human import Human
    from evalharness.declare.metric import Metric

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True


@dataclass(frozen=True)
class Bound:
    """What `recall.on("test") >= 0.9` builds: a declaration, neither true nor false.

    human: the level that the metric is compared with; the threshold is then that of the difference.
    """

    metric: Metric
    op: str
    threshold: float
    human: Human | None = None

    kind: ClassVar[str] = "satisficing"

    @property
    def side(self) -> str:
        """ "min" when the metric must be at least the threshold, "max" when at most, "exactly" when
        it must equal it."""
        return "min" if self.op in (">=", ">") else "exactly" if self.op == "==" else "max"

    def __bool__(self) -> bool:
        raise DeclarationError(
            f"`{self}` is a declaration, not a truth value. In a test, assert on the estimate: "
            f"`assert evaluation[{self.metric}] {self.op} {self.human or number(self.threshold)}`; "
            "for a gate, "
            "list it in "
            "`satisficing`. A chained comparison (`0.8 <= metric <= 0.9`) is two bounds: list both."
        )

    def __str__(self) -> str:
        return f"{self.metric} {self.op} {self.human or number(self.threshold)}"

    __repr__ = __str__


def number(x: float) -> str:
    """A number as its author would write it, with every digit that makes it: 0.9, 100,
    1234567.5."""
    short = f"{x:g}"
    return short if float(short) == x else repr(x)
