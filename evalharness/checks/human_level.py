"""Human levels with what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalharness.declare.human import Human
from evalharness.inference.bounds import Bounds
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.rung_gap import Assumed


@dataclass(frozen=True)
class HumanLevel:
    name: str
    bounds: Bounds
    told: str
    few: bool = False
    split: str = ""


def levels(
    human: Human, plan: Any, model: str, metric: Any, rungs: Sequence[str], seed: int
) -> list[HumanLevel]:
    found = []
    for level in human.levels:
        if not level.n:
            found.append(HumanLevel(level.name, Assumed(level.value), "assumed"))
            continue
        hits = level.n - level.wrong if metric.better == "higher" else level.wrong
        bounds = ProportionBounds(hits, level.n)
        found.append(HumanLevel(level.name, bounds, f"{level.wrong:,} of {level.n:,}"))
    return found
