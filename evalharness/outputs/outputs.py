"""`Outputs`: one model's tables, one for each split, as the user hands them over."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.outputs.locations import Location, locate
from evalharness.outputs.words import Refused, names, short

if TYPE_CHECKING:
    from evalharness.outputs.files import Source
    from evalharness.outputs.split import Split

OPTIONS = ("columns", "classes", "positive", "missing", "threshold")
MISSING = ("error", "wrong")


@dataclass(frozen=True)
class Options:
    """How the columns of every split are to be understood."""

    columns: Mapping[str, str]
    classes: tuple[Any, ...] | None = None
    positive: Any = None
    missing: str = "error"
    threshold: float | None = None


class Outputs:
    """The outputs of one model on its splits.

    `Outputs(dev="dev.parquet", test=frame)` or, for names that are no identifiers,
    `Outputs({"dev-2024": "dev.parquet"})`. A split is a path or URL (.parquet, .arrow, .feather,
    .ipc, .csv, .jsonl, .ndjson), a table that narwhals knows, or a mapping of arrays.

    columns    standard name -> the name in the table; a column that is renamed loses its own name,
               so that `columns={"kg": "weight"}` frees the name `weight`
    classes    all class values, in the order of the columns of `scores`; without it the sorted
               values that occur
    positive   the class whose probability `score` is; not needed for 0/1 and booleans
    missing    "error" (default): a null prediction is refused; "wrong": it counts as a wrong answer
    threshold  the `score` from which the positive class is predicted where there is no `prediction`
               column; default 0.5, and then `score` must lie in [0, 1]

    Nothing is read before `split()`. Raises OutputsError with every problem of the arguments.
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
        self._given = _gather(splits, named_splits, problems)
        # A traceback may print arguments: no frame holds a URL as it was given when we raise.
        splits, named_splits = None, {}
        self._options = Options(
            _check_columns(columns, problems),
            _check_classes(classes, problems),
            positive,
            _check_missing(missing, problems),
            _check_threshold(threshold, problems),
        )
        _check_positive(positive, self._options.classes, problems)
        self._problems = tuple(f"Outputs(): {problem}" for problem in problems)
        self._sources: dict[str, Source] = {}
        self._splits: dict[tuple[str, str], Split] = {}
        # The line that made the call would be shown too, and a URL with a password may stand in it.
        if problems and not any(_carries_secret(given) for given in self._given.values()):
            raise OutputsError(self._problems)

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits, as given."""
        return tuple(self._given)

    def split(self, name: str, model: str = "") -> "Split":
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
            from evalharness.outputs.split import Split

            where = self._where(name, model)
            source = self._source(name, where)
            self._splits[name, model] = Split(source, self._options, name, model, where)
        return self._splits[name, model]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_show(given)}" for name, given in self._given.items())
        return f"Outputs({shown})"

    def _where(self, name: str, model: str) -> str:
        return f"{model + ', ' if model else ''}{name} ({_show(self._given[name])})"

    def _source(self, name: str, where: str) -> "Source":
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


def _read(given: Any) -> "Source":
    from evalharness.outputs import files, tables

    if isinstance(given, Location):
        return files.read_file(given)
    return files.TableSource(tables.read_table(given))


def _show(given: Any) -> str:
    if isinstance(given, Location | _Read):
        return given.shown
    from evalharness.outputs.tables import describe

    return describe(given)


def _carries_secret(given: Any) -> bool:
    return isinstance(given, Location) and bool(given.problem)


def _gather(splits: Any, named: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """All splits by name, with paths and URLs already located (and freed of credentials)."""
    found: dict[str, Any] = {}
    if splits is not None and not isinstance(splits, Mapping):
        problems.append(
            f"the first argument must map names of splits to tables, found "
            f"{type(splits).__name__}; name the split: Outputs(test=…)"
        )
        splits = None
    for name, value in [*(splits or {}).items(), *named.items()]:
        if not isinstance(name, str) or not name:
            problems.append(f"a split's name must be text, found {name!r}")
        elif name in found:
            problems.append(f"split `{name}` is given twice; keep one of them")
        else:
            found[name] = locate(value) if isinstance(value, str | os.PathLike) else value
            if problem := _doubt(name, found[name], name in named):
                problems.append(problem)
    if not found and not problems:
        problems.append("no split is given; name at least one: Outputs(test='test.parquet')")
    return found


def _doubt(name: str, given: Any, is_keyword: bool) -> str:
    """Say so when a value cannot be a table: then it is likely that an option was misspelt."""
    hint = did_you_mean(name, OPTIONS) if is_keyword else ""
    kind = "keyword" if is_keyword else "split"
    if isinstance(given, Location):
        # Any text may be a path, but few paths have neither a folder nor a suffix.
        if hint and not given.suffix and os.sep not in given.shown and not given.uri:
            return f"keyword `{name}={given.shown!r}` is not a table{hint}"
        return ""
    one_array = isinstance(given, list | tuple) or getattr(given, "ndim", 0) == 1
    if one_array and not is_keyword:
        return (
            f"split `{name}` is a single array; if the mapping is one table, name its split: "
            f"Outputs(test={{{name!r}: …}})"
        )
    if isinstance(given, str | bytes | int | float | None | list | tuple | set | frozenset | range):
        return (
            f"{kind} `{name}={short(given)}` is not a table{hint}; a split needs a path, a table "
            "or a mapping of column names to arrays"
        )
    return ""


def _check_columns(columns: Any, problems: list[str]) -> dict[str, str]:
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        problems.append(
            f"`columns` must map standard names to the table's names, such as {{'label': 'y'}}; "
            f"found {type(columns).__name__}"
        )
        return {}
    for name, column in columns.items():
        if not isinstance(name, str) or not isinstance(column, str):
            problems.append(f"`columns` must map text to text; found {name!r}: {column!r}")
    for answer in ("prediction", "score", "scores"):
        if "label" in columns and columns["label"] == columns.get(answer):
            problems.append(
                f"`columns` makes `{columns['label']}` both `label` and `{answer}`, which compares "
                "a column with itself; name the model's own column"
            )
    return dict(columns)


def _check_classes(classes: Any, problems: list[str]) -> tuple[Any, ...] | None:
    if classes is None:
        return None
    if isinstance(classes, str | bytes | Mapping) or not _is_listing(classes):
        problems.append(
            f"`classes` must list the class values, such as ['cat', 'dog']; found {short(classes)}"
        )
        return None
    # NumPy's scalars equal Python's, but print as np.int64(1).
    chosen = tuple(c.item() if hasattr(c, "item") else c for c in classes)
    if odd := [c for c in chosen if not isinstance(c, str | bool | int | float) or c != c]:
        problems.append(f"`classes` must hold text, booleans or numbers; found {short(odd[0])}")
        return None
    if len({isinstance(c, str) for c in chosen}) > 1:
        problems.append(f"`classes={short(list(chosen))}` mixes text and numbers; use one type")
    if len(set(chosen)) < len(chosen):
        problems.append(f"`classes={short(list(chosen))}` names a class twice; name each once")
    elif len(chosen) < 2:
        problems.append(f"`classes={short(list(chosen))}` must name at least two classes")
    return chosen


def _is_listing(value: Any) -> bool:
    return hasattr(value, "__iter__") and getattr(value, "ndim", 1) == 1


def _check_positive(positive: Any, classes: tuple[Any, ...] | None, problems: list[str]) -> None:
    if positive is None:
        return
    if not isinstance(positive, str | bool | int | float) and not hasattr(positive, "item"):
        problems.append(f"`positive={short(positive)}` must be one class: text, boolean or number")
    elif classes is not None and positive not in classes:
        problems.append(
            f"`positive={short(positive)}` is not one of `classes={short(list(classes))}`"
            f"{did_you_mean(positive, classes)}; write it as it stands there"
        )


def _check_missing(missing: Any, problems: list[str]) -> str:
    if missing not in MISSING:
        problems.append(
            f"`missing={short(missing)}` must be 'error' (a null prediction is refused) or "
            f"'wrong' (it counts as a wrong answer){did_you_mean(missing, MISSING)}"
        )
    return str(missing)


def _check_threshold(threshold: Any, problems: list[str]) -> float | None:
    if threshold is None:
        return None
    if isinstance(threshold, bool) or not hasattr(threshold, "__float__"):
        problems.append(f"`threshold={short(threshold)}` must be a number")
        return None
    if not math.isfinite(threshold):
        problems.append(f"`threshold={threshold}` must be finite")
    return float(threshold)
