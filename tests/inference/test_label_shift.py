"""Shares of labels from predictions alone, where only these shares differ."""

import numpy as np
import pytest

from evalharness.inference.label_shift import label_shares, weights


def test_the_named_case():
    """Lipton, Wang & Smola 2018: w = C⁻¹ μ; the shares follow with those of the labels, .5 each."""
    joint = [[0.45, 0.02], [0.05, 0.48]]
    assert weights(joint, [0.3, 0.7]) == pytest.approx([0.60465116, 1.39534884], abs=1e-8)
    found = label_shares(1000 * np.array(joint), [300, 700])
    assert found.value == pytest.approx([0.30232558, 0.69767442], abs=1e-8)
    assert (found.low < found.value).all()
    assert (found.value < found.high).all()


def test_what_predictions_do_not_tell_is_not_told():
    assert label_shares([[25, 25], [25, 25]], [30, 70]) is None
    assert label_shares([[26, 24], [24, 26]], [30, 70]) is None
    assert label_shares([[50, 0], [0, 0]], [30, 70]) is None


@pytest.mark.parametrize("rates", [(0.9, 0.8), (0.99, 0.95)])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
def test_the_interval_covers(rates, share):
    rng = np.random.default_rng([int(100 * share), int(100 * rates[0])])
    hit, n, trials = rates, 1500, 150
    table = np.array([[hit[0] / 2, (1 - hit[1]) / 2], [(1 - hit[0]) / 2, hit[1] / 2]])
    first = 1 - share
    predicted = [first * hit[0] + share * (1 - hit[1]), first * (1 - hit[0]) + share * hit[1]]
    covered = 0
    for k in range(trials):
        joint = rng.multinomial(n, table.ravel()).reshape(2, 2)
        found = label_shares(joint, rng.multinomial(n, predicted), seed=k)
        covered += found.low[1] <= share <= found.high[1]
    assert covered >= 0.95 * trials - 3 * np.sqrt(0.95 * 0.05 * trials)
