"""What a whole gate promises: how often a model that is no better, or bad, passes it, and how often
one that does harm fails.

Shares are enumerated over all counts; clusters and the gate as a whole are simulated.
"""

import numpy as np
import pytest
from scipy.stats import binom

from evalharness.inference.estimates import estimate
from evalharness.inference.linearised import LinearisedBounds
from evalharness.inference.paired import PairedShareBounds, deciding_lower, mid_p
from evalharness.inference.paired_units import PairedUnitBounds
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.verdicts import decide
from evalharness.metrics import accuracy
from tests.calibration.criteria import tolerance

pytestmark = pytest.mark.calibration

# Share of the examples on which the models differ.
APART = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def discordant(n: int, apart: float, better: float = 0.5):
    """Counts that only the new or only the old model has right, with their probabilities; `better`:
    the share of them that the new one has right."""
    m = np.arange(int(binom.ppf(1 - 1e-10, n, apart)) + 1)
    new = np.concatenate([np.arange(k + 1) for k in m])
    total = np.repeat(m, m + 1)
    chance = binom.pmf(total, n, apart) * binom.pmf(new, total, better)
    some = chance > 1e-13
    return new[some], (total - new)[some], chance[some]


def superior(new, old, n, alpha):
    """bool: whether the deciding lower limit lies above 0, as `PairedShareBounds.lower` has it."""
    shown = deciding_lower(new, old, n, alpha) > 0
    return shown & (mid_p(new, old) <= alpha)


def test_what_is_enumerated_is_what_decides():
    for new, old in ((12, 5), (13, 5), (14, 5), (5, 0), (4, 0), (60, 40), (61, 40), (0, 0), (3, 9)):
        for alpha in (0.05, 0.025, 0.005):
            found = PairedShareBounds(new, old, 500).lower(alpha) > 0
            assert found == bool(superior(new, old, 500, alpha))


@pytest.mark.parametrize("n", [50, 100, 200, 500, 2_000])
def test_the_same_model_resampled_is_never_superior_above_the_level(n):
    for alpha in (0.05, 0.025, 0.005, 0.001):
        for apart in APART:
            if n * apart > 400:  # the test is the normal one there, and enumerating takes long
                continue
            new, old, chance = discordant(n, apart)
            passes = float(chance[superior(new, old, n, alpha)].sum())
            assert passes <= 1.005 * alpha, (alpha, apart)


@pytest.mark.parametrize("apart", [0.06, 0.1, 0.2, 0.3])
def test_harm_of_a_twentieth_fails_at_two_thousand(apart):
    """0.05 worse, at the level of one objective; and where 0.01 worse is let through."""
    n = 2_000
    new, old, chance = discordant(n, apart, better=(apart - 0.05) / apart / 2)
    fails = float(chance[superior(old, new, n, 0.05)].sum())
    assert fails >= 0.8
    beyond = -deciding_lower(old, new, n, 0.05) < -0.01
    assert float(chance[beyond].sum()) >= 0.8


@pytest.mark.parametrize("n", [50, 100, 200, 500])
def test_a_model_that_is_worse_by_the_margin_is_not_let_through(n):
    """At most one time in nineteen: the bound's size is 1.05 times the level at n = 50."""
    for margin in (0.005, 0.02, 0.1):
        for both in (0.0, 0.01, 0.1, 0.3):
            apart = margin + 2 * both  # a share `both` is newly right
            new, old, chance = discordant(n, apart, both / apart)
            for alpha in (0.05, 0.01):
                passes = deciding_lower(new, old, n, alpha) > -margin
                assert float(chance[passes].sum()) <= 1.053 * alpha, (margin, both, alpha)


def clustered(rng, clusters, apart, alike, sizes):
    """What only the new, and only the old, model has right in each cluster, and its size. Each
    cluster leans to one of the models, `alike` much."""
    m = np.full(clusters, 20) if sizes == "equal" else rng.geometric(1 / 20, clusters)
    lean = (
        rng.integers(0, 2, clusters)
        if alike == 1
        else rng.beta(*[(1 / alike - 1) / 2] * 2, clusters)
    )
    k = np.minimum(rng.poisson(apart * m * rng.gamma(2, 0.5, clusters)), m)
    new = rng.binomial(k, lean)
    return new.astype(float), (k - new).astype(float), m.astype(float)


@pytest.mark.parametrize("clusters", [3, 5, 10, 30])
def test_nor_is_it_with_few_clusters(clusters):
    rng = np.random.default_rng(clusters)
    runs, passed = 0, 0
    for apart in (0.02, 0.2):
        for alike in (0.3, 1):
            for sizes in ("equal", "skewed"):
                for _ in range(150):
                    new, old, m = clustered(rng, clusters, apart, alike, sizes)
                    value = (new - old).sum() / m.sum()
                    added = (new - old - value * m) / m.sum()
                    linear = LinearisedBounds(value, added, 0, (-1.0, 1.0), "clusters")
                    bounds = PairedUnitBounds(linear, new, old, m, True)
                    passed += bounds.lower(0.05) > 0
                    runs += 1
    assert passed / runs <= 0.05 + tolerance(runs)


def shares(rng, true, threshold, n):
    """A bound on a share of `n`, whose true value is given."""
    bounds = ProportionBounds(int(rng.binomial(n, true)), n)
    return accuracy.on("test") >= threshold, bounds


def passes(bound, bounds, family=1):
    found = estimate(bounds, 0.95, metric="m", model="", split="test", slice="")
    verdict = decide(found, bound.op, bound.threshold, family=family, forecast=False)
    return verdict.outcome == "pass"


@pytest.mark.parametrize("others", [0, 49])
def test_a_gate_with_one_bound_at_its_threshold_passes_one_time_in_twenty(others):
    """The objective and all other bounds hold by far: no correction is needed, whatever K."""
    rng = np.random.default_rng(others)
    runs, passed = 3_000, 0
    for _ in range(runs):
        threshold = rng.choice([0.5, 0.9, 0.99])
        n = int(rng.choice([60, 300, 2_000]))
        if not passes(*shares(rng, threshold, threshold, n), others + 2):
            continue  # as with one that fails: nothing else matters
        new, old = rng.multinomial(2_000, [0.06, 0.02, 0.92])[:2]
        objective = accuracy.on("dev").against("old").bound
        each = [(objective, PairedShareBounds(new, old, 2_000))]
        each += [shares(rng, 0.97, 0.9, 1_000) for _ in range(others)]
        passed += all(passes(*one) for one in each)
    assert passed / runs <= 0.05 + tolerance(runs)
    assert passed > 0
