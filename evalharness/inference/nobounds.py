"""What is said of a value that nothing bounds: it is shown, with the reason, and decides
nothing."""

from __future__ import annotations

import math


class NoBounds:
    """A value (nan where it is undefined) without bounds.

    ``reason``: why there are none; ``n``: the number of examples; ``beside``: what the value should
    be read beside.
    """

    shown = "none"

    def __init__(
        self, value: float, reason: str, n: int, unit: str = "examples", beside: str = ""
    ) -> None:
        self.value, self.reason, self.n, self.unit = float(value), reason, int(n), unit
        self.note, self.decides = beside, "none"

    def interval(self, confidence: float) -> tuple[float, float]:
        return -math.inf, math.inf

    def lower(self, alpha: float) -> float:
        return -math.inf

    def upper(self, alpha: float) -> float:
        return math.inf

    def settle(self, threshold: float, alpha: float, power: float = 0.8) -> int | None:
        return None
