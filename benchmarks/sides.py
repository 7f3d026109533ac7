"""A side of a row: something that computes the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.data import Data, Size

# Key of a resampled metric's replicates, which agree in distribution only.
REPLICATES = "replicates"


def _same(found: Any) -> Any:
    return found


@dataclass(frozen=True)
class Side:
    """call: what is timed. read: its values by name, not timed; a float, or one for each slice."""

    call: Callable[[], Any]
    read: Callable[[Any], Mapping[str, Any]] = _same


Prepare = Callable[[Data, Size], Side]


@dataclass(frozen=True)
class Peer:
    """What users call instead.

    name:   as the table shows it.
    needs:  the package without which there is no such peer.
    part:   1/part of the work is run in every round, and its time multiplied: "" or what it is.
    whole:  the same over all the work, run once.
    within: how far its values may lie from ours, where not 1e-6 (float32 inside).
    """

    name: str
    needs: str
    prepare: Prepare
    part: int = 1
    whole: Prepare | None = None
    within: float = 1e-6

    @property
    def there(self) -> bool:
        return find_spec(self.needs) is not None


class Disagreement(AssertionError):
    """Two sides of a row do not compute the same."""


def agree(row: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], within: float) -> None:
    """Raise where values of the same name differ by more than `within` (relative above 1).

    A side that did only the first slices is compared on these. Replicates of a bootstrap are held
    to five standard errors of their mean and of their standard deviation.
    """
    shared = [name for name in theirs if name in ours]
    if not shared:
        raise Disagreement(f"{row}: nothing to compare: {sorted(ours)} and {sorted(theirs)}")
    for name in shared:
        a, b = np.atleast_1d(np.asarray(ours[name], float)), np.atleast_1d(theirs[name])
        if name == REPLICATES:
            alike(row, a, b)
            continue
        a = a[: len(b)]
        if a.shape != b.shape or not (np.abs(a - b) <= within * np.maximum(1, np.abs(b))).all():
            raise Disagreement(f"{row}: {name} is {a[:5]} here and {b[:5]} there")


def alike(row: str, a: Any, b: Any) -> None:
    spread = max(a.std(ddof=1), b.std(ddof=1))
    error = np.sqrt(1 / len(a) + 1 / len(b))
    if abs(a.mean() - b.mean()) > 5 * spread * error:
        raise Disagreement(f"{row}: replicates lie around {a.mean()} here and {b.mean()} there")
    if abs(np.log(a.std(ddof=1) / b.std(ddof=1))) > 5 * error / np.sqrt(2):
        raise Disagreement(f"{row}: replicates spread {a.std(ddof=1)} here, {b.std(ddof=1)} there")
