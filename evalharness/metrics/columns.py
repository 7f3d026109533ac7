"""Metrics of whatever else a row carries: `mean("tokens")`, `rate("refused")`, `quantile("cost",
0.9)`, `latency.mean()`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evalharness.declare.errors import DeclarationError
from evalharness.declare.forms import Mean, Proportion, Quantile
from evalharness.declare.metric import Metric, metric
from evalharness.statistics import Flags, Moments, MomentTable, Order, OrderTable, Share


def mean(column: str, *, better: str | None = None) -> Metric:
    """Mean of a numeric column. `better`: "higher" or "lower", where one of them is.

    >>> mean("tokens").on("test") <= 200
    mean("tokens").on("test") <= 200
    """

    return metric(Moments(_name(column, "mean")), better=better, name="mean")(_mean)


def rate(column: str, *, better: str | None = None) -> Metric:
    """Share of the examples for which a yes/no (boolean or 0/1) column is true; exact binomial
    interval.

    >>> rate("refused").on("test") <= 0.02
    rate("refused").on("test") <= 0.02
    """
    return metric(Flags(of=_name(column, "rate")), better=better, range=(0, 1), name="rate")(_rate)


def quantile(column: str, q: float, *, better: str | None = None) -> Metric:
    """The smallest value that at least a share `q` of the examples does not exceed (inverted CDF).

    The ⌈q·n⌉-th of the sorted values, with q as it is written. Its interval is distribution-free,
    from order statistics. As numpy.quantile(method="inverted_cdf"), save where rounding makes that
    say 0.07 · 300 > 21.

    >>> quantile("cost", 0.9).on("test") <= 3
    quantile("cost", 0.9).on("test") <= 3
    """
    name = _name(column, "quantile")
    if isinstance(q, bool) or not isinstance(q, (int, float)) or not 0 < q < 1:
        percent = (
            f"; did you mean {q / 100:g}?" if isinstance(q, (int, float)) and 1 <= q < 100 else ""
        )
        raise DeclarationError(
            f"quantile({name!r}, {q!r}): q lies between 0 and 1, both excluded{percent}"
        )
    return metric(Order(name), better=better, name="quantile")(_quantile)(q=float(q))


@dataclass(frozen=True)
class Column:
    """A column whose lower values are better, such as `latency`.

    >>> latency.mean().on("test") <= 20
    latency.mean().on("test") <= 20
    >>> latency.quantile(0.99).on("test") <= 100
    latency.quantile(0.99).on("test") <= 100
    """

    name: str

    def mean(self) -> Metric:
        """Mean of the column."""
        return mean(self.name, better="lower")

    def quantile(self, q: float) -> Metric:
        """Quantile of the column: `latency.quantile(0.99)`."""
        return quantile(self.name, q, better="lower")


latency = Column("latency")


def _mean(table: MomentTable) -> Mean:
    """Mean of a column."""
    return Mean(table)


def _rate(table: Share) -> Proportion:
    """Share of the examples for which a column is true."""
    return Proportion(table.hits, table.n)


def _quantile(table: OrderTable, *, q: float = 0.5) -> Quantile:
    """Quantile of a column."""
    return Quantile(table.values, table.counts, q)


def _name(column: Any, what: str) -> str:
    if not isinstance(column, str) or not column:
        raise DeclarationError(
            f'{what}() takes the name of a column, such as {what}("tokens"); got {column!r}'
        )
    return column
