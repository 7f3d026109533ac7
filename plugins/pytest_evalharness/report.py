"""What the controller tells: a section at the end, the JSON file, and the last line."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_evalharness import files, github, keys

if TYPE_CHECKING:
    from evalharness.result import Result

SCHEMA = "evalharness.report/1"
COLOURS = {"pass": "green", "FAIL": "red", "INCONCLUSIVE": "yellow", "waived": "yellow"}


@dataclass
class Told:
    """What the reports told of one evaluation.

    node: id of its class; ran: (model, id) of the checks whose items ran, with the file and line of
    the class; allowed: messages of what was let through undecided; error: why there is no result,
    with `told`, the item that says it all, and `where` it stands.
    """

    node: str
    name: str
    result: Result | None = None
    seconds: float = 0.0
    ran: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    allowed: dict[str, str] = field(default_factory=dict)
    error: str = ""
    told: str = ""
    where: tuple[str, int] = ("", 0)


class Reporter:
    """Listens to the reports of all processes; registered where the terminal is."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.options = config.stash[keys.OPTIONS]
        self.evaluations: dict[str, Told] = {}
        self.deselected: dict[str, None] = {}
        self.problem = ""
        self.process = os.getpid()

    def keep(self, node: str, name: str, result: Result, seconds: float) -> None:
        """The result of an evaluation that ran in this process."""
        told = self.evaluations.setdefault(node, Told(node, name))
        told.result, told.seconds = result, seconds

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        note: dict[str, Any] | None = getattr(report, "evalharness", None)
        if note is None:
            return
        key = note.get("node", "")
        told = self.evaluations.setdefault(key, Told(key, note.get("evaluation", "")))
        if note.get("result") and told.result is None:
            from evalharness.result import Result

            told.result, told.seconds = Result.from_json(note["result"]), note["seconds"]
        file, line, _ = report.location
        where = file, line or 0
        if "error" in note:
            told.error, told.told, told.where = note["error"], report.nodeid, where
        self.deselected |= dict.fromkeys(note.get("deselected", ()))
        if "check" in note:
            model, check = note["check"]
            told.ran[model, check] = where
        if "allowed" in note and not report.failed:
            # The message of a check says which it is; of a test that is written by hand, its name.
            test = "" if "check" in note else f"{report.nodeid.rpartition('::')[2]}: "
            told.allowed[report.nodeid] = test + note["allowed"]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        self._write_json(session)
        yield
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if terminal is None:
            return
        if github.here() and not self.config.option.collectonly:
            github.tell(self.evaluations.values(), self.config, terminal)
        if self.problem:
            terminal.write_line(f"evalharness: {self.problem}", red=True, bold=True)
        if last := self._last_line():
            terminal.write_line(f"evalharness: {last}", yellow=True, bold=True)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        told = [t for t in self.evaluations.values() if t.result or t.error or t.allowed]
        if not told or terminalreporter.verbosity < 0:
            return
        terminalreporter.ensure_newline()
        terminalreporter.section("evalharness", sep="=")
        for number, one in enumerate(told):
            if number:
                terminalreporter.write_line("")
            Section(one, terminalreporter, self.options.source).write()
        if self.options.json is not None and not self.problem:
            terminalreporter.write_line("")
            terminalreporter.write_line(f"written to {self.options.json}")

    def _write_json(self, session: pytest.Session) -> None:
        path = self.options.json
        if path is None or self.config.option.collectonly:
            return
        from evalharness.checks import written

        told = self.evaluations.values()
        report = {
            "schema": SCHEMA,
            "results": [{"node": t.node} | t.result.as_dict() for t in told if t.result],
            "errors": [
                {"node": t.node, "evaluation": t.name, "item": t.told, "message": t.error}
                for t in told
                if t.error
            ],
        }
        try:
            files.write(path, written.text(report, ascii=False) + "\n")
        except OSError as error:
            self.problem = f"--eval-json={path} could not be written: {error}"
            if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def _last_line(self) -> str:
        """What the exit status alone would hide."""
        parts = []
        allowed = sum(len(t.allowed) for t in self.evaluations.values())
        if allowed:
            parts.append(
                f"the gate guarantees nothing: {allowed:,} inconclusive "
                f"check{'s' * (allowed > 1)} allowed by {self.options.source}"
            )
        waived = [
            f"{code} in {c.id}"
            for t in self.evaluations.values()
            if t.result
            for c in t.result.checks
            if (c.model, c.id) in t.ran
            for code in _waived(c)
        ]
        if waived:
            parts.append(f"let through by waivers: {', '.join(dict.fromkeys(waived))}")
        by_value = [
            t.name
            for t in self.evaluations.values()
            if t.ran and t.result and t.result.provenance.get("policy") == "point"
        ]
        if by_value:
            parts.append(
                f"no statistical guarantee: what {', '.join(by_value)} declares is decided by its "
                "values alone (policy 'point')"
            )
        unrecorded = [
            t.name
            for t in self.evaluations.values()
            if t.result
            for look in t.result.provenance.get("ledger", {}).get("looks", {}).values()
            if look.get("recorded") is False
        ]
        if unrecorded:
            names = ", ".join(dict.fromkeys(unrecorded))
            parts.append(f"this look was not recorded in the ledger of {names}")
        return "; ".join(parts)


def _waived(check: Any) -> list[str]:
    """The codes of what is let through in a check."""
    if hasattr(check, "findings"):
        return [f.code for f in check.waived]
    return [check.code] if check.waived else []


class Section:
    """The part of the terminal section about one evaluation."""

    def __init__(self, told: Told, terminal: pytest.TerminalReporter, source: str):
        self.told, self.terminal, self.source = told, terminal, source

    def write(self) -> None:
        from pytest_evalharness.run import first_line

        told, terminal = self.told, self.terminal
        if told.result is not None:
            self._table(told.result)
        else:
            terminal.write_line(told.name or told.node, bold=True)
        if told.error:
            terminal.write("ERROR", red=True, bold=True)
            why = first_line(told.error).removeprefix(f"{told.name}: ")
            self._wrapped(f"  could not be evaluated: {why}", "       ", used=len("ERROR"))
            terminal.write_line(f"       in full above, at {told.told}")
        if told.allowed:
            terminal.write_line("")
            terminal.write_line(f"not decided, and allowed by {self.source}:")
            for message in told.allowed.values():
                self._wrapped(f"  {message}", "    ")

    def _wrapped(self, text: str, indent: str, used: int = 0) -> None:
        """In WIDTH columns, of which some are used; later lines are indented."""
        from evalharness.checks.table import WIDTH

        # The first line is shorter by what stands there already.
        text = textwrap.fill("x" * used + text, WIDTH, subsequent_indent=indent)[used:]
        self.terminal.write_line(text)

    def _table(self, result: Result) -> None:
        from evalharness.checks.table import text_table

        ran = [c for c in result.checks if (c.model, c.id) in self.told.ran]
        file = self.told.node.split("::")[0]
        counts = [(sum(c.outcome == o for c in ran), o) for o in ("fail", "inconclusive", "pass")]
        summary = ", ".join(f"{n:,} {o}" for n, o in counts if n)
        self.terminal.write(self.told.name, bold=True)
        self.terminal.write_line(f" ({file}){': ' if summary else ''}{summary}")
        if self.terminal.verbosity > 0:
            self.terminal.write_line(self._what_ran(result))
        self.terminal.write_line("")
        full = self.terminal.verbosity > 0
        for line in text_table(ran, result.also, full).splitlines():
            word = line.split(" ", 1)[0]
            if word in COLOURS:
                self.terminal.write(word, **{COLOURS[word]: True})
                line = line[len(word) :]
            self.terminal.write_line(line)
        for line in result.provenance.get("ledger", {}).get("told", ()):
            self._wrapped(line, "  ")

    def _what_ran(self, result: Result) -> str:
        """Such as "2 models × 14 metrics × 1,203 slices over 1,000,000 examples: 0.3 s"."""
        from evalharness.declare.plural import counted

        work = result.work
        if not work["metric"]:
            return f"checks of splits: {self.told.seconds:.1f} s"
        words = [
            f"{n:,} {word}{'s' * (n != 1)}" for word, n in work.items() if n > 1 or word == "metric"
        ]
        rows: dict[str, int] = {}
        for splits in result.provenance["examples"].values():
            for split, n in splits.items():
                rows[split] = max(rows.get(split, 0), n)
        examples = counted(sum(rows.values()), "examples")
        return f"{' × '.join(words)} over {examples}: {self.told.seconds:.1f} s"
