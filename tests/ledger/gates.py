"""Evaluations with a ledger, and outputs for them."""

import numpy as np

from evalharness import Evaluation, Ledger, Outputs
from evalharness.ledger import file, history
from evalharness.metrics import accuracy, recall

AUDIT = {"satisficing": [recall.on("test") >= 0.9, accuracy.on("dev") >= 0.8]}


def table(wrong=4, n=400, first=0):
    """Half are positive, of which so many, and so many of the others, are answered wrongly."""
    row = np.arange(first, first + n)
    label = row % 2
    return {
        "id": row,
        "label": label,
        "prediction": np.where(row < first + 2 * wrong, 1 - label, label),
        "region": np.where(row % 4 < 2, "eu", "us"),
    }


def outputs(wrong=4, n=400, first=0):
    return Outputs(test=table(wrong, n, first), dev=table(2))


def gate(path, mode="audit", looks=None, **more):
    """An evaluation class."""
    ledger = Ledger(str(path), mode=mode, looks=looks)
    return type("TestCats", (Evaluation,), {**AUDIT, "ledger": ledger, **more})


def looks(path):
    return history.looks(file.read(path))
