"""scikit-learn's scorers and functions over the columns of a table, held to scikit-learn itself."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import sklearn.metrics as sk
from sklearn.base import BaseEstimator, ClassifierMixin

from evalharness import DeclarationError, Outputs, OutputsError
from evalharness.metrics.custom import custom
from evalharness.metrics.scorers import NAMES

N = 200
rng = np.random.default_rng(0)
TWO = rng.integers(0, 2, N)
SCORE = np.clip(0.3 * TWO + 0.7 * rng.random(N), 0, 1)
THREE = rng.integers(0, 3, N)
PROBABILITIES = rng.dirichlet([1, 1, 1], N) + 0.5 * np.eye(3)[THREE]
PROBABILITIES /= PROBABILITIES.sum(1, keepdims=True)
POSITIVE = rng.lognormal(size=N)
NEAR = POSITIVE * rng.lognormal(sigma=0.3, size=N)
TASKS = np.column_stack([np.ones(N, int), rng.integers(0, 2, (N, 2))])
TASKS_SAID = np.where(rng.random((N, 3)) < 0.8, TASKS, 1 - TASKS)
TASKS_SAID[:, 0] = 1
WEIGHT = rng.integers(1, 5, N).astype(float)


def value(metric, table, **options):
    """The metric's value on the table, without its interval."""
    split = Outputs(test=table, **options).split("test")
    columns = metric.statistic.read(split)
    weight = split.weights()
    arrays = dict(columns.arrays) | ({} if weight is None else {"weight": weight})
    tables = metric.statistic.host_tables(arrays, columns, np.zeros(split.n, int), 1)
    return metric.value(tables[0])


class Predicts(BaseEstimator):
    """An estimator of numbers, or of matrices, that says what it is told to."""

    def __init__(self, predict=None):
        self.predicted = predict

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, X):
        return self.predicted


class Said(ClassifierMixin, BaseEstimator):
    """A classifier that says what it is told to."""

    def __init__(self, classes=None, predict=None, proba=None):
        self.classes, self.predicted, self.proba = classes, predict, proba
        self.classes_ = classes

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, X):
        return self.predicted

    def predict_proba(self, X):
        return self.proba


def case(name):
    """Table, options, estimator and labels for a scorer."""
    family = sk.get_scorer(name)._score_func.__module__
    if family.endswith("_regression"):
        return {"label": POSITIVE, "prediction": NEAR}, {}, Predicts(NEAR), POSITIVE
    if "cluster" in family:
        return {"label": THREE, "prediction": TWO}, {}, Said(np.arange(3), TWO), THREE
    if name.endswith("_samples"):
        table = {"label": list(TASKS), "prediction": list(TASKS_SAID)}
        return table, {"classes": ["a", "b", "c"]}, Predicts(TASKS_SAID), TASKS
    if "_ov" in name or name == "top_k_accuracy":
        table = {"label": THREE, "scores": list(PROBABILITIES)}
        said = PROBABILITIES.argmax(1)
        return table, {"classes": [0, 1, 2]}, Said(np.arange(3), said, PROBABILITIES), THREE
    both = np.column_stack([1 - SCORE, SCORE])
    said = (SCORE >= 0.5).astype(int)
    return {"label": TWO, "score": SCORE}, {}, Said(np.arange(2), said, both), TWO


@pytest.mark.parametrize("name", sk.get_scorer_names())
def test_every_scorer_says_what_scikit_learn_says(name):
    table, options, estimator, label = case(name)
    expected = sk.get_scorer(name)(estimator, np.zeros((N, 1)), label)
    metric = custom(name)
    assert metric.definition.better == "higher"
    assert str(metric.on("test")) == f'custom("{name}").on("test")'
    assert value(metric, table, **options) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", ["accuracy", "f1", "neg_log_loss", "r2", "roc_auc"])
def test_scorers_take_the_weights(name):
    table, options, estimator, label = case(name)
    expected = sk.get_scorer(name)(estimator, np.zeros((N, 1)), label, sample_weight=WEIGHT)
    found = value(custom(name), table | {"weight": WEIGHT}, **options)
    assert found == pytest.approx(expected, rel=1e-9)


def test_the_positive_class_of_the_outputs_is_the_positive_class():
    names = np.array(["ill", "well"])
    table = {"label": names[TWO], "prediction": names[(SCORE > 0.5).astype(int)]}
    said = (SCORE > 0.5).astype(int)
    for positive, code in (("ill", 0), ("well", 1)):
        expected = sk.f1_score(TWO, said, pos_label=code)
        assert value(custom("f1"), table, positive=positive) == pytest.approx(expected)
        assert value(custom(sk.f1_score), table, positive=positive) == pytest.approx(expected)
    scored = {"label": names[TWO], "score": 1 - SCORE}
    expected = sk.roc_auc_score(1 - TWO, 1 - SCORE)
    assert value(custom("roc_auc"), scored, positive="ill") == pytest.approx(expected)
    assert value(custom(sk.roc_auc_score), scored, positive="ill") == pytest.approx(expected)
    both = value(custom("neg_log_loss"), scored, positive="ill")
    assert both == pytest.approx(-sk.log_loss(1 - TWO, 1 - SCORE))


def test_without_a_positive_class_only_what_needs_none():
    names = np.array(["ill", "well"])
    table = {"label": names[TWO], "prediction": names[(SCORE > 0.5).astype(int)]}
    expected = sk.f1_score(TWO, SCORE > 0.5, average="macro")
    assert value(custom("f1_macro"), table) == pytest.approx(expected)
    with pytest.raises(OutputsError, match=r"name it: Outputs\(…, positive="):
        value(custom("f1"), table)


def test_functions_and_scorers_with_parameters():
    table = {"label": TWO, "score": SCORE}
    said = SCORE >= 0.5
    two = sk.fbeta_score(TWO, said, beta=2)
    metric = custom(sk.fbeta_score, beta=2, better="higher", range=(0, 1))
    assert str(metric) == "fbeta_score(beta=2)"
    assert value(metric, table) == pytest.approx(two)
    assert value(custom(sk.fbeta_score)(beta=2), table) == pytest.approx(two)
    assert value(custom(sk.make_scorer(sk.fbeta_score, beta=2)), table) == pytest.approx(two)
    negative = custom(sk.make_scorer(sk.f1_score, pos_label=0))
    assert value(negative, table) == pytest.approx(sk.f1_score(TWO, said, pos_label=0))
    assert value(
        custom("top_k_accuracy", k=2), *[case("top_k_accuracy")[0]], classes=[0, 1, 2]
    ) == (pytest.approx(sk.top_k_accuracy_score(THREE, PROBABILITIES, k=2)))
    assert value(custom(sk.log_loss), table) == pytest.approx(sk.log_loss(TWO, SCORE))
    assert value(custom(sk.mean_absolute_error), {"label": POSITIVE, "prediction": NEAR}) == (
        pytest.approx(sk.mean_absolute_error(POSITIVE, NEAR))
    )


def test_a_scorer_of_ones_own():
    def share_right(estimator, X, y):
        return float((estimator.predict(X) == y).mean())

    table = {"label": list("abab") * 10, "prediction": list("abbb") * 10}
    assert value(custom(share_right), table) == 0.75


def test_equal_metrics_are_equal():
    assert custom("f1") == custom("f1")
    assert hash(custom("f1").statistic) == hash(custom("f1").statistic)
    assert custom("f1") != custom("recall")
    assert custom(sk.f1_score) == custom(sk.f1_score)


def test_wrong_declarations():
    with pytest.raises(DeclarationError, match=r"no scorer of that name \(did you mean `neg_log_"):
        custom("neg_logloss")
    with pytest.raises(DeclarationError, match="has no parameter 'kk'"):
        custom("top_k_accuracy", kk=2)
    with pytest.raises(DeclarationError, match="higher is better for every scorer"):
        custom("neg_log_loss", better="lower")
    with pytest.raises(DeclarationError, match="has no parameter 'bta'.*did you mean `beta`"):
        custom(sk.fbeta_score, bta=2)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(
        DeclarationError, match=r'not installed.*pip install "evalharness\[sklearn\]"'
    ):
        custom("f1")


def test_what_cannot_be_loaded_is_a_problem_of_the_outputs(monkeypatch):
    from evalharness.metrics import scorers

    metric = custom("f1")
    scorers._scorer.cache_clear()
    monkeypatch.setitem(sys.modules, "sklearn.metrics", None)
    with pytest.raises(OutputsError, match='cannot be imported.*pip install "evalharness'):
        value(metric, {"label": TWO, "score": SCORE})


def test_a_name_that_this_version_lacks_is_a_problem_of_the_outputs(monkeypatch):
    from evalharness.metrics import scorers

    monkeypatch.setattr(scorers, "NAMES", NAMES | {"acuracy"})
    with pytest.raises(OutputsError, match=r"no scorer of that name \(did you mean `accuracy`"):
        value(custom("acuracy"), {"label": TWO, "score": SCORE})


def test_every_name_is_known_without_scikit_learn():
    assert set(sk.get_scorer_names()) == NAMES
    assert len(NAMES) == 58


DECLARED = """
from evalharness import Evaluation, Outputs
from evalharness.metrics import custom

class TestModel(Evaluation):
    satisficing = [custom("roc_auc").on("test") >= 0.9]
    also = [custom("neg_log_loss").on("test").by("region")]

    @classmethod
    def outputs(cls):
        return Outputs(test="test.parquet")
"""
WATCHER = """
import sys

def pytest_unconfigure(config):
    loaded = {"jax", "numpy", "scipy", "sklearn"} & set(sys.modules)
    sys.__stdout__.write(f"loaded: {sorted(loaded)}\\n")
"""


def test_declaring_and_collecting_load_no_scikit_learn(tmp_path):
    (tmp_path / "test_model.py").write_text(DECLARED)
    (tmp_path / "conftest.py").write_text(WATCHER)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    code = f"{DECLARED}\nimport sys\nprint({{'numpy', 'scipy', 'sklearn'}} & set(sys.modules))"
    said = []
    for arguments in (["-c", code], ["-m", "pytest", "--collect-only", "-q", "-s"]):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        said.append(done.stdout)
    assert said[0].strip() == "set()"
    assert "roc_auc" in said[1]
    assert "'scipy'" not in said[1]
    assert "'sklearn'" not in said[1]
    assert "loaded: " in said[1]


WRONG = [
    ("r2", {"label": list("ab") * 20, "prediction": list("ab") * 20}, "numbers are needed"),
    ("f1_samples", {"label": TWO, "score": SCORE}, "f1_samples.. raised"),
    ("precision", {"label": [0, 1] * 20, "prediction": [0] * 40}, "0/0.*zero_division"),
    ("neg_log_loss", {"label": TWO, "prediction": TWO}, "score"),
    ("roc_auc", {"label": [1] * 40, "score": SCORE[:40]}, "roc_auc.. is 0/0|roc_auc.. raised"),
]


@pytest.mark.parametrize("name, table, message", WRONG)
def test_wrong_tables_are_refused_in_words(name, table, message):
    with pytest.raises(OutputsError, match=message):
        value(custom(name), table)


def test_missing_labels_are_refused():
    label = [[1, None, 0]] + [[1, 0, 1]] * 30
    table = {"label": label, "prediction": [[1, 0, 1]] * 31}
    with pytest.raises(OutputsError, match="knows no missing labels"):
        value(custom("f1_samples"), table, classes=["a", "b", "c"])


OF_ROWS = ["f1_samples", "jaccard_samples", "precision_samples", "recall_samples"]
NAMED = {"classes": ["a", "b", "c"]}


@pytest.mark.parametrize("name", OF_ROWS)
def test_rows_without_a_positive_count_as_scikit_learn_counts_them(name):
    label, said = TASKS.copy(), TASKS_SAID.copy()
    label[:40] = 0
    said[20:60] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = sk.get_scorer(name)(Predicts(said), np.zeros((N, 1)), label)
        function = sk.get_scorer(name)._score_func
        assert expected == function(label, said, average="samples", zero_division=0)
    table = {"label": list(label), "prediction": list(said)}
    assert value(custom(name), table, **NAMED) == pytest.approx(expected)
    averaged = custom(function, average="samples")
    assert value(averaged, table, **NAMED) == pytest.approx(expected)
    one = function(label, said, average="samples", zero_division=1)
    assert value(custom(name, zero_division=1), table, **NAMED) == pytest.approx(one)
    assert one > expected


@pytest.mark.parametrize("name", OF_ROWS)
def test_without_any_positive_it_is_0_over_0(name):
    table = {"label": [[0, 0, 0]] * 40, "prediction": [[0, 0, 0]] * 40}
    with pytest.raises(OutputsError, match=rf"{name}\(\) is 0/0 on these rows"):
        value(custom(name), table, **NAMED)
    wrong = {"label": [[1, 0, 0]] * 40, "prediction": [[0, 0, 1]] * 40}
    assert value(custom(name), wrong, **NAMED) == 0


def test_averages_are_parameters():
    table = {"label": THREE, "prediction": TWO}
    expected = sk.f1_score(THREE, TWO, average="macro", zero_division=0)
    metric = custom(sk.f1_score, average="macro", zero_division=0)
    assert value(metric, table) == pytest.approx(expected)
    assert metric == custom(sk.f1_score)(average="macro", zero_division=0)
    assert str(custom("f1") * 2) == '2 * custom("f1")'
