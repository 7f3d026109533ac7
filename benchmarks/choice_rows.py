"""The rows about several models: all pairs of them on the same examples."""

from __future__ import annotations

from itertools import combinations, islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import Data, Size
from benchmarks.row import Row
from benchmarks.sides import Peer, Side
from evalharness import Outputs
from evalharness.metrics import accuracy, f1

PART_OF_PAIRS = 50
# Each takes seconds.
ROUNDS = 3


def choice_rows(size: Size) -> list[Row]:
    work = f"{size.candidates} models, {size.candidate_rows:,} examples"
    pairs = f"all {size.candidates * (size.candidates - 1) // 2:,} pairs"
    peer = Peer("SciPy, exact McNemar in a loop", "scipy", looped, PART_OF_PAIRS, within=1e-9)
    return [
        Row(
            "choice",
            f"the choice by accuracy among {work}: {pairs} with simultaneous intervals",
            candidates,
            chosen,
            None,
            peer,
            at_least=3,
            goal=5,
            memory=800,
            seconds=10,
            rounds=ROUNDS,
            compiles=False,
        ),
        Row(
            "choice-f1",
            f"the same by F1 among {work}",
            candidates,
            chosen_by_f1,
            None,
            Peer("scikit-learn f1_score in a loop", "sklearn", looped_f1, PART_OF_PAIRS),
            at_least=25,
            goal=60,
            memory=800,
            seconds=10,
            rounds=ROUNDS,
            compiles=False,
        ),
    ]


def candidates(size: Size, folder: Path) -> Data:
    """Models that err on the same hard examples, and by themselves."""
    random, n = np.random.default_rng(50), size.candidate_rows
    label, hard = random.integers(0, 2, n), random.random(n)
    rates = random.uniform(0.85, 0.95, size.candidates)
    found = {"label": label}
    for k, rate in enumerate(rates):
        right = np.where(random.random(n) < 0.5, hard, random.random(n)) < rate
        found[f"prediction {k}"] = np.where(right, label, 1 - label)
    return found


def chosen(data: Data, size: Size, metric: Any = accuracy) -> Side:
    """Through the public interface: read, paired by id, ranked, with every interval."""
    from evalharness import Evaluation

    ids = np.arange(size.candidate_rows)
    names = [f"{k:03}" for k in range(size.candidates)]
    body = {"models": names, "optimizing": metric.on("dev")}
    evaluation: Any = type("Candidates", (Evaluation,), body)

    def call() -> Any:
        outputs = {
            name: Outputs(
                dev={"id": ids, "label": data["label"], "prediction": data[f"prediction {k}"]}
            )
            for k, name in enumerate(names)
        }
        return evaluation.run(outputs)[body["optimizing"]]

    def read(found: Any) -> dict[str, Any]:
        values = {c.model: c.value for c in found.choice.candidates}
        return {"difference": [values[a] - values[b] for a, b in combinations(names, 2)]}

    return Side(call, read)


def chosen_by_f1(data: Data, size: Size) -> Side:
    return chosen(data, size, f1)


def _some_pairs(size: Size) -> list[tuple[int, int]]:
    pairs = size.candidates * (size.candidates - 1) // 2
    return list(islice(combinations(range(size.candidates), 2), max(1, pairs // PART_OF_PAIRS)))


def looped(data: Data, size: Size) -> Side:
    """Differences and p-values, each by itself: nothing holds for all of them together."""
    from scipy.stats import binomtest

    def call() -> Any:
        found = []
        for i, j in _some_pairs(size):
            ours, theirs = (data[f"prediction {k}"] == data["label"] for k in (i, j))
            new, old = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
            p = binomtest(new, new + old).pvalue if new + old else 1.0
            found.append(((new - old) / len(ours), p))
        return found

    return Side(call, lambda found: {"difference": [d for d, _ in found]})


def looped_f1(data: Data, size: Size) -> Side:
    """Differences, without intervals."""
    from sklearn.metrics import f1_score

    def call() -> Any:
        return [
            f1_score(data["label"], data[f"prediction {i}"])
            - f1_score(data["label"], data[f"prediction {j}"])
            for i, j in _some_pairs(size)
        ]

    return Side(call, lambda found: {"difference": found})
