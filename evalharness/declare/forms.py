"""What a metric may say about its own form, so that the interval made for that form decides.

A metric function returns a plain number (any smooth function of its table), or one of these.
Each has a `value`, NaN where the metric is 0/0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Array = Any  # a NumPy array or scalar; NumPy itself is imported where it is used


@dataclass(frozen=True)
class Proportion:
    """`hits` of `trials`, or an increasing function of that share.

    `hits`, `trials`: counts, scalars or arrays of one shape; 0 ≤ hits ≤ trials.
    `unit`: what is counted as a trial, in the plural ("positives").
    `through`: increasing function of the share, such as F1 = 2J/(1+J) of Jaccard's J.
    """

    hits: Array
    trials: Array
    unit: str = "examples"
    through: Callable[[Array], Array] | None = None

    @property
    def value(self) -> Array:
        import numpy as np

        trials = np.asarray(self.trials, float)
        share = np.divide(self.hits, trials, out=np.full(trials.shape, np.nan), where=trials > 0)
        return self.through(share)[()] if self.through else share[()]


@dataclass(frozen=True)
class Mean:
    """The mean of one value for each example, or a rising function of that mean.

    `table`: a `MomentTable` of scalars, as `Moments` counts it. NaN without examples; a constant
    column has a mean but no interval.
    `through`: rising function of the mean, such as the root that makes RMSE of MSE.
    """

    table: Any
    through: Callable[[Any], Any] | None = None

    @property
    def value(self) -> float:
        return _through(self, float(self.table.mean) if self.table.n else float("nan"))


@dataclass(frozen=True)
class Ratio:
    """A sum over the examples divided by another, or a rising function of that ratio.

    `table`: a `PairTable`, as `Sums` counts it. NaN where the denominator is 0.
    `through`: rising function of the ratio.
    """

    table: Any
    through: Callable[[Any], Any] | None = None

    @property
    def value(self) -> float:
        below = float(self.table.denominator)
        return _through(self, float(self.table.numerator) / below if below else float("nan"))


@dataclass(frozen=True)
class Linear:
    """A smooth metric with its gradient, for tables that are too long to differentiate blindly.

    `value`: the metric; NaN where it is 0/0, for the reason `undefined`.
    `gradient`: shaped as the table: what one more example in each cell would add, per unit of
    weight. The influences that follow from it decide.
    `scale`: "identity", "log", "log1m", "logit" or "atanh": on which the metric is nearly normal.
    `least`: positives, and negatives, below which nothing is decided.
    """

    value: float
    gradient: Any
    scale: str = "identity"
    least: int = 0
    undefined: str = "0/0 on this table"


@dataclass(frozen=True)
class Undefined:
    """A metric that has no value here, and why: "the labels are constant"."""

    reason: str

    @property
    def value(self) -> float:
        return float("nan")


@dataclass(frozen=True)
class Unbounded:
    """A value that nothing bounds, and why; it is reported and never gates.

    `value`: the metric; `why`: in words; `beside`: what the value should be read beside.
    """

    value: float
    why: str
    beside: str = ""


@dataclass(frozen=True)
class Concordance:
    """The share of (positive, negative) pairs in which the positive scores higher; ties count half.

    `positives`, `negatives`: counts for each distinct score, in ascending order of the score.
    """

    positives: Array
    negatives: Array

    @property
    def value(self) -> float:
        import numpy as np

        pos, neg = (np.asarray(x) for x in (self.positives, self.negatives))
        # Whole counts are added up as integers of 64 bits, so nothing is lost.
        whole = pos.dtype.kind in "bui" and neg.dtype.kind in "bui"
        pos, neg = (x.astype(np.int64 if whole else float, copy=False) for x in (pos, neg))
        pairs = float(pos.sum()) * float(neg.sum())
        if not pairs:
            return float("nan")
        rising = np.cumsum(neg)
        if whole:
            twice = 2 * np.einsum("i,i", pos, rising) - np.einsum("i,i", pos, neg)
            return float(twice) / (2 * pairs)
        return float((pos * (rising - neg / 2)).sum() / pairs)


@dataclass(frozen=True)
class Quantile:
    """The smallest value that at least a share `q` of the examples does not exceed.

    `values` (k,): distinct values, ascending; `counts` (k,): how often each occurs; 0 < `q` < 1.
    `middle`: between the two middle values, as a median is by custom; the bounds are the same.
    NaN without examples.
    """

    values: Array
    counts: Array
    q: float
    middle: bool = False

    @property
    def value(self) -> float:
        import numpy as np

        total = np.cumsum(self.counts)
        if not len(total):
            return float("nan")
        # The rank is ⌈q·n⌉; the tolerance keeps 0.07 · 300 from becoming rank 22 by rounding error.
        aim = self.q * total[-1]
        if not np.issubdtype(total.dtype, np.integer):  # weights
            low = min(int(np.searchsorted(total, aim * (1 - 1e-12))), len(total) - 1)
            if self.middle and total[low] <= aim * (1 + 1e-12) and total[low] < total[-1]:
                above = int(np.searchsorted(total, total[low], side="right"))
                return float(self.values[low] + self.values[above]) / 2
            return float(self.values[low])
        rank = max(1, int(np.ceil(aim * (1 - 1e-12))))
        low = int(np.searchsorted(total, rank))
        if self.middle and rank == round(aim, 9) and rank < total[-1]:
            above = int(np.searchsorted(total, rank + 1))
            return float(self.values[low] + self.values[above]) / 2
        return float(self.values[low])


def _through(form: Any, x: float) -> float:
    return x if form.through is None or x != x else float(form.through(x))
