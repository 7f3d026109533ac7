"""Waivers: findings that a team knows of and lets through, for a reason and until a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from evalharness.declare.codes import CODES
from evalharness.declare.errors import DeclarationError, did_you_mean, numbered

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True


@dataclass(frozen=True)
class Waiver:
    """A code that is waived. `check`: the id of the only check in which it is; "" for all."""

    code: str
    owner: str
    reason: str
    expires: date
    check: str = ""

    def expired(self, today: date | None = None) -> bool:
        """Whether its last day (in UTC) is over."""
        return (today or datetime.now(UTC).date()) > self.expires

    def __str__(self) -> str:
        place = f" in {self.check}" if self.check else ""
        return f"{self.code}{place} is waived by {self.owner} until {self.expires}: {self.reason}"


def waive(code: str, *, owner: str, reason: str, expires: Any, check: str = "") -> Waiver:
    """Let the findings of a code through: `waive("EH-SHIFT", owner="ana", reason="the new region",
    expires="2027-01-31")`.

    code:    as a message names it; docs/codes.md lists them all.
    owner:   who answers for it.
    expires: the last day (UTC) on which it holds, a date or "YYYY-MM-DD"; after it the check fails.
    check:   the id of one check, "same_distribution-dev-test", where it is not to hold in all.

    What is waived is still measured and printed.
    """
    problems = []
    if code not in CODES:
        problems.append(f"there is no code {code!r}{did_you_mean(code, CODES)}; see docs/codes.md")
    for name, value in (("owner", owner), ("reason", reason)):
        if not isinstance(value, str) or not value.strip():
            problems.append(f"{name}={value!r} must be a text that says it")
    if not isinstance(check, str):
        problems.append(f'check={check!r} must be the id of a check: "no_leakage-train-test"')
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
    return Waiver(code, owner.strip(), reason.strip(), day, check)
