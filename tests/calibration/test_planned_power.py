"""Does a split of the planned size pass as often as was planned? By whole evaluations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from evalharness import Outputs
from evalharness.inference.plans import plan_of
from evalharness.metrics import balanced_accuracy, f1, recall, roc_auc
from tests.metrics.measure import run

pytestmark = pytest.mark.calibration

DRAWS = 250
PREVALENCE = 0.3


def at_rate(rng, positives, negatives, rate):
    """Labels and predictions, right in a share `rate` of either class."""
    label = np.repeat([1, 0], [positives, negatives])
    right = rng.random(len(label)) < rate
    return {"label": label, "prediction": np.where(right, label, 1 - label)}


def as_f1(rng, positives, negatives, value):
    """As many false positives as false negatives are expected: precision is recall is F1."""
    label = np.repeat([1, 0], [positives, negatives])
    wrong = np.where(label == 1, 1 - value, (1 - value) * positives / negatives)
    right = rng.random(len(label)) >= wrong
    return {"label": label, "prediction": np.where(right, label, 1 - label)}


def as_area(rng, positives, negatives, value):
    label = np.repeat([1, 0], [positives, negatives])
    return {
        "label": label,
        "score": rng.normal(size=len(label)) + np.sqrt(2) * ndtri(value) * label,
        "prediction": label,
    }


CASES = {
    "recall": (recall.on("test") >= 0.9, 0.93, at_rate),
    "balanced accuracy": (balanced_accuracy.on("test") >= 0.85, 0.9, at_rate),
    "F1": (f1.on("test") >= 0.8, 0.87, as_f1),
    "AUC": (roc_auc.on("test") >= 0.85, 0.9, as_area),
    "recall that fails": (recall.on("test") >= 0.9, 0.85, at_rate),
    "AUC that fails": (roc_auc.on("test") >= 0.85, 0.8, as_area),
}


@pytest.mark.parametrize("name", CASES)
def test_as_many_pass_as_were_planned(name):
    bound, true, draw = CASES[name]

    def planned(**known):
        return plan_of(bound.metric, bound.op, bound.threshold, alpha=0.05, true=true, **known)

    # From one thousand examples of this mix to as many as are needed.
    first = planned(n=1_000, positives=round(1_000 * PREVALENCE))
    n = round(1_000 * first.needed_n / first.n)
    positives = round(n * PREVALENCE)
    plan = planned(n=n, positives=positives)
    assert plan.power == pytest.approx(0.8, abs=0.05)
    rng, shown = np.random.default_rng(0), 0
    for _ in range(DRAWS):
        table = Outputs(test=draw(rng, positives, n - positives, true))
        shown += run(table, satisficing=[bound]).outcome == plan.shows
    # Three errors of so many draws.
    assert shown / DRAWS == pytest.approx(plan.power, abs=3 * np.sqrt(0.16 / DRAWS))
