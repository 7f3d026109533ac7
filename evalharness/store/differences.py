"""What differs between what a saved result holds and what is to take its place, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

# Numbers that differ by less are the same: sums of the same values on another machine.
SAME = 1e-9
# In this order: what explains the rest first.
PARTS = ("data", "figures", "limits", "checks", "gated", "settings", "tables")


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """A line for each thing that differs, that which explains the others first."""
    found = []
    for key in sorted({*old, *new}):
        if key not in old or key not in new:
            found.append(f"{key} {'is new' if key not in old else 'is no longer there'}")
            continue
        parts = (*PARTS, *sorted({*old[key], *new[key]} - set(PARTS)))
        each = [x for p in parts for x in _lines(p, (), old[key].get(p), new[key].get(p))]
        found += [f"{key}: {line}" for line in dict.fromkeys(each)]
    return found


def _lines(part: str, path: tuple[str, ...], a: Any, b: Any) -> Iterator[str]:
    if same(a, b) or path and path[-1] == "message":  # its figures are named where they stand
        return
    both = isinstance(a, Mapping) and isinstance(b, Mapping)
    place = ", ".join(filter(None, (part, *path)))
    if both and "digest" in a and "digest" in b:
        if a["digest"] != b["digest"]:
            yield f"{place}: other outputs, {b.get('rows')} rows, was {a.get('rows')}"
            return
        if a.get("reading") != b.get("reading"):
            how = "columns, threshold, positive, classes or missing"
            yield f"{place}: the same table, read otherwise ({how} of Outputs)"
            return
    if both and "value" in a and "value" in b:  # one line for a figure
        names = ("value", *sorted({*a, *b}))
        first = next(k for k in names if not same(a.get(k), b.get(k)))
        yield f"{place}: {first} {_word(b.get(first))}, was {_word(a.get(first))}"
        return
    if not both:
        yield f"{place}: {_word(b)}, was {_word(a)}"
        return
    for key in sorted({*a, *b}):
        yield from _lines(part, (*path, key), a.get(key), b.get(key))


def same(a: Any, b: Any) -> bool:
    """Whether two values of JSON are the same, but for rounding."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items() if k != "message")
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (a, b))
    if numbers and not (isinstance(a, int) and isinstance(b, int)):
        return math.isclose(a, b, rel_tol=SAME, abs_tol=1e-12)
    return bool(a == b)


def _word(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return str(value.get("value", value.get("outcome", "something")))
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
