"""Many classes, ranked lists, sentences, and a folder of Parquet files."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain, count
from typing import Any

import numpy as np

from benchmarks.data import Data, Size
from benchmarks.sides import Side
from benchmarks.twins.counts import clopper_pearson, from_jaccard

# Rows of scores that stay in the processor's cache together.
CHUNK = 256
# Bins of the histogram of scores, in which an area is exact but for scores that share a bin.
BINS = 1 << 16


def many_classes(data: Data, size: Size) -> Side:
    label, scores = data["label"], data["scores"]

    def call() -> Any:
        n = len(label)
        predicted, above = np.empty(n, np.int64), np.empty(n, np.int64)
        for start in range(0, n, CHUNK):
            chunk = scores[start : start + CHUNK]
            own = np.take_along_axis(chunk, label[start : start + CHUNK, None], axis=1)
            predicted[start : start + CHUNK] = chunk.argmax(axis=1)
            above[start : start + CHUNK] = np.count_nonzero(chunk > own, axis=1)
        hit = predicted == label
        labelled = np.bincount(label, minlength=size.classes)
        named = np.bincount(predicted, minlength=size.classes)
        tp = np.bincount(label[hit], minlength=size.classes)
        union = labelled + named - tp
        f1 = from_jaccard(tp / union)
        low, high = map(from_jaccard, clopper_pearson(tp, union))
        hits = np.array([np.count_nonzero(above < k) for k in (1, 5)])
        return {
            "macro f1": f1.mean(),
            "macro f1, bounds": [
                f1.mean() - np.linalg.norm(f1 - low) / size.classes,
                f1.mean() + np.linalg.norm(high - f1) / size.classes,
            ],
            "top 1": hits[0] / n,
            "top 5": hits[1] / n,
            "top, bounds": clopper_pearson(hits, n),
        }

    return Side(call)


def ndcg(data: Data, size: Size, k: int = 10) -> Side:
    shape = (size.queries, size.documents)

    def call() -> Any:
        relevance, score = data["relevance"].reshape(shape), data["score"].reshape(shape)
        first = np.argpartition(score, -k, axis=1)[:, -k:]
        order = np.argsort(-np.take_along_axis(score, first, axis=1), axis=1)
        gains = np.take_along_axis(relevance, np.take_along_axis(first, order, axis=1), axis=1)
        best = -np.sort(-np.partition(relevance, -k, axis=1)[:, -k:], axis=1)
        discounts = 1 / np.log2(np.arange(2, k + 2))
        values = (gains @ discounts) / (best @ discounts)
        return {"ndcg": values.mean(), "ndcg, error": values.std() / np.sqrt(len(values))}

    return Side(call)


def words(data: Data, size: Size) -> Side:
    """Edit distances of all pairs at once, bit by bit (Myers 1999), for up to 64 words."""

    def call() -> Any:
        said = [text.split() for text in data["label"]]
        heard = [text.split() for text in data["prediction"]]
        number: dict[str, int] = defaultdict(count(1).__next__)  # a new word, a new number
        a, long_a = _padded(said, number)
        b, long_b = _padded(heard, number)
        edits = _distances(a, long_a, b, long_b)
        total = long_a.sum()
        rate = edits.sum() / total
        error = np.sqrt(((edits - rate * long_a) ** 2).sum()) / total
        return {"word error rate": rate, "word error rate, error": error}

    return Side(call)


def _padded(texts: list[list[str]], number: dict[str, int]) -> tuple[Any, Any]:
    """Words as numbers (n, most), 0 where a sentence has ended, and the lengths (n,)."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    found = np.zeros((len(texts), lengths.max()), np.int32)
    words = map(number.__getitem__, chain.from_iterable(texts))
    found[np.arange(found.shape[1]) < lengths[:, None]] = np.fromiter(
        words, np.int32, lengths.sum()
    )
    return found, lengths


def _distances(a: Any, long_a: Any, b: Any, long_b: Any) -> Any:
    """Edits (n,) that turn each row of `a` into that of `b`: a bit for each word of `a`."""
    bits = np.uint64(1) << np.arange(a.shape[1], dtype=np.uint64)
    one, last = np.uint64(1), np.uint64(1) << (long_a - 1).astype(np.uint64)
    up, down = np.full(len(a), ~np.uint64(0)), np.zeros(len(a), np.uint64)
    edits = long_a.copy()
    for place in range(b.shape[1]):
        same = _packed(a == b[:, place, None], bits)
        across = same | down
        along = (((same & up) + up) ^ up) | same
        plus, minus = down | ~(along | up), up & along
        inside = place < long_b
        edits += inside & ((plus & last) != 0)
        edits -= inside & ((minus & last) != 0)
        plus, minus = (plus << one) | one, minus << one
        up, down = minus | ~(across | plus), plus & across
    return edits


def _packed(flags: Any, bits: Any) -> Any:
    """Booleans (n, m ≤ 64) as one integer a row, the first in the lowest bit."""
    found = np.zeros((len(flags), 8), np.uint8)
    packed = np.packbits(flags, axis=1, bitorder="little")
    found[:, : packed.shape[1]] = packed
    return found.view("<u8")[:, 0]


def parquet(data: Data, size: Size) -> Side:
    """By hand with pyarrow and NumPy, one file after the other: counts by slice, moments of a
    column, and a histogram of scores."""
    import pyarrow.parquet as pq

    def call() -> Any:
        table = np.zeros(4 * size.slices, np.int64)
        histogram = np.zeros(2 * BINS, np.int64)
        n, total, squares = 0, 0.0, 0.0
        for file in sorted(data["folder"].glob("*.parquet")):
            columns = pq.read_table(file)
            label, score, code, latency = (
                columns[name].to_numpy() for name in ("label", "score", "slice", "latency")
            )
            cell = 4 * code.astype(np.int32) + 2 * label + (score >= 0.5)
            table += np.bincount(cell, minlength=len(table))
            place = np.minimum((score * BINS).astype(np.int32), BINS - 1)
            histogram += np.bincount(2 * place + label, minlength=len(histogram))
            latency = latency.astype(np.float64)
            n, total = n + len(label), total + latency.sum()
            squares += np.square(latency, out=latency).sum()
        tn, fp, fn, tp = table.reshape(-1, 4).T
        neg, pos = histogram.reshape(-1, 2).T
        return {
            "accuracy": (tp + tn) / (tp + fp + fn + tn),
            "precision": tp / (tp + fp),
            "recall": tp / (tp + fn),
            "mean": total / n,
            "mean, error": np.sqrt((squares / n - (total / n) ** 2) / n),
            "roc_auc": pos @ (np.cumsum(neg) - 0.5 * neg) / (pos.sum() * neg.sum()),
        }

    return Side(call)
