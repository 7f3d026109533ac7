"""Looks that are counted, not spent: everything is measured and told as without a ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalharness.declare.looks import measured_on
from evalharness.declare.split_checks import LargeEnough, SplitCheck
from evalharness.ledger import file, history, worth
from evalharness.ledger.history import NOT_PASSED, PASSED

if TYPE_CHECKING:
    from evalharness.ledger.history import Look
    from evalharness.ledger.looking import Asked


def looked(asked: Asked, check: Any) -> bool:
    """Whether deciding a check measures something on a held-out split. How many rows there are is
    no secret."""
    declared, held = check.declared, asked.held
    if isinstance(declared, SplitCheck):
        return not isinstance(declared, LargeEnough) and bool({*declared.splits} & {*held})
    if hasattr(declared, "diagnosis"):
        from evalharness.checks.rungs import of

        return bool({*of(asked.plan, asked.declared.model(check))} & {*held})
    return measured_on(declared, asked.declared.optimized) in held


def decided(asked: Asked) -> tuple[list[Any], Any, dict[str, Any]]:
    """The checks, decided; and what the ledger has to say."""
    from evalharness.checks.deciding import decided

    asked.read()  # a broken chain is told before anything is measured
    made, found = decided(asked.plan, asked.declared, asked.settings)
    chosen = [c for c in asked.declared.checks if c in asked.declared.chosen]
    outcomes = {c: r.outcome for c, r in zip(chosen, made, strict=True)}
    also = any(m.split in asked.held for m in asked.declared.also)
    whole = [c for c in asked.declared.checks if looked(asked, c)]
    told: dict[str, Any] = {}
    for model in asked.declared.gated:
        of = [c for c in outcomes if c.model in ("", model) and looked(asked, c)]
        if of or also:
            each = [outcomes[c] for c in of]
            result = PASSED if {*each} == {"pass"} else NOT_PASSED
            if not of or any(c not in outcomes for c in whole if c.model in ("", model)):
                result = ""  # a part of the gate says nothing of all of it
            estimates = [e for es in found[model].values() for e in es[:1]]
            here = [e for e in estimates if e.split in asked.held]
            told |= record(asked, model, result, here)
    return made, found, told


def record(asked: Asked, model: str, verdict: str, estimates: Sequence[Any] = ()) -> dict[str, Any]:
    """Count a look at a model, unless it is one that was counted; what is to be said of it."""
    look = replace(asked.look(model, strict=False), verdict=verdict)
    if not look.sets:
        return {}
    recorded, replayed, why = True, None, ""
    try:
        with file.locked(asked.path):
            book, every = asked.read()
            replayed = _same(look, every)
            if replayed is None:
                entry = look.entry(history.known(every))
                file.append(asked.path, [entry], asked.project())
            elif verdict and not replayed.verdict:  # only a part was judged then
                entry = history.verdict(replayed, verdict, look.time)
                file.append(asked.path, [entry], asked.project())
    except OSError as error:
        book, every = asked.read()
        replayed = _same(look, every)
        recorded, why = replayed is not None, error.strerror or str(error)
    before = history.at(look.sets.values(), every)
    number = len(before) + (replayed is None)
    lines = worth.told(number, asked.shown, 1 - look.confidence, estimates)
    if replayed is not None:
        lines = [
            f"no new look at this test set ({asked.shown}, audit): the same predictions were "
            f"judged by the same gate at {replayed.time}; {number:,} so far"
        ]
    if not recorded:
        lines.append(f"this look was not recorded: {asked.shown} cannot be written ({why})")
    told = {"looks": number, "new": replayed is None, "recorded": recorded}
    return asked.told(look, before, told, [*lines, *book.notes])


def _same(look: Look, every: Sequence[Look]) -> Look | None:
    """The same look in this mode: one that was enforced told a bit, and this one tells numbers."""
    return history.same(look, [x for x in every if x.mode == look.mode])
