"""The arguments of `Outputs`, checked: what is wrong with them is told all at once."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalharness.declare.errors import did_you_mean
from evalharness.outputs.locations import Location, locate
from evalharness.outputs.words import short

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


def check_options(
    columns: Any, classes: Any, positive: Any, missing: Any, threshold: Any, problems: list[str]
) -> Options:
    """The options, as far as they make sense; adds what does not to `problems`."""
    known = _check_classes(classes, problems)
    options = Options(
        _check_columns(columns, problems),
        known,
        positive,
        _check_missing(missing, problems),
        _check_threshold(threshold, problems),
    )
    _check_positive(positive, known, problems)
    return options


def gather(splits: Any, named: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
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
            found[name] = _located(value)
            if problem := _doubt(name, found[name], name in named):
                problems.append(problem)
    if not found and not problems:
        problems.append("no split is given; name at least one: Outputs(test='test.parquet')")
    return found


def _located(value: Any) -> Any:
    """A path or URL as a location, also those in a list, so that no message shows credentials."""
    if isinstance(value, str | os.PathLike):
        return locate(value)
    if isinstance(value, list | tuple) and all(isinstance(v, str | os.PathLike) for v in value):
        return [locate(v) for v in value]
    return value


def _doubt(name: str, given: Any, is_keyword: bool) -> str:
    """Say so when a value cannot be a table: then it is likely that an option was misspelt."""
    kind = "keyword" if is_keyword else "split"

    def hint() -> str:
        return did_you_mean(name, OPTIONS) if is_keyword else ""

    if isinstance(given, Location):
        # Any text may be a path, but few paths have neither a folder nor a suffix.
        if not given.suffix and os.sep not in given.shown and not given.uri and hint():
            return f"keyword `{name}={given.shown!r}` is not a table{hint()}"
        return ""
    if isinstance(given, list) and any(isinstance(g, Location) for g in given):
        if any(g.suffix or g.uri or g.problem or os.sep in g.shown for g in given):
            return (
                f"{kind} `{name}={short([g.shown for g in given])}` is a list of paths{hint}; name "
                f'the shards of a split by their folder, Outputs({name}="outputs/"), or by a '
                f'pattern, Outputs({name}="outputs/part-*.parquet")'
            )
        given = [g.shown for g in given]
    one_array = isinstance(given, list | tuple) or getattr(given, "ndim", 0) == 1
    if one_array and not is_keyword:
        return (
            f"split `{name}` is a single array; if the mapping is one table, name its split: "
            f"Outputs(test={{{name!r}: …}})"
        )
    if isinstance(given, str | bytes | int | float | None | list | tuple | set | frozenset | range):
        return (
            f"{kind} `{name}={short(given)}` is not a table{hint()}; a split needs a path, a table "
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
