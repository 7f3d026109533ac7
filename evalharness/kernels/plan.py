"""The plan: from metrics to the distinct (split, statistic, groups) that serve them, read and
checked before any number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.declare.metric import Metric
from evalharness.kernels.choice import apart, choose
from evalharness.kernels.groups import Groups, groups
from evalharness.kernels.passes import count
from evalharness.kernels.sample import Sample, Units
from evalharness.kernels.streaming import Stream
from evalharness.outputs.words import naming
from evalharness.statistics.base import Columns, everywhere
from evalharness.statistics.stacked import Stacked


@dataclass(frozen=True)
class Measured:
    """The tables of one metric, one for each group, with what they were counted from.

    code: int32 (m,), the group of each entry.
    """

    tables: Sequence[Any]
    groups: Groups
    columns: Columns
    code: Any
    units: Units

    @cached_property
    def _places(self) -> list[Any]:
        """The entries of each group, in the order of the rows; None for all of them."""
        import numpy as np

        groups = len(self.groups.names)
        if groups == 1:
            return [None if everywhere(self.code) else np.flatnonzero(self.code == 0)]
        order = np.argsort(self.code, kind="stable")
        ends = np.searchsorted(self.code[order], np.arange(groups + 1))
        return [order[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]

    @cached_property
    def _of_entries(self) -> tuple[Any, Any]:
        """(m,) weight and cluster of each entry, or None."""
        rows, (weight, code) = self.columns.rows, self.units
        if rows is None:
            return weight, code
        weight = None if weight is None else weight[rows]
        # Entries of one row were sampled together; where each row has but one, by themselves.
        repeated = len(rows) > 1 and bool((rows[1:] == rows[:-1]).any())
        return weight, code[rows] if code is not None else rows if repeated else None

    @property
    def plain(self) -> bool:
        """Whether every entry counts alike and was sampled by itself."""
        weight, unit = self._of_entries
        return weight is None and unit is None

    def sample(self, group: int) -> Sample:
        """The entries of one group, looked for only where they are asked for."""
        import numpy as np

        weight, code = self._of_entries
        if weight is None:
            return Sample(
                self.columns, lambda: self._places[group], None, code, self.units.code is not None
            )
        chosen = self._places[group]
        if chosen is None:
            chosen = np.flatnonzero(weight > 0)
        else:
            chosen = chosen[weight[chosen] > 0]  # what weighs nothing was not asked
        alike = bool((weight[chosen] == 1).all())
        return Sample(
            self.columns,
            lambda: chosen,
            None if alike else weight,
            code,
            self.units.code is not None,
        )


class Plan:
    """Everything that was asked of one mapping of models to `Outputs`; equal questions are answered
    once."""

    def __init__(self, outputs: Mapping[str, Any]):
        self.outputs = outputs
        self._splits: dict[tuple[str, str], Any] = {}
        self._columns: dict[tuple[Any, ...], Columns] = {}
        self._groups: dict[tuple[Any, ...], Groups] = {}
        self._tables: dict[tuple[Any, ...], Sequence[Any]] = {}
        self._asked: dict[tuple[Any, ...], dict[Any, None]] = {}
        self._chosen: dict[tuple[Any, ...], float] = {}
        self._streams: dict[tuple[str, str], Stream] = {}
        self._required: set[tuple[str, Metric]] = set()

    def require(self, requests: Iterable[tuple[str, Metric]]) -> None:
        """Read and check what the requests need. All problems of all of them are raised
        together."""
        told: dict[str, dict[str, None]] = {}  # the problems, and which metrics met them
        broken: set[tuple[Any, ...]] = set()
        new = [request for request in requests if request not in self._required]
        asked = ((m, part, whole) for m, whole in new for part in whole.parts)
        for model, metric, whole in asked:
            for key, read in self._steps(model, metric, whole):
                if (model, metric.split) in broken:
                    break  # what cannot be read is said once
                try:
                    read()
                except OutputsError as error:
                    for problem in error.problems:
                        told.setdefault(problem, {})[metric.label] = None
                    broken.add(key)
                place = (model, metric.split)
                empty = key == (*place, "whole") and not self._splits[place].n
                if place in broken or empty or (key in broken and key[-1] == "threshold"):
                    break  # what cannot be read, or has no rows, has no columns to check
        problems = [naming(problem, list(metrics)) for problem, metrics in told.items()]
        if not problems:
            problems = [p for stream in self._streams.values() for p in _pass(stream)]
        if problems:
            raise OutputsError(problems)
        self._required.update(new)

    def measure(self, model: str, metric: Metric) -> Measured:
        """The tables of a metric; counted at the first call for its statistic and groups."""
        self.require([(model, metric)])
        place = (model, metric.split)
        if place in self._streams:
            asked = f"{self._splits[place].where}: {metric.label}"
            return replace(self._streams[place].measured(metric), asked=asked)
        metric = self.resolved(model, metric)
        where = (*place, metric.where, metric.group, metric.min_n)
        columns, found = self._resolved((*place, metric.statistic)), self._groups[where]
        code = found.code if columns.rows is None else found.code[columns.rows]
        # Of a fixed list every row counts alike, whatever it weighs elsewhere.
        units = Units() if metric.exact else self._units(place)
        tables = self._counted((*where, metric.exact), metric.statistic, columns, code, units)
        return Measured(tables, found, columns, code, units)

    def _counted(
        self, where: tuple[Any, ...], statistic: Any, columns: Columns, code: Any, units: Units
    ) -> Sequence[Any]:
        """The tables of a statistic in the groups of a place, counted once."""
        key = (*where, statistic)
        if key not in self._tables:
            if (teller := self._teller(where, statistic)) is not None:
                cells: Any = self._counted(
                    where, teller, self._resolved((*where[:2], teller)), code, units
                )
                found: Sequence[Any] = Stacked(statistic.of_cells(cells.whole), cells.plain)
            else:
                weight, groups = units.weight, len(self._groups[where[:-1]].names)
                if weight is not None and columns.rows is not None:
                    weight = weight[columns.rows]
                found = count(statistic, columns, code, groups, weight)
            self._tables[key] = found
        return self._tables[key]

    def _teller(self, where: tuple[Any, ...], statistic: Any) -> Any:
        """Another statistic that is asked for in the same groups and tells this one's tables."""
        split = self._splits[where[:2]]
        if not hasattr(statistic, "told_by") or split.multilabel or len(split.classes) != 2:
            return None
        return next((s for s in self._asked.get(where, ()) if statistic.told_by(s)), None)

    def resolved(self, model: str, metric: Metric) -> Metric:
        """The metric with the threshold that it is to choose on another split; itself if none."""
        options = dict(metric.options)
        if "threshold_from" not in options:
            return metric
        key = (model, metric.definition, metric.options, metric.split)
        if key not in self._chosen:
            source = self.split(model, options["threshold_from"])
            source.check()
            apart(source, self.split(model, metric.split), metric)
            self._chosen[key] = choose(source, metric)
        chosen = options | {"threshold": self._chosen[key]}
        return replace(metric, options=tuple(sorted(chosen.items())))

    def _resolved(self, key: tuple[Any, ...]) -> Columns:
        """Columns as they are counted: of texts, their edits, once these are asked for."""
        if not self._columns[key].arrays:
            from evalharness.kernels.edits import resolved

            self._columns[key] = resolved(self._columns[key])
        return self._columns[key]

    def _units(self, place: tuple[str, str]) -> Units:
        import numpy as np

        split = self._splits[place]
        weight, clusters = split.weights(), split.clusters()
        if weight is not None and (weight == weight[0]).all():
            weight = None  # all alike, as if there were none
        if weight is not None:  # only what they are to each other matters
            weight = weight * (np.count_nonzero(weight) / weight.sum())
        return Units(weight, None if clusters is None else clusters[0])

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

    def _steps(
        self, model: str, metric: Metric, whole: Metric
    ) -> Iterator[tuple[tuple[Any, ...], Any]]:
        place = (model, metric.split)
        where = (*place, metric.where, metric.group, metric.min_n)
        yield place, lambda: self.split(*place)
        yield (*place, "whole"), lambda: self.split(*place).check()
        if getattr(self._splits[place], "streamed", False):
            stream = self._streams.setdefault(place, Stream(self._splits[place]))
            yield (*place, whole, metric), lambda: stream.ask(metric, whole)
            return
        yield where, lambda: self._remember(self._groups, where, lambda s: groups(s, metric))
        chosen = (*place, metric.options, "threshold")
        yield chosen, lambda: self.resolved(model, metric)
        statistic = self.resolved(model, metric).statistic
        self._asked.setdefault((*where, metric.exact), {})[statistic] = None
        key = (*place, statistic)
        yield key, lambda: self._remember(self._columns, key, statistic.read)
        if by := getattr(statistic, "by", ""):
            yield (*where, by), lambda: self._whole_groups(place, where, by)

    def _whole_groups(self, place: tuple[str, str], where: tuple[Any, ...], by: str) -> None:
        """A query is one unit, so it cannot lie in two slices."""
        import numpy as np

        found = self._groups.get(where)
        if found is None or (len(found.names) == 1 and everywhere(found.code)):
            return  # the slices cannot be read, which is said elsewhere; or there is one slice
        split = self.split(*place)
        code, first = split.groups_of(by)
        torn = np.flatnonzero(found.code != found.code[first][code])
        if len(torn):
            value = split.column(by)[int(torn[0])].as_py()
            raise OutputsError(
                [
                    f"{split.where}: slices cut through {len(np.unique(code[torn])):,} values of "
                    f"`{by}`, the first is {value!r}; what is measured by {by} can only be sliced "
                    f"by columns that are the same in all rows of one {by}"
                ]
            )

    def _remember(self, store: dict[tuple[Any, ...], Any], key: tuple[Any, ...], make: Any) -> None:
        if key not in store:
            store[key] = make(self.split(key[0], key[1]))


def _pass(stream: Stream) -> tuple[str, ...]:
    """Read what is streamed; the problems that it meets."""
    try:
        stream.run()
    except OutputsError as error:
        return error.problems
    return ()
