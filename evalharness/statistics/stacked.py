"""The tables of all groups at once: arrays until someone asks for the table of one group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


class _Tables(Sequence[Any]):
    """A sequence of tables; equal to a list of the same ones."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[Any]:
        return (self[g] for g in range(len(self)))


class Stacked(_Tables):
    """Tables whose numbers are as many in every group.

    whole: a named tuple of arrays whose first axis is the group: `Cells` of (G,), or of
           (G, classes) for an average. `tables[g]` has numbers, or (classes,) arrays.
    plain: whether these are Python's numbers, of which 5/0 is an error and not infinite; NumPy's
           overflow to infinity instead.
    """

    def __init__(self, whole: Any, plain: bool = False) -> None:
        self.whole, self.plain = whole, plain

    def __len__(self) -> int:
        return len(self.whole[0])

    def __getitem__(self, g: Any) -> Any:
        plain = self.plain and self.whole[0].ndim == 1
        return type(self.whole)(*(x[g].item() if plain else x[g] for x in self.whole))


class Ragged(_Tables):
    """Tables of rows, more of them in one group than in another.

    whole: a named tuple of arrays, the rows of all groups one after another; ends: int (G+1,),
    where each group's begin, and the end.
    """

    def __init__(self, whole: Any, ends: Any) -> None:
        self.whole, self.ends = whole, ends

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, g: Any) -> Any:
        a, b = self.ends[g], self.ends[g + 1]
        return type(self.whole)(*(x[a:b] for x in self.whole))
