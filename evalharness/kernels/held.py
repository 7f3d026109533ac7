"""What is added up where it lies from batch to batch, because it is too large to be fetched from a
device after each."""

from __future__ import annotations

from typing import Any

from evalharness.kernels.backend import fetched
from evalharness.kernels.passes import bucket


class Held:
    """Sums (groups, width) of a dtype of 64 bits.

    Batches come with more and more groups; each takes the state and keeps the new one.
    """

    def __init__(self, dtype: Any) -> None:
        self._dtype = dtype
        self._state: Any = None
        self._whole: Any = None
        self._shape = (0, 0)
        self._groups = 0

    def taken(self, rows: int, groups: int, width: int) -> Any:
        """The state that a batch of so many rows is added to; it is used up by that."""
        import numpy as np

        shape = (bucket(rows, groups), width)
        if shape != self._shape:
            self._fetch()
        self._shape, self._groups = shape, groups
        if self._state is None:
            self._state = np.zeros(shape[0] * width, self._dtype)
        return self._state

    def keep(self, state: Any) -> None:
        """What the batch made of it."""
        self._state = state

    @property
    def whole(self) -> Any:
        """(groups, width) of all batches."""
        self._fetch()
        self._whole = longer(self._whole, self._groups)
        return self._whole

    @whole.setter
    def whole(self, found: Any) -> None:
        self._whole = found

    def _fetch(self) -> None:
        import numpy as np

        if self._state is None:
            return
        new = np.asarray(fetched(self._state)).reshape(self._shape)[: self._groups]
        self._whole = new if self._whole is None else longer(self._whole, len(new)) + new
        self._state = None


def longer(x: Any, groups: int) -> Any:
    """An array with room for more groups, which are empty; None of None."""
    import numpy as np

    if x is None or len(x) >= groups:
        return x
    return np.concatenate([x, np.zeros((groups - len(x), *x.shape[1:]), x.dtype)])
