"""Log loss, Brier score and top-k accuracy against scikit-learn: classes, types, weights, ties,
certain probabilities, n = 1; and what is said of scores that are no probabilities."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness import OutputsError
from evalharness.declare.metric import Metric
from evalharness.metrics import probability
from evalharness.metrics.probability import brier_score, log_loss, top_k_accuracy
from tests.metrics.measure import measure


@dataclass(frozen=True)
class Row:
    """A metric and its oracle: (label codes, probabilities (n, K), weight) to a number.

    classes: the least number of classes that it makes sense for.
    """

    metric: Metric
    of: Callable[[Any, Any, Any], float]
    classes: int = 2


def loss(y: Any, p: Any, w: Any) -> float:
    return sk.log_loss(y, p, sample_weight=w, labels=np.arange(p.shape[1]))


def brier(y: Any, p: Any, w: Any) -> float:
    labels = np.arange(p.shape[1])
    given = p[:, 1] if len(labels) == 2 else p
    return sk.brier_score_loss(y, given, sample_weight=w, labels=labels)


def first(k: int) -> Callable[[Any, Any, Any], float]:
    def of(y: Any, p: Any, w: Any) -> float:
        labels = np.arange(p.shape[1])
        return float(sk.top_k_accuracy_score(y, p, k=k, sample_weight=w, labels=labels))

    return of


ROWS = [
    Row(log_loss, loss),
    Row(brier_score, brier),
    Row(top_k_accuracy, first(2), 3),
    Row(top_k_accuracy(k=1), first(1), 3),
    Row(top_k_accuracy(k=3), first(3), 4),
]


def disagreements(y: Any, p: Any, w: Any = None, names: Any = None, **table: Any) -> list[str]:
    """Every metric that differs from its oracle, in words. names: of the classes, in order."""
    classes = list(range(p.shape[1])) if names is None else list(names)
    table = table or {"scores": p}
    table["label"] = np.array(classes)[y]
    if w is not None:
        table["weight"] = w
    rows = [row for row in ROWS if p.shape[1] >= row.classes]
    options = {} if classes == [0, 1] else {"classes": classes}
    result = measure([row.metric for row in rows], table, **options)
    exact = p.astype(float)
    exact = exact / exact.sum(axis=1, keepdims=True)
    wrong = []
    for row in rows:
        wanted, found = row.of(y, exact, w), result[row.metric.on("test")].value
        if not math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12):
            wrong.append(f"{row.metric}: {found!r}, but the oracle says {wanted!r}")
    return wrong


def softmax(logits: Any) -> Any:
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cases() -> Iterator[Any]:
    rng = np.random.default_rng(5)

    def made(n: int, k: int, sharp: float = 1.0) -> tuple[Any, Any]:
        y = rng.integers(0, k, n)
        logits = rng.normal(size=(n, k)) + 1.5 * np.eye(k)[y]
        return y, softmax(sharp * logits)

    def case(name: str, y: Any, p: Any, **more: Any) -> Any:
        return pytest.param(y, p, more, id=name)

    for n in (1, 2, 7, 1000, 20_000):
        for k in (2, 3, 5):
            yield case(f"n-{n}-classes-{k}", *made(n, k))
    y, p = made(500, 10)
    yield case("float32", y, p.astype(np.float32))
    yield case("certain", *made(500, 4, sharp=1000))
    yield case("one-class-occurs", np.zeros(50, int), made(50, 3)[1])
    coarse = rng.choice([[0.5, 0.25, 0.25, 0], [0.25] * 4, [0.5, 0.5, 0, 0]], 400)
    yield case("ties", rng.integers(0, 4, 400), coarse)
    yield case("names", *made(200, 3), names=["ant", "bee", "cat"])
    for name, w in {
        "whole": rng.integers(1, 5, 300),
        "fractions": rng.uniform(0.1, 3, 300),
        "some-zero": rng.integers(0, 3, 300),
    }.items():
        for k in (2, 4):
            yield case(f"weight-{name}-classes-{k}", *made(300, k), w=w.astype(float))


@pytest.mark.parametrize("y, p, more", list(cases()))
def test_agrees_with_the_oracle(y, p, more):
    assert disagreements(y, p, **more) == []


def test_one_score_is_the_probability_of_the_positive_class():
    rng = np.random.default_rng(6)
    y = rng.integers(0, 2, 200)
    score = np.where(rng.random(200) < 0.05, y, rng.random(200))  # some are certain, and right
    p = np.stack([1 - score, score], axis=1)
    assert disagreements(y, p, score=score) == []
    table = {"label": np.array(["no", "yes"])[y], "score": score}
    found = measure([log_loss], table, positive="yes")[log_loss.on("test")]
    assert found.value == pytest.approx(sk.log_loss(y, score), rel=1e-9)


weights = st.integers(1, 8)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 3), *[weights] * 4, weights), min_size=1, max_size=20))
def test_agrees_on_anything_small(rows):
    y, *parts, w = np.array(rows).T
    p = np.stack(parts, axis=1) / np.sum(parts, axis=0)[:, None]
    assert disagreements(y, p) + disagreements(y, p, w=w.astype(float)) == []


def test_every_metric_has_a_row():
    here = {value.name for value in vars(probability).values() if isinstance(value, Metric)}
    assert here == {row.metric.name for row in ROWS}


def test_an_impossible_label_costs_36_and_not_infinity():
    table = {"label": [0, 1, 1], "score": [0.0, 1.0, 0.0]}
    found = measure([log_loss], table)[log_loss.on("test")]
    assert found.value == pytest.approx(-math.log(np.finfo(float).eps) / 3)


def test_logits_rank_and_are_no_probabilities():
    rng = np.random.default_rng(7)
    y, logits = rng.integers(0, 4, 300), rng.normal(size=(300, 4)) * 5
    table, classes = {"label": y, "scores": logits}, [0, 1, 2, 3]
    found = measure([top_k_accuracy], table, classes=classes)[top_k_accuracy.on("test")]
    assert found.value == pytest.approx(sk.top_k_accuracy_score(y, logits, k=2))
    for metric in (log_loss, brier_score):
        with pytest.raises(OutputsError, match=r"outside \[0, 1\]"):
            measure([metric], table, classes=classes)
    with pytest.raises(OutputsError, match=r"outside \[0, 1\]"):
        measure([log_loss], {"label": [0, 1], "score": [0.2, 1.2]})


@pytest.mark.parametrize("k", [0, 3, 4, -1, 1.5, "two", True], ids=repr)
def test_k_is_less_than_the_number_of_classes(k):
    rng = np.random.default_rng(8)
    table = {"label": rng.integers(0, 3, 50), "scores": softmax(rng.normal(size=(50, 3)))}
    with pytest.raises(OutputsError, match="k is a whole number from 1 to 2"):
        measure([top_k_accuracy(k=k)], table, classes=[0, 1, 2])
