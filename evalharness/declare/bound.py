"""A satisficing bound: a metric and the threshold it must be shown to meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from evalharness.declare import naming
from evalharness.declare.arithmetic import is_number
from evalharness.declare.errors import DeclarationError
from evalharness.declare.human import Human

if TYPE_CHECKING:
    from evalharness.declare.metric import Metric
    from evalharness.declare.objective import Saved

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True


@dataclass(frozen=True)
class Bound:
    """What `recall.on("test") >= 0.9` builds: a declaration, neither true nor false.

    human, baseline: the level, or the model or saved result, that the metric is compared with; the
    threshold is then that of the difference.
    """

    metric: Metric
    op: str
    threshold: float
    human: Human | None = None
    baseline: str | Saved | None = None

    kind: ClassVar[str] = "satisficing"
    finds: ClassVar[tuple[str, ...]] = ("EH-BOUND",)

    @property
    def side(self) -> str:
        """ "min" when the metric must be at least the threshold, "max" when at most, "exactly" when
        it must equal it."""
        return "min" if self.op in (">=", ">") else "exactly" if self.op == "==" else "max"

    @property
    def less(self) -> str:
        """The name of the baseline that is subtracted; "" without one."""
        return "" if self.baseline is None else str(self.baseline)

    def __bool__(self) -> bool:
        raise DeclarationError(
            f"`{self}` is a declaration, not a truth value. In a test, assert on the estimate: "
            f"`assert evaluation[{self.metric}] {self.op} {self.human or number(self.threshold)}`; "
            "for a gate, "
            "list it in "
            "`satisficing`. A chained comparison (`0.8 <= metric <= 0.9`) is two bounds: list both."
        )

    def __str__(self) -> str:
        of = "" if self.baseline is None else f".against({naming.quoted(self.baseline)})"
        return f"{self.metric}{of} {self.op} {self.human or number(self.threshold)}"

    __repr__ = __str__


def bound(metric: Metric, op: str, threshold: Any) -> Bound:
    """`metric op threshold`, a number or a human level. Raises DeclarationError for one that could
    not be decided."""
    if metric.definition.report_only:
        raise DeclarationError(
            f"{metric} {op} {threshold}: {metric.name} is report-only: "
            f"{metric.definition.report_only}; list it in `also`"
        )
    if isinstance(threshold, Human):
        threshold.bounding(metric, op)
        return Bound(metric, op, 0.0, threshold)
    return Bound(metric, op, _checked(metric, op, threshold))


def bound_of(declared: Any) -> Bound | None:
    """The bound that a declaration is, or asks for; None where it is no bound."""
    found = declared if isinstance(declared, Bound) else getattr(declared, "bound", None)
    return found if isinstance(found, Bound) else None


def difference_bound(metric: Metric, op: str, threshold: Any, baseline: str | Saved) -> Bound:
    """A bound on the metric minus the baseline's. Raises DeclarationError for one that could not
    be decided, and for one that asks for the wrong side."""
    low, high = metric.range
    width = high - low
    written = f"{metric}.against({naming.quoted(baseline)}) {op} {threshold!r}"
    if not is_number(threshold):
        raise DeclarationError(f"{written}: a bound needs a finite number")
    if not -width < threshold < width:
        percent = f"; did you mean {threshold / 100:g}?" if width == 1 else ""
        raise DeclarationError(
            f"{written}: a difference of {metric.name} lies between {-width:g} and {width:g}"
            f"{percent}"
        )
    upward = metric.better == "higher"
    if upward != (op in (">=", ">")):
        right = ">=" if upward else "<="
        raise DeclarationError(
            f"{written}: {metric.better} is better, so this would ask for a model that is no "
            f"better than that; write {right} {number(-threshold or 0.0)} for one that is not "
            "much worse"
        )
    return Bound(metric, op, float(threshold), baseline=baseline)


def _checked(metric: Metric, op: str, threshold: Any) -> float:
    """The number, where a bound at it can be."""
    if not is_number(threshold):
        raise DeclarationError(f"{metric} {op} {threshold!r}: a bound needs a finite number")
    low, high = metric.range
    written = f"{metric} {op} {threshold}"
    if not low <= threshold <= high:
        percent = (
            f"; did you mean {threshold / 100:g}?"
            if (low, high) == (0, 1) and 1 < threshold <= 100
            else ""
        )
        raise DeclarationError(
            f"{written}: {metric.name} lies between {low:g} and {high:g}, "
            f"so the bound is outside its range{percent}"
        )
    end = high if op in (">=", ">") else low
    if threshold == end and not metric.exact:
        raise DeclarationError(
            f"{written}: no number of examples can show a value at the very end of the range, "
            "so this bound could never pass; choose a threshold "
            f"{'below' if end == high else 'above'} {end:g}, or, if the rows are a fixed list "
            "of which every one must comply, write .exactly()"
        )
    return float(threshold)


def number(x: float) -> str:
    """A number as its author would write it, with every digit that makes it: 0.9, 100,
    1234567.5."""
    short = f"{x:g}"
    return short if float(short) == x else repr(x)
