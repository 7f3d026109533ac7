"""From evaluations to items, and from the items that are left to the plan of what to evaluate."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_evalharness import keys, kinds


@dataclass
class Planned:
    """What will run of one evaluation. checks: the selected ones; tests: how many are written by
    hand, and may ask for more than what was declared; pending: node ids that have not ended."""

    checks: list[Any] = field(default_factory=list)
    tests: int = 0
    pending: set[str] = field(default_factory=set)


def evaluation_class(node: Any) -> Any:
    """The subclass of Evaluation that an item (or a fixture's request) belongs to, or None."""
    cls = getattr(node, "cls", None)
    return cls if kinds.is_evaluation(cls) else None


def class_id(item: pytest.Item) -> str:
    """The node id of the item's class: two modules that import one class evaluate it twice."""
    parent = item.getparent(pytest.Class)
    assert parent is not None
    return parent.nodeid


def parametrize(metafunc: pytest.Metafunc, kind: str) -> None:
    """One item for each check of a kind; the model's name leads the id where several are gated."""
    cls: Any = metafunc.cls
    # Reports and annotations then point at the user's class, not into this library.
    metafunc.function.place_as = cls
    checks = [c for c in cls.checks if c.kind == kind]
    slugs = _slugs(list(dict.fromkeys(c.model for c in checks)))
    marks = [pytest.mark.evaluation, getattr(pytest.mark, kind)]
    metafunc.parametrize(
        "check", [pytest.param(c, id=slugs[c.model] + c.id, marks=marks) for c in checks]
    )


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """--eval-disable and --eval-only."""
    options = config.stash[keys.OPTIONS]
    if not (options.disable or options.only):
        return
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        (kept if (evaluation_class(item) is not None) == options.only else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def plans(items: Iterable[pytest.Item]) -> dict[str, Planned]:
    """What is left to run of each evaluation, by the node id of its class."""
    found: dict[str, Planned] = {}
    for item in items:
        if evaluation_class(item) is None:
            continue
        planned = found.setdefault(class_id(item), Planned())
        planned.pending.add(item.nodeid)
        if hasattr(getattr(item, "function", None), "_evalharness_kind"):
            planned.checks.append(item.callspec.params["check"])  # type: ignore[attr-defined]
        else:
            planned.tests += 1
    return found


def _slugs(models: Sequence[str]) -> dict[str, str]:
    """What leads the id of each model's checks: "" where one model is gated."""
    if len(models) < 2:
        return dict.fromkeys(models, "")
    slugs = {m: re.sub(r"[^A-Za-z0-9_.]+", "-", m).strip("-") for m in models}
    shared = Counter(slugs.values())

    def distinct(model: str) -> str:
        if slugs[model] and shared[slugs[model]] == 1:
            return f"{slugs[model]}-"
        return f"{slugs[model] or 'model'}-{hashlib.sha256(model.encode()).hexdigest()[:4]}-"

    return {m: distinct(m) for m in models}
