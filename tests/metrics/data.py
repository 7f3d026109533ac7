"""Data sets on which every metric is compared with its oracle: types, ties, gaps, sizes, edges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SIZES = (1, 2, 7, 1000, 20_000)  # the last is larger than the smallest shape bucket of the pass


@dataclass(frozen=True)
class Data:
    """One table, and what the oracles need to know of it.

    classes: in order; empty when `real`. positive: of two classes, the one that counts.
    score:   (n,) of the positive class; scores: (n, classes).
    """

    name: str
    label: Any
    prediction: Any
    classes: list[Any] = field(default_factory=list)
    positive: Any = None
    score: Any = None
    scores: Any = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def real(self) -> bool:
        return not self.classes

    @property
    def all_labelled(self) -> bool:
        return all((self.label == c).any() for c in self.classes)

    @property
    def table(self) -> dict[str, Any]:
        found = {"label": self.label, "prediction": self.prediction, **self.columns}
        if self.score is not None:
            found["score"] = self.score
        if self.scores is not None:
            found["scores"] = self.scores
        return found


def two(name: str, n: int, values: Any = (0, 1), dtype: Any = np.int64, **more: Any) -> Data:
    """Two classes; `rate`: of positives; `right`: of right predictions; `score`: how it is made."""
    rng = np.random.default_rng([n, *name.encode()])
    rate, right = more.pop("rate", 0.4), more.pop("right", 0.8)
    y = rng.random(n) < rate
    p = np.where(rng.random(n) < right, y, ~y)
    make = more.pop("score", lambda rng, y: np.clip(0.3 * y + rng.random(n) * 0.7, 0, 1))
    values = np.array(values, dtype)
    options = {"classes": values.tolist()}
    if set(values.tolist()) != {0, 1}:
        options["positive"] = values[1].item()
    return Data(
        name,
        values[y.astype(int)],
        values[p.astype(int)],
        values.tolist(),
        values[1].item(),
        score=make(rng, y),
        options=options,
        **more,
    )


def many(name: str, n: int, values: Any, dtype: Any = None, never: int = 0, **more: Any) -> Data:
    """Several classes with probabilities; the last `never` of them are never predicted."""
    rng = np.random.default_rng([n, *name.encode()])
    values, k = np.array(values, dtype), len(values)
    y = rng.choice(k, n, p=more.pop("shares", None))
    logits = rng.normal(size=(n, k)).astype(more.pop("kind", np.float64))
    logits[np.arange(n), y] += 1
    p = logits[:, : k - never].argmax(1)
    return Data(
        name,
        values[y],
        values[p],
        values.tolist(),
        scores=logits,
        options={"classes": values.tolist()},
    )


def real(name: str, n: int, dtype: Any, low: float = -100, high: float = 100) -> Data:
    """Real labels and predictions, with columns to average."""
    rng = np.random.default_rng([n, *name.encode()])
    y, p = (rng.uniform(low, high, n).astype(dtype) for _ in range(2))
    x = rng.uniform(low, high, n).astype(dtype)
    columns = {"x": x, "latency": rng.lognormal(3, 1, n), "flag": rng.random(n) < 0.1}
    return Data(name, y, p, columns=columns)


def rounded(rng: Any, y: Any) -> Any:
    return np.round(rng.random(len(y)), 1)


def signed(rng: Any, y: Any) -> Any:
    return rng.normal(size=len(y)) + y - 0.5


def zeros(rng: Any, y: Any) -> Any:
    """−0.0 and 0.0, which are equal: an order made of bit patterns would tell them apart."""
    return rng.choice([-1.0, -0.0, 0.0, 1.0], len(y))


def of_type(dtype: Any) -> Any:
    return lambda rng, y: (rng.normal(size=len(y)) * 20 + 60 + 10 * y).astype(dtype)


def tiny(rng: Any, y: Any) -> Any:
    """Neighbouring doubles, and subnormals: equal in float32, distinct in float64."""
    return rng.choice([0.3, np.nextafter(0.3, 1), 5e-324, 1e-310, 0.5 + 1e-12], len(y))


DATA = [
    *(two(f"binary-{n}", n) for n in SIZES),
    *(two(f"text-{n}", n, ("no", "yes"), str) for n in SIZES),
    *(two(f"bool-{n}", n, (False, True), bool) for n in SIZES),
    *(two(f"label-{d.__name__}", 300, dtype=d) for d in (np.int8, np.uint8, np.int64)),
    two("three-and-200", 300, (3, 200), np.uint8),
    two("rare-positives", 20_000, rate=0.0005),
    two("rare-negatives", 1000, rate=0.998),
    two("no-positives", 50, rate=0),
    two("only-positives", 50, rate=1),
    two("all-right", 200, right=1),
    two("all-wrong", 200, right=0),
    two("ties", 1000, score=rounded),
    two("constant-score", 100, score=lambda rng, y: np.full(len(y), 0.5)),
    two("signed-scores", 1000, score=signed),
    two("negative-zero", 400, score=zeros),
    two("tiny-differences", 600, score=tiny),
    two("huge-scores", 200, score=lambda rng, y: rng.choice([-1e308, 1e308, 0.0], len(y))),
    two("separated", 100, score=lambda rng, y: y + 0.1 * rng.random(len(y))),
    two("reversed", 100, score=lambda rng, y: -1.0 * y),
    *(
        two(f"score-{d.__name__}", 500, score=of_type(d))
        for d in (np.int8, np.uint8, np.int64, np.float32, np.float64, np.float16)
    ),
    *(many(f"text3-{n}", n, ["ant", "bee", "cat"]) for n in SIZES),
    many("int8-signed-classes", 500, [-5, 0, 127], np.int8),
    many("uint8-classes", 500, [0, 7, 255], np.uint8),
    many("ten-classes", 2000, range(10), np.int64, kind=np.float32),
    many("twenty-five-classes", 3000, range(25), np.int16),
    many("never-predicted", 400, ["a", "b", "c", "d", "e"], never=2),
    many("imbalanced", 5000, ["a", "b", "c"], shares=[0.99, 0.009, 0.001]),
    many("absent-label", 100, ["a", "b", "c"], shares=[0.5, 0.5, 0.0]),
    many("unsorted-classes", 300, ["z", "ä", "A", " b"]),
    *(real(f"real-{n}", n, np.float64) for n in SIZES),
    real("real-float32", 300, np.float32),
    real("real-int8", 300, np.int8, -128, 127),
    real("real-uint8", 300, np.uint8, 0, 255),
    real("real-int64", 300, np.int64, -1e12, 1e12),
    real("real-offset", 300, np.float64, 1e9, 1e9 + 1),
]
