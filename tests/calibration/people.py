"""People who answer items, both of them drawn: some people err more, some items are harder.

The log odds of an error are m + u + w, u normal of the person (standard deviation ``people``), w of
the item (``items``), m such that the error rate over all is ``rate``. There are two classes, so
that of two wrong answers both are the same: the hardest case for a panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import binom

from evalharness.inference.annotators import levels
from evalharness.outputs.annotations import Annotations, Answers

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@dataclass(frozen=True)
class Crowd:
    """``asked``: how many of the ``people`` answer each item, all of them or some at random.
    ``cluster``: how many items are equally hard, since they were drawn together."""

    count: int
    asked: int
    items: int
    rate: float
    people: float
    hardness: float
    cluster: int = 1

    @cached_property
    def middle(self) -> float:
        sd = np.hypot(self.people, self.hardness)
        return brentq(lambda m: WEIGHTS @ expit(m + sd * NODES) - self.rate, -30, 30)

    def of_item(self, w):
        """The error rate of all people about items of hardness ``w``."""
        return expit(self.middle + np.asarray(w)[..., None] + self.people * NODES) @ WEIGHTS

    def of_person(self, u):
        """The error rate of a person about all items."""
        return expit(self.middle + np.asarray(u)[..., None] + self.hardness * NODES) @ WEIGHTS

    def panel(self, k: int) -> float:
        """The error of panels of k strangers, who differ also from item to item."""
        p = self.of_item(self.hardness * NODES)
        wrong = binom.sf(k // 2, k, p) + (0.5 * binom.pmf(k // 2, k, p) if k % 2 == 0 else 0)
        return float(WEIGHTS @ wrong)

    def against_others(self, k: int = 1) -> float:
        """How often a panel of k says other than the rest of those who were asked."""
        p = self.of_item(self.hardness * NODES)
        mine, theirs = (self._says_wrong(p, m) for m in (k, self.asked - k))
        return float(WEIGHTS @ (mine * (1 - theirs) + theirs * (1 - mine)))

    @staticmethod
    def _says_wrong(p, m):
        return binom.sf(m // 2, m, p) + (0.5 * binom.pmf(m // 2, m, p) if m % 2 == 0 else 0)

    def draw(self, rng):
        """Annotations and gold, and the person effects."""
        u = self.people * rng.normal(size=self.count)
        w = self.hardness * rng.normal(size=self.items // self.cluster).repeat(self.cluster)
        who = np.tile(np.arange(self.count), (self.items, 1))
        if self.asked < self.count:
            who = rng.random(who.shape).argpartition(self.asked, axis=1)[:, : self.asked]
        wrong = rng.random(who.shape) < expit(self.middle + u[who] + w[:, None])
        item = np.repeat(np.arange(self.items), self.asked)
        answers = Answers(item, who.ravel(), wrong.ravel().astype(np.int64))
        counts = np.stack([self.asked - wrong.sum(axis=1), wrong.sum(axis=1)], axis=1)
        ids = pa.array(np.arange(self.items))
        people = tuple(range(self.count))
        gold = np.zeros(self.items, np.int64)
        return Annotations(ids, (0, 1), counts, answers, people, gold, "people"), u

    def covered(self, runs, seed, truths, gold=True, alpha=0.05):
        """By level, the shares of runs whose one-sided lower and upper bound hold, and the mean."""
        rng = np.random.default_rng(seed)
        panels = [int(name.split()[-1]) for name in truths if name.startswith("panel")]
        found = {name: [] for name in truths}
        for run in range(runs):
            drawn, _ = self.draw(rng)
            cluster = None if self.cluster == 1 else np.arange(self.items) // self.cluster
            gilt = drawn.gold if gold else None
            for level in levels(drawn, gilt, panels, run, cluster=cluster):
                if level.name in truths:
                    b, truth = level.bounds, truths[level.name]
                    found[level.name].append(
                        (b.lower(alpha) <= truth, b.upper(alpha) >= truth, b.value)
                    )
        return {name: np.mean(rows, axis=0) for name, rows in found.items()}
