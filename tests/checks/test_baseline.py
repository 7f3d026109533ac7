"""A model against a baseline: what is shown, in which words, and what changed."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from evalharness import DeclarationError, Evaluation, Outputs, OutputsError, Result
from evalharness.inference.paired import mid_p
from evalharness.metrics import (
    accuracy,
    error_rate,
    f1,
    latency,
    mean_absolute_error,
    precision,
    recall,
    roc_auc,
)

N = 2_000


def tables(lost, won, n=N):
    """Two models' tables: `lost` rows are newly wrong, `won` newly right; of the others every tenth
    of all is wrong for both."""
    label = np.arange(n) % 2
    new, old = label.copy(), label.copy()
    new[:lost] = 1 - new[:lost]
    old[lost : lost + won] = 1 - old[lost : lost + won]
    both = np.arange(lost + won, n)[: n // 10]
    new[both], old[both] = 1 - new[both], 1 - old[both]
    region = np.where(np.arange(n) % 4 < 2, "eu", "us")
    common = {"id": np.arange(n), "label": label, "region": region}
    return common | {"prediction": new}, common | {"prediction": old}


def discordant(lost, won, n=N):
    new, old = tables(lost, won, n)
    return {"new": Outputs(dev=new), "old": Outputs(dev=old)}


def decided(outputs, **body):
    body.setdefault("outputs", classmethod(lambda cls: outputs))
    evaluation = type("TestPair", (Evaluation,), body)
    return evaluation, evaluation.run()


def objective(outputs, metric=accuracy, **more):
    evaluation, result = decided(outputs, optimizing=metric.on("dev").against("old", **more))
    return result[evaluation.optimizing]


WORDS = [
    (20, 60, None, "pass", "better"),
    (60, 20, None, "fail", "worse"),
    (30, 30, None, "inconclusive", "cannot be told apart"),
    (30, 40, None, "inconclusive", "cannot be told apart"),
    (0, 0, None, "inconclusive", "cannot be told apart"),
    (30, 30, 0.01, "pass", "equivalent, within the margin"),
    (0, 0, 0.005, "pass", "equivalent, within the margin"),
    (50, 65, 0.01, "pass", "not worse by more than the margin"),
    (20, 60, 0.01, "pass", "better"),
    (24, 6, 0.02, "pass", "worse, but by less than the margin"),
    (45, 20, 0.01, "inconclusive", "worse, but perhaps by less than the margin"),
    (40, 30, 0.01, "inconclusive", "cannot be told apart"),
    (90, 20, 0.01, "fail", "worse by more than the margin"),
]


@pytest.mark.parametrize(("lost", "won", "within", "outcome", "words"), WORDS)
def test_what_is_shown_has_words_that_are_kept_apart(lost, won, within, outcome, words):
    found = objective(discordant(lost, won), within=within)
    assert (found.outcome, found.meaning) == (outcome, words)
    assert f"{lost} newly wrong and {won} newly right of 2,000" in found.message
    # The same of the errors, where less is better.
    mirrored = objective(discordant(lost, won), error_rate, within=within)
    assert (mirrored.outcome, mirrored.meaning) == (outcome, words)
    assert mirrored.worst.estimate.value == pytest.approx((lost - won) / N)


def test_identical_predictions_are_equivalent_only_where_n_suffices():
    few = objective(discordant(0, 0, n=20), within=0.05)
    assert few.outcome == "inconclusive"
    # Tango: -z²/(n + z²) at one-sided 95 %.
    assert few.worst.estimate.low == pytest.approx(-(1.959964**2) / (20 + 1.959964**2), abs=1e-6)
    assert objective(discordant(0, 0, n=2_000), within=0.005).outcome == "pass"
    for n in (20, 2_000):
        assert objective(discordant(0, 0, n=n)).outcome == "inconclusive"


@pytest.mark.parametrize(("lost", "won"), [(5, 12), (5, 13), (5, 14), (0, 4), (0, 5), (60, 80)])
def test_mid_p_decides_superiority(lost, won):
    m = lost + won
    exact = binomtest(won, m, 0.5, alternative="greater").pvalue
    p = exact - float(binom.pmf(won, m, 0.5)) / 2
    assert mid_p(won, lost) == pytest.approx(p, abs=1e-12)
    shown = objective(discordant(lost, won))
    if p > 0.05:
        assert shown.outcome == "inconclusive"
        assert shown.worst.estimate.at_least <= 0


@pytest.mark.parametrize("lost, won", [(5, 14), (14, 5), (0, 30), (9, 9)])
def test_mid_p_is_told_where_a_share_is_compared_at_0(lost, won):
    m, most = lost + won, max(lost, won)
    exact = binomtest(most, m, 0.5, alternative="greater").pvalue
    p = exact - float(binom.pmf(most, m, 0.5)) / 2
    written = f"{p:.4f}" if p >= 1e-4 else "< 0.0001"
    assert f"McNemar's mid-P {written}, one-sided" in objective(discordant(lost, won)).message


def test_the_message_says_it_all():
    found = objective(discordant(120, 20))
    assert found.message.startswith(
        "new: accuracy minus old on dev: -0.0500, at most -0.0403 with 95 % confidence (n=2,000 "
        "paired examples); required > 0: fail; worse; 0.8400 against 0.8900; "
        "120 newly wrong and 20 newly right of 2,000"
    )
    assert found.kind == "optimizing"
    assert found.code == "EH-OBJECTIVE"


def test_what_n_would_settle_it_is_said():
    found = objective(discordant(60, 75))
    assert "about" in found.message
    assert "fresh paired examples would settle it" in found.message
    assert found.worst.settle > N


def test_slices_that_lose_most_are_named():
    new, old = tables(0, 0)
    rows = np.flatnonzero((new["region"] == "us") & (new["prediction"] == new["label"]))[:40]
    new["prediction"][rows] = 1 - new["prediction"][rows]
    found = objective({"new": Outputs(dev=new), "old": Outputs(dev=old)})
    assert found.notes == (
        "most is lost in (looked for, so that nothing is claimed):",
        "  region 'us': 40 newly wrong and 0 newly right of 1,000",
    )


def test_recall_counts_the_positives_alone():
    found = objective(discordant(20, 60), recall)
    assert "10 newly wrong and 30 newly right of 1,000" in found.message


def test_metrics_without_fixed_trials_count_right_and_wrong():
    for metric in (f1, precision):
        assert (
            "20 newly wrong and 60 newly right of 2,000"
            in objective(discordant(20, 60), metric).message
        )


def test_numbers_are_better_and_worse():
    rng = np.random.default_rng(0)
    label = rng.normal(size=500)
    common = {"id": np.arange(500), "label": label}
    old = label + rng.normal(size=500)
    new = np.where(np.arange(500) < 400, (label + old) / 2, old + np.sign(old - label))
    outputs = {
        "new": Outputs(dev=common | {"prediction": new}),
        "old": Outputs(dev=common | {"prediction": old}),
    }
    found = objective(outputs, mean_absolute_error)
    assert "100 worse and 400 better of 500" in found.message
    assert found.worst.op == "<"
    ours, theirs = np.abs(new - label).mean(), np.abs(old - label).mean()
    assert found.worst.estimate.value == pytest.approx(ours - theirs)


def test_scores_without_predictions_have_no_right_and_wrong():
    rng = np.random.default_rng(1)
    label = rng.integers(0, 2, 600)
    outputs = {
        name: Outputs(
            dev={"id": np.arange(600), "label": label, "score": label * s + rng.random(600)}
        )
        for name, s in (("new", 1.0), ("old", 0.2))
    }
    found = objective(outputs, roc_auc)
    assert found.outcome == "pass"
    assert found.meaning == "better"
    assert "newly" not in found.message


def test_a_bound_on_a_difference_in_every_slice():
    _, result = decided(
        discordant(60, 10),
        models=["new"],
        satisficing=[
            accuracy.on("dev").by("region").against("old") >= -0.05,
            accuracy.on("dev", region="eu").against("old") >= -0.05,
            accuracy.on("dev") >= 0.8,
        ],
    )
    by, one, plain = result.checks
    assert [v.estimate.slice for v in by.verdicts] == ["region=eu", "region=us"]
    assert by.verdicts[0].estimate.value == pytest.approx(one.worst.estimate.value)
    assert by.verdicts[0].estimate.at_least == pytest.approx(one.worst.estimate.at_least)
    assert by.outcome == one.outcome == plain.outcome == "pass"
    # Of the slice that the message is about, and not of all.
    assert f"{one.worst.estimate.n:,} paired examples" in one.message
    assert by.worst.estimate.slice == "region=us"
    assert by.words == "30 newly wrong and 4 newly right of 1,000"
    assert by.worst.family == 3


def test_each_gated_model_has_an_objective_and_they_share_the_level():
    outputs = discordant(60, 20)
    outputs["newer"] = outputs["new"]
    evaluation, result = decided(
        outputs, models=["new", "newer"], optimizing=accuracy.on("dev").against("old")
    )
    assert [c.worst.family for c in result.checks] == [2, 2]
    assert result.checks[0].worst.level == pytest.approx(0.025)
    with pytest.raises(KeyError, match="decided of several models"):
        result[evaluation.optimizing]
    assert result["newer", evaluation.optimizing].model == "newer"


def test_the_gated_model_is_the_one_that_no_baseline_names():
    _, result = decided(discordant(20, 60), satisficing=[accuracy.on("dev").against("old") > -0.1])
    assert result.outcome == "pass"
    outputs = discordant(20, 60)
    objective = accuracy.on("dev").against("old")
    for bad, words in (
        ({"old": outputs["old"]}, "the outputs hold 'old', which it compares with; add those of"),
        ({"new": outputs["new"]}, "compares with 'old', but the outputs hold 'new'; add those"),
        (
            {"new": outputs["new"], "Old": outputs["old"]},
            "compares with 'old', but .* .did you mean `Old`",
        ),
    ):
        with pytest.raises(OutputsError, match=words):
            decided(bad, optimizing=objective)
    outputs["third"] = outputs["new"]
    with pytest.raises(OutputsError, match="say which are gated: models = .'new'"):
        decided(outputs, optimizing=objective)


def test_a_metric_without_a_paired_difference_is_refused_whatever_is_chosen():
    def timed():
        return Outputs(dev=tables(20, 60)[0] | {"latency": np.linspace(1, 9, N)})

    class Refused(Evaluation):
        optimizing = latency.quantile(0.5).on("dev").against("old")
        satisficing = [accuracy.on("dev") >= 0.5]

    for select in (None, set()):
        with pytest.raises(DeclarationError, match="compare a share, a mean or an area instead"):
            Refused.run({"new": timed(), "old": timed()}, select=select)


def test_one_table_under_two_names_is_told():
    new, _ = tables(20, 60)
    found = objective({"new": Outputs(dev=new), "old": Outputs(dev=dict(new))})
    assert found.outcome == "inconclusive"
    assert "both models have one and the same table" in found.message


def test_clusters_decide_by_cluster():
    four = {"cluster": np.arange(N) // 500}
    new, old = tables(20, 60)
    both = {"new": Outputs(dev=new | four), "old": Outputs(dev=old | four)}
    found = objective(both)
    assert found.worst.estimate.n == 4
    assert found.outcome == "inconclusive"


def test_by_value_alone_where_that_was_asked():
    _, result = decided(
        discordant(30, 31), policy="point", optimizing=accuracy.on("dev").against("old")
    )
    assert result.outcome == "pass"
    assert "no statistical guarantee" in result.checks[0].message
    assert result.checks[0].meaning == ""


def test_it_travels_as_json():
    evaluation, result = decided(
        discordant(60, 20),
        optimizing=accuracy.on("dev").against("old"),
        satisficing=[recall.on("dev").against("old") >= -0.5],
    )
    back = Result.from_json(result.to_json())
    assert [c.message for c in back.checks] == [c.message for c in result.checks]
    assert back[evaluation.optimizing].notes == result[evaluation.optimizing].notes
    assert str(back) == str(result.detached())
    assert result["old", accuracy.on("dev")].value == pytest.approx(0.89)


def small(**more):
    found = {"id": np.arange(40), "label": np.arange(40) % 2, "prediction": np.arange(40) % 2}
    return {name: column for name, column in (found | more).items() if column is not None}


BAD = [
    ({}, {"id": np.arange(1, 41)}, "id"),
    ({}, {"id": None}, "no column `id`"),
    ({}, {"label": (np.arange(40) + 1) % 2}, "label"),
    ({}, {"prediction": None}, "prediction"),
    ({}, {"region": None}, "there is no column `region`"),
    ({}, {"region": ["us"] * 40}, "only 'new' has region=eu; only 'old' has region=us"),
    ({"weight": np.ones(40)}, {}, "no column `weight`"),
]


@pytest.mark.parametrize(("ours", "theirs", "words"), BAD, ids=range(len(BAD)))
def test_models_of_other_examples_are_refused_before_any_number(ours, theirs, words):
    class Refused(Evaluation):
        optimizing = accuracy.on("dev").against("old")
        satisficing = [accuracy.on("dev").by("region").against("old") >= -0.1]

    eu = {"region": ["eu"] * 40}
    new, old = (Outputs(dev=small(**(eu | more))) for more in (ours, theirs))
    both = {"new": new, "old": old}
    for select in (None, set(), {Refused.checks[0]}):  # whatever is chosen
        with pytest.raises(OutputsError, match=words):
            Refused.run(both, select=select)


def test_all_that_is_wrong_is_said_at_once():
    class Refused(Evaluation):
        models = ["new"]
        optimizing = accuracy.on("dev").against("old")
        satisficing = [recall.on("test").against("older") >= -0.1, f1.on("dev") >= 0.1]

    outputs = {
        "new": Outputs(dev=small(), test=small()),
        "old": Outputs(dev=small(id=np.arange(1, 41))),
    }
    with pytest.raises(OutputsError) as caught:
        Refused.run(outputs)
    message = str(caught.value)
    assert "compares with 'older', but the outputs hold 'new', 'old'" in message
