"""The plan: from metrics to the distinct (split, statistic, groups) that serve them, read and
checked before any number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.declare.metric import Metric
from evalharness.kernels.groups import Groups, groups
from evalharness.kernels.passes import count
from evalharness.statistics.base import Columns


class Measured(NamedTuple):
    """The tables of one metric, one for each group, with what they were counted from."""

    tables: list[Any]
    groups: Groups
    columns: Columns
    n: int


class Plan:
    """Everything that was asked of one mapping of models to `Outputs`; equal questions are answered
    once."""

    def __init__(self, outputs: Mapping[str, Any]):
        self.outputs = outputs
        self._splits: dict[tuple[str, str], Any] = {}
        self._columns: dict[tuple[Any, ...], Columns] = {}
        self._groups: dict[tuple[Any, ...], Groups] = {}
        self._tables: dict[tuple[Any, ...], list[Any]] = {}

    def require(self, requests: Iterable[tuple[str, Metric]]) -> None:
        """Read and check what the requests need. All problems of all of them are raised
        together."""
        problems: list[str] = []
        broken: set[tuple[Any, ...]] = set()
        for model, metric in requests:
            for key, read in self._steps(model, metric):
                if key in broken:
                    continue  # said once
                try:
                    read()
                except OutputsError as error:
                    problems += error.problems
                    broken.add(key)
                place = (model, metric.split)
                empty = key == (*place, "whole") and not self._splits[place].n
                if place in broken or empty:
                    break  # what cannot be read, or has no rows, has no columns to check
        if problems:
            raise OutputsError(problems)

    def measure(self, model: str, metric: Metric) -> Measured:
        """The tables of a metric; counted at the first call for its statistic and groups."""
        self.require([(model, metric)])
        place = (model, metric.split)
        where = (*place, metric.where, metric.group, metric.min_n)
        columns, found = self._columns[(*place, metric.statistic)], self._groups[where]
        key = (*where, metric.statistic)
        if key not in self._tables:
            self._tables[key] = count(metric.statistic, columns, found.code, len(found.names))
        return Measured(self._tables[key], found, columns, self._splits[place].n)

    def digests(self) -> dict[str, dict[str, str]]:
        """The content hash of every table that was read, by model and split."""
        found: dict[str, dict[str, str]] = {}
        for (model, name), split in self._splits.items():
            found.setdefault(model, {})[name] = split.digest
        return found

    def sizes(self) -> dict[str, dict[str, int]]:
        """The number of rows of every table that was read, by model and split."""
        found: dict[str, dict[str, int]] = {}
        for (model, name), split in self._splits.items():
            found.setdefault(model, {})[name] = split.n
        return found

    def split(self, model: str, name: str) -> Any:
        """A split of a model."""
        if model not in self.outputs:
            known = ", ".join(map(repr, self.outputs))
            raise OutputsError(
                [
                    f"there is no model {model!r}{did_you_mean(model, self.outputs)}; the outputs "
                    f"hold {known}"
                ]
            )
        if (model, name) not in self._splits:
            split = self.outputs[model].split(name, model if len(self.outputs) > 1 else "")
            self._splits[model, name] = split
        return self._splits[model, name]

    def _steps(self, model: str, metric: Metric) -> list[tuple[tuple[Any, ...], Any]]:
        place = (model, metric.split)
        where = (*place, metric.where, metric.group, metric.min_n)
        return [
            (place, lambda: self.split(*place)),
            ((*place, "whole"), lambda: self.split(*place).check()),
            (where, lambda: self._remember(self._groups, where, lambda s: groups(s, metric))),
            (
                (*place, metric.statistic),
                lambda: self._remember(
                    self._columns, (*place, metric.statistic), metric.statistic.read
                ),
            ),
        ]

    def _remember(self, store: dict[tuple[Any, ...], Any], key: tuple[Any, ...], make: Any) -> None:
        if key not in store:
            store[key] = make(self.split(key[0], key[1]))
