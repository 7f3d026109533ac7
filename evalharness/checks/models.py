"""Which of the models that have outputs are gated, and which others are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evalharness.declare.bound import bound_of
from evalharness.declare.collect import Check
from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.declare.looks import expanded
from evalharness.outputs import Outputs


def by_model(evaluation: str, models: Iterable[str], outputs: Any) -> Mapping[str, Any]:
    """Outputs by model; lone `Outputs` are those of a model without a name of its own."""
    names = tuple(models)
    alone = names[0] if len(names) == 1 else "model"
    named = {alone: outputs} if isinstance(outputs, Outputs) else outputs
    if not isinstance(named, Mapping) or not named:
        raise OutputsError(
            [
                f"{evaluation}: outputs() must return Outputs(test=…), or a mapping of model "
                f"names to Outputs; it returned {type(outputs).__name__}"
            ]
        )
    wrong = [
        f"{evaluation}: the outputs of model {m!r} are {type(o).__name__}, not Outputs; write "
        "Outputs(test=…)"
        for m, o in named.items()
        if not isinstance(o, Outputs)
    ]
    if wrong:
        raise OutputsError(wrong)
    return named


def compared(checks: Sequence[Check]) -> tuple[str, ...]:
    """The names of the models that others are compared with."""
    bounds = [bound_of(c.declared) for c in expanded(checks)]
    names = [b.baseline for b in bounds if b is not None]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def gated(
    evaluation: str, models: Iterable[str], checks: Sequence[Check], outputs: Mapping[str, Any]
) -> tuple[str, ...]:
    """The names of the gated models among those that have outputs. Raises OutputsError where one is
    missing, or where it is not clear which are meant."""
    names, against = tuple(models), compared(checks)
    known = ", ".join(map(repr, outputs))
    problems = [
        f"{evaluation} compares with {n!r}, but the outputs hold {known}{did_you_mean(n, outputs)}"
        f"; add those of {n!r}, or name another baseline"
        for n in against
        if n not in outputs
    ]
    problems += [
        f"{evaluation}: models lists {n!r}, but the outputs hold {known}{did_you_mean(n, outputs)}"
        for n in names
        if n not in outputs
    ]
    if problems:
        raise OutputsError(problems)
    left = tuple(name for name in outputs if name not in against)
    if names or len(left) == 1:
        return names or left
    if not left:
        problem = f"hold {known}, which it compares with; add those of the model that is gated"
    else:
        problem = (
            f"hold {len(outputs)} models ({known}); say which are gated: models = [{left[0]!r}]"
        )
    raise OutputsError([f"{evaluation}: the outputs {problem}"])
