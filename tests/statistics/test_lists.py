"""Ranked lists: what is dropped before they are sorted changes no number, nor how they are laid
out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.metrics import retrieval
from evalharness.statistics import lists
from evalharness.statistics.grouped import Parts

BY_QUERY = {
    "ndcg": retrieval.ndcg_by_query,
    "dcg": retrieval.dcg_by_query,
    "precision": retrieval.precision_by_query,
    "recall": retrieval.recall_by_query,
    "rank": retrieval.reciprocal_rank_by_query,
    "average precision": retrieval.average_precision_by_query,
}

DOCUMENTS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(-2, 2)), min_size=1, max_size=40
)


def table(documents, even=False):
    """(parts, relevance, score) of (query, relevance, score) of each document."""
    query, relevance, score = np.array(documents).T
    if even:
        query = np.arange(len(query)) // 4
    seen, first, code = np.unique(query, return_index=True, return_inverse=True)
    order = np.argsort(first)  # the queries are numbered as they come
    code = np.argsort(order)[code]
    return Parts(code, first[order], str), relevance.astype(float), score / 2


def measured(given, k, ties):
    options = {"k": k, "ties": ties}
    zero = {"no_relevant": "zero"}
    return [
        of(*given, **options, **({} if name == "dcg" else zero)).tolist()
        for name, of in BY_QUERY.items()
    ]


def slow(parts, relevance, score, ties):
    """(query, relevance, above, tied, place) of every document, one list after the other."""
    found = []
    for q in range(parts.count):
        inside = [i for i in range(len(score)) if parts.code[i] == q]
        inside.sort(key=lambda i: (-score[i], relevance[i]))
        scores = [score[i] for i in inside]
        for at, i in enumerate(inside):
            above, tied = sum(s > score[i] for s in scores), scores.count(score[i])
            if ties == "worst":
                above, tied = at, 1
            found.append((q, relevance[i], above, tied, at - above))
    return found


@settings(deadline=None, max_examples=60)
@given(DOCUMENTS, st.sampled_from(["average", "worst"]), st.booleans(), st.sampled_from([0, 4]))
def test_as_written_out(documents, ties, even, room):
    given_ = table(documents, even)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "ROOM", room)
        found = lists.ranked(*given_, ties, "error")
        rows = zip(*(x.tolist() for x in found[:5]), strict=True)
        assert list(rows) == slow(*given_, ties)
        grades, query, place = lists.largest(found.whole, None)
    parts, relevance, _ = given_
    for q in range(parts.count):
        wanted = sorted(relevance[parts.code == q], reverse=True)
        mine = query == q
        assert grades[mine].tolist()[: len(wanted)] == wanted
        assert not grades[mine][len(wanted) :].any()  # fill
        assert place[mine].tolist() == list(range(mine.sum()))


@settings(deadline=None, max_examples=60)
@given(DOCUMENTS, st.integers(1, 9), st.sampled_from(["average", "worst"]), st.booleans())
def test_what_no_place_can_reach_changes_nothing(documents, k, ties, even):
    given_ = table(documents, even)
    found = measured(given_, k, ties)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "_among_the_first", lambda *x: None)
        assert measured(given_, k, ties) == found
        patch.setattr(lists, "ROOM", 0)
        np.testing.assert_allclose(measured(given_, k, ties), found, rtol=1e-14)


def test_only_what_the_first_places_can_hold_is_kept():
    rng = np.random.default_rng(0)
    score = rng.permutation(400).astype(float)
    parts = Parts(np.repeat(np.arange(4), 100), np.arange(4) * 100, str)
    found = lists.ranked(parts, np.ones(400), score, "average", "error", 10)
    assert len(found.query) == 40
    score[parts.code == 2] = 7.0  # all tied: any of them may be among the first
    found = lists.ranked(parts, np.ones(400), score, "average", "error", 10)
    assert np.bincount(found.query).tolist() == [10, 10, 100, 10]


def test_a_perfect_ranking_is_one_exactly():
    rng = np.random.default_rng(1)
    relevance = rng.integers(0, 5, 5_000).astype(float)
    score = relevance + rng.permutation(5_000) / 10_000  # without ties
    parts = Parts(np.repeat(np.arange(50), 100), np.arange(50) * 100, str)
    for k in (1, 3, 10, 100, None):
        found = retrieval.ndcg_by_query(parts, relevance, score, k=k)
        assert set(found.tolist()) == {1.0}


def test_negative_and_zero_scores_of_either_sign_are_one_score():
    parts = Parts(np.zeros(4, int), np.array([0]), str)
    score, relevance = np.array([0.0, -0.0, 0.0, -0.0]), np.array([1.0, 0, 0, 0])
    found = retrieval.reciprocal_rank_by_query(parts, relevance, score, k=2)
    assert found[0] == pytest.approx((1 + 1 / 2) / 4)
