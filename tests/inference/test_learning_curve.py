"""Errors at several training sizes, and where they lead."""

import math

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize
from scipy.stats import chi2, t

from evalharness.inference.learning_curve import Curve, Fits

SIZES = np.array([1000.0, 2000.0, 4000.0, 8000.0])


def law(n, a=3.0, b=0.5, c=0.05):
    return a * n**-b + c


def curve(errors, sizes=SIZES, error=0.002, alike=0.0, **more):
    m = len(sizes)
    covariance = error**2 * ((1 - alike) * np.eye(m) + alike * np.ones((m, m)))
    return Curve(np.asarray(sizes, float), np.asarray(errors, float), covariance, **more)


@pytest.mark.parametrize("b", [0.1, 0.5, 1.3])
@pytest.mark.parametrize("c", [0.0, 0.05])
def test_a_law_without_noise_is_found(b, c):
    a = 0.3 * 1000**b
    found = curve(law(SIZES, a, b, c))
    assert found.at(16_000)[0] == pytest.approx(law(16_000, a, b, c), abs=2e-5)
    assert found.law.b[0] == pytest.approx(b, rel=0.01)


def test_the_least_squares_are_those_of_scipy():
    """Of errors that have a covariance, after they are made independent."""
    rng = np.random.default_rng(0)
    sizes = np.array([500.0, 1000, 1000, 3000, 6000, 20_000])
    for _ in range(20):
        errors = law(sizes) + rng.normal(0, 0.004, 6)
        root = np.tril(rng.normal(0, 0.3, (6, 6)), -1) + np.diag(rng.random(6) + 0.5)
        ours = Fits(sizes, errors, root @ root.T).best()
        scale = ours[0].scale

        def left(p, errors=errors, root=root, scale=scale):
            return root.T @ (errors - (p[0] * (sizes / scale) ** -p[1] + p[2]))

        theirs = min(
            2 * least_squares(left, (0.05, b, c), bounds=([0, 0.02, 0], [9, 3, 1])).cost
            for b in (0.1, 0.5, 1.5)
            for c in (0.0, 0.05)
        )
        there = np.array([ours[0].at(n)[0] for n in sizes])
        assert ours[1] == pytest.approx(np.square(root.T @ (errors - there)).sum(), rel=1e-6)
        assert ours[1] <= theirs * (1 + 1e-4) + 1e-12


def test_the_ends_of_an_interval_are_those_of_scipy():
    """The least and the most after 16,000 examples of all laws that miss by χ² of .95 more."""
    errors, precision = law(SIZES) + [0.001, -0.001, 0.002, 0], np.eye(4) / 0.004**2
    found = curve(errors, error=0.004)
    limit = found._best[1] + chi2(1).ppf(0.95)

    def room(p):
        miss = errors - (p[0] * (SIZES / 3000) ** -p[1] + p[2])
        return limit - miss @ precision @ miss

    ends = []
    for sign in (1, -1):
        each = [
            minimize(
                lambda p, sign=sign: sign * (p[0] * (16_000 / 3000) ** -p[1] + p[2]),
                (0.05, b, c),
                method="SLSQP",
                bounds=[(0, 9), (0.02, 3), (0, 1)],
                constraints={"type": "ineq", "fun": room},
            )
            for b in (0.2, 0.5, 1.0)
            for c in (0.0, 0.05)
        ]
        ends.append(sign * min(one.fun for one in each if one.success and room(one.x) > -1e-6))
    assert found.at(16_000)[1:] == pytest.approx(ends, rel=0.003)


def test_few_degrees_of_the_covariance_widen_by_t():
    errors = np.full(4, 0.1)
    known, five = (curve(errors, degrees=d) for d in (math.inf, 4))
    half = [one.at(2828.4)[2] - 0.1 for one in (known, five)]
    assert half[1] / half[0] == pytest.approx(t(4).ppf(0.975) / 1.96, rel=0.02)


def test_curves_without_a_floor_are_among_those_that_fit():
    """Errors that fall by one ratio have no floor; nearly as well fits one with a floor."""
    found = curve(0.3 * (SIZES / 1000) ** -0.35, error=0.004)
    low, high = found.reaches(0.1)[1:]
    assert low < 1000 * 3 ** (1 / 0.35) < high


def test_errors_that_surely_rise():
    assert curve([0.10, 0.15, 0.20, 0.26], error=0.01).rises
    assert not curve([0.10, 0.101, 0.10, 0.102], error=0.01).rises
    assert not curve(law(SIZES)).rises


def test_errors_that_are_known_better_than_floats_are_have_a_curve():
    value, low, high = curve([1e9, 1e8, 1e7], [100, 200, 300], error=0.05).at(300)
    assert 0 < low <= value <= high


def test_models_that_answer_alike_have_a_curve():
    value, low, high = curve(law(SIZES), alike=1.0).at(16_000)
    assert low <= value <= high


def test_errors_that_rise_are_fitted_by_a_level():
    found = curve([0.10, 0.11, 0.12, 0.13])
    assert found.law.a[0] == 0
    assert found.at(16_000)[0] == pytest.approx(0.115)


def test_how_many_examples_lead_to_the_target():
    found = curve(law(SIZES), error=1e-4)
    value, low, high = found.reaches(0.07)
    assert value == pytest.approx((3 / 0.02) ** 2, rel=0.01)
    assert low < value < high < math.inf


def test_no_number_of_examples_leads_below_the_floor():
    found = curve(law(SIZES), error=1e-4)
    assert found.reaches(0.03) == (math.inf, math.inf, math.inf)
    vague = curve(law(SIZES), error=0.004).reaches(0.055)
    assert vague[2] == math.inf > vague[1]


def test_what_all_sizes_share_moves_the_curve_and_is_not_averaged_away():
    """A flat curve is known no better from four sizes than from one, if they err alike."""
    low, high = curve(np.full(4, 0.1), alike=0.99).at(8000)[1:]
    assert high - low > 2 * 1.9 * 0.002 * 0.9
    low, high = curve(np.full(4, 0.1), alike=0.0).gain(2)[1:]
    assert low >= 0
    assert high < 0.01


def test_errors_that_scatter_more_than_they_should_widen_the_interval():
    sizes = np.repeat(SIZES, 2)
    errors = law(sizes) + 0.01 * np.tile([1, -1], 4)
    found = curve(errors, sizes)
    assert found.scatter == pytest.approx(8 * 25 / 5, rel=0.02)
    calm = curve(law(sizes), sizes)
    assert calm.scatter == 1
    widths = [np.diff(c.at(16_000)[1:])[0] for c in (found, calm)]
    assert widths[0] > 3 * widths[1]


def test_three_sizes_fit_exactly():
    assert curve(law(SIZES[:3]), SIZES[:3]).exact
    assert not curve(law(SIZES)).exact
