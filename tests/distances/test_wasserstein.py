"""Wasserstein, energy and Cramer-von Mises distances of numbers against SciPy."""

import math

import numpy as np
import pytest
from scipy import stats

from evalharness.distances.wasserstein import (
    cramer_von_mises,
    energy_1d,
    standardised_wasserstein,
    wasserstein,
)

A = [0.2, 0.5, 0.9, 1.4, 2.0, 2.2, 3.1, 3.3]
B = [0.1, 0.7, 1.1, 2.5, 2.9, 3.6, 4.0, 4.4, 5.2, 1.9]


def test_named_cases():
    assert wasserstein(A, B) == pytest.approx(0.96, abs=1e-12)
    assert math.sqrt(energy_1d(A, B)) == pytest.approx(0.68483575, abs=1e-8)
    found = cramer_von_mises(A, B)
    assert found == pytest.approx((0.18657407, 0.32332374), abs=1e-8)


@pytest.mark.parametrize("n, m", [(1, 1), (1, 9), (50, 50), (300, 1000)])
@pytest.mark.parametrize("kind", ["normal", "cauchy", "integers", "constant"])
def test_against_scipy(kind, n, m):
    rng = np.random.default_rng([n, m])
    draw = {
        "normal": lambda size: rng.normal(size=size),
        "cauchy": lambda size: rng.standard_cauchy(size),
        "integers": lambda size: rng.integers(0, 5, size),
        "constant": lambda size: np.full(size, 2.0),
    }[kind]
    a, b = draw(n), rng.normal(size=m)
    for x, y in ((a, b), (b, a), (a, draw(m) + 1)):
        expected = stats.wasserstein_distance(x, y)
        assert wasserstein(x, y) == pytest.approx(expected, rel=1e-9, abs=1e-12)
        expected = stats.energy_distance(x, y) ** 2
        assert energy_1d(x, y) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_equal_samples_are_at_no_distance():
    a = np.random.default_rng(0).integers(0, 7, 100) / 10
    for distance in (wasserstein, energy_1d, standardised_wasserstein):
        assert distance(a, np.tile(a, 3)) == 0


def test_a_shift_is_its_own_distance():
    a = np.random.default_rng(1).normal(size=500)
    assert wasserstein(a, a + 2) == pytest.approx(2)
    assert standardised_wasserstein(a, a + 2) == pytest.approx(2 / a.std(ddof=1))
    # Free of the unit.
    assert standardised_wasserstein(60 * a, 60 * (a + 2)) == pytest.approx(2 / a.std(ddof=1))


def test_the_pooled_deviation_weighs_samples_by_their_size():
    a, b = np.array([0.0, 2.0]), np.array([5.0, 5.0, 6.0, 8.0])
    pooled = math.sqrt((1 * 2.0 + 3 * 2.0) / 4)
    assert standardised_wasserstein(a, b) == pytest.approx(5 / pooled)
    assert standardised_wasserstein([3.0], b) == pytest.approx(3 / math.sqrt(2))


def test_constant_samples():
    assert standardised_wasserstein([0.1] * 7, [0.1] * 3) == 0
    assert standardised_wasserstein([0.1] * 7, [0.2]) == math.inf


@pytest.mark.parametrize("a, b", [([], [1.0]), ([1.0], []), ([[1.0]], [1.0])])
def test_what_cannot_be_compared_is_refused(a, b):
    for distance in (wasserstein, standardised_wasserstein, energy_1d, cramer_von_mises):
        with pytest.raises(ValueError, match="two samples"):
            distance(a, b)
