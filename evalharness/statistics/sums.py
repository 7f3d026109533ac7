"""Sums: moments of one value for each example, sums of two, and moments of pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from evalharness.statistics.base import Columns, OfColumns, example_values, gathered
from evalharness.statistics.stacked import Stacked
from evalharness.statistics.tables import ComomentTable, MomentTable, PairTable


@dataclass(frozen=True)
class Moments(OfColumns):
    """Number, mean and centred second and third sums of a column, or of a function of columns.

    Centred sums rather than raw powers: Σx² − n·mean² loses every digit when the mean is large
    beside the spread. They still add up (Pébay 2008), to rounding error.
    """

    def read(self, split: Any) -> Columns:
        values = example_values(self.of, split, split.numbers, self.given)
        return Columns({"value": values.astype(float, copy=False)})

    @property
    def program(self) -> Callable[..., Any]:
        return centred_sums

    def tables(self, raw: Any, columns: Columns, groups: int) -> Stacked:
        return Stacked(MomentTable(*(x[:groups] for x in raw)))

    def merge(self, a: MomentTable, b: MomentTable) -> MomentTable:
        (of_a, of_b), n, d = _shares(a.n, b.n), a.n + b.n, b.mean - a.mean
        between = d * d * a.n * of_b
        return MomentTable(
            n,
            of_a * a.mean + of_b * b.mean,
            a.m2 + b.m2 + between,
            a.m3 + b.m3 + between * d * (of_a - of_b) + 3 * d * (of_a * b.m2 - of_b * a.m2),
        )

    def zero(self, classes: int = 0) -> MomentTable:
        import numpy as np

        return MomentTable(np.int64(0), *(np.float64(0) for _ in range(3)))


@dataclass(frozen=True)
class Sums(OfColumns):
    """Two sums, of whose ratio a metric speaks: `of` returns (numerator, denominator), (n,) each,
    the denominator ≥ 0."""

    def read(self, split: Any) -> Columns:
        above, below = example_values(self.of, split, split.numbers, self.given, columns=2)
        above, below = (x.astype(float, copy=False) for x in (above, below))
        return Columns({"numerator": above, "denominator": below})

    @property
    def program(self) -> Callable[..., Any]:
        return two_sums

    def tables(self, raw: Any, columns: Columns, groups: int) -> Stacked:
        return Stacked(PairTable(*(x[:groups] for x in raw)))

    def merge(self, a: PairTable, b: PairTable) -> PairTable:
        return PairTable(*(x + y for x, y in zip(a, b, strict=True)))

    def zero(self, classes: int = 0) -> PairTable:
        import numpy as np

        return PairTable(*(np.float64(0) for _ in range(3)))


@dataclass(frozen=True)
class Comoments:
    """Number, means and centred products of two numeric columns: what correlations and R² need.

    Centred, and added up, as `Moments` is.
    """

    x: str
    y: str

    options: ClassVar[tuple[str, ...]] = ()

    def read(self, split: Any) -> Columns:
        x, y = gathered(lambda: split.numbers(self.x), lambda: split.numbers(self.y))
        return Columns({"x": x, "y": y})

    @property
    def program(self) -> Callable[..., Any]:
        return centred_products

    def tables(self, raw: Any, columns: Columns, groups: int) -> Stacked:
        return Stacked(ComomentTable(*(x[:groups] for x in raw)))

    def merge(self, a: ComomentTable, b: ComomentTable) -> ComomentTable:
        of_a, of_b = _shares(a.n, b.n)
        dx, dy, both = b.mean_x - a.mean_x, b.mean_y - a.mean_y, a.n * of_b
        return ComomentTable(
            a.n + b.n,
            of_a * a.mean_x + of_b * b.mean_x,
            of_a * a.mean_y + of_b * b.mean_y,
            a.sxx + b.sxx + dx * dx * both,
            a.syy + b.syy + dy * dy * both,
            a.sxy + b.sxy + dx * dy * both,
        )

    def zero(self, classes: int = 0) -> ComomentTable:
        import numpy as np

        return ComomentTable(*(np.float64(0) for _ in range(6)))

    def influence(self, gradient: Any, table: Any, arrays: Any, values: Any) -> Any:
        dx, dy = arrays["x"] - table.mean_x, arrays["y"] - table.mean_y
        # One more entry moves each mean by its distance from it over n, and adds its products.
        return (
            gradient.n
            + gradient.mean_x * dx / table.n
            + gradient.mean_y * dy / table.n
            + gradient.sxx * dx * dx
            + gradient.syy * dy * dy
            + gradient.sxy * dx * dy
        )


# Sums that are taken side by side, since each addition waits for the one before it.
LANES = 8


def _shares(a: Any, b: Any) -> tuple[Any, Any]:
    """What of the whole each part is, 0 where both are empty."""
    import numpy as np

    whole = np.where(a + b > 0, a + b, 1)
    return a / whole, b / whole


def _adder(arrays: dict[str, Any], code: Any, groups: int) -> tuple[Any, Any, Any, Any]:
    """What adds up by group: (code, weight or None, Σ over the group, value of each entry's
    group)."""
    import jax.numpy as jnp

    code = jnp.where(code < groups, code, groups)
    weight = arrays.get("weight")

    def add(values: Any, dtype: Any = None) -> Any:
        if weight is not None:
            values = values * weight
        dtype = values.dtype if dtype is None else dtype
        if groups == 1:  # additions to one place would wait for each other
            mine = jnp.where(code == 0, values, 0)
            lanes = LANES if len(mine) % LANES == 0 else 1
            sums = jnp.sum(mine.reshape(-1, lanes), axis=0, dtype=dtype)
            return jnp.sum(sums, dtype=dtype).reshape(1)
        return jnp.zeros(groups, dtype).at[code].add(values, mode="drop")

    def spread(x: Any) -> Any:
        if groups == 1:
            return x[0]
        return jnp.append(x, jnp.zeros(1, x.dtype))[code]

    return code, weight, add, spread


def _number(add: Any, code: Any, weight: Any) -> Any:
    import jax.numpy as jnp

    return add(jnp.ones_like(code), jnp.int32 if weight is None else weight.dtype)


def _mean(total: Any, n: Any) -> Any:
    import jax.numpy as jnp

    return total / jnp.where(n > 0, n, 1).astype(total.dtype)


def centred_sums(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups,) number, mean, Σ(x−mean)² and Σ(x−mean)³; two passes, in float64."""
    x = arrays["value"]
    code, weight, add, spread = _adder(arrays, code, groups)
    n = _number(add, code, weight)
    mean = _mean(add(x), n)
    centred = x - spread(mean)
    m2, m3 = add(centred**2), add(centred**3)
    # The mean of many large values is off in its last digits, by what the centred ones add up to;
    # the third sum would be off by three times that and the second one.
    rest = _mean(add(centred), n)
    return n, mean + rest, m2 - n * rest**2, m3 - 3 * rest * m2 + 2 * n * rest**3


def two_sums(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups,) number and two sums."""
    code, weight, add, _ = _adder(arrays, code, groups)
    return _number(add, code, weight), add(arrays["numerator"]), add(arrays["denominator"])


def centred_products(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups,) number, two means, and the three sums of centred products."""
    code, weight, add, spread = _adder(arrays, code, groups)
    n = _number(add, code, weight)
    means = [_mean(add(arrays[k]), n) for k in ("x", "y")]
    x, y = (arrays[k] - spread(m) for k, m in zip(("x", "y"), means, strict=True))
    return n, *means, add(x * x), add(y * y), add(x * y)
