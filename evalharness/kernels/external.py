"""A sort of more keys than fit into memory: sorted runs on disk, merged in one stream."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Keys that are sorted at a time: 32 MB of them.
RUN = 1 << 22
# Keys of all runs together that are merged at a time; more are slower, since they leave the cache.
MERGED = 1 << 18
LEAST_BLOCK = 1 << 12


class Sorter:
    """Takes keys of two classes in any order, and gives how many of each class have each key.

    A context: its temporary files go with it. Keys: unsigned integers, all of one width.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="evalharness-")
        self._waiting: tuple[list[Any], list[Any]] = ([], [])
        self._held = 0
        self._runs: list[_Run] = []

    def __enter__(self) -> Sorter:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add(self, negatives: Any, positives: Any) -> None:
        """Some more keys of either class."""
        for waiting, keys in zip(self._waiting, (negatives, positives), strict=True):
            waiting.append(keys)
            self._held += len(keys)
        if self._held >= RUN:
            self._write()

    def merged(self) -> Iterator[tuple[Any, Any]]:
        """(negatives, positives) by distinct key, ascending, piece by piece."""
        import numpy as np

        self._write()
        block = max(LEAST_BLOCK, MERGED // max(len(self._runs), 1))
        runs = [run for run in self._runs if run.more(block)]
        # The last key of a piece may go on in the next one.
        none = np.zeros(0, self._runs[0].held.dtype if self._runs else np.uint64)
        last: tuple[Any, Any] = (none, np.zeros((0, 2), np.int64))
        while runs:
            limit = min(run.held[-1] for run in runs)
            taken: tuple[list[Any], list[Any]] = ([], [])
            for run in runs:
                taken[run.label].append(run.take(limit))
            runs = [run for run in runs if run.more(block)]
            keys, counts = _counted([np.concatenate([*part, none]) for part in taken])
            if len(last[0]) and len(keys) and last[0][0] == keys[0]:
                counts[0] += last[1][0]
            elif len(last[0]):
                counts = np.concatenate([last[1], counts])
            last = keys[-1:], counts[-1:]
            yield counts[:-1, 0], counts[:-1, 1]
        yield last[1][:, 0], last[1][:, 1]

    def _write(self) -> None:
        import numpy as np

        for label, waiting in enumerate(self._waiting):
            some = [keys for keys in waiting if len(keys)]
            waiting.clear()
            if some:
                path = Path(self._folder.name) / f"{len(self._runs)}"
                keys = np.sort(np.concatenate(some))
                keys.tofile(path)
                self._runs.append(_Run(path, label, len(keys), keys.dtype))
        self._held = 0


class _Run:
    """Sorted keys in a file, of which the next ones are `held`."""

    def __init__(self, path: Path, label: int, size: int, kind: Any) -> None:
        import numpy as np

        self.label = label
        self._path, self._size, self._read = path, size, 0
        self.held: Any = np.zeros(0, kind)

    def more(self, block: int) -> bool:
        """Hold so many keys, or all that are left; whether there are any."""
        import numpy as np

        wanted = min(block - len(self.held), self._size - self._read)
        if wanted > 0:
            kind = self.held.dtype
            at = kind.itemsize * self._read
            next_ones = np.fromfile(self._path, kind, wanted, offset=at)
            self._read += wanted
            self.held = np.concatenate([self.held, next_ones])
        return len(self.held) > 0

    def take(self, limit: Any) -> Any:
        """The held keys up to a limit, which are no longer held."""
        import numpy as np

        end = int(np.searchsorted(self.held, limit, side="right"))
        taken, self.held = self.held[:end], self.held[end:]
        return taken


def _counted(parts: list[Any]) -> tuple[Any, Any]:
    """Distinct keys of both parts, ascending, and how often each occurs in either: (k, 2)."""
    import numpy as np

    keys = np.unique(np.concatenate(parts))
    counts = np.zeros((len(keys), 2), np.int64)
    for label, part in enumerate(parts):
        found, times = np.unique(part, return_counts=True)
        counts[np.searchsorted(keys, found), label] = times
    return keys, counts
