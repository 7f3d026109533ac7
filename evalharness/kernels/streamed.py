"""What is left of a split that was read in batches: tables, and hardly an example."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.kernels.groups import Groups
from evalharness.kernels.sample import Units
from evalharness.outputs.streamed import ITSELF
from evalharness.statistics.base import Columns


class Gone(dict[str, Any]):
    """The arrays of examples that were counted and let go, but for those that were kept. asked: the
    split and the metric, as messages name them."""

    def __init__(self, asked: str, **kept: Any) -> None:
        super().__init__(**kept)
        self._asked = asked

    def __missing__(self, name: str) -> Any:
        raise OutputsError(
            [
                f"{self._asked} needs single examples for its interval, which a split that is read "
                f"in batches cannot give; {ITSELF}"
            ]
        )


@dataclass(frozen=True)
class StreamedSample:
    """As `Sample`, of entries that count alike and were sampled by themselves.

    arrays: what was kept of them; grid: (points, counts) of values in the metric's range, or None.
    """

    classes: tuple[Any, ...]
    size: int
    arrays: Gone
    grid: Any = None

    plain, clustered = True, False
    weight = unit = values = None

    @property
    def count(self) -> int:
        """Each entry is a unit."""
        return self.size

    @property
    def rows(self) -> Any:
        return self.arrays["rows"]


@dataclass(frozen=True)
class Streamed:
    """The tables of one metric on a streamed split, as `Measured` has those of another.

    sizes: (groups,) rows of each; kept: the values of a group that has few, or None; grids:
    (points, counts) of each group, of a mean in a known range; asked: the split and the metric, as
    messages name them.
    """

    tables: Sequence[Any]
    groups: Groups
    columns: Columns
    sizes: Any
    kept: Callable[[int], Any] = lambda group: None
    grids: Sequence[Any] | None = None
    units: Units = Units()
    plain: bool = True
    asked: str = "a metric"

    def sample(self, group: int) -> StreamedSample:
        """What is left of the entries of one group."""
        size, values = int(self.sizes[group]), self.kept(group)
        kept = {} if values is None or len(values) < size else {"value": values}
        grid = None if self.grids is None else self.grids[group]
        return StreamedSample(self.columns.classes, size, Gone(self.asked, **kept), grid)
