"""Retrieval metrics agree with scikit-learn and trec_eval, and with every order of ties listed."""

import itertools
import math
import time
import warnings

import numpy as np
import pytest
import pytrec_eval
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness import Outputs, OutputsError
from evalharness.declare.errors import DeclarationError
from evalharness.metrics import retrieval
from evalharness.metrics.retrieval import (
    average_precision_by_query,
    dcg_by_query,
    hit_by_query,
    mean_average_precision,
    mrr,
    ndcg,
    ndcg_by_query,
    precision_by_query,
    recall_by_query,
    reciprocal_rank_by_query,
)
from evalharness.statistics.grouped import Parts
from tests.metrics.measure import measure


def parts_of(query):
    """The queries of a list, in order of first appearance."""
    seen = list(dict.fromkeys(query))
    code = np.array([seen.index(q) for q in query], int)
    first = np.array([list(query).index(q) for q in seen], int)
    return Parts(code, first, lambda i: f"query {seen[i]!r}")


def drawn(seed, queries=12, ties=False, grades=4):
    """Lists of 1 to 30 documents, each with a relevant one, rows shuffled."""
    rng = np.random.default_rng(seed)
    query, relevance = [], []
    for q in range(queries):
        size = int(rng.integers(1, 31))
        found = rng.integers(0, grades, size)
        found[rng.integers(size)] = grades - 1
        query += [f"q{q}"] * size
        relevance += found.tolist()
    order = rng.permutation(len(query))
    # Scores that keep their order as 32-bit floats, which trec_eval works with.
    score = rng.permutation(len(query)) / 64 if not ties else rng.integers(0, 4, len(query)) / 4
    return np.array(query)[order], np.array(relevance, float)[order], score.astype(float)


def each_query(query):
    return [np.flatnonzero(query == q) for q in dict.fromkeys(query)]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("k", [1, 3, 10, None])
@pytest.mark.parametrize("seed", range(4))
def test_dcg_and_ndcg_are_those_of_scikit_learn(seed, k, ties):
    query, relevance, score = drawn(seed, ties=ties)
    for of, oracle in ((dcg_by_query, sk.dcg_score), (ndcg_by_query, sk.ndcg_score)):
        for gain in ("linear", "exponential"):
            found = of(parts_of(query), relevance, score, k=k, gain=gain)
            gains = relevance if gain == "linear" else 2**relevance - 1
            for value, rows in zip(found, each_query(query), strict=True):
                if len(rows) == 1:  # scikit-learn refuses a list of one document
                    assert value == (1.0 if of is ndcg_by_query else gains[rows][0])
                    continue
                wanted = oracle(gains[rows][None], score[rows][None], k=k)
                assert value == pytest.approx(wanted, abs=1e-12, rel=1e-12)


TREC = {
    "ndcg": (ndcg_by_query, {"k": None}),
    "ndcg_cut_5": (ndcg_by_query, {"k": 5}),
    "ndcg_cut_100": (ndcg_by_query, {"k": 100}),
    "recip_rank": (reciprocal_rank_by_query, {}),
    "map": (average_precision_by_query, {}),
    "map_cut_5": (average_precision_by_query, {"k": 5}),
    "P_5": (precision_by_query, {"k": 5}),
    "P_100": (precision_by_query, {"k": 100}),
    "recall_5": (recall_by_query, {"k": 5}),
    "success_1": (hit_by_query, {"k": 1}),
    "success_5": (hit_by_query, {"k": 5}),
}


@pytest.mark.parametrize("measure_name", TREC)
@pytest.mark.parametrize("least", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_trec_eval(measure_name, least, seed):
    of, options = TREC[measure_name]
    if of is not ndcg_by_query:
        options = options | {"min_relevance": least}
    query, relevance, score = drawn(seed)
    judged = {q: {} for q in dict.fromkeys(query)}
    run = {q: {} for q in judged}
    for i, q in enumerate(query):
        judged[q][f"d{i}"] = int(relevance[i])
        run[q][f"d{i}"] = float(score[i])
    family = {"ndcg_cut", "map_cut", "P", "recall", "success", "ndcg", "recip_rank", "map"}
    oracle = pytrec_eval.RelevanceEvaluator(judged, family, relevance_level=least).evaluate(run)
    for ties in ("average", "worst"):
        treated = {} if of is hit_by_query else {"ties": ties}
        found = of(parts_of(query), relevance, score, **options, **treated)
        wanted = [oracle[q][measure_name] for q in judged]
        assert found == pytest.approx(wanted, abs=1e-9)


# One list in one order, written as plainly as can be.


def plain(name, relevance, k):
    k = k or len(relevance)
    hits = [r >= 1 for r in relevance]
    if name == "dcg":
        return sum(r / math.log2(i + 2) for i, r in enumerate(relevance[:k]))
    if name == "precision":
        return sum(hits[:k]) / k
    if name == "recall":
        return sum(hits[:k]) / sum(hits)
    if name == "rank":
        first = hits.index(True) + 1
        return 1 / first if first <= k else 0.0
    found = [sum(hits[: i + 1]) / (i + 1) for i, hit in enumerate(hits[:k]) if hit]
    return sum(found) / sum(hits)


OF = {
    "dcg": dcg_by_query,
    "precision": precision_by_query,
    "recall": recall_by_query,
    "rank": reciprocal_rank_by_query,
    "average precision": average_precision_by_query,
}


def orders(score):
    """Every order that the scores allow."""
    levels = [np.flatnonzero(score == s).tolist() for s in sorted(set(score), reverse=True)]
    for choice in itertools.product(*(itertools.permutations(level) for level in levels)):
        yield [i for level in choice for i in level]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=6),
    st.integers(1, 7),
)
def test_ties_are_the_mean_over_every_order_or_the_worst_of_them(documents, k):
    relevance, score = np.array(documents, float).T
    if not (relevance >= 1).any():
        relevance[0] = 1
    parts = parts_of(["q"] * len(score))
    for name, of in OF.items():
        values = [plain(name, relevance[order].tolist(), k) for order in orders(score)]
        assert of(parts, relevance, score, k=k)[0] == pytest.approx(np.mean(values), abs=1e-9)
        worst = of(parts, relevance, score, k=k, ties="worst")[0]
        assert worst == pytest.approx(min(values), abs=1e-9)
    hit = min(plain("recall", relevance[order].tolist(), k) > 0 for order in orders(score))
    assert hit_by_query(parts, relevance, score, k=k)[0] == hit


@pytest.mark.parametrize("of", [ndcg_by_query, *OF.values(), hit_by_query])
def test_the_order_of_the_rows_changes_nothing(of):
    query, relevance, score = drawn(5, ties=True)
    shuffle = np.random.default_rng(0).permutation(len(query))
    found = dict(zip(dict.fromkeys(query), of(parts_of(query), relevance, score), strict=True))
    again = of(parts_of(query[shuffle]), relevance[shuffle], score[shuffle])
    assert dict(zip(dict.fromkeys(query[shuffle]), again, strict=True)) == found


def test_a_million_rows_take_well_under_a_second():
    rng = np.random.default_rng(0)
    code = np.sort(rng.integers(0, 20_000, 1_000_000)).astype(np.int32)
    first = np.searchsorted(code, np.arange(20_000))
    relevance = (rng.random(len(code)) < 0.2).astype(float)
    score = rng.normal(size=len(code))
    parts = Parts(code, first, str)
    took = []
    for of in (ndcg_by_query, reciprocal_rank_by_query, average_precision_by_query):
        start = time.process_time()
        of(parts, relevance, score, no_relevant="zero")
        took.append(time.process_time() - start)
    assert max(took) < 2, took  # measured: 0.4 to 0.7 s; the machine may be busy


# What is treated as declared


TABLE = {
    "query": ["a", "a", "a", "b", "b", "c", "c"],
    "relevance": [1, 0, 2, 0, 1, 0, 0],
    "score": [0.1, 0.2, 0.3, 0.9, 0.8, 0.5, 0.4],
}


def of_table(of, table=TABLE, **options):
    relevance = np.array([math.nan if r is None else r for r in table["relevance"]], float)
    return of(parts_of(table["query"]), relevance, np.array(table["score"], float), **options)


def test_queries_without_a_relevant_document():
    with pytest.raises(OutputsError, match="1 of 3 queries have no relevant document") as caught:
        of_table(reciprocal_rank_by_query)
    assert "query 'c'" in str(caught.value)
    assert 'no_relevant="skip"' in str(caught.value)
    zero = of_table(reciprocal_rank_by_query, no_relevant="zero")
    assert zero.tolist() == [1, 0.5, 0]
    skipped = of_table(reciprocal_rank_by_query, no_relevant="skip")
    assert skipped[:2].tolist() == [1, 0.5]
    assert math.isnan(skipped[2])
    two = of_table(precision_by_query, k=2, no_relevant="zero", min_relevance=2)
    assert two.tolist() == [0.5, 0, 0]
    assert of_table(dcg_by_query)[2] == 0


def test_unjudged_documents():
    table = TABLE | {"relevance": [1, 0, None, 0, 1, 2, 0]}
    with pytest.raises(OutputsError, match="null in 1 row, first row 2; say what an unjudged"):
        of_table(reciprocal_rank_by_query, table)
    wrong = of_table(reciprocal_rank_by_query, table, unjudged="not relevant")
    assert wrong.tolist() == pytest.approx([1 / 3, 1 / 2, 1])
    without = of_table(reciprocal_rank_by_query, table, unjudged="skip")
    assert without.tolist() == pytest.approx([1 / 2, 1 / 2, 1])
    # A list of which nothing was judged has no relevant document.
    table = TABLE | {"relevance": [1, 0, 2, None, None, 1, 0]}
    found = of_table(ndcg_by_query, table, unjudged="skip", no_relevant="skip")
    assert math.isnan(found[1])
    assert np.isfinite(found[[0, 2]]).all()


@pytest.mark.parametrize(
    "options, words",
    [
        ({"k": 0}, "k=0 is not a number of places"),
        ({"k": 2.0}, "k=2.0 is not a number of places"),
        ({"k": True}, "k=True"),
        ({"ties": "random"}, "ties='random' is none of 'average', 'worst'"),
        ({"unjudged": "drop"}, "unjudged='drop' is none of"),
        ({"no_relevant": "drop"}, "no_relevant='drop' is none of"),
        ({"min_relevance": 0}, "min_relevance=0 is not a grade above 0"),
        ({"min_relevance": "1"}, "min_relevance='1'"),
    ],
)
def test_wrong_parameters(options, words):
    with pytest.raises(DeclarationError, match=words):
        of_table(precision_by_query, **options)


def test_precision_needs_a_number_of_places():
    with pytest.raises(DeclarationError, match="k=None"):
        of_table(precision_by_query, k=None)


def test_an_exponential_gain_that_overflows():
    table = TABLE | {"relevance": [1, 0, 2000, 0, 1, 0, 1]}
    with pytest.raises(OutputsError, match="goes up to 2000"):
        of_table(ndcg_by_query, table, gain="exponential")


# Through outputs


def test_the_query_is_the_unit():
    found = measure([ndcg(k=2, no_relevant="skip"), mrr(no_relevant="zero")], TABLE)
    second = found[mrr(no_relevant="zero").on("test")]
    assert (second.value, second.n) == (0.5, 3)
    first = found[ndcg(k=2, no_relevant="skip").on("test")]
    assert first.n == 2
    assert (first >= 0.5).outcome == "inconclusive"  # of two queries nothing is known


def test_slices_hold_whole_queries():
    table = TABLE | {"lang": ["en"] * 3 + ["de"] * 4}
    metric = mrr(no_relevant="skip")
    found = measure([metric], table)
    assert found[metric.on("test")].value == 0.75
    from tests.metrics.measure import run

    german = metric.on("test", lang="de")
    assert run(Outputs(test=table), also=[german])[german].value == 0.5


@pytest.mark.parametrize(
    "column, words",
    [
        ({"relevance": ["a"] * 7}, "column `relevance` is"),
        ({"relevance": [1, -1, 0, 1, 0, 1, 1]}, "negative or infinite in 1 row, first row 1"),
        ({"relevance": [1, math.inf, 0, 1, 0, 1, 1]}, "negative or infinite in 1 row"),
        ({"score": [0.1] * 6 + [None]}, "column `score` is null"),
        ({"query": ["a"] * 6 + [None]}, "`query`"),
        ({"weight": [1, 2, 1, 1, 1, 1, 1]}, "weight"),
    ],
)
def test_bad_columns(column, words):
    with pytest.raises(OutputsError, match=words):
        measure([mean_average_precision(no_relevant="skip")], TABLE | column)


def test_a_missing_column_is_named():
    with pytest.raises(OutputsError) as caught:
        measure([ndcg], {"score": [0.1, 0.2]})
    assert "`query`" in str(caught.value)
    assert "`relevance`" in str(caught.value)


def test_true_and_false_are_grades():
    table = TABLE | {"relevance": [True, False, True, False, True, False, True]}
    assert measure([mrr], table)[mrr.on("test")].value == pytest.approx((1 + 0.5 + 0.5) / 3)


def test_every_metric_is_offered():
    names = {n for n, m in vars(retrieval).items() if type(m).__name__ == "Metric"}
    assert names == {
        "ndcg",
        "dcg",
        "mrr",
        "mean_average_precision",
        "precision_at",
        "recall_at",
        "hit_rate",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in names:
            metric = getattr(retrieval, name)
            assert measure(
                [metric] if name == "dcg" else [metric(no_relevant="skip")], TABLE
            ).estimates
