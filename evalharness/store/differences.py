"""What differs between what a saved result holds and what is to take its place, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

# Numbers that differ by less are the same: sums of the same values on another machine.
SAME = 1e-9
# What is said of the others follows from these, or is too long to be read.
TOLD = ("data", "figures", "limits", "checks", "gated", "settings", "tables")


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """A line for each thing that differs, that which explains the others first."""
    found = []
    for key in sorted({*old, *new}):
        if key not in old or key not in new:
            found.append(f"{key}: {'new' if key not in old else 'no longer there'}")
            continue
        for part in (*TOLD, *sorted({*old[key], *new[key]} - set(TOLD))):
            before, now = old[key].get(part), new[key].get(part)
            found += [f"{key}: {line}" for line in _lines(part, before, now)]
    return found


def _lines(part: str, before: Any, now: Any) -> Iterator[str]:
    for path, a, b in _leaves((), before, now):
        if part == "checks" and path[-1] == "message":
            continue  # its figures are named where they stand
        yield f"{', '.join(map(str, (part, *filter(None, path))))}: {_word(b)}, was {_word(a)}"


def _leaves(path: tuple[str, ...], a: Any, b: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in sorted({*a, *b}):
            yield from _leaves((*path, key), a.get(key), b.get(key))
    elif not _same(a, b):
        yield path or ("",), a, b


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (a, b))
    if numbers and not (isinstance(a, int) and isinstance(b, int)):
        return math.isclose(a, b, rel_tol=SAME, abs_tol=1e-12)
    return bool(a == b)


def _word(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        value = value.get("value", value.get("outcome", "something"))
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
