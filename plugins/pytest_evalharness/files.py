"""Writing the report to whatever the user named: a file, a link to one, a device or a pipe."""

from __future__ import annotations

import os
from pathlib import Path


def replaceable(path: Path) -> bool:
    """Whether a new file may take the place of `path`: a regular file, or nothing yet. Devices
    and pipes are written to and never replaced."""
    return path.is_file() or not path.exists()


def printed_to(path: Path) -> bool:
    """Whether `path` is the file that this process prints to, as /dev/stdout may be."""
    found = []
    for descriptor in (1, 2):
        try:
            found.append(os.path.samestat(path.stat(), os.fstat(descriptor)))
        except OSError:  # there is no such file, or the stream is closed
            continue
    return any(found)


def target(path: Path) -> Path:
    """The file that a link leads to, be it there or not; any other path as it is."""
    return Path(os.path.realpath(path))


def write(path: Path, text: str) -> None:
    """All of a regular file or none of it. Raises OSError."""
    if not replaceable(path):
        path.write_text(text, encoding="utf-8")
        return
    whole = target(path)
    partial = whole.with_name(f"{whole.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, whole)
    finally:
        partial.unlink(missing_ok=True)
