"""The file of a ledger: JSON Lines that are only appended to, each with the hash of the one before.

The first line says what the file is and which project it is of. Every line holds `previous`, the
hash of the line before, and `hash`, its own: the sha256 of its canonical JSON without `hash`. A
line that was edited, removed or put between is thus told. Not told is a file whose end was cut off.

Whoever appends holds a lock (`evalharness.ledger.lock`, beside the file) and writes whole lines in
one call, then waits for the disk. A process that is killed leaves at most a part of its own line,
which is reported and skipped; what is appended next begins on a fresh line.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalharness.declare.errors import EvalharnessError

SCHEMA = "evalharness.ledger/1"
MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")

Entry = Mapping[str, Any]


class LedgerError(EvalharnessError):
    """A ledger that cannot be read, trusted or written."""


@dataclass(frozen=True)
class Book:
    """What a ledger's file holds.

    project: which it is of; "" where that is not known. entries: everything but the first line, as
    written. last: hash of the last line. notes: what is odd, in words. there: whether the file is;
    fresh: whether it ends with a whole line; begun: whether it has its first line.
    """

    project: str = ""
    entries: tuple[Entry, ...] = ()
    last: str = ""
    notes: tuple[str, ...] = ()
    there: bool = True
    fresh: bool = True
    begun: bool = True


def digest(value: Any) -> str:
    """The sha256 of the canonical JSON of a value, in hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read(path: Path, shown: str = "") -> Book:
    """What the file holds. shown: how it is named in messages.

    Raises LedgerError for a broken chain, and for what is no ledger.
    """
    shown = shown or str(path)
    if path.is_dir():
        raise LedgerError(
            f"the ledger {shown} is a folder; name a file in it, such as "
            f"{shown.rstrip('/')}/evalharness.ledger"
        )
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Book(there=False, begun=False)
    except OSError as error:
        raise LedgerError(f"the ledger {shown} cannot be read: {error.strerror}") from error
    *lines, rest = content.split(b"\n")
    if rest:
        lines.append(rest)
    return _checked([line.decode("utf-8", "replace") for line in lines], not rest, shown)


def _checked(lines: list[str], fresh: bool, shown: str) -> Book:
    """The lines as a book, where each follows the one before."""
    head = _head(lines, shown)
    if head is None:
        cut = "its first line is not whole: the process that wrote it was killed"
        return Book(fresh=fresh, begun=False, notes=(cut,) if lines else ())
    entries: list[Entry] = []
    notes: list[str] = []
    torn: list[int] = []
    last, time, before = head["hash"], "", 1
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        entry = _parsed(line)
        if entry is None:
            if line.startswith(MARKS):
                raise LedgerError(
                    f"line {number} of the ledger {shown} is the mark of a merge conflict: take "
                    "one side whole, and add the other by `evalharness ledger PATH --merge OTHER`"
                )
            torn.append(number)
            continue
        if entry["hash"] != _own(entry):
            raise LedgerError(
                f"line {number} of the ledger {shown} was edited: its hash is no longer that of "
                "what it says; restore the file from version control"
            )
        if entry["previous"] != last:
            raise LedgerError(
                f"line {number} of the ledger {shown} does not follow line {before}: a line "
                "between was removed, or one was put in; restore the file from version control "
                "(two branches are brought together by `evalharness ledger PATH --merge OTHER`)"
            )
        if str(entry.get("time", "")) < time:
            notes.append(
                f"line {number} is older than the one before: a clock went backwards; the order "
                "of the lines counts"
            )
        last, before, time = entry["hash"], number, max(time, str(entry.get("time", "")))
        entries.append(entry)
    notes += [f"line {n} is not whole and was skipped: its process was killed" for n in torn]
    return Book(head["project"], tuple(entries), last, tuple(notes), fresh=fresh)


def _head(lines: list[str], shown: str) -> Entry | None:
    """The first line; None where it is not there, or not whole."""
    if not lines:
        return None
    head = _parsed(lines[0])
    if head is None:
        start = '{"schema": ' + json.dumps(SCHEMA)
        if len(lines) == 1 and (lines[0].startswith(start) or start.startswith(lines[0])):
            return None
        raise LedgerError(
            f"{shown} is no ledger of evalharness: its first line says nothing of {SCHEMA!r}; "
            "name another file"
        )
    if head.get("schema") != SCHEMA:
        raise LedgerError(
            f"the ledger {shown} has the schema {head.get('schema')!r}; this version of "
            f"evalharness reads {SCHEMA!r}"
        )
    if head["hash"] != _own(head):
        raise LedgerError(
            f"line 1 of the ledger {shown} was edited: its hash is no longer that of what it says; "
            "restore the file from version control"
        )
    return head


def _parsed(line: str) -> Entry | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(found, dict) and {"hash", "previous"} <= found.keys()
    return found if whole else None


def _own(entry: Entry) -> str:
    return digest({k: v for k, v in entry.items() if k != "hash"})


def chained(entries: Iterable[Entry], last: str = "", project: str | None = None) -> bytes:
    """The entries as lines that follow the one of that hash; with a project, a whole file."""
    if project is not None:
        entries = [{"schema": SCHEMA, "project": project}, *entries]
    lines = []
    for entry in entries:
        entry = {k: v for k, v in entry.items() if k not in ("hash", "previous")}
        entry["previous"] = last
        entry["hash"] = last = _own(entry)
        lines.append(json.dumps(entry, allow_nan=False) + "\n")
    return "".join(lines).encode()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else appends meanwhile. Raises OSError where no lock can be had."""
    import filelock

    lock = filelock.FileLock(f"{path}.lock")
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def append(path: Path, entries: Iterable[Entry], project: str) -> None:
    """Append entries as lines, on the disk when this returns; the caller holds the lock. A missing
    file is begun. Raises OSError where that cannot be; earlier lines are then as they were."""
    book = read(path)
    lines = chained(entries, book.last, None if book.begun else project)
    # What was left of a killed process's first line goes: nothing stands before it.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | (0 if book.begun else os.O_TRUNC)
    handle = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666)
    try:
        start = os.fstat(handle).st_size
        _write(handle, lines if book.fresh or not book.begun else b"\n" + lines, start)
        os.fsync(handle)
    finally:
        os.close(handle)
    if not book.there:
        _settle(path.parent)


def _write(handle: int, content: bytes, start: int) -> None:
    """All of it or nothing."""
    try:
        while content:
            content = content[os.write(handle, content) :]
    except OSError:
        os.ftruncate(handle, start)
        raise


def replace(path: Path, entries: Iterable[Entry], project: str) -> None:
    """Write the whole file anew, at once; the caller holds the lock."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(partial, "wb") as file:
            file.write(chained(entries, project=project))
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Wait until the disk knows of a new file, where folders can be asked that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
