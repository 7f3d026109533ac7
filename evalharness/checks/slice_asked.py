"""What the ladders by slice are asked, and what they measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalharness.checks.human_level import HumanLevel
from evalharness.checks.measuring import estimates
from evalharness.checks.settings import Settings
from evalharness.declare.diagnosis import BiasVariance
from evalharness.declare.metric import Metric
from evalharness.declare.rungs import DEV
from evalharness.inference.annotators import BEST
from evalharness.inference.bounds import Bounds
from evalharness.inference.estimates import Estimate
from evalharness.inference.slice_people import of_items
from evalharness.inference.slice_rungs import RungSlices
from evalharness.kernels.plan import Plan

# A slice with fewer examples on the rung that is judged is told and not judged: the interval of a
# share is then up to ±.2 wide, and each slice that is judged costs the others some of their level.
LEAST = 20


def metrics(declared: BiasVariance, rungs: Sequence[str]) -> list[Metric]:
    """What the ladders by slice measure."""
    by = [declared.metric.on(name).by(declared.by) for name in rungs]
    whole = {rungs[0]: None, judged_rung(rungs): None}
    return by + [declared.metric.on(name) for name in whole]


def judged_rung(rungs: Sequence[str]) -> str:
    """The rung on which it is told what there is to gain: dev, or without it the topmost. What is
    chosen by test is no longer measured by it."""
    return DEV if DEV in rungs else rungs[-1]


@dataclass(frozen=True)
class Asked:
    """What is asked. rungs: names of splits, from the bottom to the top; human: the level that
    stands for the Bayes error; few: fewer than three people answered; tied: pairs of rungs of which
    clusters have rows in both; people: the level with what is known of its items."""

    plan: Plan
    model: str
    declared: BiasVariance
    rungs: Sequence[str]
    human: Bounds | None
    settings: Settings
    materiality: float
    few: bool = False
    tied: frozenset[tuple[str, str]] = frozenset()
    people: HumanLevel | None = None

    def slices(self, rung: str) -> Sequence[Estimate]:
        by = self.declared.metric.on(rung).by(self.declared.by)
        return estimates(self.plan, self.model, by, self.settings)

    def whole(self, rung: str) -> Estimate:
        metric = self.declared.metric.on(rung)
        return estimates(self.plan, self.model, metric, self.settings)[0]

    def floors(self, judged: Any) -> RungSlices | None:
        """What people err in each slice itself, where they answered LEAST rows of each that is
        `judged` (S,); those of the judged rung come first."""
        at, level = judged_rung(self.rungs), self.people
        if level is None or level.split != at:
            return None
        by = self.declared.metric.on(at).by(self.declared.by)
        groups = self.plan.measure(self.model, by).groups
        place, count = groups.code[level.rows], len(judged)
        inside = place < len(groups.names)
        n = np.bincount(place[inside], minlength=count)
        if (n[judged] < LEAST).any():
            return None
        right = self.declared.metric.better == "higher"
        error = (1 - level.error if right else level.error)[inside]
        # Of the best each half was chosen by the other, so that the two count as one.
        worth = 0.5 if level.name == BEST else 1.0
        bounds = of_items(error, place[inside], count, worth)
        return RungSlices(bounds, np.where(n > 0, np.arange(count), -1))
