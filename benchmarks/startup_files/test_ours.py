"""Ten checks on 10,000 examples, declared: each is decided by an interval."""

from evalharness import Evaluation, Outputs
from evalharness.metrics import (
    accuracy,
    balanced_accuracy,
    f1,
    latency,
    matthews_corrcoef,
    precision,
    recall,
    roc_auc,
    specificity,
)


class TestGate(Evaluation):
    satisficing = [
        accuracy.on("test") >= 0.80,
        precision.on("test") >= 0.70,
        recall.on("test") >= 0.70,
        specificity.on("test") >= 0.80,
        f1.on("test") >= 0.70,
        balanced_accuracy.on("test") >= 0.75,
        matthews_corrcoef.on("test") >= 0.60,
        roc_auc.on("test") >= 0.90,
        recall.on("test", region="eu") >= 0.70,
        latency.quantile(0.99).on("test") <= 100,
    ]

    @classmethod
    def outputs(cls):
        return Outputs(test="test.parquet")
