"""Human levels of what people answered: a single one, the best, a panel, and all together.

typical:  the share of wrong answers, of whoever was asked, about whatever was asked.
best:     the best of those who answered the same items. Whoever did best on these would look better
          than they are: the best on one half of the items is measured on the other, and the other
          way round.
panel:    the majority of k answers to an item, drawn at random, ties broken at random.
majority: of all answers to an item: what these people do together.

Where the gold is what the others say, an answer is held against the majority of the other answers
to the item, and a panel against that of the answers not in it.

Items weigh what their rows weigh; of items that were drawn together the cluster is the unit.

What a person changes in a panel is told by leaving one answer out: with f the error of panels of k
of m answers, and f₋ that without an answer, k/m of those with it have f − (1 − k/m) f₋ in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.errors import OutputsError
from evalharness.declare.plural import counted
from evalharness.inference.answer_doubts import gold_among
from evalharness.inference.bounds import Bounds
from evalharness.inference.panels import (
    answer_errors,
    less_one,
    majority_errors,
    panel_errors,
)
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.two_way import TwoWayBounds, people_of
from evalharness.outputs.annotations import Annotations

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TYPICAL, BEST, MAJORITY = "typical", "best", "majority"
# Fewer items than this for each choice and each measurement do not tell who is best.
SHARED = 40


@dataclass(frozen=True)
class Level:
    """A human error.

    bounds: of the error. told: of what it was measured. few: whether fewer than three people
    answered. error: (I,) the expected error about each item, NaN where that is not known. added:
    the variance that people add to the mean of these, at `free` degrees of freedom.
    """

    name: str
    bounds: Bounds
    told: str
    few: bool
    error: Floats
    added: float = 0.0
    free: int = 1


def panel(k: int) -> str:
    """The name of the level of panels."""
    return f"panel of {k}"


def levels(
    found: Annotations,
    gold: Ints | None,
    panels: Sequence[int],
    seed: int,
    weight: Floats | None = None,
    cluster: Ints | None = None,
) -> list[Level]:
    """typical, best, panels and majority, as far as the annotations have them.

    gold: (I,) the class that is right, −1 for one that nobody answers; None where it is what the
    others say. weight: (I,) how much an item counts; cluster: (I,) of items that were drawn
    together. With either of them nobody is said to be the best. Raises OutputsError with all that
    keeps a level from being measured.
    """
    enough = found.counts.sum(axis=1) >= (1 if gold is not None else 2)
    problems = [] if enough.any() else [_nothing_shared(found)]
    if weight is not None and enough.any() and not weight[enough].any():
        problems.append(f"{found.where}: all rows that people answered have a weight of zero")
    if gold is not None:
        problems += gold_among(found, gold)
    most = int(found.counts.sum(axis=1).max())
    limit = most if gold is not None else most - 1
    problems += [
        f"{found.where}: panels={k}: the item with most answers has {most:,}"
        + (", and a panel is held against the answers outside of it" if gold is None else "")
        + "; ask for smaller panels, or let more people answer the same items"
        for k in panels
        if k > limit and enough.any()
    ]
    if problems:
        raise OutputsError(problems)
    people = _Crowd(found, gold, weight, cluster)
    made = [people.typical(), people.best(seed), *map(people.panel, panels)]
    if gold is not None and most > 1:
        made.append(people.majority())
    return [level for level in made if level is not None]


class _Crowd:
    """Annotations and their gold; what their items weigh, and of which clusters they are."""

    def __init__(
        self,
        found: Annotations,
        gold: Ints | None,
        weight: Floats | None,
        cluster: Ints | None,
    ) -> None:
        self.found, self.gold, self.counts = found, gold, found.counts
        self.weighted, self.cluster = weight is not None, cluster
        self.weight = np.ones(len(found.ids)) if weight is None else weight
        self.total = found.counts.sum(axis=1)
        self.errors = answer_errors(found.counts, gold)

    def typical(self) -> Level:
        there = ~np.isnan(self.errors).all(axis=1)
        given = np.where(self.counts > 0, self.counts * np.nan_to_num(self.errors), 0.0)
        error = np.where(there, given.sum(axis=1) / self.total, np.nan)
        return self._level(TYPICAL, error, np.ones_like(self.total), self.total.astype(float))

    def panel(self, k: int) -> Level:
        size = np.full_like(self.total, k)
        error = panel_errors(self.counts, self.gold, size)
        return self._level(panel(k), error, size, np.ones(len(error)))

    def majority(self) -> Level:
        assert self.gold is not None
        error = majority_errors(self.counts, self.gold)
        return self._level(MAJORITY, error, self.total, np.ones(len(error)))

    def _level(self, name: str, error: Floats, size: Ints, weight: Floats) -> Level:
        """Of panels of ``size``; weight: (I,) how much an item counts beside what it weighs."""
        error = np.where(self.weight > 0, error, np.nan)  # what weighs nothing was not asked
        items = np.flatnonzero(~np.isnan(error))
        # Only what they weigh to each other matters.
        weight = weight * self.weight / self.weight[items].mean()
        people, k = None, int(size.max())
        who = np.zeros(0, np.int64)
        if self.found.answers is not None:
            v = np.flatnonzero(~np.isnan(error)[self.found.answers.item])
            item, who = self.found.answers.item[v], self.found.answers.person[v]
            share = (size / self.total)[item]
            moved = self._moved(error, size)[item, self.found.answers.label[v]]
            unit = None if self.cluster is None else self.cluster[item]
            people = [people_of(who, w * moved, w * share, k, unit) for w in (weight[item], 1.0)]
        of_weights, alike = people or (None, None)
        chosen, w = error[items], weight[items]
        unit = None if self.cluster is None else self.cluster[items]
        bounds: Any = TwoWayBounds(chosen * w, w, of_weights, unit, self.weighted)
        added = TwoWayBounds(chosen, np.ones(len(items)), alike).added
        plain = self.cluster is None and not added and (w == 1).all()
        if plain and np.isin(chosen, (0, 1)).all():
            bounds = ProportionBounds(float(chosen.sum()), len(items), "items")
        count = len(np.unique(who)) if people else int(self.total.max())
        free = people[0].free if people else 1
        return Level(name, bounds, self._told(items, who), count < 3, error, added, free)

    def _moved(self, error: Floats, size: Ints) -> Floats:
        """(I, K) what an answer of each class brings to the error of an item."""
        part = (size / self.total)[:, None]
        if self.gold is not None and (size == 1).all():
            return part * self.errors
        without = np.repeat(error[:, None], self.counts.shape[1], axis=1)
        item, label = np.nonzero((self.counts > 0) & (self.total > size)[:, None])
        rest = less_one(self.counts[item], label)
        gold = None if self.gold is None else self.gold[item]
        left = panel_errors(rest, gold, size[item])
        known = ~np.isnan(left)
        without[item[known], label[known]] = left[known]
        return error[:, None] - (1 - part) * without

    def _told(self, items: Ints, who: Ints) -> str:
        there = int((self.weight > 0).sum())
        several = counted(len(items), "items")
        if there > len(items):
            several = f"{several} of {there:,} (others have too few answers)"
        if self.cluster is not None:
            several += f" in {counted(len(np.unique(self.cluster[items])), 'clusters')}"
        if self.weighted:
            several += ", weighted as their rows"
        if self.found.answers is None:
            answers = counted(int(self.total[items].sum()), "answers")
            return f"{answers} to {several}; how people differ is not seen"
        return f"{_people(len(np.unique(who)))}, {several}"

    def best(self, seed: int) -> Level | None:
        """None where it is not known who answered, too few items were answered by all, or items
        weigh differently or were drawn together."""
        answers = self.found.answers
        if answers is None or self.weighted or self.cluster is not None:
            return None
        grid = np.full((len(self.total), len(self.found.people)), np.nan)
        grid[answers.item, answers.person] = self.errors[answers.item, answers.label]
        given = (~np.isnan(grid)).sum(axis=0)
        people = np.flatnonzero(2 * given >= given.max())
        items = np.flatnonzero(~np.isnan(grid[:, people]).any(axis=1))
        if len(people) < 2 or len(items) < SHARED:
            return None
        wrong = grid[np.ix_(items, people)]
        first = np.random.default_rng(seed).permutation(len(items)) % 2 == 0
        error = np.full(len(self.total), np.nan)
        for inside in (first, ~first):
            error[items[inside]] = wrong[inside, wrong[~inside].sum(axis=0).argmin()]
        # Each half was chosen by the other, so that both may err together: they count as one.
        bounds = ProportionBounds(float(np.nansum(error)) / 2, len(items) / 2, "items")
        told = f"of {_people(len(people))}, {counted(len(items), 'items')}"
        return Level(BEST, bounds, told, len(self.found.people) < 3, error)


def _people(n: int) -> str:
    return "1 person" if n == 1 else f"{n:,} people"


def _nothing_shared(found: Annotations) -> str:
    return (
        f"{found.where}: no item has two answers, so that nobody can be held against the others "
        '(gold="others"); let people answer the same items, or say what is right in a column '
        "`gold`"
    )
