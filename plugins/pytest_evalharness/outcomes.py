"""From verdicts to what pytest reports: first lines that say it all, and an outcome of its own for
what could not be decided, where that was allowed."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable
from typing import Any

import pytest

from pytest_evalharness import keys, kinds

WORD = {"fail": "FAIL", "inconclusive": "INCONCLUSIVE"}
COMPARE: dict[str, Any] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


class Inconclusive(pytest.skip.Exception):  # type: ignore[name-defined]
    """Neither shown to hold nor shown to be broken, and allowed by --eval-inconclusive=skip."""


# Reports print "name: message" of an exception, and this is the name that users are to read.
Undecided = type("INCONCLUSIVE", (AssertionError,), {"__module__": "builtins"})


def settle(item: pytest.Item, outcome: str, message: str, told: Callable[[], str]) -> None:
    """Let the test pass, or end it as the outcome and the policy of the session ask; told: what
    else there is to say of an outcome that ends it."""
    __tracebackhide__ = True
    if outcome == "pass":
        return
    policy = item.config.stash[keys.OPTIONS].inconclusive
    if outcome == "inconclusive" and policy != "fail":
        allow(item, message)
        return
    text, details = f"{WORD[outcome]}: {message}", told()
    pytest.fail(f"{text}\n\n{details}" if details else text, pytrace=False)


def allow(item: pytest.Item, message: str) -> None:
    """Let a test through that decided nothing, under its own word."""
    __tracebackhide__ = True
    note = item.stash.setdefault(
        keys.NOTE, {"node": item.nodeid.rpartition("::")[0], "evaluation": ""}
    )
    note["allowed"] = message
    if item.config.stash[keys.OPTIONS].inconclusive == "skip":
        raise Inconclusive(message)


def raised(item: pytest.Item, error: Exception) -> None:
    """An error of the library in a test that is written by hand. It is shown at the user's line;
    an inconclusive verdict that was used as a truth value is what the policy says."""
    __tracebackhide__ = True
    users = kinds.outside(error.__traceback__)
    if users is not None:
        users.tb_next = None
    if not kinds.is_inconclusive(error):
        raise error
    message = str(error).removeprefix("INCONCLUSIVE: ")
    if item.config.stash[keys.OPTIONS].inconclusive != "fail":
        allow(item, message)
        return
    raise Undecided(message).with_traceback(error.__traceback__) from None


def attach(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Put what the reporter needs into the report, which may travel to another process."""
    if call.when == "teardown" or call.when == "setup" and report.passed:
        return
    report.evalharness = item.stash[keys.NOTE]  # type: ignore[attr-defined]
    path, line, _ = item.location
    raised = call.excinfo.value if call.excinfo is not None else None
    if isinstance(raised, Inconclusive):
        where = os.fspath(item.config.rootpath / path)
        report.longrepr = (where, (line or 0) + 1, f"Skipped: {raised.msg}")
    elif isinstance(raised, pytest.fail.Exception) and not raised.pytrace:
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash is not None:  # summaries and annotations show this one line, at this place
            crash.message = crash.message.removeprefix("Failed: ")
            crash.path, crash.lineno = os.fspath(item.config.rootpath / path), (line or 0) + 1


def explain(op: str, left: Any, right: Any) -> list[str] | None:
    """Why `assert estimate >= 0.9` failed: the message of its verdict."""
    if op not in COMPARE:
        return None
    verdict = COMPARE[op](left, right)
    return [verdict.message] if hasattr(verdict, "message") else None
