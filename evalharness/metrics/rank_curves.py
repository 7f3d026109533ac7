"""What rank metrics other than the ROC area are of a table: values, and influences for those that
are smooth.

All take `negatives` and `positives`: how many examples have each distinct score, ascending, (k,);
weighted tables hold floats. A threshold is a distinct score, so examples of one score are accepted
together. An influence is the derivative of the metric with respect to one more example of a cell,
for each cell (k,); over all examples influences add up to 0, and the metric's error is nearly the
sum of those of the examples drawn.

Long sums are products and `sum`, not `@`: to hand a million numbers to the threads of a BLAS takes
longer, and these spin on for a while after every call.
"""

from __future__ import annotations

import math
from typing import Any

from evalharness.declare.forms import Concordance

Array = Any


def accepted(counts: Array) -> Array:
    """How many examples score at or above each distinct score, (k,)."""
    import numpy as np

    return np.cumsum(np.asarray(counts)[::-1])[::-1]


def average_precision_of(negatives: Array, positives: Array) -> float:
    """Σ_k (p_k / P) TP_k / (TP_k + FP_k) over the thresholds; NaN without positives."""
    import numpy as np

    pos, neg = np.asarray(positives), np.asarray(negatives)
    some = np.flatnonzero(pos > 0)
    pos = pos[some]
    tp = accepted(pos)
    if not len(tp) or not tp[0] > 0:
        return math.nan
    if neg.dtype.kind in "iu":  # exact either way, and only looked up where a positive is
        rising = np.cumsum(neg)
        fp = rising[-1] - rising[some] + neg[some]
    else:
        fp = accepted(neg)[some]
    return float((pos * (tp / (tp + fp))).sum() / tp[0])


def average_precision_influence(negatives: Array, positives: Array) -> tuple[Array, Array]:
    """(of a negative, of a positive) at each score: a positive at j adds (prec_j − AP)/P and lifts
    the precision of the thresholds at or below it by FP/N²; a negative lowers it by TP/N²."""
    import numpy as np

    neg, pos = np.asarray(negatives, float), np.asarray(positives, float)
    tp, fp, total = accepted(pos), accepted(neg), pos.sum()
    n = np.maximum(tp + fp, 1e-100)
    value = average_precision_of(neg, pos)
    lifted = np.cumsum(pos / total * fp / n**2)
    return -np.cumsum(pos / total * tp / n**2), (tp / n - value) / total + lifted


def partial_auc_of(negatives: Array, positives: Array, max_fpr: float) -> float:
    """McClish's ½ (1 + (A − f²/2) / (f − f²/2)) of the ROC area A up to the false positive rate f.

    NaN without positives or without negatives. A is the mean over the positives of (f − share of
    the negatives above)₊; within one score the curve is a straight line.
    """
    import numpy as np

    pos = np.asarray(positives, float)
    if not pos.sum() > 0 or not np.sum(negatives) > 0:
        return math.nan
    return _mcclish(area_up_to(negatives, pos, max_fpr), max_fpr)


def area_up_to(negatives: Array, positives: Array, max_fpr: float) -> float:
    """The area under the ROC curve left of a false positive rate."""
    import numpy as np

    entered, _, _ = _entered(negatives, max_fpr)
    return float((np.asarray(positives) * entered).sum() / np.sum(positives))


def partial_auc_influence(
    negatives: Array, positives: Array, max_fpr: float
) -> tuple[Array, Array]:
    """(of a negative, of a positive) at each score. A negative at j moves the curve to the right
    for every positive below it."""
    import numpy as np

    neg, pos = np.asarray(negatives, float), np.asarray(positives, float)
    n, m = neg.sum(), pos.sum()
    entered, by_above, by_width = _entered(neg, max_fpr)
    area = (pos * entered).sum() / m
    scale = 0.5 / (max_fpr - max_fpr**2 / 2)
    # Shares above and within a score: each moves by (1[there] − share)/n with one more negative.
    above, width = (accepted(neg) - neg) / n, neg / n
    below = np.cumsum(pos * by_above)
    of_neg = below - pos * by_above + pos * by_width
    of_neg = of_neg - (pos * (by_above * above + by_width * width)).sum()
    return scale * of_neg / (n * m), scale * (entered - area) / m


def _entered(negatives: Array, max_fpr: float) -> tuple[Array, Array, Array]:
    """The width of the ROC up to `max_fpr` that lies beyond a positive of each score, and its
    derivatives by the share of negatives above that score and at it."""
    import numpy as np

    neg = np.asarray(negatives, float)
    width, above = neg / neg.sum(), (accepted(neg) - neg) / neg.sum()
    room = max_fpr - above
    part = np.clip(np.divide(room, width, out=np.ones_like(room), where=width > 0), 0, 1)
    part = np.where(room <= 0, 0.0, part)
    # The positives of a score enter evenly while its negatives do.
    return part * (room - part * width / 2), -part, -(part**2) / 2


def _mcclish(area: float, max_fpr: float) -> float:
    least = max_fpr**2 / 2
    return 0.5 * (1 + (area - least) / (max_fpr - least))


def auc_influence(negatives: Array, positives: Array) -> tuple[Array, Array]:
    """(of a negative, of a positive) at each score, for the ROC area: DeLong's placements less the
    area, over the number of their class."""
    import numpy as np

    neg, pos = np.asarray(negatives, float), np.asarray(positives, float)
    n, m = neg.sum(), pos.sum()
    of_pos = (np.cumsum(neg) - neg / 2) / n
    of_neg = (accepted(pos) - pos / 2) / m
    area = (pos * of_pos).sum() / m
    return (of_neg - area) / n, (of_pos - area) / m


def sensitivity_at_of(negatives: Array, positives: Array, specificity: float) -> float:
    """The largest share of positives accepted by a threshold that accepts at most a share
    1 − `specificity` of the negatives; 0 where none does. NaN without either class."""
    import numpy as np

    m, n = np.sum(positives), np.sum(negatives)
    if not (m > 0 and n > 0):
        return math.nan
    # The slack keeps 0.05 · 100 from becoming 4 by rounding error.
    ok = accepted(negatives) <= (1 - specificity) * n * (1 + 1e-12) + 1e-9
    return float(accepted(positives)[ok].max(initial=0.0) / m)


def equal_error_rate_of(negatives: Array, positives: Array) -> float:
    """The least, over thresholds, of the larger of false positive and false negative rate."""
    import numpy as np

    m, n = np.sum(positives), np.sum(negatives)
    if not (m > 0 and n > 0):
        return math.nan
    alarms = np.append(accepted(negatives), 0) / n
    misses = 1 - np.append(accepted(positives), 0) / m
    return float(np.maximum(alarms, misses).min())


def ks_statistic_of(negatives: Array, positives: Array) -> float:
    """The largest true positive rate less false positive rate over thresholds; at least 0, which
    accepting nothing has. NaN without either class."""
    import numpy as np

    m, n = np.sum(positives), np.sum(negatives)
    if not (m > 0 and n > 0):
        return math.nan
    return float((accepted(positives) / m - accepted(negatives) / n).max(initial=0.0))


def recall_at_precision_of(negatives: Array, positives: Array, precision: float) -> float:
    """The largest share of positives accepted by a threshold of at least this precision; 0 where
    no threshold has it. NaN without positives."""
    import numpy as np

    if not np.sum(positives) > 0:
        return math.nan
    tp, fp = accepted(positives), accepted(negatives)
    ok = tp >= precision * (tp + fp) * (1 - 1e-12)
    return float(tp[ok].max(initial=0.0) / np.sum(positives))


def precision_at_recall_of(negatives: Array, positives: Array, recall: float) -> float:
    """The precision of the highest threshold that accepts at least this share of the positives."""
    import numpy as np

    m = np.sum(positives)
    if not m > 0:
        return math.nan
    tp, fp = accepted(positives), accepted(negatives)
    at = int(np.flatnonzero(tp >= recall * m * (1 - 1e-12))[-1])
    return float(tp[at] / (tp[at] + fp[at]))


def auc_of(negatives: Array, positives: Array) -> float:
    """The area under the ROC curve; NaN without positives or without negatives."""
    return Concordance(positives, negatives).value
