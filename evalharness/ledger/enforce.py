"""Looks that spend a level and let one bit out. The level is written down before anything is
measured, and the verdict after, under one lock: a run that is killed has spent its level."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalharness.checks.findings import REPORTED, Finding, SplitResult
from evalharness.checks.waived import told_over
from evalharness.declare.errors import DeclarationError
from evalharness.declare.looks import HeldOut, expanded
from evalharness.declare.plural import counted
from evalharness.declare.split_checks import SplitCheck
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS
from evalharness.ledger import file, history, room, spending
from evalharness.ledger import look as waiving
from evalharness.ledger.file import LedgerError
from evalharness.ledger.history import NOT_PASSED, PASSED, Look

if TYPE_CHECKING:
    from evalharness.ledger.looking import Asked

WITHHELD = "what was found is withheld: the ledger lets nothing but verdicts out of {}"


def decided(asked: Asked) -> tuple[list[Any], Any, dict[str, Any]]:
    """The chosen checks, decided: those on held-out splits as one bit for each model; and what the
    ledger has to say."""
    from evalharness.checks.deciding import decided

    declared = asked.declared
    chosen = [c for c in declared.checks if c in declared.chosen]
    one = [c for c in chosen if isinstance(c.declared, HeldOut)]
    _refuse(asked, chosen, one)
    touching = [
        c
        for c in chosen
        if isinstance(c.declared, SplitCheck) and {*c.declared.splits} & {*asked.held}
    ]
    rest = [c for c in chosen if c not in one and c not in touching]
    made, found = decided(asked.plan, replace(declared, chosen=rest), asked.settings)
    results = dict(zip(rest, made, strict=True))
    if touching or one:  # everything is read, and refused, before a level is spent
        whole = replace(declared, checks=expanded(declared.checks), chosen=touching, also=())
        made, _ = decided(asked.plan, whole, asked.settings)
        for check, result in zip(touching, made, strict=True):
            assert isinstance(result, SplitResult)
            results[check] = _withheld(asked, result)
    told: dict[str, Any] = {}
    for check in one:
        results[check], said = _spent(asked, check)
        told |= said
    return [results[c] for c in chosen], found, told


def _refuse(asked: Asked, chosen: list[Any], one: list[Any]) -> None:
    """What would let more out than one bit, or spend a look on a part of the gate."""
    from evalharness.checks.rungs import of

    names = " and ".join(map(repr, asked.held))
    problems = []
    diagnosed = [c for c in asked.declared.checks if hasattr(c.declared, "diagnosis")]
    if diagnosed and {*of(asked.plan, asked.declared.model(diagnosed[0]))} & {*asked.held}:
        problems.append(
            f"diagnosis would tell what the model does on {names}, of which the ledger "
            f"{asked.shown} lets one bit out; declare it in an evaluation whose outputs() leave "
            "that split out"
        )
    models = {c.model for c in one} | {""}
    left = [c for c in asked.declared.checks if c.model in models and c not in chosen]
    if one and left:
        problems.append(
            f"{len(left)} of its checks are left out (the first is {left[0].kind}"
            f"[{left[0].id}]), while the one on {names} would spend a look of the ledger "
            f"{asked.shown}: run all of the evaluation, without -k, --lf and --deselect; or leave "
            f"test_{one[0].kind} out too"
        )
    if problems:
        raise DeclarationError(f"{asked.evaluation}: {'; '.join(problems)}")


def _spent(asked: Asked, check: Any) -> tuple[SplitResult, dict[str, Any]]:
    """The verdict of one model on its held-out splits, and what is to be said of the look."""
    look = asked.look(asked.declared.model(check), strict=True)
    if not file.read(asked.path, asked.shown).begun:
        missing = "is no" if not asked.path.exists() else "is no first line in the"
        raise LedgerError(
            f"{asked.evaluation}: there {missing} ledger {asked.shown}, and it is enforced: take "
            f"the one of this project, or begin it by `evalharness ledger {asked.shown} --new`"
        )
    try:
        with file.locked(asked.path):
            return _judged(asked, check, look)
    except OSError as error:
        raise LedgerError(
            f"{asked.evaluation}: the ledger {asked.shown} cannot be written "
            f"({error.strerror or error}), and it is enforced: nothing is told of "
            f"{' and '.join(asked.held)}"
        ) from error


def _judged(asked: Asked, check: Any, look: Look) -> tuple[SplitResult, dict[str, Any]]:
    book, every = asked.read()
    before = history.at(look.sets.values(), every)
    alike = history.same(look, [x for x in before if x.verdict and x.mode == look.mode])
    if alike is not None:
        number = before.index(alike) + 1
        outcome = PASS if alike.verdict == PASSED else FAIL
        words = f"{alike.verdict}, as at look {number:,} ({alike.time}): the same predictions, so "
        return _result(asked, check, outcome, words + "no new look", alike, before, book.notes)
    alpha = 1 - look.confidence
    level = spending.next_level(alpha, history.passed(before), asked.ledger.looks)
    number = len(before) + 1
    if why := room.used_up(asked, check, level, alpha, history.spent(before)):
        left = replace(look, level=level)
        return _result(asked, check, INCONCLUSIVE, why, left, before, book.notes)
    look = replace(look, level=level)
    file.append(asked.path, [look.entry(history.known(every))], asked.project())
    outcome = _outcome(asked, check, level)
    verdict = PASSED if outcome == PASS else NOT_PASSED
    file.append(asked.path, [history.verdict(look, verdict, look.time)], asked.project())
    words = f"{verdict} at look {number:,}, level {level:.3g}"
    if outcome != PASS:
        words += "; which bound, and by how much, is withheld"
    ended = replace(look, verdict=verdict)
    return _result(asked, check, outcome, words, ended, [*before, ended], book.notes)


def _outcome(asked: Asked, check: Any, level: float) -> str:
    """Pass where every bound on the held-out splits is shown to be met at the level."""
    from evalharness.checks.deciding import decided

    declared = replace(
        asked.declared,
        checks=expanded(asked.declared.checks),
        chosen=check.declared.asked,
        also=(),
    )
    made, _ = decided(asked.plan, declared, replace(asked.settings, confidence=1 - level))
    return PASS if all(r.outcome == PASS for r in made) else FAIL


def _result(
    asked: Asked,
    check: Any,
    outcome: str,
    words: str,
    look: Look,
    every: list[Look],
    notes: tuple[str, ...],
) -> tuple[SplitResult, dict[str, Any]]:
    """The one bit, and beside it what the budget is."""
    level = look.level or 0.0
    # Which waivers were needed is withheld; that they are declared is not.
    concerning = waiving.concerning(check.declared.asked, asked.declared.waivers)
    over = [told_over(w) for w in concerning if w.expired()]
    holding = "; ".join(str(w) for w in concerning if not w.expired())
    waived = holding if outcome == PASS else ""
    said = [words, *over] if waived or not holding else [words, *over, holding]
    finding = Finding("EH-HELD-OUT", "", outcome, "; ".join(said), level=level, waived=waived)
    result = SplitResult(
        id=check.id,
        kind=check.kind,
        model=check.model,
        check=str(check.declared),
        splits=check.declared.splits,
        findings=(finding,),
        confidence=1 - level,
    )
    lines = [_budget(asked, every, 1 - look.confidence), *notes]
    if shown := sum(x.mode != look.mode for x in every):
        lines.append(
            f"{counted(shown, 'earlier looks')} at these examples told numbers (audit): for what "
            "was learnt by those no level can answer"
        )
    told = {"looks": len(every), "level": level}
    return result, asked.told(look, every, told, lines)


def _budget(asked: Asked, every: list[Look], alpha: float) -> str:
    """How many looks there were, and what one more would spend."""
    seen, looks = history.passed(every), asked.ledger.looks
    made = counted(len(every), "looks")
    following = spending.next_level(alpha, seen, looks)
    text = f"{made} at this test set ({asked.shown}, enforced); the next has level "
    spent = history.spent(every)
    if not following or not spending.affordable(alpha, spent, following):
        return f"{made} at this test set ({asked.shown}, enforced); none is left"
    after = [spending.next_level(alpha, [*seen, p], looks) for p in (True, False)]
    return f"{text}{following:.3g}, then {after[0]:.3g} after a pass and {after[1]:.3g} after none"


def _withheld(asked: Asked, result: SplitResult) -> SplitResult:
    """A check of splits with its verdicts alone."""
    why = WITHHELD.format(" and ".join(asked.held))
    kept = tuple(
        Finding(f.code, f.about, f.outcome, why, waived=f.waived)
        for f in result.findings
        if f.outcome != REPORTED
    )
    return replace(result, findings=kept, notes=())
