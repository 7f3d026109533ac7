"""Counts: tables of cells, exact binomial bounds, and resampling of the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.data import Data, Size
from benchmarks.sides import REPLICATES, Side


def clopper_pearson(hits: Any, trials: Any, level: float = 0.95) -> tuple[Any, Any]:
    """One-sided exact bounds of shares, each at `level`; arrays of any shape."""
    from scipy.special import betaincinv

    misses = trials - hits
    low = betaincinv(np.maximum(hits, 1), misses + 1, 1 - level)
    high = betaincinv(hits + 1, np.maximum(misses, 1), level)
    return np.where(hits == 0, 0.0, low), np.where(misses == 0, 1.0, high)


def wilson(hits: Any, trials: Any) -> tuple[Any, Any]:
    """The two-sided 95 % interval of Wilson."""
    z = 1.959963984540054
    share, add = hits / trials, z * z / trials
    middle = (share + add / 2) / (1 + add)
    half = z * np.sqrt(share * (1 - share) / trials + add / (4 * trials)) / (1 + add)
    return middle - half, middle + half


def from_jaccard(jaccard: Any) -> Any:
    """F1 through Jaccard's share tp / (tp + fp + fn), of which it is an increasing function."""
    return 2 * jaccard / (1 + jaccard)


def five(tp: Any, fp: Any, fn: Any, tn: Any) -> dict[str, Any]:
    """Five metrics of tables of cells, each with the bounds that decide and the interval shown."""
    shares = {
        "accuracy": (tp + tn, tp + fp + fn + tn),
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "f1": (tp, tp + fp + fn),
    }
    found = {}
    for name, (hits, trials) in shares.items():
        numbers = [hits / trials, *clopper_pearson(hits, trials), *wilson(hits, trials)]
        if name == "f1":
            numbers = [from_jaccard(number) for number in numbers]
        found[name], found[f"{name}, bounds"] = numbers[0], numbers[1:]
    return found


def cells(label: Any, predicted: Any) -> tuple[int, int, int, int]:
    """tp, fp, fn, tn of booleans (n,)."""
    tp = np.count_nonzero(label & predicted)
    positives, predicted_positives = np.count_nonzero(label), np.count_nonzero(predicted)
    fp, fn = predicted_positives - tp, positives - tp
    return tp, fp, fn, len(label) - tp - fp - fn


def matthews(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / np.sqrt(margins)


def delta_error(function: Any, table: Any) -> float:
    """Standard error of a smooth function of the shares of a table (delta method)."""
    n = sum(table)
    shares, step = np.array(table) / n, 1e-20j
    slopes = np.array([function(*(shares + step * side)).imag for side in np.eye(len(table))])
    slopes /= step.imag
    return float(np.sqrt((shares @ slopes**2 - (shares @ slopes) ** 2) / n))


def by_slice(data: Data, size: Size) -> Side:
    label, score, code = data["label"], data["score"], data["slice"]

    def call() -> Any:
        cell = 4 * code
        cell += 2 * label
        cell += score >= 0.5
        table = np.bincount(cell, minlength=4 * size.slices).reshape(-1, 4)
        tn, fp, fn, tp = table.T
        return five(tp, fp, fn, tn)

    return Side(call)


def f1_of(tp: Any, fp: Any, fn: Any) -> Any:
    return 2 * tp / (2 * tp + fp + fn)


def f1_bootstrap(data: Data, size: Size) -> Side:
    """Drawing n examples anew is drawing the table of their cells anew."""
    label, score = data["label"], data["score"]

    def call() -> Any:
        table = cells(label.astype(bool), score >= 0.5)
        n, random = len(label), np.random.default_rng(11)
        tp, fp, fn, _ = random.multinomial(n, np.array(table) / n, size.replicates).T
        replicates = f1_of(tp, fp, fn)
        return {
            "f1": f1_of(*table[:3]),
            REPLICATES: replicates,
            "interval": np.quantile(replicates, [0.025, 0.975]),
        }

    return Side(call)


def paired_bootstrap(data: Data, size: Size) -> Side:
    """Eight cells: the label and what each of two models predicts."""
    label, ours, theirs = data["label"], data["score"], data["other"]

    def differences(table: Any) -> Any:
        both = table.reshape(-1, 2, 2, 2)  # label, first model, second model
        first, second = both.sum(axis=3), both.sum(axis=2)
        values = [f1_of(t[:, 1, 1], t[:, 0, 1], t[:, 1, 0]) for t in (first, second)]
        return values[0] - values[1]

    def call() -> Any:
        cell = 4 * label + 2 * (ours >= 0.5) + (theirs >= 0.5)
        table, n = np.bincount(cell, minlength=8), len(label)
        random = np.random.default_rng(12)
        replicates = differences(random.multinomial(n, table / n, size.replicates))
        return {
            "f1": differences(table)[0],
            REPLICATES: replicates,
            "interval": np.quantile(replicates, [0.025, 0.975]),
        }

    return Side(call)
