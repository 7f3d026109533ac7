"""The items that people answered, found among the rows of a split by their ids: what is right
about them, and what the model made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.declare.rungs import DEV, RUNGS, TEST
from evalharness.outputs import kinds, memory
from evalharness.outputs.annotations import Annotations
from evalharness.outputs.label_names import by_name, coded, numbered, taken
from evalharness.outputs.words import rows, told, values

# Where items are looked for first.
ORDER = (DEV, TEST, *reversed(RUNGS[1:]))


@dataclass(frozen=True)
class Found:
    """gold: int (I,), the place of what is right among the classes of the annotations, −1 where
    nobody answered it; None where it is what the others say. split: whose rows the items are, ""
    where they cannot be paired with the model's; rows: int (I,) of it. weight: (I,) how much those
    rows count; cluster: int (I,) of which they are; None where all count alike, or stand alone.
    classes: int, the place of each class of the split among those of the annotations, −1 where
    nobody answered it. notes: what is to be said of it, in sentences."""

    gold: Any
    split: str = ""
    rows: Any = None
    weight: Any = None
    cluster: Any = None
    classes: Any = None
    notes: tuple[str, ...] = ()


def find(
    annotations: Annotations, plan: Any, model: str, rungs: Sequence[str], labels: bool
) -> Found:
    """labels: whether what is right is the label, of the annotations or of a split. Raises
    OutputsError where it is not known, or where the two contradict each other."""
    lacking: list[str] = []
    differing: dict[str, int] = {}
    notes: tuple[str, ...] = (annotations.note,) if annotations.note else ()
    for name in sorted(rungs, key=lambda r: ORDER.index(r) if r in ORDER else len(ORDER)):
        split = plan.split(model, name)
        place, why = _places(annotations.ids, split)
        if why:
            lacking.append(f"{name} {why}")
            continue
        classes = _classes(annotations, split)
        gold = classes[split.label_codes()[place]]
        if labels and annotations.gold is not None:
            if wrong := int((annotations.gold != gold).sum()):
                differing[name] = wrong
                continue  # other items that have the same ids, or another truth: no pairs
        notes = notes or _codes(annotations, split)
        weight, clusters = weights(split), split.clusters()
        return Found(
            gold if labels else None,
            name if weight is None and clusters is None else "",
            place,
            None if weight is None else weight[place],
            None if clusters is None else clusters[0][place],
            classes,
            notes,
        )
    if labels and annotations.gold is None:
        if (joined := _joined(annotations, plan, model, rungs)) is not None:
            return joined
        raise OutputsError(
            [
                f"{annotations.where}: it is not known what is right: there is no column `gold`, "
                f"and no split has all of their ids ({'; '.join(lacking) or 'there is none'}); "
                "add `gold`, give the items the ids of a split, or hold people against each other: "
                'Human(annotations=…, gold="others")'
            ]
        )
    if differing:
        notes += (_contradicted(annotations, differing),)
    return Found(annotations.gold if labels else None, notes=notes)


def _joined(annotations: Annotations, plan: Any, model: str, rungs: Sequence[str]) -> Found | None:
    """What is right about items that are spread over dev and test; None where these lack some, have
    the same ids, or have weights or clusters, which are not those of one sample."""
    gold = np.full(len(annotations.ids), -1)
    times = np.zeros(len(gold), int)
    notes: tuple[str, ...] = ()
    for split in (plan.split(model, name) for name in (DEV, TEST) if name in rungs):
        place, _ = _places(annotations.ids, split)
        if place is None or weights(split) is not None or split.clusters() is not None:
            return None
        there = place >= 0
        classes = _classes(annotations, split)
        gold[there] = classes[split.label_codes()[place[there]]]
        times += there
        notes = notes or _codes(annotations, split)
    return Found(gold, notes=notes) if (times == 1).all() else None


def _codes(annotations: Annotations, split: Any) -> tuple[str, ...]:
    """That labels are taken for places, where they are."""
    if annotations.answers is not None or not coded(split.classes, annotations.classes):
        return ()
    return (f"{annotations.where}: {taken(annotations.classes)}",)


def weights(split: Any) -> Any:
    """(n,) how much the rows of a split count; None where all count alike."""
    found = None if getattr(split, "streamed", False) else split.weights()
    return None if found is None or (found == found[0]).all() else found


def _contradicted(annotations: Annotations, differing: dict[str, int]) -> str:
    """That the gold is not the label of the rows that have the same ids: in a sentence, or refused
    where that is so of most."""
    name = min(differing, key=lambda one: differing[one])
    wrong, n = differing[name], len(annotations.ids)
    told = (
        f"{annotations.where}: of {n:,} items that have the ids of {name}, {wrong:,} have another "
        "gold than its label"
    )
    if 2 * wrong > n:
        raise OutputsError(
            [
                f"{told}; write both alike, or, where these are other items, give them other ids "
                "than its rows"
            ]
        )
    return f"{told}, so that nothing is paired"


def _places(ids: Any, split: Any) -> tuple[Any, str]:
    """int (I,): the row of each id in a split, −1 where it has none, and why not all are there, or
    ""; None where none can be looked for."""
    import pyarrow.compute as pc

    if getattr(split, "streamed", False):
        return None, "is read in batches"
    for name in ("id", "label"):
        if name not in split.column_names:
            return None, f"has no column `{name}`"
    if split.multilabel or "sample" in split.column_names:
        return None, "has several labels or samples of one id"
    theirs = split.checked_ids()
    if ids.type != theirs.type:
        if not {kinds.kind(ids), kinds.kind(theirs)} <= {kinds.TEXT, kinds.INTEGER}:
            return None, f"has ids of another kind ({kinds.kind(theirs)})"
        ids, theirs = ids.cast("large_string"), theirs.cast("large_string")
    found = pc.index_in(ids, value_set=theirs)
    missing = memory.nulls(found)
    if missing.any():
        first = values(ids.filter(memory.from_numpy(missing))[:1].to_pylist())
        place = memory.to_numpy(found.fill_null(-1)).astype(np.int64)
        return place, f"lacks {int(missing.sum()):,} of {len(ids):,} (first: {first})"
    return memory.to_numpy(found).astype(np.int64), ""


def _classes(annotations: Annotations, split: Any) -> Any:
    """int: the place of each class of a split among those that people answered."""
    if problems := told(split, split.compact_labels):
        raise OutputsError(f"{split.where}: {problem}" for problem in problems)
    ordered = annotations.answers is None
    places = by_name(split.classes, annotations.classes, ordered)
    answered = annotations.counts.sum(axis=0) > 0
    strange = [c for c, _ in enumerate(annotations.classes) if answered[c] and c not in places]
    if strange:
        shown = [annotations.classes[c] for c in strange]
        where = rows(annotations.counts[:, strange].any(axis=1)).replace("row", "item")
        raise OutputsError(
            [
                f"{annotations.where}: people answered {values(shown)} about {where}, which is no "
                f"class of {split.where}: {values(split.classes, 10)}; {_alike(annotations, split)}"
            ]
        )
    return places


def _alike(annotations: Annotations, split: Any) -> str:
    """How labels and answers come to be written alike."""
    if not numbered(split.classes) or numbered(annotations.classes):
        return "write both alike, or list every class: Outputs(…, classes=[…])"
    if annotations.answers is None:
        codes = f"0 … {len(annotations.classes) - 1}"
        return (
            f"labels may be the places of the columns where there are as many classes, {codes}: "
            "list every class, Outputs(…, classes=[…]), or write labels as names"
        )
    return (
        "in which order names are coded is not known: write labels and predictions as these names "
        "and list every class, Outputs(…, classes=[…]), or write answers as codes"
    )
