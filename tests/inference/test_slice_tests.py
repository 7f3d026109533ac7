"""Which slices are named: levels of p-values by hand and by simulation."""

import math

import numpy as np
import pytest

from evalharness.inference.multiplicity import adjusted
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.rung_gap import Assumed, RungGap
from evalharness.inference.slice_rungs import RungSlices
from evalharness.inference.slice_shares import of_counts
from evalharness.inference.slice_tests import p_values
from evalharness.inference.slices import ProportionSlices

ALPHA = 0.05


def rung(hits, trials):
    hits, trials = np.asarray(hits, float), np.asarray(trials, float)
    return RungSlices(ProportionSlices(hits, trials, "examples", None), np.arange(len(hits)))


def named(hits, trials, floor=0.0, margin=1e-12, **more):
    """Whether each slice is named above an assumed floor."""
    found = rung(hits, trials)
    share, _ = of_counts(found.n)
    below = RungSlices.same(Assumed(floor), len(share))
    p = p_values(found, below, share, found.n >= 20, 1, margin, **more)
    return np.array(adjusted(p.tolist())) <= ALPHA


def test_slices_that_are_alike_are_hardly_ever_named():
    random, wrong = np.random.default_rng(0), 0
    sizes = np.array([500, 400, 300, 300, 200, 200, 100])
    for _ in range(400):
        wrong += named(random.binomial(sizes, 0.1), sizes).any()
    assert wrong / 400 <= ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / 400)
    # Nor is the test so careful that it could not find anything.
    rates = np.where(np.arange(7) == 2, 0.2, 0.1)
    found = [named(random.binomial(sizes, rates), sizes) for _ in range(50)]
    assert np.mean([f[2] for f in found]) > 0.8


@pytest.mark.calibration
@pytest.mark.parametrize("rate", [0.005, 0.02, 0.1, 0.5])
@pytest.mark.parametrize(
    "sizes", [(20, 3_000), (5_000, 200, 200, 30), (1_000,) * 5, (50,) * 40, (20,) * 10 + (2_000,)]
)
def test_alike_with_rare_errors_and_unequal_slices(rate, sizes):
    """Budget: half a minute for all twenty."""
    random, wrong, times = np.random.default_rng(1), 0, 1_000
    for _ in range(times):
        wrong += named(random.binomial(sizes, rate), np.array(sizes)).any()
    assert wrong / times <= ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / times)


@pytest.mark.calibration
def test_at_the_margin_no_slice_is_named_too_often():
    """One slice is worse than the others by just what does not matter."""
    random, sizes, wrong = np.random.default_rng(2), np.array([300, 1_000, 2_000]), 0
    for _ in range(2_000):
        hits = random.binomial(sizes, [0.15, 0.1, 0.1])
        wrong += named(hits, sizes, margin=0.05)[0]
    assert wrong / 2_000 <= ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / 2_000)


def test_p_is_the_level_at_which_the_bound_of_the_difference_is_the_margin():
    hits, trials = [60, 80], [400, 1_000]
    found = rung(hits, trials)
    share, _ = of_counts(found.n)
    below = RungSlices.same(Assumed(0.0), 2)
    p = p_values(found, below, share, np.array([True, True]), 1, 0.01)
    gap = RungGap(ProportionBounds(80, 1_000), ProportionBounds(60, 400), 1)
    assert gap.lower(p[0] * 1.02) > 0.01 > gap.lower(p[0] * 0.98)
    assert p[1] == 1
    mixed = p_values(found, below, share, np.array([True, True]), 1, 0.01, mixed=True)
    gap = RungGap(ProportionBounds(80, 1_000), ProportionBounds(60, 400), 1, tied=True)
    assert gap.lower(mixed[0] * 1.02) > 0.01 > gap.lower(mixed[0] * 0.98)


def test_a_slice_that_is_better_than_the_floor_is_not_named():
    hits, trials = [200, 100, 100], [1_000] * 3
    assert named(hits, trials).tolist() == [True, False, False]
    assert not named(hits, trials, floor=0.21).any()
    # Of a slice that stands alone nothing is said, nor by the margin that does not matter.
    assert not named([500], [1_000]).any()
    assert not named(hits, trials, margin=0.1).any()


def test_what_is_too_small_neither_counts_nor_is_named():
    hits, trials = [200, 100, 19], [1_000, 1_000, 19]
    assert named(hits, trials).tolist() == [True, False, False]
    alone = named(hits[:2], trials[:2])
    assert named(hits, trials)[:2].tolist() == alone.tolist()


def test_of_a_metric_of_which_more_is_better_the_lower_slice_is_named():
    found = rung([800, 900, 900], [1_000] * 3)
    share, _ = of_counts(found.n)
    floor, all_of = RungSlices.same(Assumed(0.95), 3), np.ones(3, bool)
    p = p_values(found, floor, share, all_of, -1, 0.01)
    mirrored = rung([200, 100, 100], [1_000] * 3)
    floor = RungSlices.same(Assumed(0.05), 3)
    assert p == pytest.approx(p_values(mirrored, floor, share, all_of, 1, 0.01))
    assert p[0] < 1e-6 < p[1]
