"""The entries behind a table: what an interval asks for where a table alone does not tell."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from evalharness.statistics.base import Columns


class Units(NamedTuple):
    """How much each row counts, and which rows were sampled together; None where it does not
    matter. code: int (n,)."""

    weight: Any = None
    code: Any = None


class Sample:
    """The entries of one slice.

    chosen: gives int (m,), the places of the entries among the columns, or None for all of them;
            called only where asked.
    arrays: (m,) each, by name; values: what ranks among them stand for (see `Columns`).
    weight: float64 (m,), how much each entry counts; None where all count alike.
    unit:   int (m,), 0 … count−1: which entries were sampled together; None where each was sampled
            by itself.
    clustered: whether the units are the clusters of the outputs (several entries in some of them),
        rather than rows.
    """

    grid: Any = None  # the entries are here themselves

    def __init__(
        self,
        columns: Columns,
        chosen: Callable[[], Any],
        weight: Any = None,
        unit: Any = None,
        clustered: bool = False,
    ) -> None:
        self.classes, self.values = columns.classes, columns.values
        self._columns, self._find = columns, chosen
        self._weight, self._unit, self._clustered = weight, unit, clustered

    @cached_property
    def _chosen(self) -> Any:
        found = self._find()
        return slice(None) if found is None else found

    @property
    def plain(self) -> bool:
        """Whether every entry counts alike and was sampled by itself."""
        return self._weight is None and self.unit is None

    @property
    def clustered(self) -> bool:
        return self._clustered and self.unit is not None

    @property
    def rows(self) -> Any:
        """(m,) the row of the split that each entry belongs to."""
        import numpy as np

        rows = self._columns.rows
        if rows is not None:
            return rows[self._chosen]
        return np.arange(self.size) if isinstance(self._chosen, slice) else self._chosen

    @cached_property
    def arrays(self) -> dict[str, Any]:
        return {k: v[self._chosen] for k, v in self._columns.arrays.items()}

    @cached_property
    def weight(self) -> Any:
        return None if self._weight is None else self._weight[self._chosen]

    @cached_property
    def _units(self) -> tuple[Any, int]:
        import numpy as np

        if self._unit is None:
            return None, self.size
        found, code = np.unique(self._unit[self._chosen], return_inverse=True)
        return (None if len(found) == self.size else code), len(found)

    @property
    def unit(self) -> Any:
        return None if self._unit is None else self._units[0]

    @property
    def count(self) -> int:
        """The number of units."""
        return self._units[1]

    @property
    def size(self) -> int:
        """The number of entries."""
        if isinstance(self._chosen, slice):
            return len(next(iter(self._columns.arrays.values())))
        return len(self._chosen)

    def weighted(self, x: Any) -> Any:
        """(m,) values times the weights of their entries."""
        return x if self.weight is None else x * self.weight

    def by_unit(self, x: Any) -> Any:
        """(count,) sums over the entries of each unit of (m,) values, weights not applied."""
        import numpy as np

        if self.unit is None:
            return np.asarray(x, float)
        return np.bincount(self.unit, x, self.count)
