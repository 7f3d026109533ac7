"""Splits of one distribution: random halves of real outputs, and columns made to differ."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
from scipy.stats import norm

from evalharness import Evaluation, Outputs, same_distribution
from evalharness.checks import shift
from evalharness.distances.ks import ks_distance
from evalharness.inference import two_sample_units
from evalharness.inference.two_sample import KsDistance
from tests.calibration.splits import FEWER_DRAWS, share_distance, shares
from tests.shared_data.real import DATA, rows

Table = dict[str, Any]

# Tolerances so small that only chance, and no true difference, can be beyond them.
SMALL = 0.002
GATED = ("label", "prediction", "score")


# A column of scores, of predictions of 10 classes, of labels of so many.
GATES = [("score", 0), ("prediction", 10)] + [("label", k) for k in (2, 3, 10, 50)]
SIZES, COUNTS = (50, 850, 5_000, 50_000), (5, 10, 30, 200)
RUNS, CLUSTERED_RUNS, CLEAR_RUNS = 200, 60, 1_000


class Default(Evaluation):
    splits = [same_distribution("dev", "test")]


class Tight(Evaluation):
    splits = [same_distribution("dev", "test", columns=dict.fromkeys(GATED, SMALL))]


@cache
def real() -> Table:
    """Labels, predictions and the largest score of a model on 10,000 pictures; without them, of
    one that is fitted to scikit-learn's handwritten digits."""
    if DATA.is_dir():
        table = rows("cifar10/cv_probabilities.parquet")
        names = [n for n in table.column_names if n.startswith("p_")]
        scores = np.stack([table[n].to_numpy() for n in names], 1)
        label = table["label"].to_numpy().astype(np.int64)
    else:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import cross_val_predict
        from sklearn.naive_bayes import MultinomialNB

        x, label = load_digits(return_X_y=True)
        scores = cross_val_predict(MultinomialNB(), x, label, method="predict_proba")
    return {"label": label, "prediction": scores.argmax(1), "score": scores.max(1).astype(float)}


def halves(rng: np.random.Generator, n: int) -> tuple[Table, Table]:
    """Two of ``n`` rows each; above the table's size drawn with replacement."""
    size = len(real()["label"])
    at = rng.choice(size, 2 * n, replace=True) if 2 * n > size else rng.permutation(size)
    return part(at[:n]), part(at[n : 2 * n])


def clustered_halves(
    rng: np.random.Generator, count: int, size: int, alike: float, unequal: bool
) -> tuple[Table, Table]:
    """Two of ``count`` clusters each, of ``size`` rows on average, whose rows have labels and
    scores that are as much alike as ``alike`` says."""
    n = 2 * count * size
    at = rng.choice(len(real()["label"]), n, replace=n > len(real()["label"]))
    # Ordered by label, score and chance, then cut.
    rank = np.argsort(np.argsort(real()["label"][at] + real()["score"][at]))
    mixed = np.sqrt(alike) * norm.ppf((rank + 0.5) / n) + np.sqrt(1 - alike) * rng.normal(size=n)
    weights = rng.lognormal(0, 1, 2 * count) if unequal else np.ones(2 * count)
    edges = np.round(np.cumsum(weights)[:-1] / weights.sum() * n).astype(int)
    cluster = np.empty(n, int)
    cluster[np.argsort(mixed)] = np.searchsorted(edges, np.arange(n), "right")
    first = np.isin(cluster, rng.permutation(2 * count)[:count])
    return tuple(  # type: ignore[return-value]
        {**part(at[side]), "cluster": cluster[side]} for side in (first, ~first)
    )


def part(at: Any) -> Table:
    return {name: column[at] for name, column in real().items()}


def outcomes(evaluation: Any, dev: Table, test: Table) -> dict[str, str]:
    """The outcome of each gated column, and of the check as "all"; without the notes on causes,
    which decide nothing."""
    with (
        patch.object(shift, "notes", lambda *_: []),
        patch.object(two_sample_units, "DRAWS", FEWER_DRAWS),
    ):
        check = evaluation.run(Outputs(dev=dev, test=test)).checks[0]
    return {**{f.about: f.outcome for f in check.gated}, "all": check.outcome}


def failures(n: int) -> dict[str, int]:
    """How often each gated column fails, and "all", among RUNS pairs of halves of ``n`` rows."""
    rng = seeded("halves", n)
    return tallied((outcomes(Tight, *halves(rng, n)) for _ in range(RUNS)), "fail")


def clustered_failures(count: int) -> dict[str, int]:
    """The same of CLUSTERED_RUNS pairs of halves of ``count`` clusters; the intraclass correlation
    is .1 or .5."""
    rng = seeded("clusters", count)
    kinds = [(alike, unequal) for alike in (0.1, 0.5) for unequal in (False, True)] * (
        CLUSTERED_RUNS // 4
    )
    found = (outcomes(Tight, *clustered_halves(rng, count, 20, *kind)) for kind in kinds)
    return tallied(found, "fail")


def tallied(found: Iterator[dict[str, str]], outcome: str) -> dict[str, int]:
    """How often each was decided so."""
    counts: dict[str, int] = {}
    for each in found:
        for name, word in each.items():
            counts[name] = counts.get(name, 0) + (word == outcome)
    return counts


# Columns that differ


def seeded(*words: Any) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(words).encode()))


def most(name: str) -> float:
    """The default tolerance of a column."""
    return 0.10 if name == "score" else 0.05


def columns(rng: Any, name: str, categories: int, apart: float, n: int = 2_000) -> Any:
    """A column of both splits; ``apart`` is the true distance."""
    if name == "score":
        a, b = rng.normal(size=n), rng.normal(2 * norm.ppf((1 + apart) / 2), 1, n)
        return norm.cdf(a), norm.cdf(b)
    pair = shares(categories, 1 / categories, apart)
    return tuple(rng.choice(categories, n, p=p) for p in pair)


def decided(
    name: str, categories: int, apart: float, runs: int, n: int = 2_000
) -> dict[str, float]:
    """The share of passes and of fails, of one gated column alone, of ``n`` rows in each split."""
    rng = seeded("bounds", name, categories, apart)
    found = {"pass": 0.0, "fail": 0.0}
    for _ in range(runs):
        distance: Any
        if name == "score":
            a, b = columns(rng, name, categories, apart, n)
            distance = KsDistance(float(ks_distance(a, b)), (len(a), len(b)))
        else:
            pair = shares(categories, 1 / categories, apart)
            distance = share_distance([rng.multinomial(n, p) for p in pair])
        found["pass"] += (distance.upper(0.05) < most(name)) / runs
        found["fail"] += (distance.lower(0.05) > most(name)) / runs
    return found


def page() -> str:
    """What is promised of verdicts, as tables."""
    lines = ["| one gated column, 2,000 rows each | no difference | the tolerance | twice it |"]
    lines.append("|---|---|---|---|")
    for name, categories in GATES:
        each = [decided(name, categories, k * most(name), CLEAR_RUNS) for k in (0, 1, 2)]
        cells = [f"passes {each[0]['pass']:.3f}"]
        cells.append(f"passes {each[1]['pass']:.3f}, fails {each[1]['fail']:.3f}")
        cells.append(f"fails {each[2]['fail']:.3f}")
        what = f"{name} of {categories} classes" if categories else name
        lines.append(f"| {what}, tolerance {most(name)} | " + " | ".join(cells) + " |")
    lines += ["", "| fails of halves of real outputs | " + " | ".join([*GATED, "any"]) + " |"]
    lines.append("|---" * 5 + "|")
    some = [(f"{n:,} rows each", failures(n), RUNS) for n in SIZES]
    some += [
        (f"{n} clusters of 20 rows each", clustered_failures(n), CLUSTERED_RUNS) for n in COUNTS
    ]
    for what, failed, runs in some:
        cells = [f"{failed[k] / runs:.3f}" for k in (*GATED, "all")]
        lines.append(f"| {what} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
