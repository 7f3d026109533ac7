"""From which weight of some examples on a metric ranks two models the other way round.

Each of the chosen examples counts w times, beside any weight that it has; the others as they do.
The metrics of both models at w are exact: the tables are counted with these weights. For a share of
one set of trials the two are equal at w = −(sum of the differences elsewhere)/(sum of the
differences there); for any other metric the first w from 1 to 1,000,000 is searched for, on a grid
of ten steps to each power of ten, and then between two of its steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.checks.changed import STANDARD, VALUES
from evalharness.checks.resampling import combined
from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric
from evalharness.inference.batches import value_of
from evalharness.kernels.passes import count
from evalharness.kernels.plan import Plan

GRID = np.geomspace(1, 1e6, 61)
# What rounding leaves of a difference that is none.
TINY = 1e-12


@dataclass(frozen=True)
class Turn:
    """From the weight `start` on the first model is ranked above the second, and again below it
    from `end` on; None where it is not."""

    start: float
    end: float | None = None


@dataclass(frozen=True)
class Ranked:
    """A metric of two models. row: int (n,), the second's row of each of the first's."""

    plan: Plan
    metric: Metric
    models: tuple[str, str]
    row: Any

    def lead(self, chosen: NDArray[np.bool_], weight: float) -> float:
        """How much better the first model is where the chosen rows of its split, (n,), count so
        often; NaN where the metric is 0/0."""
        first = np.where(chosen, weight, 1.0)
        second = np.empty(len(first))
        second[self.row] = first
        ours, theirs = (
            self._value(m, w) for m, w in zip(self.models, (first, second), strict=True)
        )
        return self._sign * (ours - theirs)

    def turn(self, chosen: NDArray[np.bool_]) -> Turn | None:
        """The first weights between which the first model leads; None where none makes it."""
        from scipy.optimize import brentq

        def lead(log: float) -> float:
            return self.lead(chosen, float(np.exp(log)))

        grid = np.log(GRID)
        leads = np.array([lead(x) for x in grid])
        if not np.isfinite(leads).all() or not (leads > TINY).any():
            return None
        k = int(np.argmax(leads > TINY))
        back = np.flatnonzero(leads[k:] < -TINY)
        ends: list[float] = []
        for j in [k, *(k + back[:1])]:
            between = j and abs(leads[j - 1]) > TINY
            log = brentq(lead, grid[j - 1], grid[j], xtol=1e-12) if between else grid[max(j - 1, 0)]
            ends.append(float(np.exp(log)))
        return Turn(*ends)

    def leading_slices(self) -> Iterator[tuple[str, Any, NDArray[np.bool_]]]:
        """Slices in which the first model is better, those first that add most to its lead: the
        column, the value as it is written, and the rows."""
        found: list[tuple[float, str, str, Any]] = []
        if any(getattr(part.statistic, "by", "") for part in self.metric.parts):
            return  # a slice cannot cut through what is measured together
        fixed = dict(self.metric.where)
        names = self.plan.split(self.models[0], self.metric.split).column_names
        for column in names:
            if column in STANDARD or column in fixed or column.startswith("score_"):
                continue
            try:
                found += self._of_column(column)
            except OutputsError:
                continue  # not in both tables, or nothing to slice by
        for _, column, value, rows in sorted(found, key=lambda f: -f[0]):
            yield column, value, rows

    def _of_column(self, column: str) -> list[tuple[float, str, str, Any]]:
        _, values = self.plan.split(self.models[0], self.metric.split).partition(column)
        if not 1 < len(values) <= VALUES:
            return []
        sliced = replace(self.metric, group=(column,))
        each = [[self.plan.measure(m, part) for part in sliced.parts] for m in self.models]
        ours, theirs = (measured[0].groups for measured in each)
        if ours.names != theirs.names or (ours.code != theirs.code[self.row]).any():
            return []
        found = []
        for g, name in enumerate(ours.names):
            first, second = (
                self._combined(m, [x.tables[g] for x in measured])
                for m, measured in zip(self.models, each, strict=True)
            )
            rows = np.asarray(ours.code == g)
            lead = self._sign * (first - second) * rows.sum()
            if lead > TINY:
                found.append((lead, column, name.removeprefix(f"{column}="), rows))
        return found

    @property
    def _sign(self) -> int:
        return 1 if self.metric.better == "higher" else -1

    def _value(self, model: str, weight: NDArray[np.float64]) -> float:
        """The metric where each row of the model's split counts so often."""
        tables = []
        for part in self.metric.parts:
            measured = self.plan.measure(model, part)
            own, rows = measured.units.weight, measured.columns.rows
            each = weight if own is None else weight * own
            statistic = self.plan.resolved(model, part).statistic
            entries = each if rows is None else each[rows]
            tables.append(count(statistic, measured.columns, measured.code, 1, entries)[0])
        return self._combined(model, tables)

    def _combined(self, model: str, tables: list[Any]) -> float:
        each = [
            value_of(self.plan.resolved(model, part), table)
            for part, table in zip(self.metric.parts, tables, strict=True)
        ]
        return float(combined(self.metric, each))
