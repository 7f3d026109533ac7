"""What a user is promised: how often a bad model passes, and how often a good one fails."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.stats import binom

from evalharness.inference.estimates import estimate
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.verdicts import FAIL, PASS, decide

PLACE = {"metric": "recall", "model": "", "split": "test", "slice": ""}


@cache
def outcome(hits: int, n: int, threshold: float, family: int) -> str:
    """The verdict on ``recall >= threshold`` for so many hits of ``n``."""
    found = estimate(ProportionBounds(hits, n), 0.95, **PLACE)
    return decide(found, ">=", threshold, family=family).outcome


def chance(n: int, threshold: float, family: int, wanted: str, truth: float) -> float:
    """Of the verdict; numbers of hits that hardly ever occur (1e-15) are left out."""
    weights = binom.pmf(np.arange(n + 1), n, truth)
    some = np.flatnonzero(weights > 1e-15).tolist()
    verdicts = np.array([outcome(k, n, threshold, family) for k in some])
    return float(weights[some] @ (verdicts == wanted))


@pytest.mark.parametrize("n", [20, 50, 300])
@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.95, 0.99])
def test_a_model_at_the_threshold_passes_in_one_of_twenty_at_most(n, threshold):
    assert chance(n, threshold, 1, PASS, threshold) <= 0.05
    assert chance(n, threshold, 1, FAIL, threshold) <= 0.05
    assert chance(n, threshold, 1, PASS, threshold - 0.05) <= 0.05


@pytest.mark.parametrize("family", [2, 10, 50])
def test_a_family_at_its_thresholds_has_a_false_fail_in_one_of_twenty_at_most(family):
    alone = chance(300, 0.9, family, FAIL, 0.9)
    assert 1 - (1 - alone) ** family <= 0.05


def test_the_pass_side_pays_nothing_for_a_family():
    """All must pass: no bound may pass more easily, or less, for there being others."""
    alone, among = ([outcome(k, 300, 0.9, m) == PASS for k in range(301)] for m in (1, 50))
    assert alone == among


def test_clear_cases_are_decided():
    assert chance(300, 0.9, 10, PASS, 0.96) > 0.9
    assert chance(300, 0.9, 10, FAIL, 0.8) > 0.9


@pytest.mark.calibration
@pytest.mark.parametrize("n", [1_000, 10_000])
@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.95, 0.99, 0.999])
def test_also_with_many_examples(n, threshold):
    assert chance(n, threshold, 1, PASS, threshold) <= 0.05
    alone = chance(n, threshold, 10, FAIL, threshold)
    assert 1 - (1 - alone) ** 10 <= 0.05
