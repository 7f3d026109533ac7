"""The items that people answered, found among the rows of a split by their ids: what is right
about them, and what the model made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalharness.declare.diagnosis import DEV, RUNGS, TEST
from evalharness.declare.errors import OutputsError
from evalharness.outputs import kinds, memory
from evalharness.outputs.annotations import Annotations
from evalharness.outputs.label_names import by_name
from evalharness.outputs.words import rows, told, values

# Where items are looked for first.
ORDER = (DEV, TEST, *reversed(RUNGS[1:]))


@dataclass(frozen=True)
class Found:
    """gold: int (I,), the place of what is right among the classes of the annotations, −1 where
    nobody answered it; None where it is what the others say. split: whose rows the items are, ""
    where they cannot be paired with the model's; rows: int (I,) of it."""

    gold: Any
    split: str = ""
    rows: Any = None


def find(
    annotations: Annotations, plan: Any, model: str, rungs: Sequence[str], labels: bool
) -> Found:
    """labels: whether what is right is the label, of the annotations or of a split. Raises
    OutputsError where it is not known."""
    lacking = []
    for name in sorted(rungs, key=lambda r: ORDER.index(r) if r in ORDER else len(ORDER)):
        split = plan.split(model, name)
        place, why = _places(annotations.ids, split)
        if why:
            lacking.append(f"{name} {why}")
            continue
        gold = _gold(annotations, split, place)
        if labels and annotations.gold is not None:
            if not (annotations.gold == gold).all():
                continue  # other items that have the same ids, or another truth: no pairs
            gold = annotations.gold
        paired = split.weights() is None and split.clusters() is None
        return Found(gold if labels else None, name if paired else "", place)
    if labels and annotations.gold is None:
        raise OutputsError(
            [
                f"{annotations.where}: it is not known what is right: there is no column `gold`, "
                f"and no split has all of their ids ({'; '.join(lacking) or 'there is none'}); "
                "add `gold`, give the items the ids of a split, or hold people against each other: "
                'Human(annotations=…, gold="others")'
            ]
        )
    return Found(annotations.gold if labels else None)


def _places(ids: Any, split: Any) -> tuple[Any, str]:
    """int (I,): the row of each id in a split; or why it is not to be found there."""
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
        return None, f"lacks {int(missing.sum()):,} of {len(ids):,} (first: {first})"
    return memory.to_numpy(found).astype(np.int64), ""


def _gold(annotations: Annotations, split: Any, place: Any) -> Any:
    """int (I,): the place of each item's label among the classes that people answered."""
    if problems := told(split, split.compact_labels):
        raise OutputsError(f"{split.where}: {problem}" for problem in problems)
    places = by_name(split.classes, annotations.classes)
    answered = annotations.counts.sum(axis=0) > 0
    strange = [c for c, _ in enumerate(annotations.classes) if answered[c] and c not in places]
    if strange:
        shown = [annotations.classes[c] for c in strange]
        where = rows(annotations.counts[:, strange].any(axis=1)).replace("row", "item")
        raise OutputsError(
            [
                f"{annotations.where}: people answered {values(shown)} about {where}, which is no "
                f"class of {split.where}: {values(split.classes, 10)}; write both alike, or list "
                "every class: Outputs(…, classes=[…])"
            ]
        )
    return places[split.label_codes()[place]]
