"""What bins of scores tell of the table of all scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from evalharness.statistics.tables import RankTable


@dataclass(frozen=True)
class Binned:
    """Positives and negatives by bin, ascending: what a stream tells of a `RankTable`.

    negatives, positives: (k,) counts. single: bool (k,), whether a bin holds but one score.
    sorted: reads all scores again, sorts them, and gives the true table piece by piece, ascending:
            (negatives, positives) by distinct score.
    """

    negatives: Any
    positives: Any
    single: Any
    sorted: Callable[[], Iterator[tuple[Any, Any]]]
    _known: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, walk: Callable[[Binned], Any]) -> Any:
        """What a walk through the sorted scores finds: they are sorted once for all who ask."""
        if walk not in self._known:
            self._known[walk] = walk(self)
        return self._known[walk]

    @property
    def open(self) -> bool:
        """Whether there is a bin in which the order could be another."""
        return bool(((self.negatives > 0) & (self.positives > 0) & ~self.single).any())

    @property
    def used(self) -> int:
        """Bins that hold any score."""
        return int(((self.negatives + self.positives) > 0).sum())

    @property
    def swing(self) -> float:
        """By how much the standard error of the area may be off: the error of how far examples can
        move among those of the other class inside of their bins."""
        import numpy as np

        neg, pos = (np.where(self.single, 0.0, x) for x in (self.negatives, self.positives))
        n, m = float(self.negatives.sum()), float(self.positives.sum())
        moved = (pos / m * (neg / n) ** 2).sum() / m + (neg / n * (pos / m) ** 2).sum() / n
        return float(np.sqrt(moved))

    def lowest(self) -> RankTable:
        """As if in every bin all positives scored below all negatives."""
        return self._parted(positives_first=True)

    def highest(self) -> RankTable:
        """As if in every bin all positives scored above all negatives."""
        return self._parted(positives_first=False)

    def _parted(self, positives_first: bool) -> RankTable:
        import numpy as np

        def halves(counts: Any, first: bool) -> Any:
            """A bin becomes two scores; of one that is single the first has all."""
            here = np.where(self.single | first, counts, 0)
            return np.stack([here, counts - here], axis=1).ravel()

        some = np.flatnonzero(self.negatives + self.positives)
        part = Binned(self.negatives[some], self.positives[some], self.single[some], self.sorted)
        if len(some) < len(self.negatives):
            return part._parted(positives_first)
        negatives = halves(self.negatives, not positives_first)
        positives = halves(self.positives, positives_first)
        there = np.flatnonzero(negatives + positives)
        return RankTable(np.arange(len(there)), negatives[there], positives[there])
