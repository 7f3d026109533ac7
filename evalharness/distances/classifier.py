"""The classifier two-sample test: can a classifier that never saw a row tell its sample?

Source: Lopez-Paz & Oquab 2017.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalharness.declare.errors import EvalharnessError

Floats = NDArray[np.float64]

# Few and small trees, in gradient boosting. At 2,000 + 2,000 rows of 20 columns their AUC was .63
# for a mean that is .5 deviations off, .61 for a deviation half as large again, .60 for a
# correlation of .6; logistic regression's .64, .51 and .51: it is seven times as fast, and blind to
# all but means. A hundred larger trees were four times as slow, and worse.
TREES, LEAVES = 50, 8


def held_out_scores(
    x: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike | None = None,
    folds: int = 5,
    seed: int = 0,
) -> Floats:
    """How much each row looks like one of the second sample, in (0, 1), to a classifier that was
    fitted without it.

    x: numbers (n, d), in which NaN is a value of its own. y: (n,), 0 for the first sample and 1 for
    the second. groups: codes (n,) of what was sampled; a group is in one fold only. folds: fewer
    where a sample has fewer rows or groups. One thread; about half a second for 4,000 x 20.

    A score is a row's mid-rank within its fold, (rank - 1/2) / rows of the fold. So the scores of
    all folds can be pooled: the AUC of them is .5 on average where the samples do not differ. The
    classifier's own probabilities cannot: each fold's classifier learns from what the others'
    rows are, and the pooled AUC of them was .475 (30 + 30 rows of one distribution).
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
        from threadpoolctl import threadpool_limits  # comes with scikit-learn
    except ImportError as error:
        raise EvalharnessError(
            "the classifier two-sample test needs scikit-learn: pip install 'evalharness[sklearn]'"
        ) from error
    from scipy.stats import rankdata

    rows, sample = np.asarray(x, np.float64), np.asarray(y)
    if rows.ndim != 2 or sample.shape != rows.shape[:1] or not np.isin(sample, (0, 1)).all():
        raise ValueError(
            f"rows (n, d) and as many 0 and 1 are expected, not {rows.shape} and {sample.shape}"
        )
    units = np.arange(len(rows)) if groups is None else np.asarray(groups)
    fewest = min(len(np.unique(units[sample == side])) for side in (0, 1))
    if fewest < 2:
        raise ValueError("a sample has fewer than two rows or groups: none can be held out")
    split: Any = StratifiedKFold if groups is None else StratifiedGroupKFold
    split = split(min(folds, fewest), shuffle=True, random_state=seed)
    scores = np.empty(len(rows))
    # On cores that others use too, its threads wait for each other: ten times as slow was seen.
    with threadpool_limits(1):
        for train, test in split.split(rows, sample, None if groups is None else units):
            trees = HistGradientBoostingClassifier(
                max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False, random_state=seed
            ).fit(rows[train], sample[train])
            probability = trees.predict_proba(rows[test])[:, 1]
            scores[test] = (rankdata(probability) - 0.5) / len(test)
    return scores


def c2st_accuracy_p(correct: int, n_test: int) -> float:
    """P(at least ``correct`` of ``n_test`` held-out rows are told right by chance): of two samples
    of equal size, Binomial(n_test, 1/2), exact and one-sided."""
    from scipy.stats import binom

    return float(binom.sf(correct - 1, n_test, 0.5))
