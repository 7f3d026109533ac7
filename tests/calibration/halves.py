"""Splits of one distribution: random halves of real outputs, and columns made to differ."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
from scipy.stats import norm

from evalharness import Evaluation, Outputs, same_distribution
from evalharness.checks import shift
from evalharness.inference import two_sample_units
from tests.calibration.splits import FEWER_DRAWS
from tests.shared_data.real import DATA, rows

Table = dict[str, Any]

# Tolerances so small that only chance, and no true difference, can be beyond them.
SMALL = 0.002
GATED = ("label", "prediction", "score")


class Default(Evaluation):
    splits = [same_distribution("dev", "test")]


class Tight(Evaluation):
    splits = [same_distribution("dev", "test", columns=dict.fromkeys(GATED, SMALL))]


@cache
def real() -> Table:
    """Labels, predictions and the largest score of a model on 10,000 pictures; without them, of
    one that is fitted to scikit-learn's handwritten digits."""
    if DATA.is_dir():
        table = rows("cifar10/cv_probabilities.parquet")
        names = [n for n in table.column_names if n.startswith("p_")]
        scores = np.stack([table[n].to_numpy() for n in names], 1)
        label = table["label"].to_numpy().astype(np.int64)
    else:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import cross_val_predict
        from sklearn.naive_bayes import MultinomialNB

        x, label = load_digits(return_X_y=True)
        scores = cross_val_predict(MultinomialNB(), x, label, method="predict_proba")
    return {"label": label, "prediction": scores.argmax(1), "score": scores.max(1).astype(float)}


def halves(rng: np.random.Generator, n: int) -> tuple[Table, Table]:
    """Two of ``n`` rows each; above the table's size drawn with replacement."""
    size = len(real()["label"])
    at = rng.choice(size, 2 * n, replace=True) if 2 * n > size else rng.permutation(size)
    return part(at[:n]), part(at[n : 2 * n])


def clustered_halves(
    rng: np.random.Generator, count: int, size: int, alike: float, unequal: bool
) -> tuple[Table, Table]:
    """Two of ``count`` clusters each, of ``size`` rows on average, whose rows have labels and
    scores that are as much alike as ``alike`` says."""
    n = 2 * count * size
    at = rng.choice(len(real()["label"]), n, replace=n > len(real()["label"]))
    # Ordered by label, score and chance, then cut.
    rank = np.argsort(np.argsort(real()["label"][at] + real()["score"][at]))
    mixed = np.sqrt(alike) * norm.ppf((rank + 0.5) / n) + np.sqrt(1 - alike) * rng.normal(size=n)
    weights = rng.lognormal(0, 1, 2 * count) if unequal else np.ones(2 * count)
    edges = np.round(np.cumsum(weights)[:-1] / weights.sum() * n).astype(int)
    cluster = np.empty(n, int)
    cluster[np.argsort(mixed)] = np.searchsorted(edges, np.arange(n), "right")
    first = np.isin(cluster, rng.permutation(2 * count)[:count])
    return tuple(  # type: ignore[return-value]
        {**part(at[side]), "cluster": cluster[side]} for side in (first, ~first)
    )


def part(at: Any) -> Table:
    return {name: column[at] for name, column in real().items()}


def outcomes(evaluation: Any, dev: Table, test: Table) -> dict[str, str]:
    """The outcome of each gated column, and of the check as "all"; without the notes on causes,
    which decide nothing."""
    with (
        patch.object(shift, "notes", lambda *_: []),
        patch.object(two_sample_units, "DRAWS", FEWER_DRAWS),
    ):
        check = evaluation.run(Outputs(dev=dev, test=test)).checks[0]
    return {**{f.about: f.outcome for f in check.gated}, "all": check.outcome}


def tallied(found: Iterator[dict[str, str]], outcome: str) -> dict[str, int]:
    """How often each was decided so."""
    counts: dict[str, int] = {}
    for each in found:
        for name, word in each.items():
            counts[name] = counts.get(name, 0) + (word == outcome)
    return counts
