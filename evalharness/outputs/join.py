"""Pairing two models' outputs by id."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.outputs import kinds, memory
from evalharness.outputs.words import SHOWN_VALUES, rows, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split


def align(a: "Split", b: "Split") -> np.ndarray:
    """int64 (n,): the row of `b` that has the id of each row of `a`.

    Both must hold the same ids, each once, and the same label for each. Raises OutputsError with
    everything that stands in the way: ids that only one of them has, labels that differ.
    """
    import pyarrow.compute as pc

    ours, theirs = _ids(a, b)
    pair = f"{a.where} and {b.where}"
    if ours.type != theirs.type and kinds.kind(ours) == kinds.kind(theirs):
        ours, theirs = ours.cast("string"), theirs.cast("string")  # int64 and uint64
    if ours.type != theirs.type:
        raise OutputsError(
            [
                f"{pair}: column `id` is {kinds.kind(ours)} in one and {kinds.kind(theirs)} in the "
                "other; write both in one type to compare the models by id"
            ]
        )
    found, back = pc.index_in(ours, value_set=theirs), pc.index_in(theirs, value_set=ours)
    alone = memory.nulls(found)
    place = np.where(alone, -1, memory.to_numpy(found)).astype(np.int64)
    problems = [*_alone(a, b, ours, alone), *_alone(b, a, theirs, memory.nulls(back))]
    if "label" in a.column_names and "label" in b.column_names:
        problems += _different_labels(a, b, ours, place)
    if problems:
        raise OutputsError(problems)
    return place


def _ids(a: "Split", b: "Split") -> tuple[Any, Any]:
    problems: list[str] = []
    for split in (a, b):
        try:
            split.unique_ids()
        except OutputsError as error:
            problems.extend(error.problems)
    if problems:
        raise OutputsError(problems)
    return a.unique_ids(), b.unique_ids()


def _alone(split: "Split", other: "Split", ids: Any, alone: np.ndarray) -> list[str]:
    if not alone.any():
        return []
    first = ids.take(np.flatnonzero(alone)[:SHOWN_VALUES]).to_pylist()
    return [
        f"{split.where}: {int(alone.sum()):,} of {len(ids):,} ids are not in {other.where} "
        f"(first: {values(first)}); models are compared on the same examples: evaluate both on "
        "all of them"
    ]


def _different_labels(a: "Split", b: "Split", ids: Any, place: np.ndarray) -> list[str]:
    ours, theirs = a.column("label"), b.column("label")
    if kinds.kind(ours) != kinds.kind(theirs):
        if {kinds.kind(ours), kinds.kind(theirs)} != {kinds.BOOLEAN, kinds.INTEGER}:
            return [
                f"{a.where} and {b.where}: column `label` is {kinds.kind(ours)} in one and "
                f"{kinds.kind(theirs)} in the other; write both in one type"
            ]
        ours, theirs = ours.cast("int64"), theirs.cast("int64")
    if not kinds.is_sliceable(ours):
        return [f"{a.where} and {b.where}: column `label` is {kinds.kind(ours)}, not comparable"]
    both = np.flatnonzero(place >= 0)
    left = ours.take(memory.from_numpy(both))
    right = theirs.take(memory.from_numpy(place[both]))
    differ = np.zeros(len(place), bool)
    differ[both] = _unequal(left, right)
    if not differ.any():
        return []
    first = ids.take(np.flatnonzero(differ)[:SHOWN_VALUES]).to_pylist()
    return [
        f"{a.where} and {b.where}: column `label` differs for {int(differ.sum()):,} ids (first: "
        f"{values(first)}; in {a.where} {rows(differ)}); an example has one label: find out which "
        "table has the right one"
    ]


def _unequal(left: Any, right: Any) -> np.ndarray:
    import pyarrow.compute as pc

    if len(left) == 0:
        return np.zeros(0, bool)
    here, there = memory.nulls(left), memory.nulls(right)
    unequal = memory.to_numpy(pc.not_equal(left, right))
    return np.where(here | there, here != there, unequal)
