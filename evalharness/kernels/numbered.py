"""Slices of a split that is read in batches: values get their numbers as they appear."""

from __future__ import annotations

from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric
from evalharness.kernels.groups import Groups, named
from evalharness.outputs import encode, slices

# A column with more values than this is no column of slices.
MOST = 1 << 20


class Numbered:
    """The groups of one declaration. where: conditions, (column, value) each; group: the columns
    whose values are told apart, and crossed.

    sizes: int64 (groups,), rows of each so far.
    """

    def __init__(self, where: tuple[tuple[str, Any], ...], group: tuple[str, ...]) -> None:
        import numpy as np

        self.where, self.group = where, group
        self._places: dict[tuple[Any, ...], int] = {} if group else {(): 0}
        self.sizes = np.zeros(len(self._places), np.int64)
        self._seen: dict[str, set[Any]] = {column: set() for column, _ in where}
        self._last: tuple[Any, Any] = ((), None)
        self._table: Any = None
        self._in_order = False

    def __len__(self) -> int:
        return len(self._places)

    def whole(self) -> Numbered:
        """All groups as one."""
        found = Numbered(self.where, ())
        found.sizes, found._seen = self.sizes.sum(keepdims=True), self._seen
        return found

    def read(self, batch: Any, count: bool = True) -> Any:
        """int32 (n,): the group of each row, `len(self)` for those outside of all.

        count: whether these rows are new ones, to be added to the sizes.
        """
        import numpy as np

        code = self._numbers(batch) if self.group else np.broadcast_to(np.int32(0), batch.n)
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

    def finished(self, metric: Metric, split: Any) -> tuple[Groups, Any]:
        """The groups that a metric speaks of, and int (groups so far,), which of them each
        becomes; `len(names)` for none. Raises OutputsError where no row is in them."""
        import numpy as np

        if not self.sizes.any():
            raise OutputsError(f"{split.where}: {problem}" for problem in self._empty())
        if not self.group:
            return Groups(None, ("",)), np.zeros(1, np.int64)
        known = list(self._places)
        order = sorted(range(len(known)), key=lambda i: [(v is None, v) for v in known[i]])
        found, target = named(split, metric, [known[i] for i in order], self.sizes[order])
        back = np.empty(len(known), np.int64)
        back[order] = target
        return found, back

    def _numbers(self, batch: Any) -> Any:
        """int32 (n,): the number of each row's combination of values."""
        import numpy as np

        if (codes := self._looked_up(batch)) is not None:
            return codes
        codes, known = batch.partition(self.group[0])
        values = [(value,) for value in known] if known != self._last[0] else None
        for column in self.group[1:]:
            others, more = batch.partition(column)
            values = [(value,) for value in known] if values is None else values
            pairs = codes.astype(np.int64) * len(more) + others
            there, codes = np.unique(pairs, return_inverse=True)
            values = [(*values[p // len(more)], more[p % len(more)]) for p in there.tolist()]
        if values is not None:
            table = [self._places.setdefault(value, len(self._places)) for value in values]
            self._last = (known if len(self.group) == 1 else (), np.array(table, np.int32))
            if len(self) > MOST:
                raise OutputsError(
                    [
                        f"{batch.where}: `{', '.join(self.group)}` has more than {MOST:,} distinct "
                        "values, too many for slices; slice by a column with fewer values"
                    ]
                )
            self._table = self._lookup()
        return self._last[1][codes]

    def _looked_up(self, batch: Any) -> Any:
        """The same of integers all of which were seen before; else None."""
        import numpy as np

        if self._table is None:
            return None
        values = batch.integers(self.group[0])
        table, least = self._table
        if values is None or values.min() < least or int(values.max()) - least >= len(table):
            return None
        if self._in_order:
            return values.astype(np.int32)
        codes = table.take(values.astype(np.int64) - least if least else values)
        return None if codes.min() < 0 else codes

    def _lookup(self) -> Any:
        """int32 numbers of integers from the least one on, -1 for those that never came, and the
        least one; None of other values, or where they lie far apart."""
        import numpy as np

        values = [value for value, *_ in self._places]
        if len(self.group) > 1 or not all(isinstance(value, int) for value in values):
            return None
        least = min(0, *values) if max(values) < encode.SHORT else min(values)
        if max(values) - least >= encode.SHORT:
            return None
        table = np.full(max(values) - least + 1, -1, np.int32)
        table[np.array(values, np.int64) - least] = np.arange(len(values))
        # Where each number is its own place nothing need be looked up.
        self._in_order = least == 0 and bool((table == np.arange(len(table))).all())
        return table, least

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
