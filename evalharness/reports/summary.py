"""A result as Markdown, as the pages of CI systems show it (GitHub's step summary)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evalharness.checks.table import HEAD, Decided, footnote, row, waived
from evalharness.declare.looks import KIND
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS
from evalharness.result import Result

ORDER = (FAIL, INCONCLUSIVE, PASS)
# What has a meaning in Markdown or HTML. Names of slices and of models may hold anything.
SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
CUT = "\n*The rest is left out: the page holds no more.*\n"


def markdown(result: Result, place: str = "") -> str:
    """A table of every check, what decides most first, and what is waived; `place`: its file."""
    checks = sorted(result.checks, key=lambda c: (ORDER.index(c.outcome), not _waived(c)))
    outcomes = [c.outcome for c in checks]
    counts = ", ".join(f"{outcomes.count(o):,} {o}" for o in ORDER if o in outcomes)
    rows = [HEAD, ("---", "---", *["---:"] * (len(HEAD) - 2)), *map(_cells, checks)]
    lines = [_title(result.evaluation, place, counts), ""]
    lines += [f"| {' | '.join(cells)} |" for cells in rows]
    if told := waived(checks):
        lines += ["", "Waived:", "", *(f"- {plain(text)}" for text in told)]
    if note := footnote(checks):
        lines += ["", plain(note)]
    held = [c.message for c in checks if c.kind == KIND]  # the table has no place for its level
    if told := [*held, *result.provenance.get("ledger", {}).get("told", ())]:
        lines += ["", *(f"- {plain(text)}" for text in told)]
    return "\n".join(lines) + "\n\n"


def broken(name: str, place: str, message: str) -> str:
    """The same of an evaluation that has no result, for the reason that the message gives."""
    lines = [f"- {plain(line)}" for line in message.splitlines() if line.strip()]
    return "\n".join([_title(name, place, "could not be evaluated"), "", *lines]) + "\n\n"


def fitted(text: str, most: int) -> str:
    """The text in at most so many bytes of UTF-8: whole lines, and a note where some are left
    out; "" where not even that fits."""
    if len(text.encode()) <= most:
        return text
    room = most - len(CUT.encode())
    kept = text.encode()[: max(0, room)].decode(errors="ignore")
    return kept[: kept.rfind("\n") + 1] + CUT if room >= 0 else ""


def plain(text: str) -> str:
    """A text in one line that means nothing to Markdown or HTML."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _title(name: str, place: str, told: str) -> str:
    return f"### {plain(name)}{f' ({plain(place)})' if place else ''}: {told}"


def _cells(check: Decided) -> Sequence[str]:
    return [plain(cell) for cell in row(check)]


def _waived(check: Decided) -> bool:
    return bool(check.waived)
