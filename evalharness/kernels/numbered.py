"""Slices of a split that is read in batches: values get their numbers as they appear."""

from __future__ import annotations

from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric, word
from evalharness.kernels.groups import Groups, named
from evalharness.outputs import slices

# A column with more values than this is no column of slices.
MOST = 1 << 20


class Numbered:
    """The groups of one declaration. where: conditions, (column, value) each; group: the column
    whose values are told apart, or "".

    sizes: int64 (groups,), rows of each so far.
    """

    def __init__(self, where: tuple[tuple[str, Any], ...], group: str) -> None:
        import numpy as np

        self.where, self.group = where, group
        self._places: dict[Any, int] = {} if group else {None: 0}
        self.sizes = np.zeros(len(self._places), np.int64)
        self._seen: dict[str, set[Any]] = {column: set() for column, _ in where}
        self._last: tuple[Any, Any] = ((), None)

    def __len__(self) -> int:
        return len(self._places)

    def read(self, batch: Any, count: bool = True) -> Any:
        """int32 (n,): the group of each row, `len(self)` for those outside of all.

        count: whether these rows are new ones, to be added to the sizes.
        """
        import numpy as np

        code = self._numbers(batch) if self.group else np.zeros(batch.n, np.int32)
        inside = self._inside(batch)
        if inside is not None:
            code = np.where(inside, code, np.int32(len(self)))
        if count:
            grown = np.zeros(len(self), np.int64)
            grown[: len(self.sizes)] = self.sizes
            if self.group:
                grown += np.bincount(code, minlength=len(self) + 1)[: len(self)]
            else:
                grown[0] += batch.n if inside is None else np.count_nonzero(inside)
            self.sizes = grown
        return code

    def finished(self, metric: Metric, where: str) -> tuple[Groups, Any]:
        """The groups that a metric speaks of, and int (groups so far,) which of them each becomes.
        Raises OutputsError where no row is in them. where: the split, as messages name it."""
        import numpy as np

        if not self.sizes.any():
            raise OutputsError(f"{where}: {problem}" for problem in self._empty())
        if not self.group:
            return Groups(None, ("",)), np.zeros(1, np.int64)
        known = list(self._places)
        some = sorted((value, i) for i, value in enumerate(known) if value is not None)
        order = [i for _, i in some] + [i for value, i in self._places.items() if value is None]
        found, target = named([known[i] for i in order], self.sizes[order], metric)
        back = np.empty(len(known), np.int64)
        back[order] = target
        return found, back

    def _numbers(self, batch: Any) -> Any:
        import numpy as np

        codes, known = batch.partition(self.group)
        if known != self._last[0]:
            table = [self._places.setdefault(value, len(self._places)) for value in known]
            self._last = (known, np.array(table, np.int32))
            if len(self) > MOST:
                raise OutputsError(
                    [
                        f"{batch.where}: column `{self.group}` has more than {MOST:,} distinct "
                        "values, too many for slices; slice by a column with fewer, or group its "
                        "values"
                    ]
                )
        return self._last[1][codes]

    def _inside(self, batch: Any) -> Any:
        """bool (n,): the rows that meet all conditions; None where there are none."""
        import numpy as np

        if not self.where:
            return None
        inside = np.ones(batch.n, bool)
        for column, value in self.where:
            codes, known = batch.partition(column)
            if len(self._seen[column]) < MOST:
                self._seen[column].update(known)
            inside &= codes == known.index(value) if value in known else False
        return inside

    def _empty(self) -> tuple[str, ...]:
        """Why no row meets the conditions."""
        found: list[str] = []
        for column, value in self.where:
            seen = self._seen[column]
            if value not in seen:
                known = sorted(v for v in seen if v is not None) + [None] * (None in seen)
                found.append(slices.absent(column, value, tuple(known)))
        return tuple(found) or (slices.never_together(dict(self.where)),)
