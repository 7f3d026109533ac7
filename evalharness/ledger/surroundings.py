"""What a look says of where and when it was made: the commit, CI or not, the time, the project."""

from __future__ import annotations

import datetime
import os
import subprocess
import tomllib
from pathlib import Path


def environment() -> str:
    """ "ci" where the variable CI says so, as every CI service sets it; else "local"."""
    return "local" if os.environ.get("CI", "").lower() in ("", "0", "false") else "ci"


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def commit(folder: Path) -> str:
    """The commit that is checked out there; "" where there is none."""
    return _git(folder, "rev-parse", "HEAD")


def project(folder: Path) -> str:
    """The name of the project that a folder is in: that of its pyproject.toml, else that of the git
    repository that it was cloned from; "" where neither is there."""
    for place in (folder, *folder.parents):
        try:
            declared = tomllib.loads((place / "pyproject.toml").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            declared = {}
        name = declared.get("project", {}).get("name", "")
        if isinstance(name, str) and name:
            return name
        if (place / ".git").exists():
            break
    origin = _git(folder, "config", "--get", "remote.origin.url")
    return origin.rstrip("/").replace(":", "/").rpartition("/")[2].removesuffix(".git")


def _git(folder: Path, *arguments: str) -> str:
    """What git says; "" where it says nothing, or is not there."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
