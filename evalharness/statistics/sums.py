"""Sums: moments of one value for each example, sums of two, and moments of pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from evalharness.statistics.adding import added, known_whole, module, total
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


def _shares(a: Any, b: Any) -> tuple[Any, Any]:
    """What of the whole each part is, 0 where both are empty."""
    import numpy as np

    whole = np.where(a + b > 0, a + b, 1)
    return a / whole, b / whole


def _adder(arrays: dict[str, Any], code: Any, groups: int) -> tuple[Any, Any, Any]:
    """What adds up by group: (n or Σ weights of each, Σ over the group, the value of each entry's
    group)."""
    xp, weight = module(code), arrays.get("weight")

    def add(values: Any) -> Any:
        if weight is not None:
            values = values * weight
        # Additions to one place would wait for each other.
        return total(values, code) if groups == 1 else added(code, groups, values)

    def spread(x: Any) -> Any:
        return x[0] if groups == 1 else xp.append(x, xp.zeros(1, x.dtype))[xp.minimum(code, groups)]

    if known_whole(code, groups) and weight is None:
        return xp.array([len(code)]), add, spread
    one = xp.ones_like(code) if weight is None else xp.ones_like(weight)
    n = added(code, groups) if weight is None and groups > 1 else add(one)
    return n, add, spread


def _mean(total: Any, n: Any) -> Any:
    xp = module(total)
    return total / xp.where(n > 0, n, 1).astype(total.dtype)


def centred_sums(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups,) number, mean, Σ(x−mean)² and Σ(x−mean)³; two passes, in float64."""
    x = arrays["value"]
    n, add, spread = _adder(arrays, code, groups)
    mean = _mean(add(x), n)
    centred = x - spread(mean)
    powers = centred * centred
    m2 = add(powers)
    powers *= centred
    m3 = add(powers)
    # The mean of many large values is off in its last digits, by what the centred ones add up to;
    # the third sum would be off by three times that and the second one.
    rest = _mean(add(centred), n)
    return n, mean + rest, m2 - n * rest**2, m3 - 3 * rest * m2 + 2 * n * rest**3


def two_sums(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups,) number and two sums."""
    n, add, _ = _adder(arrays, code, groups)
    return n, add(arrays["numerator"]), add(arrays["denominator"])


def centred_products(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups,) number, two means, and the three sums of centred products."""
    n, add, spread = _adder(arrays, code, groups)
    means = [_mean(add(arrays[k]), n) for k in ("x", "y")]
    x, y = (arrays[k] - spread(m) for k, m in zip(("x", "y"), means, strict=True))
    return n, *means, add(x * x), add(y * y), add(x * y)
