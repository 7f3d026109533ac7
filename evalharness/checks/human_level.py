"""Human levels with what is known of them: declared, or from what people answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evalharness.checks.human_items import Found, find, weights
from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.declare.human import Human
from evalharness.inference.bounds import Bounds
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.rung_gap import Assumed

HELD = (
    "people were held against each other, so that they look worse than they are, and the gap above "
    "them smaller than it is"
)


@dataclass(frozen=True)
class HumanLevel:
    """One level, in the direction of the metric.

    bounds: of the level. told: of what it was measured. few: whether fewer than three people
    answered, so that it decides nothing alone.
    split:  whose rows the items are; "" where they are of no split, or cannot be paired.
    rows:   int (R,) of that split; error: (R,) the human error about each; added: the variance that
            the choice of people adds to its mean, at `free` degrees of freedom.
    note:   what else is to be said of who answered.
    high:   whether people are better than this: held against the others, who err as well, and the
            model against labels that all of them made. Nothing is better than people by it.
    right:  (R, C + 1) the probability that each class of the split is what the others say, and 0
            for no answer; where the model can be held against them as people are.
    """

    name: str
    bounds: Bounds
    told: str
    few: bool = False
    split: str = ""
    rows: Any = field(default=None, compare=False, repr=False)
    error: Any = field(default=None, compare=False, repr=False)
    added: float = 0.0
    free: int = 1
    note: str = ""
    high: bool = False
    right: Any = field(default=None, compare=False, repr=False)


def levels(
    human: Human, plan: Any, model: str, metric: Any, rungs: Sequence[str], seed: int
) -> list[HumanLevel]:
    """The levels of a declaration for a metric of a model. rungs: the splits in which the items of
    annotations are looked for. Raises OutputsError with all that is wrong with annotations."""
    if human.annotations is not None:
        return _annotated(human, plan, model, metric, rungs, seed)
    note = _weighted(plan, model, metric, rungs)
    return [replace(_declared(level, metric), note=note) for level in human.levels]


def _weighted(plan: Any, model: str, metric: Any, rungs: Sequence[str]) -> str:
    """What a level that is not weighted itself must have been beside rungs that are."""
    asked = [metric.split] if metric.split else rungs
    found = [name for name in asked if weights(plan.split(model, name)) is not None]
    if not found:
        return ""
    return (
        f"rows of {' and '.join(found)} have weights: human level must have been measured with the "
        "same ones"
    )


def paired_with(plan: Any, model: str, metric: Any, level: HumanLevel) -> Bounds | None:
    """The error of the model minus that of people, where these answered every row of the split that
    the metric is measured on; else None. Where people were held against the others, so is the
    model; where it cannot be, None."""
    if level.high and level.right is None:
        return None
    if level.split != metric.split or metric.where or metric.group:
        return None
    if len(level.rows) != plan.split(model, metric.split).n:
        return None
    return paired_gap(level, model_errors(plan, model, metric, level))


def paired_gap(level: HumanLevel, model_error: Any) -> Bounds:
    """The error of the model minus that of people, on the items of a level that has a split.
    model_error: (R,) of its rows (see `model_errors`)."""
    from evalharness.inference.paired_people import paired_people

    return paired_people(model_error, level.error, level.added, level.free)


def model_errors(plan: Any, model: str, metric: Any, level: HumanLevel) -> Any:
    """float64 (R,): 1 where the model is wrong about an item of the level; where people were held
    against the others, the probability that it is."""
    split = plan.split(model, level.split)
    threshold = dict(metric.options).get("threshold")
    if level.right is not None:
        said = split.prediction_codes(threshold)[level.rows]
        return 1 - level.right[np.arange(len(said)), said]
    wrong = split.compact_predictions(threshold) != split.compact_labels()
    return wrong[level.rows].astype(float)


def _declared(level: Any, metric: Any) -> HumanLevel:
    if not level.n:
        return HumanLevel(level.name, Assumed(level.value), "assumed")
    hits = level.n - level.wrong if metric.better == "higher" else level.wrong
    bounds = ProportionBounds(hits, level.n)
    return HumanLevel(level.name, bounds, f"{level.wrong:,} of {level.n:,}")


def _annotated(
    human: Human, plan: Any, model: str, metric: Any, rungs: Sequence[str], seed: int
) -> list[HumanLevel]:
    from evalharness.inference import annotators, answer_doubts
    from evalharness.outputs.annotations import read

    annotations = read(human.annotations)
    found = find(annotations, plan, model, rungs, human.gold == "labels")
    units = found.weight, found.cluster
    known = annotators.levels(annotations, found.gold, human.panels, seed, *units)
    names = [level.name for level in known]
    if human.only and human.only not in names:
        raise OutputsError([_no_level(human.only, annotations.where, names)])
    notes = [
        *found.notes,
        answer_doubts.doubtful(
            annotations, found.gold, known[0].error, known[0].bounds, found.weight
        ),
        answer_doubts.flawless(annotations, found.gold),
        HELD if human.gold == "others" else "",
        _weighted(plan, model, metric, rungs) if found.weight is None else "",
    ]
    note = "; ".join(filter(None, notes))
    made = [_level(one, found, metric) for one in known if human.only in ("", one.name)]
    if human.gold == "others":
        made = [_held(level, found, annotations) for level in made]
    return [replace(level, note=note) for level in made]


def _held(level: HumanLevel, found: Found, annotations: Any) -> HumanLevel:
    """A level of people who were held against the others."""
    from evalharness.inference.annotators import TYPICAL
    from evalharness.inference.panels import others_say

    if level.name != TYPICAL or not level.split:
        return replace(level, high=True)
    right = others_say(annotations.counts)
    said = np.where(found.classes >= 0, right[:, found.classes], 0.0)
    known = ~np.isnan(right).any(axis=1)
    return replace(level, high=True, right=np.pad(said[known], ((0, 0), (0, 1))))


def _no_level(name: str, where: str, names: Sequence[str]) -> str:
    from evalharness.inference.annotators import BEST, SHARED

    why = ""
    if name == BEST:
        why = f'; "best" needs to know who answered, and {SHARED} items that all of them answered'
    elif name.startswith("panel"):
        why = "; panels are named in panels=(3, 5)"
    known = ", ".join(map(repr, names))
    return f"{where}: there is no level {name!r}{did_you_mean(name, names)}; it has {known}{why}"


def _level(one: Any, found: Found, metric: Any) -> HumanLevel:
    from evalharness.inference.mirrored import MirroredBounds

    bounds = MirroredBounds(one.bounds) if metric.better == "higher" else one.bounds
    made = HumanLevel(one.name, bounds, one.told, one.few)
    if not found.split:
        return made
    known = ~np.isnan(one.error)
    return HumanLevel(
        one.name,
        bounds,
        one.told,
        one.few,
        found.split,
        found.rows[known],
        one.error[known],
        one.added,
        one.free,
    )
