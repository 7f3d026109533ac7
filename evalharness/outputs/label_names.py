"""Which class a name stands for, where classes are written as names of columns: `n_cat`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def by_name(labels: Sequence[Any], classes: Sequence[Any]) -> np.ndarray:
    """int64 (n,): the place of each label among the classes, −1 where it is none of them.

    Equal values are one class, and so are a value and how it is written: 3 and "3". Labels that are
    the integers from 0 on are the places of classes that have names: 3 is the fourth of "airplane",
    "automobile", "bird", "cat", as in tables whose labels are coded.
    """
    known: dict[Any, int] = {}
    for place, value in enumerate(classes):
        known.setdefault(value, place)
        for written in _written(value):
            known.setdefault(written, place)
    found = [
        next((known[w] for w in (value, *_written(value)) if w in known), -1) for value in labels
    ]
    if coded(labels, classes):
        found = list(labels)
    return np.array(found, np.int64)


def coded(labels: Sequence[Any], classes: Sequence[Any]) -> bool:
    """Whether labels are places of named classes."""
    whole = all(isinstance(v, int) and not isinstance(v, bool) for v in labels)
    named = all(isinstance(c, str) and not c.lstrip("-").isdigit() for c in classes)
    return whole and named and all(0 <= v < len(classes) for v in labels)


def _written(value: Any) -> tuple[str, ...]:
    """How a value may be written as a name."""
    if isinstance(value, bool):
        return str(value), str(value).lower(), str(int(value))
    return (value,) if isinstance(value, str) else (str(value),)
