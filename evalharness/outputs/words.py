"""How messages name rows, columns and values: counts first, cell contents only a few."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from evalharness.declare.errors import OutputsError

SHOWN_ROWS = 3
SHOWN_VALUES = 3
SHOWN_NAMES = 12
SHOWN_WIDTH = 60

# The row of a file with which what is looked at begins.
_FIRST = ContextVar("first", default=0)


class Refused(Exception):
    """What is wrong with an input, before it is known which split it belongs to."""

    def __init__(self, *problems: str):
        self.problems = problems
        super().__init__(*problems)


class Absent(Refused):
    """What is wrong with the columns of a table, whatever rows are looked at."""


def told(split: Any, question: Callable[[], object]) -> list[str]:
    """The problems that a question to a split meets, without the split's name in front."""
    try:
        question()
    except OutputsError as error:
        heads = f"{split.where}: ", f"{split.table}: "
        return [p.removeprefix(heads[0]).removeprefix(heads[1]) for p in error.problems]
    return []


@contextmanager
def counted_from(first: int) -> Iterator[None]:
    """Inside, row 0 of what is looked at is named as row `first` of its file."""
    token = _FIRST.set(first)
    try:
        yield
    finally:
        _FIRST.reset(token)


def rows(found: Any) -> str:
    """Name the rows of a boolean mask: "2 rows (3 and 7, counting from 0)"."""
    import numpy as np

    places = np.flatnonzero(found) + _FIRST.get()
    count = len(places)
    if count == 1:
        return f"1 row (row {places[0]}, counting from 0)"
    if count <= SHOWN_ROWS:
        shown = ", ".join(map(str, places[:-1])) + f" and {places[-1]}"
    else:
        shown = "first: " + ", ".join(str(place) for place in places[:SHOWN_ROWS])
    return f"{count:,} rows ({shown}, counting from 0)"


def names(known: Iterable[object], limit: int = SHOWN_NAMES) -> str:
    """Names in backticks, at most `limit` of them."""
    return _some([f"`{name}`" for name in known], limit)


def values(found: Iterable[object], limit: int = SHOWN_VALUES) -> str:
    """Cell contents, at most `limit` of them and none longer than a line."""
    return _some([short(value) for value in found], limit)


def short(value: object) -> str:
    """One cell as Python writes it, cut where it would fill the message."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= SHOWN_WIDTH else f"{text[: SHOWN_WIDTH - 1]}…"


def reason(error: BaseException) -> str:
    """What a library said, as half a sentence: its first line, without a stack."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = lines[0].rstrip(".")
    return text if len(text) <= 200 else f"{text[:199]}…"


def _some(texts: Sequence[str], limit: int) -> str:
    if not texts:
        return "none"
    if len(texts) > limit:
        return ", ".join(texts[:limit]) + f" and {len(texts) - limit:,} more"
    return ", ".join(texts)


def naming(problem: str, metrics: Sequence[str], most: int = 3) -> str:
    """The problem, with the names of those that "this metric" means."""
    more = f" and {len(metrics) - most:,} more" if len(metrics) > most else ""
    shown = ", ".join(f"`{name}`" for name in metrics[:most])
    return problem.replace("this metric", f"this metric ({shown}{more})")
