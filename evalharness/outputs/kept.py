"""Some of the rows of a split, as a split of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalharness.outputs import memory

if TYPE_CHECKING:
    from evalharness.outputs.split import Split


class _Kept:
    """A source (outputs/files.py) of those rows of another for which a mask (n,) is true."""

    def __init__(self, source: Any, mask: Any):
        self.names, self.n, self.digest = source.names, int(mask.sum()), source.digest
        self._source, self._mask = source, memory.from_numpy(mask)

    def read(self, name: str) -> Any:
        return self._source.read(name).filter(self._mask)


def kept_rows(split: Split, mask: Any) -> Split:
    """The split of those rows for which a mask, bool (n,), is true."""
    from evalharness.outputs.split import Split

    source: Any = _Kept(split._source, mask)
    return Split(source, split.options, split.name, split.model, split.where)
