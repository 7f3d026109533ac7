"""The permutation test of two models on the same examples: how often chance alone, swapping the two
on each example or not, makes as large a difference as the one that is there.

Under the hypothesis that the two are exchangeable on every example it is exact for any metric, with
p = (1 + replicates that are as large) / (1 + replicates), which is never 0 (Phipson & Smyth 2010).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.errors import DeclarationError
from evalharness.declare.plural import counted
from evalharness.inference.bootstrap import MOST, Source
from evalharness.inference.numbers import show

if TYPE_CHECKING:
    from evalharness.inference.estimates import Estimate

Floats = NDArray[np.float64]

LEAST = 100


@dataclass(frozen=True)
class Permutation:
    """Whether chance alone may have made a difference of two models.

    title:      of the difference; value: the difference.
    p_value:    two-sided: of differences at least as far from 0 on either side.
    p_greater:  one-sided: of differences at least as large; small where the first model is larger.
    p_less:     one-sided: of differences at most as large.
    values:     float64 (B,), of each replicate; NaN where it is 0/0, which counts as extreme.
    degenerate: how many of these there are.
    n, unit:    how many units are swapped or not, and what they are.
    """

    title: str
    value: float
    p_value: float
    p_greater: float
    p_less: float
    values: Floats = field(repr=False, compare=False)
    degenerate: int
    n: int
    unit: str

    @property
    def message(self) -> str:
        """The result in words."""
        text = (
            f"{self.title}: {show(self.value)} (p = {self.p_value:.4g} two-sided, by "
            f"{len(self.values):,} random swaps of the two models on {counted(self.n, self.unit)})"
        )
        lost = f"; {self.degenerate:,} swaps have no value, and count as extreme"
        return text + lost if self.degenerate else text

    def __repr__(self) -> str:
        return f"<{self.message}>"


def permutation(estimate: Estimate, source: Source, replicates: int) -> Permutation:
    """`Estimate.permutation`."""
    whole = isinstance(replicates, (int, np.integer)) and not isinstance(replicates, bool)
    if not whole or not LEAST <= replicates <= MOST:
        raise DeclarationError(
            f"permutation(): replicates={replicates!r} is not a whole number between {LEAST:,} and "
            f"{MOST:,}"
        )
    if source.swapped is None:
        raise DeclarationError(
            f"{estimate.title}: a permutation test is of the difference of two models: "
            "(a - b).permutation()"
        )
    values, observed = np.full(replicates, np.nan), math.nan
    if source.n:  # else no example weighs anything
        values, observed = source.swapped(replicates)
    lost = np.isnan(values)
    # Of equal differences the last digits may differ, by the order they are added up in.
    slack = 1e-10 * max(abs(observed), float(np.nanmax(np.abs(values), initial=0.0)))

    def share(extreme: NDArray[np.bool_]) -> float:
        return (1 + int((extreme | lost).sum())) / (1 + replicates)

    with np.errstate(invalid="ignore"):
        return Permutation(
            title=estimate.title,
            value=estimate.value,
            p_value=share(np.abs(values) >= abs(observed) - slack),
            p_greater=share(values >= observed - slack),
            p_less=share(values <= observed + slack),
            values=values,
            degenerate=int(lost.sum()),
            n=source.n,
            unit=source.unit,
        )
