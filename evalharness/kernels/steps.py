"""What is added up of a batch: on a device all parts in one program, since a program has a cost of
its own each time it is started, and each batch starts it again; or the same lines by NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from evalharness.kernels.backend import scope
from evalharness.kernels.passes import bucket, filled, rows_of


class Step(NamedTuple):
    """What one part adds up of a batch.

    program: (arrays, code, groups=…, **options) → arrays, of NumPy or traceable; with a state,
             (state, arrays, code, groups=…, **options) → the new state.
    arrays:  (m,) each, by name; tables: of any length; code: int32 (m,); groups: how many; options:
             plain values by name, of which another one is another program.
    state:   what the part has added up so far, which is used up; None for a part that adds up by
             itself.
    """

    program: Callable[..., Any]
    arrays: dict[str, Any]
    code: Any
    groups: int
    options: dict[str, Any]
    tables: dict[str, Any]
    state: Any = None


def begun(steps: Sequence[Step], by_numpy: bool) -> list[Any]:
    """What the program of each step gives; on a device computed while other things are done, until
    `backend.fetched` asks for it."""
    given = [
        (step, *_inside(step.code, step.groups, bucket(len(step.code), step.groups)))
        for step in steps
    ]
    if by_numpy:
        return [_computed(step, code, groups) for step, code, groups in given]
    arrays: list[Any] = []
    places: dict[tuple[int, int, int], int] = {}
    plan: list[Any] = []

    def place(array: Any, rows: int, fill: int) -> int:
        """Where it is among the arrays; one that several parts ask for is there once."""
        key = (id(array), rows, fill)
        if key not in places:
            places[key] = len(arrays)
            arrays.append(filled(array, rows, fill))
        return places[key]

    for step, code, groups in given:
        rows = rows_of(len(code))
        named = [(name, place(array, rows, 0)) for name, array in step.arrays.items()]
        named += [(name, place(table, len(table), 0)) for name, table in step.tables.items()]
        named.append(("code", place(code, rows, groups)))
        options = (("groups", groups), *sorted(step.options.items()))
        plan.append((step.program, tuple(named), options))
    states = [step.state for step in steps]
    with scope():
        return list(_program()(states, arrays, plan=tuple(plan)))


def _inside(code: Any, known: int, groups: int) -> tuple[Any, int]:
    """The group of each entry, and for how many the program is made. What is outside of those that
    are known must not be taken for one that comes later."""
    import numpy as np

    if known < groups and len(code) and code.max() >= known:
        code = np.where(code < known, code, np.int32(groups))
    return code, groups


def _computed(step: Step, code: Any, groups: int) -> Any:
    import numpy as np

    before = () if step.state is None else (step.state,)
    with np.errstate(all="ignore"):  # a program does not warn either
        return step.program(*before, step.arrays | step.tables, code, groups=groups, **step.options)


def all_of(states: Any, arrays: Any, plan: Any) -> tuple[Any, ...]:
    """Traceable: the programs of a plan, one after the other."""
    found = []
    for state, (program, named, options) in zip(states, plan, strict=True):
        given = {name: arrays[at] for name, at in named}
        code = given.pop("code")
        before = () if state is None else (state,)
        found.append(program(*before, given, code, **dict(options)))
    return tuple(found)


@cache
def _program() -> Callable[..., Any]:
    import jax

    return jax.jit(all_of, static_argnames="plan", donate_argnums=0)
