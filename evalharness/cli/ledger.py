"""`evalharness ledger`: the looks at each test set, the budget that is left, and what one more
costs."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalharness.ledger.history import Look

DEFAULT = "evalharness.ledger"
HEAD = ("look", "when", "where", "commit", "evaluation", "n", "gate", "verdict", "level")

DESCRIPTION = """\
The record of every look at a held-out split: who looked when, what it cost, and what is left.
"""
EPILOG = """\
examples:
  evalharness ledger                           the looks in evalharness.ledger
  evalharness ledger gate.ledger --new         begin one; where it is enforced, nothing else does
  evalharness ledger --merge theirs.ledger     add the looks of another branch

For git to merge ledgers by itself, write `*.ledger merge=evalharness` into .gitattributes, and run
  git config merge.evalharness.driver "evalharness ledger %A --merge %B && rm -f %A.lock"
"""


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    parser = commands.add_parser(
        "ledger",
        help="tell how often each test set was looked at",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "path", nargs="?", default=DEFAULT, metavar="PATH", help=f"default: {DEFAULT}"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--new", action="store_true", help="begin a ledger that is not there")
    what.add_argument(
        "--merge",
        action="append",
        default=[],
        metavar="OTHER",
        help="add the looks of another ledger; those that both have count once",
    )
    parser.set_defaults(run=run)


def run(given: Any) -> int:
    """The command; returns its exit status."""

    path = Path(given.path)
    if given.new:
        lines = _new(path)
    elif given.merge:
        lines = _merged(path, [Path(other) for other in given.merge])
    else:
        lines = _told(path)
    print("\n".join(lines))
    return 0


def _new(path: Path) -> list[str]:
    from evalharness.ledger import file, surroundings

    if file.read(path).begun:
        raise file.LedgerError(f"there is a ledger {path} already; it is never begun anew")
    project = surroundings.project(path.absolute().parent)
    try:
        with file.locked(path):
            file.append(path, [], project)
    except OSError as error:
        raise file.LedgerError(f"{path} cannot be written: {error.strerror}") from error
    return [f"{path} is begun{f' for the project {project!r}' if project else ''}; commit it"]


def _merged(path: Path, others: list[Path]) -> list[str]:
    from evalharness.declare.plural import counted
    from evalharness.ledger import file, merge

    own = file.read(path).project
    came = merge.merge(path, others)
    names = " and ".join(map(str, others))
    lines = [f"{counted(came, 'lines')} of {names} were added to {path}"]
    strange = {project for o in others if (project := file.read(o).project) != own}
    lines += [f"among them those of another project, {name!r}" for name in sorted(strange)]
    return lines


def _told(path: Path) -> list[str]:
    from evalharness.ledger import file, history

    book = file.read(path)
    if not book.there:
        raise file.LedgerError(
            f"there is no ledger {path}; an evaluation that declares it begins it, or, where it is "
            f"enforced, `evalharness ledger {path} --new`"
        )
    groups = history.groups(history.looks(book))
    lines = [f"{path}: no looks so far"] if not groups else []
    for number, looks in enumerate(groups, 1):
        lines += [""] * (number > 1) + _set(looks)
    return [*lines, *(f"note: {note}" for note in book.notes)]


def _set(looks: Sequence[Look]) -> list[str]:
    """The looks at one test set, and what the next one costs."""
    from evalharness.declare.plural import counted

    last = looks[-1]
    names = ", ".join(f"{k} ({s.fingerprint[:12]}, n={s.n:,})" for k, s in last.sets.items())
    rows = [HEAD, *(_row(n, look) for n, look in enumerate(looks, 1))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    return [f"{counted(len(looks), 'looks')} at {names}", "", *table, "", *_budget(looks)]


def _row(number: int, look: Look) -> tuple[str, ...]:
    name = look.evaluation + (f" ({look.model})" if look.model else "")
    sizes = ", ".join(f"{s.n:,}" for s in look.sets.values())
    level = "–" if look.level is None else f"{look.level:.3g}"
    return (
        f"{number:,}",
        look.time.replace("T", " ").removesuffix("Z"),
        look.environment,
        look.commit[:8] or "–",
        name,
        sizes,
        look.gate[:8],
        look.verdict or "none",
        level,
    )


def _budget(looks: Sequence[Look]) -> list[str]:
    from evalharness.inference.numbers import percent
    from evalharness.ledger import history, spending, worth

    alpha = 1 - looks[-1].confidence
    seen = history.passed(looks)
    planned, spent = looks[-1].looks, history.spent(looks)
    following = spending.next_level(alpha, seen, planned)
    after = [spending.next_level(alpha, [*seen, p], planned) for p in (True, False)]
    plan = f" ({planned:,} looks planned)" if planned else ""
    lines = [f"spent: {spent:.3g} of {alpha:.3g}{plan}"] if spent else []
    lines += [
        "none is left where it is enforced: take a fresh test set"
        if not following or not spending.affordable(alpha, spent, following)
        else f"of {percent(alpha)}, the next look has level {following:.3g} where it is enforced; "
        f"then {after[0]:.3g} after a pass, {after[1]:.3g} after none"
    ]
    counted = sum(look.level is None for look in looks)
    if counted:
        most = percent(worth.false_pass(alpha, len(looks)))
        lines.append(
            f"{counted:,} of these were only counted (audit): if each was chosen by whether the "
            f"one before passed, the {percent(alpha)} of the last are worth at most {most}, and "
            "by numbers there is no limit"
        )
    return [part for line in lines for part in textwrap.wrap(line, 100)]
