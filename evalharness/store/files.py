"""The files of the store: read with what is wrong with them, and written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from evalharness.declare.errors import OutputsError

SCHEMA, PROMOTED = "evalharness.saved/1", "evalharness.baseline/1"


def read(path: Path, schema: str = SCHEMA) -> dict[str, Any]:
    """A file of the store. Raises OutputsError with what is wrong with it."""
    again = "restore it from version control, or save it again"
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text, object_pairs_hook=_once)
    except (OSError, UnicodeDecodeError) as error:
        raise OutputsError([f"{near(path)} cannot be read: {error}"]) from error
    except ValueError as error:
        what = "is empty" if not text.strip() else f"is no JSON, or only part of one ({error})"
        if "<<<<<<<" in text:
            what = "holds the marks of a merge"
        raise OutputsError([f"{near(path)} {what}; {again}"]) from error
    found = data.get("schema") if isinstance(data, dict) else None
    kind, _, version = schema.rpartition("/")
    if found != schema:
        newer = isinstance(found, str) and found.rpartition("/")[0] == kind
        remedy = f"made by another version; install that one, or {again}" if newer else again
        raise OutputsError(
            [f"{near(path)} has the schema {found!r}, and this version reads {schema!r}: {remedy}"]
        )
    if schema == SCHEMA and not (
        isinstance(data.get("evaluations"), dict)
        and all(isinstance(v, dict) for v in data["evaluations"].values())
    ):
        raise OutputsError([f"{near(path)} holds no evaluations; {again}"])
    return dict(data)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A merge may leave two of one name, of which JSON would take the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [k for k, _ in pairs]
        twice = next(k for k in names if names.count(k) > 1)
        raise ValueError(f"{twice!r} stands there twice")
    return found


def digest_of(path: Path) -> str:
    """The sha256 of a file, whatever its line endings became in a checkout."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def near(path: Path) -> str:
    """A path as one who stands in the working directory writes it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def replace(path: Path, text: str) -> None:
    """All of the file or none of it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
