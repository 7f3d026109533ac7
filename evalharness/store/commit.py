"""Of which commit a folder is, and who works in it, as far as Git can tell."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path
from typing import Any


def commit(folder: Path) -> dict[str, Any]:
    """The commit of a folder, and whether tracked files differ from it; saved results themselves do
    not count. None where Git cannot tell."""
    name = _git(folder, "rev-parse", "HEAD")
    if not name:
        return {"commit": None, "dirty": None}
    changed = _git(
        folder, "status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude).evalharness"
    )
    return {"commit": name, "dirty": None if changed is None else bool(changed)}


def who(folder: Path) -> str:
    """The name and address in Git's configuration, else that of the user who is logged in."""
    name, address = (_git(folder, "config", f"user.{key}") for key in ("name", "email"))
    if name or address:
        return " ".join(filter(None, [name, address and f"<{address}>"]))
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        return "unknown"


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
