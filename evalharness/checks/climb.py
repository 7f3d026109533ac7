"""What a ladder is made of: the rungs of one model with what is known of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from evalharness.checks.human_level import HumanLevel
from evalharness.checks.settings import Settings
from evalharness.declare.diagnosis import BiasVariance
from evalharness.declare.rungs import DEV, GAPS, HUMAN, TEST, TRAIN_DEV
from evalharness.inference.best_of import BestOf
from evalharness.inference.bounds import Bounds
from evalharness.inference.dominance import Naming, believed, drawn, naming
from evalharness.inference.estimates import Estimate
from evalharness.inference.rung_gap import Assumed, RungGap

# What does not matter, where nothing is declared: of a metric between 0 and 1 half a point, and in
# any case a tenth of the error on dev.
POINT, TENTH = 0.005, 0.1


@dataclass(frozen=True)
class Climb:
    """What a ladder is made of.

    rungs:  the estimate of each split, from the bottom to the top.
    people: the human levels.
    tied:   pairs of splits of which clusters have rows in both.
    broken: by name of a split, why it is no rung: its examples are not unseen.
    paired: by name of a level, the gap to the lowest split, where people answered its examples.
    notes:  what else belongs to the ladder.
    """

    declared: BiasVariance
    rungs: dict[str, Estimate]
    people: Sequence[HumanLevel]
    tied: frozenset[tuple[str, str]]
    broken: dict[str, str]
    settings: Settings
    paired: dict[str, Bounds]
    notes: tuple[str, ...] = ()

    @property
    def sign(self) -> int:
        return 1 if self.declared.metric.better == "lower" else -1

    @cached_property
    def proxy(self) -> HumanLevel | None:
        """The best level, which stands for the Bayes error; of several that were measured, as sure
        as the best of so many is."""
        if not self.people:
            return None
        best = min(self.people, key=lambda p: self.sign * p.bounds.value)
        measured = [p.bounds for p in self.people if p.bounds.n]
        if len(measured) < 2 or not best.bounds.n:
            return best
        return replace(best, bounds=BestOf(measured, self.sign))

    @cached_property
    def unmeasured(self) -> dict[str, str]:
        """Why rungs cannot be measured, by their names."""
        found = {}
        for name, e in self.rungs.items():
            if name in self.broken:
                found[name] = self.broken[name]
            elif math.isnan(e.value):
                found[name] = f"{e.title}: {e.reason or 'undefined'}"
        if self.proxy is not None and math.isnan(self.proxy.bounds.value):
            found[HUMAN] = f"human level ({self.proxy.name}): {self.proxy.bounds.reason}"
        return found

    @cached_property
    def material(self) -> tuple[float, str]:
        """What does not matter, and where that comes from."""
        if self.declared.materiality is not None:
            return self.declared.materiality, "declared"
        name = next(n for n in (DEV, TEST, TRAIN_DEV, *self.rungs) if n in self.rungs)
        low, high = self.declared.metric.range
        best = low if self.sign > 0 else high
        value = self.rungs[name].value
        error = abs(value - best) if math.isfinite(best) else abs(value)
        error = 0.0 if math.isnan(error) else error
        floor = POINT if (low, high) == (0, 1) else 0.0
        if TENTH * error > floor:
            return TENTH * error, f"a tenth of the error on {name}"
        return (floor, "half a point") if floor else (1e-12, "nothing")

    def bounds(self, level: HumanLevel | None) -> dict[str, Bounds]:
        """Of each rung, from the bottom to the top."""
        found: dict[str, Any] = {} if level is None else {HUMAN: level.bounds}
        return found | {name: e._bounds for name, e in self.rungs.items()}

    def gaps(self, level: HumanLevel | None) -> dict[str, Bounds]:
        """The gaps above a human level (or above the lowest split), by their names."""
        rungs = self.bounds(level)
        pairs = list(zip(rungs, list(rungs)[1:], strict=False))
        low, high = self.declared.metric.range
        found: dict[str, Bounds] = {
            GAPS[a, b]: RungGap(rungs[a], rungs[b], self.sign, (a, b) in self.tied, high - low)
            for a, b in pairs
        }
        if level is not None and level.name in self.paired:
            each = [self.paired[p.name] for p in self.people if p.name in self.paired]
            picked = isinstance(level.bounds, BestOf) and len(each) > 1
            # The lowest human error leaves the largest gap.
            found[next(iter(found))] = BestOf(each, -1) if picked else self.paired[level.name]
        return found

    def below_human(self, level: HumanLevel | None) -> bool:
        """Whether the lowest split is surely better than the level."""
        if level is None or level.few or self.too_high(level) or not self.rungs:
            return False
        first = next(iter(self.gaps(level).values()))
        return first.upper(1 - self.settings.confidence) < 0

    def too_high(self, level: HumanLevel) -> bool:
        """Whether people are better than the level says, and the model is not held against the same
        gold."""
        return level.high and level.name not in self.paired

    def whole_error(self, alpha: float) -> float:
        """The most that the bias of the lowest split can be: its whole error, by its upper bound;
        infinite where no best value is known."""
        low, high = self.declared.metric.range
        e: Any = next(iter(self.rungs.values()))
        if self.sign > 0:
            return float(e._bounds.upper(alpha) - low)
        return float(high - e._bounds.lower(alpha))

    def naming(self, level: HumanLevel | None) -> Naming:
        """What dominates above a human level."""
        gaps, alpha = self.gaps(level), 1 - self.settings.confidence
        rungs = self.bounds(level)
        may = [True] * len(gaps)
        lower = np.array([g.lower(alpha) for g in gaps.values()])
        upper = np.array([g.upper(alpha) for g in gaps.values()])
        if level is not None and (level.few or self.below_human(level)):
            # The bias that is left may be the whole error, and a gap must beat that.
            may[0] = False
            upper[0] = self.whole_error(alpha)
            low, high = self.declared.metric.range
            best = low if self.sign > 0 else high
            if not math.isfinite(best):
                may = [False] * len(gaps)
            else:
                rungs[HUMAN] = Assumed(best)
        errors = drawn([believed(b) for b in rungs.values()], self.settings.seed)
        return naming(errors, self.sign, lower, upper, self.material[0], may)
