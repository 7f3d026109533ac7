"""Every metric that ships, and the decorator that declares another: one function each, a file for
each family."""

from evalharness.declare.metric import Metric, metric
from evalharness.metrics.classification import (
    accuracy,
    balanced_accuracy,
    error_rate,
    f1,
    false_negative_rate,
    false_positive_rate,
    jaccard,
    matthews_corrcoef,
    negative_predictive_value,
    precision,
    recall,
    specificity,
)
from evalharness.metrics.columns import latency, mean, quantile, rate
from evalharness.metrics.ranking import roc_auc
from evalharness.metrics.regression import mean_absolute_error

__all__ = [
    "Metric",
    "accuracy",
    "balanced_accuracy",
    "error_rate",
    "f1",
    "false_negative_rate",
    "false_positive_rate",
    "jaccard",
    "latency",
    "matthews_corrcoef",
    "mean",
    "mean_absolute_error",
    "metric",
    "negative_predictive_value",
    "precision",
    "quantile",
    "rate",
    "recall",
    "roc_auc",
    "specificity",
]
