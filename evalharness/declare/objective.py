"""The optimizing metric: what `f1.on("dev").against("production")` builds, and the choice among
several models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from evalharness.declare.arithmetic import is_number
from evalharness.declare.bound import Bound, difference_bound, number
from evalharness.declare.errors import DeclarationError
from evalharness.declare.naming import quoted, slug_of

if TYPE_CHECKING:
    from evalharness.declare.metric import Metric

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Saved:
    """A saved result that a model is compared with. `name`: "" for the one that was promoted."""

    name: str = ""

    def __str__(self) -> str:
        return f"saved({quoted(self.name)})" if self.name else "saved()"

    __repr__ = __str__


def saved(name: str = "") -> Saved:
    """A result that `pytest --eval-save=NAME` wrote, as a baseline: `.against(saved("v1"))`.

    Without a name it is the one that `evalharness promote` made the baseline, or that
    `--eval-baseline=NAME` names. It holds no examples, so that the comparison is unpaired, and
    weaker than one with the baseline's outputs.
    """
    if not isinstance(name, str) or (name and not NAME.fullmatch(name)):
        raise DeclarationError(
            f"saved({name!r}): a saved result has a name of letters, digits, `-`, `_` and `.`, "
            'such as saved("v1"); a folder or a file is no name'
        )
    return Saved(name)


@dataclass(frozen=True)
class Against:
    """A metric minus the same metric of a baseline, on the same examples.

    baseline: the name of a model of the outputs, or a saved result. within: by how much the model
    may be worse; None where it must be better.

    Compared with a number it is a bound on the difference:
    `recall.on("test").against("production") >= -0.01`.
    """

    metric: Metric
    baseline: str | Saved
    within: float | None = None

    kind: ClassVar[str] = "optimizing"
    finds: ClassVar[tuple[str, ...]] = ("EH-OBJECTIVE",)

    @property
    def slug(self) -> str:
        return self.metric.slug

    @property
    def name(self) -> str:
        """Of the baseline, as messages have it."""
        return self.baseline if isinstance(self.baseline, str) else str(self.baseline)

    @property
    def bound(self) -> Bound:
        """What the difference must be shown to meet."""
        upward = self.metric.better == "higher"
        if self.within is None:
            return Bound(self.metric, ">" if upward else "<", 0.0, baseline=self.baseline)
        least = -self.within if upward else self.within
        return Bound(self.metric, ">=" if upward else "<=", least, baseline=self.baseline)

    def _bounded(self, op: str, threshold: Any) -> Bound:
        if self.within is not None:
            raise DeclarationError(
                f"{self} {op} {threshold!r}: `within` is a margin already; write it in one way, "
                f"as {self.metric}.against({quoted(self.baseline)}) {op} {threshold!r}"
            )
        return difference_bound(self.metric, op, threshold, self.baseline)

    def __ge__(self, threshold: float) -> Bound:
        return self._bounded(">=", threshold)

    def __gt__(self, threshold: float) -> Bound:
        return self._bounded(">", threshold)

    def __le__(self, threshold: float) -> Bound:
        return self._bounded("<=", threshold)

    def __lt__(self, threshold: float) -> Bound:
        return self._bounded("<", threshold)

    def __bool__(self) -> bool:
        raise DeclarationError(
            f"`{self}` is a declaration, not a truth value: write `optimizing = {self}`, or "
            f"compare it with a number and list it in `satisficing`"
        )

    def __str__(self) -> str:
        margin = "" if self.within is None else f", within={number(self.within)}"
        return f"{self.metric}.against({quoted(self.baseline)}{margin})"

    __repr__ = __str__


@dataclass(frozen=True)
class Choice:
    """The best of several models on one metric, among those that meet every bound."""

    metric: Metric

    kind: ClassVar[str] = "optimizing"
    finds: ClassVar[tuple[str, ...]] = ("EH-CHOICE",)

    @property
    def slug(self) -> str:
        return self.metric.slug

    def __str__(self) -> str:
        return f"the choice by {self.metric}"


def against(metric: Metric, baseline: Any, within: Any) -> Against:
    """The metric compared with a baseline. Raises DeclarationError for what cannot be."""
    problems = []
    if not isinstance(baseline, Saved) and not (isinstance(baseline, str) and baseline):
        problems.append(
            f"{baseline!r} is no baseline: give the name of a model of the outputs, "
            'such as "production", or saved("NAME")'
        )
    if metric.better is None:
        problems.append(
            f"{metric.name} has no direction, so neither is better; compare its difference with a "
            "number in a test of your own"
        )
    if metric.exact:
        problems.append("a fixed list is not sampled; bound the metric of each model by itself")
    if metric.definition.report_only:
        problems.append(f"{metric.name} is report-only: {metric.definition.report_only}")
    if within is not None:
        low, high = metric.range
        if not is_number(within) or within <= 0:
            hint = f"; did you mean within={-within:g}?" if is_number(within) and within else ""
            problems.append(
                f"within={within!r} must be a number above 0, in units of the metric: by how much "
                f"it may be worse{hint}"
            )
        elif within >= high - low:
            percent = high - low == 1 and within <= 100
            hint = f"; did you mean within={within / 100:g}?" if percent else ""
            problems.append(
                f"within={within!r}: no two values of {metric.name} lie further apart than "
                f"{high - low:g}, so that this would always hold{hint}"
            )
    if problems:
        raise DeclarationError(f"{metric}.against(…): {'; '.join(problems)}")
    return Against(metric, baseline, None if within is None else float(within))


def baseline_slug(baseline: str | Saved) -> str:
    """Of a bound on a difference, what its node id says of it."""
    if isinstance(baseline, str):
        return f"-against-{slug_of(baseline)}"
    return f"-against-saved-{slug_of(baseline.name)}" if baseline.name else "-against-saved"
