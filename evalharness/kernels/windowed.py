"""Quantiles of a split that is read in batches: once bins have told where a quantile lies, another
pass keeps the values around it, and all others are only counted."""

from __future__ import annotations

from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.kernels.ranked import Ranked
from evalharness.outputs.streamed import ITSELF
from evalharness.statistics.base import Columns
from evalharness.statistics.bins import Bins, place
from evalharness.statistics.keys import Decoder, common
from evalharness.statistics.tables import OrderTable

# Ranks on either side of a quantile that are kept, in standard deviations of its own, and beside
# them; whoever asks for a limit beyond (of a confidence of 1 - 1e-9) is told of none.
SPREAD, BESIDE = 7, 20
# Values that are held before those that repeat are counted, and distinct ones at most.
HELD, LARGEST = 1 << 20, 1 << 22


class Window:
    """The values around one quantile, of each group.

    part: all values by bins; target: int (groups so far,), which group each becomes, `groups` for
    none; share: of the quantile.
    """

    def __init__(self, part: Ranked, target: Any, groups: int, share: float) -> None:
        import numpy as np

        self._part, self._groups, self._target = part, groups, np.append(target, groups)
        upto = np.cumsum([part.counts[target == g].sum(axis=(0, 2)) for g in range(groups)], axis=1)
        n = upto[:, -1]
        room = SPREAD * np.sqrt(n * share * (1 - share)) + BESIDE
        ends = zip(upto, n * share - room, n * share + room, strict=True)
        # The first and the last bin that is kept; no bin of what is in no group.
        last = part.bins.count - 1
        found = [np.searchsorted(each, [max(a, 1), b]) for each, a, b in ends]
        self._first, self._last = np.array([*np.minimum(found, last), (1, 0)]).T
        self._below = upto[np.arange(groups), self._first[:-1] - 1] * (self._first[:-1] > 0)
        self._above = n - upto[np.arange(groups), self._last[:-1]]
        self._held: list[tuple[Any, Any, Any]] = []
        self._many = 0

    def add(self, at: Any, keys: Any, code: Any, where: str) -> None:
        """Some more values: (m,) bins, keys and groups so far; where: the split, for messages."""
        import numpy as np

        group = self._target[np.minimum(code, len(self._target) - 1)]
        some = np.flatnonzero((at >= self._first[group]) & (at <= self._last[group]))
        self._held.append((group[some], keys[some], np.ones(len(some), np.int64)))
        self._many += len(some)
        if self._many > HELD:
            held = self._counted()
            if len(held[0]) > LARGEST:
                raise OutputsError(
                    [
                        f"{where}: more than {LARGEST:,} distinct values lie around a quantile, "
                        f"more than are kept of a split that is read in batches; {ITSELF}"
                    ]
                )

    def tables(self) -> list[OrderTable]:
        """One for each group; what lies below and above the window counts as infinite, so that no
        limit is told that would lie there."""
        import numpy as np

        group, keys, times = self._counted()
        values = Decoder(self._part.bins.bits, signed=True)[keys]
        ends = np.searchsorted(group, np.arange(self._groups + 1))
        found = []
        for g, (a, b) in enumerate(zip(ends[:-1], ends[1:], strict=True)):
            counts = np.concatenate([[self._below[g]], times[a:b], [self._above[g]]])
            all_values = np.concatenate([[-np.inf], values[a:b], [np.inf]])
            found.append(OrderTable(all_values[counts > 0], counts[counts > 0]))
        return found

    def _counted(self) -> tuple[Any, Any, Any]:
        """Groups, keys and how often each occurs, all that is held, in order."""
        import numpy as np

        group, keys, times = (np.concatenate(x) for x in zip(*self._held, strict=True))
        order = np.lexsort((keys, group))
        group, keys, times = group[order], keys[order], times[order]
        new = np.ones(len(keys), bool)
        new[1:] = (keys[1:] != keys[:-1]) | (group[1:] != group[:-1])
        start = np.flatnonzero(new)
        times = np.add.reduceat(times, start) if len(start) else times
        self._held = [(group[start], keys[start], times)]
        self._many = len(start)
        return self._held[0]


def places(bins: Bins, columns: Columns) -> tuple[Any, Any]:
    """The bins of values (m,), and keys that compare with those of every other batch."""
    rank, decoder = columns.arrays["rank"], columns.values
    at = place(bins.arrays(), bins.of(rank, decoder), len(bins.levels))
    return at, common(rank, decoder, bins.bits)
