"""What counted looks are worth."""

import math

import numpy as np
import pytest

from evalharness.ledger.worth import expected_best, false_pass


def test_the_best_of_two_and_three_are_known():
    assert expected_best(1) == 0
    assert expected_best(2) == pytest.approx(1 / math.sqrt(math.pi), abs=1e-8)
    assert expected_best(3) == pytest.approx(1.5 / math.sqrt(math.pi), abs=1e-8)


@pytest.mark.parametrize("k", [10, 100, 1000])
def test_the_best_of_many_is_as_drawn(k):
    best = np.random.default_rng(k).standard_normal((4000, k)).max(axis=1)
    error = best.std() / math.sqrt(len(best))
    assert expected_best(k) == pytest.approx(best.mean(), abs=4 * error)


def test_a_false_pass():
    assert false_pass(0.05, 1) == 0.05
    assert false_pass(0.05, 12) == pytest.approx(0.6)
    assert false_pass(0.05, 400) == 1
