"""What a user is promised of human levels: that their bounds hold, whoever was asked."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom

from evalharness.inference.annotators import levels
from evalharness.inference.paired_people import paired_people
from tests.calibration.people import NODES, WEIGHTS, Crowd

pytestmark = pytest.mark.calibration
RUNS = 100
# How much people differ: most err between a third and three times as often as the one in the
# middle (0.5), or all alike. Of very different people (1.0) five do not show how bad some are.
DESIGNS = [(5, 5), (20, 20), (20, 3), (50, 50), (50, 3)]


def holds(often, runs=RUNS, rate=0.95):
    """Whether a bound that holds at the rate holds so rarely by chance in one case of 1,000."""
    return binom.cdf(round(often * runs), runs, rate) > 0.001


@pytest.mark.parametrize(("people", "asked"), DESIGNS)
@pytest.mark.parametrize(("rate", "spread"), [(0.02, 0.5), (0.1, 0.5), (0.1, 0.0)])
def test_bounds_of_single_people_and_panels_hold(people, asked, rate, spread):
    crowd = Crowd(people, asked, 400, rate, spread, 1.0)
    truths = {"typical": rate, "panel of 3": crowd.panel(3)}
    for name, (lower, upper, mean) in crowd.covered(RUNS, people + asked, truths).items():
        assert holds(lower), (name, lower)
        assert holds(upper), (name, upper)
        assert mean == pytest.approx(truths[name], rel=0.1)


@pytest.mark.parametrize(("clusters", "icc"), [(20, 0.3), (50, 0.2)])
@pytest.mark.parametrize("spread", [0.5])
def test_bounds_of_items_that_were_drawn_together_hold(clusters, icc, spread):
    """20 clusters of 20, and 50 of 10, of items that are equally hard. Taken as single items, a
    third of the bounds would be wrong."""
    items = 400 if clusters == 20 else 500

    def crowd(hardness):
        return Crowd(10, 10, items, 0.1, spread, hardness, items // clusters)

    def alike(hardness):
        p = crowd(hardness).of_item(hardness * NODES)
        return WEIGHTS @ (p - 0.1) ** 2 / 0.09

    hardness = brentq(lambda h: alike(h) - icc, 0.1, 10)
    truths = {"typical": 0.1, "panel of 3": crowd(hardness).panel(3)}
    for name, (lower, upper, _) in crowd(hardness).covered(RUNS, clusters, truths).items():
        assert lower >= 0.93, (name, lower)
        assert upper >= 0.93, (name, upper)


@pytest.mark.parametrize("people", [5, 20])
def test_bounds_of_the_agreement_with_others_hold(people):
    crowd = Crowd(people, people, 400, 0.1, 0.5, 1.0)
    truths = {"typical": crowd.against_others(), "panel of 3": crowd.against_others(3)}
    for name, (lower, upper, mean) in crowd.covered(RUNS, 1, truths, gold=False).items():
        assert holds(lower), (name, lower)
        assert holds(upper), (name, upper)
        assert mean == pytest.approx(truths[name], rel=0.1)


@pytest.mark.parametrize("people", [5, 20, 50])
def test_few_people_who_differ_greatly_are_told_nearly_right(people):
    """The weak spot: those who err most may not be among the five."""
    crowd = Crowd(people, people, 400, 0.1, 1.0, 1.0)
    _, upper, _ = crowd.covered(RUNS, 2, {"typical": 0.1})["typical"]
    assert holds(upper, rate=0.88)


@pytest.mark.parametrize("people", [5, 20, 50])
@pytest.mark.parametrize("spread", [0.5])
def test_the_best_is_not_optimistic(people, spread):
    """The best of five who are alike does not look better than they are, and its upper bound holds
    for who is truly best."""
    crowd, rng = Crowd(people, people, 300, 0.1, spread, 1.0), np.random.default_rng(people)
    held, above, lucky = [], [], []
    for run in range(RUNS):
        drawn, u = crowd.draw(rng)
        best = next(x for x in levels(drawn, drawn.gold, (), run) if x.name == "best")
        truth = crowd.of_person(u).min()
        held.append(best.bounds.upper(0.05) >= truth)
        above.append(best.bounds.value - truth)
        wrong = np.bincount(drawn.answers.person, drawn.answers.label) / crowd.items
        lucky.append(wrong.min() - truth)
    error = np.std(above) / np.sqrt(RUNS)
    assert holds(np.mean(held))
    assert np.mean(above) > -3 * error
    assert np.mean(above) < 0.03
    assert np.mean(lucky) < -3 * np.std(lucky) / np.sqrt(RUNS)


@pytest.mark.parametrize("people", [5, 20])
def test_bounds_of_the_paired_gap_hold(people):
    """A model that is harder put by the same items, against single people."""
    crowd, rng = Crowd(people, people, 400, 0.1, 0.5, 1.5), np.random.default_rng(11)
    held = []
    for run in range(RUNS):
        drawn, _ = crowd.draw(rng)
        level = levels(drawn, drawn.gold, (), run)[0]
        model = rng.random(crowd.items) < 0.05 + 0.5 * level.error
        truth = 0.05 - 0.5 * crowd.rate
        gap = paired_people(model, level.error, level.added, level.free)
        held.append((gap.lower(0.05) <= truth, gap.upper(0.05) >= truth))
    assert holds(np.mean(held, axis=0)[0])
    assert holds(np.mean(held, axis=0)[1])
