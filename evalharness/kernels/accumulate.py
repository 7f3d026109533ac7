"""Tables that add up from batch to batch: counts exactly, moments to rounding."""

from __future__ import annotations

from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.kernels.backend import fetched
from evalharness.kernels.held import longer
from evalharness.kernels.steps import Step
from evalharness.statistics.base import Columns
from evalharness.statistics.stacked import Stacked
from evalharness.statistics.tables import Cells

# Of slices with fewer values than this the values are kept: bootstrap-t asks for them.
FEW = 200
# Numbers that one table may hold over all slices: 32 MB of them.
LARGEST = 1 << 22


class Added:
    """Tables of a statistic that merge."""

    def __init__(self, statistic: Any) -> None:
        self.statistic, self.columns = statistic, Columns({})
        self._whole: Any = None
        self._plain = False
        self._next: Any = None
        self._last: Any = None
        self._few = _Few()

    def told(self, statistic: Any, whole: bool) -> Added:
        """The part of a statistic of counts whose tables these tell; whole: of all groups."""
        found = Added(statistic)
        found.columns, found._plain, table = self.columns, self._plain, self._whole
        if whole:
            table = type(table)(*(x.sum(axis=0, keepdims=True) for x in table))
        found._whole = table if statistic == self.statistic else statistic.of_cells(table)
        return found

    def step(self, columns: Columns, code: Any, groups: int, where: str) -> Step:
        """What is to be computed of a batch; code: int32 (m,), the group of each entry, ≥ groups
        for none; where: the split, as messages name it."""
        self.columns = Columns({}, columns.classes)
        values = columns.arrays.get("value")
        self._next = (groups, where, values, None if values is None else code)
        options = {"classes": len(columns.classes)}
        return Step(self.statistic.program, columns.arrays, code, groups, options, {})

    def keep(self, raw: Any) -> None:
        """What the program gave, still on the device."""
        self._last, self._next = (raw, *self._next), None

    def settle(self) -> None:
        """Add what was kept, once it is there."""
        if self._last is None:
            return
        (raw, groups, where, values, code), self._last = self._last, None
        found: Any = self.statistic.tables(fetched(raw), self.columns, groups)
        new, self._plain = _wide(found.whole), found.plain
        if self._whole is None:
            self._whole = new
        else:
            self._whole = self.statistic.merge(_grown(self._whole, groups), new)
        if self._whole[0].size > LARGEST:
            raise OutputsError(
                [
                    f"{where}: {groups:,} slices × {len(self.columns.classes):,} classes are more "
                    f"numbers than are kept of a split that is read in batches ({LARGEST:,}); "
                    "slice by a column with fewer values"
                ]
            )
        if values is not None:
            self._few.add(values, code, new.n, self._whole.n, where)

    @property
    def sizes(self) -> Any:
        """int64 (groups,) entries, of a table of one number each."""
        import numpy as np

        if isinstance(self._whole, Cells):
            return np.sum(self._whole, axis=0).astype(int)
        return self._whole.n.astype(int)

    def tables(self, target: Any, groups: int) -> Stacked:
        """One for each group that is left; target: (groups so far,), which of them each becomes."""
        import numpy as np

        whole = _grown(self._whole, len(target))
        order = np.argsort(target, kind="stable")
        order = order[target[order] < groups]
        first = np.searchsorted(target[order], np.arange(groups))
        found = type(whole)(*(x[order[first]] for x in whole))
        # Those of several slices that were too small to stand alone.
        for place in np.delete(np.arange(len(order)), first):
            one = type(whole)(*(x[[order[place]]] for x in whole))
            g = [target[order[place]]]
            merged = self.statistic.merge(type(whole)(*(x[g] for x in found)), one)
            for x, new in zip(found, merged, strict=True):
                x[g] = new
        return Stacked(found, plain=self._plain)

    def kept(self, target: Any, group: int) -> Any:
        """The values of a group that has few of them; None where they were let go."""
        return self._few.of(target, group)


class _Few:
    """The values of groups that have fewer than FEW."""

    def __init__(self) -> None:
        import numpy as np

        self._values, self._codes = np.zeros(0), np.zeros(0, np.int32)

    def add(self, values: Any, code: Any, new: Any, total: Any, where: str) -> None:
        """A batch; new, total: (groups,) how many values of it, and in all, each group has."""
        import numpy as np

        small = total < FEW
        if not (small & (total > 0)).any():
            self._values, self._codes = self._values[:0], self._codes[:0]
            return
        kept = small[self._codes]
        self._values, self._codes = self._values[kept], self._codes[kept]
        if (small & (new > 0)).any():
            some = np.flatnonzero(np.append(small, False)[np.minimum(code, len(small))])
            self._values = np.concatenate([self._values, values[some]])
            self._codes = np.concatenate([self._codes, code[some]])
        if len(self._values) > LARGEST:
            raise OutputsError(
                [
                    f"{where}: so many slices have fewer than {FEW} values that these, which their "
                    f"means need, are more than are kept ({LARGEST:,}); slice by a column with "
                    "fewer values, or pool small slices: .by(…, min_n=…)"
                ]
            )

    def of(self, target: Any, group: int) -> Any:
        return self._values[target[self._codes] == group]


class Occurring:
    """Which classes occur among the labels. places: int (k,), rising."""

    def __init__(self) -> None:
        import numpy as np

        self.places = np.zeros(0, np.int64)

    def add(self, columns: Columns) -> None:
        import numpy as np

        if "task" not in columns.arrays:  # labels of tasks are not classes
            found = np.flatnonzero(np.bincount(columns.arrays["label"], minlength=1))
            self.places = np.union1d(self.places, found)


def _wide(whole: Any) -> Any:
    """A table whose numbers of examples have 64 bits."""
    import numpy as np

    return type(whole)(*(x.astype(np.int64) if x.dtype == np.int32 else x for x in whole))


def _grown(whole: Any, groups: int) -> Any:
    """A table with room for more groups, which are empty."""
    return type(whole)(*(longer(x, groups) for x in whole))
