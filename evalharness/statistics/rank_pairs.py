"""Rank pairs: two columns whose orders are compared, as Spearman's correlation does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from evalharness.statistics.base import Columns, gathered


class EntryTable(NamedTuple):
    """Two columns and the weights, (m,) each: nothing is added up, since ranks do not add up."""

    x: Any
    y: Any
    weight: Any


@dataclass(frozen=True)
class RankPairs:
    """The entries of two numeric columns, kept as they are: an `EntryTable`."""

    x: str
    y: str

    options: ClassVar[tuple[str, ...]] = ()
    program: ClassVar[None] = None  # nothing to add up

    def read(self, split: Any) -> Columns:
        x, y = gathered(lambda: split.numbers(self.x), lambda: split.numbers(self.y))
        return Columns({"x": x, "y": y})

    def host_tables(
        self, arrays: Any, columns: Columns, code: Any, groups: int
    ) -> list[EntryTable]:
        import numpy as np

        weight = arrays.get("weight")
        weight = np.ones(len(code)) if weight is None else weight
        code = np.where(weight > 0, code, groups)  # what weighs nothing is in no table
        order = np.argsort(code, kind="stable")
        ends = np.searchsorted(code[order], np.arange(groups + 1))
        parts = [order[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]
        return [EntryTable(arrays["x"][p], arrays["y"][p], weight[p]) for p in parts]

    def merge(self, a: EntryTable, b: EntryTable) -> EntryTable:
        import numpy as np

        return EntryTable(*(np.concatenate([u, v]) for u, v in zip(a, b, strict=True)))

    def zero(self, classes: int = 0) -> EntryTable:
        import numpy as np

        return EntryTable(*(np.zeros(0) for _ in range(3)))

    def influence(self, gradient: Any, table: Any, arrays: Any, values: Any) -> Any:
        return gradient  # its cells are the entries


def spearman(x: Any, y: Any, weight: Any = None) -> tuple[float, Any]:
    """Spearman's correlation, and how much each entry moves it for one unit of its weight.

    x, y, weight: (m,); a weight of 2 is the row twice. The influences u (m,) have Σ w u = 0, and
    the error of the value is about Σ w u over the entries of another sample.

    With A = mid-distribution function of x at x (the share below and half of the share at it), B
    that of y, and k(a, b) = [a < b] + [a = b]/2, one more entry i changes the mean of A·B by
    A_i B_i + mean_j B_j k(x_i, x_j) + mean_j A_j k(y_i, y_j), each less the mean of A·B, over the
    total weight: its own place, and the ranks that it lifts. The variances of A and B likewise.
    NaN, with influences that are NaN, where x or y is constant.
    """
    import numpy as np

    x, y = np.asarray(x, float), np.asarray(y, float)
    w = np.ones(len(x)) if weight is None else np.asarray(weight, float)
    total = w.sum()
    a, lift_x = _ranked(x, w)
    b, lift_y = _ranked(y, w)

    def product(u: Any, v: Any, above_u: Any, above_v: Any) -> tuple[float, Any]:
        """The mean of u·v less a quarter, with its influences."""
        mean = float((w * u * v).sum() / total)
        # 1/4 is the square of the mean of any mid-distribution function at its own sample.
        return mean - 0.25, (u * v + above_u + above_v - 3 * mean) / total

    with np.errstate(all="ignore"):
        both, both_u = product(a, b, lift_x(b), lift_y(a))
        left, left_u = product(a, a, lift_x(a), lift_x(a))
        right, right_u = product(b, b, lift_y(b), lift_y(b))
        root = np.sqrt(left) * np.sqrt(right)
        value = both / root
        influence = both_u / root - value / 2 * (left_u / left + right_u / right)
    return float(np.clip(value, -1.0, 1.0)), influence


def _ranked(x: Any, w: Any) -> tuple[Any, Any]:
    """The mid-distribution function of x at x, (m,), and the function that gives for values v (m,)
    each entry's mean over j of v_j k(x_i, x_j)."""
    import numpy as np

    distinct, at = np.unique(x, return_inverse=True)
    total = w.sum()

    def below(mass: Any) -> Any:
        each = np.bincount(at, mass, len(distinct))
        return (np.cumsum(each) - each / 2)[at]

    def lift(v: Any) -> Any:
        return ((w * v).sum() - below(w * v)) / total

    return below(w) / total, lift
