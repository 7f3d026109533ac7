"""What is promised of looks: whoever sees one bit of each learns next to nothing, and a bad model
passes ever with a probability of at most α."""

from functools import cache

import numpy as np
import pytest

from evalharness import Evaluation, Ledger, Outputs
from evalharness.inference.power import least_hits
from evalharness.ledger import file
from evalharness.ledger.spending import next_level
from evalharness.metrics import accuracy

pytestmark = pytest.mark.calibration

ALPHA = 0.05
N, SUBMISSIONS = 2000, 400


@cache
def needed(threshold, n, level):
    """Hits that pass; more than n where none do."""
    found = least_hits(threshold, n, level) if level else None
    return n + 1 if found is None else found


def judged(hits, n, threshold, looks=None):
    """Of submissions one after the other, which pass the enforced bound."""
    passed = []
    for k in hits:
        passed.append(bool(k >= needed(threshold, n, next_level(ALPHA, passed, looks))))
    return np.array(passed)


def attack(rng, feedback):
    """Inflation of the accuracy of guesses after Blum & Hardt's boosting attack (2015): guess, keep
    what the feedback says is good, and answer by the majority of what was kept."""
    label = rng.integers(0, 2, N)
    guesses = rng.integers(0, 2, (SUBMISSIONS, N))
    good = feedback((guesses == label).sum(axis=1))
    kept = guesses[good] if good.any() else guesses
    votes = kept.mean(axis=0)
    answer = np.where(votes == 0.5, guesses[0], votes > 0.5)
    return (answer == label).mean() - 0.5


def test_adaptive_submissions_learn_nothing_from_an_enforced_gate():
    """400 submissions at n = 2,000: full feedback gives 0.1, the enforced gate less than 0.005."""
    rng = np.random.default_rng(0)
    full = [attack(rng, lambda hits: hits > N / 2) for _ in range(20)]
    assert 0.09 < np.mean(full) < 0.11
    one_bit = [attack(rng, lambda hits: judged(hits, N, 0.5)) for _ in range(150)]
    error = np.std(one_bit) / np.sqrt(len(one_bit))
    assert error < 0.0012
    assert np.mean(one_bit) + 2 * error < 0.005


def test_the_evaluation_decides_as_is_simulated_here(tmp_path):
    path = tmp_path / "a.ledger"
    file.append(path, [], "")
    ledger = Ledger(str(path), mode="enforce")
    cats = type(
        "TestCats",
        (Evaluation,),
        {"satisficing": [accuracy.on("test") >= 0.5], "ledger": ledger},
    )
    rng = np.random.default_rng(1)
    label, row = rng.integers(0, 2, 400), np.arange(400)
    found, hits = [], []
    for share in rng.uniform(0.5, 0.7, 40):
        prediction = np.where(rng.random(400) < share, label, 1 - label)
        hits.append((prediction == label).sum())
        result = cats.run(Outputs(test={"id": row, "label": label, "prediction": prediction}))
        found.append(result.outcome == "pass")
    assert found == judged(hits, 400, 0.5).tolist()
    assert 3 < sum(found) < 37


@pytest.mark.parametrize("looks", [None, 20])
def test_a_model_at_the_threshold_passes_ever_at_most_at_the_level(looks):
    """A hundred looks with a new bad model each."""
    rng = np.random.default_rng(2)
    hits = rng.binomial(N, 0.9, (4000, 100))
    ever = np.mean([judged(row, N, 0.9, looks).any() for row in hits])
    assert ever < ALPHA + 3 * np.sqrt(ALPHA * 0.95 / 4000)
    unspent = np.mean([(row >= needed(0.9, N, ALPHA)).any() for row in hits[:500]])
    assert unspent > 0.9


def test_adding_examples_until_it_passes_does_not_help():
    """One model at the threshold, on 400 examples and then on 200 more at each look."""
    rng = np.random.default_rng(3)
    sizes = np.arange(400, 400 + 200 * 30, 200)
    right = rng.random((4000, sizes[-1])) < 0.9
    hits = np.cumsum(right, axis=1)[:, sizes - 1]
    level, least = [], []
    for look, n in enumerate(sizes):
        level.append(next_level(ALPHA, [False] * look))
        least.append(needed(0.9, int(n), level[-1]))
    ever = (hits >= least).any(axis=1).mean()
    assert ever < ALPHA
    fixed = (hits >= [needed(0.9, int(n), ALPHA) for n in sizes]).any(axis=1).mean()
    assert fixed > 2 * ALPHA
