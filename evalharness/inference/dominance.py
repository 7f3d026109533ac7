"""Which gap is the largest, as far as the errors of the rungs are known.

Each rung's error is drawn from what is believed of it: of a share k of n from Beta(k + ½, n − k + ½)
(Jeffreys), of anything else from the distribution whose quantiles its one-sided bounds are. The
gaps of each draw are compared. A gap is *named* where it is with a probability of .975 no smaller
than the largest less the materiality, and surely larger than the materiality by its own bound. One
named gap dominates; several do together. (To ask that a gap be the largest with .8 names gaps that
are not in 9 to 14 % of cases, at n = 100 to 300.)

Everything has a leading axis of slices, so that a thousand ladders are one computation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr, ndtri

from evalharness.inference.bounds import Bounds
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.rung_gap import Assumed

Floats = NDArray[np.float64]

DRAWS = 20_000
# With which a gap must be no smaller than the largest, give or take what does not matter.
SURE = 0.975
# At these quantiles, in standard deviations of a normal, the belief about an error is worked out;
# between them it is interpolated.
KNOTS = np.array([-4.0, -3.0, -2.3, -1.64, -1.0, -0.5, 0.0, 0.5, 1.0, 1.64, 2.3, 3.0, 4.0])
# Bounds other than those of shares may cost a bootstrap each.
COARSE = np.array([-3.0, -1.96, -1.0, 0.0, 1.0, 1.96, 3.0])

DOMINANT, BOTH, NOTHING, UNCLEAR = "dominant", "both", "nothing", "cannot tell"


def believed(bounds: Bounds) -> tuple[Floats, Floats]:
    """(knots, values): the quantiles of what is believed of a rung's error."""
    if isinstance(bounds, Assumed):
        return KNOTS, np.full(len(KNOTS), bounds.value)
    if isinstance(bounds, ProportionBounds) and bounds.through is None:
        return KNOTS, of_shares(np.array([bounds.hits]), np.array([bounds.trials]))[0]
    levels = ndtr(-abs(COARSE))
    found = [
        bounds.value if z == 0 else bounds.lower(a) if z < 0 else bounds.upper(a)
        for z, a in zip(COARSE, levels, strict=True)
    ]
    return COARSE, np.maximum.accumulate(np.asarray(found, float))


def of_shares(hits: Floats, trials: Floats) -> Floats:
    """(S, knots): the quantiles of Jeffreys' belief about S shares."""
    a, b = (np.asarray(x, float)[:, None] for x in (hits + 0.5, trials - hits + 0.5))
    return np.asarray(betaincinv(a, b, ndtr(KNOTS)), float)


@cache
def _normal(rungs: int, draws: int, seed: int) -> Floats:
    """(rungs, draws) standard normals, each row spread evenly (a Latin hypercube)."""
    rng = np.random.default_rng(seed)
    cells = np.stack([rng.permutation(draws) for _ in range(rungs)])
    return np.asarray(ndtri((cells + rng.random(cells.shape)) / draws), float)


def drawn(beliefs: Sequence[tuple[Floats, Floats]], seed: int, draws: int = DRAWS) -> Floats:
    """(rungs, draws) errors of the rungs of one ladder."""
    z = _normal(len(beliefs), draws, seed)
    return np.stack([np.interp(row, *belief) for row, belief in zip(z, beliefs, strict=True)])


@dataclass(frozen=True)
class Naming:
    """Which gaps are named, in one ladder.

    state:    "dominant", "both", "nothing" (none matters), or "cannot tell".
    named:    places of the named gaps.
    largest:  (G,) probability of each gap that it is the largest.
    near:     (G,) probability of each that it is no smaller than the largest less the materiality.
    unsure:   place of the rung whose error, measured on more examples, would tell the two largest
              gaps apart; None where that is no question.
    """

    state: str
    named: tuple[int, ...]
    largest: tuple[float, ...]
    near: tuple[float, ...]
    unsure: int | None = None


def naming(
    errors: Floats, sign: int, lower: Floats, upper: Floats, materiality: float, may: Sequence[bool]
) -> Naming:
    """What dominates. errors: (R, D) drawn errors of the rungs from the bottom to the top; lower,
    upper: (R − 1,) bounds of the gaps between them; may: whether a gap may be named at all."""
    gaps = sign * np.diff(errors, axis=0)
    near, largest = shares(gaps[None], np.array([materiality]))
    named = tuple(
        int(g)
        for g in range(len(gaps))
        if may[g] and near[0, g] >= SURE and lower[g] > materiality
    )
    state = DOMINANT if len(named) == 1 else BOTH if named else UNCLEAR
    if not named and all(upper <= materiality):
        state = NOTHING
    unsure = _unsure(errors, gaps) if state == UNCLEAR else None
    return Naming(state, named, tuple(largest[0].tolist()), tuple(near[0].tolist()), unsure)


def shares(gaps: Floats, materiality: Any) -> tuple[Floats, Floats]:
    """(S, G) of gaps (S, G, D): in which share of the draws each is no smaller than the largest
    less the materiality (S,), and in which it is the largest."""
    top = gaps.max(axis=1, keepdims=True)
    near = (gaps >= top - np.asarray(materiality, float)[:, None, None]).mean(axis=2)
    return near, (gaps >= top).mean(axis=2)


def _unsure(errors: Floats, gaps: Floats) -> int | None:
    """The rung that adds most to the variance of the difference of the two largest gaps."""
    if len(gaps) == 1:
        weight = np.array([1.0, 1.0])
    else:
        first, second = np.argsort(-gaps.mean(axis=1), kind="stable")[:2]
        weight = np.zeros(len(errors))
        for gap, by in ((first, 1.0), (second, -1.0)):
            weight[gap + 1] += by
            weight[gap] -= by
    added = weight**2 * errors.var(axis=1)
    return int(added.argmax()) if added.any() else None
