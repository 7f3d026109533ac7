"""What adds up from batch to batch: tables, values on a grid, and scores in bins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.kernels.backend import fetched, scope
from evalharness.kernels.passes import in_buckets, started
from evalharness.outputs.streamed import ITSELF
from evalharness.statistics.base import Columns
from evalharness.statistics.bins import Binned, Bins, count_bins
from evalharness.statistics.keys import common
from evalharness.statistics.stacked import Stacked
from evalharness.statistics.tables import Cells

# Of slices with fewer values than this the values are kept: bootstrap-t asks for them.
FEW = 200
# Numbers that one table may hold over all slices: 32 MB of them.
LARGEST = 1 << 22
# Slices up to which the order of scores is told for each.
MOST_RANKED = 32
# Cells of a grid of values, and of the grids of all slices together.
CELLS, LEAST_CELLS, ALL_CELLS = 4_096, 64, 1 << 20
# Batches after which counts move to 64 bits.
OFTEN = 1 << 10


class Added:
    """Tables of a statistic that merge: counts exactly, moments to rounding."""

    def __init__(self, statistic: Any) -> None:
        self.statistic, self.columns = statistic, Columns({})
        self._whole: Any = None
        self._begun: Any = None
        self._last: Any = None
        self._plain = False
        self._few = _Few()

    def add(self, columns: Columns, code: Any, groups: int, where: str) -> None:
        """One more batch; code: int32 (m,), the group of each entry, ≥ groups for none."""
        self._settle()
        self.columns = Columns({}, columns.classes)
        self._begun = started(self.statistic, columns, code, groups)
        self._last = (columns, code, groups, where)

    def _settle(self) -> None:
        """Add the last batch, which was counted while the next one was read."""
        if self._begun is None:
            return
        found: Any = self._begun()
        (columns, code, groups, where), self._begun, self._last = self._last, None, None
        new, self._plain = _wide(found.whole), found.plain
        if self._whole is None:
            self._whole = new
        else:
            self._whole = self.statistic.merge(_grown(self._whole, groups), new)
        if self._whole[0].size > LARGEST:
            raise OutputsError(
                [
                    f"{where}: {groups:,} slices × {len(columns.classes):,} classes are more "
                    f"numbers than are kept of a split that is read in batches ({LARGEST:,}); "
                    "slice by a column with fewer values"
                ]
            )
        if "value" in columns.arrays:
            self._few.add(columns.arrays["value"], code, new.n, self._whole.n, where)

    @property
    def sizes(self) -> Any:
        """int64 (groups,) entries, of a table of one number each."""
        import numpy as np

        self._settle()
        if isinstance(self._whole, Cells):
            return np.sum(self._whole, axis=0).astype(int)
        return self._whole.n.astype(int)

    def tables(self, target: Any, groups: int) -> Stacked:
        """One for each group that is left; target: (groups so far,), which of them each becomes."""
        import numpy as np

        self._settle()
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


class Gridded:
    """Values in a known range, on a grid: each is shared out between its two neighbours. That keeps
    the mean and can only add spread, so no bound of the mean comes nearer (`inference.gaffke`).

    Of many slices the grid gets coarser, by which it adds more.
    """

    def __init__(self, scale: tuple[float, float]) -> None:
        self.scale, self._cells = scale, CELLS
        self._found: Any = None

    def add(self, columns: Columns, code: Any, groups: int, where: str) -> None:
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
            self._cells //= 2
            self._found = _halved(self._found)
        if groups * self._cells > ALL_CELLS:
            raise OutputsError(
                [
                    f"{where}: there are {groups:,} slices, more than means in a known range are "
                    f"told of in batches ({ALL_CELLS // LEAST_CELLS:,}); slice by a column with "
                    "fewer values"
                ]
            )
        arrays, code, padded = in_buckets({"value": (values - low) / (high - low)}, code, groups)
        with scope():
            found = fetched(_grid_program()(arrays, code, groups=padded, cells=self._cells))
        if self._found is None:
            self._found = found[:groups]
        else:
            self._found = _longer(self._found, groups) + found[:groups]

    def grids(self, target: Any, groups: int) -> list[tuple[Any, Any]]:
        """(points, counts) of each group that is left."""
        import numpy as np

        low, high = self.scale
        points = low + (high - low) * np.arange(self._cells + 1) / self._cells
        whole = _longer(self._found, len(target))
        found = []
        for group in range(groups):
            counts = whole[target == group].sum(axis=0)
            some = counts > 0
            found.append((points[some], counts[some]))
        return found


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


class Ranked:
    """Positives and negatives by bins of their scores. bins: made of a sample of all scores."""

    def __init__(self, bins: Bins) -> None:
        self.bins, self.columns = bins, Columns({})
        self._held: Any = None  # counts of 32 bits, on the device
        self._whole: Any = None  # int64 (groups, bins, 2)
        self._padded = self._groups = self._batches = 0

    def keys(self, columns: Columns) -> Any:
        """The scores of a batch as keys that compare with those of every other batch."""
        return common(columns.arrays["rank"], columns.values, self.bins.bits)

    def add(self, columns: Columns, code: Any, groups: int, where: str) -> None:
        """One more batch, as `Added.add`."""
        import numpy as np

        self.columns = Columns({}, columns.classes)
        if groups > MOST_RANKED:
            raise OutputsError(
                [
                    f"{where}: there are more than {MOST_RANKED} slices, and the order of scores "
                    "is told of no more in a split that is read in batches; slice by a column "
                    f"with fewer values; or, {ITSELF}"
                ]
            )
        given = {"key": self.keys(columns), "label": columns.arrays["label"]}
        arrays, code, padded = in_buckets(given, code, groups)
        if code.max() >= groups:  # must not be taken for a group that comes later
            code = np.where(code < groups, code, np.int32(padded))
        if padded != self._padded or self._batches >= OFTEN:
            self._move()
        self._padded, self._groups = padded, groups
        with scope():
            if self._held is None:
                self._held = np.zeros(padded * 2 * self.bins.count, np.int32)
            arrays |= self.bins.arrays()
            levels = len(self.bins.levels)
            self._held = _bins_program()(self._held, arrays, code, groups=padded, levels=levels)
        self._batches += 1

    @property
    def counts(self) -> Any:
        """int64 (groups, bins, 2): entries with label 0 and label 1."""
        self._move()
        self._whole = _longer(self._whole, self._groups)
        return self._whole

    @property
    def sizes(self) -> Any:
        """int64 (groups,) entries."""
        return self.counts.sum(axis=(1, 2))

    @property
    def error(self) -> float:
        """How much of the area of all groups together the bins leave open, either way."""
        neg, pos = self.counts.sum(axis=0).T.astype(float)
        open_pairs = (neg * pos)[~self.bins.single].sum()
        return float(open_pairs / 2 / max(1.0, neg.sum() * pos.sum()))

    def _move(self) -> None:
        """Counts from 32 bits on the device to 64 bits here."""
        import numpy as np

        if self._held is None:
            return
        held = np.asarray(fetched(self._held)).reshape(self._padded, -1, 2)
        new, self._held, self._batches = held[: self._groups], None, 0
        if self._whole is None:
            self._whole = new.astype(np.int64)
        else:
            self._whole = _longer(self._whole, len(new)) + new

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


def on_grid(arrays: dict[str, Any], code: Any, groups: int, cells: int) -> Any:
    """float64 (groups, cells + 1): values in [0, 1], each shared out between the two points of the
    grid beside it; traceable."""
    import jax.numpy as jnp

    x = jnp.clip(arrays["value"], 0.0, 1.0) * cells
    at = jnp.minimum(x.astype(jnp.int32), cells - 1)
    upper, size = x - at, groups * (cells + 1)
    place = jnp.where(code < groups, code * (cells + 1) + at, size)
    found = jnp.zeros(size, x.dtype).at[place].add(1 - upper, mode="drop")
    found = found.at[jnp.where(place < size, place + 1, size)].add(upper, mode="drop")
    return found.reshape(groups, cells + 1)


@cache
def _grid_program() -> Callable[..., Any]:
    import jax

    return jax.jit(on_grid, static_argnames=("groups", "cells"))


@cache
def _bins_program() -> Callable[..., Any]:
    import jax

    return jax.jit(count_bins, static_argnames=("groups", "levels"), donate_argnums=0)


def _halved(found: Any) -> Any:
    """A grid of half as many cells: what lies between two of its points goes to both."""
    if found is None:
        return None
    half = found[:, ::2].copy()
    half[:, :-1] += found[:, 1::2] / 2
    half[:, 1:] += found[:, 1::2] / 2
    return half


def _wide(whole: Any) -> Any:
    """A table whose numbers of examples have 64 bits."""
    import numpy as np

    return type(whole)(*(x.astype(np.int64) if x.dtype == np.int32 else x for x in whole))


def _grown(whole: Any, groups: int) -> Any:
    """A table with room for more groups, which are empty."""
    return type(whole)(*(_longer(x, groups) for x in whole))


def _longer(x: Any, groups: int) -> Any:
    import numpy as np

    if x is None or len(x) >= groups:
        return x
    return np.concatenate([x, np.zeros((groups - len(x), *x.shape[1:]), x.dtype)])
