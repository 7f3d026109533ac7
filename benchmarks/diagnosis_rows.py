"""The rows about the diagnosis: what training runs differ by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import Data, Size
from benchmarks.row import Row
from benchmarks.sides import Peer, Side

# Each takes most of a second.
ROUNDS = 5
CLASSES = 10
# What both sides call by one name.
TERMS = ("loss", "bias", "variance")


def diagnosis_rows(size: Size) -> list[Row]:
    return [
        Row(
            "runs",
            f"bias and variance of {size.runs} runs, {size.run_examples:,} examples, {CLASSES} "
            "classes",
            runs,
            decomposed,
            None,
            Peer(
                "mlxtend bias_variance_decomp, no training", "mlxtend", decomposed_mlxtend,
                within=1e-12,
            ),
            at_least=10,
            goal=15,
            rounds=ROUNDS,
            compiles=False,
        )
    ]  # fmt: skip


def runs(size: Size, folder: Path) -> Data:
    """Classes that runs answer; an example is the harder for all of them, the harder it is."""
    random, n = np.random.default_rng(30), size.run_examples
    label = random.integers(0, CLASSES, n)
    ease = 0.98 * random.random(n) ** 0.2
    right = random.random((size.runs, n)) < ease
    return {
        "label": label,
        "predictions": np.where(right, label, random.integers(0, CLASSES, right.shape)),
    }


def decomposed(data: Data, size: Size) -> Side:
    """With every interval, over runs and over examples."""
    from evalharness.inference.decomposition import zero_one

    label, predictions = data["label"], data["predictions"]
    return Side(
        lambda: zero_one(predictions, label, CLASSES),
        lambda found: {name: found.terms[name].value for name in TERMS},
    )


def decomposed_mlxtend(data: Data, size: Size) -> Side:
    """Three numbers, without intervals. Its training is left out: fitting does nothing, and what
    is predicted is there."""
    from mlxtend.evaluate import bias_variance_decomp

    label, predictions = data["label"], data["predictions"]

    def call() -> Any:
        found = bias_variance_decomp(
            _Trained(predictions), label[:1], label[:1], label, label, num_rounds=len(predictions)
        )
        return dict(zip(TERMS, found, strict=True))

    return Side(call)


class _Trained:
    """Answers the next run's predictions each time that it is asked."""

    def __init__(self, predictions: Any) -> None:
        self._next = iter(predictions)

    def fit(self, features: Any, labels: Any) -> _Trained:
        return self

    def predict(self, features: Any) -> Any:
        return next(self._next)
