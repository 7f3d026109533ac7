"""What users call today, without intervals. Nothing here is needed by ours."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.data import Data, Size
from benchmarks.sides import REPLICATES, Side

# Of a loop over replicates, and of a thousand slices, a part is run in each round.
PART_OF_REPLICATES = 50
PART_OF_SLICES = 20


def nine_sklearn(data: Data, size: Size) -> Side:
    from sklearn import metrics as m

    label, score = data["label"], data["score"]

    def call() -> Any:
        predicted = (score >= 0.5).astype(label.dtype)
        return {
            "accuracy": m.accuracy_score(label, predicted),
            "precision": m.precision_score(label, predicted),
            "recall": m.recall_score(label, predicted),
            "f1": m.f1_score(label, predicted),
            "matthews_corrcoef": m.matthews_corrcoef(label, predicted),
            "log_loss": m.log_loss(label, score),
            "brier_score": m.brier_score_loss(label, score),
            "roc_auc": m.roc_auc_score(label, score),
            "average_precision": m.average_precision_score(label, score),
        }

    return Side(call)


def nine_torchmetrics(data: Data, size: Size) -> Side:
    """The seven of the nine that torchmetrics has, on the device that JAX computes on."""
    import jax
    import torch
    from torchmetrics import MetricCollection
    from torchmetrics import classification as c

    device = "cuda" if jax.local_devices()[0].platform == "gpu" else "cpu"
    label = torch.as_tensor(data["label"]).to(device)
    score = torch.as_tensor(data["score"]).to(device)
    collection = MetricCollection(
        {
            "accuracy": c.BinaryAccuracy(),
            "precision": c.BinaryPrecision(),
            "recall": c.BinaryRecall(),
            "f1": c.BinaryF1Score(),
            "matthews_corrcoef": c.BinaryMatthewsCorrCoef(),
            "roc_auc": c.BinaryAUROC(),
            "average_precision": c.BinaryAveragePrecision(),
        }
    ).to(device)

    def call() -> Any:
        collection.reset()
        collection.update(score, label)
        # Asking for the numbers waits for the device.
        return {name: float(value) for name, value in collection.compute().items()}

    return Side(call)


def counts_fairlearn(data: Data, size: Size, part: int = PART_OF_SLICES) -> Side:
    from fairlearn.metrics import true_negative_rate
    from sklearn import metrics as m

    functions = {
        "accuracy": m.accuracy_score,
        "precision": m.precision_score,
        "recall": m.recall_score,
        "specificity": true_negative_rate,
        "f1": m.f1_score,
    }
    first = _first(data, size.slices // part)
    predicted = (first["score"] >= 0.5).astype(first["label"].dtype)
    return Side(partial(_frame, functions, first, predicted), _by_group)


def auc_fairlearn(data: Data, size: Size, part: int = PART_OF_SLICES) -> Side:
    from sklearn.metrics import roc_auc_score

    first = _first(data, size.slices // part)
    return Side(partial(_frame, {"roc_auc": roc_auc_score}, first, first["score"]), _by_group)


def _first(data: Data, slices: int) -> dict[str, Any]:
    """The rows of the first slices."""
    inside = data["slice"] < slices
    return {name: data[name][inside] for name in ("label", "score", "slice")}


def _frame(functions: dict[str, Any], first: dict[str, Any], predicted: Any) -> Any:
    from fairlearn.metrics import MetricFrame

    return MetricFrame(
        metrics=functions,
        y_true=first["label"],
        y_pred=predicted,
        sensitive_features=first["slice"],
    ).by_group


def _by_group(frame: Any) -> dict[str, Any]:
    return {name: frame[name].to_numpy() for name in frame.columns}


def f1_loop(data: Data, size: Size) -> Side:
    from sklearn.metrics import f1_score

    predicted = (data["score"] >= 0.5).astype(data["label"].dtype)
    return _loop("f1", f1_score, data["label"], predicted, size)


def auc_loop(data: Data, size: Size) -> Side:
    from sklearn.metrics import roc_auc_score

    return _loop("roc_auc", roc_auc_score, data["label"], data["score"], size)


def paired_loop(data: Data, size: Size) -> Side:
    from sklearn.metrics import f1_score

    def difference(label: Any, both: Any) -> float:
        return f1_score(label, both[:, 0]) - f1_score(label, both[:, 1])

    predicted = [(data[name] >= 0.5).astype(data["label"].dtype) for name in ("score", "other")]
    return _loop("f1", difference, data["label"], np.stack(predicted, axis=1), size)


def _loop(name: str, function: Any, label: Any, predicted: Any, size: Size) -> Side:
    """A part of the replicates, each of examples that are drawn anew."""
    n, random = len(label), np.random.default_rng(7)

    def call() -> Any:
        found = []
        for _ in range(size.replicates // PART_OF_REPLICATES):
            rows = random.integers(0, n, n)
            found.append(function(label[rows], predicted[rows]))
        return np.array(found)

    return Side(call, lambda found: {name: function(label, predicted), REPLICATES: found})


def classes_sklearn(data: Data, size: Size) -> Side:
    from sklearn import metrics as m

    label, scores = data["label"], data["scores"]
    labels = np.arange(size.classes)

    def call() -> Any:
        predicted = scores.argmax(axis=1)
        return {
            "macro f1": m.f1_score(label, predicted, average="macro"),
            "top 1": m.accuracy_score(label, predicted),
            "top 5": m.top_k_accuracy_score(label, scores, k=5, labels=labels),
        }

    return Side(call)


def ndcg_sklearn(data: Data, size: Size) -> Side:
    from sklearn.metrics import ndcg_score

    shape = (size.queries, size.documents)
    relevance, score = data["relevance"].reshape(shape), data["score"].reshape(shape)
    return Side(lambda: {"ndcg": ndcg_score(relevance, score, k=10)})


def words_jiwer(data: Data, size: Size) -> Side:
    import jiwer

    return Side(lambda: {"word error rate": jiwer.wer(data["label"], data["prediction"])})
