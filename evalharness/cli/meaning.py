"""What the columns of a table mean: which metrics can be asked of it, and by which it can be
sliced."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from evalharness import metrics as m
from evalharness.declare.errors import EvalharnessError
from evalharness.declare.metric import Metric
from evalharness.outputs import Outputs, kinds, words

# Names by which tables call what has a meaning here.
ALIASES = {
    "label": ("y_true", "target", "truth", "gold", "ground_truth"),
    "prediction": ("y_pred", "pred", "predicted"),
    "score": ("y_score", "y_prob", "prob", "proba", "probability"),
}
STANDARD = {
    *("id", "label", "prediction", "score", "scores", "weight", "cluster", "latency"),
    *("query", "relevance", "sample", "time"),
}
# So many values make slices, or classes; more are numbers, texts or names of rows.
MOST_SLICES, MOST_CLASSES = 20, 100


@dataclass
class Meaning:
    """What a table can be asked.

    told:    what `label` holds, in words; "" without. options: arguments of `Outputs`.
    gated:   metrics to bound; also: metrics to report; slices: columns to slice by.
    remarks: what was chosen for want of better knowledge, and where it stands: by option.
    """

    told: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    gated: list[Metric] = field(default_factory=list)
    also: list[Metric] = field(default_factory=list)
    slices: list[str] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)


def meaning(given: str, name: str) -> Meaning:
    """Of the table at a path, as the split of that name. Raises EvalharnessError where it cannot be
    read, or means nothing."""
    found = Meaning()
    split = Outputs({name: given}).split(name)
    if getattr(split, "streamed", False):
        raise EvalharnessError(
            f"{given} is a folder, or stands for many files; name one of its files here, and the "
            "whole of it in what is written then"
        )
    if columns := _renamed(split.column_names):
        found.options["columns"] = columns
        split = Outputs({name: given}, columns=columns).split(name)
    split.check()
    names = split.column_names
    if {"query", "relevance", "score"} <= set(names):
        found.gated, found.also = [m.ndcg], [m.mrr]
    elif "label" in names:
        _labelled(split, found)
    if "latency" in names:
        # The least n at which the bound of a quantile exists is 299 of 0.99, and 29 of 0.9.
        found.gated.append(m.latency.quantile(0.99 if split.n >= 500 else 0.9))
    if not found.gated:
        raise EvalharnessError(
            f"{given} has the columns {words.names(names)}{_meant(names)}, of which none tells "
            "how good a model is; name them `label` and `prediction` (or `score`, or `scores`); "
            "`query`, `relevance` and `score` for ranked lists; `latency`"
        )
    found.slices = [c for c in names if c not in STANDARD and _slices(split, c)]
    return found


def _meant(names: tuple[str, ...]) -> str:
    """The names that differ from those with a meaning by upper case alone."""
    known = {"label", "prediction", "score", "scores", "query", "relevance", "latency"}
    found = [name.lower() for name in names if name not in known and name.lower() in known]
    return f" (did you mean {words.names(found)}?)" if found else ""


def _renamed(names: tuple[str, ...]) -> dict[str, str]:
    """Standard name -> the only other name of it that is there."""
    found = {}
    for standard, others in ALIASES.items():
        there = [name for name in others if name in names]
        if standard not in names and len(there) == 1:
            found[standard] = there[0]
    return found


def _labelled(split: Any, found: Meaning) -> None:
    """Labels: classes, tasks, numbers or texts."""
    names, label = split.column_names, split.column("label")
    kind = kinds.kind(label)
    predicted = kinds.kind(split.column("prediction")) if "prediction" in names else ""
    if kinds.is_list(label):
        tasks = next((len(x) for x in label.to_pylist() if x is not None), 0)
        found.told = f"{tasks} tasks"
        found.options["classes"] = [f"task_{i}" for i in range(tasks)]
        found.remarks["classes"] = "The tasks, in the order of the lists: give them their names."
        found.gated, found.also = [m.hamming_loss], [m.f1(average="macro")]
        return
    several = len(label.unique()) > MOST_CLASSES
    if predicted == kinds.REAL and "score" not in names and _two(split):
        raise EvalharnessError(
            "`label` holds 0 and 1, and `prediction` numbers from 0 to 1, as probabilities are: "
            "name that column `score`, which gates classes; of numbers that are labels by "
            "themselves write the test by hand"
        )
    if kind == kinds.REAL or (kind == kinds.INTEGER and (several or predicted == kinds.REAL)):
        found.told, found.gated, found.also = "numbers", [m.mean_absolute_error], [m.r2]
        return
    if kind == kinds.TEXT and several and predicted == kinds.TEXT:
        found.told = "texts"
        found.gated, found.also = [m.exact_text_match], [m.token_f1]
        return
    _classified(split, found)


def _two(split: Any) -> bool:
    """Whether labels are 0 and 1, and predictions lie between these."""
    predicted = split.raw_numbers("prediction")
    inside = ((predicted >= 0) & (predicted <= 1)).all()
    return bool(inside) and {*split.column("label").unique().to_pylist()} == {0, 1}


def _classified(split: Any, found: Meaning) -> None:
    """Labels that are classes, by what else is known of each row."""
    names, classes = split.column_names, split.classes
    scored = "score" in names
    inside = False
    if scored:
        score = split.raw_numbers("score")
        inside = bool(((score >= 0) & (score <= 1)).all())
    by_class = "scores" in names or any(name.startswith("score_") for name in names)
    if len(classes) != 2:
        found.told = f"{len(classes)} classes"
        found.gated, found.also = [m.accuracy], [m.recall(average="macro")]
        found.also += [m.log_loss] if by_class else []
        return
    found.told = "two classes"
    if set(classes) != {0, 1}:
        counts = Counter(split.column("label").to_pylist())
        found.options["positive"] = min(classes, key=lambda c: (counts[c], str(c)))
        found.remarks["positive"] = "The class that is looked for; it is the rarer one here."
    if "prediction" in names or inside or by_class:
        found.gated, found.also = [m.recall, m.precision], [m.f1]
    if scored:
        (found.also if found.gated else found.gated).append(m.roc_auc)


def _slices(split: Any, name: str) -> bool:
    """Whether the column has a few values, so that each may be looked at by itself."""
    if name.startswith("score_"):
        return False
    column = split.column(name)
    return kinds.kind(column) in kinds.CLASSES and 2 <= len(column.unique()) <= MOST_SLICES
