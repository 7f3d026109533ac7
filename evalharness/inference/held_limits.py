"""Bounds that were written down at a few levels, of an estimate whose examples are not there."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalharness.inference.bounds import settle_by_root


class HeldBounds:
    """An estimate's limits at the error levels at which they were asked for while the examples
    were there.

    ``levels``, ``lowers``, ``uppers``: (k,) error levels with the one-sided deciding bounds at
    each. A bound at any other level is that at the next smaller level that is held, which is
    farther away and so holds too; below the smallest there is none, -inf or inf. ``shown_at``: the
    confidence of the interval ``low`` to ``high``.
    """

    def __init__(
        self,
        value: float,
        n: int,
        words: tuple[str, str, str, str],
        interval: tuple[float, float, float],
        levels: Sequence[float],
        lowers: Sequence[float],
        uppers: Sequence[float],
        closed: bool = False,
        note: str = "",
    ) -> None:
        self.value, self.n, self.closed, self.note = float(value), int(n), closed, note
        self.unit, self.shown, self.decides, self.reason = words
        self._interval = interval
        held = zip(levels, lowers, uppers, strict=True)
        self._held = sorted((float(a), float(low), float(up)) for a, low, up in held)

    def _at(self, alpha: float) -> tuple[float, float]:
        # 1 - 0.95 and 0.05 are one level.
        found = [limits for level, *limits in self._held if level <= alpha * (1 + 1e-9)]
        return (found[-1][0], found[-1][1]) if found else (-math.inf, math.inf)

    def interval(self, confidence: float) -> tuple[float, float]:
        shown_at, low, high = self._interval
        if math.isclose(confidence, shown_at):
            return low, high
        return self._at((1 - confidence) / 2)

    def lower(self, alpha: float) -> float:
        return self._at(alpha)[0]

    def upper(self, alpha: float) -> float:
        return self._at(alpha)[1]

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        if not all(map(math.isfinite, self._at(alpha))):
            return None
        return settle_by_root(self, threshold, alpha, power)
