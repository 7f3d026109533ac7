"""The same questions in a few seconds, and whether the check itself can fail."""

from __future__ import annotations

import math
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom, norm

from evalharness.checks.joint import joint_bounds
from evalharness.inference.bounds import upper_z
from evalharness.inference.concordance import delong, logit_limits, newcombe
from evalharness.inference.delta import delta_error
from evalharness.inference.multiplicity import holm
from evalharness.inference.paired import tango
from evalharness.inference.proportions import (
    clopper_pearson_lower,
    clopper_pearson_upper,
    wilson,
)
from evalharness.metrics import f1
from evalharness.statistics.joint_counts import Patterns
from evalharness.statistics.tables import Cells
from tests.calibration.averages import mean
from tests.calibration.criteria import complaints
from tests.calibration.grid import COLUMNS
from tests.calibration.joint import apart, counted, joint_shares, two_classes
from tests.calibration.simulate import (
    RATES,
    Setting,
    area,
    balanced,
    coverage,
    macro,
    mcc,
    mixture,
    overlap,
    paired,
    quantile,
    two_class,
)


@pytest.mark.parametrize("n", [1, 2, 5, 10, 20, 29, 30, 50])
@pytest.mark.parametrize("p", RATES)
@pytest.mark.parametrize("alpha", [0.05, 0.025, 0.005])
def test_enumerated_proportions_never_cover_less_than_they_say(n, p, alpha):
    k = np.arange(n + 1)
    for share in (p, 1 - p):
        weights = binom.pmf(k, n, share)
        low, high = clopper_pearson_lower(k, n, alpha), clopper_pearson_upper(k, n, alpha)
        assert weights @ (low <= share) >= 1 - alpha - 1e-12
        assert weights @ (high >= share) >= 1 - alpha - 1e-12
        assert weights @ ((low <= share) & (share <= high)) >= 1 - 2 * alpha - 1e-12


@pytest.mark.parametrize("p, n, covers", [(0.5, 20, 0.959), (0.9, 100, 0.936), (0.99, 20, 0.983)])
def test_enumerated_wilson_covers_what_is_published(p, n, covers):
    k = np.arange(n + 1)
    low, high = wilson(k, n, upper_z(0.025))
    assert binom.pmf(k, n, p) @ ((low <= p) & (p <= high)) == pytest.approx(covers, abs=5e-4)


QUICK = [
    Setting("F1", "0.9", 100, "", overlap(f1, 0.9, 100, 0.5, 2_000)),
    Setting("MCC", "0.99", 100, "", two_class(mcc, 0.99, 100, 0.5, 2_000)),
    Setting("balanced accuracy", "0.95", 20, "", two_class(balanced, 0.95, 20, 0.5, 2_000)),
    Setting("macro F1", "0.95", 100, "", macro(f1, 0.95, 100, np.full(3, 1 / 3), True, 500)),
    Setting("AUC", "0.9", 100, "", area(0.9, 100, 0.5, 1, 0, 800)),
    Setting("AUC", "0.99", 50, "", area(0.99, 50, 0.2, 1, 0, 800)),
    Setting("AUC mixture", "20+1000", 1020, "", mixture(20, 1_000, 0.1, 0, False, 600)),
    Setting("AUC mixture", "50+1000", 1050, "", mixture(50, 1_000, 0.05, 0, True, 600)),
    Setting("AUC mixture", "30+30", 60, "", mixture(30, 30, 0.05, 0.05, False, 600)),
    Setting("AUC mixture", "1+1", 2, "", mixture(1, 1, 0.95, 0, True, 600)),
    Setting("mean", "exponential", 500, "", mean(*COLUMNS["exponential"], 500, 2_000)),
    Setting("mean", "normal", 20, "", mean(*COLUMNS["normal"], 20, 200)),
    Setting("quantile", "0.9", 50, "", quantile(0.9, 50)),
    Setting("paired", "0.02/0.001", 200, "", paired(0.02, 0.001, 200, 4_000)),
    Setting("paired", "0.2/0.5", 20, "", paired(0.2, 0.5, 20, 0)),
    *(s for s in two_classes((200,)) if "f1" in s.form and "0.5, 0.9" in s.detail),
    *(s for s in two_classes((50,)) if "matthews" in s.form and "0.1, 1.0" in s.detail),
]


@pytest.mark.parametrize("setting", QUICK, ids=lambda s: s.name)
def test_deciding_bounds_cover(setting):
    assert not complaints(setting, setting.run())


# The check itself must be able to fail: the bounds that were turned down, under the same criterion.


def rejected(name, outcomes, limits, truth, runs):
    """Complaints about bounds that are given by a function of an outcome and of z."""

    def bounds(outcome):
        low, high = limits(outcome, upper_z(0.05))
        return SimpleNamespace(
            lower=lambda _: low,
            upper=lambda _: high,
            interval=lambda _: (low, high),
            reason="",
            value=0.0,
        )

    setting = Setting(name, "", 0, "", lambda _: coverage(outcomes, bounds, truth, runs))
    return complaints(setting, setting.run())


def test_wilson_would_be_caught():
    """One-sided it covers .818 on the side that fails."""
    outcomes = zip(range(21), binom.pmf(range(21), 20, 0.99), strict=True)
    found = rejected("Wilson", outcomes, lambda k, z: wilson(k, 20, z), 0.99, None)
    assert found == [" ".join(["Wilson n=0: the upper bound covers 0.8179, required 0.9400"])]


def test_delta_of_the_mcc_would_be_caught():
    rng = np.random.default_rng(zlib.crc32(b"delta"))
    drawn, counts = np.unique(
        rng.multinomial(100, [0.495, 0.005, 0.005, 0.495], 500), axis=0, return_counts=True
    )

    def limits(table, z):
        cells = Cells(*map(int, table))
        half = z * delta_error(mcc, cells)
        return float(mcc(cells)) - half, float(mcc(cells)) + half

    outcomes = zip(drawn, counts / counts.sum(), strict=True)
    assert rejected("delta", outcomes, limits, 0.98, 500)


def test_logit_delong_would_be_caught():
    """30 positives, 970 negatives, AUC .99: its lower bound covers .82."""
    rng = np.random.default_rng(zlib.crc32(b"logit"))
    shift = 2.3263 * math.sqrt(2)

    def samples():
        for _ in range(400):
            yield np.argsort(np.r_[rng.normal(shift, 1, 30), rng.normal(size=970)]) < 30, 1 / 400

    def limits(pos, z):
        value, error = delong(pos, ~pos)
        return logit_limits(value, error, z) if 0 < value < 1 else (0.0, 1.0)

    assert rejected("logit-DeLong", samples(), limits, 0.99, 400)


def test_delong_and_newcombe_would_be_caught():
    """30 positives of which 5 % score like negatives: the wider of both covers .80 from below."""
    rng = np.random.default_rng(zlib.crc32(b"hidden"))
    truth = 0.95 * norm.cdf(5 / math.sqrt(2)) + 0.05 / 2

    def samples():
        for _ in range(400):
            gaps = np.where(rng.random(30) < 0.05, 0, 5)
            scores = np.r_[gaps, np.zeros(970)] + rng.normal(size=1_000)
            yield np.argsort(scores) < 30, 1 / 400

    def limits(pos, z):
        value, error = delong(pos, ~pos)
        by_newcombe = newcombe(value, 30, 970, z)
        by_delong = logit_limits(value, error, z) if 0 < value < 1 else by_newcombe
        return min(by_delong[0], by_newcombe[0]), max(by_delong[1], by_newcombe[1])

    assert rejected("wider of both", samples(), limits, truth, 400)


def test_tango_alone_would_be_caught():
    rng = np.random.default_rng(zlib.crc32(b"tango"))
    drawn = rng.multinomial(200, [0.02, 0.001, 0.979], 4_000)[:, :2]
    rows, counts = np.unique(drawn, axis=0, return_counts=True)
    outcomes = zip(rows, counts / 4_000, strict=True)
    assert rejected("Tango", outcomes, lambda t, z: tango(*t, 200, z), 0.019, 4_000)


def test_delta_of_a_difference_would_be_caught():
    """Models of .99 and .98, on 100 examples: a third of the samples do not tell them apart."""
    rng = np.random.default_rng(zlib.crc32(b"joint"))
    shares = joint_shares(np.array([0.5, 0.5]), (0.99, 0.98), 1.0)
    columns = tuple(x.ravel() for x in np.indices((2, 2, 2)))
    truth = apart(counted(f1, Patterns(columns, 1e6 * shares.ravel()), 2))

    def limits(table, z):
        pair = counted(f1, Patterns(columns, table), 2)
        bounds = joint_bounds(f1, pair, apart(pair), (-1, 1))
        return bounds.value - z * bounds._error, bounds.value + z * bounds._error

    drawn, times = np.unique(rng.multinomial(100, shares.ravel(), 500), axis=0, return_counts=True)
    outcomes = zip(drawn, times / 500, strict=True)
    assert rejected("delta", outcomes, limits, truth, 500)


def test_t_of_a_skewed_column_would_be_caught():
    rng = np.random.default_rng(zlib.crc32(b"t"))

    def limits(x, z):
        half = z * x.std(ddof=1) / math.sqrt(len(x))
        return x.mean() - half, x.mean() + half

    samples = ((rng.gamma(0.5, size=200), 1 / 4_000) for _ in range(4_000))
    assert rejected("t", samples, limits, 0.5, 4_000)


def test_holm_keeps_the_family_level():
    """Ten slices exactly at 0.9: how often is any of them called a failure? Exactly."""
    k = np.arange(101)
    weights = binom.pmf(k, 100, 0.9)
    first = clopper_pearson_upper(k, 100, 0.05 / 10) < 0.9
    some = 1 - (1 - weights @ first) ** 10
    assert some <= 0.05
    # Holm calls something exactly when the first level does.
    hits = [90, 80, 95]
    found = holm(3, lambda level: list(clopper_pearson_upper(hits, 100, level) < 0.9), 0.05)
    assert set(found) == {1}
