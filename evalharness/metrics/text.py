"""Metrics of texts: how a hypothesis (`prediction`) differs from its reference (`label`).

The utterance is the unit of inference, whatever its length: words of one utterance go wrong
together. Words are what stands between white space, characters are Unicode code points. "é" in one
code point is not "e" with an accent: bring both columns to one Unicode form where that may differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from evalharness.declare.forms import Mean, Proportion, Ratio, Undefined
from evalharness.declare.metric import metric
from evalharness.metrics.domain import refuse_parameter
from evalharness.statistics.tables import MomentTable, PairTable, Share
from evalharness.statistics.text import Edits, TextFlags, TextMoments
from evalharness.statistics.tokens import Tokens, characters, words

RATE = (0, math.inf)


def basic(texts: list[str]) -> list[str]:
    """Lower case, without punctuation (Unicode categories P*), single spaces, none at the ends.

    >>> basic(["  Don't — stop!", "¿Qué?"])
    ['dont stop', 'qué']
    """
    from unicodedata import category

    bare = _without([text.lower() for text in texts], lambda c: category(c)[0] == "P")
    return [" ".join(text.split()) for text in bare]


def squad(texts: list[str]) -> list[str]:
    """As SQuAD's official script: lower case, without ASCII punctuation, without the words a, an
    and the, single spaces.

    >>> squad(["The  well-known A.", "an"])
    ['wellknown', '']
    """
    import re
    from string import punctuation

    article = re.compile(r"\b(a|an|the)\b")
    bare = _without([text.lower() for text in texts], lambda c: c in punctuation)
    return [" ".join(article.sub(" ", text).split()) for text in bare]


NORMALIZE: dict[str, Callable[[list[str]], list[str]]] = {
    "none": lambda texts: texts,
    "basic": basic,
    "squad": squad,
}


def word_pairs(
    references: list[str], hypotheses: list[str], *, normalize: str = "none"
) -> tuple[Tokens, Tokens]:
    """The words of each reference and hypothesis."""
    form = _normalizer(normalize)
    return words(form(references), form(hypotheses))


def character_pairs(
    references: list[str], hypotheses: list[str], *, normalize: str = "none"
) -> tuple[Tokens, Tokens]:
    """The characters of each reference and hypothesis, but for white space at the ends."""
    form = _normalizer(normalize)
    return characters(form(references), form(hypotheses))


@metric(Edits(word_pairs), better="lower", range=RATE)
def word_error_rate(table: PairTable) -> Ratio | Undefined:
    """Word edits for each word of the references: Σ(S + D + I) / Σ(reference words).

    Least numbers of substituted, deleted and inserted words, summed over the utterances; above 1
    where much is inserted. An empty reference adds insertions and no words; undefined when all are
    empty. `normalize`: "none", "basic" (lower case, no punctuation) or "squad". As jiwer's wer,
    which splits at spaces, but not at a lone tab or line break.

    >>> word_error_rate.value(PairTable(n=2, numerator=3, denominator=12))
    0.25
    """
    return _for_each_token(table)


@metric(Edits(character_pairs), better="lower", range=RATE)
def character_error_rate(table: PairTable) -> Ratio | Undefined:
    """Character edits for each character of the references: Σ(S + D + I) / Σ(reference characters).

    Characters are Unicode code points, spaces too, but for white space at the ends; else as
    `word_error_rate`. As jiwer's cer.

    >>> character_error_rate.value(PairTable(n=2, numerator=2, denominator=40))
    0.05
    """
    return _for_each_token(table)


@metric(Edits(word_pairs, kinds=("substitutions",)), better="lower", range=(0, 1))
def substitution_rate(table: PairTable) -> Ratio | Undefined:
    """Substituted words for each word of the references: ΣS / Σ(reference words).

    Of the alignments with the fewest edits, the one with the most matching words is counted. (jiwer
    counts whichever it meets first: its S may be larger, with as much less in D and I.)

    >>> substitution_rate.value(PairTable(n=2, numerator=1, denominator=10))
    0.1
    """
    return _for_each_token(table)


@metric(Edits(word_pairs, kinds=("deletions",)), better="lower", range=(0, 1))
def deletion_rate(table: PairTable) -> Ratio | Undefined:
    """Words of the references that are missing, for each of them: ΣD / Σ(reference words).

    Alignments as for `substitution_rate`.

    >>> deletion_rate.value(PairTable(n=2, numerator=1, denominator=10))
    0.1
    """
    return _for_each_token(table)


@metric(Edits(word_pairs, kinds=("insertions",)), better="lower", range=RATE)
def insertion_rate(table: PairTable) -> Ratio | Undefined:
    """Words that no reference has, for each word of the references: ΣI / Σ(reference words).

    Alignments as for `substitution_rate`.

    >>> insertion_rate.value(PairTable(n=2, numerator=1, denominator=10))
    0.1
    """
    return _for_each_token(table)


def same_text(references: list[str], hypotheses: list[str], *, normalize: str = "none") -> Any:
    """Whether each hypothesis equals its reference."""
    import numpy as np

    form = _normalizer(normalize)
    pairs = zip(form(references), form(hypotheses), strict=True)
    return np.array([a == b for a, b in pairs], bool)


@metric(TextFlags(same_text), better="higher", range=(0, 1))
def exact_text_match(table: Share) -> Proportion:
    """Share of the examples whose prediction is the reference text, character for character.

    `normalize`: "none" compares the texts as they are; "basic" in lower case, without punctuation,
    with single spaces; "squad" also without the words a, an and the, as SQuAD's exact match. Exact
    binomial interval.

    >>> exact_text_match.value(Share(hits=8, n=10))
    0.8
    """
    return Proportion(table.hits, table.n)


def token_overlap(references: list[str], hypotheses: list[str]) -> Any:
    """F1 of the words that each pair has in common, each as often as both have it.

    >>> token_overlap(["the cat sat", "", "a"], ["cat sat down", "yes", "the"]).tolist()
    [0.8, 0.0, 1.0]
    """
    import numpy as np

    reference, hypothesis = words(squad(references), squad(hypotheses))
    known = 1 + max(int(t.codes.max(initial=0)) for t in (reference, hypothesis))
    places = [t.rows * known + t.codes for t in (reference, hypothesis)]
    found, of = np.unique(np.concatenate(places), return_inverse=True)
    counts = [np.bincount(x, minlength=len(found)) for x in np.split(of, [len(places[0])])]
    common = np.bincount(found // known, np.minimum(*counts), len(references))
    both = reference.lengths + hypothesis.lengths
    return np.where(both > 0, 2 * common / np.maximum(both, 1), 1.0)


@metric(TextMoments(token_overlap), better="higher", range=(0, 1))
def token_f1(table: MomentTable) -> Mean:
    """Mean over the examples of the F1 of words that prediction and reference have in common.

    2·common / (words of the prediction + words of the reference), after SQuAD's normalisation:
    lower case, no ASCII punctuation, no a, an, the. Two texts without words agree (1), one without
    any agrees with none (0), as in SQuAD 2.0.

    >>> token_f1.value(MomentTable(n=2, mean=0.75, m2=0.125, m3=0.0))
    0.75
    """
    return Mean(table)


def _for_each_token(table: PairTable) -> Ratio | Undefined:
    return Ratio(table) if table.denominator else Undefined("0/0: every reference is empty")


def _normalizer(name: str) -> Callable[[list[str]], list[str]]:
    known = " or ".join(map(repr, NORMALIZE))
    refuse_parameter("normalize", name, name in NORMALIZE, f"it must be {known}")
    return NORMALIZE[name]


def _without(texts: list[str], unwanted: Callable[[str], bool]) -> list[str]:
    """The texts without the characters that are unwanted; each distinct one is asked about once."""
    table = {ord(c): None for c in set().union(*texts) if unwanted(c)}
    return [text.translate(table) for text in texts] if table else texts
