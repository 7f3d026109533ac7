"""Which gap is the largest, as far as the errors of the rungs are known.

Each rung's error is drawn from what is believed of it: of a share k of n from
Beta(k + ½, n − k + ½) (Jeffreys); of fewer than five errors, and of anything else than a share,
from the distribution whose quantiles its one-sided bounds are. The gaps of each draw are compared.
A gap is *named* where it is no smaller than the largest less the materiality, with a probability of
1 − .025/(G − 1) among G gaps, and surely larger than the materiality by its own bound. One named
gap dominates; several do together. Then one that is smaller than the largest by more than the
materiality is named in 5 % of ladders at most: of G gaps G − 1 may be such. (With .975 among any
number, and Jeffreys' belief about any, it is up to 18 %.)

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
from evalharness.inference.proportions import (
    ProportionBounds,
    clopper_pearson_lower,
    clopper_pearson_upper,
)
from evalharness.inference.rung_gap import Assumed
from evalharness.inference.slices import ProportionSlices

Floats = NDArray[np.float64]

# Of one ladder, and of each of many.
DRAWS, FEWER_DRAWS = 20_000, 4_000
# So many ladders are drawn at a time.
BLOCK = 16
# How far it may be from sure that a gap is as large as each other one, give or take what does not
# matter.
DOUBT = 0.025
# Of fewer errors, or right answers, Jeffreys' belief reaches too little toward none: one error of
# a hundred people would say that they err at all.
FEW = 5
# At these quantiles, in standard deviations of a normal, the belief about an error is worked out;
# between them it is interpolated.
KNOTS = np.array([-4.0, -3.0, -2.3, -1.64, -1.0, -0.5, 0.0, 0.5, 1.0, 1.64, 2.3, 3.0, 4.0])
# Bounds other than those of shares may cost a bootstrap each.
COARSE = np.array([-3.0, -1.96, -1.0, 0.0, 1.0, 1.96, 3.0])
# Where a rung has no bound at such a level (a tail quantile of few values); its square is finite.
ANYWHERE = 1e100

DOMINANT, BOTH, NOTHING, UNCLEAR = "dominant", "both", "nothing", "cannot tell"


def believed(bounds: Bounds) -> tuple[Floats, Floats]:
    """(knots, values): the quantiles of what is believed of a rung's error."""
    if isinstance(bounds, Assumed):
        return KNOTS, np.full(len(KNOTS), bounds.value)
    # Of clusters and weights a share is worth less than its counts say, which only its bounds know.
    if type(bounds) is ProportionBounds and bounds.through is None:
        return KNOTS, of_shares(np.array([bounds.hits]), np.array([bounds.trials]))[0]
    levels = ndtr(-abs(COARSE))
    found = [
        bounds.value if z == 0 else bounds.lower(a) if z < 0 else bounds.upper(a)
        for z, a in zip(COARSE, levels, strict=True)
    ]
    return COARSE, np.maximum.accumulate(np.clip(np.asarray(found, float), -ANYWHERE, ANYWHERE))


def believed_of_each(slices: Any) -> tuple[Floats, Floats]:
    """(knots, (S, knots) values): as `believed`, of the bounds of many slices."""
    if type(slices) is ProportionSlices and slices.through is None:
        return KNOTS, of_shares(slices.hits, slices.trials)
    levels = ndtr(-abs(COARSE))
    found = [
        slices.value if z == 0 else slices.lower(a) if z < 0 else slices.upper(a)
        for z, a in zip(COARSE, levels, strict=True)
    ]
    values = np.clip(np.stack(found, axis=1), -ANYWHERE, ANYWHERE)
    return COARSE, np.maximum.accumulate(values, axis=1)


def of_shares(hits: Floats, trials: Floats) -> Floats:
    """(S, knots): the quantiles of Jeffreys' belief about S shares; of few errors, or of few right
    answers, Clopper-Pearson's limits, which are never too near."""
    k, n = (np.asarray(x, float)[:, None] for x in (hits, trials))
    few = np.minimum(k, n - k)[:, 0] < FEW
    found = np.empty((len(k), len(KNOTS)))
    a, b = k[~few], n[~few]
    found[~few] = betaincinv(a + 0.5, b - a + 0.5, ndtr(KNOTS))
    below, above = KNOTS < 0, KNOTS > 0
    k, n = k[few], n[few]
    exact = np.repeat(np.divide(k, n, out=np.full(k.shape, np.nan), where=n > 0), len(KNOTS), 1)
    exact[:, below] = clopper_pearson_lower(k, n, ndtr(KNOTS[below]))
    exact[:, above] = clopper_pearson_upper(k, n, ndtr(-KNOTS[above]))
    found[few] = exact
    return found


@cache
def _normal(rungs: int, draws: int, seed: int) -> Floats:
    """(rungs, draws) standard normals, each row spread evenly (a Latin hypercube)."""
    rng = np.random.default_rng(seed)
    cells = np.stack([rng.permutation(draws) for _ in range(rungs)])
    return np.asarray(ndtri((cells + rng.random(cells.shape)) / draws), float)


def drawn(beliefs: Sequence[tuple[Floats, Floats]], seed: int, draws: int = DRAWS) -> Floats:
    """(rungs, draws) errors of the rungs of one ladder."""
    return drawn_of_each([(knots, values[None]) for knots, values in beliefs], seed, draws)[0]


def drawn_of_each(
    beliefs: Sequence[tuple[Floats, Floats]], seed: int, draws: int = FEWER_DRAWS
) -> Floats:
    """(S, rungs, draws) errors of the rungs of S ladders; beliefs: knots and (S, knots) values of
    each rung. All ladders share the normals that they are made of: each is judged by itself."""
    z = _normal(len(beliefs), draws, seed)
    found = np.empty((len(beliefs[0][1]), len(beliefs), draws))
    for rung, (knots, values) in enumerate(beliefs):
        place = np.clip(np.searchsorted(knots, z[rung]) - 1, 0, len(knots) - 2)
        part = np.clip((z[rung] - knots[place]) / np.diff(knots)[place], 0, 1)
        low, rise = values[:, place], np.diff(values, axis=1)[:, place]
        found[:, rung] = low + part * rise
    return found


@dataclass(frozen=True)
class Naming:
    """Which gaps are named, in one ladder.

    state:    "dominant", "both", "nothing" (none matters), or "cannot tell".
    named:    places of the named gaps.
    largest:  (G,) probability of each gap that it is the largest.
    near:     (G,) probability of each that it is no smaller than the largest less the materiality.
    unsure:   place of the rung whose error, measured on more examples, would tell the two largest
              gaps apart; None where that is no question.
    large:    places of the gaps that surely matter, by their own bounds, and may be named. Where
              there are several and none is named, which of them is the larger is not told.
    """

    state: str
    named: tuple[int, ...]
    largest: tuple[float, ...]
    near: tuple[float, ...]
    unsure: int | None = None
    large: tuple[int, ...] = ()


@dataclass(frozen=True)
class Namings:
    """The same of S ladders: state (S,), named, largest, near and large (S, G), unsure (S,), -1
    where that is no question."""

    state: Any
    named: Any
    largest: Floats
    near: Floats
    unsure: Any
    large: Any

    def one(self, s: int) -> Naming:
        unsure = int(self.unsure[s])
        return Naming(
            str(self.state[s]),
            tuple(np.flatnonzero(self.named[s]).tolist()),
            tuple(self.largest[s].tolist()),
            tuple(self.near[s].tolist()),
            None if unsure < 0 else unsure,
            tuple(np.flatnonzero(self.large[s]).tolist()),
        )


def naming(
    errors: Floats, sign: int, lower: Floats, upper: Floats, materiality: float, may: Sequence[bool]
) -> Naming:
    """What dominates. errors: (R, D) drawn errors of the rungs from the bottom to the top; lower,
    upper: (R − 1,) bounds of the gaps between them; may: whether a gap may be named at all."""
    allowed = np.asarray(may, bool)[None]
    return namings(errors[None], sign, lower[None], upper[None], materiality, allowed).one(0)


def namings(
    errors: Floats, sign: int, lower: Floats, upper: Floats, materiality: float, may: Any
) -> Namings:
    """As `naming`, of S ladders of the same rungs: errors (S, R, D), all else (S, R − 1)."""
    gaps = sign * np.diff(errors, axis=1)
    near, largest = shares(gaps, np.full(len(gaps), materiality))
    large = may & (lower > materiality)
    named = large & (near >= sure_among(gaps.shape[1]))
    count = named.sum(axis=1)
    small = (upper <= materiality).all(axis=1)
    state = np.select([count == 1, count > 1, small], [DOMINANT, BOTH, NOTHING], UNCLEAR)
    unsure = np.full(len(gaps), -1)
    open_ = np.flatnonzero(state == UNCLEAR)
    unsure[open_] = _unsure(errors[open_], gaps[open_])
    return Namings(state, named, largest, near, unsure, large)


def of_each(
    beliefs: Sequence[tuple[Floats, Floats]],
    sign: int,
    lower: Floats,
    upper: Floats,
    materiality: float,
    may: Any,
    seed: int,
    draws: int = FEWER_DRAWS,
) -> Namings:
    """As `namings`, of beliefs (see `drawn_of_each`), so many ladders at a time that what is drawn
    of them stays near the processor."""
    found = []
    for at in range(0, max(1, len(lower)), BLOCK):
        some = slice(at, at + BLOCK)
        errors = drawn_of_each([(k, v[some]) for k, v in beliefs], seed, draws)
        found.append(namings(errors, sign, lower[some], upper[some], materiality, may[some]))
    names = ("state", "named", "largest", "near", "unsure", "large")
    return Namings(*(np.concatenate([getattr(f, name) for f in found]) for name in names))


def sure_among(gaps: int) -> float:
    """With which probability a gap must be no smaller than the largest of so many, give or take
    what does not matter."""
    return 1 - DOUBT / max(1, gaps - 1)


def shares(gaps: Floats, materiality: Any) -> tuple[Floats, Floats]:
    """(S, G) of gaps (S, G, D): in which share of the draws each is no smaller than the largest
    less the materiality (S,), and in which it is the largest."""
    top = gaps.max(axis=1, keepdims=True)
    near = (gaps >= top - np.asarray(materiality, float)[:, None, None]).mean(axis=2)
    first = gaps >= top
    largest = first.mean(axis=2)
    # Ties, which share a draw, are rare: to divide all draws would take longer than to find them.
    tied = np.flatnonzero(np.count_nonzero(first, axis=(1, 2)) > gaps.shape[2])
    each = first[tied]
    largest[tied] = (each / each.sum(axis=1, keepdims=True)).mean(axis=2)
    return near, largest


def _unsure(errors: Floats, gaps: Floats) -> Any:
    """(S,): the rung that adds most to the variance of the difference of the two largest gaps."""
    rows = np.arange(len(gaps))
    weight = np.zeros(errors.shape[:2])
    if gaps.shape[1] == 1:
        weight[:] = 1.0
    else:
        first, second = np.argsort(-gaps.mean(axis=2), axis=1, kind="stable")[:, :2].T
        for gap, by in ((first, 1.0), (second, -1.0)):
            weight[rows, gap + 1] += by
            weight[rows, gap] -= by
    added = weight**2 * errors.var(axis=2)
    return np.where(added.any(axis=1), added.argmax(axis=1), -1)
