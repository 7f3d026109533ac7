"""Saving a run as a baseline, and what changed against one: where the terminal is, at the end."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_evalharness import keys

if TYPE_CHECKING:
    from pytest_evalharness.report import Told


def refused(config: pytest.Config, *save: str, baseline: str) -> str:
    """Why the names that were given cannot be used; "" where they can."""
    from evalharness.declare.errors import EvalharnessError
    from evalharness.store import FOLDER, Store

    store = Store(config.rootpath / FOLDER)
    try:
        for name in save:
            option = f"--eval-save={name}"
            store.path(name)
            if hasattr(config, "workerinput"):
                continue  # only the controller writes
            place = next(p for p in (store.folder, *store.folder.parents) if p.exists())
            if not place.is_dir():
                return f"{option}: {place} is no folder"
            if not os.access(place, os.W_OK):
                return f"{option}: no permission to write in {place}"
        if baseline:
            option = f"--eval-baseline={baseline}"
            store.read(baseline)
    except EvalharnessError as error:
        return f"{option}: {error}"
    return ""


class Saver:
    """Registered where the terminal is, and only where there is something to save or to compare."""

    def __init__(self, config: pytest.Config):
        self.config, self.options = config, config.stash[keys.OPTIONS]
        self.told, self.failed = "", False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        if self.options.save and not self.config.option.collectonly:
            self._save(session)
        yield
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None and self.told:
            look = {"red": self.failed, "yellow": self.options.rewrite, "bold": True}
            terminal.write_line(
                f"evalharness: --eval-save={self.options.save}: {self.told}", **look
            )

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.options.baseline or terminalreporter.verbosity < 0:
            return
        for told in self._evaluations():
            if told.result is not None and told.result.held is not None:
                for line in changes(self.config, told):
                    terminalreporter.write_line(line)

    def _evaluations(self) -> list[Told]:
        every = self.config.stash[keys.REPORTER].evaluations.values()
        return [t for t in every if t.name]  # others are tests outside of evaluations

    def _save(self, session: pytest.Session) -> None:
        from evalharness.declare.errors import EvalharnessError
        from evalharness.store import FOLDER, Store

        why = "; ".join(self._incomplete(session))
        try:
            if why:
                raise EvalharnessError(f"nothing was saved: {why}")
            kept = {t.node: t.result.held for t in self._evaluations() if t.result}
            store = Store(Path(self.config.rootpath, FOLDER))
            self.told = store.write(self.options.save, kept, self.options.rewrite)
        except (EvalharnessError, OSError) as error:
            self.told, self.failed = str(error), True
            if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def _incomplete(self, session: pytest.Session) -> Iterator[str]:
        """Why the run is not what a baseline must be: every check of every evaluation."""
        every = self._evaluations()
        reporter = self.config.stash[keys.REPORTER]
        if not every:
            yield "no evaluation ran"
        names = [t.name for t in every]
        for t in every:
            name = t.name if names.count(t.name) == 1 else t.node
            if t.result is None:
                yield f"{name} has no result: {t.error or 'it was skipped'}"
            elif t.result.held is None or len(t.ran) < t.result.held["declared"]:
                yield (
                    f"{name} ran in part, {len(t.ran)} of "
                    f"{(t.result.held or {}).get('declared', '?')} checks; save a whole run"
                )
        left = [node for node in reporter.deselected if node not in reporter.evaluations]
        if left:
            yield f"{', '.join(left)} was deselected; save a whole run"
        if self.config.getoption("lf", False):
            yield "--lf leaves out what passed before; save a whole run"
        if session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            if every:
                yield "the run was interrupted, or did not collect everything"


def changes(config: pytest.Config, told: Told) -> Iterator[str]:
    """The change of each declared metric against the baseline of the run."""
    from evalharness.checks.changes import lines, wrapped
    from evalharness.checks.saved_result import SavedResult
    from evalharness.declare.errors import EvalharnessError
    from evalharness.declare.objective import Saved
    from pytest_evalharness.run import store

    assert told.result is not None
    held: Any = told.result.held
    now = SavedResult("this run", told.name, held)
    if any(name.startswith("saved(") for name in now.against):
        return
    name = config.stash[keys.OPTIONS].baseline
    yield ""
    yield f"{told.name} against {name}: reported, not gated; unpaired"
    try:
        yield from lines(now, store(config, told.node).held(Saved(name), told.name))
    except EvalharnessError as error:
        yield from wrapped(str(error))
