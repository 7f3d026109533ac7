"""Random weights: a function of seed, key and replicate alone, and as good as random."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from evalharness import Outputs
from evalharness.kernels import draws
from evalharness.kernels.draws import Fixed, Poisson, each, tosses
from evalharness.kernels.keys import column_keys, unit_keys
from evalharness.kernels.resample import areas, signed_sums, sums
from evalharness.kernels.weights import (
    THRESHOLDS,
    halves,
    mix,
    poisson,
    replicate_keys,
    words,
)

KEYS = mix(np.arange(4_000, dtype=np.uint64))


def by_numpy(keys, seed, start, stop):
    """(replicates, m) weights, without JAX."""
    lower, upper = halves(keys)
    first, second = replicate_keys(seed, start, stop)
    return poisson(words(lower, upper, first[:, None], second[:, None]))


def test_thresholds_are_those_of_the_poisson_distribution():
    k = np.arange(1, len(THRESHOLDS) + 2)
    assert np.round(2.0**32 * stats.poisson.sf(k - 1, 1)).astype(int).tolist() == [*THRESHOLDS, 0]


def test_the_device_makes_the_weights_that_numpy_makes():
    for seed, start in ((0, 0), (2**63 + 5, 70), (-1, 1_000)):
        found = Poisson(KEYS[:777], seed).weights(start, start + 8)
        assert (found == by_numpy(KEYS[:777], seed, start, start + 8)).all()


def test_known_weights():
    """The same on any platform, today and tomorrow: changing them changes every reported number."""
    assert by_numpy(KEYS[:6], 7, 0, 3).tolist() == [
        [1, 1, 0, 0, 0, 1],
        [0, 1, 2, 0, 2, 0],
        [2, 0, 0, 0, 2, 3],
    ]


@pytest.fixture(scope="module")
def drawn():
    """(500, 4000) weights."""
    return by_numpy(KEYS, 11, 0, 500).astype(float)


def test_weights_are_poisson(drawn):
    observed = np.bincount(drawn.ravel().astype(int), minlength=7)
    observed = np.append(observed[:6], observed[6:].sum())
    expected = np.append(stats.poisson.pmf(np.arange(6), 1), stats.poisson.sf(5, 1)) * drawn.size
    assert stats.chisquare(observed, expected).pvalue > 1e-3
    # Sums over units, and over replicates, have the spread of sums of independent weights.
    for axis, size in ((0, 500), (1, 4_000)):
        z = (drawn.sum(axis) - size) / np.sqrt(size)
        assert abs(z.mean()) < 4 / np.sqrt(len(z))
        assert abs(z.var() - 1) < 4 * np.sqrt(2 / len(z))


@pytest.mark.parametrize("lag", [1, 2, 16, 256])
def test_neighbours_are_independent(drawn, lag):
    """Of ids that follow each other, and of replicates that do."""
    centred = drawn - 1
    for pair in ((centred[:, :-lag], centred[:, lag:]), (centred[:-lag], centred[lag:])):
        if pair[0].size:
            z = (pair[0] * pair[1]).sum() / np.sqrt(pair[0].size)
            assert abs(z) < 4


def test_replicates_and_seeds_are_uncorrelated(drawn):
    """Correlations of whole replicates are those of chance: their squares follow chi-square."""
    some = drawn[:120]
    corr = np.corrcoef(some)[np.triu_indices(120, 1)]
    assert stats.kstest(corr * np.sqrt(4_000), "norm").pvalue > 1e-3
    other = by_numpy(KEYS, 12, 0, 500) - 1.0
    assert abs(((drawn - 1) * other).sum() / np.sqrt(drawn.size)) < 4


def test_bits_are_fair_coins():
    keys = KEYS[:500]
    coins = np.array(list(tosses(keys, 3, 640)), float)
    z = (coins.sum(0) - 320) / np.sqrt(160)
    assert stats.kstest(z, "norm").pvalue > 1e-3
    columns = np.random.default_rng(0).normal(size=(500, 2))
    assert signed_sums(keys, columns, 3, 100) == pytest.approx((2 * coins[:100] - 1) @ columns)


def test_chunks_and_other_units_change_no_weight(monkeypatch):
    keys = KEYS[:300]
    whole = by_numpy(keys, 5, 0, 40)
    assert (Poisson(keys, 5).weights(32, 40) == whole[32:]).all()
    assert (Poisson(KEYS[:301], 5).weights(0, 8)[:, :300] == whole[:8]).all()
    assert (Poisson(keys[::-1], 5).weights(0, 8) == whole[:8, ::-1]).all()
    monkeypatch.setattr(draws, "HELD", 8 * len(keys) // 4)  # eight replicates at a time
    assert (np.array(list(each(Poisson(keys, 5), 37))) == whole[:37]).all()


def area(rank, label, w):
    """By all pairs."""
    pos, neg = np.flatnonzero(label), np.flatnonzero(~label)
    apart = rank[pos][:, None] - rank[neg]
    wins = (apart > 0) + 0.5 * (apart == 0)
    with np.errstate(invalid="ignore"):
        return w[pos] @ wins @ w[neg] / (w[pos].sum() * w[neg].sum())


@pytest.mark.parametrize("n, levels", [(1, 2), (2, 1), (129, 4), (129, 999), (900, 1), (900, 40)])
@pytest.mark.parametrize("weighted", [False, True])
def test_areas_are_those_of_all_pairs(n, levels, weighted):
    rng = np.random.default_rng(n + levels)
    rank, label = rng.integers(0, levels, n), rng.random(n) < 0.4
    weight = rng.random(n) if weighted else None
    by_stratum = Fixed(np.arange(n), KEYS[:n], label * 1, 1)
    cases = (
        (Poisson(KEYS[:n], 1), by_numpy(KEYS[:n], 1, 0, 7)),
        (by_stratum, by_stratum.weights(0, 7)),
    )
    for draw, weights in cases:
        found = areas(draw, rank, label, weight, 7)
        times = np.ones(n) if weight is None else weight
        expected = [area(rank, label, w * times) for w in weights]
        assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_sums_are_sums():
    rng = np.random.default_rng(0)
    for n in (1, 1_024, 1_025):
        columns = rng.normal(size=(n, 3))
        fixed = Fixed(np.arange(n), KEYS[:n], np.arange(n) % 2, 1)
        expected = by_numpy(KEYS[:n], 1, 0, 130) @ columns
        assert sums(Poisson(KEYS[:n], 1), columns, 130) == pytest.approx(expected, abs=1e-9)
        expected = fixed.weights(0, 130) @ columns
        assert sums(fixed, columns, 130) == pytest.approx(expected, abs=1e-9)


def test_strata_keep_their_sizes_and_know_no_order():
    stratum = np.arange(300) % 3
    unit = np.repeat(np.arange(300), 2)  # two entries each
    found = Fixed(unit, KEYS[:300], stratum, 4).weights(0, 50)
    assert (found[:, ::2] == found[:, 1::2]).all()
    for s in range(3):
        assert (found[:, ::2][:, stratum == s].sum(1) == 100).all()
    back = Fixed(unit, KEYS[:300][::-1], stratum[::-1], 4).weights(0, 50)
    assert (back == found[:, ::-1]).all()


@pytest.mark.parametrize(
    "values, kind",
    [
        ([1, -5, None, 1], pa.int64()),
        ([1, 2**63 + 1, None, 1], pa.uint64()),
        ([0.0, 1.5, None, -0.0], pa.float64()),
        (["", "abcdefgh", None, ""], pa.large_string()),
        (["abcdefgh", "abcdefghi", None, "abcdefgh"], pa.large_string()),
        ([True, False, None, True], pa.bool_()),
        ([[1.0, 2.0], [2.0, 1.0], None, [1.0, 2.0]], pa.large_list(pa.float64())),
        ([[], [0.0], None, []], pa.large_list(pa.float64())),
        ([1_000, 2_000, None, 1_000], pa.timestamp("us")),
        ([1, 2, None, 1], pa.date32()),
        ([{"a": 1}, {"a": 2}, None, {"a": 1}], pa.struct([("a", pa.int64())])),
    ],
    ids=str,
)
def test_equal_values_have_equal_keys_and_others_have_not(values, kind):
    found = column_keys(pa.array(values, kind))
    assert found[0] == found[3]
    assert len(set(found.tolist())) == 3
    # Where a value stands in the buffers is no matter.
    assert (column_keys(pa.array([*values, *values], kind)[2:6]) == found[[2, 3, 0, 1]]).all()


def split(**columns):
    return Outputs(test=columns).split("test", "")


def test_rows_are_told_by_cluster_or_id_or_content():
    rows = {"x": [1.0, 2.0, 1.0, 1.0], "s": ["a", "b", "a", "a"]}
    ids = unit_keys(split(id=["p", "q", "r", "t"], **rows))
    assert (unit_keys(split(**rows, id=["p", "q", "r", "t"], other=[1, 2, 3, 4])) == ids).all()
    groups = unit_keys(split(id=[1, 2, 3, 4], cluster=["u", "v", "u", "u"], **rows))
    assert groups[0] == groups[2] == groups[3] != groups[1]
    bare = unit_keys(split(**rows))
    assert len(set(bare.tolist())) == 4
    back = unit_keys(split(s=rows["s"][::-1], x=rows["x"][::-1]))
    assert sorted(bare.tolist()) == sorted(back.tolist())
    assert bare[1] == back[2]
    more = unit_keys(split(x=[*rows["x"], 7.0, 1.0], s=[*rows["s"], "a", "a"]))
    assert set(bare.tolist()) < set(more.tolist())
