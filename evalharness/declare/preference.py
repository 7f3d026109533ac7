"""Judgements of people that the metric must reproduce: `prefers("B", over="A", because="…")`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from evalharness.declare.errors import DeclarationError
from evalharness.declare.naming import quoted, slug_of

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True


@dataclass(frozen=True)
class Preference:
    """People prefer one model to another. where: (column, value) of the examples that the reason
    is about; () where it names none."""

    model: str
    over: str
    because: str
    where: tuple[tuple[str, Any], ...] = ()

    kind: ClassVar[str] = "preferences"
    finds: ClassVar[tuple[str, ...]] = ("EH-PREFERENCE",)

    @property
    def slug(self) -> str:
        return slug_of(self.model, "over", self.over)

    def __str__(self) -> str:
        return f"prefers({quoted(self.model)}, over={quoted(self.over)})"

    __repr__ = __str__


def prefers(
    model: str, /, *, over: str, because: str, where: Mapping[str, Any] | None = None
) -> Preference:
    """People prefer `model` to `over`, so the optimizing metric must rank them so.

    because: why, as a contradiction repeats it: "A lets pornography through".
    where:   columns and values of the examples that this is about, {"kind": "pornography"}: where
             the metric contradicts, it is told from which weight of theirs on the ranking turns.

    Raises DeclarationError with all that is wrong.
    """
    problems = [
        f"{name}={value!r} must be a text that says it"
        for name, value in (("model", model), ("over", over), ("because", because))
        if not isinstance(value, str) or not value.strip()
    ]
    if model == over:
        problems.append(f"{model!r} is preferred to itself; name two models")
    if where is not None and (not isinstance(where, Mapping) or not where):
        problems.append(f'where={where!r} must map columns to values: {{"kind": "pornography"}}')
    elif where is not None:
        problems += [
            f"where: {column!r} is no name of a column" for column in where if column == ""
        ]
    if problems:
        raise DeclarationError(f"prefers: {'; '.join(problems)}")
    return Preference(model, over, because.strip(), tuple(sorted((where or {}).items())))
