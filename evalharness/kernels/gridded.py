"""Values in a known range, on a grid: what bounds of their mean go by."""

from __future__ import annotations

from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.kernels.held import Held
from evalharness.kernels.steps import Step
from evalharness.statistics.adding import module, onto
from evalharness.statistics.base import Columns

# Cells of a grid, and of the grids of all slices together.
CELLS, LEAST_CELLS, ALL_CELLS = 4_096, 64, 1 << 20


class Gridded:
    """Each value is shared out between the two points of the grid beside it. That keeps the mean
    and can only add spread, so no bound of the mean comes nearer (`inference.gaffke`).

    Of many slices the grid gets coarser, by which it adds more. scale: the range.
    """

    def __init__(self, scale: tuple[float, float]) -> None:
        import numpy as np

        self.scale, self._cells = scale, CELLS
        self._held = Held(np.float64)

    def step(self, columns: Columns, code: Any, groups: int, where: str) -> Step:
        """As of `Added`."""
        import numpy as np

        low, high = self.scale
        values = columns.arrays["value"]
        inside = (values >= low - 1e-9) & (values <= high + 1e-9)
        if not inside.all():
            outside = np.flatnonzero(~inside)
            raise OutputsError(
                [
                    f"{where}: {len(outside):,} values, the first {values[outside[0]]:g}, lie "
                    f"outside the range {low:g} to {high:g} that the metric declares"
                ]
            )
        while groups * self._cells > ALL_CELLS and self._cells > LEAST_CELLS:
            self._held.whole = _halved(self._held.whole)
            self._cells //= 2
        if groups * self._cells > ALL_CELLS:
            raise OutputsError(
                [
                    f"{where}: there are {groups:,} slices, more than means in a known range are "
                    f"told of in batches ({ALL_CELLS // LEAST_CELLS:,}); slice by a column with "
                    "fewer values"
                ]
            )
        given = {"value": (values - low) / (high - low)}
        state = self._held.taken(len(code), groups, self._cells + 1)
        return Step(on_grid, given, code, groups, {"cells": self._cells}, {}, state)

    def keep(self, raw: Any) -> None:
        """What the program gave, which stays on the device."""
        self._held.keep(raw)

    def settle(self) -> None:
        """As of `Added`; here nothing is left to do."""

    def grids(self, target: Any, groups: int) -> list[tuple[Any, Any]]:
        """(points, counts) of each group that is left."""
        import numpy as np

        low, high = self.scale
        points = low + (high - low) * np.arange(self._cells + 1) / self._cells
        found = []
        for group in range(groups):
            counts = self._held.whole[target == group].sum(axis=0)
            some = counts > 0
            found.append((points[some], counts[some]))
        return found


def on_grid(held: Any, arrays: dict[str, Any], code: Any, groups: int, cells: int) -> Any:
    """float64 (groups · (cells + 1),): what was held, and values in [0, 1], each shared out between
    the two points of the grid beside it."""
    xp = module(code)
    x = xp.clip(arrays["value"], 0.0, 1.0) * cells
    at = xp.minimum(x.astype(code.dtype), cells - 1)
    upper, place = x - at, code * (cells + 1) + at
    return onto(onto(held, place, 1 - upper), place + 1, upper)


def _halved(found: Any) -> Any:
    """A grid of half as many cells: what lies between two of its points goes to both."""
    if found is None:
        return None
    half = found[:, ::2].copy()
    half[:, :-1] += found[:, 1::2] / 2
    half[:, 1:] += found[:, 1::2] / 2
    return half
