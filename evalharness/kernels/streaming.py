"""A split that is read in batches: everything that is asked of it is added up in one pass.

Counts and moments add up from batch to batch, exactly or to rounding; the order of scores is told
by bins, with the error that they leave. What needs all examples at once is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric
from evalharness.kernels.accumulate import Added, Occurring
from evalharness.kernels.external import Sorter
from evalharness.kernels.gridded import Gridded
from evalharness.kernels.groups import Groups
from evalharness.kernels.numbered import Numbered
from evalharness.kernels.ranked import Ranked
from evalharness.kernels.steps import begun
from evalharness.kernels.streamable import refusal, refuse_whole, scale
from evalharness.kernels.streamed import Streamed
from evalharness.outputs.memory import keep_freed
from evalharness.outputs.streamed import StreamedSplit
from evalharness.statistics.base import Columns, gathered
from evalharness.statistics.bins import SAMPLE, Bins, made
from evalharness.statistics.keys import common, ordered
from evalharness.statistics.ranks import Ranks

# By how much bins may leave an area open before they are made of a better sample.
WIDE = 2e-5

Place = tuple[Any, Any]  # conditions, and the column of the slices


class Key(NamedTuple):
    """What is added up: a statistic on the groups of a place; `scale`: on a grid of that range."""

    place: Place
    statistic: Any
    scale: tuple[float, float] | None = None


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
        self._known: dict[tuple[Key, int], Streamed] = {}

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
        """One pass for all that waits. Raises OutputsError with the problems of the first batch
        that has any, or of the slices that were asked for."""
        waiting, self._waiting = tuple(self._waiting), {}
        asked, self._asked = tuple(self._asked), {}
        if waiting:
            keep_freed()
            self._pass(waiting, thorough=False)
            # Where scores are sorted in the files, the first rows tell little of the others.
            wide = [key for key in waiting if getattr(self._parts[key], "error", 0.0) > WIDE]
            if wide:
                self._pass(wide, thorough=True)
        gathered(*(partial(self.measured, metric) for metric in asked))

    def _pass(self, keys: Sequence[Key], thorough: bool) -> None:
        numbered = {
            key.place: self._numbered.get(key.place) or Numbered(*key.place) for key in keys
        }
        statistics = tuple(dict.fromkeys(key.statistic for key in keys))
        bins = {s: self._bins(s, thorough) for s in statistics if isinstance(s, Ranks)}
        parts = {key: _part(key, bins) for key in keys}
        # Most tables know how many rows they count; then the rows need not be counted again.
        telling = (
            {} if self.split.multilabel else {k.place: p for k, p in parts.items() if _tells(k)}
        )
        self._counting = set(numbered) - set(telling) - set(self._numbered)
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
            for part, raw in zip(parts.values(), begun(steps), strict=True):
                part.keep(raw)
        for part in parts.values():
            part.settle()
        for statistic, occurring in averages.items():
            statistic.every_class_occurs(self.split, occurring.places)
        for place, part in telling.items():
            numbered[place].sizes = part.sizes
        self._numbered |= numbered
        self._parts |= parts

    def measured(self, metric: Metric) -> Any:
        """The tables of a metric that was asked for, one for each group: `Streamed`."""
        key, *more = _keys(metric)
        if (key, metric.min_n) not in self._known:
            self._known[key, metric.min_n] = self._measured(metric, key, more)
        return self._known[key, metric.min_n]

    def _measured(self, metric: Metric, key: Key, more: list[Key]) -> Streamed:
        import numpy as np

        numbers, part = self._numbered[key.place], self._parts[key]
        if (key.place, metric.min_n) not in self._groups:
            self._groups[key.place, metric.min_n] = numbers.finished(metric, self.split)
        groups, target = self._groups[key.place, metric.min_n]
        count = len(groups.names)
        sizes = np.bincount(target, numbers.sizes, count)[:count]
        if isinstance(part, Ranked):
            tables: Any = part.tables(target, count, lambda mine: self._sorted(key, part, mine))
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

    def _bins(self, statistic: Ranks, thorough: bool) -> Bins:
        """Bins made of a sample of scores: the first ones of each file, or, thoroughly, some out of
        every so many of all."""
        import numpy as np

        def score(batch: Any) -> Any:
            return batch.score(statistic.positive)

        bits = 32 if self.split.is_short("score") else 64
        names, found = self.split.columns_of(score), [np.zeros(0, f"u{bits // 8}")]
        every = max(1, self.split.n // SAMPLE)
        places = np.arange(0, self.split.n, every)
        places += np.random.default_rng(0).integers(0, every, len(places))
        start = 0
        if thorough:
            batches = self.split.batches(names, "sampling scores")
        else:
            batches = self.split.some(names, SAMPLE)
        try:
            for batch in batches:
                values = score(batch)
                if thorough:
                    a, b = np.searchsorted(places, [start, start + batch.n])
                    values, start = values[places[a:b] - start], start + batch.n
                keys, decoder = ordered(values)
                found.append(common(keys, decoder, bits))
        except OutputsError:
            pass  # the pass itself will meet it, and tell all that is wrong there
        return made(np.concatenate(found))

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
