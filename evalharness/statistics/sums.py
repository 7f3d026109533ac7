"""Sums: moments of one value for each example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from evalharness.statistics.base import Columns, example_values
from evalharness.statistics.tables import MomentTable


@dataclass(frozen=True)
class Moments:
    """Number, mean and centred second and third sums of a column, or of a function of columns.

    Centred sums rather than raw powers: Σx² − n·mean² loses every digit when the mean is large
    beside the spread. They still add up (Pébay 2008), to rounding error.
    """

    of: str | Callable[..., Any]

    options: ClassVar[tuple[str, ...]] = ()

    @property
    def column(self) -> str:
        return self.of if isinstance(self.of, str) else ""

    def read(self, split: Any) -> Columns:
        return Columns({"value": example_values(self.of, split, split.numbers).astype(float)})

    @property
    def program(self) -> Callable[..., Any]:
        return centred_sums

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[MomentTable]:
        return [MomentTable(*(x[g] for x in raw)) for g in range(groups)]

    def merge(self, a: MomentTable, b: MomentTable) -> MomentTable:
        n = a.n + b.n
        if n == 0:
            return a
        d = b.mean - a.mean
        return MomentTable(
            n,
            (a.n * a.mean + b.n * b.mean) / n,
            a.m2 + b.m2 + d * d * a.n * b.n / n,
            a.m3
            + b.m3
            + d**3 * a.n * b.n * (a.n - b.n) / n**2
            + 3 * d * (a.n * b.m2 - b.n * a.m2) / n,
        )

    def zero(self, classes: int = 0) -> MomentTable:
        import numpy as np

        return MomentTable(np.int64(0), *(np.float64(0) for _ in range(3)))


def centred_sums(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups,) number, mean, Σ(x−mean)² and Σ(x−mean)³; two passes, in float64."""
    import jax.numpy as jnp

    x = arrays["value"]
    code = jnp.where(code < groups, code, groups)

    def add(values: Any, dtype: Any) -> Any:
        return jnp.zeros(groups, dtype).at[code].add(values, mode="drop")

    n = add(jnp.ones_like(code), jnp.int32)
    mean = add(x, x.dtype) / jnp.maximum(n, 1).astype(x.dtype)
    centred = x - jnp.append(mean, jnp.zeros(1, x.dtype))[code]
    return n, mean, add(centred**2, x.dtype), add(centred**3, x.dtype)
