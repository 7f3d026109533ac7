"""Splits by a stable hash: which one an example is in hangs on its id alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from evalharness.declare.errors import DeclarationError, numbered

# The hash as a number below 2**64.
WHOLE = 1 << 64


def assign_split(unit: Any, shares: Mapping[str, float], *, salt: str = "") -> Any:
    """The split of an example: `assign_split("patient-17", {"train": 0.9, "dev": 0.05,
    "test": 0.05})`.

    unit:   what belongs together: the id of an example, or better that of its cluster (patient,
            user, document), all of whose examples then stand in one split. Text or an integer; 17
            and "17" are one. Or a list, array or column (n,) of them, which gives a list of names.
    shares: names of the splits and the share of the units that each gets, about; they sum to one.
    salt:   another text, another split of the same units.

    A unit stays where it is when others come or go: its hash, uniform in [0, 1), falls into one of
    the intervals that the shares span, in their order. Raises DeclarationError for shares that are
    none and for units that are missing or floats, whose text may differ from place to place.

    >>> shares = {"train": 0.9, "dev": 0.05, "test": 0.05}
    >>> assign_split("patient-17", shares)
    'train'
    >>> assign_split([1, 2, 3], shares) == [assign_split(str(k), shares) for k in (1, 2, 3)]
    True
    """
    names, ends = _ends(shares)
    if not isinstance(salt, str):
        raise DeclarationError(f"assign_split: salt={salt!r} must be a text")
    unit = unit.item() if getattr(unit, "ndim", None) == 0 else unit  # a scalar of NumPy's
    many = _many(unit)
    units = [unit] if many is None else [u.item() if hasattr(u, "item") else u for u in many]
    wrong = [u for u in units if isinstance(u, (bool, float)) or not isinstance(u, (str, int))]
    if wrong:
        shown = ", ".join(repr(u) for u in wrong[:3])
        raise DeclarationError(
            f"assign_split: {len(wrong):,} of {len(units):,} units are no text and no integer "
            f"(first: {shown}); give every example an id, and write other kinds as text, or as "
            "integers: str(uuid), df.id.astype('Int64')"
        )
    found = [names[_place(_hash(u, salt), ends)] for u in units]
    return found[0] if many is None else found


def _hash(unit: str | int, salt: str) -> int:
    # A length before the salt, so that no salt and unit run together into another pair.
    text = f"{len(salt)}:{salt}{unit}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def _place(value: int, ends: list[int]) -> int:
    return next(i for i, end in enumerate(ends) if value < end)


def _ends(shares: Any) -> tuple[list[str], list[int]]:
    """The names, and where the interval of each ends; exact whole numbers, the last one WHOLE."""
    example = '{"train": 0.9, "dev": 0.05, "test": 0.05}'
    if not isinstance(shares, Mapping) or not shares:
        raise DeclarationError(
            f"assign_split: shares={shares!r} must map splits to shares: {example}"
        )
    problems = [
        f"the share {share!r} of {name!r} is not a number from 0 to 1"
        for name, share in shares.items()
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1
    ]
    if not problems and abs(sum(shares.values()) - 1) > 1e-9:
        problems.append(f"the shares sum to {sum(shares.values()):.12g}, not to 1")
    if problems:
        raise DeclarationError(f"assign_split: {numbered('problems', tuple(problems))}")
    ends, total = [], 0.0
    for share in shares.values():
        total += share
        ends.append(round(total * WHOLE))
    last = max(i for i, share in enumerate(shares.values()) if share > 0)
    return list(shares), ends[:last] + [WHOLE] * (len(ends) - last)


def _many(unit: Any) -> list[Any] | None:
    """The units of a list, array or column; None of one alone."""
    for method in ("to_pylist", "tolist", "to_list"):  # Arrow; NumPy and pandas; polars
        if hasattr(unit, method):
            return list(getattr(unit, method)())
    return list(unit) if isinstance(unit, (list, tuple)) else None
