"""Metrics made of metrics: weighted sums, differences, harmonic means."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from evalharness.declare.errors import DeclarationError
from evalharness.declare.metric import Definition, Metric

__tracebackhide__ = True


@dataclass(frozen=True)
class Joint:
    """The statistics of several metrics, measured side by side on the same examples."""

    terms: tuple[Metric, ...]

    options: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Combined:
    """A function of the values of some metrics: Σ factor · value, or their harmonic mean."""

    kind: str
    terms: tuple[tuple[float, Metric], ...]

    def of(self, values: Any) -> Any:
        """The combination of the terms' values."""
        if self.kind == "harmonic_mean":
            return len(values) / sum(1 / v for v in values)
        return sum(factor * v for (factor, _), v in zip(self.terms, values, strict=True))

    def slopes(self, values: Any) -> list[float]:
        """What the combination gains as each of the values does."""
        if self.kind == "harmonic_mean":
            mean = self.of(values)
            return [mean * mean / len(values) / (v * v) for v in values]
        return [factor for factor, _ in self.terms]

    def __call__(self, table: Any) -> Any:
        """At the one table that all terms are functions of."""
        return self.of([_smooth(m.form(table)) for _, m in self.terms])

    @property
    def text(self) -> str:
        if self.kind == "harmonic_mean":
            return f"harmonic_mean({', '.join(m.label for _, m in self.terms)})"
        words: list[str] = []
        for factor, m in self.terms:
            size = "" if abs(factor) == 1 else f"{abs(factor):.12g} * "
            sign = ("" if factor >= 0 else "-") if not words else (" + " if factor >= 0 else " - ")
            words.append(f"{sign}{size}{m.label}")
        return "".join(words)


def harmonic_mean(*metrics: Metric) -> Metric:
    """The harmonic mean of metrics that lie above 0: K / Σ 1/value.

    >>> from evalharness.metrics import precision, recall
    >>> harmonic_mean(precision, recall).on("test") >= 0.8
    harmonic_mean(precision, recall).on("test") >= 0.8
    """
    if len(metrics) < 2 or not all(isinstance(m, Metric) for m in metrics):
        raise DeclarationError(
            "harmonic_mean() takes two metrics or more, such as harmonic_mean(precision, recall)"
        )
    for m in metrics:
        if m.definition.range[0] < 0:
            raise DeclarationError(
                f"harmonic_mean(): {m.label} may be negative, of which there is no harmonic mean"
            )
    ranges = [m.definition.range for m in metrics]
    span = (min(r[0] for r in ranges), max(r[1] for r in ranges))
    return _made("harmonic_mean", [(1.0, m) for m in metrics], span)


def scaled(metric: Metric, factor: Any) -> Metric:
    """A number times a metric."""
    if isinstance(factor, Metric):
        raise DeclarationError(
            f"{metric.label} * {factor.label}: metrics are multiplied by numbers; for a function "
            "of your own of one table use @metric"
        )
    if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not factor:
        raise DeclarationError(f"{factor!r} * {metric.label}: a factor is a number other than 0")
    if not math.isfinite(factor):
        raise DeclarationError(f"{factor!r} * {metric.label}: the factor must be finite")
    return _sum([(float(factor) * f, m) for f, m in _terms(metric)])


def added(a: Metric, b: Metric, sign: float) -> Metric:
    """The sum, or the difference, of two metrics."""
    return _sum([*_terms(a), *((sign * f, m) for f, m in _terms(b))])


def _terms(metric: Metric) -> list[tuple[float, Metric]]:
    """A sum is taken apart, so that `a + b + c` is one sum of three."""
    inner = metric.definition.function
    if isinstance(inner, Combined) and inner.kind == "sum" and not metric.options:
        place = {k: getattr(metric, k) for k in ("split", "where", "group", "min_n")}
        return [(f, replace(m, **place)) for f, m in inner.terms]
    return [(1.0, metric)]


def _sum(terms: list[tuple[float, Metric]]) -> Metric:
    ends = [sorted((f * m.definition.range[0], f * m.definition.range[1])) for f, m in terms]
    return _made("sum", terms, (sum(e[0] for e in ends), sum(e[1] for e in ends)))


def _made(kind: str, terms: list[tuple[float, Metric]], span: tuple[float, float]) -> Metric:
    metrics = [m for _, m in terms]
    places = {(m.split, m.where, m.group, m.min_n) for m in metrics}
    if len(places) > 1:
        raise DeclarationError(
            "metrics that are combined stand on the same examples, not on "
            + " and ".join(dict.fromkeys(str(m) for m in metrics))
            + '; combine them first: (recall - precision).on("test")'
        )
    for m in metrics:
        if m.over or m.exact:
            raise DeclarationError(f"{m} cannot be part of another metric")
        if m.definition.report_only:
            raise DeclarationError(f"{m.label} is report-only: {m.definition.report_only}")
    ((split, where, group, min_n),) = places
    bare = [(f, replace(m, split="", where=(), group=(), min_n=1)) for f, m in terms]
    function = Combined(kind, tuple(bare))
    chosen = any("threshold_from" in dict(m.options) for m in metrics)
    statistics = {m.statistic for m in metrics}
    shared = len(statistics) == 1 and not chosen and _is_table(metrics[0].statistic)
    statistic = statistics.pop() if shared else Joint(tuple(m for _, m in bare))
    better = {_direction(f, m) for f, m in terms}
    made = Definition(
        function.text, function, statistic, better.pop() if len(better) == 1 else None, span
    )
    return Metric(made, split=split, where=where, group=group, min_n=min_n)


def _is_table(statistic: Any) -> bool:
    """Whether it counts one 2×2 table, so that the combination is a function of that."""
    return getattr(statistic, "average", "") is None and "average" in statistic.options


def _direction(factor: float, metric: Metric) -> str | None:
    if factor > 0 or metric.better is None:
        return metric.better
    return "lower" if metric.better == "higher" else "higher"


def _smooth(form: Any) -> Any:
    """The value of a form, by operators only, so that it can be differentiated."""
    if hasattr(form, "trials"):
        share = form.hits / form.trials
        return form.through(share) if form.through else share
    return getattr(form, "value", form)
