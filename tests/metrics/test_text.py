"""Metrics of texts, preferences and log likelihoods: against jiwer, SQuAD's own words and NumPy."""

import math
import re
import string
from collections import Counter

import jiwer
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evalharness import Outputs, OutputsError
from evalharness.declare.errors import DeclarationError
from evalharness.metrics.preferences import perplexity, win_rate
from evalharness.metrics.text import (
    basic,
    character_error_rate,
    deletion_rate,
    exact_text_match,
    insertion_rate,
    squad,
    substitution_rate,
    token_f1,
    token_overlap,
    word_error_rate,
)
from tests.metrics.measure import measure, run

BASIC = jiwer.Compose(
    [jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.RemoveMultipleSpaces(), jiwer.Strip()]
)
REFERENCES = [
    "the cat sat on the mat",
    "Hello, World!",
    "naïve café 日本語 テスト",
    "👩‍👩‍👧 family 🎉",
    "no no no no",
    "Don't   stop",
    "the",
]
HYPOTHESES = [
    "the cat sit on mat today",
    "hello world",
    "naive café 日本 テスト",
    "👩‍👩‍👧 🎉 family",
    "no no",
    "dont stop",
    "",
]


def value(metric, references=REFERENCES, hypotheses=HYPOTHESES, **options):
    table = {"label": references, "prediction": hypotheses}
    return measure([metric], table, **options)[metric.on("test")].value


# What jiwer says, for each normalisation and unit.


def wer(references, hypotheses, prepare=lambda x: x):
    return jiwer.wer(prepare(references), prepare(hypotheses))


def cer(references, hypotheses, prepare=lambda x: x):
    return jiwer.cer(prepare(references), prepare(hypotheses))


def squad_words(text):
    """SQuAD's normalize_answer, as its script has it."""
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def squad_f1(reference, hypothesis):
    """SQuAD 2.0's compute_f1, as its script has it."""
    gold, predicted = squad_words(reference), squad_words(hypothesis)
    common = sum((Counter(gold) & Counter(predicted)).values())
    if not gold or not predicted:
        return float(gold == predicted)
    if not common:
        return 0.0
    precision, recall = common / len(predicted), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def share(found):
    return float(np.mean([float(x) for x in found]))


ROWS = [
    (word_error_rate, wer),
    (word_error_rate(normalize="basic"), lambda r, h: wer(r, h, BASIC)),
    (character_error_rate, cer),
    (character_error_rate(normalize="basic"), lambda r, h: cer(r, h, BASIC)),
    (exact_text_match, lambda r, h: share(a == b for a, b in zip(r, h, strict=True))),
    (
        exact_text_match(normalize="basic"),
        lambda r, h: share(a == b for a, b in zip(BASIC(r), BASIC(h), strict=True)),
    ),
    (
        exact_text_match(normalize="squad"),
        lambda r, h: share(squad_words(a) == squad_words(b) for a, b in zip(r, h, strict=True)),
    ),
    (token_f1, lambda r, h: share(map(squad_f1, r, h))),
]


@pytest.mark.parametrize("metric, oracle", ROWS, ids=lambda x: str(x) if hasattr(x, "on") else "")
def test_agrees_with_the_oracle(metric, oracle):
    assert value(metric) == pytest.approx(oracle(REFERENCES, HYPOTHESES), abs=1e-12)
    assert value(metric, REFERENCES[:1], HYPOTHESES[:1]) == pytest.approx(
        oracle(REFERENCES[:1], HYPOTHESES[:1]), abs=1e-12
    )
    # The perfect hypothesis.
    assert value(metric, REFERENCES, REFERENCES) == (
        1.0 if metric.definition.better == "higher" else 0
    )


WORDS = [
    "a",
    "the",
    "An",
    "cat",
    "Cat.",
    "don't",
    "—",
    "日本",
    "👩‍👩‍👧",
    "e\u0301",
    "é",
    "x_y",
    "$5",
]
line = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


def kept(text):
    """jiwer takes no reference that is empty after its preparation."""
    return bool(BASIC(text))


@settings(max_examples=20)
@given(st.lists(st.tuples(line, line), min_size=1, max_size=5))
def test_agrees_on_anything_small(rows):
    assume(all(kept(reference) for reference, _ in rows))
    references, hypotheses = (list(x) for x in zip(*rows, strict=True))
    result = measure([m for m, _ in ROWS], {"label": references, "prediction": hypotheses})
    for metric, oracle in ROWS:
        wanted = oracle(references, hypotheses)
        assert result[metric.on("test")].value == pytest.approx(wanted, abs=1e-12), metric


text = st.text(alphabet=st.characters(codec="utf-8"), max_size=12)


@settings(max_examples=100)
@given(st.lists(st.tuples(text, text), min_size=1, max_size=4))
def test_normalisations_and_overlap_of_any_text(rows):
    references, hypotheses = (list(x) for x in zip(*rows, strict=True))
    assert [s.split() for s in squad(references)] == list(map(squad_words, references))
    spaced = [" ".join(s.split()) for s in references]  # jiwer leaves a lone tab as it is
    assert basic(references) == [" ".join(BASIC(s).split()) for s in spaced]
    wanted = list(map(squad_f1, references, hypotheses))
    assert token_overlap(references, hypotheses) == pytest.approx(wanted, abs=1e-12)


def test_rates_of_kinds_add_up():
    rates = [substitution_rate, deletion_rate, insertion_rate]
    table = {"label": REFERENCES, "prediction": HYPOTHESES}
    result = measure([word_error_rate, *rates], table)
    found = [result[m.on("test")].value for m in rates]
    assert sum(found) == pytest.approx(result[word_error_rate.on("test")].value)
    assert found == pytest.approx([6 / 22, 5 / 22, 2 / 22])


# Edges


def test_an_empty_reference_adds_insertions_and_no_words():
    assert value(word_error_rate, ["", "a b"], ["x y", "a b"]) == 1.0
    assert value(word_error_rate, ["", "a b"], ["", "a b"]) == 0.0
    assert value(insertion_rate, ["a"], ["a b c d"]) == 3.0


@pytest.mark.parametrize("metric", [word_error_rate, character_error_rate, insertion_rate], ids=str)
def test_nothing_but_empty_references_is_undefined(metric):
    found = measure([metric], {"label": ["", " "], "prediction": ["a", ""]})[metric.on("test")]
    assert math.isnan(found.value)
    assert found.reason.startswith("0/0: every reference is empty")
    assert (found <= 0.1).outcome == "inconclusive"


def test_no_errors_at_all_do_not_pass_by_themselves():
    """Twenty texts without an error: how much they vary is unknown, so nothing decides."""
    table = {"label": ["a b c"] * 20, "prediction": ["a b c"] * 20}
    found = measure([word_error_rate], table)[word_error_rate.on("test")]
    assert found.value == 0
    assert (found <= 0.5).outcome == "inconclusive"


def test_references_longer_than_any_kernel_width():
    reference = " ".join(str(i) for i in range(1_500))
    hypothesis = reference.replace(" 700 ", " x ").replace(" 900 ", " ")
    assert value(word_error_rate, [reference, "a"], [hypothesis, "a"]) == 2 / 1_501


def test_slices_weights_and_order():
    table = {"label": REFERENCES, "prediction": HYPOTHESES, "x": list("aabbaab")}
    metric = word_error_rate.on("test", x="b")
    chosen = [2, 3, 6]
    wanted = wer([REFERENCES[i] for i in chosen], [HYPOTHESES[i] for i in chosen])
    assert run(Outputs(test=table), also=[metric])[metric].value == pytest.approx(wanted)
    weighted = {k: v[::-1] for k, v in table.items()} | {"weight": [2.0, *[1.0] * 6]}
    again = measure([word_error_rate], weighted)[word_error_rate.on("test")].value
    assert again == pytest.approx(wer([*REFERENCES, "the"], [*HYPOTHESES, ""]))


# Bad input


def problems(metric, table, **options):
    with pytest.raises(OutputsError) as caught:
        measure([metric], table, **options)
    return "\n".join(caught.value.problems)


TEXTS = [word_error_rate, character_error_rate, exact_text_match, token_f1, deletion_rate]


@pytest.mark.parametrize("metric", TEXTS, ids=str)
def test_what_is_no_text_is_refused(metric):
    said = problems(metric, {"label": [1, 2], "prediction": [["a"], ["b"]]})
    assert "column `label` is int64, but this metric (`" in said
    assert "`) compares texts; cast it to text" in said
    assert "join the tokens of each row" in said
    said = problems(metric, {"prediction": ["a"]})
    assert "no column `label`" in said
    said = problems(metric, {"label": ["a", None, "b"], "prediction": [None, "a", None]})
    assert "column `label` is null in 1 row, first row 1" in said
    assert "column `prediction` is null in 2 rows, first row 0" in said
    assert 'missing="wrong"' in said


@pytest.mark.parametrize("nothing", [[None, "a"], [None, None]])
def test_no_answer_is_an_empty_text_where_it_counts_as_wrong(nothing):
    there = [x or "" for x in nothing]
    for metric in (word_error_rate, exact_text_match, token_f1):
        found = value(metric, ["a b", "a"], nothing, missing="wrong")
        assert found == value(metric, ["a b", "a"], there)


@pytest.mark.parametrize("metric", [word_error_rate, exact_text_match], ids=str)
def test_an_unknown_normalisation_is_refused(metric):
    said = problems(metric(normalize="lower"), {"label": ["a"], "prediction": ["a"]})
    assert "normalize='lower': it must be 'none' or 'basic' or 'squad'" in said
    with pytest.raises(DeclarationError, match="no parameter 'normalise'"):
        metric(normalise="basic")


# Preferences and log likelihoods


def test_win_rate_counts_ties_half():
    words = ["win", "tie", "loss", "win"]
    numbers = [1, 0.5, 0, 1]
    for given_ in (words, numbers):
        assert measure([win_rate()], {"preference": given_})[win_rate().on("test")].value == 0.625
    metric = win_rate("judge")
    assert measure([metric], {"judge": [1, 0, 1]})[metric.on("test")].value == pytest.approx(2 / 3)
    assert str(metric.on("test") >= 0.5) == 'win_rate("judge").on("test") >= 0.5'


@pytest.mark.parametrize(
    "column, found",
    [
        (["win", "won"], "column `preference` is 'won' in row 1"),
        (["win", None], "column `preference` is null in row 1"),
        ([1, 0.3], "column `preference` is 0.3 in row 1"),
        ([1.0, math.nan], "NaN or infinite in 1 row"),
        ([True, False], "is boolean"),
    ],
)
def test_a_preference_of_another_kind_is_refused(column, found):
    assert found in problems(win_rate(), {"preference": column})


def test_perplexity():
    likelihood, tokens = np.array([-20.0, -3.5, -8.0]), np.array([10, 1, 4])
    table = {"log_likelihood": likelihood, "tokens": tokens}
    metric = perplexity()
    found = measure([metric], table)[metric.on("test")].value
    assert found == pytest.approx(np.exp(-likelihood.sum() / tokens.sum()))
    alone = perplexity(tokens=None)
    found = measure([alone], {"log_likelihood": likelihood})[alone.on("test")].value
    assert found == pytest.approx(np.exp(-likelihood.mean()))
    assert str(alone) == 'perplexity("log_likelihood", tokens=None)'
    assert str(metric) == 'perplexity("log_likelihood")' != str(perplexity("logp"))


def test_perplexity_of_a_model_that_knows_nothing():
    rng = np.random.default_rng(0)
    tokens = rng.integers(5, 40, 300)
    likelihood = -np.log(50) * tokens * rng.uniform(0.8, 1.2, 300)
    metric = perplexity().on("test")
    found = measure([perplexity()], {"log_likelihood": likelihood, "tokens": tokens})[metric]
    assert found.low < 50 < found.high
    assert (found <= 60).outcome == "pass"
    assert (found <= 40).outcome == "fail"


@pytest.mark.parametrize(
    "table, found",
    [
        ({"log_likelihood": [-1.0, 2.0], "tokens": [1, 1]}, "`log_likelihood` is 2 in 1 row"),
        ({"log_likelihood": [-1.0, -2.0], "tokens": [0, 1]}, "`tokens` is 0 in 1 row"),
        ({"log_likelihood": [-1.0, -2.0], "tokens": [1.5, 1]}, "`tokens` is 1.5 in 1 row"),
        ({"log_likelihood": [-1.0, -math.inf], "tokens": [1, 1]}, "NaN or infinite"),
        ({"log_likelihood": [-1.0, -2.0]}, "no column `tokens`"),
    ],
)
def test_what_is_no_log_likelihood_is_refused(table, found):
    assert found in problems(perplexity(), table)


def test_names_of_columns():
    for make in (win_rate, perplexity):
        with pytest.raises(DeclarationError, match="takes the name of a column"):
            make(3)
    with pytest.raises(DeclarationError, match="takes the name of a column"):
        perplexity(tokens=3)
