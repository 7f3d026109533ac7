"""What `optimizing` and `preferences` declare, with everything that is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import pairwise
from typing import Any

from evalharness.declare.bound import Bound
from evalharness.declare.metric import Metric
from evalharness.declare.naming import quoted
from evalharness.declare.objective import Against, Choice
from evalharness.declare.preference import Preference

EXAMPLE = 'optimizing = f1.on("dev").against("production")'


def objectives(
    attributes: Mapping[str, Any],
    models: Sequence[str],
    bounds: Sequence[Bound],
    problems: list[str],
) -> tuple[list[Against], list[Choice | Preference]]:
    """What is asked of each gated model, and what is asked of several at once."""
    declared = attributes["optimizing"]
    each: list[Against] = []
    over_all: list[Choice | Preference] = []
    metric = None
    if isinstance(declared, Against):
        each, metric = [declared], declared.metric
    elif isinstance(declared, Metric):
        metric = declared
        if len(models) > 1:
            over_all = [Choice(declared)]
        else:
            problems.append(
                f"optimizing = {declared} compares with nothing: write "
                f'{declared}.against("production"), or list the candidates to choose from, '
                'models = ["a", "b"]'
            )
        if declared.better is None:
            problems.append(f"optimizing = {declared}: {declared.name} has no direction")
    elif declared is not None:
        several = isinstance(declared, (list, tuple, Bound))
        hint = (
            "; the optimizing metric is one, without a threshold: bounds belong in `satisficing`"
            if several
            else ""
        )
        problems.append(f"optimizing = {declared!r} must be a metric, such as {EXAMPLE}{hint}")
    if metric is not None:
        if not metric.split:
            problems.append(f'{metric} stands on no split; write {metric.label}.on("dev")')
        if metric.group:
            problems.append(
                f"optimizing = {declared}: one number is optimized; bound its slices in "
                "`satisficing`"
            )
    compared = [b.baseline for b in [*bounds, *(a.bound for a in each)] if b.baseline]
    problems += [
        f"{m!r} would be compared with itself: it is gated (`models`) and its own baseline"
        for m in dict.fromkeys(models)
        if m in compared
    ]
    return each, [*over_all, *_preferences(attributes["preferences"], metric, problems)]


def _preferences(value: Any, metric: Metric | None, problems: list[str]) -> list[Preference]:
    example = 'preferences = [prefers("B", over="A", because="…")]'
    if isinstance(value, (str, Mapping, Set, Preference)) or not isinstance(value, Iterable):
        problems.append(f"preferences must be a list, such as {example}; got {value!r}")
        return []
    found = []
    for item in value:
        if isinstance(item, Preference):
            found.append(item)
        else:
            problems.append(f"preferences lists {item!r}, which is not made by {example}")
    if found and metric is None:
        problems.append(
            f"preferences say how the optimizing metric must rank, and there is none: {EXAMPLE}"
        )
    pairs = Counter((p.model, p.over) for p in found)
    problems += [f"{_written(*p)} is declared {n} times" for p, n in pairs.items() if n > 1]
    if ring := _ring(pairs):
        each = [_written(a, b) for a, b in pairwise(ring)]
        problems.append(
            f"{', '.join(each[:-1])} and {each[-1]} contradict each other: no metric ranks them so"
        )
    return found


def _written(model: str, over: str) -> str:
    return f"prefers({quoted(model)}, over={quoted(over)})"


def _ring(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """The first models of which each is preferred to the next and the last to the first, which
    stands at both ends; [] where there are none."""
    over: dict[str, list[str]] = {}
    for a, b in pairs:
        over.setdefault(a, []).append(b)
    for start in sorted(over):
        came = dict.fromkeys(over[start], start)  # from whom each was reached first
        reached = list(came)
        for model in reached:
            for b in over.get(model, ()):
                if b not in came:
                    came[b] = model
                    reached.append(b)
        if start in came:
            back = [start, came[start]]
            while back[-1] != start:
                back.append(came[back[-1]])
            return back[::-1]
    return []
