"""Every metric agrees with scikit-learn, SciPy or NumPy to 1e-9, on everything in `data.py`."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness import OutputsError, metrics
from evalharness.declare.metric import Metric
from tests.metrics.data import DATA, Data
from tests.metrics.measure import measure
from tests.metrics.reference import MAKERS, NO_METRICS, ROWS, expected


def disagreements(data: Data) -> list[str]:
    """Every metric that differs from its oracle on the data, in words."""
    # Unchecked, scikit-learn is quicker, and does not warn of overflow where it looks for NaN.
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        wanted = list(expected(data))
    result = measure([m for m, _ in wanted], data.table, **data.options)
    wrong = []
    for metric, value in wanted:
        found = result[metric.on("test")]
        if math.isnan(value):
            # 0/0 is an answer: undefined, with the reason, and nothing is decided.
            told = math.isnan(found.value) and found.reason
            if not told or (found >= 0.5).outcome != "inconclusive":
                wrong.append(f"{metric}: {found.value}, but it is 0/0 ({found.reason!r})")
        elif not math.isclose(found.value, value, rel_tol=1e-9, abs_tol=1e-12):
            wrong.append(f"{metric}: {found.value!r}, but the oracle says {value!r}")
    return wrong


@pytest.mark.parametrize("data", DATA, ids=lambda d: d.name)
def test_agrees_with_the_oracle(data):
    assert disagreements(data) == []


labels = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(-3, 3)), min_size=1, max_size=30
)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(labels)
def test_agrees_on_anything_small(rows):
    y, p, s = np.array(rows).T
    values = np.array(["a", "b", "c"])
    three = Data(
        "three", values[y], values[p], values.tolist(), options={"classes": values.tolist()}
    )
    two = Data("two", y > 0, p > 0, [False, True], True, score=s / 4)
    real = Data("real", y / 3, s / 7, columns={"x": s / 3, "flag": y > 1, "latency": p / 9})
    assert disagreements(three) + disagreements(two) + disagreements(real) == []


@pytest.mark.parametrize(
    "scores", [[0.1, 0.4, 0.4, 0.9], [1, 2, 3, 4], [-1.5, 0.0, -0.0, -2.0]], ids=str
)
def test_scores_by_class_are_the_score_of_that_class(scores):
    """`score_<class>` columns of two classes rank as `score` of the positive one does."""
    y = np.array([0, 1, 0, 1])
    score = np.array(scores, float)
    one = measure([metrics.roc_auc], {"label": y, "score": score})
    each = measure([metrics.roc_auc], {"label": y, "score_0": -score, "score_1": score})
    metric = metrics.roc_auc.on("test")
    assert one[metric].value == each[metric].value


def test_an_average_needs_every_class_among_the_labels():
    table = {"label": ["a", "b", "a"], "prediction": ["a", "b", "c"]}
    said = r"this metric \(`recall\(.*'macro'\)`\) averages .* needs each among the labels, but 'c'"
    with pytest.raises(OutputsError, match=said):
        measure([metrics.recall(average="macro")], table)


def test_zero_over_zero_names_what_is_missing():
    table = {"label": [1, 1, 0], "prediction": [0, 0, 0], "score": [0.1, 0.2, 0.3]}
    result = measure([metrics.precision, metrics.recall, metrics.matthews_corrcoef], table)
    assert result[metrics.precision.on("test")].reason == "0/0: there are no predicted positives"
    assert result[metrics.recall.on("test")].value == 0
    correlation = result[metrics.matthews_corrcoef.on("test")]
    assert math.isnan(correlation.value)  # scikit-learn says 0
    assert correlation.reason


def test_every_metric_has_a_row():
    rows = {row.metric.name for row in ROWS}
    rows |= {"latency" for row in ROWS if str(row.metric).startswith("latency.")}
    # The other families have tables of their own, beside this file.
    others = "".join(p.read_text(encoding="utf-8") for p in Path(__file__).parent.glob("test_*.py"))
    offered = set(metrics.__all__) - NO_METRICS
    missing = {n for n in offered - rows if not re.search(rf"\b{n}\b", others)}
    assert missing == set(), "add a row to the table of its family"
    assert {n for n in offered if not isinstance(getattr(metrics, n), Metric)} == MAKERS


def test_every_average_that_is_offered_has_a_row():
    """A metric that accepts an average over classes is compared with that average."""
    rows = {(row.metric.name, dict(row.metric.options).get("average")) for row in ROWS}
    for name in set(metrics.__all__) - NO_METRICS - MAKERS:
        for average in getattr(metrics, name).definition.averages:
            assert (name, average) in rows
