"""Node ids: slugs that a shell, a CI system and a report can hold, and that tell checks apart."""

import re

import numpy as np
import pytest

from evalharness import Evaluation
from evalharness.metrics import accuracy, f1, latency, mean, precision, quantile, rate, recall


def ids(*bounds, **body):
    made = type(
        "E", (Evaluation,), {"satisficing": bounds, "outputs": classmethod(lambda c: 0)} | body
    )
    return [c.id for c in made.checks]


@pytest.mark.parametrize(
    ("metric", "slug"),
    [
        (recall.on("test"), "recall-test"),
        (recall.on("test", region="eu"), "recall-test-region-eu"),
        (recall.on("test", region="eu", age=7), "recall-test-age-7-region-eu"),
        (recall.on("test").by("device", min_n=100), "recall-test-by-device"),
        (recall(average="macro").on("dev"), "recall-macro-dev"),
        (recall(positive="cat").on("dev"), "recall-positive-cat-dev"),
        (f1(threshold=0.3).on("dev"), "f1-threshold-0.3-dev"),
        (latency.quantile(0.99).on("test"), "latency-quantile-0.99-test"),
        (latency.mean().on("test"), "latency-mean-test"),
        (quantile("cost", 0.5).on("test"), "cost-quantile-0.5-test"),
        (rate("refused").on("test_a.b"), "refused-rate-test_a.b"),
        (mean("Länge (mm)").on("test"), "L-nge-mm-mean-test"),
        (recall.on("../../etc/passwd"), "recall-..-..-etc-passwd"),
        (recall.on("test", region="a::b[c] d/é\n"), "recall-test-region-a-b-c-d"),
        (recall.on("test", region="東京"), "recall-test-region--"),
        (recall.on("test", region=None), "recall-test-region-None"),
        (recall.on("test", region=True), "recall-test-region-True"),
        (accuracy.on("test", size=-1.5), "accuracy-test-size-1.5"),
    ],
)
def test_slugs(metric, slug):
    assert metric.slug == slug
    assert ids(metric >= 0.5) == [slug]
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", slug)


def test_a_metric_that_is_bounded_twice_says_which_side():
    assert ids(recall.on("test") >= 0.8, recall.on("test") <= 0.99, precision.on("test") > 0.5) == [
        "recall-test-min",
        "recall-test-max",
        "precision-test",
    ]


@pytest.mark.parametrize("threshold", [0.5, 0.123456789, 1e-9])
def test_the_threshold_is_never_in_the_id(threshold):
    assert ids(recall.on("test") >= threshold) == ["recall-test"]


@pytest.mark.parametrize(
    "metrics",
    [
        [recall.on("test", region="a b"), recall.on("test", region="a/b")],
        [recall.on("test", region="東京"), recall.on("test", region="大阪")],
        [recall.on("test", region=1), recall.on("test", region="1")],
        [recall.on("test").by("device"), recall.on("test").by("device", min_n=50)],
        [recall.on("a-b"), recall.on("a", b="x"), recall.on("a b")],
        # The hash that tells two apart must not meet a third one's own name.
        [recall.on("test", x="a b"), recall.on("test", x="a.b"), recall.on("test", x="a-b")],
        [recall.on("test-min"), recall.on("test")],
    ],
    ids=str,
)
def test_ids_are_unique_and_stable(metrics):
    bounds = [m >= 0.5 for m in metrics]
    found = ids(*bounds)
    assert len(set(found)) == len(bounds)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", i) for i in found)
    # An id names its check whatever is declared around it, in whatever order.
    assert ids(*bounds[::-1]) == found[::-1]


def test_min_of_one_may_meet_the_name_of_another():
    bounds = [recall.on("t") >= 0.5, recall.on("t") <= 0.9, recall.on("t-min") >= 0.5]
    assert len(set(ids(*bounds))) == 3


def test_every_gated_model_has_each_check():
    made = type(
        "E",
        (Evaluation,),
        {
            "satisficing": [recall.on("t") >= 0.5, f1.on("t") >= 0.5],
            "models": ["a", "b"],
            "outputs": classmethod(lambda c: 0),
        },
    )
    assert [(c.model, c.id) for c in made.checks] == [
        ("a", "recall-t"),
        ("a", "f1-t"),
        ("b", "recall-t"),
        ("b", "f1-t"),
    ]


def test_numpy_values_read_as_plain_ones():
    one = recall.on("test", region=np.str_("eu"), age=np.int64(3))
    assert one == recall.on("test", region="eu", age=3)
    assert str(one) == 'recall.on("test", age=3, region="eu")'
    assert recall(threshold=np.float64(0.5)) == recall(threshold=0.5)
    assert str(recall(threshold=np.float64(0.5))) == "recall(threshold=0.5)"
    assert str(recall.on("t") >= np.float32(0.5)) == 'recall.on("t") >= 0.5'
