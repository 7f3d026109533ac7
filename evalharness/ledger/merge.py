"""Two branches' ledgers as one: the union of their lines, chained anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalharness.ledger import file
from evalharness.ledger.file import Book, Entry, LedgerError


def union(*books: Book) -> list[Entry]:
    """What any of the books holds, once, by time and then by what it says. Looks add up: each has a
    random key, so that only a look that both took over from their common past is one look."""
    told = {file.digest(_content(e)): _content(e) for book in books for e in book.entries}
    return [told[k] for k in sorted(told, key=lambda k: (str(told[k].get("time", "")), k))]


def _content(entry: Entry) -> Entry:
    """A line without its place in a chain."""
    return {k: v for k, v in entry.items() if k not in ("previous", "hash")}


def merge(path: Path, others: Sequence[Path]) -> int:
    """Add to a ledger what others hold; returns how many lines came. Raises LedgerError where one
    is missing or broken: then nothing is written."""
    try:
        with file.locked(path):
            mine, *theirs = (file.read(p) for p in (path, *others))
            for p, book in zip((path, *others), (mine, *theirs), strict=True):
                if not book.there:
                    raise LedgerError(f"there is no ledger {p}")
            entries = union(mine, *theirs)
            file.replace(path, entries, mine.project)
    except OSError as error:
        raise LedgerError(f"the ledger {path} cannot be written: {error.strerror}") from error
    return len(entries) - len(mine.entries)
