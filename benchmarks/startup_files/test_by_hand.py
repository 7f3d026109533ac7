"""The same ten checks, written by hand with scikit-learn: each compares a bare number."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)


@pytest.fixture(scope="module")
def test():
    table = pq.read_table("test.parquet", columns=["label", "score", "region", "latency"])
    columns = {name: table[name].to_numpy() for name in table.column_names}
    columns["prediction"] = (columns["score"] >= 0.5).astype(columns["label"].dtype)
    return columns


def test_accuracy(test):
    assert accuracy_score(test["label"], test["prediction"]) >= 0.80


def test_precision(test):
    assert precision_score(test["label"], test["prediction"]) >= 0.70


def test_recall(test):
    assert recall_score(test["label"], test["prediction"]) >= 0.70


def test_specificity(test):
    assert recall_score(test["label"], test["prediction"], pos_label=0) >= 0.80


def test_f1(test):
    assert f1_score(test["label"], test["prediction"]) >= 0.70


def test_balanced_accuracy(test):
    assert balanced_accuracy_score(test["label"], test["prediction"]) >= 0.75


def test_matthews_corrcoef(test):
    assert matthews_corrcoef(test["label"], test["prediction"]) >= 0.60


def test_roc_auc(test):
    assert roc_auc_score(test["label"], test["score"]) >= 0.90


def test_recall_in_the_eu(test):
    eu = test["region"] == "eu"
    assert recall_score(test["label"][eu], test["prediction"][eu]) >= 0.70


def test_latency(test):
    assert np.quantile(test["latency"], 0.99, method="inverted_cdf") <= 100
