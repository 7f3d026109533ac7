"""From evaluations to items, and from the items that are left to the plan of what to evaluate."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_evalharness import keys, kinds


@dataclass
class Planned:
    """What will run of one evaluation. checks: the selected ones; tests: how many are written by
    hand, and may ask for more than what was declared; pending: node ids that have not ended;
    parametrized: names by which the class is parametrized, which cannot be evaluated."""

    checks: list[Any] = field(default_factory=list)
    tests: int = 0
    pending: set[str] = field(default_factory=set)
    parametrized: tuple[str, ...] = ()


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


def note_parameters(item: pytest.Item) -> None:
    """Remember by what the item's class is parametrized. Its items would run once for each value,
    but `outputs` only once, so that all but the first would report what is not theirs. This is
    asked of every item that is collected, so that the answer does not depend on -k."""
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return
    if _kind(item) is not None:
        names = [name for name in callspec.params if name != "check"]
    else:
        # A test that is written by hand may have parameters of its own.
        scopes = getattr(callspec, "_arg2scope", {})
        names = [
            name
            for name in callspec.params
            if getattr(scopes.get(name), "value", "function") != "function"
        ]
    if names:
        found = item.config.stash[keys.PARAMETERS].setdefault(class_id(item), {})
        found.update(dict.fromkeys(names))


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


def plans(session: pytest.Session) -> dict[str, Planned]:
    """What is left to run of each evaluation, by the node id of its class."""
    found: dict[str, Planned] = {}
    parameters = session.config.stash[keys.PARAMETERS]
    for item in session.items:
        if evaluation_class(item) is None:
            continue
        key = class_id(item)
        if key not in found:
            found[key] = Planned(parametrized=tuple(parameters.get(key, ())))
        planned = found[key]
        planned.pending.add(item.nodeid)
        if _kind(item) is not None:
            planned.checks.append(item.callspec.params["check"])  # type: ignore[attr-defined]
        else:
            planned.tests += 1
    return found


def _kind(item: pytest.Item) -> str | None:
    """The kind of checks that an item is one of; None if it is written by hand."""
    return getattr(getattr(item, "function", None), "_evalharness_kind", None)


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
