"""Waivers: findings that a team knows of and lets through, for a reason and until a day."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from evalharness.declare.codes import CODES
from evalharness.declare.errors import DeclarationError, did_you_mean, numbered

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True

# What is meant for a code, be it one or not; ids of checks begin otherwise.
LIKE_A_CODE = re.compile("EH[-_]", re.IGNORECASE)


@dataclass(frozen=True)
class Waiver:
    """What is let through. code: of the findings, or "" for all that the check finds; check: the id
    of the only check in which they are, or "" for all."""

    code: str
    owner: str
    reason: str
    expires: date
    check: str = ""

    def expired(self, today: date | None = None) -> bool:
        """Whether its last day (in UTC) is over."""
        return (today or datetime.now(UTC).date()) > self.expires

    def covers(self, id: str, finds: Iterable[str]) -> bool:
        """Whether it is about the check of this id, which may find these codes."""
        return self.check in ("", id) and (not self.code or self.code in finds)

    @property
    def what(self) -> str:
        """What is waived, as it was named."""
        return self.code or self.check

    def __str__(self) -> str:
        place = f" in {self.check}" if self.check and self.code else ""
        return f"{self.what}{place} is waived by {self.owner} until {self.expires}: {self.reason}"


def waive(what: str, *, owner: str, reason: str, expires: Any, check: str = "") -> Waiver:
    """Let the findings of a code, or one check, through: `waive("EH-SHIFT", owner="ana",
    reason="the new region", expires="2027-01-31")`, `waive("recall-test-region-eu", owner=…)`.

    what:    a code, all of which stand in docs/codes.md, or the id of a check, as pytest prints it
             in brackets, without the name of a model.
    owner:   who answers for it.
    expires: the last day (UTC) on which it holds, a date or "YYYY-MM-DD"; after it the check fails.
    check:   the id of one check, "same_distribution-dev-test", where a code is not to be waived in
             all.

    What is waived is still measured and printed.
    """
    problems = []
    if not isinstance(what, str) or not what:
        problems.append(f'{what!r} is neither a code, "EH-SHIFT", nor the id of a check')
        what = ""
    named = not LIKE_A_CODE.match(what)
    if not named and what not in CODES:
        hint = did_you_mean(what.upper().replace("_", "-"), CODES)
        problems.append(f"there is no code {what!r}{hint}; see docs/codes.md")
    for name, value in (("owner", owner), ("reason", reason)):
        if not isinstance(value, str) or not value.strip():
            problems.append(f"{name}={value!r} must be a text that says it")
    if not isinstance(check, str):
        problems.append(f'check={check!r} must be the id of a check: "no_leakage-train-test"')
    elif named and check:
        problems.append(f"{what!r} names a check, and check={check!r} another; give one of them")
    day = expires
    if isinstance(expires, str):
        try:
            day = date.fromisoformat(expires)
        except ValueError:
            day = None
    day = day.date() if isinstance(day, datetime) else day
    if not isinstance(day, date):
        problems.append(f'expires={expires!r} must be a day, such as "2027-01-31"')
    if problems:
        raise DeclarationError(f"waive: {numbered('problems', tuple(problems))}")
    code, check = ("", what) if named else (what, check)
    return Waiver(code, owner.strip(), reason.strip(), day, check)
