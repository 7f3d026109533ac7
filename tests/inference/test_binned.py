"""Scores in bins, against the table of all scores: values and limits lie where the bins say, and
every verdict is the same."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evalharness.inference import placements
from evalharness.inference.binned_precision import BinnedPrecision
from evalharness.inference.bracketed import bracketed
from evalharness.inference.curves import RankCurveBounds, WithoutGaps, without_gaps
from evalharness.inference.estimates import estimate
from evalharness.inference.of_form import bounds_of, exact
from evalharness.inference.sorted_scores import sorted_distance, sorted_precision
from evalharness.inference.verdicts import decide
from evalharness.kernels.sample import Sample
from evalharness.metrics import average_precision, ks_statistic, roc_auc
from evalharness.metrics.rank_curves import average_precision_influence, average_precision_of
from evalharness.statistics.base import Columns
from evalharness.statistics.binned import Binned
from evalharness.statistics.tables import RankTable
from tests.statistics.test_bins import binned

METRICS = [roc_auc, average_precision, ks_statistic]
OPS = [">=", ">", "<=", "<"]


def scores(kind, label, rng):
    n = len(label)
    shift = rng.choice([0.0, 1.0, 3.0]) * label
    found = {
        "normal": lambda: rng.normal(shift),
        "ties": lambda: np.round(rng.normal(shift), 1),
        "few values": lambda: rng.integers(0, 4, n) + np.minimum(shift, 1),
        "constant": lambda: np.full(n, 0.25),
        "heavy tails": lambda: rng.standard_cauchy(n) * 10.0 ** rng.integers(-20, 20, n) + shift,
        "zeros": lambda: np.where(rng.random(n) < 0.5, -0.0, 0.0) * 1 + (rng.random(n) < shift / 4),
        "half in one": lambda: np.where(rng.random(n) < 0.5, 0.5, rng.random(n) + 0.1 * label),
        "saturated": lambda: 1 - 10 ** (-9 - rng.random(n) - label),
        "sorted": lambda: np.sort(rng.normal(size=n)),
    }[kind]()
    return np.asarray(found, float)


KINDS = [
    *("normal", "ties", "few values", "constant", "heavy tails", "zeros", "half in one"),
    *("saturated", "sorted"),
]


def cells(score, label):
    values, rank = np.unique(score, return_inverse=True)
    return values, *(np.bincount(rank[label == y], minlength=len(values)) for y in (0, 1))


def drawn(seed, short=None):
    """The table of all scores, and that of their bins."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 1_500))
    label = rng.random(n) < rng.choice([0.1, 0.3, 0.5, 0.8])
    score = scores(KINDS[seed % len(KINDS)], label, rng)
    bits = 32 if (seed // len(KINDS)) % 2 else 64
    score = score.astype(f"f{bits // 8}")
    # Of sorted files the first rows tell little: bins of a sample that is not of all.
    sample = rng.integers(0, rng.choice([n, n // 8 + 1]), int(rng.integers(1, n)))
    table, *_ = binned(score, label, sample, bits)
    whole = RankTable(*cells(score, label))
    cuts = np.sort(rng.integers(0, len(whole.values) + 1, 4))
    pieces = list(zip(*(np.split(x, cuts) for x in whole[1:]), strict=True))
    return Binned(table.negatives, table.positives, table.single, lambda: iter(pieces)), whole


def plain(n):
    return Sample(Columns({"label": np.zeros(n, bool)}), lambda: None)


def both(metric, seed):
    """The bounds of the bins and of all scores."""
    table, whole = drawn(seed)
    entries = plain(int(whole.negatives.sum() + whole.positives.sum()))
    return bounds_of(metric, table, entries, 0), bounds_of(metric, whole, entries, 0)


@pytest.mark.parametrize("metric", METRICS, ids=str)
@pytest.mark.parametrize("seed", range(90))
def test_verdicts_are_those_of_all_scores(metric, seed):
    mine, theirs = both(metric, seed)
    assert mine.n == theirs.n
    if theirs.value != theirs.value:
        return
    room = getattr(mine, "half_width", 0.0)
    assert abs(mine.value - theirs.value) <= room + 1e-12
    for alpha in (0.2, 0.05, 1e-3, 1e-6):
        assert mine.lower(alpha) <= theirs.lower(alpha) + 1e-12
        assert mine.upper(alpha) >= theirs.upper(alpha) - 1e-12
        if room:
            low, high = mine.limits(alpha, wide=False)
            assert low >= theirs.lower(alpha) - 1e-12
            assert high <= theirs.upper(alpha) + 1e-12
    one, other = (estimate(b, 0.95, metric="m", model="", split="s", slice="") for b in (mine, theirs))
    at = [other.value, other.at_least, other.at_most, theirs.lower(0.01), theirs.upper(0.01)]
    for threshold in (x + step for x in at for step in (-room, -1e-9, 1e-9, room, 0.3)):
        for op in OPS:
            for options in {}, {"family": 5}, {"policy": "point"}:
                found, expected = (
                    decide(e, op, threshold, forecast=False, **options) for e in (one, other)
                )
                assert found.outcome == expected.outcome, (op, threshold, options)
