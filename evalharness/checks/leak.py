"""`Leak`: what was looked at, which rows leaked, and the words for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalharness.declare.errors import OutputsError

SHOWN_PAIRS = 3

# What is compared once it is known that everything can be compared.
Comparison = Callable[[], "Leak"]


@dataclass(frozen=True, eq=False)
class Leak:
    """What was looked at, and which rows leaked.

    kind:     "id", "content", "near", "embedding", "cluster" or "time"
    column:   what was looked at, in words
    rows:     bool (n,), the rows of the second split that leaked
    pairs:    a few that show it: (row of the second split, row of the first)
    told:     the same in one sentence
    expected: the share of rows that would be found although nothing leaked
    looked:   bool (n,), the rows that could be looked at; None for all
    how:      how it was looked for, where that is worth a line
    """

    kind: str
    column: str
    rows: np.ndarray
    pairs: tuple[tuple[int, int], ...]
    told: str
    expected: float = 0.0
    looked: Any = None
    how: str = ""


def both(questions: Sequence[Callable[[], Any]]) -> list[Any]:
    """The answers, or the problems of all questions, each said once."""
    problems: list[str] = []
    answers = []
    for question in questions:
        try:
            answers.append(question())
        except OutputsError as error:
            problems += error.problems
    if problems:
        raise OutputsError(dict.fromkeys(problems))
    return answers


def pairs(leaked: np.ndarray, there: np.ndarray) -> tuple[tuple[int, int], ...]:
    """The first rows that leaked, each with its row of the first split."""
    return tuple((int(row), int(there[row])) for row in np.flatnonzero(leaked)[:SHOWN_PAIRS])


def share(leaked: np.ndarray) -> str:
    """How many leaked, in words."""
    return f"{np.count_nonzero(leaked):,}" if leaked.any() else "none"


def at(leaked: np.ndarray) -> str:
    """Where the first of them are, in brackets."""
    places = np.flatnonzero(leaked)
    if not len(places):
        return ""
    shown = ", ".join(map(str, places[:SHOWN_PAIRS]))
    return (
        f" ({'row' if len(places) == 1 else 'rows'} {shown}{', …' * (len(places) > SHOWN_PAIRS)})"
    )
