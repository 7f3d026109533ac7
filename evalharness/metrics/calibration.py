"""Metrics of probabilities: whether what is said to happen in 8 of 10 cases does.

Symbols: w_b the share of the entries in bin b, n_b their number, p_b their mean probability, y_b
their share of hits. `of="top"` looks at the largest probability of each row, `of="class"` at those
of every class against the rest, `of="positive"` at the positive class's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from evalharness.declare.errors import DeclarationError
from evalharness.declare.forms import Unbounded, Undefined
from evalharness.declare.metric import metric
from evalharness.statistics.confidence import (
    Bins,
    Confidences,
    ConfidenceTable,
    binned,
    equal_mass,
    equal_width,
)

NOTHING = "0/0: there are no examples"
WHY = "the parts of the Brier score are reported to be read together; bound brier_score instead"
CHANCE = (
    "chance alone makes it positive, so it is reported and never gates: bound calibration_error "
    "instead"
)


@dataclass(frozen=True)
class CalibrationError:
    """The debiased root mean square gap between probabilities and hit rates.

    `table`: a `ConfidenceTable`; `at` (k,): the bin of each of its rows, from 0 on; `value`: the
    metric, where every entry counts alike and is a unit.
    """

    table: ConfidenceTable
    at: Any
    value: float


@metric(Confidences(), better="lower", range=(0, 1))
def calibration_error(table: ConfidenceTable, *, bins: int = 15) -> CalibrationError | Undefined:
    """Root mean square gap between probabilities and hit rates, less what chance alone would show.

    √max(0, Σ w_b [(y_b − p_b)² − y_b(1 − y_b)/(n_b − 1)]) over `bins` bins with equally many
    entries (Kumar, Liang & Ma 2019); equal probabilities stay together; a bin of one entry adds
    nothing. Of `of="class"` the mean is over all bins of all classes. With weights or clusters the
    variance that the units show takes the place of y_b(1 − y_b)/(n_b − 1). Unlike plain ECE it does
    not report an error that is not there. Bounded from 10 units a bin on: 150 for 15 bins.

    >>> import numpy as np
    >>> certain = ConfidenceTable(np.zeros(1), np.ones(1), np.array([1]), np.array([9]))
    >>> round(calibration_error.value(certain), 6)  # √(0.1² − 0.1 · 0.9/9)
    0.0
    >>> half = ConfidenceTable(np.zeros(1), np.array([0.5]), np.array([0]), np.array([10]))
    >>> calibration_error.value(half)
    0.5
    """
    at = equal_mass(table, _bins(bins))
    parts = binned(table, at)
    if not parts.n.sum() > 0:
        return Undefined(NOTHING)
    return CalibrationError(table, at, math.sqrt(max(0.0, debiased_square(parts))))


def debiased_square(parts: Bins) -> float:
    """Σ w_b [(y_b − p_b)² − y_b(1 − y_b)/(n_b − 1)]; may be negative."""
    import numpy as np

    several = parts.n > 1
    chance = parts.hits * (1 - parts.hits) / np.where(several, parts.n - 1, 1.0)
    squares = np.where(several, (parts.hits - parts.probability) ** 2 - chance, 0.0)
    return float(parts.n @ squares / parts.n.sum())


@metric(Confidences(), better="lower", range=(0, 1), report_only=CHANCE)
def expected_calibration_error(table: ConfidenceTable, *, bins: int = 15) -> Unbounded | Undefined:
    """Mean gap between probabilities and hit rates, beside what perfect probabilities would show.

    Σ w_b |y_b − p_b| over `bins` equally wide bins with their upper ends (Naeini et al. 2015; Guo
    et al. 2017). Chance alone makes it positive, the more so the fewer examples there are: nothing
    bounds it, and it never gates. It is told with its mean where every y is drawn by its p (weights
    taken for repeats). To gate, use `calibration_error`.

    >>> import numpy as np
    >>> fair = ConfidenceTable(np.zeros(1), np.array([0.5]), np.array([4]), np.array([6]))
    >>> round(expected_calibration_error.value(fair), 6)
    0.1
    """
    at = equal_width(table, _bins(bins))
    parts = binned(table, at)
    if not parts.n.sum() > 0:
        return Undefined(NOTHING)
    value = float(parts.n @ abs(parts.hits - parts.probability) / parts.n.sum())
    return Unbounded(
        value,
        CHANCE,
        f"perfectly calibrated probabilities would show {chance_error(table, at):.3g} on average",
    )


def chance_error(table: ConfidenceTable, at: Any) -> float:
    """Mean of Σ w_b |y_b − p_b| when every hit is drawn by its probability.

    Of hits that are Binomial(n, p) it is known: E|y − p| = 2 p(1 − p) P(Binomial(n − 1, p) = ⌊np⌋)
    (de Moivre 1730). A bin's probabilities differ a little: it is taken at their mean, and brought
    to their variance.
    """
    import numpy as np
    from scipy.special import gammaln, xlog1py, xlogy

    parts = binned(table, at)
    counts = np.asarray(table.misses + table.hits, float)
    spread = counts * table.probability * (1 - table.probability)
    variance = np.bincount(at, spread, len(parts.n))
    n, p = np.maximum(parts.n, 1.0), parts.probability
    m = np.minimum(np.floor(n * p * (1 + 1e-12)), n - 1)
    log = gammaln(n) - gammaln(m + 1) - gammaln(n - m) + xlogy(m, p) + xlog1py(n - 1 - m, -p)
    whole = n * p * (1 - p)
    share = np.divide(variance, whole, out=np.zeros_like(whole), where=whole > 0)
    mean = 2 * p * (1 - p) * np.exp(log) * np.sqrt(share)
    return float(parts.n @ mean / parts.n.sum())


@metric(Confidences(of="class"), better="lower", range=(-2, 2), report_only=WHY)
def brier_reliability(
    table: ConfidenceTable, *, bins: int = 15, debias: bool = True
) -> Unbounded | Undefined:
    """The part of the Brier score that miscalibration costs: Σ w_b (y_b − p_b)².

    Brier score = reliability − resolution + uncertainty (Murphy 1973), exactly so where all entries
    of a bin have one probability. Two classes: of the positive one; more: summed over them. Bins as
    in `calibration_error`. `debias`: less the share that chance alone adds, Σ w_b y_b(1 − y_b)/(n_b
    − 1) (Ferro & Fricker 2012); it may then be negative. Report only.

    >>> import numpy as np
    >>> fair = ConfidenceTable(np.zeros(1), np.array([0.5]), np.array([4]), np.array([6]))
    >>> round(brier_reliability(debias=False).value(fair), 6)
    0.01
    """
    return _part(_murphy(table, bins, debias), 0)


@metric(Confidences(of="class"), better="higher", range=(-2, 2), report_only=WHY)
def brier_resolution(
    table: ConfidenceTable, *, bins: int = 15, debias: bool = True
) -> Unbounded | Undefined:
    """The part of the Brier score that telling cases apart gains: Σ w_b (y_b − y)².

    y: the share of hits among all. With `debias` less Σ w_b y_b(1 − y_b)/(n_b − 1), plus
    y(1 − y)/(n − 1). See `brier_reliability`. Report only.

    >>> import numpy as np
    >>> told = ConfidenceTable(
    ...     np.zeros(2), np.array([0.1, 0.9]), np.array([5, 0]), np.array([0, 5])
    ... )
    >>> round(brier_resolution(debias=False).value(told), 6)
    0.25
    """
    return _part(_murphy(table, bins, debias), 1)


@metric(Confidences(of="class"), range=(0, 2), report_only=WHY)
def brier_uncertainty(
    table: ConfidenceTable, *, bins: int = 15, debias: bool = True
) -> Unbounded | Undefined:
    """The part of the Brier score that lies in the labels: y(1 − y), y their share of hits.

    With `debias` y(1 − y)·n/(n − 1). See `brier_reliability`. Report only.

    >>> import numpy as np
    >>> fair = ConfidenceTable(np.zeros(1), np.array([0.5]), np.array([4]), np.array([6]))
    >>> round(brier_uncertainty(debias=False).value(fair), 6)
    0.24
    """
    return _part(_murphy(table, bins, debias), 2)


def _murphy(table: ConfidenceTable, bins: int, debias: bool) -> tuple[float, float, float] | None:
    """Reliability, resolution and uncertainty; None without examples."""
    import numpy as np

    if not isinstance(debias, bool):
        raise DeclarationError(f"debias={debias!r} is neither True nor False")
    parts = binned(table, equal_mass(table, _bins(bins)))
    if not parts.n.sum() > 0:
        return None
    sizes = np.bincount(parts.group, parts.n)
    share = parts.n / sizes[parts.group]
    mean = np.bincount(parts.group, share * parts.hits)
    reliability = share @ (parts.hits - parts.probability) ** 2
    resolution = share @ (parts.hits - mean[parts.group]) ** 2
    uncertainty = (mean * (1 - mean)).sum()
    if debias:
        several = parts.n > 1
        chance = parts.hits * (1 - parts.hits) / np.where(several, parts.n - 1, 1.0)
        of_bins = float(share @ np.where(several, chance, 0.0))
        of_all = float((mean * (1 - mean) / np.where(sizes > 1, sizes - 1, np.inf)).sum())
        reliability, resolution = reliability - of_bins, resolution - of_bins + of_all
        uncertainty += of_all
    # Of two classes both say the same.
    halves = 2.0 if len(sizes) == 2 else 1.0
    return float(reliability) / halves, float(resolution) / halves, float(uncertainty) / halves


def _part(found: tuple[float, float, float] | None, place: int) -> Unbounded | Undefined:
    return Undefined(NOTHING) if found is None else Unbounded(found[place], WHY)


def _bins(bins: Any) -> int:
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise DeclarationError(f"bins={bins!r} is not a whole number ≥ 1")
    return bins
