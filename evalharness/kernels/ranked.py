"""Numbers in bins: what rank metrics and quantiles of a split that is read in batches go by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.kernels.held import Held
from evalharness.kernels.steps import Step
from evalharness.outputs.streamed import ITSELF
from evalharness.statistics.base import Columns
from evalharness.statistics.binned import Binned
from evalharness.statistics.bins import Bins, count_bins
from evalharness.statistics.keys import common

# Slices up to which the order of scores is told for each.
MOST = 32


class Ranked:
    """Positives and negatives by bins of their scores, or all values. bins: made of a sample."""

    def __init__(self, bins: Bins) -> None:
        import numpy as np

        self.bins, self.columns = bins, Columns({})
        self._held = Held(np.int64)

    def keys(self, columns: Columns) -> Any:
        """The scores of a batch as keys that compare with those of every other batch."""
        return common(columns.arrays["rank"], columns.values, self.bins.bits)

    def step(self, columns: Columns, code: Any, groups: int, where: str) -> Step:
        """As of `Added`."""
        self.columns = Columns({}, columns.classes)
        if groups > MOST:
            raise OutputsError(
                [
                    f"{where}: there are more than {MOST} slices, and the order of scores or "
                    "values is told of no more in a split that is read in batches; slice by a "
                    f"column with fewer values; or, {ITSELF}"
                ]
            )
        keys = self.bins.of(columns.arrays["rank"], columns.values)
        given = {"key": keys, "label": columns.arrays["label"]}
        state = self._held.taken(len(code), groups, 2 * self.bins.count)
        levels = len(self.bins.levels)
        return Step(count_bins, given, code, groups, {"levels": levels}, self.bins.arrays(), state)

    def keep(self, raw: Any) -> None:
        """What the program gave, which stays on the device."""
        self._held.keep(raw)

    def settle(self) -> None:
        """As of `Added`; here nothing is left to do."""

    @property
    def counts(self) -> Any:
        """int64 (groups, bins, 2): entries with label 0 and label 1."""
        whole = self._held.whole
        return whole.reshape(len(whole), -1, 2)

    @property
    def sizes(self) -> Any:
        """int64 (groups,) entries."""
        return self.counts.sum(axis=(1, 2))

    @property
    def error(self) -> float:
        """How much of the area of all groups together the bins leave open, either way; where there
        is but one class, of its area against itself."""
        neg, pos = self.counts.sum(axis=0).T.astype(float)
        pos = pos if pos.any() else neg
        open_pairs = (neg * pos)[~self.bins.single].sum()
        return float(open_pairs / 2 / max(1.0, neg.sum() * pos.sum()))

    def tables(
        self, target: Any, groups: int, again: Callable[[Any], Iterator[tuple[Any, Any]]]
    ) -> list[Binned]:
        """One for each group that is left. again: (bool (groups so far,)) → the scores of those,
        sorted."""
        found = []
        for group in range(groups):
            mine = target == group
            neg, pos = self.counts[mine].sum(axis=0).T
            found.append(Binned(neg, pos, self.bins.single, partial(again, mine)))
        return found
