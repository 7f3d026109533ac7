"""What is added up of a streamed split, and what need not be, since other tables tell it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from evalharness.statistics.counts import Confusion, Flags, Hits

# Statistics that are counts, and add up exactly.
COUNTS = (Confusion, Hits, Flags)

Place = tuple[Any, Any]  # conditions, and the column of the slices


class Key(NamedTuple):
    """What is added up: a statistic on the groups of a place; `scale`: on a grid of that range."""

    place: Place
    statistic: Any
    scale: tuple[float, float] | None = None


def tellers(waiting: Collection[Key], done: Collection[Key], split: Any) -> dict[Key, Key]:
    """Of what waits to be counted, what another table of counts tells, and which one: that of
    slices tells the whole, and the cells of two classes tell hits. done: what was added up."""
    known = [key for key in (*done, *waiting) if isinstance(key.statistic, COUNTS)]

    def tells(other: Key, key: Key) -> bool:
        (where, group), (others, parted) = key.place, other.place
        if other == key or where != others or group not in ((), parted):
            return False
        return other.statistic == key.statistic or (
            isinstance(key.statistic, Hits)
            and key.statistic.told_by(other.statistic)
            and not split.multilabel
            and len(split.classes) == 2
        )

    def counted(key: Key) -> bool:
        return key in done or not any(tells(other, key) for other in known)

    found = {key: [o for o in known if tells(o, key) and counted(o)] for key in waiting}
    return {key: others[0] for key, others in found.items() if others}
