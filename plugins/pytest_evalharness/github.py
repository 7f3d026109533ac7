"""On GitHub: a table on the page of the run, and annotations at the user's classes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_evalharness.report import Told

# What GitHub takes of one step.
MOST = 2**20
LEVELS = {"fail": "error", "inconclusive": "warning"}


def here() -> bool:
    """Whether this runs as a step of a GitHub workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def tell(told: Iterable[Told], config: pytest.Config, terminal: pytest.TerminalReporter) -> None:
    """Write both. A summary that cannot be written is told, and fails nothing."""
    found = [t for t in told if t.result or t.error]
    if not found:
        return
    terminal.ensure_newline()
    for one in found:
        for line in commands(one, config.rootpath):
            terminal.write_line(line)
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        _append(Path(path), "".join(map(_section, found)))
    except OSError as error:
        terminal.write_line(
            f"evalharness: the step summary could not be written: {error}", yellow=True
        )


def commands(told: Told, root: Path) -> Iterator[str]:
    """A workflow command for each check that failed or was not decided, and for an evaluation that
    has no result."""
    if told.error:
        yield _command("error", told.where, root, told.name, f"not evaluated: {told.error}")
    for check in told.result.checks if told.result else ():
        where = told.ran.get((check.model, check.id))
        if where is not None and check.outcome in LEVELS:
            title = f"{told.name}: {check.id}"
            text = f"{check.outcome.upper()}: {check.message}"
            yield _command(LEVELS[check.outcome], where, root, title, text)


def _command(level: str, where: tuple[str, int], root: Path, title: str, text: str) -> str:
    file, line = where
    workspace, path = os.environ.get("GITHUB_WORKSPACE"), os.path.abspath(root / file)
    if workspace and Path(path).is_relative_to(os.path.abspath(workspace)):
        file = os.path.relpath(path, workspace)
    told = {"file": file.replace(os.sep, "/"), "line": str(line + 1), "title": title}
    properties = ",".join(f"{name}={_property(value)}" for name, value in told.items())
    return f"::{level} {properties}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _section(told: Told) -> str:
    from evalharness.reports import summary

    file = told.node.split("::")[0]
    text = ""
    if told.result is not None:
        ran: tuple[Any, ...] = tuple(c for c in told.result.checks if (c.model, c.id) in told.ran)
        text = summary.markdown(replace(told.result, checks=ran), file) if ran else ""
    return text + (summary.broken(told.name, file, told.error) if told.error else "")


def _append(path: Path, text: str) -> None:
    """As much as fits to what the step wrote there before."""
    from evalharness.reports import summary

    before = path.stat().st_size if path.exists() else 0
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(summary.fitted(text, MOST - before))
