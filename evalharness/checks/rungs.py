"""Which splits are rungs of a ladder, and what stands between them: shared rows, shared clusters,
other labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.declare.human import COUNTED
from evalharness.declare.plural import counted
from evalharness.declare.rungs import RUNGS, TRAIN, TRAIN_TARGET
from evalharness.inference.estimates import Estimate
from evalharness.kernels.plan import Plan
from evalharness.outputs import memory
from evalharness.outputs.content_codes import codes
from evalharness.outputs.words import values

# Labels of a rung that another one lacks are told up to this number.
SHOWN = 3
# Of a rung with fewer rows it is said that they are few.
LEAST = 20


def of(plan: Plan, model: str) -> list[str]:
    """The splits of a model that are rungs, from the bottom to the top."""
    return [name for name in RUNGS[1:] if name in plan.outputs[model].splits]


@dataclass(frozen=True)
class Between:
    """tied: pairs of splits of which clusters have rows in both; broken: why a split is no rung;
    notes: what else belongs to the ladder."""

    tied: frozenset[tuple[str, str]]
    broken: dict[str, str]
    notes: tuple[str, ...]


def between(plan: Plan, model: str, names: Sequence[str]) -> Between:
    """What the rungs have in common. Raises OutputsError for two that are one table, or whose
    labels are of another kind. Rows of TRAIN_TARGET are not unseen either."""
    splits = {name: plan.split(model, name) for name in names}
    for split in splits.values():
        split.check()
    pairs = list(combinations(names, 2))
    problems = [
        f"{splits[a].where} and {splits[b].where} are one and the same table, so that there is no "
        "gap between them; correct what outputs() returns"
        for a, b in pairs
        if splits[a].digest == splits[b].digest
    ]
    if problems:
        raise OutputsError(problems)
    held = [s for s in splits.values() if not getattr(s, "streamed", False)]
    tied: set[tuple[str, str]] = set()
    broken: dict[str, str] = {}
    notes: list[str] = []
    for a, b in pairs:
        if splits[a] not in held or splits[b] not in held:
            continue
        if (
            _both(splits[a], splits[b], "cluster")
            and _shared(splits[a], splits[b], "cluster").any()
        ):
            tied.add((a, b))
        if told := _overlap(splits[a], splits[b], notes):
            broken.setdefault(b, told)
    if TRAIN_TARGET in plan.outputs[model].splits:
        learnt = plan.split(model, TRAIN_TARGET)
        for name in names:
            if (
                name != TRAIN
                and splits[name] in held
                and (told := _overlap(learnt, splits[name], notes))
            ):
                broken.setdefault(name, told)
    if len(held) > 1 and not all("id" in s.column_names for s in held):
        notes.append("not every rung has a column `id`, so that it cannot be seen if two overlap")
    notes += [f"{s.name} has n={s.n}, which tells next to nothing" for s in held if s.n < LEAST]
    notes += _labels(held, problems)
    if problems:
        raise OutputsError(problems)
    return Between(frozenset(tied), broken, tuple(notes))


def _both(a: Any, b: Any, name: str) -> bool:
    return name in a.column_names and name in b.column_names


def _shared(a: Any, b: Any, name: str) -> Any:
    """bool (n,): the rows of the second split whose value is in the first."""
    ours, theirs = codes([a, b], name)
    return np.isin(theirs, ours)


def _overlap(a: Any, b: Any, notes: list[str]) -> str:
    """Why the rows of the second split are not unseen, by their ids; "" where they are."""
    if not _both(a, b, "id"):
        return ""
    shared = _shared(a, b, "id")
    if not shared.any():
        return ""
    if _both(a, b, "label") and not _alike(a, b, shared):
        notes.append(
            f"the ids of {a.name} and {b.name} are no names of examples (the same id has other "
            "labels), so that it cannot be seen whether the two overlap"
        )
        return ""
    rows = counted(int(shared.sum()), "rows")
    why = "was learnt from" if a.name in (TRAIN, TRAIN_TARGET) else f"is in {a.name} too"
    first = _first(b, "id", shared, SHOWN)
    return (
        f"{rows} of {b.n:,} of {b.name} have the id of a row of {a.name} (first: {first}), "
        f"so that what is measured there {why}; remove them from {b.name}"
    )


def _first(split: Any, name: str, chosen: Any, most: int) -> str:
    """The first values of a column in the chosen rows, in words."""
    places = memory.from_numpy(np.flatnonzero(chosen)[:most])
    return values(split.column(name).take(places).to_pylist())


def _alike(a: Any, b: Any, shared: Any) -> bool:
    """Whether rows with one id have one label."""
    ids, labels = codes([a, b], "id"), codes([a, b], "label")
    order = np.argsort(ids[0], kind="stable")
    place = order[np.searchsorted(ids[0][order], ids[1][shared])]
    return bool((labels[0][place] == labels[1][shared]).all())


def _labels(splits: Sequence[Any], problems: list[str]) -> list[str]:
    """Labels of classes that one rung has and the lowest lacks. None in common is a problem."""
    known = [s for s in splits if "label" in s.column_names and not s.multilabel]
    if len(known) < 2:
        return []
    found = []
    first = known[0]
    for split in known[1:]:
        try:
            ours, theirs = codes([first, split], "label")
        except OutputsError as error:
            problems += error.problems
            continue
        new = ~np.isin(theirs, ours)
        if not len(np.unique(ours)) < first.n / 2:
            return []  # numbers or texts, not classes
        shown = _first(split, "label", new, 1)
        if new.all():
            problems.append(
                f"{split.where}: none of its labels (first: {shown}) is a label of {first.name}; "
                "rungs are measured on one task, with one set of labels"
            )
        elif new.any():
            found.append(
                f"{counted(int(new.sum()), 'rows')} of {split.name} have labels that no row of "
                f"{first.name} has (first: {shown})"
            )
    return found


def worse_than_chance(plan: Plan, model: str, found: Mapping[str, Estimate]) -> list[str]:
    """That the model does surely worse than guessing among the labels that there are."""
    notes = []
    for name, e in found.items():
        split = plan.split(model, name)
        if e.metric not in COUNTED or getattr(split, "streamed", False) or split.multilabel:
            continue
        classes = len(np.unique(split.label_codes()))
        lower = e.metric == "error_rate"
        chance = 1 - 1 / classes if lower else 1 / classes
        if classes > 1 and (e.at_least > chance if lower else e.at_most < chance):
            notes.append(
                f"{name} is worse than chance: guessing among its {classes} labels has {e.metric} "
                f"{chance:.4g}; are labels and predictions coded alike?"
            )
    return notes
