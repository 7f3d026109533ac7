"""Which columns two splits have in common, and each of them read in the form in which it is
compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.checks.columns import FEW, Categories, Numbers
from evalharness.inference.two_sample_units import Units
from evalharness.outputs import kinds, memory

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

# Integers of no more than FEW values are categories; labels and predictions of no more than these,
# since classes are often numbered.
CLASSES = 1_000
# What never is compared: it tells rows apart, or how they were sampled.
APART = ("id", "cluster", "sample", "weight")
# Names that stand for what is worked out: the largest of the scores by class, and whether the
# prediction is the label.
LARGEST, CORRECT = "score", "correct"
LIST = "it is a list in each row"


class Unlike(Exception):
    """Why a column of two splits cannot be compared."""


def shared(first: Split, second: Split) -> list[str]:
    """Names of the columns that both have and that can be told apart by what they hold."""
    return [
        name
        for name in first.column_names
        if name in second.column_names
        and name not in APART
        and not _by_class(name)
        and (name != "label" or has(first, name) and has(second, name))
    ]


def has(split: Split, name: str) -> bool:
    """Whether a split has a column, or what it is worked out from."""
    known = split.column_names
    if name == "label" in known:  # of a sample from use it may be there, and empty
        return not missing(split.column(name)).all()
    if name in known:
        return True
    if name == LARGEST:
        return "scores" in known or any(map(_by_class, known))
    return name == CORRECT and "prediction" in known and has(split, "label")


def compared(first: Split, second: Split, name: str, seed: int = 0) -> Numbers | Categories:
    """A column of two splits. Raises Unlike where it cannot be compared, and OutputsError where the
    outputs are broken."""
    units = (units_of(first), units_of(second))
    place: dict[str, Any] = {"units": units, "seed": seed}
    if name == LARGEST and not all("score" in s.column_names for s in (first, second)):
        largest = (_largest(first), _largest(second))
        return Numbers(name, "the largest score", "numbers", largest, **place)
    if name == CORRECT and not all(CORRECT in s.column_names for s in (first, second)):
        right = tuple(_right(s) for s in (first, second))
        return Categories(name, f"`{name}`", right, (False, True), **place)
    if name == "label":
        return _labels(first, second, place)
    a, b = first.column(name), second.column(name)
    for column in (a, b):
        if kinds.is_list(column):
            raise Unlike(f"{LIST} ({column.type}); name it in embeddings=[{name!r}]")
    return _alike(name, a, b, place)


def _labels(first: Split, second: Split, place: dict[str, Any]) -> Numbers | Categories:
    """The labels of the rows that have one: of a sample from use often few are labelled."""
    pair, units = [], []
    for split, unit in zip((first, second), place["units"], strict=True):
        column = split.column("label")
        if kinds.is_list(column):
            raise Unlike(f"{LIST} ({column.type}); name it in embeddings=['label']")
        there = ~missing(column)
        if not there.all():
            column = column.filter(memory.from_numpy(there))
            if unit is not None:
                _, code = np.unique(unit.code[there], return_inverse=True)
                unit = Units(code, int(code.max()) + 1)
        pair.append(column)
        units.append(unit)
    a, b = (_whole(c, {kinds.kind(x) for x in pair}) for c in pair)
    return _alike("label", a, b, place | {"units": tuple(units)})


def missing(column: Any) -> Any:
    """bool (n,): where a column is null, or NaN."""
    found = memory.nulls(column)
    if kinds.kind(column) == kinds.REAL:
        found = found | np.isnan(memory.to_numpy(column))
    return found


def _whole(column: Any, types: set[str]) -> Any:
    """Integers that nulls had made floats of, where the other side has integers."""
    if kinds.kind(column) == kinds.REAL and kinds.INTEGER in types:
        found = memory.to_numpy(column)
        if len(found) and (found == np.floor(found)).all():
            return column.cast("int64")
    return column


def _alike(name: str, a: Any, b: Any, place: dict[str, Any]) -> Numbers | Categories:
    import pyarrow as pa

    found = {kinds.kind(c) for c in (a, b)} - {kinds.EMPTY}
    if any(pa.types.is_temporal(c.type) for c in (a, b)):
        how, times = _times(a, b)
        return Numbers(name, f"`{name}`", how, times, **place)
    if found <= {kinds.INTEGER, kinds.REAL, kinds.BOOLEAN} and kinds.REAL in found:
        return Numbers(name, f"`{name}`", "numbers", (_floats(a), _floats(b)), **place)
    if found <= {kinds.INTEGER, kinds.BOOLEAN} or found == {kinds.TEXT}:
        integers = found == {kinds.INTEGER}
        most = CLASSES if name in ("label", "prediction") else FEW
        if integers and _many(a, b, most):
            return Numbers(name, f"`{name}`", "numbers", (_floats(a), _floats(b)), **place)
        made = _categories(name, a, b, place)
        if found == {kinds.TEXT} and _free(made):
            lengths = (_lengths(a), _lengths(b))
            return Numbers(name, f"the length of `{name}`", "lengths", lengths, **place)
        return made
    if len(found) > 1:
        raise Unlike(
            f"it is {kinds.kind(a)} in the one and {kinds.kind(b)} in the other; write both in one "
            "type"
        )
    raise Unlike(f"it is {a.type}, which cannot be compared; cast it in the table")


def _largest(split: Split) -> Any:
    """(n,) float64: the largest score of each row, whichever class it is of."""
    if "scores" in split.column_names:
        return split.vectors("scores").max(axis=1).astype(np.float64)
    each = [split.raw_numbers(name) for name in split.column_names if _by_class(name)]
    return np.max(each, axis=0).astype(np.float64)


def _right(split: Split) -> Any:
    """(n,) 0 and 1: whether the prediction is the label."""
    return (split.compact_labels() == split.compact_predictions()).astype(np.int64)


def units_of(split: Split) -> Units | None:
    """The clusters of a split; None where each row is its own."""
    found = split.clusters()
    return None if found is None else Units(*found)


def _by_class(name: str) -> bool:
    return name == "scores" or name.startswith("score_")


def _floats(column: Any) -> Any:
    """(n,) float64; a null, or NaN, stands after all numbers."""
    if kinds.kind(column) == kinds.EMPTY:
        return np.full(len(column), np.inf)
    if kinds.kind(column) == kinds.BOOLEAN:
        column = column.cast("int8")
    found = memory.to_numpy(column).astype(np.float64, copy=False)
    if not column.null_count and np.isfinite(found).all():
        return found
    gone = missing(column)
    infinite = np.isinf(found)
    if infinite.any():  # they come before what is missing
        found = np.where(infinite, np.copysign(np.finfo(np.float64).max, found), found)
    return np.where(gone, np.inf, found) if gone.any() else found


def _times(a: Any, b: Any) -> tuple[str, tuple[Any, Any]]:
    """What kind of times they are, and microseconds."""
    import pyarrow as pa

    kind_of = {
        "times": pa.timestamp("us"),
        "clock": pa.time64("us"),
        "durations": pa.duration("us"),
    }

    def kind(column: Any) -> str:
        if pa.types.is_duration(column.type):
            return "durations"
        return "clock" if pa.types.is_time(column.type) else "times"

    given = [c for c in (a, b) if kinds.kind(c) != kinds.EMPTY]
    same = all(pa.types.is_temporal(c.type) for c in given) and len({kind(c) for c in given}) == 1
    if not same:
        raise Unlike(f"it is {a.type} in the one and {b.type} in the other; write both in one type")
    zones = [getattr(c.type, "tz", None) for c in given if pa.types.is_timestamp(c.type)]
    if len(zones) == 2 and (zones[0] is None) != (zones[1] is None):
        aware = "the first" if zones[0] is not None else "the second"
        raise Unlike(
            f"its times have a time zone in {aware} split only, so that hours may lie between "
            "them; give both a zone (UTC)"
        )
    how = kind(given[0])

    def number(column: Any) -> Any:
        if kinds.kind(column) == kinds.EMPTY:
            return np.full(len(column), np.inf)
        zone = getattr(column.type, "tz", None)
        wanted = pa.timestamp("us", zone) if zone else kind_of[how]
        return _floats(column.cast(wanted, safe=False).cast(pa.int64()))

    return how, (number(a), number(b))


def _many(a: Any, b: Any, most: int) -> bool:
    """Whether integers have more than so many values."""
    import pyarrow.compute as pc

    there = [c for c in (a, b) if kinds.kind(c) != kinds.EMPTY]
    if any(pc.count_distinct(c.slice(0, 64 * most)).as_py() > most for c in there):
        return True
    return len({v for c in there for v in pc.unique(c).to_pylist()} - {None}) > most


def _categories(name: str, a: Any, b: Any, place: dict[str, Any]) -> Categories:
    import pyarrow as pa

    if a.type != b.type:
        kind = b.type if kinds.kind(a) == kinds.EMPTY else a.type
        kind = pa.int64() if kinds.BOOLEAN in {kinds.kind(a), kinds.kind(b)} else kind
        a, b = a.cast(kind), b.cast(kind)
    coded = pa.chunked_array([a, b]).dictionary_encode().unify_dictionaries()
    values = coded.chunk(0).dictionary.to_pylist()
    codes = [
        memory.to_numpy(side.indices.fill_null(len(values))).astype(np.int64)
        for side in coded.chunks
    ]
    if coded.null_count:
        values.append(None)
    if len(values) == 1:  # of one value nothing can differ, but it might have
        values.append(None)
    return Categories(name, f"`{name}`", (codes[0], codes[1]), tuple(values), **place)


def _free(made: Categories) -> bool:
    """Whether texts hardly repeat, so that they are no categories."""
    rows = len(made.codes[0]) + len(made.codes[1])
    return len(made.values) > max(FEW, rows / 2)


def _lengths(column: Any) -> Any:
    import pyarrow.compute as pc

    return _floats(pc.utf8_length(column) if kinds.kind(column) == kinds.TEXT else column)
