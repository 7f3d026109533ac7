"""Levels that several models share, differences of all pairs, ranks and letters."""

import numpy as np
import pytest

from evalharness.inference import max_t
from evalharness.inference.all_pairs import of_shares
from evalharness.inference.max_t import MaxT, covariance
from evalharness.inference.paired import PairedShareBounds
from evalharness.inference.proportions import clopper_pearson_lower
from evalharness.inference.ranking import groups, letters, rank_intervals


def hits(seed, models, n, share, common=0.0):
    """bool (K, n) of models that err by themselves or, with a share in `common`, alike."""
    rng = np.random.default_rng(seed)
    alone = rng.random((models, n))
    shared = rng.random(n)
    return np.where(rng.random((models, n)) < common, shared, alone) < np.reshape(share, (-1, 1))


def influences(right):
    return (right - right.mean(1, keepdims=True)) / right.shape[1]


def test_covariance_is_that_of_the_sums_whatever_the_blocks(monkeypatch):
    units = np.random.default_rng(0).normal(size=(4, 1000)) + 3.0
    found = covariance(units)
    assert found == pytest.approx(1000 * np.cov(units), rel=1e-12)
    monkeypatch.setattr(max_t, "BLOCK", 7)
    assert covariance(units) == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize("models", [3, 5, 20])
def test_independent_models_share_the_level_of_the_studentized_range(models):
    from scipy.stats import norm, studentized_range

    expected = 2 * norm.sf(studentized_range.isf(0.05, models, np.inf) / np.sqrt(2))
    assert MaxT(np.eye(models), 0).of_pairs(0.05) == pytest.approx(expected, rel=0.08)


def test_one_bound_each_is_that_of_sidak():
    level = MaxT(np.diag([1.0, 4.0, 9.0, 0.25]), 0).of_each(0.05)
    assert level == pytest.approx(1 - 0.95 ** (1 / 4), rel=0.08)


def test_two_models_need_no_correction_and_twins_are_no_pairs():
    pair = np.array([[1.0, 0.3], [0.3, 2.0]])
    assert MaxT(pair, 0).of_pairs(0.05) == 0.05
    twins = np.repeat(np.repeat(pair, 2, axis=0), 2, axis=1)
    # Four pairs of unlike models that are all one pair.
    assert MaxT(twins, 0).of_pairs(0.05) == pytest.approx(0.05, rel=0.08)
    assert MaxT(np.ones((3, 3)), 0).of_pairs(0.05) == 0.05


def test_models_that_err_alike_share_a_milder_level():
    # Half of the models differ from the others by the same errors.
    apart = np.kron(np.array([[1.0, 0], [0, 1]]), np.ones((5, 5))) + 0.01 * np.eye(10)
    alone, alike = MaxT(np.eye(10), 0).of_pairs(0.05), MaxT(apart, 0).of_pairs(0.05)
    assert 0.05 / 45 <= alone < alike < 0.05


@pytest.mark.parametrize("models, optimism", [(5, 0.011), (20, 0.017)])
def test_the_best_of_equal_models_looks_better_than_it_is(models, optimism):
    raw, left, broken = [], [], 0
    for seed in range(60):
        right = hits(seed, models, 1000, 0.9)
        values = right.mean(1)
        found = MaxT(covariance(influences(right)), seed, draws=2000)
        raw.append(values.max() - 0.9)
        left.append(values.max() - found.gain(values, 1) - 0.9)
        picked = np.round(1000 * values.max())
        broken += clopper_pearson_lower(picked, 1000, found.of_each(0.05)) > 0.9
    assert np.mean(raw) == pytest.approx(optimism, abs=0.0025)
    assert abs(np.mean(left)) < 0.0025
    assert broken <= 9  # 5 % of 60, and three standard errors


def test_models_that_are_far_apart_gain_nothing_by_being_picked():
    right = hits(0, 3, 1000, [0.5, 0.7, 0.9])
    found = MaxT(covariance(influences(right)), 0)
    assert found.gain(right.mean(1), 1) < 1e-4
    assert found.gain(right.mean(1), 1, [2]) == 0.0
    alike = hits(1, 4, 1000, 0.9)
    found = MaxT(covariance(influences(alike)), 0)
    few, all_ = (found.gain(np.full(4, 0.9), 1, some) for some in ([0, 3], None))
    assert 0 < few < all_


def test_where_lower_is_better_all_is_mirrored():
    right = hits(1, 6, 400, 0.9)
    found = MaxT(covariance(influences(right)), 0)
    same = MaxT(covariance(-influences(right)), 0)
    errors = 1 - right.mean(1)
    assert same.gain(errors, -1) == pytest.approx(found.gain(right.mean(1), 1), abs=5e-4)
    assert same.of_pairs(0.05) == pytest.approx(found.of_pairs(0.05))


def test_all_pairs_of_shares_are_what_each_pair_is_alone():
    right = hits(2, 6, 200, np.linspace(0.5, 0.99, 6), common=0.7)
    right[5] = right[4]
    found = of_shares(right, 0.01)
    for i in range(6):
        for j in range(6):
            new, old = (right[i] & ~right[j]).sum(), (right[j] & ~right[i]).sum()
            alone = PairedShareBounds(new, old, 200)
            if i != j:
                assert found.low[i, j] == pytest.approx(alone.lower(0.005))
                assert found.high[i, j] == pytest.approx(alone.upper(0.005))
    assert not found.apart[4, 5]
    assert (found.above == found.above & ~found.above.T).all()


def test_ranks_as_far_as_they_are_known():
    better = np.zeros((4, 4), bool)
    better[0, 2:] = better[1, 3] = True
    assert rank_intervals(better) == [(1, 2), (1, 3), (2, 4), (3, 4)]
    assert rank_intervals(np.zeros((0, 0), bool)) == []


def test_letters_of_a_row_of_models():
    apart = np.abs(np.subtract.outer(range(5), range(5))) > 1
    assert groups(apart) == [("a",), ("a", "b"), ("b", "c"), ("c", "d"), ("d",)]
    assert groups(np.zeros((3, 3), bool)) == [("a",)] * 3
    assert groups(~np.eye(3, dtype=bool)) == [("a",), ("b",), ("c",)]
    assert [letters(n) for n in (0, 25, 26, 27, 702)] == ["a", "z", "aa", "ab", "aaa"]


@pytest.mark.parametrize("seed", range(5))
def test_two_models_share_a_letter_exactly_where_they_are_not_apart(seed):
    drawn = np.random.default_rng(seed).random((12, 12)) < 0.4
    apart = np.triu(drawn, 1) | np.triu(drawn, 1).T
    found = groups(apart)
    assert all(found)
    for i in range(12):
        for j in range(i):
            assert bool(set(found[i]) & set(found[j])) != apart[i, j]
