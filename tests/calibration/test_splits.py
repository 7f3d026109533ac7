"""What a user is promised of splits: how often halves fail, and how often a difference is seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

from evalharness import Outputs
from evalharness.checks import shift
from evalharness.distances.ks import ks_distance
from evalharness.distances.shares import chi_square
from evalharness.inference.multiplicity import adjusted
from evalharness.inference.two_sample import KsDistance, ShareDistance, settle
from evalharness.inference.two_sample_units import Clustered, ClusteredKs, Units
from tests.calibration import halves
from tests.calibration.halves import most, seeded
from tests.calibration.splits import clusters, effects, shares


def too_often(hits, runs, rate=0.05):
    """Whether so many of the runs are more than chance makes of the rate, in one case of 1,000."""
    return binom.sf(hits - 1, runs, rate) < 0.001


def too_rarely(hits, runs, rate=0.8):
    return binom.cdf(hits, runs, rate) < 0.001


# At the tolerance, exactly


@pytest.fixture(scope="module")
def bounds():
    """Both bounds of every pair of counts, at two levels."""
    found = {}
    for n, m in ((30, 30), (90, 6)):
        pairs = [(k, j) for k in range(n + 1) for j in range(m + 1)]
        each = [ShareDistance([[k, n - k], [j, m - j]]) for k, j in pairs]
        for alpha in (0.05, 0.005):
            both = [[d.lower(alpha), d.upper(alpha)] for d in each]
            found[n, m, alpha] = np.array(both).reshape(n + 1, m + 1, 2)
    return found


@pytest.mark.parametrize("alpha", [0.05, 0.005])
@pytest.mark.parametrize("n, m", [(30, 30), (90, 6)])
def test_at_the_tolerance_a_share_passes_and_fails_no_more_often_than_declared(bounds, n, m, alpha):
    low, high = np.moveaxis(bounds[n, m, alpha], -1, 0)
    for apart in (0.0005, 0.02, 0.05, 0.3):
        for q in (0, 0.001, 0.01, 0.05, 0.3, 0.5, 0.69, 0.94, 0.999):
            for p in (q + apart, q - apart):
                if not 0 <= p <= 1:
                    continue
                weight = np.outer(binom.pmf(range(n + 1), n, p), binom.pmf(range(m + 1), m, q))
                assert weight[high < apart - 1e-12].sum() <= alpha + 1e-12
                assert weight[low > apart + 1e-12].sum() <= alpha + 1e-12


@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_at_the_tolerance_a_rare_value_among_few_rows_passes_no_more_often_than_declared(alpha):
    """Of a value that 200 rows hold once or not at all, the nearer limits of both shares would be
    wrong in up to 2.7 times as many cases."""
    n, m, q, apart = 20_000, 200, 0.001, 0.05
    p, middle = binom.pmf(np.arange(n + 1), n, q + apart), round(n * (q + apart))
    passed = 0.0
    for j in range(7):
        for k in range(middle - 125, middle + 126):
            distance = ShareDistance([[k, n - k], [j, m - j]])
            passed += p[k] * binom.pmf(j, m, q) * (distance.upper(alpha) < apart)
    assert passed <= alpha


@pytest.mark.parametrize("kind", ["equal", "few large"])
def test_clusters_that_are_alike_do_not_differ_surely(kind):
    """Ten clusters, all rows of which are one value: what a few large ones hold is no evidence."""
    rng, hits, runs = seeded("alike", kind), 0, 60
    sizes = np.full(10, 20) if kind == "equal" else np.r_[400, np.full(9, 5)]
    code = np.repeat(np.arange(10), sizes)
    units = Units(code, 10)
    for _ in range(runs):
        a, b = (rng.normal(size=10)[code] for _ in range(2))
        hits += ClusteredKs(ks_distance(a, b), (a, b), (units, units)).lower(0.05) > 0
    assert not too_often(hits, runs)


# Halves of real outputs


def test_a_few_halves_do_not_fail():
    rng = seeded("few")
    found = (halves.outcomes(halves.Default, *halves.halves(rng, 500)) for _ in range(10))
    assert not any(too_often(k, 10) for k in halves.tallied(found, "fail").values())


@pytest.mark.calibration
@pytest.mark.parametrize("n", halves.SIZES)
def test_halves_fail_at_most_at_the_declared_rate(n):
    """With tolerances of .002 a fail is a difference by chance alone, and does occur; what fails
    by the default tolerances fails by these too."""
    expect_few(halves.failures(n), halves.RUNS)


@pytest.mark.calibration
@pytest.mark.parametrize("count", halves.COUNTS)
def test_halves_in_clusters_fail_at_most_at_the_declared_rate(count):
    expect_few(halves.clustered_failures(count), halves.CLUSTERED_RUNS)


def expect_few(failed, runs):
    assert set(failed) == {*halves.GATED, "all"}
    for name, often in failed.items():
        level = 0.05 if name == "all" else 0.05 / len(halves.GATED)
        assert not too_often(often, runs, level), (name, often)


# Power, of each gated column alone


@pytest.mark.calibration
@pytest.mark.parametrize("name, categories", halves.GATES)
def test_at_2000_rows_a_gate_decides_clear_cases(name, categories):
    rng, runs = seeded("power", name, categories), 60
    for apart, wanted in ((0.0, "pass"), (2 * halves.most(name), "fail")):
        decided = 0
        for _ in range(runs):
            dev, test = halves.columns(rng, name, categories, apart)
            found = halves.outcomes(halves.Default, {name: dev}, {name: test})
            decided += found[name] == wanted
        assert not too_rarely(decided, runs), (wanted, decided)


@pytest.mark.calibration
@pytest.mark.parametrize("name, categories", halves.GATES)
def test_the_bounds_pass_at_2000_rows_where_nothing_differs(name, categories):
    runs = halves.CLEAR_RUNS
    found = halves.decided(name, categories, 0.0, runs)
    assert not too_rarely(round(runs * found["pass"]), runs)


@pytest.mark.calibration
def test_three_equal_classes_take_2100_rows():
    """The one gate that passes in 78 % of clear cases at 2,000 rows, and not in 80 %: each of three
    shares varies nearly as one of two does, and all three must lie within."""
    runs = 10_000
    at_2000, at_2100 = (halves.decided("label", 3, 0.0, runs, n)["pass"] for n in (2_000, 2_100))
    assert 0.765 < at_2000 < 0.8 < at_2100


@pytest.mark.calibration
@pytest.mark.parametrize("name, categories", halves.GATES)
def test_the_bounds_fail_at_2000_rows_at_twice_the_tolerance(name, categories):
    runs = halves.CLEAR_RUNS
    found = halves.decided(name, categories, 2 * halves.most(name), runs)
    assert not too_rarely(round(runs * found["fail"]), runs)


@pytest.mark.parametrize("name, categories", halves.GATES)
def test_at_the_tolerance_a_gate_passes_and_fails_in_one_of_twenty_at_most(name, categories):
    found = halves.decided(name, categories, halves.most(name), 100)
    assert not any(too_often(round(100 * share), 100) for share in found.values())


# p-values of what is reported


def p_values(kind, rng, runs):
    """Where nothing differs."""
    found = []
    for _ in range(runs):
        if kind == "KS":
            a, b = rng.normal(size=(2, 300))
            found.append(KsDistance(ks_distance(a, b), (300, 300)).p_value)
        elif kind.startswith("chi-square"):
            k, n = (10, 400) if "10" in kind else (50, 60)
            found.append(
                chi_square(rng.multinomial(n, np.full(k, 1 / k), 2), replicates=499).p_value
            )
        else:
            codes = [clusters(rng, c, 20, "equal") for c in (30, 60)]
            units = [Units(c, c[-1] + 1) for c in codes]
            a, b = (effects(rng, c, 0.3) for c in codes)
            if kind == "KS, clusters":
                found.append(ClusteredKs(ks_distance(a, b), (a, b), tuple(units)).p_value)
            else:
                cut = [np.searchsorted([-0.4, 0.4], x) for x in (a, b)]
                sides = [Clustered(x, u, 3) for x, u in zip(cut, units, strict=True)]
                counts = [np.bincount(x, minlength=3) for x in cut]
                found.append(ShareDistance(counts, sides, "clusters").p_value)
    return np.array(found)


KINDS = {
    "KS": 1_000,
    "chi-square of 10": 1_000,
    "chi-square of 50, few rows": 400,
    "KS, clusters": 150,
    "shares, clusters": 150,
}


@pytest.mark.calibration
@pytest.mark.parametrize("kind", KINDS)
def test_p_values_are_uniform_or_larger_where_nothing_differs(kind):
    runs = KINDS[kind]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evalharness.inference.two_sample_units.DRAWS", 2_000)
        found = p_values(kind, seeded("p", kind), runs)
    for level in (0.01, 0.05, 0.2, 0.5):
        assert not too_often(int((found <= level).sum()), runs, level), level
    # Not so large that they say nothing.
    assert (found <= 0.5).mean() > 0.02


@pytest.mark.calibration
def test_reported_columns_differ_falsely_in_one_of_twenty_evaluations_at_most(monkeypatch):
    monkeypatch.setattr(shift, "notes", lambda *_: [])
    rng, runs, some = seeded("holm"), 150, 0
    for _ in range(runs):
        dev, test = (
            {"label": rng.integers(0, 2, 300)}
            | {f"x{i}": rng.normal(size=300) for i in range(8)}
            | {f"c{i}": rng.integers(0, 5, 300) for i in range(7)}
            for _ in range(2)
        )
        findings = halves.Default.run(Outputs(dev=dev, test=test)).checks[0].findings
        reported = [f.p_value for f in findings if f.outcome == "reported"]
        assert len(reported) == 15
        some += min(reported) < 0.05
    assert not too_often(some, runs)


def test_without_holm_that_would_be_caught():
    rng, runs = seeded("without"), 150
    some = [p_values("KS", rng, 15) for _ in range(runs)]
    assert too_often(sum(p.min() < 0.05 for p in some), runs)
    assert not too_often(sum(min(adjusted(p)) < 0.05 for p in some), runs)


# How many rows settle it

SETTLED = [
    ("KS", 0.0, 600),
    ("KS", 0.05, 600),
    ("KS", 0.15, 600),
    ("share of 2", 0.02, 600),
    ("share of 2", 0.08, 600),
    ("share of 10", 0.02, 300),
    ("share of 10", 0.08, 300),
]


@pytest.mark.parametrize("kind, apart, n", SETTLED)
def test_so_many_rows_as_are_named_settle_it_in_four_of_five_cases(kind, apart, n):
    """If the true distance is the one seen: fresh rows are drawn from a sample of that distance."""
    rng, runs = seeded("settle", kind, apart), 200
    tolerance = most("score" if kind == "KS" else "label")
    if kind == "KS":
        # One sample of each, whose distance is then the true one.
        first, second = rng.normal(size=n), rng.normal(2 * norm.ppf((1 + apart) / 2), 1, n)
        seen = KsDistance(ks_distance(first, second), (n, n))
    else:
        categories = int(kind.split()[-1])
        pair = shares(categories, 0.3, apart)
        first, second = (np.rint(p * n) for p in pair)
        seen = ShareDistance(np.stack([first, second]))
    if seen.upper(0.05) < tolerance or seen.lower(0.05) > tolerance:
        pytest.fail("it is settled as it is")
    rows = settle(seen, tolerance, 0.05)
    assert rows is not None
    assert min(rows) > n / 4
    decided = 0
    for _ in range(runs):
        if kind == "KS":
            fresh = [rng.choice(x, k) for x, k in zip((first, second), rows, strict=True)]
            distance = KsDistance(ks_distance(*fresh), rows)
        else:
            both = zip((first, second), rows, strict=True)
            distance = ShareDistance([rng.multinomial(k, x / x.sum()) for x, k in both])
        beyond = seen.value > tolerance
        decided += distance.lower(0.05) > tolerance if beyond else distance.upper(0.05) < tolerance
    assert 0.7 <= decided / runs <= 0.97
