"""Which class a name stands for, where classes are written as names of columns: `n_cat`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def by_name(labels: Sequence[Any], classes: Sequence[Any], ordered: bool = False) -> np.ndarray:
    """int64 (n,): the place of each label among the classes, −1 where it is none of them.

    Equal values are one class, and so are a value and how it is written: 3 and "3". Where the order
    of the classes was given (``ordered``), labels may be their places (`coded`): 3 is the fourth of
    "airplane", "automobile", "bird", "cat". Nothing says so where names were sorted.
    """
    known: dict[Any, int] = {}
    for place, value in enumerate(classes):
        known.setdefault(value, place)
        for written in _written(value):
            known.setdefault(written, place)
    found = [
        next((known[w] for w in (value, *_written(value)) if w in known), -1) for value in labels
    ]
    if ordered and coded(labels, classes):
        found = list(labels)
    return np.array(found, np.int64)


def coded(labels: Sequence[Any], classes: Sequence[Any]) -> bool:
    """Whether labels are the places of named classes: 0 … K − 1, each of them."""
    return (
        numbered(labels)
        and not any(numbered([c]) or str(c).lstrip("-").isdigit() for c in classes)
        and sorted(labels) == list(range(len(classes)))
    )


def numbered(labels: Sequence[Any]) -> bool:
    """Whether labels are integers."""
    return all(isinstance(v, int) and not isinstance(v, bool) for v in labels)


def taken(classes: Sequence[Any]) -> str:
    """What labels that are places are taken for, in a sentence."""
    return (
        f"labels 0 … {len(classes) - 1} are taken for {classes[0]} … {classes[-1]}, in the order "
        "of the columns"
    )


def _written(value: Any) -> tuple[str, ...]:
    """How a value may be written as a name."""
    if isinstance(value, bool):
        return str(value), str(value).lower(), str(int(value))
    return (value,) if isinstance(value, str) else (str(value),)
