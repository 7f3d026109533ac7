"""The expected loss over training runs, taken apart."""

import itertools
from dataclasses import asdict

import numpy as np
import pytest
from scipy.stats import chi2, t

from evalharness.inference.decomposition import squared, zero_one
from evalharness.inference.seed_spread import spread
from evalharness.kernels.runs import agreeing, compact, ties, votes


def answers(runs, classes, n=300, right=0.5, seed=0):
    """Runs that answer some label, or anything."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    sure = rng.random((runs, n)) < right
    return np.where(sure, labels, rng.integers(0, classes, (runs, n))), labels


def values(found):
    return {name: term.value for name, term in found.terms.items()}


def by_hand(predictions, labels, weight):
    """Domingos' terms, example by example and run by run."""
    found = dict.fromkeys(
        ("loss", "bias", "variance", "variance_unbiased", "variance_biased", "net_variance"), 0.0
    )
    for said, label, w in zip(
        predictions.T.tolist(), labels.tolist(), weight / weight.sum(), strict=True
    ):
        most = max(map(said.count, said))
        tied = [k for k in set(said) if said.count(k) == most]
        found["loss"] += w * sum(k != label for k in said) / len(said)
        for main in tied:
            part, biased = w / len(tied), main != label
            away = sum(k != main for k in said) / len(said)
            found["bias"] += part * biased
            found["variance"] += part * away
            found["variance_unbiased"] += 0 if biased else part * away
            found["variance_biased"] += part * said.count(label) / len(said) if biased else 0
    found["net_variance"] = found["variance_unbiased"] - found["variance_biased"]
    return found


# The vote


@pytest.mark.parametrize("runs, classes, n", [(2, 2, 50), (7, 4, 5000), (300, 3, 40), (5, 200, 60)])
def test_the_vote_of_each_example(runs, classes, n):
    predictions, labels = answers(runs, classes, n)
    found = votes(compact(predictions, classes), compact(labels, classes), classes)
    counts = np.stack([(predictions == k).sum(axis=0) for k in range(classes)])
    rest = counts.copy()
    rest[counts.argmax(axis=0), np.arange(n)] = -1
    assert (found.main == counts.argmax(axis=0)).all()
    assert (found.first == counts.max(axis=0)).all()
    assert (found.second == rest.max(axis=0)).all()
    tied, close, among = ties(compact(predictions, classes), found.first, classes)
    top = counts == counts.max(axis=0)
    assert (tied == top.sum(axis=0)).all()
    assert (close == (counts == counts.max(axis=0) - 1).sum(axis=0)).all()
    assert (among == np.take_along_axis(top, predictions, axis=0)).all()
    assert (found.right == (predictions == labels).sum(axis=0)).all()


def test_agreeing_counts_or_weighs():
    predictions, labels = answers(4, 3)
    weight = np.random.default_rng(1).random(300)
    assert agreeing(predictions, labels) == pytest.approx((predictions == labels).sum(axis=1))
    assert agreeing(predictions, labels, weight) == pytest.approx((predictions == labels) @ weight)


# 0–1 loss


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("runs, classes", [(2, 2), (3, 2), (4, 3), (9, 5)])
def test_terms_by_hand_and_the_identity(runs, classes, weighted):
    predictions, labels = answers(runs, classes)
    weight = np.random.default_rng(2).integers(0, 3, 300).astype(float) if weighted else None
    found = values(zero_one(predictions, labels, classes, weight=weight))
    expected = by_hand(predictions, labels, np.ones(300) if weight is None else weight)
    assert found == pytest.approx(expected, abs=1e-12)
    assert found["loss"] == pytest.approx(found["bias"] + found["net_variance"], abs=1e-12)


def test_where_the_vote_is_wrong_variance_lowers_the_loss():
    """Three runs, all examples of class 1, which one run in three answers."""
    found = values(zero_one([[0, 0], [0, 0], [1, 1]], [1, 1], 2))
    assert found["bias"] == 1
    assert found["loss"] == pytest.approx(2 / 3)
    assert found["net_variance"] == pytest.approx(-1 / 3)


def test_formulas_of_mlxtend():
    """`bias_variance_decomp(loss="0-1_loss")` of mlxtend 0.25, from its predictions on; it gives a
    tie to the first class, so that there are none here."""
    predictions, labels = answers(11, 4)
    counts = np.sort([(predictions == k).sum(axis=0) for k in range(4)], axis=0)
    clear = counts[-1] > counts[-2]
    predictions, labels = predictions[:, clear], labels[clear]
    main = np.apply_along_axis(lambda x: np.argmax(np.bincount(x)), 0, predictions)
    found = values(zero_one(predictions, labels, 4))
    assert found["loss"] == pytest.approx((predictions != labels).mean())
    assert found["bias"] == pytest.approx((main != labels).mean())
    assert found["variance"] == pytest.approx((predictions != main).mean())


@pytest.mark.parametrize("runs", [2, 4, 6])
def test_nothing_hangs_on_what_classes_are_called(runs):
    """Ties go to all of their classes."""
    predictions, labels = answers(runs, 3, right=0.3)
    named = np.array([2, 0, 1])
    one, other = zero_one(predictions, labels, 3), zero_one(named[predictions], named[labels], 3)
    for name, term in one.terms.items():
        assert asdict(term) == pytest.approx(asdict(other.terms[name]), nan_ok=True)


def test_a_tie_is_shared_out():
    found = values(zero_one([[0, 1], [1, 2]], [0, 0], 3))
    assert found["bias"] == pytest.approx((0.5 + 1) / 2)
    assert found["net_variance"] == pytest.approx(0.75 - 0.75)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("runs, classes", [(3, 2), (4, 2), (5, 3), (6, 4), (4, 6)])
def test_the_error_through_runs_is_their_jackknife(runs, classes, weighted):
    """Leaving out each run and counting anew."""
    predictions, labels = answers(runs, classes, right=0.3)
    weight = np.random.default_rng(3).random(300) if weighted else None
    without = [
        values(zero_one(np.delete(predictions, r, axis=0), labels, classes, weight=weight))
        for r in range(runs)
    ]
    for name, term in zero_one(predictions, labels, classes, weight=weight).terms.items():
        each = np.array([found[name] for found in without])
        if runs == 3 and name == "net_variance":
            assert each == pytest.approx(0, abs=1e-12)  # two runs are no vote
            each = np.sqrt(2) * np.array([found["loss"] for found in without])
        expected = np.sqrt((runs - 1) / runs * np.square(each - each.mean()).sum())
        assert term.runs == pytest.approx(expected, abs=1e-12), name


def test_expected_terms_over_all_runs_that_may_be():
    """Two examples whose every pattern of three runs is weighed by its probability: the mean of the
    estimated variance lies below the recipe's, and that of its upper reading above it."""
    chance = np.array([0.3, 0.45])  # of answering 1, where the label is 1
    low = high = loss = 0.0
    for said in itertools.product((0, 1), repeat=6):
        predictions = np.array(said).reshape(3, 2)
        p = np.where(predictions == 1, chance, 1 - chance).prod()
        found = zero_one(predictions, [1, 1], 2)
        rest = [np.delete(predictions, r, 0).mean(axis=0) for r in range(3)]
        others = [
            np.where(share == 0.5, 0.5, predictions[r] != (share > 0.5)).mean()
            for r, share in enumerate(rest)
        ]
        low, high = low + p * found.terms["variance"].value, high + p * np.mean(others)
        loss += p * found.terms["loss"].value
    assert low < np.minimum(chance, 1 - chance).mean() < high
    assert loss == pytest.approx((1 - chance).mean())


def test_the_variance_reaches_up_to_that_around_the_other_runs():
    """All of three votes hang on one run: those who differ may be any."""
    predictions = np.array([[0, 1] * 50, [0, 1] * 50, [1, 0] * 50])
    found = zero_one(predictions, [0, 1] * 50, 2)
    assert found.unsure == pytest.approx(1)
    variance = found.terms["variance"]
    assert variance.value == pytest.approx(1 / 3)
    assert variance.high > 2 / 3


# Squared loss


def test_squared_terms_over_pairs_of_runs():
    rng = np.random.default_rng(4)
    predictions, labels, weight = rng.normal(size=(5, 40)), rng.normal(size=40), rng.random(40)
    found = values(squared(predictions, labels, weight=weight))
    share, errors = weight / weight.sum(), predictions - labels
    pairs = [share @ (errors[i] * errors[j]) for i, j in itertools.combinations(range(5), 2)]
    assert found["bias"] == pytest.approx(np.mean(pairs))
    assert found["variance"] == pytest.approx(share @ predictions.var(axis=0, ddof=1))
    assert found["loss"] == pytest.approx(np.square(errors).mean(axis=0) @ share)
    assert found["loss"] == pytest.approx(found["bias"] + found["variance"])


def test_formulas_of_mlxtend_less_the_variance_that_its_bias_holds():
    """`loss="mse"` of mlxtend 0.25: its variance is divided by R, its bias² is the plug-in."""
    rng = np.random.default_rng(5)
    predictions, labels = rng.normal(size=(6, 50)), rng.normal(size=50)
    main = predictions.mean(axis=0)
    found = values(squared(predictions, labels))
    assert found["loss"] == pytest.approx(np.square(predictions - labels).mean())
    assert found["variance"] * 5 / 6 == pytest.approx(np.square(main - predictions).mean())
    plugged = np.square(main - labels).mean()
    assert found["bias"] + found["variance"] / 6 == pytest.approx(plugged)


def test_the_squared_errors_are_of_the_jackknife():
    rng = np.random.default_rng(6)
    predictions, labels = rng.normal(size=(5, 60)) + rng.normal(size=(5, 1)), rng.normal(size=60)
    without = [values(squared(np.delete(predictions, r, axis=0), labels)) for r in range(5)]
    for name, term in squared(predictions, labels).terms.items():
        each = np.array([found[name] for found in without])
        expected = np.sqrt(4 / 5 * np.square(each - each.mean()).sum())
        assert term.runs == pytest.approx(expected, abs=1e-12), name


def test_several_labels_tell_noise_from_bias():
    rng = np.random.default_rng(7)
    truth = rng.normal(size=20_000)
    labels = truth[:, None] + rng.normal(0, 0.7, (20_000, 3))
    predictions = truth + 0.5 + rng.normal(0, 0.3, (8, 20_000))
    found = values(squared(predictions, labels))
    assert found["noise"] == pytest.approx(0.49, abs=0.01)
    assert found["bias"] == pytest.approx(0.25, abs=0.02)
    assert found["variance"] == pytest.approx(0.09, abs=0.002)
    assert found["loss"] == pytest.approx(found["noise"] + found["bias"] + found["variance"])
    alone = values(squared(predictions, labels[:, 0]))
    assert "noise" not in alone
    assert alone["bias"] == pytest.approx(0.25 + 0.49, abs=0.02)


# Intervals


def test_two_runs_have_no_interval():
    found = zero_one([[0, 1, 1], [0, 0, 1]], [0, 1, 1], 2)
    assert "two runs" in found.reason
    assert {(term.low, term.high) for term in found.terms.values()} == {(0, 1), (-1, 1)}
    term = squared([[0.0, 1.0], [0.5, 1.0]], [0.0, 1.0]).terms["variance"]
    assert (term.low, term.high) == (0, np.inf)


def test_no_interval_is_of_no_width():
    """Runs that agree, and are right: of a share, the worst that so many examples allow."""
    for name, term in zero_one(np.zeros((5, 100), int), np.zeros(100, int), 2).terms.items():
        if name != "net_variance":
            assert term.low == 0
            assert term.high == pytest.approx(1 - 0.025 ** (1 / 100), rel=0.05)


def test_clusters_widen_the_interval():
    predictions, labels = answers(5, 2, n=50, right=0.8)
    again, code = np.tile(predictions, 20), np.tile(np.arange(50), 20)
    once = zero_one(predictions, labels, 2).terms["loss"]
    alone = zero_one(again, np.tile(labels, 20), 2).terms["loss"]
    clustered = zero_one(again, np.tile(labels, 20), 2, unit=code).terms["loss"]
    assert clustered.examples == pytest.approx(once.examples)
    assert alone.examples < once.examples / 4


# Spread


def test_spread_from_run_to_run():
    drawn = np.array([0.10, 0.12, 0.11, 0.15, 0.13])
    found = spread(drawn, 0.9)
    sd = drawn.std(ddof=1)
    assert (found.mean, found.sd) == pytest.approx((0.122, sd))
    assert (found.sd_low, found.sd_high) == pytest.approx(
        tuple(sd * np.sqrt(4 / chi2(4).ppf([0.95, 0.05])))
    )
    assert found.differ == pytest.approx(t(4).ppf(0.95) * np.sqrt(2) * sd)
    assert found.high - found.mean == pytest.approx(t(4).ppf(0.95) * sd / np.sqrt(5))
