"""The bytes of one file, local or remote: found, hashed, and the same bytes at every reading."""

import difflib
import os
import stat
from typing import Any

from evalharness.outputs import digests
from evalharness.outputs.locations import Location
from evalharness.outputs.words import Refused, names, reason

Mark = tuple[int, ...]


class Content:
    """A local file stays on disk and is checked for changes; a remote one is fetched once."""

    def __init__(self, location: Location):
        self.location = location
        self._data: bytes | None = None
        self._mark: Mark = ()
        if location.path:
            self.size, self.digest = self._hash_local()
        else:
            self._data = _fetch(location)
            self.size, self.digest = len(self._data), digests.of_bytes(self._data)

    def handle(self) -> Any:
        """What a reader opens: the path, or the fetched bytes."""
        import pyarrow as pa

        if self._data is not None:
            return pa.BufferReader(self._data)
        self._check_unchanged()
        return self.location.path

    def read(self) -> bytes:
        """All bytes."""
        if self._data is not None:
            return self._data
        with open(self.location.path, "rb") as file:
            data = file.read()
        self._check_unchanged()
        return data

    def _hash_local(self) -> tuple[int, str]:
        path = self.location.path
        problem = ""
        try:
            found = os.stat(path)
            if stat.S_ISREG(found.st_mode):
                with open(path, "rb") as file:
                    self._mark = mark_of(found)
                    return found.st_size, digests.of_file(file)
            problem = f"it is a device or a pipe, not a file ({path}); write the table to a file"
        except FileNotFoundError:
            problem = _not_there(path)
        except NotADirectoryError:
            problem = f"there is no file at {path}: a part of the path is a file, not a folder"
        except PermissionError:
            problem = _not_allowed(path)
        except (OSError, ValueError) as error:
            problem = f"the file at {path} cannot be opened: {reason(error)}"
        raise Refused(problem)

    def _check_unchanged(self) -> None:
        try:
            same = mark_of(os.stat(self.location.path)) == self._mark
        except OSError:
            same = False
        if not same:
            raise Refused(
                f"the file at {self.location.path} was changed or removed while it was being "
                "evaluated; let nothing write to it meanwhile, and run again"
            )


def mark_of(found: os.stat_result) -> Mark:
    """What changes when a file does."""
    return found.st_size, found.st_mtime_ns, found.st_ino


def _not_there(path: str) -> str:
    if os.path.islink(path):
        return f"the link at {path} points to a file that is not there; mend the link"
    folder, name = os.path.split(path)
    problem = f"there is no file at {path}"
    try:
        known = sorted(os.listdir(folder))
    except FileNotFoundError:
        return f"{problem}, since the folder {folder} does not exist; correct the path"
    except OSError:
        return f"{problem}; correct the path"
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return f"{problem}; its folder has {names(close)}: correct the name"
    return f"{problem}; correct the path, or write the file first"


def _not_allowed(path: str) -> str:
    folders = [os.path.dirname(path)]
    while os.path.dirname(folders[-1]) != folders[-1]:
        folders.append(os.path.dirname(folders[-1]))
    shut = (f for f in reversed(folders) if not os.access(f, os.X_OK, effective_ids=_EFFECTIVE))
    closed = next(shut, path)
    return (
        f"no permission to read {path}: {closed} is closed to this user; give the user that runs "
        "the evaluation the right to read it (chmod, chown)"
    )


# Where the system can tell, ask for the user as whom files are opened.
_EFFECTIVE = os.access in os.supports_effective_ids


def _fetch(location: Location) -> bytes:
    import pyarrow as pa
    from pyarrow import fs

    try:
        system, path = fs.FileSystem.from_uri(location.uri)
        with system.open_input_file(path) as file:
            return file.read()
    except FileNotFoundError:
        said = "there is no file at this URL; correct it"
    except (pa.ArrowException, OSError, ValueError, ImportError) as error:
        text = reason(error).replace(location.uri, location.shown)
        said = f"the URL cannot be read ({text}); check its scheme, host and rights"
    raise Refused(said)
