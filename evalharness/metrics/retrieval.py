"""Metrics of ranked lists: one row for each document of a query, the query is the unit.

Columns: `query`; `relevance`, a grade ≥ 0 (0 for not relevant, null for unjudged); `score`, the
model's, higher first. Every metric is the mean over queries of one value for each, so a long list
counts no more than a short one. A document that was not retrieved counts where it is listed: give
it a row with a score below all others, since recall, average precision and the ideal order of NDCG
are of the relevant documents in the table.

Parameters that all share:
- `k`: only the first k places count; None for all of them. Lists may be shorter than k.
- `ties="average"`: documents with equal scores stand in random order, and the metric is its exact
  expectation (McSherry & Najork 2008; NDCG as scikit-learn's). `"worst"`: the less relevant first.
  Neither depends on the order of the rows.
- `unjudged="error"`: a null relevance is an error. `"not relevant"`: it counts as 0 (as trec_eval).
  `"skip"`: the document is taken out of its list.
- `no_relevant="error"`: a query without a relevant document, for which the metric is 0/0, is an
  error. `"skip"`: it is left out, and n is smaller. `"zero"`: it counts as 0 (as scikit-learn).
- `min_relevance=1`: from which grade on a document is relevant, where that is all that counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from evalharness.declare.forms import Mean, Proportion
from evalharness.declare.metric import metric
from evalharness.statistics import MomentTable, Share
from evalharness.statistics.grouped import Grouped, GroupedFlags, Parts
from evalharness.statistics.lists import (
    discounts_of,
    gains_of,
    hits_in_first,
    largest,
    places,
    ranked,
    relevant_documents,
    share_of,
)


def dcg_by_query(
    parts: Parts,
    relevance: Any,
    score: Any,
    *,
    k: int | None = 10,
    gain: str = "linear",
    ties: str = "average",
    unjudged: str = "error",
) -> Any:
    """(queries,) discounted cumulative gains."""
    lists = ranked(parts, relevance, score, ties, unjudged, places(k))
    gains_of(lists.whole.relevance, gain)  # refused where any is infinite
    return lists.total(gains_of(lists.relevance, gain) * lists.expected(discounts_of(lists, k)))


def ndcg_by_query(
    parts: Parts,
    relevance: Any,
    score: Any,
    *,
    k: int | None = 10,
    gain: str = "linear",
    ties: str = "average",
    unjudged: str = "error",
    no_relevant: str = "error",
) -> Any:
    """(queries,) DCG over that of the ideal order."""
    import numpy as np

    lists = ranked(parts, relevance, score, ties, unjudged, places(k))
    grades, query, place = largest(lists.whole, k)
    ideal_gains, discounts = gains_of(grades, gain), discounts_of(lists, k)
    found = lists.total(gains_of(lists.relevance, gain) * lists.expected(discounts))
    ideal = np.bincount(query, ideal_gains * discounts[place], parts.count)
    return np.minimum(share_of(found, ideal, parts, no_relevant, "> 0"), 1.0)


def precision_by_query(
    parts: Parts,
    relevance: Any,
    score: Any,
    *,
    k: int = 10,
    ties: str = "average",
    unjudged: str = "error",
    no_relevant: str = "error",
    min_relevance: float = 1,
) -> Any:
    """(queries,) shares of the first k places that hold a relevant document."""
    first = places(k, optional=False)
    lists = ranked(parts, relevance, score, ties, unjudged, first)
    hits, relevant = hits_in_first(lists, first, min_relevance)
    return share_of(hits, relevant, parts, no_relevant, f"≥ {min_relevance}", below=float(k))


def recall_by_query(
    parts: Parts,
    relevance: Any,
    score: Any,
    *,
    k: int = 10,
    ties: str = "average",
    unjudged: str = "error",
    no_relevant: str = "error",
    min_relevance: float = 1,
) -> Any:
    """(queries,) shares of the relevant documents that are among the first k."""
    first = places(k, optional=False)
    lists = ranked(parts, relevance, score, ties, unjudged, first)
    hits, relevant = hits_in_first(lists, first, min_relevance)
    return share_of(hits, relevant, parts, no_relevant, f"≥ {min_relevance}")


def hit_by_query(
    parts: Parts,
    relevance: Any,
    score: Any,
    *,
    k: int = 10,
    unjudged: str = "error",
    no_relevant: str = "error",
    min_relevance: float = 1,
) -> Any:
    """(queries,) whether a relevant document is among the first k, however ties fall."""
    import numpy as np

    first = places(k, optional=False)
    lists = ranked(parts, relevance, score, "worst", unjudged, first)
    hits, relevant = hits_in_first(lists, first, min_relevance)
    some = (hits > 0).astype(float)
    return share_of(some, relevant, parts, no_relevant, f"≥ {min_relevance}", below=np.float64(1))


def reciprocal_rank_by_query(
    parts: Parts,
    relevance: Any,
    score: Any,
    *,
    k: int | None = None,
    ties: str = "average",
    unjudged: str = "error",
    no_relevant: str = "error",
    min_relevance: float = 1,
) -> Any:
    """(queries,) 1 over the place of the first relevant document."""
    import numpy as np
    from scipy.special import gammaln

    lists = ranked(parts, relevance, score, ties, unjudged, places(k))
    relevant, before, among = relevant_documents(lists, min_relevance)
    # Of g documents with one score, r of them relevant, none of the first j is with probability
    # C(g − j, r) / C(g, r).
    rows = (before == 0) & (among > 0)
    g, r, j = lists.tied[rows], among[rows], lists.place[rows]

    def none_of_first(j: Any) -> Any:
        left = np.maximum(g - j - r, 0)
        log = gammaln(g - j + 1) + gammaln(g - r + 1) - gammaln(left + 1) - gammaln(g + 1)
        return np.where(g - j >= r, np.exp(log), 0.0)

    place = lists.above[rows] + j + 1
    inside = place <= (places(k) or math.inf)
    value = np.where(inside, (none_of_first(j) - none_of_first(j + 1)) / place, 0.0)
    found = np.bincount(lists.query[rows], value, parts.count)
    return share_of(
        found,
        lists.relevant(min_relevance),
        parts,
        no_relevant,
        f"≥ {min_relevance}",
        below=np.float64(1),
    )


def average_precision_by_query(
    parts: Parts,
    relevance: Any,
    score: Any,
    *,
    k: int | None = None,
    ties: str = "average",
    unjudged: str = "error",
    no_relevant: str = "error",
    min_relevance: float = 1,
) -> Any:
    """(queries,) mean over the relevant documents of the precision at the place of each."""
    import numpy as np

    lists = ranked(parts, relevance, score, ties, unjudged, places(k))
    relevant, before, among = relevant_documents(lists, min_relevance)
    # A place among g documents with one score, r of them relevant, is relevant with probability
    # r/g, and then each place before it among them with (r − 1)/(g − 1).
    others = (among - 1) / np.maximum(lists.tied - 1, 1)
    place = lists.above + lists.place + 1
    precision = (before + 1 + lists.place * others) / place
    inside = place <= (places(k) or math.inf)
    found = lists.total(np.where(inside, among / lists.tied * precision, 0.0))
    return share_of(found, lists.relevant(min_relevance), parts, no_relevant, f"≥ {min_relevance}")


def _by_query(of: Callable[..., Any]) -> Grouped:
    return Grouped(of, by="query")


@metric(_by_query(ndcg_by_query), better="higher", range=(0, 1))
def ndcg(table: MomentTable) -> Mean:
    """Normalised discounted cumulative gain: DCG over that of the ideal order, mean over queries.

    Σ gain / log2(1 + place) over the first k places; `k` 10 or None for all; `gain` "linear"
    (relevance) or "exponential" (2^relevance − 1). Undefined for a query without a relevant
    document. Ties, unjudged documents: see the module. Järvelin & Kekäläinen 2002; as
    scikit-learn's ndcg_score and trec_eval's ndcg_cut (without ties).

    >>> ndcg.value(MomentTable(n=2, mean=0.75, m2=0.125, m3=0.0))
    0.75
    >>> ndcg(k=5, no_relevant="skip").on("test") >= 0.6
    ndcg(k=5, no_relevant='skip').on("test") >= 0.6
    """
    return Mean(table)


@metric(_by_query(dcg_by_query), better="higher", range=(0, math.inf))
def dcg(table: MomentTable) -> Mean:
    """Discounted cumulative gain, Σ gain / log2(1 + place) over the first k, mean over queries.

    In units of the gain; 0 for a query without a relevant document. `k`, `gain`: as `ndcg`. As
    scikit-learn's dcg_score.

    >>> dcg.value(MomentTable(n=2, mean=3.5, m2=0.5, m3=0.0))
    3.5
    """
    return Mean(table)


@metric(_by_query(reciprocal_rank_by_query), better="higher", range=(0, 1))
def mrr(table: MomentTable) -> Mean:
    """Mean reciprocal rank: 1 over the place of the first relevant document, mean over queries.

    0 where it is beyond the first `k`. Undefined for a query without a relevant document. As
    trec_eval's recip_rank.

    >>> mrr.value(MomentTable(n=2, mean=0.75, m2=0.125, m3=0.0))
    0.75
    """
    return Mean(table)


@metric(_by_query(average_precision_by_query), better="higher", range=(0, 1))
def mean_average_precision(table: MomentTable) -> Mean:
    """Mean average precision: the precision at the place of each relevant document, mean over
    these, then over queries.

    Relevant documents beyond the first `k` add 0 and are still divided by. Undefined for a query
    without a relevant document. As trec_eval's map and map_cut; for one query as scikit-learn's
    label_ranking_average_precision_score.

    >>> mean_average_precision.value(MomentTable(n=2, mean=0.75, m2=0.125, m3=0.0))
    0.75
    """
    return Mean(table)


@metric(_by_query(precision_by_query), better="higher", range=(0, 1))
def precision_at(table: MomentTable) -> Mean:
    """Share of the first k places that hold a relevant document, mean over queries.

    A list shorter than `k` is divided by k all the same. Defined for a query without a relevant
    document, but no model can do well there: declare `no_relevant`. As trec_eval's P.

    >>> precision_at.value(MomentTable(n=2, mean=0.75, m2=0.125, m3=0.0))
    0.75
    """
    return Mean(table)


@metric(_by_query(recall_by_query), better="higher", range=(0, 1))
def recall_at(table: MomentTable) -> Mean:
    """Share of a query's relevant documents that are among the first k, mean over queries.

    Of the relevant documents in the table. Undefined for a query without one. As trec_eval's
    recall.

    >>> recall_at.value(MomentTable(n=2, mean=0.75, m2=0.125, m3=0.0))
    0.75
    """
    return Mean(table)


@metric(GroupedFlags(hit_by_query, by="query"), better="higher", range=(0, 1))
def hit_rate(table: Share) -> Proportion:
    """Share of the queries with a relevant document among the first k; exact binomial interval.

    Of documents with equal scores the relevant stand last, so that ties hit only where they must.
    Undefined for a query without a relevant document. As trec_eval's success (without ties).

    >>> hit_rate.value(Share(hits=9, n=10))
    0.9
    """
    return Proportion(table.hits, table.n, "queries")
