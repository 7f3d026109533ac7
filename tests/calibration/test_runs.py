"""Training runs: the terms of their loss, and where a learning curve leads, cover as declared."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import binom, chi2

from evalharness.inference.decomposition import squared, zero_one
from evalharness.inference.learning_curve import Curve, with_training
from evalharness.inference.seed_spread import spread
from tests.calibration.halves import seeded

pytestmark = pytest.mark.calibration

SHAPES = [(3, 500, 200), (5, 500, 200), (5, 5000, 100), (10, 1000, 200), (50, 1000, 100)]


def too_rarely(covered, least=0.95):
    """Whether so many of the intervals cover less than chance makes of the rate, once in 1,000."""
    return binom.cdf(sum(covered), len(covered), least) < 0.001


class Recipe:
    """Classifiers that are right where the ease of an example, the luck of a run and that of the
    run on the example sum to more than 0; wrong answers are one class in seven of ten cases."""

    def __init__(self, ease, luck, chance, classes):
        self.ease, self.luck, self.chance, self.classes = ease, luck, chance, classes
        rest = classes - 2
        self.wrong = np.array([0.7] + [0.3 / rest] * rest if rest else [1.0])

    def run(self, runs, n, rng):
        ease = rng.normal(self.ease, 1, n)
        right = ease + rng.normal(0, self.luck, (runs, 1)) + rng.normal(0, self.chance, (runs, n))
        label = rng.integers(0, self.classes, n)
        off = 1 + rng.choice(self.classes - 1, p=self.wrong, size=(runs, n))
        return np.where(right > 0, label, (label + off) % self.classes), label

    def truth(self, rng):
        """Expected loss, and variance around what most of all runs answer."""
        right = ndtr(rng.normal(self.ease, 1, 400_000) / np.hypot(self.luck, self.chance))
        main = np.maximum(right, (1 - right) * self.wrong[0])
        return {"loss": 1 - right.mean(), "variance": 1 - main.mean()}


RECIPES = {
    "usual": Recipe(1.5, 0.05, 0.5, 2),
    "lucky runs": Recipe(1.5, 0.3, 0.5, 2),
    "rare errors": Recipe(2.5, 0.1, 0.5, 4),
    "unstable": Recipe(1.0, 0.1, 1.5, 4),
}


@pytest.mark.parametrize("name", RECIPES)
def test_loss_and_variance_of_the_recipe_and_the_bias_of_so_many_runs_cover(name):
    """Bias and net variance are of a vote of so many runs: their truth is their mean over sets of
    runs."""
    rng, recipe = seeded("zero-one", name), RECIPES[name]
    truth = recipe.truth(rng)
    for runs, n, times in SHAPES:
        found = [zero_one(*recipe.run(runs, n, rng), recipe.classes).terms for _ in range(times)]
        for term in ("loss", "variance", "bias", "net_variance"):
            aim = truth.get(term, np.mean([terms[term].value for terms in found]))
            covered = [terms[term].low <= aim <= terms[term].high for terms in found]
            assert not too_rarely(covered), (term, runs, n, np.mean(covered))


@pytest.mark.parametrize("own, common", [(1.0, 0.3), (1.0, 1.0), (0.3, 0.5)])
def test_terms_of_squared_loss_cover_where_runs_move_all_predictions_too(own, common):
    rng = seeded("squared", str(own), str(common))
    variance = own**2 + common**2
    for runs, n, times in SHAPES:
        covered = {"loss": [], "bias": [], "variance": []}
        for _ in range(times):
            bias, moved = rng.normal(0, 1, n), rng.normal(0, common, (runs, 1))
            said = bias + moved + rng.normal(0, own, (runs, n))
            terms = squared(said, np.zeros(n)).terms
            for term, aim in (("loss", 1 + variance), ("bias", 1.0), ("variance", variance)):
                covered[term].append(terms[term].low <= aim <= terms[term].high)
        for term, hits in covered.items():
            assert not too_rarely(hits, 0.93), (term, runs, n, np.mean(hits))


def test_two_further_runs_differ_by_no_more_than_is_said():
    rng = seeded("spread")
    for runs in (2, 5, 20):
        held = [
            abs(np.subtract(*drawn[-2:])) <= spread(drawn[:-2]).differ
            for drawn in rng.normal(0.1, 0.01, (2000, runs + 2))
        ]
        assert not too_rarely(held)
        assert binom.sf(sum(held) - 1, 2000, 0.95) > 0.001
    sds = [spread(drawn) for drawn in rng.normal(0.1, 0.01, (2000, 5))]
    assert not too_rarely([one.sd_low <= 0.01 <= one.sd_high for one in sds])


CURVES = {
    "usual": ((3, 0.5, 0.05), 0.3, [1, 2, 4, 8]),
    "apart": ((3, 0.5, 0.05), 0.0, [1, 2, 4, 8]),
    "no floor": ((3, 0.5, 0.0), 0.3, [1, 2, 4, 8]),
    "slow": ((0.5, 0.05, 0.0), 0.3, [1, 2, 4, 8]),
    "level": ((0, 0.5, 0.1), 0.5, [1, 2, 4, 8]),
    "three sizes": ((3, 0.5, 0.05), 0.3, [1, 2, 4]),
    "six sizes": ((1, 0.3, 0.05), 0.3, [1, 2, 4, 8, 16, 32]),
}


def led(name, law, sizes, drawn, times=300):
    """How often the curves of drawn (errors, covariance, degrees) hold what is true now, after a
    doubling, of its gain and of how many examples lead 3 % lower; none says in vain that a target
    is out of reach but once in twenty cases."""
    a, b, c = law
    rng, largest = seeded("curve", name), sizes.max()

    def true(n):
        return a * n**-b + c

    target = 0.97 * true(2 * largest)
    needed = (a / (target - c)) ** (1 / b) if target > c and a else np.inf
    truth = [true(largest), true(2 * largest), true(largest) - true(2 * largest), needed]
    covered, flat = [], []
    for _ in range(times):
        curve = Curve(sizes, *drawn(true(sizes), rng))
        told = [curve.at(largest), curve.at(2 * largest), curve.gain(2), curve.reaches(target)]
        ends = zip(truth, told, strict=True)
        covered.append([low <= x * (1 + 1e-9) and x <= high for x, (_, low, high) in ends])
        flat.append(curve.at(100 * largest)[1] > true(100 * largest))
    assert binom.sf(sum(flat) - 1, times, 0.05) > 0.001
    return np.transpose(covered)


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_leads_where_it_says_and_is_seldom_called_flat(name):
    law, alike, times = CURVES[name]
    sizes = 1000.0 * np.sort(times)
    covariance = 0.004**2 * (alike + (1 - alike) * np.eye(len(sizes)))
    root = np.linalg.cholesky(covariance)

    def drawn(errors, rng):
        return errors + root @ rng.standard_normal(len(sizes)), covariance

    assert not any(map(too_rarely, led(name, law, sizes, drawn)))


def asked(errors, n, rng):
    """Errors on n examples, which are about as hard for all models, and their covariance."""
    ease = rng.standard_normal(n) + rng.standard_normal((len(errors), n))
    wrong = (ease / np.sqrt(2) < ndtri(errors)[:, None]).astype(float)
    return wrong.mean(axis=1), np.cov(wrong) / n


@pytest.mark.parametrize("n", [300, 2000])
@pytest.mark.parametrize("times", [[1, 2, 4], [1, 2, 4, 8]])
def test_a_curve_without_a_floor_through_errors_on_so_many_examples(times, n):
    sizes = 1000.0 * np.array(times)
    found = led(f"{times}{n}", (3, 0.35, 0), sizes, lambda e, rng: asked(e, n, rng))
    assert not any(map(too_rarely, found))


@pytest.mark.parametrize("runs", [3, 5])
@pytest.mark.parametrize("times", [[1, 2, 4], [1, 2, 4, 8]])
def test_what_training_adds_by_chance_is_known_from_few_runs(times, runs):
    sizes = 1000.0 * np.array(times)

    def drawn(errors, rng):
        lucky = errors + 0.01 * rng.standard_normal(len(errors))
        measured, covariance = asked(lucky, 2000, rng)
        trained = np.var(0.01 * rng.standard_normal(runs), ddof=1)
        return measured, *with_training(covariance, trained, runs - 1)

    found = led(f"{times}{runs}", (3, 0.35, 0), sizes, drawn)
    assert not any(map(too_rarely, found))


def test_one_model_a_size_leaves_out_what_training_adds():
    """Which the words beside it say: no interval of four errors could hold it."""
    sizes = 1000.0 * np.array([1, 2, 4, 8])
    rng, truth, held = seeded("left out"), 3 * 16_000**-0.35, []
    for _ in range(300):
        lucky = 3 * sizes**-0.35 + 0.01 * rng.standard_normal(4)
        _, low, high = Curve(sizes, *asked(lucky, 2000, rng)).at(16_000)
        held.append(low <= truth <= high)
    assert 0.8 < np.mean(held) < 0.95


def test_errors_about_the_curve_widen_as_chi_square_says():
    """The scatter of errors that the covariance explains is χ² over its degrees, cut at 1."""
    rng, sizes = seeded("scatter"), np.array([1000.0, 2000, 4000, 8000, 16_000, 32_000])
    covariance = 0.004**2 * np.eye(6)
    found = [
        Curve(sizes, 3 * sizes**-0.5 + 0.05 + 0.004 * rng.standard_normal(6), covariance).scatter
        for _ in range(300)
    ]
    most = chi2(3).ppf(0.9) / 3
    assert 0.03 < np.mean(np.array(found) > most) < 0.2
