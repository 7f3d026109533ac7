"""Ranks: one sort of integer keys, then counts of positives and negatives at each distinct score.

Scores are float32 and not negative, so their bits order as they do. Long sums are products in place
and `sum`, not `@`: handing a million numbers to the threads of a BLAS takes longer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.data import Data, Size
from benchmarks.sides import REPLICATES, Side
from benchmarks.twins.counts import cells, delta_error, five, matthews

# Neighbouring scores are merged to so many before the influence on average precision is taken: its
# standard error differs in the sixth digit.
MERGED = 1 << 16


def ordered(key: Any) -> tuple[Any, Any, Any]:
    """Of keys that hold the label in the lowest bit: positives and negatives at each distinct rest
    of the key, and these, ascending."""
    key.sort()
    rest = key >> 1
    last = np.empty(len(key), bool)
    np.not_equal(rest[1:], rest[:-1], out=last[:-1])
    last[-1] = True
    ends = np.flatnonzero(last)
    hits = np.cumsum(key & 1, dtype=np.int32)[ends]
    positives = np.diff(hits, prepend=np.int32(0))
    negatives = np.diff(ends.astype(np.int32), prepend=np.int32(-1)) - positives
    return positives.astype(np.float64), negatives.astype(np.float64), rest[ends]


def keys(score: Any, label: Any) -> Any:
    key = score.view(np.uint32) << 1
    key |= label.astype(np.uint32)
    return key


def area(pos: Any, neg: Any) -> tuple[float, float]:
    """AUC and its standard error (DeLong) of counts (m,) at ascending scores."""
    p, n = pos.sum(), neg.sum()
    below = np.cumsum(neg)
    below -= 0.5 * neg  # negatives below, and half of those that tie
    above = np.cumsum(pos)
    above -= 0.5 * pos
    np.subtract(p, above, out=above)  # positives above, likewise
    of_positives, of_negatives = pos * below, neg * above
    value = of_positives.sum() / (p * n)
    of_positives *= below
    of_negatives *= above
    spread = (of_positives.sum() / (p * n**2) - value**2) / p
    spread += (of_negatives.sum() / (n * p**2) - value**2) / n
    return float(value), float(np.sqrt(spread))


def average_precision(pos: Any, neg: Any) -> float:
    hits, above = _at_least(pos), _at_least(pos + neg)
    total = hits[0]
    hits /= above
    hits *= pos
    return float(hits.sum() / total)


def average_precision_error(pos: Any, neg: Any) -> float:
    """Standard error by the influence of an example at each score."""
    step = -(-len(pos) // MERGED)
    starts = np.arange(0, len(pos), step)
    pos, neg = np.add.reduceat(pos, starts), np.add.reduceat(neg, starts)
    hits, above = _at_least(pos), _at_least(pos + neg)
    total, precision = hits[0], hits / above
    value = pos @ precision / total
    # An example stands among those at or above every score up to its own.
    diluted = -np.cumsum(pos * precision / above) / total
    of_negative = diluted
    of_positive = diluted + np.cumsum(pos / above) / total + (precision - value) / total
    return float(np.sqrt(pos @ of_positive**2 + neg @ of_negative**2))


def _at_least(counts: Any) -> Any:
    """How many lie at or above each place."""
    return np.cumsum(counts[::-1])[::-1]


def mean_error(values: Any) -> tuple[float, float]:
    """Mean and its standard error."""
    n = len(values)
    mean = values.mean(dtype=np.float64)
    values = values * values
    return float(mean), float(np.sqrt((values.mean(dtype=np.float64) - mean**2) / n))


def nine(data: Data, size: Size) -> Side:
    label, score = data["label"], data["score"]

    def call() -> Any:
        positive, predicted = label.astype(bool), score >= 0.5
        table = cells(positive, predicted)
        found = five(*map(np.float64, table))
        table = tuple(map(float, table))
        right = np.where(positive, score, 1 - score)  # the probability of the label
        pos, neg, _ = ordered(keys(score, label))
        found |= {
            "matthews_corrcoef": matthews(*table),
            "matthews_corrcoef, error": delta_error(matthews, table),
            "average_precision": average_precision(pos, neg),
            "average_precision, error": average_precision_error(pos, neg),
        }
        pairs = {
            "log_loss": mean_error(-np.log(right)),
            "brier_score": mean_error((1 - right) ** 2),
            "roc_auc": area(pos, neg),
        }
        for name, (value, error) in pairs.items():
            found[name], found[f"{name}, error"] = value, error
        return found

    return Side(call)


def auc_by_slice(data: Data, size: Size) -> Side:
    label, score, code = data["label"], data["score"], data["slice"]

    def call() -> Any:
        key = (code.astype(np.uint64) << 33) | keys(score, label)
        pos, neg, rest = ordered(key)
        starts = np.searchsorted(rest >> 32, np.arange(size.slices, dtype=np.uint64))
        lengths = np.diff(np.append(starts, len(pos)))

        def total(x: Any) -> Any:
            return np.add.reduceat(x, starts)

        def inside(x: Any) -> Any:
            """What was summed up within the slice."""
            running = np.cumsum(x)
            return running - np.repeat(running[starts] - x[starts], lengths)

        p, n = total(pos), total(neg)
        below = inside(neg) - 0.5 * neg
        above = np.repeat(p, lengths) - inside(pos) + 0.5 * pos
        value = total(pos * below) / (p * n)
        spread = (total(pos * below**2) / (p * n**2) - value**2) / p
        spread += (total(neg * above**2) / (n * p**2) - value**2) / n
        return {"roc_auc": value, "roc_auc, error": np.sqrt(spread)}

    return Side(call)


def auc_bootstrap(data: Data, size: Size) -> Side:
    """Which example is drawn matters only by its score and label, so these are counted anew."""
    label, score = data["label"], data["score"]

    def call() -> Any:
        pos, neg, _ = ordered(keys(score, label))
        places = np.arange(2 * len(pos), dtype=np.int32)
        place = np.repeat(places, np.concatenate([neg, pos]).astype(np.int64))
        n, random = len(label), np.random.default_rng(13)
        replicates = np.empty(size.replicates)
        for b in range(size.replicates):
            drawn = place[random.integers(0, n, n, dtype=np.int32)]
            minus, plus = np.bincount(drawn, minlength=len(places)).reshape(2, -1)
            below = np.cumsum(minus) - 0.5 * minus
            below *= plus
            positives = plus.sum()
            replicates[b] = below.sum() / (positives * (n - positives))
        return {
            "roc_auc": area(pos, neg)[0],
            REPLICATES: replicates,
            "interval": np.quantile(replicates, [0.025, 0.975]),
        }

    return Side(call)
