"""Which files a folder, or a pattern such as outputs/*.parquet, stands for."""

import glob
import os
from collections.abc import Sequence

from evalharness.outputs.locations import Location
from evalharness.outputs.words import Refused, names, reason

SUFFIXES = (".parquet", ".pq")


def stands_for_many(location: Location) -> bool:
    """Whether a location is a folder, or a pattern such as outputs/*.parquet."""
    if location.uri:
        return glob.has_magic(location.uri)
    path = location.path
    # A file may have a star in its name.
    return bool(path) and (
        os.path.isdir(path) or (glob.has_magic(path) and not os.path.lexists(path))
    )


def listed(location: Location) -> list[str]:
    """The paths of the files, sorted; Refused where there are none or others among them."""
    if location.uri:
        raise Refused(
            "a pattern is looked for on the local disk only; copy the files, or read them "
            "yourself (such as pyarrow.dataset.dataset(url).to_table()) and pass the table"
        )
    path, root = location.path, location.path
    while glob.has_magic(root) or not os.path.isdir(root):
        root = os.path.dirname(root)
    try:
        inside = sorted(os.listdir(root))
    except OSError as error:
        raise Refused(f"the folder {root} cannot be listed: {reason(error)}") from None
    whole = root == path
    what = f"the folder {path}" if whole else f"the pattern {path}"
    found = [os.path.join(root, name) for name in inside] if whole else []
    seen = [p for p in found or glob.glob(path, recursive=True) if not _is_a_note(p, root)]
    folders = [p for p in seen if os.path.isdir(p)]
    files = sorted(p for p in seen if not os.path.isdir(p))
    others = [p for p in files if not p.lower().endswith(SUFFIXES)]
    problems = []
    if folders and "**" not in path:  # which walks through folders
        problems.append(
            f"{what} has folders in it ({_named(folders)}), and what is in them would be left out; "
            f"name all files by one pattern, such as {os.path.join(root, '**', '*.parquet')}"
        )
    if others and len(others) < len(files):
        problems.append(
            f"{what} has files that are not Parquet ({_named(others)}); leave them out by a "
            f"pattern, such as {os.path.join(root, '*.parquet')}"
        )
    elif others:
        problems.append(
            f"{what} has no Parquet file, but {_named(others)}; shards are read from Parquet "
            "only: write them as such, or read them yourself and pass the table"
        )
    elif not files and not problems:
        held = f"the folder {root} holds {names(inside)}" if inside else f"{root} is empty"
        problems.append(
            f"{what} has no file; {held}: write the shards first, or correct the path"
            if whole
            else f"{what} matches no file; {held}: correct the pattern, or write the shards first"
        )
    if problems:
        raise Refused(*problems)
    return files


def _is_a_note(path: str, root: str) -> bool:
    """Whether a file is one that writers of shards leave beside them (_SUCCESS, .part-0.crc), or
    lies in a folder of such (_temporary)."""
    inside = os.path.relpath(path, root).split(os.sep)
    return any(part.startswith((".", "_")) for part in inside)


def as_written(path: str, location: Location) -> str:
    """As the user wrote it, as far as that goes."""
    if not glob.has_magic(location.path):
        return os.path.join(location.shown, os.path.basename(path))
    if os.path.isabs(location.shown):
        return path
    here = os.path.join(os.getcwd(), "")
    return path.removeprefix(here)


def _named(paths: Sequence[str]) -> str:
    return names((os.path.basename(path) for path in paths), 3)
