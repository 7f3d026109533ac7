"""One metric of two models on the same examples: which entry of the one belongs to which of the
other."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from evalharness.checks.resampling import grouped_by
from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric
from evalharness.declare.plural import counted
from evalharness.inference.added import Part
from evalharness.inference.of_units import UNITS
from evalharness.inference.recount import countable
from evalharness.kernels.plan import Plan
from evalharness.statistics.joint_counts import Patterns, patterns


class Pair:
    """A metric of one statistic, placed on one slice, of two models.

    row: int (n,), the row of the second model's split that has the id of each row of the first's;
    group: which of the slices of `.by`, as the first model numbers them.

    Raises OutputsError where the two do not have the same examples in the slice, or group their
    rows otherwise.
    """

    def __init__(
        self, plan: Plan, metric: Metric, first: str, second: str, row: Any, group: int = 0
    ) -> None:
        self.row = row
        self._splits = [plan.split(name, metric.split) for name in (first, second)]
        self.measured = [plan.measure(name, metric) for name in (first, second)]
        names = [m.groups.names for m in self.measured]
        if list(names[0]) != list(names[1]):
            raise OutputsError([_other_slices(metric, (first, second), names)])
        self._group_code = group
        self.parts = [
            Part(plan.resolved(name, metric), m.tables[group], m.sample(group))
            for name, m in zip((first, second), self.measured, strict=True)
        ]
        self.inside = self.measured[0].groups.code == group
        theirs = self.measured[1].groups.code[row] == group
        differing = int((self.inside != theirs).sum())
        if differing:
            raise OutputsError(
                [
                    f"{metric}: {counted(differing, 'ids')} with a row in the slice for "
                    f"{first!r} or for {second!r}, but not for both; a paired difference needs the "
                    "same examples"
                ]
            )

    @property
    def plain(self) -> bool:
        """Whether every example counts alike and was sampled by itself."""
        return all(p.sample.plain for p in self.parts)

    @property
    def countable(self) -> bool:
        """Whether the tables are made of the joint counts of such examples."""
        return all(countable(p) for p in self.parts)

    @property
    def weight(self) -> Any:
        """float64 (n,) of the first model's rows, or None; the other's are the same."""
        return self.measured[0].units.weight

    @cached_property
    def unit(self) -> Any:
        """int (n,): the unit of each row: its cluster, its group (query), or itself."""
        code = self.measured[0].units.code
        return code if code is not None else self._canonical

    @cached_property
    def back(self) -> Any:
        """int (n,): the row of the first model that has the id of each row of the second."""
        found = np.empty(len(self.row), np.int64)
        found[self.row] = np.arange(len(self.row))
        return found

    @cached_property
    def match(self) -> Any:
        """int (m,): the second model's entry that belongs to each of the first's."""
        if self.measured[0].columns.rows is None:
            return self.row
        rows, others = (m.columns.rows for m in self.measured)
        ours, theirs = self._canonical[rows], self._canonical[self.back[others]]
        orders = [np.argsort(p, kind="stable") for p in (ours, theirs)]
        if len(ours) != len(theirs) or (ours[orders[0]] != theirs[orders[1]]).any():
            raise OutputsError(
                [
                    f"{self._splits[0].where} and {self._splits[1].where}: "
                    f"{self.parts[0].metric.label} is of other {self._group or 'rows'} in the one "
                    "than in the other; a paired difference needs the same ones: make both tables "
                    "alike in the columns that it reads"
                ]
            )
        found = np.empty(len(ours), np.int64)
        found[orders[0]] = orders[1]
        return found

    @cached_property
    def chosen(self) -> Any:
        """bool (m,): the entries of the first model that are in the slice and weigh something."""
        measured = self.measured[0]
        rows = measured.columns.rows
        inside = np.asarray(measured.code == self._group_code)
        if self.weight is not None:
            inside = inside & ((self.weight if rows is None else self.weight[rows]) > 0)
        return inside

    def arrays(self, name: str) -> tuple[Any, Any]:
        """The column of both models, (k,) each, entry by entry of those that are chosen."""
        ours, theirs = (m.columns.arrays[name] for m in self.measured)
        match, chosen = self.match, self.chosen
        if not self._straight:
            theirs = theirs[match]
        return (ours, theirs) if chosen.all() else (ours[chosen], theirs[chosen])

    @property
    def rows(self) -> Any:
        """int (k,): the row of the first model that each chosen entry belongs to."""
        rows = self.measured[0].columns.rows
        rows = np.arange(len(self.row)) if rows is None else rows
        return self._canonical[rows[self.chosen]]

    @cached_property
    def _straight(self) -> bool:
        """Whether the entries of both stand in one order already."""
        return bool((self.match == np.arange(len(self.match))).all())

    @property
    def named(self) -> str:
        """What a unit is, in the plural."""
        if self.clustered:
            return "clusters"
        return f"paired {UNITS.get(self._group, 'examples')}"

    @property
    def clustered(self) -> bool:
        return self.measured[0].units.code is not None

    @property
    def columns(self) -> tuple[Any, ...]:
        """Of a count metric, (k,) each: the label and both predictions, or the hits of both."""
        if "hit" in self.measured[0].columns.arrays:
            return self.arrays("hit")
        return (self.arrays("label")[0], *self.arrays("prediction"))

    @property
    def both(self) -> tuple[Any, Any]:
        """The columns of either model."""
        return self.of_model(self.columns, 0), self.of_model(self.columns, 1)

    @staticmethod
    def of_model(columns: tuple[Any, ...], model: int) -> tuple[Any, ...]:
        """Of joint columns, those of one model: its hits, or the label and its predictions."""
        return (columns[model],) if len(columns) == 2 else (columns[0], columns[1 + model])

    @cached_property
    def joint(self) -> Patterns:
        """How often each pattern of these columns occurs."""
        return patterns(self.columns)

    def place(self, rows: Any, model: int) -> Any:
        """The rows of the first model that rows of either model belong to; of a group of rows, the
        first one."""
        return self._canonical[rows if model == 0 else self.back[rows]]

    def by_row(self, model: int, values: Any) -> Any:
        """(n,) sums over the entries (k,) of one model's sample, by row of the first model."""
        return np.bincount(self.place(self.parts[model].sample.rows, model), values, len(self.row))

    @property
    def _group(self) -> str:
        return grouped_by(self.parts[:1]) if self.measured[0].columns.rows is not None else ""

    @cached_property
    def _canonical(self) -> Any:
        """int (n,): each row, or the first row of its group."""
        if not self._group:
            return np.arange(len(self.row))
        (ours, first), (theirs, other) = (s.groups_of(self._group) for s in self._splits)
        theirs = theirs[self.row]
        alike = len(first) == len(other)
        alike = alike and len(np.unique(ours * np.int64(len(other)) + theirs)) == len(first)
        if not alike:
            raise OutputsError(
                [
                    f"{self._splits[0].where} and {self._splits[1].where}: column `{self._group}` "
                    "groups the rows of the one otherwise than those of the other; models are "
                    "compared on the same ones: write it alike in both"
                ]
            )
        return first[ours]


def _other_slices(metric: Metric, models: tuple[str, str], names: list[Any]) -> str:
    alone = [[n for n in ours if n not in theirs] for ours, theirs in (names, names[::-1])]
    told = "; ".join(
        f"only {model!r} has {', '.join(some[:3])}{', …' if len(some) > 3 else ''}"
        for model, some in zip(models, alone, strict=True)
        if some
    )
    return f"{metric}: the two models are sliced otherwise ({told}); slice both by the same column"
