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
    """The mean of one value for each example.

    `table`: a `MomentTable` of scalars, as `Moments` counts it. NaN without examples; a constant
    column has a mean but no interval.
    """

    table: Any

    @property
    def value(self) -> float:
        return float(self.table.mean) if self.table.n else float("nan")


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

        positives, negatives = np.asarray(self.positives, float), np.asarray(self.negatives, float)
        pairs = positives.sum() * negatives.sum()
        if pairs == 0:
            return float("nan")
        below = np.cumsum(negatives) - negatives
        return float(positives @ (below + negatives / 2) / pairs)


@dataclass(frozen=True)
class Quantile:
    """The smallest value that at least a share `q` of the examples does not exceed.

    `values` (k,): distinct values, ascending; `counts` (k,): how often each occurs; 0 < `q` < 1.
    NaN without examples.
    """

    values: Array
    counts: Array
    q: float

    @property
    def value(self) -> float:
        import numpy as np

        total = np.cumsum(self.counts)
        if not len(total):
            return float("nan")
        # The rank is ⌈q·n⌉; the tolerance keeps 0.07 · 300 from becoming rank 22 by rounding error.
        rank = max(1, int(np.ceil(self.q * total[-1] * (1 - 1e-12))))
        return float(self.values[np.searchsorted(total, rank)])
