"""The classifier two-sample test: what it sees, and that it sees nothing where nothing is."""

import builtins

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from evalharness.declare.errors import EvalharnessError
from evalharness.distances import classifier
from evalharness.distances.classifier import c2st_accuracy_p, held_out_scores


def test_named_case():
    assert c2st_accuracy_p(118, 200) == pytest.approx(0.00656518, abs=1e-8)
    assert c2st_accuracy_p(0, 10) == 1
    assert c2st_accuracy_p(10, 10) == pytest.approx(2.0**-10)


@pytest.fixture
def few_trees(monkeypatch):
    """Whether areas are .5 does not hang on the number of trees."""
    monkeypatch.setattr(classifier, "TREES", 8)


def two(rng, n, m, d=3):
    return rng.normal(size=(n + m, d)), np.repeat([0, 1], [n, m])


def auc(x, y, **options):
    return roc_auc_score(y, held_out_scores(x, y, **options))


@pytest.mark.parametrize("kind", ["mean", "spread", "correlation", "nulls"])
def test_a_difference_is_seen(kind):
    x, y = two(np.random.default_rng(0), 500, 400)
    second = y == 1
    if kind == "mean":
        x[second, 0] += 1
    elif kind == "spread":
        x[second, 0] *= 3
    elif kind == "correlation":
        x[second, 1] = 0.9 * x[second, 0] + 0.4 * x[second, 1]
    else:
        x[second & (x[:, 0] > 0), 2] = np.nan
    assert auc(x, y) > 0.65


def test_scores_are_ranks_within_folds():
    x, y = two(np.random.default_rng(1), 60, 40)
    scores = held_out_scores(x, y, folds=4)
    assert scores.shape == (100,)
    assert scores.dtype == np.float64
    assert scores.mean() == pytest.approx(0.5)
    assert ((scores > 0) & (scores < 1)).all()
    np.testing.assert_array_equal(scores, held_out_scores(x, y, folds=4))
    assert (scores != held_out_scores(x, y, folds=4, seed=1)).any()


def test_a_group_is_never_in_two_folds():
    """Each group has a value of its own: were it seen in training, it would be known again."""
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(40), 20)
    y = (rng.permutation(40) < 20)[groups].astype(int)
    x = rng.normal(size=(40, 2))[groups]
    assert auc(x, y) > 0.95
    assert auc(x, y, groups=groups) < 0.75


def test_few_rows_and_groups_have_fewer_folds():
    x, y = two(np.random.default_rng(3), 30, 3)
    assert held_out_scores(x, y).shape == (33,)
    x, y = two(np.random.default_rng(3), 30, 30)
    groups = np.array(["a"] * 10 + ["b"] * 20 + ["c"] * 25 + ["d"] * 5)
    assert held_out_scores(x, y, groups=groups).shape == (60,)
    assert auc(np.ones((60, 2)), y) == 0.5


@pytest.mark.parametrize(
    "x, y, groups, message",
    [
        (np.zeros((4, 1)), [0, 1, 1], None, "as many 0 and 1"),
        (np.zeros((4, 1)), [0, 1, 1, 2], None, "as many 0 and 1"),
        (np.zeros(4), [0, 1, 1, 0], None, "rows"),
        (np.zeros((4, 1)), [0, 1, 1, 1], None, "fewer than two"),
        (np.zeros((4, 1)), [0, 0, 1, 1], [1, 1, 2, 3], "fewer than two"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(x, y, groups, message):
    with pytest.raises(ValueError, match=message):
        held_out_scores(x, y, groups=groups)


def test_without_scikit_learn_the_message_says_what_to_install(monkeypatch):
    load = builtins.__import__

    def without(name, *rest):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EvalharnessError, match=r"pip install 'evalharness\[sklearn\]'"):
        held_out_scores(np.zeros((4, 1)), [0, 0, 1, 1])


@pytest.mark.calibration
def test_the_pooled_area_is_half_on_average_without_a_difference(few_trees):
    """Of probabilities, not of ranks within folds, it is about .475 here."""
    areas = []
    for run in range(160):
        x, y = two(np.random.default_rng([run, 30]), 30, 30, 2)
        areas.append(auc(x, y, seed=run))
    error = np.std(areas) / np.sqrt(len(areas))
    assert np.mean(areas) == pytest.approx(0.5, abs=3 * error)


@pytest.mark.calibration
def test_the_pooled_area_is_half_on_average_with_groups(few_trees):
    areas = []
    for run in range(100):
        rng = np.random.default_rng([run, 5])
        groups = np.repeat(np.arange(16), 5)
        x = rng.normal(size=(16, 2))[groups] + rng.normal(size=(80, 2))
        y = (rng.permutation(16) < 7)[groups].astype(int)
        areas.append(auc(x, y, groups=groups, seed=run))
    error = np.std(areas) / np.sqrt(len(areas))
    assert np.mean(areas) == pytest.approx(0.5, abs=3 * error)
