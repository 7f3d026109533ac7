"""A model against a saved result: unpaired, by both sides together, and never silently."""

import json

import numpy as np
import pytest

from evalharness import Evaluation, Outputs, OutputsError, saved
from evalharness.inference.proportions import clopper_pearson_lower, clopper_pearson_upper
from evalharness.metrics import accuracy, error_rate, f1, latency, recall, roc_auc
from tests.saved_results import table


def evaluation(**body):
    body = {"satisficing": [], "test_none": lambda self: None} | body
    return type("TestCats", (Evaluation,), body)


ALSO = [
    m.on("test") for m in (accuracy, error_rate, recall, roc_auc, f1, latency.quantile(0.9))
] + [recall.on("test").by("device"), accuracy.on("test").by("region").gap()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """2,000 examples of which 100 are answered wrongly, saved as v1."""
    found = tmp_path_factory.mktemp("saved")
    evaluation(also=ALSO).run(Outputs(test=table(2_000, 50))).save("v1", folder=found)
    return found


def run(folder, outputs, **body):
    if not hasattr(outputs, "items"):
        outputs = {"model": outputs}
    return evaluation(**body).run(outputs, store=folder)


def objective(folder, wrong, metric=accuracy, n=2_000, **more):
    against = metric.on("test").against(saved("v1"), **more)
    result = run(folder, Outputs(test=table(n, wrong)), optimizing=against)
    return result[against]


def far(hits, n, alpha=0.05):
    low, high = (f(hits, n, alpha) for f in (clopper_pearson_lower, clopper_pearson_upper))
    return max(hits / n - low, high - hits / n)


def test_the_limits_are_both_sides_together(folder):
    check = objective(folder, 25)
    e = check.worst.estimate
    width = far(1_950, 2_000) + far(1_900, 2_000)
    assert e.value == pytest.approx(0.025)
    assert e.at_least == pytest.approx(0.025 - width)
    assert e.at_most == pytest.approx(0.025 + width)
    assert (check.outcome, check.meaning) == ("pass", "better")
    assert (check.kind, check.code) == ("optimizing", "EH-OBJECTIVE")
    assert check.message.startswith('accuracy minus saved("v1") on test: 0.0250, at least 0.0')
    assert "; 0.9750 against 0.9500; unpaired: v1 holds no examples" in check.message
    assert "the same examples would be paired by id" in check.notes[0]


WORDS = [
    (accuracy, 45, None, "inconclusive", "cannot be told apart"),
    (accuracy, 100, None, "fail", "worse"),
    (error_rate, 25, None, "pass", "better"),
    (error_rate, 100, None, "fail", "worse"),
    (accuracy, 50, 0.03, "pass", "equivalent, within the margin"),
    (accuracy, 100, 0.01, "fail", "worse by more than the margin"),
    (roc_auc, 50, 0.1, "pass", "equivalent, within the margin"),
]


@pytest.mark.parametrize("metric, wrong, within, outcome, meaning", WORDS)
def test_words(folder, metric, wrong, within, outcome, meaning):
    check = objective(folder, wrong, metric, within=within)
    assert (check.outcome, check.meaning) == (outcome, meaning)


def test_the_very_outputs_are_never_better_and_it_is_said(folder):
    check = objective(folder, 50)
    assert check.outcome == "inconclusive"
    assert "v1 was saved from these very outputs" in check.message
    assert objective(folder, 50, within=0.005).outcome == "inconclusive"


def test_what_would_settle_it_is_told_of_the_models_examples_alone(folder):
    check = objective(folder, 45, within=0.012)
    settle = check.worst.settle
    assert check.outcome == "inconclusive"
    assert settle > 2_000
    more = table(settle, round(45 * settle / 2_000))
    again = run(
        folder,
        Outputs(test=more),
        optimizing=accuracy.on("test").against(saved("v1"), within=0.012),
    )
    assert again.checks[0].outcome == "pass"
    # Of the saved result there will be no more examples.
    check = objective(folder, 50, within=0.005)
    assert check.worst.settle is None
    assert check.notes[-1] == "more examples of this model alone may not settle it: v1 has few"


def test_bounds_slices_gaps_and_ladders_know_the_same(folder):
    v1 = saved("v1")
    result = run(
        folder,
        Outputs(test=table(2_000, 50)),
        satisficing=[
            recall.on("test").against(v1) >= -0.05,
            recall.on("test").by("device").against(v1) >= -0.1,
            latency.quantile(0.9).on("test").against(v1) <= 5,
            accuracy.on("test").by("region").gap().against(v1) <= 0.5,
            recall.on("test", device="phone").against(v1) >= -0.1,
        ],
    )
    assert [c.outcome for c in result.checks] == ["pass"] * 5
    assert len(result.checks[1].verdicts) == 2
    assert result.checks[0].id == "recall-test-against-saved-v1"
    assert result.checks[0].worst.limit == pytest.approx(-2 * far(950, 1_000))


def test_a_fail_is_stated_at_the_shared_level(folder):
    v1 = saved("v1")
    bounds = [m.on("test").against(v1) >= -0.001 for m in (accuracy, recall, f1)]
    result = run(folder, Outputs(test=table(2_000, 100)), satisficing=bounds)
    verdict = result.checks[0].worst
    assert verdict.outcome == "fail"
    assert verdict.level == pytest.approx(0.05 / 3)
    width = far(1_800, 2_000, 0.05 / 3) + far(1_900, 2_000, 0.05 / 3)
    assert verdict.limit == pytest.approx(-0.05 + width)


def test_another_number_of_rows_is_allowed_and_said(folder):
    check = objective(folder, 5, n=1_000)
    assert "v1 was measured on 2,000 rows of test, this model on 1,000" in check.notes
    gone = table(2_000, 50, device=np.full(2_000, "phone"))
    bound = recall.on("test").by("device").against(saved("v1")) >= -0.1
    result = run(folder, Outputs(test=gone), satisficing=[bound])
    assert "v1 also holds device=desktop, which is not there any more" in result.checks[0].notes


def refused(folder, outputs=None, **body):
    with pytest.raises(OutputsError) as caught:
        run(folder, outputs or Outputs(test=table(2_000, 50)), **body)
    return str(caught.value)


def test_what_is_not_held_is_refused_before_any_number_and_all_at_once(folder):
    v1 = saved("v1")
    told = refused(
        folder,
        Outputs(test=table(2_000, 50, device=np.full(2_000, "watch"))),
        optimizing=latency.mean().on("test").against(v1),
        satisficing=[
            recall.on("test").by("device").against(v1) >= -0.1,
            accuracy.on("test").against(saved("v2")) >= -0.1,
            recall.on("test") >= 0.5,
            recall.on("test", colour="red") >= 0.5,
        ],
    )
    assert "does not hold latency.mean()" in told
    assert "holds no slice 'device=watch'; it holds device=desktop, device=phone" in told
    assert "no result was saved as 'v2'" in told
    assert "there is no column `colour`" in told


@pytest.mark.parametrize(
    "label, options, message",
    [
        (["a", "b"], {"positive": "b"}, "classes of 'test' are a, b, and in saved('v1') are 0, 1"),
        ([0, 1], {"positive": 0}, "positive of 'test' is 0, and in saved('v1') is 1"),
        ([1, 2], {"positive": 2}, "classes of 'test' are 1, 2"),
    ],
)
def test_other_labels_are_another_metric(folder, label, options, message):
    rows = table(2_000, 50)
    rows |= {k: np.array(label)[rows[k]] for k in ("label", "prediction")}
    against = recall.on("test").against(saved("v1"))
    assert message in refused(folder, Outputs(test=rows, **options), optimizing=against)


def test_the_baseline_is_what_was_promoted_and_has_not_changed(folder, tmp_path):
    from evalharness.store import Store

    against = accuracy.on("test").against(saved(), within=0.05)
    assert "none was promoted" in refused(tmp_path, optimizing=against)
    path = tmp_path / "v1.json"
    path.write_bytes((folder / "v1.json").read_bytes())
    store = Store(tmp_path)
    store.promote("v1")
    result = run(tmp_path, Outputs(test=table(2_000, 50)), optimizing=against)
    assert result.checks[0].outcome == "pass"
    assert result.checks[0].metric == "accuracy minus saved()"
    # Line endings may change in a checkout; nothing else may.
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert store.promoted() == "v1"
    data = json.loads(path.read_text())
    data["evaluations"]["TestCats"]["gated"] = ["other"]
    path.write_text(json.dumps(data))
    told = refused(tmp_path, optimizing=against)
    assert "was changed after" in told
    assert "evalharness promote v1" in told
    assert Store(tmp_path, "v1").held(saved(), "TestCats").gated == ("other",)


def test_a_saved_metric_without_a_value_decides_nothing(tmp_path):
    rows = table(2_000, label=np.zeros(2_000, int), prediction=np.zeros(2_000, int))
    evaluation(also=ALSO[2:3]).run(Outputs(test=rows)).save("v1", folder=tmp_path)
    check = objective(tmp_path, 0, recall)
    assert check.outcome == "inconclusive"
    assert "0/0: there are no positives, in the saved result" in check.message


def test_which_model_of_the_saved_result(folder, tmp_path):
    two = {"a": Outputs(test=table(2_000, 50)), "b": Outputs(test=table(2_000, 100))}
    evaluation(also=ALSO, models=["a", "b"]).run(two).save("v1", folder=tmp_path)
    against = accuracy.on("test").against(saved("v1"))
    values = [
        c.worst.estimate.value
        for c in run(tmp_path, two, optimizing=against, models=["a", "b"]).checks
    ]
    assert values == [0, 0]
    told = refused(tmp_path, optimizing=against)
    assert "gated 'a', 'b', and none is called 'model'" in told
    # Of a result with one gated model it is that one, whatever it is called.
    result = run(folder, {"c": two["b"]}, optimizing=against, models=["c"])
    assert result.checks[0].worst.estimate.value == pytest.approx(-0.05)
