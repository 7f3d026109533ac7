"""Whether something is shown to lie within what is tolerated, or shown to lie beyond it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from evalharness.checks.settings import Settings
from evalharness.inference.numbers import percent, show
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS


@dataclass(frozen=True)
class Within:
    """outcome: of `value` ≤ `most`; limit: the bound that decided at `level`, or that a pass needs;
    told: value and bound in words."""

    outcome: str
    value: float
    limit: float
    level: float
    most: float
    told: str

    @property
    def fields(self) -> dict[str, Any]:
        """As a `Finding` has them."""
        op = "≥" if self.outcome == FAIL else "≤"
        told = {"outcome": self.outcome, "value": self.value, "limit": self.limit}
        return told | {"op": op, "required": self.most, "level": round(self.level, 12)}


def level_word(alpha: float, family: int, ways: int) -> str:
    """Over what the level of a fail is shared, as messages say it."""
    if family * ways == 1:
        return ""
    columns = f" / {family:,} columns" if family > 1 else ""
    return f", level {alpha:.4g}{columns}{f' / {ways} ways to fail' if ways > 1 else ''}"


def within(bounds: Any, most: float, settings: Settings, ways: int = 1) -> Within:
    """bounds: of a distance or a share, with `value`, `lower(alpha)` and `upper(alpha)`. ways: in
    how many a column may fail, which share its level.

    Pass: surely below `most`, at the confidence of the evaluation; fail: surely above, at the level
    that is shared over the gated columns; else inconclusive. With policy "point" the value alone
    decides.
    """
    alpha = 1 - settings.confidence
    shared = alpha / settings.family / ways
    upper, lower = bounds.upper(alpha), bounds.lower(shared)
    value = show(bounds.value, near=most)
    if settings.policy == "point":
        outcome = PASS if bounds.value <= most else FAIL
        told = f"{value} by the value alone (policy 'point'): no statistical guarantee"
        return Within(outcome, bounds.value, math.nan, math.nan, most, told)
    if lower > most:
        limit = show(lower, near=most, toward="down")
        of = level_word(alpha, settings.family, ways)
        told = f"{value}, at least {limit} with {percent(1 - shared)} confidence{of}"
        return Within(FAIL, bounds.value, lower, shared, most, told)
    limit = show(upper, near=most, toward="up")
    told = f"{value}, at most {limit} with {percent(settings.confidence)} confidence"
    if upper < most:
        return Within(PASS, bounds.value, upper, alpha, most, told)
    if bounds.lower(alpha) > most:
        told += f" (likely fail: beyond the tolerance, but not at the shared level {shared:.4g})"
    level = shared if bounds.value > most else alpha
    return Within(INCONCLUSIVE, bounds.value, upper, level, most, told)
