"""`Outputs`: one model's tables, one for each split, as the user hands them over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.outputs.arguments import check_options, gather
from evalharness.outputs.locations import Location
from evalharness.outputs.words import Refused, names

if TYPE_CHECKING:
    from evalharness.outputs.files import Source
    from evalharness.outputs.shards import Shards
    from evalharness.outputs.split import Split
    from evalharness.outputs.streamed import StreamedSplit


class Outputs:
    """The outputs of one model on its splits.

    `Outputs(dev="dev.parquet", test=frame)` or, for names that are no identifiers,
    `Outputs({"dev-2024": "dev.parquet"})`. A split is a path or URL (.parquet, .arrow, .feather,
    .ipc, .csv, .jsonl, .ndjson), a table that narwhals knows, or a mapping of arrays. A folder of
    Parquet files, or a pattern ("outputs/*.parquet"), is one split that is read in batches and
    need not fit into memory.

    Columns with a meaning: `label`, `prediction`, `score` (one number), `scores` (a list) or
    `score_<class>`; `id` pairs models; `weight` is how much a row counts; rows of one `cluster`
    (patient, user, prompt) were sampled together, and so were the rows of one `id` that a column
    `sample` tells apart. A `label` of lists holds 0, 1 or null for each of several tasks.

    columns    standard name -> the name in the table; a column that is renamed loses its own name,
               so that `columns={"kg": "weight"}` frees the name `weight`
    classes    all class values, in the order of the columns of `scores`; without it the sorted
               values that occur. Of several tasks their names, in the order of the lists
    positive   the class whose probability `score` is; not needed for 0/1 and booleans
    missing    "error" (default): a null prediction is refused; "wrong": it counts as a wrong answer
    threshold  the `score` from which the positive class is predicted where there is no `prediction`
               column; default 0.5, and then `score` must lie in [0, 1]

    Nothing is read before `split()`, and arrays are not copied: leave them as they are for as long
    as results are asked for. Raises OutputsError with every problem of the arguments.
    """

    def __init__(
        self,
        splits: Mapping[str, Any] | None = None,
        /,
        *,
        columns: Mapping[str, str] | None = None,
        classes: Any = None,
        positive: Any = None,
        missing: str = "error",
        threshold: float | None = None,
        **named_splits: Any,
    ):
        problems: list[str] = []
        self._given = gather(splits, named_splits, problems)
        # A traceback may print arguments: no frame holds a URL as it was given when we raise.
        splits, named_splits = None, {}
        self._options = check_options(columns, classes, positive, missing, threshold, problems)
        self._problems = tuple(f"Outputs(): {problem}" for problem in problems)
        self._sources: dict[str, Source | Shards] = {}
        self._splits: dict[tuple[str, str], Any] = {}
        # The line that made the call would be shown too, and a URL with a password may stand in it.
        if problems and not any(_carries_secret(given) for given in self._given.values()):
            raise OutputsError(self._problems)

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits, as given."""
        return tuple(self._given)

    def split(self, name: str, model: str = "") -> "Split | StreamedSplit":
        """Read the split's table (once) and hand out its columns; `model` only names it in
        messages. Raises OutputsError when it does not exist or cannot be read."""
        if self._problems:
            raise OutputsError(self._problems)
        if name not in self._given:
            owner = f"model `{model}`" if model else "the outputs"
            raise OutputsError(
                [
                    f"{owner}: there is no split `{name}`{did_you_mean(name, self._given)}; there "
                    f"are {names(self._given)}; correct the name, or add it: Outputs({name}=…)"
                ]
            )
        if (name, model) not in self._splits:
            from evalharness.outputs.shards import Shards
            from evalharness.outputs.split import Split
            from evalharness.outputs.streamed import StreamedSplit

            where = self._where(name, model)
            source = self._source(name, where)
            kind: Any = StreamedSplit if isinstance(source, Shards) else Split
            self._splits[name, model] = kind(source, self._options, name, model, where)
        return self._splits[name, model]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_show(given)}" for name, given in self._given.items())
        return f"Outputs({shown})"

    def _where(self, name: str, model: str) -> str:
        return f"{model + ', ' if model else ''}{name} ({_show(self._given[name])})"

    def _source(self, name: str, where: str) -> "Source | Shards":
        if name not in self._sources:
            try:
                self._sources[name] = _read(self._given[name])
            except Refused as refused:
                problems = refused.problems
            else:
                if not isinstance(self._given[name], Location):
                    # The table as it was given is not needed any more, and may not pickle.
                    self._given[name] = _Read(_show(self._given[name]))
                return self._sources[name]
            # Outside of the handler, so that the error carries no other error with it.
            raise OutputsError(f"{where}: {problem}" for problem in problems)
        return self._sources[name]


@dataclass(frozen=True)
class _Read:
    """Stands for a table that has been read."""

    shown: str


def _read(given: Any) -> "Source | Shards":
    from evalharness.outputs import files, patterns, shards, tables

    if isinstance(given, Location):
        many = patterns.stands_for_many(given)
        return shards.Shards(given) if many else files.read_file(given)
    return files.TableSource(tables.read_table(given))


def _show(given: Any) -> str:
    if isinstance(given, Location | _Read):
        return given.shown
    from evalharness.outputs.tables import describe

    return describe(given)


def _carries_secret(given: Any) -> bool:
    several = given if isinstance(given, list) else [given]
    return any(isinstance(one, Location) and bool(one.problem) for one in several)
