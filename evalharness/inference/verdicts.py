"""Verdicts: pass, fail or inconclusive, decided by the interval and never by the value alone."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from evalharness.declare.errors import DeclarationError, InconclusiveError
from evalharness.declare.plural import singular
from evalharness.inference.estimates import Estimate
from evalharness.inference.numbers import about, percent, plain, show

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
SIGNS = {">=": "≥", ">": ">", "<=": "≤", "<": "<", "==": "="}
POLICIES = ("confident", "point")
# How a bound on a fixed list is decided: by its value, since nothing is sampled.
EXACT = "exact"


COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
}


@dataclass(frozen=True)
class Verdict:
    """What an estimate says about a threshold.

    outcome: "pass", "fail" or "inconclusive".
    level:   error level of the bound that decided; of the one nearer to deciding when inconclusive.
    family:  over how many bounds the level of a fail is shared; a pass needs no correction.
    likely:  beyond the threshold at the unshared level, but not at the shared one: a likely fail.
    settle:  fresh examples with which it would be decided, if the true value is `estimate.value`;
             None when it is decided, or never would be; 0 where that was not asked (of more than
             a hundred slices only the worst is).
    """

    estimate: Estimate
    op: str
    threshold: float
    outcome: str
    level: float
    family: int = 1
    likely: bool = False
    settle: int | None = None
    policy: str = "confident"
    limit: float = math.nan

    def __bool__(self) -> bool:
        if self.outcome == INCONCLUSIVE:
            raise InconclusiveError(f"INCONCLUSIVE: {self.message}")
        return self.outcome == PASS

    def __repr__(self) -> str:
        return f"<{self.message}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Verdict):
            return NotImplemented
        pairs = [(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)]
        # NaN is equal to NaN here: with policy "point" a verdict has no level.
        return all(a == b or (a != a and b != b) for a, b in pairs)

    @property
    def message(self) -> str:
        """One line that says all: value, bound, n, requirement, verdict, and what would settle
        it."""
        e = self.estimate
        required = f"required {SIGNS[self.op]} {plain(self.threshold)}: {self.outcome}"
        count = e.count
        if math.isnan(e.value):
            return f"{e.title}: undefined ({count}); {required}; {e.reason}"
        value = f"{e.title}: {show(e.value, near=self.threshold)}"
        open_ = f"; {e.reason}" if self.outcome == INCONCLUSIVE else ""
        if self.policy == EXACT:
            told = f"{count}: every one counts, so there is no interval"
            return f"{value} ({told}); {required}{open_}"
        if self.policy == "point":
            return (
                f"{value} ({count}); {required} by the value alone (policy 'point'): "
                f"no statistical guarantee{open_}"
            )
        return f"{value}, {self._bound(count)}; {required}" + self._remedy()

    def _bound(self, count: str) -> str:
        lower = (self.op in (">=", ">")) != (self.outcome == FAIL)
        shared = ""
        if self.outcome == FAIL and self.level < (1 - self.estimate.confidence) * 0.999:
            whole = 1 - self.estimate.confidence
            holm = "" if math.isclose(self.level * self.family, whole) else ", Holm over its slices"
            shared = f", level {_level(whole)} / {self.family:,} bounds{holm}"
        if math.isinf(self.limit):
            return f"with no {'lower' if lower else 'upper'} bound at this n ({count}{shared})"
        word, toward = ("at least", "down") if lower else ("at most", "up")
        shown = show(self.limit, near=self.threshold, toward=toward)
        sure = 1 - self.level if self.outcome == FAIL else self.estimate.confidence
        return f"{word} {shown} with {percent(sure)} confidence ({count}{shared})"

    def _remedy(self) -> str:
        if self.outcome != INCONCLUSIVE:
            return ""
        e, text = self.estimate, ""
        if self.likely:
            level = _level(self.level)
            text = f" (likely fail: beyond the threshold, but not at the shared level {level})"
        if e.reason:
            text += f"; {e.reason}"
        if self.settle == 0:
            return text
        if self.settle is None and e.value == self.threshold:
            return text + "; at exactly the threshold no number of examples would settle it"
        if self.settle is None:
            return text or "; how many examples would settle it cannot be told from these"
        value = show(e.value, near=self.threshold)
        unit = singular(e.unit) if self.settle == 1 else e.unit
        return (
            f"{text}; about {about(self.settle)} fresh {unit} would settle it, "
            f"if the true value is {value}"
        )


def decide(
    estimate: Estimate,
    op: str,
    threshold: Any,
    *,
    family: int = 1,
    fail_level: float | None = None,
    opposite: float | None = None,
    policy: str = "confident",
    forecast: bool = True,
) -> Verdict:
    """Decide `estimate op threshold`.

    Pass: the one-sided bound at the estimate's confidence lies strictly beyond the threshold (for a
    closed estimate, at it). Fail: the opposite bound, at `fail_level`, lies strictly on the wrong
    side. Else inconclusive. `family` shares the level of a fail over that many bounds, unless
    `fail_level` says it outright. `opposite`: the opposite bound at that level, where it is known.
    `forecast`: whether to say what would settle it.
    """
    if (
        isinstance(threshold, bool)
        or not isinstance(threshold, (int, float))
        and not hasattr(threshold, "__float__")
    ):
        raise DeclarationError(
            f"{estimate.title} {op} {threshold!r}: compare an estimate with a number"
        )
    threshold = float(threshold)
    if not math.isfinite(threshold):
        raise DeclarationError(f"{estimate.title} {op} {threshold}: a bound needs a finite number")
    if hasattr(estimate._bounds, "extremes"):
        estimate, left = _sharpened(
            estimate,
            lambda e: decide(e, op, threshold, family=family, fail_level=fail_level, policy=policy),
        )
        if left is not None:
            return left
    alpha = 1 - estimate.confidence
    shared = alpha / family if fail_level is None else fail_level
    upward = op in (">=", ">")

    def beyond(limit: float, *, good: bool) -> bool:
        return limit > threshold if good == upward else limit < threshold

    passing = estimate.at_least if upward else estimate.at_most
    failing = estimate.at_most if upward else estimate.at_least

    def verdict(outcome: str, level: float, limit: float, **more: Any) -> Verdict:
        return Verdict(
            estimate, op, threshold, outcome, level, family, policy=policy, limit=limit, **more
        )

    if math.isnan(estimate.value):
        return verdict(INCONCLUSIVE, alpha, passing)
    if policy in ("point", EXACT):
        met = COMPARE[op](estimate.value, threshold)
        return verdict(PASS if met else FAIL, math.nan, passing)
    touching = estimate.closed and op in (">=", "<=") and passing == threshold
    if beyond(passing, good=True) or touching:
        return verdict(PASS, alpha, passing)
    if shared == alpha:
        strict = failing
    else:
        strict = _opposite(estimate, upward, shared) if opposite is None else opposite
    if beyond(strict, good=False):
        return verdict(FAIL, shared, strict)
    wrong_side = beyond(estimate.value, good=False)
    level = shared if wrong_side else alpha
    return verdict(
        INCONCLUSIVE,
        level,
        passing,
        likely=beyond(failing, good=False),
        settle=_settle(estimate, threshold, level) if forecast else 0,
    )


def _sharpened(
    estimate: Estimate, decided: Callable[[Estimate], Verdict]
) -> tuple[Estimate, Verdict | None]:
    """Of a value that is known within an error: the estimate that decides, and the verdict where
    that does.

    Where every value and limit inside of the error gives one verdict, that is it; else the exact
    value decides, and so it does where the threshold may be the value.
    """
    bounds: Any = estimate._bounds
    wide, narrow = (decided(estimate.of(extreme)) for extreme in bounds.extremes)
    low, high = bounds.values
    if wide.outcome == narrow.outcome and not low <= wide.threshold <= high:
        return estimate, replace(wide, estimate=estimate)
    return estimate.of(bounds.exact), None


def _opposite(estimate: Estimate, upward: bool, level: float) -> float:
    """The bound on the failing side at a level of its own. A restored estimate has none but at its
    confidence."""
    if estimate._bounds is None:
        return math.inf if upward else -math.inf
    return float(estimate._bounds.upper(level) if upward else estimate._bounds.lower(level))


def _settle(estimate: Estimate, threshold: float, level: float) -> int | None:
    if estimate._bounds is None:
        return None
    return estimate._bounds.settle(threshold, level)


def _level(level: float) -> str:
    return f"{level:.4g}"
