"""Is what a split is said to be able to show what it can show?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import binom

from evalharness.declare.errors import DeclarationError
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.estimates import estimate
from evalharness.inference.mover import TwoClassBounds
from evalharness.inference.of_form import function_of, mean_of_both, of_both
from evalharness.inference.planned_areas import AreaSizing
from evalharness.inference.planned_tables import TableSizing, binomial_quantile, lattice
from evalharness.inference.planning import (
    ShareSizing,
    detectable,
    least_n,
    passing_hits,
    power_at,
)
from evalharness.inference.plans import plan_of
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.quantiles import QuantileBounds
from evalharness.inference.verdicts import PASS, decide
from evalharness.metrics import (
    accuracy,
    balanced_accuracy,
    brier_score,
    calibration_error,
    cohen_kappa,
    error_rate,
    f1,
    harmonic_mean,
    jaccard,
    latency,
    matthews_corrcoef,
    metric,
    negative_predictive_value,
    positive_likelihood_ratio,
    precision,
    recall,
    roc_auc,
    specificity,
)
from evalharness.statistics import Cells, Confusion

ALPHA = 0.05
SHARES = st.floats(0.01, 0.99)


def plan(bound: Any, **known: Any) -> Any:
    return plan_of(bound.metric, bound.op, bound.threshold, **{"alpha": ALPHA} | known)


def passes(bounds: Any, op: str, threshold: float, confidence: float = 0.95) -> bool:
    found = estimate(bounds, confidence, metric="m", model="", split="", slice="")
    return decide(found, op, threshold, forecast=False).outcome == PASS


@pytest.mark.parametrize("op", [">=", "<="])
@pytest.mark.parametrize("tau", [0.5, 0.9, 0.95, 0.99])
def test_the_power_is_that_of_the_verdicts_of_every_outcome(tau, op):
    upward = op == ">="
    tau = tau if upward else round(1 - tau, 12)
    least = None
    for n in (*range(1, 9), *range(27, 31), 44, 45, *range(57, 61)):
        hits = np.arange(n + 1)
        passing = np.array([passes(ProportionBounds(k, n), op, tau) for k in hits])
        if passing.any() and least is None:
            least = n
        for true in (0.02, 0.5, 0.93, 0.995):
            exact = binom.pmf(hits, n, true)[passing].sum()
            assert power_at(n, tau, true, ALPHA, upward) == pytest.approx(exact, abs=1e-12)
    wanted = least_n(tau, ALPHA, upward)
    assert wanted == least if least else wanted > 60


@pytest.mark.parametrize("op", ["<=", "<", ">=", ">"])
def test_the_power_of_a_quantile_is_that_of_its_verdicts(op):
    for n in (10, 29, 60):
        sizing = ShareSizing(0.9, ALPHA, closed=op in ("<=", ">="))
        # Values at 1 and at 3, or at the threshold of 2 itself, where that is enough.
        low, high = {"<=": (2, 3), "<": (1, 2), ">=": (1, 2), ">": (2, 3)}[op]
        at_most = np.arange(n + 1)
        passing = []
        for k in at_most:
            counts = [(v, c) for v, c in ((low, k), (high, n - k)) if c]
            bounds = QuantileBounds(*map(list, zip(*counts, strict=True)), 0.9)
            passing.append(passes(bounds, op, 2.0))
        for true in (0.8, 0.95):
            exact = binom.pmf(at_most, n, true)[np.array(passing)].sum()
            found = sizing.power_at(n, true, op in ("<=", "<"))
            assert found == pytest.approx(exact, abs=1e-12)


def test_a_limit_at_the_threshold_is_enough_only_where_the_verdict_says_so():
    # One hit of one has the lower limit 0.5 at alpha 0.5.
    assert not passes(ProportionBounds(1, 1), ">=", 0.5, confidence=0.5)
    assert passing_hits(1, 0.5, 0.5) is None
    assert passing_hits(1, 0.5, 0.5, closed=True) == 1
    assert least_n(0.5, 0.5) == 2
    assert least_n(0.5, 0.5, closed=True) == 1


def test_named_cases():
    settled = {(0.9, 0.93): 593, (0.9, 0.95): 203, (0.9, 0.92): 1365, (0.95, 0.97): 694}
    for (tau, true), n in settled.items():
        assert plan(recall >= tau, true=true).needed_n == n
        assert plan(error_rate <= round(1 - tau, 12), true=round(1 - true, 12)).needed_n == n
    assert plan(latency.quantile(0.99) <= 100, true=0.995).needed_n == 2185
    sizes = (30, 60, 100, 300, 1000, 10_000)
    table = {
        0.9: (30, 59, 96, 279, 916, 9050),
        0.95: (None, 60, 99, 292, 962, 9537),
        0.99: (None, None, None, 300, 996, 9917),
    }
    for tau, fewest in table.items():
        assert tuple(passing_hits(n, tau, ALPHA) for n in sizes) == fewest
    for q, n in {0.9: 29, 0.95: 59, 0.99: 299, 0.999: 2995}.items():
        assert least_n(q, ALPHA) == plan(latency.quantile(q) <= 1).least_n == n


def test_of_a_million_examples_one_in_a_hundred_can_be_enough():
    few, all_ = (plan(accuracy >= 0.9, n=n, true=0.91) for n in (10_000, 1_000_000))
    assert few.power > 0.95
    assert few.detectable - 0.9 < 0.0075
    assert all_.detectable - 0.9 < 0.00075
    assert plan(accuracy >= 0.9, n=100, true=0.91).power < 0.1


@given(n=st.integers(1, 3_000), tau=SHARES, power=st.floats(0.5, 0.99), upward=st.booleans())
def test_the_detectable_share_is_where_the_power_is_reached(n, tau, power, upward):
    found = detectable(n, tau, ALPHA, power, upward)
    if found is None:
        assert n < least_n(tau, ALPHA, upward)
        return
    assert (found > tau) == upward
    assert power_at(n, tau, found, ALPHA, upward) == pytest.approx(power, abs=1e-6)


@given(n=st.integers(1, 3_000), taus=st.tuples(SHARES, SHARES), trues=st.tuples(SHARES, SHARES))
def test_power_rises_with_the_truth_and_falls_with_the_threshold(n, taus, trues):
    (low, high), (worse, better) = sorted(taus), sorted(trues)
    slack = 1e-12
    assert power_at(n, low, worse, ALPHA) <= power_at(n, low, better, ALPHA) + slack
    assert power_at(n, high, better, ALPHA) <= power_at(n, low, better, ALPHA) + slack
    assert least_n(low, ALPHA) <= least_n(high, ALPHA)
    if low < high:  # the level holds: at the threshold, and below it, a pass is an error
        assert power_at(n, high, low, ALPHA) <= power_at(n, high, high, ALPHA) <= ALPHA + slack
    mirrored = power_at(n, 1 - low, 1 - better, ALPHA, upward=False)
    assert mirrored == pytest.approx(power_at(n, low, better, ALPHA), abs=1e-9)


def test_the_points_fill_the_square_and_quantiles_are_those_of_scipy():
    u, v = lattice()
    for x, y in ((0.3, 0.3), (0.5, 0.9), (0.05, 0.8)):
        assert ((u < x) & (v < y)).mean() == pytest.approx(x * y, abs=0.005)
    for n, p in ((1, 0.5), (30, 0.9), (5_000, 0.999), (7, 1.0), (0, 0.3)):
        assert np.array_equal(binomial_quantile(u, n, p), binom.ppf(u, n, p))


MACRO = {
    "MCC": (function_of(matthews_corrcoef), (-1.0, 1.0), 0.7, 0.8),
    "kappa": (of_both(cohen_kappa), (-1.0, 1.0), 0.7, 0.6),
    "balanced accuracy": (mean_of_both(balanced_accuracy), (0.0, 1.0), 0.9, 0.93),
    "macro F1": (mean_of_both(f1(average="macro")), (0.0, 1.0), 0.8, 0.88),
}


@pytest.mark.calibration
@pytest.mark.parametrize("prevalence", [0.5, 0.1])
@pytest.mark.parametrize("name", MACRO)
def test_the_power_of_tables_is_that_of_tables_drawn_at_random(name, prevalence):
    function, ends, tau, true = MACRO[name]
    sizing, upward = TableSizing(function, ends, tau, ALPHA, prevalence), true > tau
    n = sizing.needed_n(true, 0.8, upward)
    assert sizing.power_at(n, true, upward) >= 0.8
    positives, negatives = (int(x) for x in sizing.classes(n))
    rate, rng = sizing.rate(true), np.random.default_rng(1)
    shown = 0
    for _ in range(300):
        tp, tn = rng.binomial(positives, rate), rng.binomial(negatives, rate)
        bounds = TwoClassBounds(function, Cells(tp, negatives - tn, positives - tp, tn), ends)
        shown += bounds.lower(ALPHA) > tau if upward else bounds.upper(ALPHA) < tau
    assert shown / 300 == pytest.approx(0.82, abs=0.08)  # three errors, and where n is stepped
    # Half as many show it far less often: it is not that anything would.
    assert sizing.power_at(n // 2, true, upward) < 0.65
    if upward:
        found = sizing.detectable(n, 0.8, upward)
        assert found == pytest.approx(true, abs=0.006)


def test_the_tables_of_a_share_have_nearly_its_exact_power():
    """MOVER of a metric of one part is that part's limit."""
    tables = TableSizing(lambda c: c.tp / (c.tp + c.fn), (0.0, 1.0), 0.9, ALPHA, 0.5)
    shares = ShareSizing(0.9, ALPHA)
    assert tables.least_n(True) == 2 * shares.least_n(True)
    for n, true in ((400, 0.95), (1_186, 0.93), (600, 0.93), (300, 0.97)):
        exact = shares.power_at(n // 2, true, True)
        assert tables.power_at(n, true, True) == pytest.approx(exact, abs=0.02)
    assert tables.needed_n(0.95, 0.8, True) / 2 == pytest.approx(203, rel=0.1)


def test_below_the_smallest_n_no_table_passes_and_at_it_one_does():
    for name in MACRO:
        function, ends, tau, _ = MACRO[name]
        sizing = TableSizing(function, ends, tau, ALPHA, 0.5)
        least = sizing.least_n(True)

        def best(n: int, sizing: Any = sizing, function: Any = function, ends: Any = ends) -> float:
            positives, negatives = sizing.classes(n)
            cells = Cells(positives, 0.0, 0.0, negatives)
            return TwoClassBounds(function, cells, ends).lower(ALPHA)

        assert best(least) > tau
        assert not any(best(n) > tau for n in range(2, least))
        assert sizing.power_at(least - 1, 0.99, True) == 0.0


@pytest.mark.calibration
@pytest.mark.parametrize(
    "tau, true, prevalence", [(0.8, 0.85, 0.5), (0.9, 0.95, 0.1), (0.85, 0.8, 0.3)]
)
def test_the_power_of_an_area_is_that_of_scores_drawn_at_random(tau, true, prevalence):
    sizing, upward = AreaSizing(tau, ALPHA, prevalence), true > tau
    n = sizing.needed_n(true, 0.8, upward)
    rng, shift = np.random.default_rng(0), math.sqrt(2) * ndtri(true)
    for size, draws in ((n // 2, 150), (n, 150)):
        positives, negatives = sizing.classes(size)
        shown = 0
        for _ in range(draws):
            scores = np.r_[rng.normal(size=positives) + shift, rng.normal(size=negatives)]
            mine = np.argsort(scores) < positives
            bounds = ConcordanceBounds(mine, ~mine)
            shown += bounds.lower(ALPHA) > tau if upward else bounds.upper(ALPHA) < tau
        # Three errors of 150 draws, and .02 for what is nearly normal.
        assert shown / draws == pytest.approx(sizing.power_at(size, true, upward), abs=0.14)
    assert sizing.detectable(n, 0.8, upward) == pytest.approx(true, abs=0.002)


def test_the_least_n_of_an_area_is_that_of_perfect_scores():
    for tau, prevalence in ((0.8, 0.5), (0.95, 0.2)):
        sizing = AreaSizing(tau, ALPHA, prevalence)
        least = sizing.least_n(True)
        for n, enough in ((least, True), (least - 1, False)):
            positives, negatives = sizing.classes(n)
            mine = np.arange(n) >= negatives
            assert (ConcordanceBounds(mine, ~mine).lower(ALPHA) > tau) == enough
        assert AreaSizing(1 - tau, ALPHA, prevalence).least_n(False) == least


def test_what_is_counted_is_what_the_metric_counts():
    known = {"n": 1_000, "positives": 100}
    for bound, unit, n in (
        (accuracy >= 0.9, "examples", 1_000),
        (recall >= 0.9, "positives", 100),
        (specificity >= 0.9, "negatives", 900),
        (precision >= 0.9, "predicted positives", 100),
        (negative_predictive_value >= 0.9, "predicted negatives", 900),
        # At F1 .9 and as many false as missed ones, 90 are right and 10 wrong of either kind.
        (f1 >= 0.8, "labelled or predicted positives", 110),
        (jaccard >= 0.8, "labelled or predicted positives", 105),
        (matthews_corrcoef >= 0.8, "examples", 1_000),
        (latency.quantile(0.9) <= 1, "values", 1_000),
    ):
        found = plan(bound, **known)
        assert (found.unit, found.n) == (unit, n)
        assert ("predicted positive" in found.note) == (
            unit not in ("examples", "positives", "negatives", "values")
        )
    assert plan(precision >= 0.9, trials=40, **known).n == 40


def test_an_assumed_truth_lies_half_way_and_says_so():
    found = plan(recall >= 0.9, n=500, positives=100)
    assert (found.true, found.assumed, found.shows) == (0.95, True, "pass")
    assert plan(error_rate <= 0.04).true == 0.02
    declared = plan(recall >= 0.9, true=0.93)
    assert (declared.true, declared.assumed) == (0.93, False)
    wrong = plan(recall >= 0.9, positives=749, n=1_000, true=0.87)
    assert (wrong.shows, wrong.needed_n) == ("fail", 749)
    assert wrong.power == pytest.approx(0.8, abs=0.005)
    with pytest.raises(DeclarationError, match="recall lies between 0 and 1, so it cannot"):
        plan(recall >= 0.9, true=1.3)


def test_whether_it_can_pass_at_all():
    assert plan(recall >= 0.9, n=1_000, positives=28).possible is False
    assert plan(recall >= 0.9, n=1_000, positives=29).possible is True
    assert plan(recall >= 0.9).possible is None
    few = plan(recall >= 0.9, n=1_000, positives=28)
    assert (few.power, few.detectable) == (0.0, None)
    assert few.needed_n == 203
    assert plan(balanced_accuracy >= 0.9, n=30, positives=15).possible is False


def test_f1_goes_by_the_share_that_it_rises_with():
    found, of_share = plan(f1 >= 0.8, true=0.9), plan(jaccard >= 2 / 3, true=0.9 / 1.1)
    assert found.needed_n == of_share.needed_n
    assert found.least_n == of_share.least_n
    both = [plan(b, trials=80) for b in (f1 >= 0.8, jaccard >= 2 / 3)]
    assert both[0].detectable == pytest.approx(2 * both[1].detectable / (1 + both[1].detectable))


def test_a_micro_average_is_a_function_of_the_share_that_is_right():
    exact = plan(accuracy >= 0.8, n=500, true=0.85)
    for m in (recall, precision, f1):
        found = plan(m(average="micro") >= 0.8, n=500, true=0.85, classes=7)
        assert found.power == pytest.approx(exact.power, abs=1e-9)
        assert (found.needed_n, found.unit) == (exact.needed_n, "examples")


@metric(Confusion(), better="higher", range=(0, 1))
def one_at_a_time(table):
    """A metric whose function asks whether, and so takes no arrays."""
    return table.tp / (table.tp + table.fn) if table.tp > 0 else 0.0


@pytest.mark.parametrize(
    "bound, known, reason, least",
    [
        (latency.mean() <= 10, {"n": 50}, "its spread is not known before", None),
        (calibration_error <= 0.1, {"n": 50}, "its spread is not known before", None),
        (brier_score <= 0.1, {"n": 50}, "how much its values vary", 59),
        (roc_auc >= 0.8, {"n": 50, "positives": 0}, "there are no positives", None),
        (matthews_corrcoef >= 0.8, {"n": 50, "positives": 50}, "there are no negatives", None),
        (f1(average="macro") >= 0.8, {"classes": 5}, "an average over the classes", None),
        (f1(average="weighted") >= 0.8, {}, "an average over the classes", None),
        (harmonic_mean(recall, accuracy) >= 0.8, {}, "how its parts vary together", None),
        (accuracy.by("region").gap() <= 0.1, {}, "how much slices differ", None),
        (one_at_a_time >= 0.8, {"n": 50}, "takes one table at a time", None),
        (positive_likelihood_ratio >= 5, {"n": 900}, "has no best end", 176),
        (recall - precision >= -0.1, {"n": 250, "positives": 50}, "has recall - precision", 2),
    ],
)
def test_what_cannot_be_told_says_why(bound, known, reason, least):
    found = plan(bound, **known)
    assert reason in found.reason
    assert (found.power, found.needed_n) == (None, None)
    assert found.least_n == least


def test_a_mean_in_a_range_can_pass_from_where_perfect_values_do():
    from evalharness.inference.gaffke import GaffkeBounds

    low, high = brier_score.range
    least = plan(brier_score <= 0.1).least_n
    assert GaffkeBounds(np.zeros(least), (low, high)).upper(ALPHA) < 0.1
    assert GaffkeBounds(np.zeros(least - 1), (low, high)).upper(ALPHA) > 0.1


def test_a_likelihood_ratio_is_planned_where_the_truth_is_declared():
    found = plan(positive_likelihood_ratio >= 5, n=292, true=10.0)
    assert found.power == pytest.approx(0.8, abs=0.03)
    assert found.detectable == pytest.approx(10.0, abs=0.3)
