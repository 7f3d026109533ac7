"""What is worked out once and kept, and how its problems are told."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.outputs.words import Absent, Refused, short

T = TypeVar("T")


class Keeper:
    """Keeps what was asked for; `where` stands before every problem, but `table` before what is
    wrong with the columns."""

    def __init__(self, where: str):
        self.where = self.table = where
        self._kept: dict[Any, Any] = {}

    def _keep(self, key: tuple[Any, ...], compute: Callable[[], T]) -> T:
        try:
            if key in self._kept:
                return self._kept[key]
        except TypeError:
            raise OutputsError(
                [f"{self.where}: {short(key[-1])} cannot be a value; give text or a number"]
            ) from None
        found = self._guard(compute)
        for array in found if isinstance(found, tuple) else (found,):
            if isinstance(array, np.ndarray):
                array.setflags(write=False)
        self._kept[key] = found
        return found

    def _guard(self, compute: Callable[[], T]) -> T:
        try:
            return compute()
        except Refused as refused:
            problems = refused.problems
            where = self.table if isinstance(refused, Absent) else self.where
        # Outside of the handler, so that the error carries no other error with it.
        raise OutputsError(f"{where}: {problem}" for problem in problems)
