"""The bootstrap of an estimate: how its value varies when the sample is drawn again.

It is an analysis that a user asks for, and does not replace the bounds that decide: where errors
are few it takes for certain what was not seen (a share of 100 of 100 resamples to itself). What it
cannot tell it says: replicates without a value are counted, above 1 % of them the interval is the
metric's whole range, and so it is where the replicates are all alike.

Sources: Efron 1979 (percentile), Efron 1987 (BCa), Chamandy et al. 2012 (Poisson weights).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.errors import DeclarationError, did_you_mean
from evalharness.declare.plural import counted
from evalharness.inference.bca import acceleration, alike_to_rounding, bca_levels, bias
from evalharness.inference.numbers import percent, show

if TYPE_CHECKING:
    from evalharness.inference.estimates import Estimate

Floats = NDArray[np.float64]

METHODS = ("percentile", "bca")
# Above this share of replicates without a value, what the others say is about other data.
MOST_DEGENERATE = 0.01
LEAST, MOST = 100, 1_000_000


@dataclass(frozen=True)
class Source:
    """What an estimate can be drawn again from.

    n, unit:    how many units are drawn, and what they are, in the plural.
    range:      least and greatest value.
    values:     (replicates, column of the strata or "") → (replicates,) values, NaN where none.
    influences: () → (units,) what each unit adds to the value.
    swapped:    of a difference of two models: (replicates) → its values when they are swapped unit
                by unit, or not, by the toss of a coin; and the difference itself. Else None.
    """

    n: int
    unit: str
    range: tuple[float, float]
    values: Callable[[int, str], Floats]
    influences: Callable[[], Floats]
    swapped: Callable[[int], tuple[Floats, float]] | None = None


@dataclass(frozen=True)
class Bootstrap:
    """The values of an estimate on samples drawn again, and the interval that they give.

    title:      of the estimate: `f1 on test`.
    value:      the estimate's own.
    values:     float64 (B,), of each replicate; NaN where it is 0/0.
    low, high:  two-sided interval at `confidence` by `method`; the metric's range where the
                replicates do not tell, and `reason` says why.
    degenerate: how many replicates have no value.
    n, unit:    how many units are drawn, and what they are ("examples", "clusters").
    stratified: the column whose values keep their numbers, or "".
    """

    title: str
    value: float
    values: Floats = field(repr=False, compare=False)
    low: float
    high: float
    confidence: float
    method: str
    degenerate: int
    n: int
    unit: str
    stratified: str = ""
    reason: str = ""

    @property
    def error(self) -> float:
        """Standard deviation of the replicates that have a value; NaN with fewer than two."""
        known = self.values[np.isfinite(self.values)]
        return float(known.std(ddof=1)) if len(known) > 1 else math.nan

    @property
    def message(self) -> str:
        """The result in words."""
        name = {"percentile": "percentiles", "bca": "BCa"}[self.method]
        within = f" within each {self.stratified}" if self.stratified else ""
        drawn = f"{name} of {len(self.values):,} resamples of {counted(self.n, self.unit)}{within}"
        text = (
            f"{self.title}: {show(self.value)} ({percent(self.confidence)} bootstrap interval "
            f"{show(self.low)} to {show(self.high)}; {drawn})"
        )
        if self.degenerate:
            text += f"; {self.degenerate:,} of them have no value"
        return f"{text}; {self.reason}" if self.reason else text

    def __repr__(self) -> str:
        return f"<{self.message}>"


def bootstrap(
    estimate: Estimate,
    source: Source,
    replicates: int,
    method: str,
    stratify: str | None,
    confidence: float | None,
) -> Bootstrap:
    """`Estimate.bootstrap`."""
    level = estimate.confidence if confidence is None else confidence
    _check(replicates, method, stratify, level)
    column = stratify or ""
    # Where no example weighs anything, there is nothing to draw.
    values = source.values(replicates, column) if source.n else np.full(replicates, np.nan)
    known = np.sort(values[np.isfinite(values)])
    lost = replicates - len(known)
    reason = _unknown(known, lost, replicates, source)
    low, high = source.range
    if not reason:
        levels = (1 - level) / 2, (1 + level) / 2
        if method == "bca":
            influences = np.asarray(source.influences(), float)
            levels = bca_levels(
                (1 - level) / 2, bias(known, estimate.value), acceleration(influences)
            )
        found = [float(x) for x in np.quantile(known, levels)]
        if found[0] < found[1]:
            low, high = found
        else:
            reason = (
                f"nearly all resamples are {show(found[0])}, so they do not tell how much it varies"
            )
    return Bootstrap(
        title=estimate.title,
        value=estimate.value,
        values=values,
        low=low,
        high=high,
        confidence=level,
        method=method,
        degenerate=lost,
        n=source.n,
        unit=source.unit,
        stratified=column,
        reason=reason,
    )


def _unknown(known: Floats, lost: int, replicates: int, source: Source) -> str:
    """Why the replicates give no interval, or ""."""
    if lost > MOST_DEGENERATE * replicates:
        return (
            f"more than {percent(MOST_DEGENERATE)} of the resamples have no value (0/0), so the "
            "others are about other data"
        )
    if alike_to_rounding(known, source.range):
        alike = "" if known[0] == known[-1] else " to 12 digits"
        return (
            f"all resamples of {counted(source.n, source.unit)} are {show(float(known[0]))}{alike}"
            ", so they do not tell how much it varies"
        )
    return ""


def _check(replicates: Any, method: Any, stratify: Any, confidence: Any) -> None:
    problems = []
    if not isinstance(replicates, (int, np.integer)) or isinstance(replicates, bool):
        problems.append(f"replicates={replicates!r} is not a whole number")
    elif not LEAST <= replicates <= MOST:
        problems.append(f"replicates={replicates!r}: between {LEAST:,} and {MOST:,} are drawn")
    if method not in METHODS:
        known = " and ".join(map(repr, METHODS))
        problems.append(f"method={method!r}{did_you_mean(str(method), METHODS)}: there are {known}")
    if stratify is not None and (not isinstance(stratify, str) or not stratify):
        problems.append(
            f'stratify={stratify!r} is not the name of a column, such as "label"; leave it out to '
            "draw from all alike"
        )
    number = isinstance(confidence, (int, float)) and not isinstance(confidence, bool)
    if not number or not 0 < confidence < 1:
        problems.append(f"confidence={confidence!r} lies between 0 and 1, both excluded")
    if problems:
        raise DeclarationError(f"bootstrap(): {'; '.join(problems)}")
