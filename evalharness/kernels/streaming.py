"""A split that is read in batches: everything that is asked of it is added up in one pass.

Counts and moments add up from batch to batch, exactly or to rounding; the order of scores is told
by bins, with the error that they leave, and quantiles by the values around them. What needs all
examples at once is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric
from evalharness.kernels.accumulate import Added, Occurring
from evalharness.kernels.backend import on_cpu
from evalharness.kernels.external import Sorter
from evalharness.kernels.gridded import Gridded
from evalharness.kernels.groups import Groups
from evalharness.kernels.numbered import Numbered
from evalharness.kernels.passes import SMALL
from evalharness.kernels.ranked import Ranked
from evalharness.kernels.sampled import BINNED, bins_of, seen_whole
from evalharness.kernels.steps import begun
from evalharness.kernels.streamable import quantile_share, refusal, refuse_whole, scale
from evalharness.kernels.streamed import Streamed
from evalharness.kernels.told import Key, Place, tellers
from evalharness.kernels.windowed import Window, places
from evalharness.outputs.memory import keep_freed
from evalharness.outputs.streamed import StreamedSplit
from evalharness.outputs.words import naming
from evalharness.statistics.base import Columns, gathered
from evalharness.statistics.bins import Bins

# By how much bins may leave an area open before they are made of a better sample.
WIDE = 2e-5


class Stream:
    """What is asked of one streamed split: `ask` collects, `run` reads, `measured` answers."""

    def __init__(self, split: StreamedSplit) -> None:
        self.split = split
        self._numbered: dict[Place, Numbered] = {}
        self._parts: dict[Key, Any] = {}
        self._waiting: dict[Key, None] = {}
        self._asked: dict[Metric, None] = {}
        self._counting: set[Place] = set()
        self._groups: dict[tuple[Place, int], tuple[Groups, Any]] = {}
        self._known: dict[Any, Streamed] = {}
        self._windows: dict[Any, Sequence[Any]] = {}
        self._bins: dict[Any, Bins] = {}

    def ask(self, metric: Metric, whole: Metric) -> None:
        """Take a metric, which is part of a whole or all of it, into the next pass. Raises
        OutputsError where it cannot be streamed, or where the first rows tell that it cannot be
        computed."""
        if problem := refusal(metric, whole, self.split):
            raise OutputsError([f"{self.split.where}: {problem}"])
        self._asked[metric] = None
        keys = [key for key in _keys(metric) if key not in self._parts]
        if all(key in self._waiting for key in keys):
            return
        key, first = keys[0], self.split.probe()
        gathered(lambda: key.statistic.read(first), lambda: Numbered(*key.place).read(first))
        refuse_whole(metric, self.split)
        self._waiting |= dict.fromkeys(keys)

    def run(self) -> None:
        """One pass for all that waits, and another one for quantiles. Raises OutputsError with the
        problems of the first batch that has any, or of the slices that were asked for."""
        waiting, self._waiting = tuple(self._waiting), {}
        asked, self._asked = tuple(self._asked), {}
        if waiting:
            told = tellers(waiting, self._parts, self.split)
            read = [key for key in waiting if key not in told]
            if read:
                keep_freed()
                self._pass(read, asked, thorough=seen_whole(self.split))
            # Where scores are sorted in the files, the first rows tell little of the others.
            wide = [key for key in read if getattr(self._parts[key], "error", 0.0) > WIDE]
            if wide and not seen_whole(self.split):
                self._pass(wide, asked, thorough=True)
            for key, source in told.items():
                whole = key.place != source.place
                self._parts[key] = self._parts[source].told(key.statistic, whole)
                if key.place not in self._numbered:
                    self._numbered[key.place] = self._numbered[source.place].whole()
        self._keep_windows(asked)
        gathered(*(partial(self.measured, metric) for metric in asked))

    def _pass(self, keys: Sequence[Key], asked: Sequence[Metric], thorough: bool) -> None:
        numbered = {
            key.place: self._numbered.get(key.place) or Numbered(*key.place) for key in keys
        }
        statistics = tuple(dict.fromkeys(key.statistic for key in keys))
        bins = {s: bins_of(self.split, s, thorough) for s in statistics if isinstance(s, BINNED)}
        parts = {key: _part(key, bins) for key in keys}
        # Most tables know how many rows they count; then the rows need not be counted again.
        telling = (
            {} if self.split.multilabel else {k.place: p for k, p in parts.items() if _tells(k)}
        )
        self._counting = set(numbered) - set(telling) - set(self._numbered)
        # On a CPU a program would be compiled for longer than most folders take to be read.
        by_numpy = self.split.n <= SMALL or on_cpu()
        averages = {s: Occurring() for s in statistics if getattr(s, "average", None) == "macro"}
        for columns, codes in self._read(statistics, numbered, "counting"):
            for statistic, occurring in averages.items():
                occurring.add(columns[statistic])
            given = []
            for key in parts:
                found, code = columns[key.statistic], codes[key.place]
                code = code if found.rows is None else code[found.rows]
                given.append((found, code, len(numbered[key.place]), self.split.where))
            steps = [p.step(*some) for p, some in zip(parts.values(), given, strict=True)]
            # The last batch was computed while this one was read.
            for part in parts.values():
                part.settle()
            for part, raw in zip(parts.values(), begun(steps, by_numpy), strict=True):
                part.keep(raw)
        for part in parts.values():
            part.settle()
        for statistic, occurring in averages.items():
            mine = [metric.label for metric in asked if metric.statistic == statistic]
            try:
                statistic.every_class_occurs(self.split, occurring.places)
            except OutputsError as error:
                raise OutputsError(naming(p, mine) for p in error.problems) from None
        for place, part in telling.items():
            numbered[place].sizes = part.sizes
        self._numbered |= numbered
        self._parts |= parts
        self._bins |= bins

    def _keep_windows(self, asked: Sequence[Metric]) -> None:
        """Another pass for the quantiles among the metrics, whose bins are known by now."""
        found: dict[Any, Window] = {}
        for metric in asked:
            if (share := quantile_share(metric)) is None:
                continue
            key, *_ = _keys(metric)
            groups, target = self._placed(metric, key)
            if (key, metric.min_n, share) not in self._windows:
                window = Window(self._parts[key], target, len(groups.names), share)
                found[key, metric.min_n, share] = window
        if not found:
            return
        statistics = tuple({key.statistic: None for key, *_ in found})
        numbered = {key.place: self._numbered[key.place] for key, *_ in found}
        for columns, codes in self._read(statistics, numbered, "looking for quantiles"):
            at = {s: places(self._bins[s], columns[s]) for s in statistics}
            for (key, *_), window in found.items():
                window.add(*at[key.statistic], codes[key.place], self.split.where)
        self._windows |= {name: window.tables() for name, window in found.items()}

    def measured(self, metric: Metric) -> Any:
        """The tables of a metric that was asked for, one for each group: `Streamed`."""
        key, *more = _keys(metric)
        share = quantile_share(metric)
        if (key, metric.min_n, share) not in self._known:
            self._known[key, metric.min_n, share] = self._measured(metric, key, more, share)
        return self._known[key, metric.min_n, share]

    def _placed(self, metric: Metric, key: Key) -> tuple[Groups, Any]:
        """The groups of a metric, and which of them each group so far becomes."""
        if (key.place, metric.min_n) not in self._groups:
            numbers = self._numbered[key.place]
            self._groups[key.place, metric.min_n] = numbers.finished(metric, self.split)
        return self._groups[key.place, metric.min_n]

    def _measured(self, metric: Metric, key: Key, more: list[Key], share: float | None) -> Streamed:
        import numpy as np

        numbers, part = self._numbered[key.place], self._parts[key]
        groups, target = self._placed(metric, key)
        count = len(groups.names)
        sizes = np.bincount(target, numbers.sizes, count)[:count]
        if share is not None:
            tables: Any = self._windows[key, metric.min_n, share]
            return Streamed(tables, groups, part.columns, sizes)
        if isinstance(part, Ranked):
            tables = part.tables(target, count, lambda mine: self._sorted(key, part, mine))
            return Streamed(tables, groups, part.columns, sizes)
        grids = [self._parts[one].grids(target, count) for one in more]
        return Streamed(
            part.tables(target, count),
            groups,
            part.columns,
            sizes,
            lambda group: part.kept(target, group),
            grids[0] if grids else None,
        )

    def _read(
        self, statistics: Sequence[Any], numbered: dict[Place, Numbered], doing: str
    ) -> Iterator[tuple[dict[Any, Columns], dict[Place, Any]]]:
        """What the statistics read of each batch, and the group of each row."""
        places = tuple(numbered)

        def read(batch: Any, numbers: Callable[[Place], Numbered]) -> list[Any]:
            questions: list[Callable[[], Any]] = [batch.check]
            questions += [partial(s.read, batch) for s in statistics]
            questions += [partial(numbers(p).read, batch, p in self._counting) for p in places]
            return gathered(*questions)[1:]

        names = self.split.columns_of(lambda batch: read(batch, lambda place: Numbered(*place)))
        for batch in self.split.batches(names, doing):
            problems: Sequence[str] = ()
            try:
                found = read(batch, numbered.__getitem__)
            except OutputsError as error:
                problems = tuple(dict.fromkeys(error.problems))
            if problems:
                end = f"{batch.first_row + batch.n - 1:,}"
                problems = [*problems]
                problems[-1] += f" (what follows row {end} of this file was not looked at)"
                raise OutputsError(problems)
            columns, codes = found[: len(statistics)], found[len(statistics) :]
            yield dict(zip(statistics, columns, strict=True)), dict(zip(places, codes, strict=True))

    def _sorted(self, key: Key, part: Ranked, mine: Any) -> Iterator[tuple[Any, Any]]:
        """(negatives, positives) by distinct score, ascending, of some of the groups so far; piece
        by piece."""
        import numpy as np

        numbered, chosen = {key.place: self._numbered[key.place]}, np.append(mine, False)
        with Sorter() as sorter:
            for columns, codes in self._read([key.statistic], numbered, "sorting scores"):
                found = columns[key.statistic]
                inside = chosen[np.minimum(codes[key.place], len(mine))]
                keys, label = part.keys(found), np.asarray(found.arrays["label"], bool)
                sorter.add(keys[inside & ~label], keys[inside & label])
            yield from sorter.merged()


def _keys(metric: Metric) -> list[Key]:
    """What a metric is made of; its own table first."""
    key = Key((metric.where, metric.group), metric.statistic)
    found = scale(metric)
    return [key] if found is None else [key, key._replace(scale=found)]


def _part(key: Key, bins: dict[Any, Bins]) -> Any:
    if key.scale is not None:
        return Gridded(key.scale)
    if key.statistic in bins:
        return Ranked(bins[key.statistic])
    return Added(key.statistic)


def _tells(key: Key) -> bool:
    """Whether the table of a statistic tells how many rows it counts, where each is one entry."""
    return key.scale is None and getattr(key.statistic, "average", None) is None
