"""What people answered: one row for each answer, or a count for each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.declare.plural import counted
from evalharness.outputs import kinds, memory, table
from evalharness.outputs.label_names import by_name, coded, taken
from evalharness.outputs.outputs import Outputs
from evalharness.outputs.words import Refused, names, rows, short, told, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

FORMS = (
    "one row for each answer with the columns `id`, `annotator`, `label`, or one row for each item "
    "with `id` and a column `n_<class>` for each class, of how many people chose it"
)
COUNT = "n_"


@dataclass(frozen=True)
class Answers:
    """Who answered what: int (V,) each, the places of the item, of the person and of the class."""

    item: np.ndarray
    person: np.ndarray
    label: np.ndarray


@dataclass(frozen=True)
class Annotations:
    """What people answered, whatever the order of the rows.

    ids:     (I,) an Arrow array, sorted.
    classes: (K,) the values that were answered.
    counts:  int64 (I, K), how many people gave each answer.
    answers: who gave them; None where only counts are known.
    people:  their names, sorted; () where only counts are known.
    gold:    int64 (I,), the place of what is right, −1 where nobody gave that answer ever; None
             where the table does not say what is right.
    where:   the table, as messages name it.
    note:    how labels were matched to names of columns, or "".
    """

    ids: Any
    classes: tuple[Any, ...]
    counts: np.ndarray
    answers: Answers | None
    people: tuple[Any, ...]
    gold: np.ndarray | None
    where: str
    note: str = ""


def read(given: Any) -> Annotations:
    """The annotations of a path, a table or a mapping of arrays. Raises OutputsError with all that
    is wrong with them."""
    split = Outputs(annotations=given).split("annotations")
    if getattr(split, "streamed", False):
        raise OutputsError([f"{split.where}: annotations are read at once; give one file or table"])
    from evalharness.outputs.split import Split

    assert isinstance(split, Split)
    with _located(split):
        if problems := table.head_problems(split):
            raise Refused(*problems)
        given = split.column_names
        if "annotator" in given:
            return _long(split)
        if any(name.startswith(COUNT) for name in given):
            return _counts(split)
        raise Refused(
            f"there is no column `annotator`{did_you_mean('annotator', given)}, and none of "
            f"counts; annotations are {FORMS}; found {names(given)}"
        )


@contextmanager
def _located(split: Split) -> Iterator[None]:
    """Say which table a problem is in."""
    try:
        yield
        return
    except Refused as refused:
        problems = refused.problems
    raise OutputsError(f"{split.where}: {problem}" for problem in problems)


def _long(split: Split) -> Annotations:
    lacking = [name for name in ("id", "label") if name not in split.column_names]
    if lacking:
        raise Refused(*(_missing(split, name) for name in lacking))
    problems = told(split, lambda: split.groups_of("id"))
    problems += told(split, lambda: split.groups_of("annotator"))
    marked = "gold" in split.column_names
    for name in ("label", "gold")[: 1 + marked]:
        problems += _no_classes(split, name)
    if marked and not problems:
        ours, theirs = (_written(split, name) for name in ("label", "gold"))
        if ours != theirs:
            problems.append(
                f"column `label` is {ours} and column `gold` is {theirs}; write both in one type"
            )
        problems += told(split, lambda: split.constant_within("gold", "id"))
    if problems:
        raise Refused(*problems)
    ids, item, first = _sorted(split, "id")
    people, person, _ = _sorted(split, "annotator")
    both = item.astype(np.int64) * len(people) + person
    _, at, times = np.unique(both, return_index=True, return_counts=True)
    if (times > 1).any():
        row = int(at[times > 1].min())
        pair = short(ids[int(item[row])].as_py()), short(people[int(person[row])].as_py())
        raise Refused(
            f"columns `id` and `annotator` hold {counted(int((times > 1).sum()), 'pairs')} more "
            f"than once, the first is ({', '.join(pair)}) in {rows(both == both[row])}; a person "
            "answers an item once: keep one answer"
        )
    codes, classes = split.encoded("label").partition()
    gold = None
    if marked:
        right = split.encoded("gold").places(classes).astype(np.int64)
        gold = np.maximum(right, -1)[first]
    counts = np.zeros((len(ids), len(classes)), np.int64)
    np.add.at(counts, (item, codes), 1)
    answers = Answers(item, person, codes.astype(np.int64))
    return Annotations(ids, classes, counts, answers, tuple(people.to_pylist()), gold, split.where)


def _counts(split: Split) -> Annotations:
    if "id" not in split.column_names:
        raise Refused(_missing(split, "id"))
    found = [name for name in split.column_names if name.startswith(COUNT)]
    problems = told(split, split.checked_ids)
    columns = []
    for name in found:
        try:
            columns.append(_whole(split, name))
        except OutputsError as error:
            problems += [p.removeprefix(f"{split.where}: ") for p in error.problems]
        except Refused as refused:
            problems += refused.problems
    marked = next((n for n in ("gold", "label") if n in split.column_names), "")
    if marked:
        problems += _no_classes(split, marked)
    if problems:
        raise Refused(*problems)
    counts = np.stack(columns, axis=1)
    empty = counts.sum(axis=1) == 0
    if empty.any():
        raise Refused(f"nobody answered in {rows(empty)}; leave items without answers out")
    ids, item, first = _sorted(split, "id")
    classes: tuple[Any, ...] = tuple(name.removeprefix(COUNT) for name in found)
    gold, note = None, ""
    if marked:
        codes, given = split.encoded(marked).partition()
        places = by_name(given, classes, ordered=True)
        note = taken(classes) if coded(given, classes) else ""
        unknown = [v for v, place in zip(given, places, strict=True) if place < 0]
        if unknown:
            raise Refused(
                f"column `{marked}` holds {values(unknown)}, and there is no column "
                f"`{COUNT}{unknown[0]}`; there are {names(found)}: add it, with zeros where nobody "
                "chose it, or write the names (codes are taken for names only where all of "
                f"0 … {len(found) - 1} are there)"
            )
        gold = places[codes][first]
    return Annotations(ids, classes, counts[first], None, (), gold, split.where, note)


def _missing(split: Split, name: str) -> str:
    there = split.column_names
    return (
        f"there is no column `{name}`{did_you_mean(name, there)}; annotations are {FORMS}; found "
        f"{names(there)}"
    )


def _no_classes(split: Split, name: str) -> list[str]:
    """Why a column cannot be what people answered."""
    column = split.column(name)
    if kinds.kind(column) not in (*kinds.CLASSES, kinds.EMPTY):
        return [
            f"column `{name}` is {kinds.kind(column)}, but answers are text, integers or booleans: "
            "cast it in the table"
        ]
    if column.null_count:
        return [
            f"column `{name}` is null in {rows(memory.nulls(column))}; leave out rows without an "
            "answer"
        ]
    return []


def _written(split: Split, name: str) -> str:
    found = kinds.kind(split.column(name))
    return kinds.TEXT if found == kinds.TEXT else "numbers"


def _whole(split: Split, name: str) -> np.ndarray:
    """int64 (n,): a column of whole numbers, zero or more."""
    found = split.numbers(name)
    odd = (found < 0) | (found != np.round(found))
    if odd.any():
        shown: Sequence[Any] = np.unique(found[odd]).tolist()
        raise Refused(
            f"column `{name}` holds {values(shown)} in {rows(odd)}; it counts people, so that it "
            "must be whole numbers, zero or more"
        )
    return found.astype(np.int64)


def _sorted(split: Split, name: str) -> tuple[Any, np.ndarray, np.ndarray]:
    """The sorted values of a column, int64 (n,) the place of each row's, and the first row of each
    value."""
    import pyarrow.compute as pc

    codes, first = split.groups_of(name)
    distinct = split.column(name).take(memory.from_numpy(first))
    order = memory.to_numpy(pc.sort_indices(distinct)).astype(np.int64)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return distinct.take(memory.from_numpy(order)), place[codes], first[order]
