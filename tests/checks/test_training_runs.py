"""Models that were trained again, read from outputs and told."""

import math

import numpy as np
import pytest

from evalharness import Outputs
from evalharness.checks.run_examples import Examples
from evalharness.checks.training_runs import (
    problems,
)
from evalharness.declare.diagnosis import bias_variance
from evalharness.declare.errors import OutputsError
from evalharness.inference.seed_spread import spread
from evalharness.kernels.plan import Plan
from evalharness.metrics import (
    accuracy,
    error_rate,
    f1,
    mean_squared_error,
    root_mean_squared_error,
)
from tests.checks.trained import EASE, LABEL, N, rung, runs, table, told, words


def test_runs_are_taken_apart_row_by_row_whatever_their_order():
    outputs = runs(dev=0)
    found = told(outputs)
    by_id = [
        np.asarray(o.split("dev").prediction_codes())[np.argsort(o.split("dev").ids())]
        for o in outputs.values()
    ]
    votes = np.stack([(np.stack(by_id) == k).sum(axis=0) for k in range(3)])
    terms = found.figures["decomposition"]["terms"]
    top = votes == votes.max(axis=0)
    right = top[LABEL, np.arange(N)] / top.sum(axis=0)
    assert terms["bias"]["value"] == pytest.approx(1 - right.mean())
    assert terms["loss"]["value"] == pytest.approx((np.stack(by_id) != LABEL).mean())
    assert found.figures["seed"]["mean"] == pytest.approx(terms["loss"]["value"])
    assert "vote" in " ".join(found.lines)


def test_accuracy_is_taken_apart_as_its_loss():
    lines = " ".join(told(runs(dev=0), accuracy).lines)
    assert "The loss is 1 − accuracy." in lines
    error, right = told(runs(dev=0)).figures, told(runs(dev=0), accuracy).figures
    assert error["decomposition"] == right["decomposition"]
    assert error["seed"]["sd"] == pytest.approx(right["seed"]["sd"])


def test_classes_that_one_run_never_says_are_the_same_classes():
    """Codes of classes are those of all runs: a run that never answers "b" has fewer."""
    label = np.array(["a", "c"] * 50)
    tables = [
        {"id": np.arange(100), "label": label, "prediction": np.where(np.arange(100) < k, x, label)}
        for k, x in ((10, "b"), (11, "b"), (20, "c"))
    ]
    outputs = {f"m{i}": Outputs(dev=t) for i, t in enumerate(tables)}
    terms = told(outputs).figures["decomposition"]["terms"]
    # Ten are voted "b", and of one each run answers another class.
    assert terms["bias"]["value"] == pytest.approx(0.1 + 2 / 3 / 100)
    assert terms["loss"]["value"] == pytest.approx((10 + 11 + 10) / 300)


@pytest.mark.parametrize("metric", [mean_squared_error, root_mean_squared_error])
def test_squared_errors_are_taken_apart(metric):
    rng = np.random.default_rng(2)
    outputs = {
        f"m{i}": Outputs(
            dev={
                "id": np.arange(N),
                "label": EASE,
                "prediction": EASE + 0.5 + rng.normal(0, 0.2, N),
            }
        )
        for i in range(6)
    }
    found = told(outputs, metric)
    terms = found.figures["decomposition"]["terms"]
    assert terms["bias"]["value"] == pytest.approx(0.25, abs=0.02)
    assert terms["variance"]["value"] == pytest.approx(0.04, abs=0.005)
    assert any("root of the expected loss" in line for line in found.lines) == (
        metric is root_mean_squared_error
    )


def test_of_any_other_metric_only_the_spread_is_told():
    found = told(runs(dev=0), f1(average="macro"))
    assert "decomposition" not in found.figures
    assert "not taken apart" in found.lines[1]
    assert found.figures["seed"]["sd"] > 0


def test_a_gap_stands_beside_what_the_seed_makes_of_it():
    ladder = [rung("dev", 0.12), rung("test", 0.125)]
    found = told(runs(dev=0, test=-0.2), rungs=ladder)
    gap = found.figures["gaps"]["dev_overfitting"]
    assert gap["value"] == pytest.approx(0.005)
    assert gap["seed"]["mean"] > 0.01
    low, high = gap["seed"]["low"], gap["seed"]["high"]
    assert 0 < low < gap["seed"]["mean"] < high
    said = words(found)
    assert f"dev_overfitting 0.0050: over the runs {gap['seed']['mean']:.4f} (" in said
    assert "from run to run it differs by up to" in said


def test_gaps_that_the_runs_do_not_have_are_named():
    ladder = [rung("train", 0.1), rung("train_dev", 0.11), rung("dev", 0.12), rung("test", 0.125)]
    outputs = runs(dev=0, train=0.1, test=-0.2)
    found = told(outputs, rungs=ladder)
    assert [*found.figures["gaps"]] == ["dev_overfitting"]
    assert "Not beside the seed: variance; the runs have no train_dev." in words(found)
    assert "Not beside the seed: data_mismatch; the runs have no train_dev." in words(found)
    outputs["seed-2"] = Outputs(dev=table(99), train=table(98))
    said = words(told(outputs, rungs=ladder))
    assert "Not beside the seed: dev_overfitting; run 'seed-2' has no test." in said


def test_no_number_exceeds_the_range_of_the_metric():
    """Two runs, of which one is always wrong."""
    one, other = table(0), table(1) | {"prediction": np.full(N, 5)}
    ladder = [rung("dev", 0.12), rung("test", 0.125)]
    outputs = {
        "a": Outputs(dev=one, test=table(2)),
        "b": Outputs(dev=other, test=table(3)),
    }
    found = told(outputs, rungs=ladder)
    assert found.figures["seed"]["differ"] > 1
    assert "differ by up to 1.0000" in words(found)
    assert "(-1.0000 to 1.0000); from run to run it differs by up to 1.0000." in words(found)


def test_what_matters_is_rounded_and_one_example_is_one():
    said = words(told(runs(2, dev=0), materiality=0.0001234567))
    assert "more than what matters (0.000123)" in said
    few = {
        f"m{i}": Outputs(dev={"id": [1], "label": ["a"], "prediction": [p]})
        for i, p in enumerate("ab")
    }
    assert "2 runs on 1 example of dev" in words(told(few))


def test_runs_that_answer_identically_tell_nothing_of_training():
    outputs = {
        name: Outputs(dev=table(0, source=np.full(N, i)), test=table(1, source=np.full(N, i)))
        for i, name in enumerate("abc")
    }
    ladder = [rung("dev", 0.12), rung("test", 0.125)]
    found = told(outputs, rungs=ladder)
    assert "All runs answered identically (the same file?)" in words(found)
    assert "decomposition" not in found.figures
    assert "sd" not in words(found)
    assert "all runs have one value of it" in words(found)
    outputs["d"] = Outputs(dev=table(5), test=table(6))
    some = told(outputs)
    assert "b answered as a did (the same file?)." in words(some)
    assert "decomposition" in some.figures


def test_what_rounding_leaves_of_equal_gaps_is_no_spread():
    found = spread([0.3 - 0.1, 0.2, 0.2], size=0.3)
    assert (found.sd, found.low, found.high) == (0, -math.inf, math.inf)
    assert spread([1e-17, 0.0, 0.0], size=0.3).sd == 0


def test_few_runs_are_said_to_be_few():
    assert any("are few" in line for line in told(runs(3, dev=0)).lines)
    two = told(runs(2, dev=0))
    assert any("two runs do not show" in line for line in two.lines)
    assert any("A vote of two says little" in line for line in two.lines)
    assert not any("are few" in line for line in told(runs(5, dev=0)).lines)


def test_models_that_are_not_there_or_lack_the_split():
    outputs = runs(3, dev=0)
    outputs["other"] = Outputs(test=table(5))
    plan = Plan(outputs)
    (missing,) = problems(plan, bias_variance(error_rate, runs=["seed-0", "seed-7"]))
    assert "'seed-7' (did you mean" in missing
    (lacking,) = problems(plan, bias_variance(error_rate, runs=["seed-0", "other"]))
    assert "'other' has no split 'dev'" in lacking
    assert problems(plan, bias_variance(error_rate, runs=["seed-0", "seed-1"])) == []
    with pytest.raises(OutputsError, match="did you mean"):
        told(outputs, runs=["seed-0", "seed-7"])


def test_runs_of_other_examples_are_refused():
    outputs = runs(2, dev=0)
    outputs["short"] = Outputs(dev={k: v[:-1] for k, v in table(3).items()})
    with pytest.raises(OutputsError, match="1 of 800 ids are not in"):
        told(outputs)


def test_one_table_under_two_names_is_no_second_run():
    outputs = runs(2, dev=0) | {"copy": Outputs(dev=table(0))}
    with pytest.raises(OutputsError, match="the same table as that of 'seed-0'"):
        told(outputs)


def test_runs_of_one_value_do_not_tell_how_they_vary():
    """Each is wrong in one example, another one each time."""
    wrong = [np.where(np.arange(N) == i, (LABEL + 1) % 3, LABEL) for i in range(4)]
    outputs = {
        f"m{i}": Outputs(dev={"id": np.arange(N), "label": LABEL, "prediction": p})
        for i, p in enumerate(wrong)
    }
    found = told(outputs)
    assert found.figures["seed"]["differ"] == math.inf
    assert any("how much they vary is not known" in line for line in found.lines)


@pytest.mark.parametrize("clustered", [False, True])
def test_models_on_the_same_examples_err_alike(clustered):
    cluster = np.arange(N) // 4
    columns = {"cluster": cluster} if clustered else {}
    outputs = {f"m{i}": Outputs(dev=table(i, **columns)) for i in range(3)}
    examples = Examples(Plan(outputs), error_rate.on("dev"), list(outputs))
    predictions, labels, _ = examples.codes
    wrong = (predictions != labels).astype(float)
    if clustered:
        wrong = np.stack([np.bincount(examples.unit, row) for row in wrong]) / 4
    expected = np.cov(wrong) / wrong.shape[1]
    assert examples.covariance(None) == pytest.approx(expected)
    assert expected[0, 1] > 0.3 * expected[0, 0]


def test_the_covariance_of_roots_follows_their_slope():
    rng = np.random.default_rng(3)
    guesses = EASE + rng.normal(0, 0.5, (2, N))
    outputs = {
        f"m{i}": Outputs(dev={"id": np.arange(N), "label": EASE, "prediction": g})
        for i, g in enumerate(guesses)
    }
    examples = Examples(Plan(outputs), root_mean_squared_error.on("dev"), list(outputs))
    root = np.sqrt(np.square(guesses - EASE).mean(axis=1))
    expected = np.cov(np.square(guesses - EASE)) / N / (4 * np.outer(root, root))
    assert examples.covariance(root) == pytest.approx(expected)
