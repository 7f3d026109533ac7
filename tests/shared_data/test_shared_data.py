"""On real outputs the figures are those that independent libraries computed."""

import pytest

from evalharness import Outputs, OutputsError
from evalharness.metrics import (
    accuracy,
    balanced_accuracy,
    cohen_kappa,
    error_rate,
    f1,
    rate,
    recall,
)
from tests.metrics.measure import measure, run
from tests.shared_data.real import expected, needs_data, rows

pytestmark = needs_data

CIFAR10_MODELS = 12


def close(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def limits(metric, table, **options):
    """Wilson's and Clopper-Pearson's two-sided 95 % limits, as the public interface gives them.

    The interval that is shown is two-sided; the bounds that decide are one-sided, so that a pair of
    them at 97.5 % is the two-sided interval at 95 %.
    """
    asked = {"also": [metric.on("test")]}
    outputs = Outputs(test=table, **options)
    shown = run(outputs, **asked)[metric.on("test")]
    decides = run(outputs, **asked, confidence=0.975)[metric.on("test")]
    return [shown.low, shown.high], [decides.at_least, decides.at_most]


def test_all_models_are_there():
    assert len(expected("cifar10")["models"]) == CIFAR10_MODELS


@pytest.mark.parametrize("split", ["orig", "v4"])
@pytest.mark.parametrize("place", range(CIFAR10_MODELS))
def test_cifar10(place, split):
    model, figures = sorted(expected("cifar10")["models"].items())[place]
    figures, table = figures[split], rows("cifar10/predictions.parquet", model=model, split=split)
    each = [recall(positive=c) for c in range(10)]
    macro = f1(average="macro")
    found = measure([accuracy, error_rate, macro, balanced_accuracy, cohen_kappa, *each], table)
    right = found[accuracy.on("test")]
    assert (right.value, right.n) == (close(figures["accuracy"]), figures["n"])
    assert found[error_rate.on("test")].value == close(1 - figures["accuracy"])
    assert found[macro.on("test")].value == close(figures["f1_macro"])
    kappa = found[cohen_kappa.on("test")]
    assert kappa.value == close(figures["cohen_kappa"])
    assert kappa.at_least < kappa.value < kappa.at_most
    by_class = [found[m.on("test")].value for m in each]
    assert by_class == close(figures["per_class_recall"])
    assert found[balanced_accuracy.on("test")].value == close(sum(by_class) / 10)
    wilson, clopper_pearson = limits(accuracy, table)
    assert wilson == close(figures["ci95_wilson"])
    assert clopper_pearson == close(figures["ci95_clopper_pearson"])


@pytest.mark.parametrize("dataset", ["mnist", "20news", "cifar100"])
def test_label_errors(dataset):
    figures = expected("label_errors")["datasets"][dataset]["cv_model"]
    table = rows("label_errors/predictions.parquet", dataset=dataset)
    macro = f1(average="macro")
    found = measure([accuracy, macro, balanced_accuracy, cohen_kappa], table)
    right = found[accuracy.on("test")]
    assert (right.value, right.n) == (close(figures["accuracy"]), figures["n"])
    assert found[macro.on("test")].value == close(figures["f1_macro"])
    assert found[cohen_kappa.on("test")].value == close(figures["cohen_kappa"])
    assert found[balanced_accuracy.on("test")].value == close(figures["balanced_accuracy"])
    _, clopper_pearson = limits(accuracy, table)
    assert clopper_pearson == close(figures["ci95_clopper_pearson"])


@pytest.mark.parametrize("dataset", ["mnist", "20news"])
def test_probabilities_decide_as_their_largest(dataset):
    """`score_<class>` columns in place of predictions; 20news rounds its rows to float32."""
    table = rows(f"label_errors/{dataset}_probabilities.parquet")
    table = table.rename_columns([n.replace("p", "score_", 1) for n in table.column_names])
    found = measure([accuracy], table)[accuracy.on("test")].value
    figures = expected("label_errors")["datasets"][dataset]["probabilities"]
    assert found == close(figures["accuracy"])


@pytest.mark.parametrize("place", range(4))
def test_gsm8k_by_reference_steps(place):
    model, figures = sorted(expected("gsm8k")["models"].items())[place]
    table = rows("gsm8k/solutions.parquet", model=model)
    solved = rate("is_correct")
    sliced = solved.on("test").by("reference_steps")
    found = run(Outputs(test=table), also=[solved.on("test"), sliced])
    whole = found[solved.on("test")]
    assert (whole.value, whole.n) == (close(figures["accuracy"]), figures["n"])
    assert {
        name.removeprefix("reference_steps="): (e.n, round(e.value * e.n))
        for name, e in found[sliced].items()
    } == {k: (v["n"], v["correct"]) for k, v in figures["by_reference_steps"].items()}
    wilson, clopper_pearson = limits(solved, table)
    assert wilson == close(figures["ci95_wilson"])
    assert clopper_pearson == close(figures["ci95_clopper_pearson"])


@pytest.mark.parametrize("place", range(4))
def test_gsm8k_paired_by_problem(place):
    """`rate` is a share whose trials are the same for both models, so the difference pairs."""
    paired = expected("gsm8k")["paired"][place]
    names = (paired["a"], paired["b"])
    outputs = {m: Outputs(test=rows("gsm8k/solutions.parquet", model=m)) for m in names}
    solved = rate("is_correct").on("test")
    result = run(outputs, models=names, also=[solved])
    difference = result[names[0], solved] - result[names[1], solved]
    assert difference.value == close(paired["diff"])
    assert difference.n == 1319
    # Where McNemar's exact test finds a difference at 1 %, the interval excludes none.
    assert paired["mcnemar_exact_p"] < 0.01
    assert difference > 0


def mmlu(model):
    return Outputs(test=rows("mmlu_pro/predictions.parquet", model=model), missing="wrong")


def test_mmlu_pro_notices_ids_and_labels_that_differ():
    """One model lacks 20 questions, and its answer key differs on 33 others."""
    names = ("gemini-1.5-flash-002", "Meta-Llama-3-70B")
    result = run({m: mmlu(m) for m in names}, models=names, also=[accuracy.on("test")])
    with pytest.raises(OutputsError) as caught:
        _ = result[names[0], accuracy.on("test")] - result[names[1], accuracy.on("test")]
    assert "20 of 12,032 ids are not in" in str(caught.value)
    assert "column `label` differs for 33 ids" in str(caught.value)


def test_mmlu_pro_accuracy_counts_no_answer_as_wrong():
    figures = expected("mmlu_pro")["published"]["Llama-2-13b-hf"]
    found = run(mmlu("Llama-2-13b-hf"), also=[accuracy.on("test")])[accuracy.on("test")]
    assert round(100 * found.value, 2) == figures["strict"]


@pytest.mark.parametrize("place", range(6))
def test_mmlu_pro_by_category(place):
    """No answer counts as wrong in every category, and for the average over the ten letters."""
    model, figures = sorted(expected("mmlu_pro")["models"].items())[place]
    sliced = accuracy.on("test").by("category")
    result = run(mmlu(model), also=[sliced, f1(average="macro").on("test")])
    assert {
        name.removeprefix("category="): (e.n, round(e.value * e.n))
        for name, e in result[sliced].items()
    } == {k: (v["n"], v["correct"]) for k, v in figures["by_category"].items()}
    assert 0 < result[f1(average="macro").on("test")].value < figures["accuracy"] + 0.05


def test_questions_of_one_category_as_a_cluster():
    """Fourteen categories are fourteen units, however many questions they hold."""
    model = "Meta-Llama-3-70B"
    table = rows("mmlu_pro/predictions.parquet", model=model)
    clustered = Outputs(test=table, missing="wrong", columns={"cluster": "category"})
    alone = run(mmlu(model), also=[accuracy.on("test")])[accuracy.on("test")]
    found = run(clustered, also=[accuracy.on("test")])[accuracy.on("test")]
    assert found.value == close(alone.value)
    assert (found.n, found.unit) == (14, "clusters")
    assert found.at_most - found.at_least > 5 * (alone.at_most - alone.at_least)
