"""Edits are counted exactly, whatever the lengths: against the table filled by hand, and jiwer."""

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.kernels import edits as kernel
from evalharness.statistics.base import Columns
from evalharness.statistics.text import EDITS, Uncounted
from evalharness.statistics.tokens import TokenPairs, Tokens, characters, words

WORDS = ["a", "b", "c", "ab", "é", "日本", "👩‍👩‍👧", "z\u0301"]


def tokens(sequences: list[list[int]]) -> Tokens:
    ends = np.cumsum([0, *(len(s) for s in sequences)])
    return Tokens(np.array([t for s in sequences for t in s], np.int32), ends)


def by_hand(reference: list[int], hypothesis: list[int]) -> tuple[int, int, int]:
    """Substitutions, deletions, insertions: least edits, and of those alignments most matches."""
    row = [(j, 0, 0, j) for j in range(len(hypothesis) + 1)]  # edits, then S, D, I
    for i, r in enumerate(reference, 1):
        above, row = row, [(i, 0, i, 0)]
        for j, h in enumerate(hypothesis, 1):
            e, s, d, n = above[j - 1]
            same = (e, s, d, n) if r == h else (e + 1, s + 1, d, n)
            e, s, d, n = above[j]
            deleted = (e + 1, s, d + 1, n)
            e, s, d, n = row[j - 1]
            row.append(min(same, deleted, (e + 1, s, d, n + 1)))
    return row[-1][1:]


def pairs(seed: int, n: int, longest: int, vocabulary: int) -> tuple[list, list]:
    rng = np.random.default_rng(seed)

    def draw() -> list[int]:
        return rng.integers(0, vocabulary, rng.integers(0, longest + 1)).tolist()

    return [draw() for _ in range(n)], [draw() for _ in range(n)]


@pytest.mark.parametrize(
    "n, longest, vocabulary",
    # Around the widths of the programs, where the reference needs one row more.
    [(300, 6, 2), (300, 34, 3), (60, 70, 2), (6, 140, 4), (3, 300, 3)],
)
def test_counts_as_the_table_filled_by_hand(n, longest, vocabulary):
    references, hypotheses = pairs(n, n, longest, vocabulary)
    found = kernel.edits(tokens(references), tokens(hypotheses))
    wanted = [by_hand(r, h) for r, h in zip(references, hypotheses, strict=True)]
    assert found.tolist() == [list(w) for w in wanted]


@pytest.mark.parametrize("length", [31, 32, 33, 63, 64, 127, 128, 129, 255, 256])
def test_at_the_widths_of_the_programs(length):
    """All wrong, all missing, all too much, and all right."""
    one, other, none = [1] * length, [2] * length, []
    found = kernel.edits(tokens([one, one, none, one]), tokens([other, none, one, one]))
    assert found.tolist() == [[length, 0, 0], [0, length, 0], [0, 0, length], [0, 0, 0]]


@pytest.mark.parametrize("width", [1, 4, 16])
def test_longer_than_any_width_is_exact(monkeypatch, width):
    """However narrow the first program, and however few cells fit at a time."""
    references, hypotheses = pairs(1, 40, 50, 3)
    wanted = kernel.edits(tokens(references), tokens(hypotheses))
    monkeypatch.setattr(kernel, "NARROWEST", width)
    monkeypatch.setattr(kernel, "CELLS", 8 * width)
    found = kernel.edits(tokens(references), tokens(hypotheses))
    assert found.tolist() == wanted.tolist()


def test_what_both_begin_and_end_with_costs_nothing(monkeypatch):
    """Only what lies between goes to the device; what one has and the other not, does not."""
    monkeypatch.setattr(kernel, "NARROWEST", 2)  # all would fit into the narrowest program
    sent = []
    original = kernel._columns
    monkeypatch.setattr(
        kernel,
        "_columns",
        lambda codes, spans, rows, *x: sent.append(list(rows)) or original(codes, spans, rows, *x),
    )
    rows = [("a b c", "a b c"), ("a a", "a a a"), ("a b a", "a a"), ("x a y", "x b y"), ("", "a")]
    found = kernel.edits(*words(*zip(*rows, strict=True)))
    assert found.tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert sent == [[3], [3]]


def test_thousands_of_tokens():
    rng = np.random.default_rng(0)
    reference = rng.integers(0, 50, 3_000)
    hypothesis = np.delete(reference, [5, 700, 701])
    hypothesis[[100, 1_500]] = 99
    hypothesis = np.insert(hypothesis, 2_000, [98])
    found = kernel.edits(tokens([reference.tolist(), [1]]), tokens([hypothesis.tolist(), [1]]))
    assert found.tolist() == [[2, 3, 1], [0, 0, 0]]


def test_integers_that_hold_every_cost():
    """The narrowest type still holds the largest cost, and what keeps the first row away."""
    for width in (32, 128, 256, 1 << 15, 1 << 16):
        most = np.iinfo(kernel._dtype(width)).max
        edit = kernel._edit(width)
        largest = width * edit + width  # all substituted
        assert largest + 2 * (edit + 1) < most - 3 * edit < most


def test_no_pairs_and_empty_pairs():
    assert kernel.edits(tokens([]), tokens([])).shape == (0, 3)
    assert kernel.edits(tokens([[], [3]]), tokens([[], []])).tolist() == [[0, 0, 0], [0, 1, 0]]


def test_of_equal_alignments_the_one_with_most_matches():
    """ "a b" for "b a" is two substitutions, or a deletion and an insertion around a match."""
    assert kernel.edits(*words(["a b"], ["b a"])).tolist() == [[0, 1, 1]]


def test_the_rates_of_one_table_are_counted_once(monkeypatch):
    counted = []
    original = kernel.edits
    monkeypatch.setattr(kernel, "edits", lambda *x: counted.append(1) or original(*x))
    both = TokenPairs(*words(["a b c", ""], ["a x c d", "e"]))
    for kinds, sums in (
        (EDITS, [2, 1]),
        (("substitutions",), [1, 0]),
        (("deletions",), [0, 0]),
        (("insertions",), [1, 1]),
    ):
        found = kernel.resolved(Columns({}, values=Uncounted(both, kinds)))
        assert found.arrays["numerator"].tolist() == sums
        assert found.arrays["denominator"].tolist() == [3, 0]
        assert found.values is None
    assert counted == [1]
    plain = Columns({"value": np.zeros(2)})
    assert kernel.resolved(plain) is plain


texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(texts.filter(bool), texts), min_size=1, max_size=6))
def test_agrees_with_jiwer(rows):
    """jiwer's choice among equal alignments is its own: the sums and differences are not."""
    references, hypotheses = (list(x) for x in zip(*rows, strict=True))
    for tokenize, process in (
        (words, jiwer.process_words),
        (characters, jiwer.process_characters),
    ):
        found = kernel.edits(*tokenize(references, hypotheses))
        for row, r, h in zip(found, references, hypotheses, strict=True):
            theirs = process(r, h)
            assert row.sum() == theirs.substitutions + theirs.deletions + theirs.insertions
            assert row[1] - row[2] == theirs.deletions - theirs.insertions
            assert row[0] <= theirs.substitutions


def test_agrees_with_jiwer_where_its_alignment_is_the_same():
    references = ["the cat sat on the mat", "one two three", "a", "x y"]
    hypotheses = ["the cat sit on mat", "one two three four", "b", ""]
    theirs = jiwer.process_words(references, hypotheses)
    found = kernel.edits(*words(references, hypotheses)).sum(axis=0)
    assert found.tolist() == [theirs.substitutions, theirs.deletions, theirs.insertions]


def test_words_are_split_as_python_splits_them():
    """At every white space of Unicode, and at nothing else."""
    every = [chr(c) for c in range(0x3100) if not 0xD800 <= c < 0xE000]
    given = [f"a{c}b" for c in every] + [f" {c} a {c}" for c in every] + ["", "  "]
    found, _ = words(given, [])
    assert found.lengths.tolist() == [len(text.split()) for text in given]
