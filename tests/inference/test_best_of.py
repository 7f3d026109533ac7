"""The best of several human levels is no better for having been picked."""

import numpy as np
import pytest

from evalharness.inference.best_of import BestOf
from evalharness.inference.mirrored import MirroredBounds
from evalharness.inference.proportions import ProportionBounds, clopper_pearson_upper
from evalharness.inference.rung_gap import RungGap

LEVELS = [ProportionBounds(k, 400) for k in (12, 8, 9)]


def test_what_is_shown_is_the_picked_level_and_what_decides_is_wider():
    best = BestOf(LEVELS, 1)
    assert (best.value, best.n) == (0.02, 400)
    assert best.interval(0.95) == LEVELS[1].interval(0.95)
    assert best.lower(0.05) == LEVELS[1].lower(0.05)
    assert best.upper(0.05) == pytest.approx(clopper_pearson_upper(8, 400, 0.05 / 3))


def test_a_higher_metric_mirrors_a_lower_one():
    errors, rights = BestOf(LEVELS, 1), BestOf([MirroredBounds(b) for b in LEVELS], -1)
    assert rights.value == pytest.approx(1 - errors.value)
    assert rights.lower(0.05) == pytest.approx(1 - errors.upper(0.05))
    assert rights.upper(0.05) == pytest.approx(1 - errors.lower(0.05))


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.3])
def test_bounds_of_the_least_hold_where_all_levels_are_alike(rate):
    rng = np.random.default_rng(0)
    runs, wrong, naive = 600, np.zeros(2), 0
    train = ProportionBounds(round(20_000 * (rate + 0.02)), 20_000)
    for drawn in rng.binomial(300, rate, (runs, 4)):
        levels = [ProportionBounds(k, 300) for k in drawn]
        best = BestOf(levels, 1)
        wrong += [best.lower(0.05) > rate, best.upper(0.05) < rate]
        picked = min(levels, key=lambda b: b.value)
        naive += RungGap(picked, train, 1).lower(0.05) > 0.02
    assert (wrong <= 45).all()  # of 600: 30 are expected at most, and 45 are three errors more
    assert naive > 60 or rate < 0.05  # what picking does without the correction
