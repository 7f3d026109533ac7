"""An evaluation with metrics of every kind that a saved result keeps, and its outputs."""

from __future__ import annotations

import numpy as np

from evalharness import Evaluation, Outputs
from evalharness.metrics import (
    accuracy,
    average_precision,
    f1,
    latency,
    log_loss,
    matthews_corrcoef,
    precision,
    recall,
    roc_auc,
)


def table(n=600, wrong=30, seed=0, **more):
    """Every second label is positive, the first `wrong` of each are answered wrongly."""
    rng, row = np.random.default_rng(seed), np.arange(n)
    label = row % 2
    return {
        "id": row + 70_000,
        "label": label,
        "prediction": np.where(row < 2 * wrong, 1 - label, label),
        "score": np.clip(0.4 * label + 0.6 * rng.random(n), 0, 1),
        "device": np.where(row % 4 < 2, "phone", "desktop"),
        "region": np.array(list("abcdefghij"))[row % 10],
        "latency": rng.lognormal(3, 0.3, n),
    } | more


# What a table tells, and what only limits do.
TOLD = (
    recall.on("test"),
    f1.on("test"),
    accuracy.on("test"),
    matthews_corrcoef.on("test"),
    f1(average="macro").on("test"),
    latency.mean().on("test"),
    log_loss.on("test"),
    (recall - precision).on("test"),
    precision.on("test", device="phone"),
    recall.on("test").by("device"),
    recall.on("test").by("region"),
)
LIMITED = (
    roc_auc.on("test"),
    average_precision.on("test"),
    latency.quantile(0.9).on("test"),
    recall.on("test").by("device").gap(),
)


class TestEvery(Evaluation):
    abstract = True  # it is run here and there, and collected nowhere
    satisficing = [recall.on("test") >= 0.8, roc_auc.on("test") >= 0.5]
    also = [m for m in (*TOLD, *LIMITED) if m not in (TOLD[0], LIMITED[0])]

    @classmethod
    def outputs(cls):
        return Outputs(test=table())
