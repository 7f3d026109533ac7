"""Ours: declared and run through the public interface, with every check of the inputs.

What is timed is `Evaluation.run` and one look at each interval: one that nobody looked at need not
have been computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.data import Data, Size
from benchmarks.sides import REPLICATES, Side
from evalharness import Evaluation, Outputs
from evalharness.metrics import (
    accuracy,
    average_precision,
    brier_score,
    f1,
    log_loss,
    matthews_corrcoef,
    mean,
    ndcg,
    precision,
    recall,
    roc_auc,
    specificity,
    top_k_accuracy,
    word_error_rate,
)

COUNTS = (accuracy, precision, recall, specificity, f1)
NINE = (
    *(accuracy, precision, recall, f1, matthews_corrcoef),
    *(log_loss, brier_score, roc_auc, average_precision),
)
Asked = Mapping[str, Any]  # metrics on a split, by the name under which sides are compared


def gate(bound: Any, asked: Asked, models: tuple[str, ...] = ()) -> Any:
    """An evaluation with one bound (it needs one) that computes and reports what is asked."""
    body = {"satisficing": [bound], "also": list(asked.values()), "models": models}
    return type("TestSpeed", (Evaluation,), body)


def look(result: Any, asked: Asked) -> Any:
    """The result, after an interval of each metric (of its last slice) was read."""
    (estimates,) = result.estimates.values()
    for metric in asked.values():
        one = estimates[str(metric)][-1]
        if not one.low <= one.value <= one.high:
            raise AssertionError(f"{one!r} lies outside of its interval")
    return result


def values(asked: Asked, result: Any) -> dict[str, Any]:
    """Values by name; of a sliced metric an array (slices,) in the order of the slices."""
    return {name: _value(result[metric]) for name, metric in asked.items()}


def _value(found: Any) -> Any:
    if not isinstance(found, Mapping):
        return found.value
    pairs = sorted((int(name.rpartition("=")[2]), one.value) for name, one in found.items())
    return np.array([value for _, value in pairs])


def asking(evaluation: Any, asked: Asked, **outputs: Any) -> Side:
    """Run and look; `Outputs` are made anew each time, for they remember what they have read."""
    return Side(
        lambda: look(evaluation.run(outputs=Outputs(**outputs)), asked), partial(values, asked)
    )


def nine(data: Data, size: Size) -> Side:
    asked = {metric.definition.name: metric.on("test") for metric in NINE}
    return asking(gate(accuracy.on("test") >= 0.5, asked), asked, test=without(data, "slice"))


def counts_by_slice(data: Data, size: Size) -> Side:
    asked = {metric.definition.name: metric.on("test").by("slice") for metric in COUNTS}
    return asking(gate(accuracy.on("test") >= 0.5, asked), asked, test=data)


def auc_by_slice(data: Data, size: Size) -> Side:
    asked = {"roc_auc": roc_auc.on("test").by("slice")}
    return asking(gate(accuracy.on("test") >= 0.5, asked), asked, test=data)


def many_classes(data: Data, size: Size) -> Side:
    asked = {
        "macro f1": f1(average="macro").on("test"),
        "top 1": top_k_accuracy(k=1).on("test"),
        "top 5": top_k_accuracy(k=5).on("test"),
    }
    bound = asked["top 1"] >= 0.1
    return asking(gate(bound, asked), asked, test=data, classes=list(range(size.classes)))


def lists(data: Data, size: Size) -> Side:
    asked = {"ndcg": ndcg(k=10).on("test")}
    return asking(gate(asked["ndcg"] >= 0.1, asked), asked, test=data)


def sentences(data: Data, size: Size) -> Side:
    asked = {"word error rate": word_error_rate.on("test")}
    return asking(gate(asked["word error rate"] <= 0.9, asked), asked, test=data)


def parquet(data: Data, size: Size) -> Side:
    asked = {m.definition.name: m.on("test").by("slice") for m in (accuracy, precision, recall)}
    asked |= {"mean": mean("latency").on("test"), "roc_auc": roc_auc.on("test")}
    files = str(data["folder"] / "*.parquet")
    return asking(gate(accuracy.on("test") >= 0.5, asked), asked, test=files)


def f1_bootstrap(data: Data, size: Size) -> Side:
    return _bootstrap({"f1": f1.on("test")}, data, size)


def auc_bootstrap(data: Data, size: Size) -> Side:
    return _bootstrap({"roc_auc": roc_auc.on("test")}, data, size)


def paired_bootstrap(data: Data, size: Size) -> Side:
    """The difference of two models' F1, paired by id."""
    metric = f1.on("test")
    asked = {"f1": metric}
    evaluation = gate(metric >= 0.1, asked, models=("new",))

    def call() -> Any:
        result = evaluation.run(
            outputs={
                "new": Outputs(test={name: data[name] for name in ("id", "label", "score")}),
                "old": Outputs(
                    test={"id": data["id"], "label": data["label"], "score": data["other"]}
                ),
            }
        )
        difference = result["new", metric] - result["old", metric]
        return difference, _looked(difference.bootstrap(size.replicates))

    return Side(call, lambda found: {"f1": found[0].value, REPLICATES: found[1].values})


def _bootstrap(asked: Asked, data: Data, size: Size) -> Side:
    ((name, metric),) = asked.items()
    evaluation, test = gate(metric >= 0.1, asked), without(data, "slice")

    def call() -> Any:
        result = evaluation.run(outputs=Outputs(test=test))
        return result, _looked(result[metric].bootstrap(size.replicates))

    return Side(call, lambda found: values(asked, found[0]) | {REPLICATES: found[1].values})


def _looked(bootstrap: Any) -> Any:
    if not bootstrap.low < bootstrap.high:
        raise AssertionError(f"{bootstrap!r} has no width")
    return bootstrap


def without(data: Data, column: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != column}
