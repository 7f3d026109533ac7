"""Levels of looks at one test set: α, shared over everything that a developer could come to see.

A developer sees one symbol of each look, P (passed) or N (not passed), and does with it what he
likes. What he sees is a path in a tree of such symbols, so a test at level α_v in every node v has
a false pass with a probability of at most Σ α_v, by the union bound, whatever he does.

open:    no end is planned. With i passes so far, which came after gaps of g₁, …, gᵢ looks, and a
         current gap m (looks since the last pass, this one included), the level is
         α · 2^-(i+1) · w(g₁) ⋯ w(gᵢ) · w(m), where w(m) = 6 / (π² m²). Σ w(m) = 1 and
         Σ 2^-(i+1) = 1, so that Σ α_v = α: a prefix code. A look that does not pass costs little,
         a pass more.
planned: of H looks, the set is retired at the B-th pass: α / N with N = Σ_{i=1..B} C(H, i), the
         number of ways to come to a pass that counts. B = 1: α / H; B = H: α / (2^H - 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

# Below this no test is made: 1 - level would no longer be known well.
LEAST = 1e-12


def weight(gap: int) -> float:
    """6 / (π² gap²), for gap = 1, 2, …; they add up to 1."""
    return 6 / (math.pi * gap) ** 2


def open_level(alpha: float, passed: Sequence[bool]) -> float:
    """The level of the look that comes after these, in (0, α)."""
    level, gap = alpha / 2, 1
    for each in passed:
        if each:
            level, gap = level * weight(gap) / 2, 1
        else:
            gap += 1
    return level * weight(gap)


def nodes(looks: int, passes: int) -> int:
    """Σ_{i=1..passes} C(looks, i): over how many nodes α is shared."""
    return sum(math.comb(looks, i) for i in range(1, passes + 1))


def planned_level(alpha: float, passed: Sequence[bool], looks: int, passes: int = 1) -> float:
    """The same of so many planned looks, retired at that pass; 0 where these are used up."""
    if len(passed) >= looks or sum(passed) >= passes:
        return 0.0
    return alpha / nodes(looks, passes)


def affordable(alpha: float, spent: float, level: float) -> bool:
    """Whether a level fits into what is left of α. Along one path of one plan the levels never add
    up to more; where plans were changed, or branches merged, they could."""
    return spent + level <= alpha + 1e-9


def next_level(alpha: float, passed: Sequence[bool], looks: int | None = None) -> float:
    """The level of the look that comes after these; 0 where there is none left. looks: how many
    were planned; None where that was left open."""
    if looks is not None:
        return planned_level(alpha, passed, looks)
    level = open_level(alpha, passed)
    return level if level >= LEAST else 0.0
