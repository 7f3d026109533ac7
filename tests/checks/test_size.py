"""large_enough: what bounds can show on a split of a size, before anything is measured."""

import numpy as np
import pytest

from evalharness import large_enough
from evalharness.metrics import (
    accuracy,
    latency,
    log_loss,
    matthews_corrcoef,
    mean,
    precision,
    recall,
    roc_auc,
)
from tests.checks.two_splits import finding, judged

ENOUGH = large_enough("test")


def table(n, positives=None, **columns):
    label = (np.arange(n) < (n // 2 if positives is None else positives)).astype(int)
    return {"label": label, "prediction": label, "score": label * 0.6 + 0.2} | columns


def size(bound, tables, check=ENOUGH):
    return judged(check, tables, satisficing=[bound])


def test_the_number_that_is_promised_on_the_command_line():
    bound, check = recall.on("test") >= 0.9, large_enough("test", true={recall: 0.93})
    enough = size(bound, table(2000, 593), check)
    assert enough.outcome == "pass"
    assert enough.message == (
        'large_enough("test"): recall.on("test") >= 0.9: with 593 positives a chance of 83 % to '
        "pass if the true recall is 0.9300 (declared); the smallest difference it shows with 80 % "
        "is 0.0287 (recall 0.9287)"
    )
    short = size(bound, table(2000, 500), check)
    assert short.outcome == "fail"
    assert "; 80 % takes 593 positives; " in short.message
    assert short.worst.code == "EH-SIZE"


def test_an_assumed_value_fails_nothing():
    result = size(accuracy.on("test") >= 0.9, table(150))
    assert result.outcome == "inconclusive"
    assert "0.9500 (assumed, halfway to the best value); 80 % takes 203 examples" in result.message
    assert result.message.count("declare what you expect: true={accuracy: …}") == 1
    assert size(accuracy.on("test") >= 0.9, table(203)).outcome == "pass"


def test_what_can_never_pass_is_an_error_in_the_declaration():
    result = size(recall.on("test") >= 0.99, table(2000, 298))
    assert (result.outcome, result.worst.code) == ("fail", "EH-SIZE-NEVER")
    assert "can never pass with 298 positives: it takes at least 299" in result.message
    assert size(recall.on("test") >= 0.99, table(9000, 299)).worst.code == "EH-SIZE"


def test_nothing_is_looked_at_but_sizes():
    """All answers wrong, and the answer is the same."""
    right = table(1000)
    wrong = right | {"prediction": 1 - right["label"], "score": 1 - right["score"]}
    for bound in (accuracy.on("test") >= 0.9, roc_auc.on("test") >= 0.9, recall.on("test") >= 0.8):
        assert size(bound, right) == size(bound, wrong)


def test_of_slices_the_smallest_tells():
    device = np.array(["phone"] * 900 + ["desk"] * 60 + ["tv"] * 40)
    bound = accuracy.on("test").by("device") >= 0.93
    result = size(bound, table(1000, device=device))
    assert result.worst.code == "EH-SIZE-NEVER"
    assert "with 40 examples (the smallest of 3 slices: device=tv): it takes at least 42" in (
        result.message
    )


@pytest.mark.parametrize(
    ("bound", "outcome"),
    [
        (matthews_corrcoef.on("test") >= 0.7, "pass"),
        (roc_auc.on("test") >= 0.8, "pass"),
        (precision.on("test") >= 0.8, "pass"),
        (latency.quantile(0.9).on("test") <= 100, "pass"),
        (latency.quantile(0.99).on("test") <= 100, "inconclusive"),
        (matthews_corrcoef.on("test") >= 0.95, "inconclusive"),
        (matthews_corrcoef.on("test") >= 0.99, "fail"),
    ],
    ids=str,
)
def test_other_metrics(bound, outcome):
    result = size(bound, table(400, latency=np.ones(400)))
    assert result.outcome == outcome
    assert result.worst.code == ("EH-SIZE-NEVER" if outcome == "fail" else "EH-SIZE")


def test_what_hangs_on_a_spread_is_reported():
    result = size(mean("age").on("test") <= 60, table(400, age=np.ones(400)))
    assert result.outcome == "pass"
    assert result.gated == []
    assert "is not known: its spread is not known before it is measured" in result.message


def test_clusters_are_worth_less_and_how_much_may_be_declared():
    cluster = np.arange(2000) // 20
    tables, bound = table(2000, cluster=cluster), accuracy.on("test") >= 0.9
    unsure = size(bound, tables)
    assert unsure.outcome == "inconclusive"
    assert "say how alike the rows of a cluster are: icc=" in unsure.message
    for icc, outcome in ((0.01, "pass"), (1.0, "inconclusive")):
        assert size(bound, tables, large_enough("test", icc=icc)).outcome == outcome
    declared = large_enough("test", icc=1.0, true={accuracy: 0.95})
    assert size(bound, tables, declared).outcome == "fail"


def test_a_true_value_on_the_wrong_side_or_beyond_the_range():
    wrong = size(recall.on("test") >= 0.9, table(500), large_enough("test", true={recall: 0.8}))
    assert wrong.outcome == "fail"
    assert "to fail if the true recall is 0.8000 (declared)" in wrong.message
    beyond = size(recall.on("test") >= 0.9, table(500), large_enough("test", true={recall: 1.8}))
    assert beyond.outcome == "fail"
    assert "so it cannot truly be 1.8" in beyond.message


def test_several_bounds_each_have_a_finding():
    bounds = [accuracy.on("test") >= 0.8, log_loss.on("test") <= 0.5, recall.on("dev") >= 0.9]
    outputs = {"test": table(400), "dev": table(10)}
    from evalharness import Outputs

    result = judged(ENOUGH, outputs=Outputs(outputs), satisficing=bounds)
    assert [f.about for f in result.findings] == [str(b) for b in bounds[:2]]
    assert finding(result, str(bounds[0])).outcome == "pass"
