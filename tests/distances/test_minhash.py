"""Near-duplicate texts: what is told is exact, and what is missed is as rare as is promised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalharness.distances.minhash import BANDS, ROWS, caught, jaccard, near, shingles, signatures

# Mining of Massive Datasets, chapter 3: 20 bands of 5 rows.
S_CURVE = {0.2: 0.0064, 0.3: 0.0475, 0.4: 0.186, 0.5: 0.4701, 0.6: 0.8019, 0.7: 0.9748, 0.8: 0.9996}


def words(random, many):
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    return np.array(["".join(random.choice(letters, random.integers(3, 9))) for _ in range(many)])


def overlapping(random, similarity, size=300):
    """Two texts without spaces whose shingles have about this Jaccard similarity."""
    both = round(similarity * 2 * size / (1 + similarity))
    # So many characters that no shingle repeats.
    drawn = random.integers(0x4E00, 0x9000, 2 * size - both, dtype=np.uint32)
    text = drawn.tobytes().decode("utf-32-le")
    return text[:size], text[:both] + text[size:]


@pytest.mark.parametrize("similarity, probability", S_CURVE.items())
def test_the_s_curve(similarity, probability):
    assert caught(similarity) == pytest.approx(probability, abs=1e-4)


def test_a_known_similarity():
    # t0 … t99 and t20 … t119: 80 of 120; of 256 hashes the standard error is .0295.
    random = np.random.default_rng(0)
    one, other = overlapping(random, 2 / 3, 1000)
    exact = jaccard(one, other)
    assert exact == pytest.approx(2 / 3, abs=0.005)
    agree = [
        (a == b).mean() for a, b in (signatures([one, other], seed) for seed in range(10))
    ]  # 1,000 hashes: a standard error of .015
    assert np.mean(agree) == pytest.approx(exact, abs=4 * 0.015)


@given(st.text("abc ", max_size=12), st.text("abc ", max_size=12))
def test_similarity_is_that_of_the_sets(one, other):
    def of(text):
        return {text[i : i + 5] for i in range(max(len(text) - 4, 1))} - {""}

    a, b = of(one), of(other)
    assert shingles(one) == a
    assert jaccard(one, other) == (len(a & b) / len(a | b) if a | b else 0)


@given(st.lists(st.text("ab\u00e9\U0001f600", min_size=1, max_size=9), min_size=1, max_size=9))
def test_a_signature_does_not_depend_on_its_neighbours(texts):
    alone = np.concatenate([signatures([text]) for text in texts])
    assert np.array_equal(signatures(texts), alone)
    assert alone.shape == (len(texts), BANDS * ROWS)
    for i, one in enumerate(texts):
        for j, other in enumerate(texts):
            assert np.array_equal(alone[i], alone[j]) == (shingles(one) == shingles(other))


def test_blocks_do_not_change_signatures(monkeypatch):
    texts = [" ".join(words(np.random.default_rng(i), 12)) for i in range(40)]
    whole = signatures(texts)
    monkeypatch.setattr("evalharness.distances.minhash.CHARACTERS", 200)
    assert np.array_equal(signatures(texts), whole)


def test_finds_what_was_changed_a_little_and_nothing_else():
    random = np.random.default_rng(1)
    known = words(random, 3000)
    table = random.choice(known, (1200, 40))
    references = [" ".join(row) for row in table[:1000]]
    changed = table[:100].copy()
    changed[np.arange(100), random.integers(0, 40, 100)] = random.choice(known, 100)
    queries = [" ".join(row) for row in changed] + [" ".join(row) for row in table[1000:]]
    found, similarity = near(queries, references)
    assert found[:100].tolist() == list(range(100))
    assert (found[100:] == -1).all()
    assert (similarity[100:] == 0).all()
    for query, place, value in zip(queries[:100], found, similarity, strict=False):
        assert value == jaccard(query, references[place]) >= 0.8


def test_short_and_empty_texts():
    found, similarity = near(["yes", "no", "", "yess", "hello"], ["", "yes", "hello", "yes"])
    assert found.tolist() == [1, -1, -1, -1, 2]
    assert similarity.tolist() == [1, 0, 0, 0, 1]
    assert near(["abc"], [""])[0].tolist() == [-1]


def test_a_higher_similarity_can_be_asked_for():
    one, other = overlapping(np.random.default_rng(2), 0.85)
    assert near([one], [other], 0.8)[0].tolist() == [0]
    assert near([one], [other], 0.9)[0].tolist() == [-1]


def test_texts_of_one_template_stay_cheap_and_are_found():
    """Each reference is a candidate of each query, and only few are near enough."""
    random = np.random.default_rng(3)
    start = "what is the sum of the following two numbers, when written as a decimal number: "
    numbers = random.integers(10**11, 10**12, (3000, 4))
    references = [start + " and ".join(map(str, row)) for row in numbers]
    queries = [text[:-1] + "x" for text in references[:200]]
    found, _ = near(queries, references)
    assert found.tolist() == list(range(200))


@pytest.mark.calibration
@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.8, 0.9])
def test_candidates_follow_the_s_curve(similarity):
    random = np.random.default_rng(4)
    pairs = [overlapping(random, similarity, 200) for _ in range(1000)]
    exact = np.mean([jaccard(*pair) for pair in pairs])
    a, b = (signatures(texts).reshape(-1, BANDS, ROWS) for texts in zip(*pairs, strict=True))
    share = (a == b).all(axis=2).any(axis=1).mean()
    expected = np.mean([caught(jaccard(*pair)) for pair in pairs])
    error = np.sqrt(max(expected * (1 - expected), 1e-3) / 1000)
    assert share == pytest.approx(expected, abs=4 * error)
    agree = (a == b).mean(axis=(1, 2))
    assert agree.mean() == pytest.approx(exact, abs=0.01)
    # As of independent hashes: √(J (1 − J) / 100).
    assert agree.std() == pytest.approx(np.sqrt(exact * (1 - exact) / 100), rel=0.15)


@pytest.mark.calibration
def test_what_is_near_is_found_in_full_buckets_too():
    """Templates fill the buckets, so that two bands must agree; all pairs are compared as well."""
    random = np.random.default_rng(5)
    start = "please answer the question about the stock of the shop in one short sentence: are "
    numbers = random.integers(0, 100, (2100, 3))
    texts = [f"{start}{a} apples and {b} pears worth {c} pounds" for a, b, c in numbers]
    queries, references = texts[:100], texts[100:]
    found, _ = near(queries, references, 0.86)
    sets = [set(shingles(text)) for text in references]
    best = np.array(
        [max(len(shingles(q) & s) / len(shingles(q) | s) for s in sets) for q in queries]
    )
    assert 40 <= (best >= 0.86).sum() <= 80
    assert (found[best < 0.86] == -1).all()
    assert (found[best >= 0.86] >= 0).mean() >= 0.95
