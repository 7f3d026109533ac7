"""Estimates and verdicts of many slices: arrays, and an object only where one is asked for."""

from __future__ import annotations

import abc
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from evalharness.inference.bounds import Bounds
from evalharness.inference.estimates import Estimate, estimate
from evalharness.inference.slices import Slices
from evalharness.inference.verdicts import COMPARE, EXACT, FAIL, INCONCLUSIVE, PASS, Verdict, decide

# Of more slices than this only the worst says how many examples would settle it.
FORECAST = 100


class _Many(Sequence[Any]):
    """A sequence that makes each of its items once; equal to a tuple or list of the same ones."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    @abc.abstractmethod
    def _make(self, g: int) -> Any: ...

    def __getitem__(self, g: Any) -> Any:
        if isinstance(g, slice):
            return tuple(self[i] for i in range(*g.indices(len(self))))
        place = range(len(self))[g]
        if place not in self._made:
            self._made[place] = self._make(place)
        return self._made[place]

    def __iter__(self) -> Iterator[Any]:
        return (self[g] for g in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


class Words(NamedTuple):
    """What bounds say of themselves."""

    unit: str
    shown: str
    decides: str
    reason: str

    @classmethod
    def of(cls, bounds: Bounds) -> Words:
        return cls(bounds.unit, bounds.shown, bounds.decides, bounds.reason)


class _OfSlice:
    """The bounds of one slice, made where more of them is asked for than the arrays hold."""

    def __init__(self, slices: Any, g: int, words: Words) -> None:
        self._slices, self._g = slices, g
        self.value, self.n, self.closed = float(slices.value[g]), int(slices.n[g]), slices.closed
        self.unit, self.shown, self.decides, self.reason = words

    @cached_property
    def _one(self) -> Bounds:
        return self._slices.one(self._g)

    def interval(self, confidence: float) -> tuple[float, float]:
        return self._one.interval(confidence)

    def lower(self, alpha: float) -> float:
        return self._one.lower(alpha)

    def upper(self, alpha: float) -> float:
        return self._one.upper(alpha)

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return self._one.settle(threshold, alpha, power)


class Estimates(_Many, Sequence[Estimate]):
    """The estimate of each slice.

    slices: their bounds; names: of the slices; place: metric, model and split; again: (slice, name)
    → what the estimate can be drawn again from. The arrays have the names of the fields of
    `Estimate`, (G,) each; bounds that nobody asks for are not computed.
    """

    def __init__(
        self,
        slices: Slices,
        confidence: float,
        names: Sequence[str],
        place: dict[str, str],
        again: Callable[[int, str], Any] | None = None,
    ) -> None:
        super().__init__()
        self.slices, self.confidence, self.names, self.place = slices, confidence, names, place
        self._again = again
        self._own: dict[int, Words] | None = None  # of slices that speak for themselves, when alone
        self.value, self.n = slices.value, slices.n

    @cached_property
    def alone(self) -> Estimates:
        """The same numbers and words, without the examples that they were made of."""
        _ = self.low, self.at_least, self.at_most, self._speakers
        found, slices = copy.copy(self), self.slices
        found._again, found._made = None, {}
        found._own = {g: self._words(g) for g in np.flatnonzero(slices.kinds < 0).tolist()}
        kept: Any = SimpleNamespace(
            value=slices.value, n=slices.n, closed=slices.closed, kinds=slices.kinds
        )
        found.slices = kept
        return found

    @cached_property
    def _interval(self) -> tuple[Any, Any]:
        return self.slices.interval(self.confidence)

    @property
    def low(self) -> Any:
        return self._interval[0]

    @property
    def high(self) -> Any:
        return self._interval[1]

    @cached_property
    def at_least(self) -> Any:
        return self.slices.lower(1 - self.confidence)

    @cached_property
    def at_most(self) -> Any:
        return self.slices.upper(1 - self.confidence)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def _speakers(self) -> dict[int, Words]:
        """Of each kind of slices the words of one, which are those of all."""
        kinds, first = np.unique(self.slices.kinds, return_index=True)
        pairs = zip(kinds.tolist(), first.tolist(), strict=True)
        return {kind: Words.of(self.slices.one(g)) for kind, g in pairs if kind >= 0}

    def _words(self, g: int) -> Words:
        kind = int(self.slices.kinds[g])
        if kind >= 0:
            return self._speakers[kind]
        return Words.of(self.slices.one(g)) if self._own is None else self._own[g]

    def _make(self, g: int) -> Estimate:
        bounds, name = _OfSlice(self.slices, g, self._words(g)), self.names[g]
        again = None if self._again is None else partial(self._again, g, name)
        limits = [x[g] for x in (self.low, self.high, self.at_least, self.at_most)]
        found = estimate(
            bounds, self.confidence, limits=limits, slice=name, _resample=again, **self.place
        )
        return found if self._own is None else found.alone


class Verdicts(_Many, Sequence[Verdict]):
    """The verdict of each slice about one threshold.

    levels: (G,) at which each would be stated to fail. outcomes: (G,) of them, as words.
    """

    def __init__(
        self, found: Estimates, op: str, threshold: float, family: int, levels: Any, policy: str
    ) -> None:
        super().__init__()
        self._found, self._op, self._threshold = found, op, threshold
        self._family, self._levels, self._policy = family, levels, policy
        self.outcomes = outcomes(found, op, threshold, levels, policy)

    def __len__(self) -> int:
        return len(self._found)

    def _make(self, g: int) -> Verdict:
        return decide(
            self._found[g],
            self._op,
            self._threshold,
            family=self._family,
            fail_level=float(self._levels[g]),
            opposite=float(self._opposite[g]),
            policy=self._policy,
            forecast=len(self) <= FORECAST or g == self._worst,
        )

    @cached_property
    def _opposite(self) -> Any:
        """(G,) the bound on the failing side of each slice, at the level of that slice. There are
        few levels: Holm proves many slices at once."""
        slices, levels = self._found.slices, np.asarray(self._levels, float)
        limit = slices.upper if self._op in (">=", ">") else slices.lower
        found = np.empty(len(self))
        for level in np.unique(levels):
            found[levels == level] = limit(level)[levels == level]
        return found

    @property
    def alone(self) -> Verdicts:
        """The same, of such estimates. What would settle a verdict is asked of its bounds now."""
        _, few = self._opposite, len(self) <= FORECAST
        found = copy.copy(self)
        found._found = self._found.alone
        found._made = {
            g: replace(self[g], estimate=self[g].estimate.alone)
            for g in (range(len(self)) if few else [self._worst])
        }
        return found

    @property
    def worst(self) -> Verdict:
        """The first of the worst outcome whose limit is nearest to failing."""
        return self[self._worst]

    @property
    def found(self) -> Estimates:
        """The estimates that the verdicts are about."""
        return self._found

    @cached_property
    def _worst(self) -> int:
        upward = self._op in (">=", ">")
        limit = self._found.at_least if upward else -self._found.at_most
        limit = np.where(np.isnan(limit), -np.inf, limit)
        order = np.select([self.outcomes == FAIL, self.outcomes == INCONCLUSIVE], [0, 1], 2)
        return int(np.lexsort((limit, order))[0])


def outcomes(found: Estimates, op: str, threshold: float, levels: Any, policy: str) -> Any:
    """(G,) words: what `decide` says of each, for one level of a fail or for (G,) of them."""
    none = np.isnan(found.value)
    with np.errstate(invalid="ignore"):
        if policy in ("point", EXACT):
            met: Any = COMPARE[op](found.value, threshold)  # type: ignore[arg-type]
            return np.select([none, met], [INCONCLUSIVE, PASS], FAIL)
        upward = op in (">=", ">")
        if upward:
            passed, failed = found.at_least > threshold, found.at_most < threshold
        else:
            passed, failed = found.at_most < threshold, found.at_least > threshold
        if found.slices.closed and op in (">=", "<="):
            passed |= (found.at_least if upward else found.at_most) == threshold
        failed = failed & ~passed
        # What is not beyond the threshold at the whole level is not at a smaller share of it.
        level = np.broadcast_to(np.asarray(levels, float), failed.shape)
        for share in np.unique(level[failed]):
            limit = found.slices.upper(share) if upward else found.slices.lower(share)
            beyond = limit < threshold if upward else limit > threshold
            failed = failed & (beyond | (level != share))
    return np.select([none, passed, failed], [INCONCLUSIVE, PASS, FAIL], INCONCLUSIVE)
