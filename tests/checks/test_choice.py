"""The choice among several models: who may be chosen, who is best, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evalharness import DeclarationError, Outputs, OutputsError, Result, waive
from evalharness.checks import candidates
from evalharness.checks.choice_words import drawn
from evalharness.checks.chosen import NOT, PERHAPS, SURELY, ChoiceResult
from evalharness.checks.compare import difference
from evalharness.checks.settings import Settings
from evalharness.kernels.plan import Plan
from evalharness.metrics import (
    accuracy,
    brier_score,
    f1,
    log_loss,
    precision,
    quantile,
    rate,
    recall,
    roc_auc,
)
from tests.metrics.measure import declare

N = 1000
MODELS = ("a", "b", "c", "d")
RATES = dict(zip(MODELS, (0.95, 0.94, 0.9, 0.7), strict=True))


def table(seed, rate, n=N, classes=2):
    common, own = np.random.default_rng(0), np.random.default_rng(100 + seed)
    label, hard = common.integers(0, classes, n), common.random(n)
    right = np.where(own.random(n) < 0.5, hard, own.random(n)) < rate
    prediction = np.where(right, label, (label + 1) % classes)
    return {
        "id": np.arange(n),
        "label": label,
        "prediction": prediction,
        "score": np.clip(0.25 + 0.5 * (prediction == 1) + 0.2 * own.normal(size=n), 0, 1),
        "doctor": np.arange(n) // 10,
    }


def outputs(models=MODELS, **more):
    return {m: Outputs(dev=table(i, RATES[m], **more)) for i, m in enumerate(models)}


def chosen(metric=accuracy, bounds=(), given=None, **more):
    given = outputs() if given is None else given
    evaluation = declare(
        models=tuple(given), optimizing=metric.on("dev"), satisficing=list(bounds), **more
    )
    result = evaluation.run(given)
    return result[evaluation.optimizing], result


def test_the_best_of_those_that_meet_every_bound():
    found, result = chosen(f1, [recall.on("dev") >= 0.85])
    assert isinstance(found, ChoiceResult)
    assert (found.outcome, found.choice.winner) == ("pass", "a")
    assert found.message.startswith("the choice by f1 on dev: a (0.9")
    assert "although it was picked among 4" in found.message
    assert "1 of 4 ruled out: recall on dev ≥ 0.85 (1)" in found.message
    assert [c.feasible for c in found.choice.candidates] == [SURELY, SURELY, SURELY, NOT]
    first, second, *_, last = found.choice.candidates
    assert first.bound < found.choice.corrected <= first.value
    assert (last.best, last.worst) == (4, 4)
    assert second.minus_low < second.minus < second.minus_high
    assert result["b", f1.on("dev")].value == second.value
    assert all(len(line) <= 100 for line in str(result).splitlines())


def test_what_cannot_be_told_apart_shares_a_letter_and_is_told():
    found, _ = chosen()
    a, b, c, d = found.choice.candidates
    for one, other in ((a, b), (a, c), (c, d)):
        alike = bool(set(one.groups) & set(other.groups))
        low = other.minus_low if one is a else None
        assert low is None or alike == (low <= 0 <= other.minus_high)
    assert set(a.groups) & set(b.groups)
    assert not set(a.groups) & set(d.groups)
    assert "cannot be told apart from b" in found.message
    assert "equivalent" not in found.message
    assert "which does not say that they are equivalent" in " ".join(drawn(found.choice))


def test_none_is_feasible():
    found, _ = chosen(accuracy, [recall.on("dev") >= 0.999, precision.on("dev") >= 0.5])
    assert found.outcome == "fail"
    assert found.message == (
        "the choice by accuracy on dev: none of 4 meets every bound; 4 of 4 ruled out: "
        "recall on dev ≥ 0.999 (4) [EH-CHOICE]"
    )


def test_none_is_surely_feasible():
    found, _ = chosen(accuracy, [accuracy.on("dev") >= 0.955])
    assert found.outcome == "inconclusive"
    assert found.choice.winner == ""
    assert "none of 4 is shown to meet every bound; undecided: a (accuracy on dev" in found.message


def test_a_bound_that_passes_alone_may_not_pass_among_several():
    """Of K models at the threshold, one of which passes by luck, the choice would pass too."""
    label, ids = np.zeros(400, int), np.arange(400)
    given = {
        m: Outputs(dev={"id": ids, "label": label, "prediction": ids // k}, classes=[0, 1])
        for m, k in (("a", 371), ("b", 300))
    }
    found, result = chosen(accuracy, [accuracy.on("dev") >= 0.9], given)
    bounds = {c.model: c.outcome for c in result.checks if c.kind == "satisficing"}
    assert bounds == {"a": "pass", "b": "fail"}
    assert found.choice.candidates[0].feasible == PERHAPS
    assert found.outcome == "inconclusive"
    assert "accuracy on dev ≥ 0.9 (passes alone, not at level 0.05 / 2)" in found.message


def test_a_better_model_that_is_not_shown_to_be_feasible_is_told():
    def given(best):
        rates = {"a": best, "b": 0.9, "c": 0.8}
        return {
            m: Outputs(dev=table(i, r) | {"refused": np.arange(N) < (95 if m == "a" else 20)})
            for i, (m, r) in enumerate(rates.items())
        }

    bounds = [rate("refused").on("dev") <= 0.1]
    near, _ = chosen(accuracy, bounds, given(0.905))
    assert near.choice.winner == "b"
    told = 'better, but not shown to meet every bound: a (rate("refused") on dev ≤ 0.1)'
    assert f"; perhaps {told}" in near.message
    far, _ = chosen(accuracy, bounds, given(0.97))
    assert far.choice.winner == "b"
    assert f"; surely {told}" in far.message


def test_by_its_values_alone_nothing_is_guaranteed():
    bounds = [accuracy.on("dev") >= 0.93]
    found, result = chosen(accuracy, bounds, policy="point")
    assert found.choice.policy == "point"
    assert "shown to meet" not in found.message
    assert "no statistical guarantee that any model meets them" in found.message
    assert "no statistical guarantee" in " ".join(drawn(found.choice))
    assert json.loads(result.to_json())["checks"][0]["choice"]["policy"] == "point"
    sure, _ = chosen(accuracy, bounds)
    assert "guarantee" not in sure.message


def test_identical_models_are_never_told_apart():
    given = outputs(("a", "b")) | {"twin": Outputs(dev=table(0, RATES["a"]))}
    found, result = chosen(f1, given=given)
    by = {c.model: c for c in found.choice.candidates}
    assert set(by["a"].groups) & set(by["twin"].groups)
    assert any("a and twin count alike in f1 on every example" in n for n in found.notes)
    assert "a and twin count alike" in str(result)


def test_a_model_without_a_value_cannot_be_ranked():
    silent = table(3, 0.9) | {"prediction": np.zeros(N, int)}
    given = outputs(("a", "b")) | {"silent": Outputs(dev=silent)}
    found, _ = chosen(precision, given=given)
    last = found.choice.candidates[-1]
    assert (last.model, last.best, last.groups) == ("silent", 0, ())
    assert last.reason == "0/0: it has no value"
    assert found.choice.winner == "a"
    assert "not ranked: silent: 0/0" in "\n".join(drawn(found.choice))
    one, _ = chosen(precision, given={m: given[m] for m in ("a", "silent")})
    assert "), the only one that can be ranked (silent: 0/0)" in one.message
    refused = {"a": 0, "silent": 0, "b": 900}
    tables = {"a": table(0, 0.95), "silent": silent, "b": table(1, 0.94)}
    given = {m: Outputs(dev=t | {"refused": np.arange(N) < refused[m]}) for m, t in tables.items()}
    ruled, _ = chosen(precision, [rate("refused").on("dev") <= 0.5], given)
    assert "the only one that is shown to meet every bound and can be ranked (silent: 0/0)" in (
        ruled.message
    )
    alone, _ = chosen(precision, given={m: Outputs(dev=silent) for m in "ab"})
    assert alone.outcome == "inconclusive"
    assert "can be ranked: 0/0" in alone.message


@pytest.mark.parametrize(
    "metric, classes",
    [(f1, 2), (precision, 2), (accuracy, 2), (f1(average="macro"), 2), (recall, 2), (accuracy, 3)],
    ids=str,
)
def test_limits_at_once_are_those_of_each_pair(metric, classes):
    given = outputs(classes=classes)
    plan, metric = Plan(given), metric.on("dev")
    found = candidates.read(plan, metric, MODELS)
    at_once = candidates._at_once(found, 0.01)
    assert at_once is not None
    for i, j in ((0, 1), (1, 0), (2, 3)):
        alone = difference(plan, metric, MODELS[i], MODELS[j], Settings())._bounds
        assert found.values[i] - found.values[j] == pytest.approx(alone.value)
        assert at_once.low[i, j] == pytest.approx(alone.lower(0.005), abs=1e-6)
        assert at_once.high[i, j] == pytest.approx(alone.upper(0.005), abs=1e-6)


def test_what_junit_is_told_has_no_nan():
    from pytest_evalharness.handle import properties

    found, _ = chosen(f1, [recall.on("dev") >= 0.85])
    told = dict(properties(found))
    assert (told["metric"], told["about"]) == ("f1", "a")
    assert told["limit"] < told["value"]
    assert not {"required", "level"} & set(told)


def test_the_head_counts_what_all_models_share():
    for metric, unit in ((f1, "1,000 examples"), (precision, "1,000 examples")):
        found, _ = chosen(metric)
        assert drawn(found.choice)[0].endswith(unit)
    found, _ = chosen(recall)
    assert drawn(found.choice)[0].endswith(" positives")


@pytest.mark.parametrize("metric", [roc_auc, brier_score, log_loss], ids=str)
def test_other_smooth_metrics_are_chosen_by_too(metric):
    found, _ = chosen(metric)
    assert found.outcome == "pass"
    ranked = [c.value for c in found.choice.candidates]
    assert ranked == sorted(ranked, reverse=metric.better == "higher")
    assert "at most" in found.message or metric.better == "higher"


def test_clusters_are_counted_as_units():
    plain, _ = chosen()
    few = {m: Outputs(dev=table(i, RATES[m]), columns={"cluster": "doctor"})
           for i, m in enumerate(MODELS)}  # fmt: skip
    found, _ = chosen(given=few)
    width = [c.choice.candidates[-1] for c in (plain, found)]
    spans = [w.minus_high - w.minus_low for w in width]
    assert spans[0] != spans[1]
    assert found.choice.unit == "clusters"


def test_a_metric_that_is_not_smooth_is_refused_before_anything_is_decided():
    with pytest.raises(DeclarationError, match=r"the choice by .* is not available.*smooth"):
        chosen(quantile("score", 0.5, better="higher"))


def test_models_of_other_examples_are_refused_whatever_is_chosen():
    given = outputs()
    other = table(1, 0.9) | {"id": np.arange(N) + 5}
    labels = table(2, 0.9)
    labels["label"] = 1 - labels["label"]
    given |= {"b": Outputs(dev=other), "c": Outputs(dev=labels)}
    evaluation = declare(
        models=MODELS, optimizing=accuracy.on("dev"), satisficing=[accuracy.on("dev") >= 0.5]
    )
    one = [c for c in evaluation.checks if c.model == "a"]
    with pytest.raises(OutputsError) as error:
        evaluation.run(given, select=one)
    assert "5 of 1,000 ids are not in" in str(error.value)
    assert "column `label` differs for 1,000 ids" in str(error.value)


def test_the_order_of_the_models_changes_nothing():
    given = outputs()
    forth, _ = chosen(f1, [recall.on("dev") >= 0.85], given)
    back, _ = chosen(f1, [recall.on("dev") >= 0.85], dict(reversed(given.items())))
    assert repr(forth.choice) == repr(back.choice)


def test_a_waived_bound_counts_as_met_and_is_said():
    from evalharness.checks.choice import _met

    _, result = chosen(accuracy, [accuracy.on("dev") >= 0.999])
    bounds = [c for c in result.checks if c.kind == "satisficing" and c.model == "a"]
    assert _met(bounds, 4, Settings())["feasible"] == NOT
    let = _met([replace(bounds[0], waived="waived by ana")], 4, Settings())
    assert let["feasible"] == SURELY
    assert let["waived"] == ("accuracy on dev ≥ 0.999 (waived by ana)",)


def test_the_choice_itself_may_be_waived():
    from evalharness.checks import choice
    from evalharness.declare.collect import Check
    from evalharness.declare.objective import Choice

    found, result = chosen(accuracy, [accuracy.on("dev") >= 0.999])
    plan, metric = Plan(outputs()), accuracy.on("dev")
    check = Check(found.id, found.kind, "", Choice(metric))
    bounds = {m: [c for c in result.checks if c.kind == "satisficing" and c.model == m]
              for m in MODELS}  # fmt: skip
    waiver = waive("EH-CHOICE", owner="ana", reason="a pilot", expires="2099-01-01")
    let = choice.judged(
        check,
        choice.read(plan, check, MODELS),
        bounds,
        lambda m, k: (result[m, k],),
        [waiver],
        Settings(),
    )
    assert (found.outcome, let.outcome) == ("fail", "pass")
    assert "is waived by ana" in let.message
    assert "is waived by ana" in let.told()


def test_it_survives_json_and_shows_in_a_notebook():
    found, result = chosen(f1, [recall.on("dev") >= 0.85])
    text = result.to_json()
    back = Result.from_json(text)
    assert back.to_json() == text
    again = back[f1.on("dev")]
    assert isinstance(again, ChoiceResult)
    assert again.message == found.message
    assert drawn(again.choice) == drawn(found.choice)
    assert "rank" in result._repr_html_()


@pytest.mark.parametrize("size", [1.0, 1e5])
@pytest.mark.parametrize("length", [5, 30, 90])
def test_the_table_is_never_wider_than_100_columns(size, length):
    found, _ = chosen()
    wide = [
        replace(
            c,
            model=f"{k}{'m' * length}",
            feasible=PERHAPS,
            doubts=("accuracy on dev ≥ 0.9",),
            value=1.2345 * size,
            low=-1.2345 * size,
            high=1.2345 * size,
            minus=-1.2345 * size,
            minus_low=-1.2345 * size,
            minus_high=-1.2345 * size,
            best=100,
            worst=100 + k,
            groups=tuple("abcdefgh"),
        )
        for k, c in enumerate(found.choice.candidates)
    ]
    choice = replace(found.choice, bounds=1, winner="", candidates=tuple(wide))
    lines = drawn(choice)
    assert max(map(len, lines)) <= 100
    assert ("interval" in lines[1]) == (size == 1)


def test_of_many_models_the_best_are_shown():
    rng = np.random.default_rng(0)
    given = {
        f"m{k:02}": Outputs(dev=table(k, rate, 300))
        for k, rate in enumerate(rng.uniform(0.6, 0.9, 30))
    }
    found, _ = chosen(given=given)
    assert "… and 10 more" in drawn(found.choice, full=False)
    assert len(drawn(found.choice)) >= 32
    assert all(len(line) <= 100 for line in drawn(found.choice))
