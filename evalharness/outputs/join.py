"""Pairing two models' outputs by id."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.declare.plural import counted
from evalharness.outputs import ids, kinds, memory
from evalharness.outputs.words import SHOWN_VALUES, rows, told, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

# What belongs to the example and not to the model; the last two also say how it was sampled.
SHARED = ("label", "weight", "cluster")
SAMPLING = ("weight", "cluster")

# Integer ids that span no more than so many numbers each are looked up rather than hashed.
DENSE = 4

Shown = Callable[["Split", np.ndarray], list[Any]]  # rows of a split as messages write their ids


def align(a: "Split", b: "Split") -> np.ndarray:
    """int64 (n,): the row of `b` that has the id of each row of `a`; where both have a column
    `sample`, the id and the sample.

    Both must hold the same ones, each once, with the same label, weight and cluster. Raises
    OutputsError with everything that stands in the way.
    """
    ours, theirs, shown = _keys(a, b)
    problems: list[str] = []
    straight = ours.equals(theirs)  # most tables of one split are written in one order
    if straight:
        place = np.arange(len(ours))
    else:
        place = _places(ours, theirs)
        met = np.zeros(len(theirs), bool)
        met[place[place >= 0]] = True
        problems += [*_alone(a, b, shown, place < 0), *_alone(b, a, shown, ~met)]
    for name in SHARED:
        if all(name in split.column_names for split in (a, b)):
            if not straight or not _equal(name, a, b):
                problems += _different(name, a, b, shown, place)
        elif name in SAMPLING and name in (*a.column_names, *b.column_names):
            has, lacks = (a, b) if name in a.column_names else (b, a)
            problems.append(
                f"{lacks.where}: there is no column `{name}`, which {has.where} has; models are "
                "compared on the same examples, sampled and weighted alike: add it"
            )
    if problems:
        raise OutputsError(problems)
    return place


def _places(ours: Any, theirs: Any) -> np.ndarray:
    """int64 (n,): where each of our ids is among theirs, −1 where it is not. Neither repeats."""
    import pyarrow.compute as pc

    if kinds.kind(ours) == kinds.INTEGER and len(theirs):
        mine, others = memory.to_numpy(ours), memory.to_numpy(theirs)
        least, most = others.min(), others.max()
        span = int(most) - int(least) + 1
        if span <= DENSE * len(others):
            known = np.full(span, -1)
            known[others - least] = np.arange(len(others))
            inside = (mine >= least) & (mine <= most)
            return np.where(inside, known[np.where(inside, mine - least, 0)], -1)
    found = pc.index_in(ours, value_set=theirs)
    return np.where(memory.nulls(found), -1, memory.to_numpy(found)).astype(np.int64)


def _keys(a: "Split", b: "Split") -> tuple[Any, Any, Shown]:
    """What pairs the rows of each, as Arrow arrays of one type, and how messages write it."""
    problems = [f"{s.where}: {problem}" for s in (a, b) for problem in told(s, s.checked_ids)]
    sampled = ["sample" in split.column_names for split in (a, b)]
    if sum(sampled) == 1 and not problems:
        split, other = (a, b) if sampled[0] else (b, a)
        if ids.lone_problems(split.column("id")):
            problems.append(
                f"{split.where} has several samples of one id, and {other.where} has no column "
                "`sample`; give both as many samples, told apart by it, or compare one sample"
            )
    if problems:
        raise OutputsError(problems)
    mine, yours = _one_type("id", a, b)
    if not all(sampled):
        return mine, yours, _shown_by("id")
    import pyarrow as pa

    codes = [
        memory.to_numpy(pa.concat_arrays(pair).dictionary_encode().indices).astype(np.int64)
        for pair in ((mine, yours), _one_type("sample", a, b))
    ]
    pairs = codes[0] * (codes[1].max(initial=0) + 1) + codes[1]
    n = len(mine)
    return memory.from_numpy(pairs[:n]), memory.from_numpy(pairs[n:]), _shown_by("id", "sample")


def _shown_by(*names: str) -> Shown:
    def shown(split: "Split", places: np.ndarray) -> list[Any]:
        found = [split.column(name).take(places).to_pylist() for name in names]
        return found[0] if len(found) == 1 else list(zip(*found, strict=True))

    return shown


def _one_type(name: str, a: "Split", b: "Split") -> tuple[Any, Any]:
    ours, theirs = a.column(name), b.column(name)
    if ours.type != theirs.type and kinds.kind(ours) == kinds.kind(theirs):
        ours, theirs = ours.cast("large_string"), theirs.cast("large_string")  # int64 and uint64
    if ours.type != theirs.type:
        raise OutputsError(
            [
                f"{a.where} and {b.where}: column `{name}` is {kinds.kind(ours)} in one and "
                f"{kinds.kind(theirs)} in the other; write both in one type to compare the models "
                f"by {name}"
            ]
        )
    return ours, theirs


def _alone(split: "Split", other: "Split", shown: Shown, alone: np.ndarray) -> list[str]:
    if not alone.any():
        return []
    first = shown(split, np.flatnonzero(alone)[:SHOWN_VALUES])
    return [
        f"{split.where}: {int(alone.sum()):,} of {split.n:,} ids are not in {other.where} "
        f"(first: {values(first)}); models are compared on the same examples: evaluate both on "
        "all of them"
    ]


def _equal(name: str, a: "Split", b: "Split") -> bool:
    """Whether rows that stand in one order surely have the same value; lists have places too."""
    ours, theirs = a.column(name), b.column(name)
    return not kinds.is_list(ours) and bool(ours.equals(theirs))


def _different(name: str, a: "Split", b: "Split", shown: Shown, place: np.ndarray) -> list[str]:
    both = np.flatnonzero(place >= 0)
    here, there = memory.from_numpy(both), memory.from_numpy(place[both])
    ours, theirs = a.column(name), b.column(name)
    pair = f"{a.where} and {b.where}"
    if name == "label" and a.multilabel and b.multilabel:
        if a.classes != b.classes:
            return [f"{pair}: the tasks (classes=[…]) differ; name the same ones in the same order"]
        unequal = (a.label_matrix()[both] != b.label_matrix()[place[both]]).any(axis=1)
    elif kinds.is_list(ours) and kinds.is_list(theirs):
        left, right = ours.take(here).to_pylist(), theirs.take(there).to_pylist()
        unequal = np.array([x != y for x, y in zip(left, right, strict=True)], bool)
    else:
        common = _common_type(name, ours, theirs)
        if not common:
            return [
                f"{pair}: column `{name}` is {kinds.kind(ours)} in one and {kinds.kind(theirs)} "
                "in the other; write both in one type"
            ]
        unequal = _unequal(ours.cast(common).take(here), theirs.cast(common).take(there))
    differ = np.zeros(len(place), bool)
    differ[both] = unequal
    if not differ.any():
        return []
    first = shown(a, np.flatnonzero(differ)[:SHOWN_VALUES])
    several = counted(int(differ.sum()), "ids")
    return [
        f"{pair}: column `{name}` differs for {several} (first: {values(first)}; in {a.where} "
        f"{rows(differ)}); an example has one {name}: find out which table has the right one"
    ]


def _common_type(name: str, ours: Any, theirs: Any) -> Any:
    """The Arrow type in which two columns are compared; "" when there is none."""
    if ours.type == theirs.type:
        return ours.type
    both = {kinds.kind(ours), kinds.kind(theirs)}
    if both == {kinds.INTEGER}:
        return "large_string"  # int64 and uint64
    if both == {kinds.BOOLEAN, kinds.INTEGER}:
        return "int64"
    return "float64" if name == "weight" and both == {kinds.REAL, kinds.INTEGER} else ""


def _unequal(left: Any, right: Any) -> np.ndarray:
    import pyarrow.compute as pc

    if len(left) == 0:
        return np.zeros(0, bool)
    here, there = memory.nulls(left), memory.nulls(right)
    unequal = memory.to_numpy(pc.not_equal(left, right))
    return np.where(here | there, here != there, unequal)
