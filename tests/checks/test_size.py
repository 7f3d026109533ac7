"""large_enough: what bounds can show on a split of a size, before anything is measured."""

import numpy as np
import pytest

from evalharness import DeclarationError, Outputs, large_enough
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
from tests.metrics.measure import declare

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
        "pass if the true recall is 0.9300 (declared); it can pass from 29 on; the smallest "
        "difference it shows with 80 % is 0.0287 (recall 0.9287)"
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
    assert result.outcome == "inconclusive"
    assert "of none of the bounds can it be told" in result.message
    assert "is not known: its spread is not known before it is measured" in result.told()


def clustered(clusters, size, icc=0.0, share=0.86, seed=0):
    """A table of right and wrong answers, alike within clusters."""
    rng = np.random.default_rng(seed)
    left = (1 - icc) / icc if icc else 0
    p = rng.beta(share * left, (1 - share) * left, clusters) if icc else np.full(clusters, share)
    right = rng.random((clusters, size)) < p[:, None]
    made = table(clusters * size, cluster=np.repeat(np.arange(clusters), size))
    return made | {"prediction": np.where(right.ravel(), made["label"], 1 - made["label"])}


def test_clusters_are_worth_less_and_how_much_may_be_declared():
    tables, bound = clustered(40, 20), accuracy.on("test") >= 0.7
    unsure = size(bound, tables)
    assert unsure.outcome == "inconclusive"
    assert "with 40 clusters (800 rows) a chance of " in unsure.message
    assert "as if rows of a cluster were alike; over 99 % if they were not: icc= says it" in (
        unsure.message
    )
    for icc, outcome in ((0.01, "pass"), (1.0, "fail")):
        check = large_enough("test", icc=icc, true={accuracy: 0.8})
        assert size(bound, tables, check).outcome == outcome
    never = size(accuracy.on("test") >= 0.8, clustered(13, 100))
    assert never.worst.code == "EH-SIZE-NEVER"
    assert "can never pass with 13 clusters (1,300 rows), even if every row is right" in (
        never.message
    )


@pytest.mark.calibration
@pytest.mark.parametrize(
    ("clusters", "rows", "icc"), [(20, 100, 0.05), (50, 20, 0.1), (50, 20, 0.0), (120, 20, 0.1)]
)
def test_the_power_with_clusters_is_that_of_the_gate(clusters, rows, icc):
    from evalharness import Outputs
    from tests.metrics.measure import declare

    bound = accuracy.on("test") >= 0.8
    check = large_enough("test", icc=icc, true={accuracy: 0.86})
    planned = size(bound, clustered(clusters, rows, icc), check).findings[0].value
    gate = declare(satisficing=[bound])
    runs = 150
    passed = sum(
        gate.run(Outputs(test=clustered(clusters, rows, icc, seed=k))).outcome == "pass"
        for k in range(runs)
    )
    assert abs(passed / runs - planned) < 0.02 + 4 * np.sqrt(0.25 / runs)


def test_weights_are_worth_less():
    weight = np.exp(1.5 * np.random.default_rng(0).normal(size=1000))
    bound, check = accuracy.on("test") >= 0.8, large_enough("test", true={accuracy: 0.86})
    assert size(bound, table(1000), check).outcome == "pass"
    weighted = size(bound, table(1000, weight=weight), check)
    assert weighted.outcome == "fail"
    assert "with 1,000 weighted examples a chance of " in weighted.message
    # What widens the interval of other metrics cannot be told before.
    other = size(roc_auc.on("test") >= 0.8, table(1000, weight=weight), check=ENOUGH)
    assert (other.outcome, other.findings[1].outcome) == ("inconclusive", "reported")


def test_a_true_value_on_the_wrong_side_or_beyond_the_range():
    wrong = size(recall.on("test") >= 0.9, table(500), large_enough("test", true={recall: 0.8}))
    assert wrong.outcome == "fail"
    assert "the declared value 0.8000 of recall does not meet the threshold" in wrong.message
    with pytest.raises(DeclarationError, match="1.8} lies outside of the range of recall, 0 to 1"):
        size(recall.on("test") >= 0.9, table(500), large_enough("test", true={recall: 1.8}))


def test_several_bounds_each_have_a_finding():
    bounds = [accuracy.on("test") >= 0.8, log_loss.on("test") <= 0.5, recall.on("dev") >= 0.9]
    outputs = {"test": table(400), "dev": table(10)}
    from evalharness import Outputs

    result = judged(ENOUGH, outputs=Outputs(outputs), satisficing=bounds)
    assert [f.about for f in result.findings] == [str(b) for b in bounds[:2]]
    assert finding(result, str(bounds[0])).outcome == "pass"


def differing(worse, better, n=2000, **columns):
    """Outputs of A and B: of B so many rows are newly wrong, and so many newly right."""
    from evalharness import Outputs

    row = np.arange(n)
    wrong = {"A": (row >= worse) & (row < worse + better), "B": row < worse}
    shared = {"id": row, "label": row % 2} | columns
    return {m: Outputs(dev=shared | {"prediction": (row % 2) ^ w}) for m, w in wrong.items()}


def enough_for(objective, outputs, **options):
    check = large_enough("dev", **options)
    given = {"models": ["B"], "optimizing": objective}
    made = declare(splits=[check], **given)
    (chosen,) = [c for c in made.checks if c.kind == "splits"]
    return made.run(outputs, select=[chosen]).checks[0]


BETTER = accuracy.on("dev").against("A")


def test_an_objective_is_planned_by_how_often_the_models_differ():
    result = enough_for(BETTER, differing(20, 80), true={accuracy.against("A"): 0.01})
    assert (result.outcome, result.worst.code) == ("fail", "EH-SIZE")
    assert result.message == (
        'B: large_enough("dev"): accuracy.on("dev").against("A") > 0: with 2,000 examples (on 100 '
        "of them only one of the two models is right) a chance of 62 % to pass if the true "
        "accuracy minus A is 0.0100 (declared); 80 % takes 3,151 examples; the smallest "
        "difference it shows with 80 % is 0.0126 (accuracy minus A 0.0126) [EH-SIZE]"
    )
    assert enough_for(BETTER, differing(20, 80), true={BETTER: 0.02}).outcome == "pass"
    beyond = enough_for(BETTER, differing(20, 80), true={BETTER: 0.2})
    assert beyond.outcome == "fail"
    assert "the difference is 0.0500 at most, and not the declared 0.2000" in beyond.message


def test_which_model_is_right_is_not_looked_at():
    assert enough_for(BETTER, differing(20, 80)) == enough_for(BETTER, differing(80, 20))
    never = enough_for(BETTER, differing(1, 2))
    assert (never.outcome, never.worst.code) == ("fail", "EH-SIZE-NEVER")
    assert (
        "can never pass with 2,000 examples (on 3 of them only one of the two models is right), "
        "even if all of these are for the better: it takes at least 2,334 that differ as often"
    ) in never.message
    assert never.worst.required == 2334


def test_how_many_a_difference_takes_where_the_models_never_differ():
    same = differing(0, 0)
    few = {
        m: Outputs(dev={"id": range(200), "label": [0, 1] * 100, "prediction": [0, 1] * 100})
        for m in "AB"
    }
    margin = enough_for(accuracy.on("dev").against("A", within=0.01), few)
    assert (margin.worst.code, margin.worst.required) == ("EH-SIZE-NEVER", 299)
    assert "it takes at least 299;" in margin.message
    never = enough_for(BETTER, same)
    assert never.worst.code == "EH-SIZE-NEVER"
    assert "as often as the models differ (0 %), no number of them does" in never.message


def test_within_a_margin_no_difference_is_assumed():
    close = accuracy.on("dev").against("A", within=0.02)
    result = enough_for(close, differing(20, 80))
    assert result.outcome == "pass"
    assert "if the true accuracy minus A is 0.0000 (assumed: no difference)" in result.message
    closer = enough_for(accuracy.on("dev").against("A", within=0.005), differing(20, 80))
    assert closer.outcome == "inconclusive"
    assert 'declare what you expect: true={accuracy.against("A"): …}' in closer.message
    assert enough_for(close, differing(0, 0)).outcome == "pass"


def test_differences_that_are_not_planned_are_said():
    for metric in (roc_auc, precision):
        result = enough_for(
            metric.on("dev").against("A"), differing(20, 80, score=np.linspace(0, 1, 2000))
        )
        assert result.outcome == "inconclusive"
        assert "how much it varies is known only once it is measured" in result.told()
    weight = np.where(np.arange(2000) < 9, 3.0, 1.0)
    weighted = enough_for(BETTER, differing(20, 80, weight=weight))
    assert weighted.outcome == "inconclusive"


def test_a_true_difference_of_another_metric_or_beyond_the_range():
    with pytest.raises(DeclarationError, match="true= names recall.against.*, on which no bound"):
        enough_for(BETTER, differing(2, 8), true={recall.against("A"): 0.01})
    with pytest.raises(DeclarationError, match="a difference of accuracy, -1 to 1"):
        enough_for(BETTER, differing(2, 8), true={BETTER: 1.5})
    with pytest.raises(DeclarationError, match="true= names accuracy, on which no bound"):
        enough_for(BETTER, differing(2, 8), true={accuracy: 0.9})
