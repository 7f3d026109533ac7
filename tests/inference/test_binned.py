"""Scores in bins, against the table of all scores: values and limits lie where the bins say, and
every verdict is the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.inference import curves
from evalharness.inference.binned_precision import MERGED, BinnedPrecision
from evalharness.inference.curves import RankCurveBounds, WithoutGaps, without_gaps
from evalharness.inference.estimates import estimate
from evalharness.inference.of_form import bounds_of, exact
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


def drawn(seed, n=0):
    """The table of bins of scores, and that of all of them."""
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(60, 1_500))
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
@pytest.mark.parametrize("seed", range(45))
def test_values_limits_and_verdicts_are_those_of_all_scores(metric, seed):
    mine, theirs = both(metric, seed)
    assert mine.n == theirs.n
    if theirs.value != theirs.value:
        return
    room = getattr(mine, "half_width", 0.0)
    assert abs(mine.value - theirs.value) <= room + 1e-12
    for alpha in (0.2, 0.05, 1e-3, 1e-6):
        assert mine.lower(alpha) <= theirs.lower(alpha) + 1e-12
        assert mine.upper(alpha) >= theirs.upper(alpha) - 1e-12
        if hasattr(mine, "limits"):
            low, high = mine.limits(alpha, wide=False)
            assert low >= theirs.lower(alpha) - 1e-12
            assert high <= theirs.upper(alpha) + 1e-12
    one, other = (
        estimate(b, 0.95, metric="m", model="", split="s", slice="") for b in (mine, theirs)
    )
    rng = np.random.default_rng(seed)
    for at in (other.value, other.at_least, other.at_most, theirs.lower(0.01), theirs.upper(0.01)):
        threshold = at + rng.choice([-room, -1e-9, 1e-9, room, 0.3])
        op = rng.choice(OPS)
        for options in {}, {"family": 5}, {"policy": "point"}:
            found, expected = (
                decide(e, op, threshold, forecast=False, **options) for e in (one, other)
            )
            assert found.outcome == expected.outcome, (op, threshold, options)


def test_many_of_them_are_open():
    """The cases are no vacuous ones."""
    for metric in METRICS:
        assert sum(hasattr(both(metric, seed)[0], "limits") for seed in range(18)) >= 5


@pytest.mark.parametrize("metric", METRICS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_what_a_sort_tells_is_what_the_table_does(metric, seed):
    """Bounds and all; of so many scores the table tells the error of its area by merged cells."""
    table, whole = drawn(9 * seed, n=20_000)
    entries, digits = plain(20_000), 1e-8 if metric is roc_auc else 1e-12
    mine = bounds_of(metric, table, entries, 0).exact
    theirs = bounds_of(metric, whole, entries, 0)
    assert mine.value == pytest.approx(theirs.value, rel=1e-14)
    assert (mine.n, mine.unit, mine.reason) == (theirs.n, theirs.unit, theirs.reason)
    assert mine.note == "by a sort of all scores"
    for alpha in (0.2, 0.05, 1e-4):
        assert mine.lower(alpha) == pytest.approx(theirs.lower(alpha), rel=digits)
        assert mine.upper(alpha) == pytest.approx(theirs.upper(alpha), rel=digits)
    assert mine.settle(0.2, 0.05) == theirs.settle(0.2, 0.05)


def test_scores_are_sorted_once_for_all_metrics():
    table, whole = drawn(0)
    walks = []
    given = table.sorted
    table = Binned(
        table.negatives, table.positives, table.single, lambda: walks.append(1) or given()
    )
    for metric in METRICS:
        found = bounds_of(metric, table, plain(int(whole.negatives.sum())), 0)
        assert found.exact.value == pytest.approx(both(metric, 0)[1].value)
    assert len(walks) == 1


@pytest.mark.parametrize("metric", METRICS, ids=str)
def test_fixed_lists_are_decided_by_their_value(metric):
    table, whole = drawn(0)
    entries = plain(int(whole.negatives.sum() + whole.positives.sum()))
    mine, theirs = (exact(metric, [(metric, t, entries)]) for t in (table, whole))
    one, other = (
        estimate(b, 0.95, metric="m", model="", split="s", slice="") for b in (mine, theirs)
    )
    assert one.exact
    for step in (-mine.half_width, -1e-9, 1e-9, mine.half_width):
        for op in (*OPS, "=="):
            found, expected = (
                decide(e, op, theirs.value + step, policy="exact") for e in (one, other)
            )
            assert found.outcome == expected.outcome
    # Of a value that lies between the bins' none is ruled out, nor taken for the right one.
    assert decide(one, "==", mine.exact.value, policy="exact").outcome == "pass"
    assert decide(one, "==", mine.values[0], policy="exact").outcome == "fail"
    assert mine.exact.decides == theirs.decides


def by_hand(negatives, positives, single):
    return Binned(*map(np.array, (negatives, positives, single)), lambda: iter(()))


def test_the_distance_of_a_bin_grows_by_its_positives_at_most():
    # Above the open bin 30 of 100 positives and 10 of 100 negatives are accepted.
    table = by_hand([60, 30, 10], [30, 40, 30], [True, False, True])
    found = bounds_of(ks_statistic, table, plain(200), 0)
    assert found.values == pytest.approx((0.3, 0.6))  # 70/100 − 40/100, and 70/100 − 10/100
    assert found.half_width == pytest.approx(0.15)
    assert found.note.startswith("3 bins of scores leave the value open by")
    closed = by_hand([60, 30, 10], [30, 40, 30], [True, True, True])
    found = bounds_of(ks_statistic, closed, plain(200), 0)
    assert found.value == pytest.approx(0.3)
    assert not hasattr(found, "extremes")


def test_open_bins_far_from_the_largest_distance_leave_nothing_open():
    table = by_hand([300, 3, 200, 10], [5, 1, 5, 500], [True, False, True, True])
    assert not hasattr(bounds_of(ks_statistic, table, plain(1_024), 0), "extremes")


def test_positives_among_themselves_leave_a_precision_open():
    """Three positives below one negative: 3/4 each if alike, else 1/2, 2/3 and 3/4."""
    table = by_hand([40, 0, 1], [0, 40, 0], [True, False, True])
    found = BinnedPrecision(table)
    assert found.high == pytest.approx(40 / 41)
    assert found.low == pytest.approx(np.mean(np.arange(1, 41) / np.arange(2, 42)), abs=1e-3)
    assert hasattr(bounds_of(average_precision, table, plain(81), 0), "extremes")


def test_few_of_a_class_decide_nothing():
    table = by_hand([100, 10, 1], [3, 10, 5], [False, False, False])
    found = bounds_of(average_precision, table, plain(129), 0)
    assert (found.lower(0.05), found.upper(0.05)) == (0, 1)
    assert found.limits(0.05, wide=False) == (0, 1)
    assert "below 30 positives" in found.reason


ranks = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@settings(deadline=None, max_examples=100)
@given(ranks, st.lists(st.integers(0, 60)))
def test_cells_are_the_same_however_the_scores_come(table, cuts):
    neg, pos = (np.array([row[i] for row in table]) for i in (0, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "FINE", 2)
        found = WithoutGaps(int(neg.sum() + pos.sum()))
        cuts = sorted(cuts)
        for mine in zip(np.split(neg, cuts), np.split(pos, cuts), strict=True):
            found.add(*mine)
        np.testing.assert_array_equal(found.counts, without_gaps(neg, pos))
        assert [x.sum() for x in found.counts] == [neg.sum(), pos.sum()]


@pytest.mark.parametrize("rate", [0.02, 0.5, 0.98])
@pytest.mark.parametrize("shift", [0, 1, 3])
def test_merged_cells_tell_the_error(rate, shift, monkeypatch):
    """Also where nearly all above a threshold are positives, and few examples tell it all."""
    rng = np.random.default_rng(0)
    label = rng.random(100_000) < rate
    _, neg, pos = cells(rng.normal(shift * label), label)
    found = {}
    for fine in (11, 30):
        monkeypatch.setattr(curves, "FINE", fine)
        b = RankCurveBounds(neg, pos, average_precision_of, average_precision_influence)
        found[fine] = [b.value - b.lower(0.05), b.upper(0.05) - b.value]
    assert found[11] == pytest.approx(found[30], rel=MERGED)
