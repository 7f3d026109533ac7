"""A split of many files, read in batches: `StreamedSplit`, and `Batch`, an ordinary `Split` of some
of its rows."""

import os
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.declare.plural import counted
from evalharness.outputs import digests, distinct_ids, kinds, memory, progress, scores, table, units
from evalharness.outputs.arguments import Options
from evalharness.outputs.files import TableSource
from evalharness.outputs.shards import Shard, Shards
from evalharness.outputs.split import Split
from evalharness.outputs.words import Absent, Refused, counted_from

# Rows that are looked at before the pass.
PROBE = 1 << 12
# Distinct labels, or predictions, above which they cannot be classes.
MOST_CLASSES = 1 << 17

ITSELF = (
    "if it fits into memory, read the folder yourself (such as pyarrow.parquet.read_table(folder)) "
    "and pass the table"
)


def refuse_batches(what: str, *splits: Any, instead: str = "") -> None:
    """Raise OutputsError for each of the splits that is read in batches. what: "the bootstrap of f1
    needs single rows": what was asked, of which metric, and what it needs; instead: what could be
    asked."""
    remedy = f"{instead}; or, {ITSELF}" if instead else ITSELF
    problems = [
        f"{split.where}: {what}, which a split that is read in batches cannot give; {remedy}"
        for split in splits
        if getattr(split, "streamed", False)
    ]
    if problems:
        raise OutputsError(problems)


class BatchSource:
    """Columns of some rows of a shard: those that were decoded together, and any other one from the
    file."""

    digest = ""

    def __init__(self, shards: Shards, shard: Shard, first: int, batch: Any, n: int = 0):
        self.names, self.n = shards.names, n if batch is None else batch.num_rows
        self._shards, self._shard, self._first, self._batch = shards, shard, first, batch
        self._held = () if batch is None else batch.schema.names
        self.asked: dict[str, Any] = {}

    def read(self, name: str) -> Any:
        if name in self._held:
            return self._batch.column(name)
        if name not in self.asked:
            # Of all batches that share what was asked the longest.
            rows = max(self.n, min(PROBE, self._shard.rows - self._first))
            self.asked[name] = self._shards.piece(name, self._shard, self._first, rows)
        return self.asked[name].slice(0, self.n)


class Batch(Split):
    """Some rows of a shard. Classes are those of the whole split; rows are named as they are
    counted in the shard."""

    part = True

    def __init__(self, whole: "StreamedSplit", source: BatchSource, shard: Shard, first: int):
        where = whole.named(shard.shown)
        super().__init__(source, whole.options, whole.name, whole.model, where)
        self.table = whole.where
        self._whole, self.shard, self.first_row = whole, shard, first

    @property
    def classes(self) -> tuple[Any, ...]:
        return self._whole.classes

    def check(self) -> None:
        """What of `Split.check` is about single rows; ids are the whole split's affair."""
        if "score" in self.column_names:
            self.raw_numbers("score")

    def _read(self, name: str, remedy: str) -> Any:
        try:
            return super()._read(name, remedy)
        except Absent as absent:
            (problem,) = absent.problems
        if f"{os.sep}{name}=" in self.shard.path:
            problem += "; names of folders are not read as columns: write it into the files"
        raise Absent(problem)

    def raw_matrix(self) -> np.ndarray:
        # Whether one score is a probability or a logit is told from all rows; here each batch would
        # tell for itself.
        alone = "score" in self.column_names and "scores" not in self.column_names
        if self.options.threshold is None and alone and len(self.classes) == 2:
            self._guard(lambda: scores.probability(self))
        return super().raw_matrix()

    def _guard(self, compute: Callable[[], Any]) -> Any:
        with counted_from(self.first_row):
            return super()._guard(compute)


class StreamedSplit:
    """One model's outputs on one split, in files that need not fit into memory.

    What can be told of it without its rows is told here; everything else is asked of its batches,
    which hold the columns that were asked of the `first` one.
    """

    streamed = True

    def __init__(self, shards: Shards, options: Options, name: str, model: str, where: str):
        self.shards, self.options = shards, options
        self.name, self.model, self.where = name, model, where
        self.n, self.source_names = shards.n, shards.names
        self._names = table.rename(shards.names, options.columns)
        self._known: dict[str, Any] = {}
        self._checked = False
        shards.hash()

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names by which columns are asked for, after renaming."""
        return tuple(self._names)

    @property
    def digest(self) -> str:
        """Content hash of all files; waits for the last one."""
        return str(self._guard(lambda: self.shards.digest))

    @property
    def reading(self) -> str:
        """As of a `Split`: the hash of the content as it is read."""
        return digests.as_read(self.digest, self.options)

    def is_short(self, name: str) -> bool:
        """Whether a column is of float32, of whose numbers 32 bits tell all."""
        return name in self._names and self.shards.is_short(self._names[name])

    def named(self, shown: str) -> str:
        """As messages name the split where they mean one of its files."""
        return f"{self.model + ', ' if self.model else ''}{self.name} ({shown})"

    def probe(self, most: int = PROBE) -> Batch:
        """At most so many of the first rows, whose columns are read as they are asked for."""
        shard = next((shard for shard in self.shards.all if shard.rows), None)
        if shard is None:
            raise OutputsError([f"{self.where}: the table is empty (0 rows)"])
        source = BatchSource(self.shards, shard, 0, None, min(shard.rows, PROBE, most))
        source.asked = self._known
        return Batch(self, source, shard, 0)

    def columns_of(self, question: Callable[[Split], object]) -> tuple[str, ...]:
        """The names, in the files, of the columns that a question to a batch reads. Raises what it
        raises on the first rows."""
        known, self._known = self._known, {}
        try:
            question(self.probe())
            return tuple(self._known)
        finally:
            self._known = known | self._known

    def batches(self, columns: tuple[str, ...], doing: str) -> Iterator[Batch]:
        """The rows in order, in batches of at most BATCH; `doing`: what for, in a word or two."""
        found = self.shards.read(columns)
        shown = progress.shown(found, lambda piece: piece[2].num_rows, self.n, doing)
        while piece := self._guard(lambda: next(shown, None)):
            shard, first, batch = piece
            yield Batch(self, BatchSource(self.shards, shard, first, batch), shard, first)

    def some(self, columns: tuple[str, ...], rows: int) -> Iterator[Batch]:
        """About so many rows from all over the split, in small batches."""
        found = self.shards.heads(columns, rows)
        while piece := self._guard(lambda: next(found, None)):
            shard, first, batch = piece
            yield Batch(self, BatchSource(self.shards, shard, first, batch), shard, first)

    def check(self) -> None:
        """Refuse what spoils every number, as far as it is not about single rows; and ids that are
        null or occur twice, also in different files."""
        if not self._checked:
            self._guard(self._check)
            self._checked = True

    @cached_property
    def classes(self) -> tuple[Any, ...]:
        """As of a `Split`: from the distinct values of labels and predictions."""
        if self.options.classes is not None:
            return self.options.classes
        return self._of_distinct.classes

    @property
    def multilabel(self) -> bool:
        """As of a `Split`."""
        return self.probe().multilabel

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(Split, name):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        refuse_batches(f"`{name}` needs all rows", self)

    def __repr__(self) -> str:
        size = f"{counted(self.n, 'rows')} in {counted(len(self.shards.all), 'files')}"
        return f"<StreamedSplit {self.where}: {size}>"

    def _check(self) -> None:
        problems = table.head_problems(self)
        for name, what in (
            ("weight", "rows that weigh differently"),
            ("cluster", "rows that were sampled together"),
            ("sample", "several samples of one id"),
        ):
            if name in self._names:
                problems.append(
                    f"there is a column `{name}`, and {what} are not counted in batches; {ITSELF}; "
                    f"{units.free(name)}"
                )
        if "id" in self._names and not problems:
            try:
                distinct_ids.check(self.shards, self._names["id"])
            except Refused as refused:
                problems += refused.problems
        if problems:
            raise Refused(*problems)

    @cached_property
    def _of_distinct(self) -> Split:
        """A small split with the same columns, whose labels and predictions are the distinct ones
        of all files."""
        import pyarrow as pa

        wanted = {
            self._names[name]: self._distinct(name)
            for name in ("label", "prediction")
            if name in self._names and not self.multilabel
        }
        rows = max([1, *(len(found) for found in wanted.values())])
        columns = []
        for name in self.shards.names:
            found = wanted.get(name)
            if found is None or not len(found):
                columns.append(pa.nulls(rows, self.shards.type_of(name)))
            else:
                columns.append(found.take(memory.from_numpy(np.arange(rows) % len(found))))
        small = pa.table(columns, names=list(self.shards.names))
        return Split(
            TableSource(small, "of distinct values"),
            self.options,
            self.name,
            self.model,
            self.where,
        )

    def _distinct(self, name: str) -> Any:
        """The distinct values of a column, as a pyarrow Array."""
        import pyarrow as pa

        column = self._names[name]
        plain = kinds.plain(pa.nulls(0, self.shards.type_of(column)))
        kind, found = kinds.kind(plain), plain
        if kind == kinds.BOOLEAN:
            return memory.from_numpy(np.array([False, True]))
        if kind not in kinds.CLASSES:
            return found  # which is refused in words where classes are asked for
        if kind == kinds.INTEGER and self.shards.are_bits(column):
            return memory.from_numpy(np.array([0, 1]))
        for batch in self.batches((column,), "looking for classes"):
            values = batch.column(name).unique().drop_null()
            if len(values):
                found = pa.concat_arrays([found, values]).unique()
            if len(found) > MOST_CLASSES:
                raise OutputsError(
                    [
                        f"{self.where}: column `{name}` has more than {MOST_CLASSES:,} distinct "
                        "values, which are no classes; ask for a metric of numbers "
                        "(mean_absolute_error), or correct the column"
                    ]
                )
        return found

    def _guard(self, compute: Callable[[], Any]) -> Any:
        try:
            return compute()
        except Refused as refused:
            problems = refused.problems
        raise OutputsError(f"{self.where}: {problem}" for problem in problems)
