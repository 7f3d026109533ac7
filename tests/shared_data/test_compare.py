"""Real models compared: the figures of independent libraries, and rankings that are known."""

import numpy as np
import pytest

from evalharness import Outputs, OutputsError
from evalharness.checks.compare import joint_table
from evalharness.inference.paired import mid_p
from evalharness.kernels.plan import Plan
from evalharness.metrics import accuracy, rate
from tests.metrics.measure import declare, run
from tests.shared_data.real import expected, needs_data, rows

pytestmark = needs_data

ACCURACY, SOLVED = accuracy.on("test"), rate("is_correct", better="higher").on("test")


def close(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def gsm8k(*models):
    return {m: Outputs(test=rows("gsm8k/solutions.parquet", model=m)) for m in models}


def cifar10(split, *models):
    file = "cifar10/predictions.parquet"
    return {m: Outputs(test=rows(file, model=m, split=split)) for m in models}


def discordant(metric, outputs):
    """What only the first, and what only the second model has right; and the number of pairs."""
    found = joint_table(Plan(outputs), metric, list(outputs))
    *label, a, b = (np.asarray(c) for c in found.columns)
    right = [a == label[0], b == label[0]] if label else [a == 1, b == 1]
    only = (right[0] & ~right[1], right[1] & ~right[0])
    return *(int(found.counts[o].sum()) for o in only), int(found.counts.sum())


def check_pair(metric, outputs, figures, only_a, only_b):
    from scipy.stats import binomtest

    a, b = outputs
    new, old, n = discordant(metric, outputs)
    assert (new, old) == (only_a, only_b)
    assert binomtest(new, new + old).pvalue == close(figures["mcnemar_exact_p"])
    result = run(outputs, models=(a, b), also=[metric])
    difference = result[a, metric] - result[b, metric]
    assert difference.value == close(figures["diff"])
    # The score interval is about as wide as the normal one of the same counts.
    half = 1.96 * figures["paired_se"]
    assert difference.high - difference.low == pytest.approx(2 * half, rel=0.02)
    superior = bool(difference.at_least > 0)
    assert superior == (new > old and mid_p(new, old) <= 0.05)
    return n


@pytest.mark.parametrize("place", range(4))
def test_gsm8k_every_pair(place):
    figures = expected("gsm8k")["paired"][place]
    (_, only_a), (only_b, _) = figures["table"]
    outputs = gsm8k(figures["a"], figures["b"])
    assert check_pair(SOLVED, outputs, figures, only_a, only_b) == 1319


def test_gsm8k_a_small_model_with_verification_beats_a_large_one():
    from scipy.stats import binomtest

    new, old, n = discordant(SOLVED, gsm8k("6b_verification", "175b_finetuning"))
    assert (new, old, n) == (209, 152, 1319)
    assert round(binomtest(new, new + old).pvalue, 5) == 0.00315


@pytest.mark.parametrize("place", range(4))
def test_cifar10_every_pair(place):
    figures = expected("cifar10")["paired"][place]
    outputs = cifar10(figures["split"], figures["a"], figures["b"])
    n = check_pair(ACCURACY, outputs, figures, figures["only_a_right"], figures["only_b_right"])
    assert n == figures["n"]


def test_gsm8k_all_four_models_are_told_apart():
    names = ["175b_verification", "6b_verification", "175b_finetuning", "6b_finetuning"]
    found = _choice(SOLVED, gsm8k(*reversed(names)))
    assert [c.model for c in found.choice.candidates] == names
    assert [(c.best, c.worst) for c in found.choice.candidates] == [(k, k) for k in (1, 2, 3, 4)]
    assert "surely better than 6b_verification" in found.message


def _choice(metric, outputs, *bounds):
    evaluation = declare(models=tuple(outputs), optimizing=metric, satisficing=list(bounds))
    return evaluation.run(outputs)[metric]


@pytest.mark.parametrize("split", ["orig", "v4"])
def test_cifar10_models_ranked_with_groups(split):
    figures = {m: f[split]["accuracy"] for m, f in expected("cifar10")["models"].items()}
    found = _choice(ACCURACY, cifar10(split, *figures)).choice
    assert len(found.candidates) == 12
    assert [c.value for c in found.candidates] == close(sorted(figures.values(), reverse=True))
    for place, c in enumerate(found.candidates, 1):
        assert c.value == close(figures[c.model])
        assert c.best <= place <= c.worst
    first, last = found.candidates[0], found.candidates[-1]
    assert not set(first.groups) & set(last.groups)
    # The two best of the test set differ by a dozen images of ten thousand.
    by = {c.model: set(c.groups) for c in found.candidates}
    pair = expected("cifar10")["paired"][0]
    if split == "orig":
        assert by[pair["a"]] & by[pair["b"]]
    # The oldest three are far apart on both.
    assert [(c.best, c.worst) for c in found.candidates[-3:]] == [(10, 10), (11, 11), (12, 12)]


def test_cifar10_none_of_the_models_keeps_its_accuracy_on_new_images():
    outputs = cifar10("v4", *sorted(expected("cifar10")["models"]))
    found = _choice(ACCURACY, outputs, accuracy.on("test") >= 0.95)
    assert found.outcome == "fail"
    assert "none of 12 meets every bound; 12 of 12 ruled out" in found.message


def test_mmlu_pro_models_whose_labels_differ_are_refused_with_the_ids():
    names = ("gemini-1.5-flash-002", "mathstral-7B", "Meta-Llama-3-70B")
    outputs = {
        m: Outputs(test=rows("mmlu_pro/predictions.parquet", model=m), missing="wrong")
        for m in names
    }
    with pytest.raises(OutputsError) as error:
        _choice(ACCURACY, outputs)
    told = str(error.value)
    assert "column `label` differs for 33 ids (first: " in told
    assert "column `label` differs for 3 ids (first: " in told
    assert "20 of 12,032 ids are not in" in told
