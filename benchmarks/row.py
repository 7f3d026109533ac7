"""What a row of the table is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Data, Size
from benchmarks.sides import Peer, Prepare

# Ours takes at most 1 / 0.8 of the time of its twin in NumPy.
TWIN_AT_LEAST = 0.8


@dataclass(frozen=True)
class Row:
    """One line of the table.

    twin:      the same algebra in NumPy; None where there is none, or where the peer is that.
    at_least:  how many times faster than the peer ours must be; goal: what is aimed at.
    first:     the same for the first call of a process, of both sides, ours compiling; None where
               that is only shown.
    memory:    most megabytes of the whole process; None where it is only shown.
    seconds:   most seconds that ours may take; None where that is only shown.
    optional:  the row is left out where its peer is not installed; others then count as missed.
    rounds:    so many at most, where one takes long.
    in_part:   the twin runs the same part of the work as the peer.
    compiles:  whether the compile cache matters; where it does not, a first call is one process.
    """

    name: str
    work: str
    data: Callable[[Size, Path], Data]
    ours: Prepare
    twin: Prepare | None
    peer: Peer
    at_least: float
    goal: float
    first: float | None = None
    memory: float | None = None
    seconds: float | None = None
    optional: bool = False
    rounds: int | None = None
    in_part: bool = False
    compiles: bool = True
