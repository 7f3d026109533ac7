"""The twins in NumPy compute what scikit-learn and jiwer do, so that they may be raced against."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import binomtest
from sklearn import metrics as m

from benchmarks import data, peers
from benchmarks.data import Size
from benchmarks.sides import REPLICATES, Disagreement, agree
from benchmarks.twins import counts, others, ranks

SMALL = Size(
    examples=3_000,
    slices=5,
    resampled=2_000,
    replicates=400,
    pictures=600,
    classes=12,
    queries=40,
    documents=15,
    sentences=60,
    files=2,
    rows_in_file=1_500,
)


@pytest.mark.parametrize(
    "inputs, peer, twin",
    [
        (data.nine, peers.nine_sklearn, ranks.nine),
        (data.nine_text_ids, peers.nine_sklearn, ranks.nine),
        (data.resampled, peers.f1_loop, counts.f1_bootstrap),
        (data.resampled, peers.auc_loop, ranks.auc_bootstrap),
        (data.two_models, peers.paired_loop, counts.paired_bootstrap),
        (data.many_classes, peers.classes_sklearn, others.many_classes),
        (data.lists, peers.ndcg_sklearn, others.ndcg),
        (data.sentences, peers.words_jiwer, others.words),
    ],
    ids=lambda value: value.__name__,
)
def test_a_twin_gives_the_values_of_its_peer(inputs, peer, twin, tmp_path):
    given = inputs(SMALL, tmp_path)
    theirs, ours = peer(given, SMALL), twin(given, SMALL)
    agree(twin.__name__, ours.read(ours.call()), theirs.read(theirs.call()), within=1e-6)


@pytest.mark.parametrize("ties", [False, True])
def test_slices(ties, tmp_path):
    given = dict(data.sliced(SMALL, tmp_path))
    if ties:
        given["score"] = np.round(given["score"], 1)
    found = counts.by_slice(given, SMALL).call() | ranks.auc_by_slice(given, SMALL).call()
    for piece in range(SMALL.slices):
        inside = given["slice"] == piece
        label, score = given["label"][inside], given["score"][inside]
        predicted = (score >= 0.5).astype(int)
        assert found["accuracy"][piece] == pytest.approx(m.accuracy_score(label, predicted))
        assert found["specificity"][piece] == pytest.approx(
            m.recall_score(label, predicted, pos_label=0)
        )
        assert found["f1"][piece] == pytest.approx(m.f1_score(label, predicted))
        assert found["roc_auc"][piece] == pytest.approx(m.roc_auc_score(label, score))
        _, error = ranks.area(*ranks.ordered(ranks.keys(score, label))[:2])
        assert found["roc_auc, error"][piece] == pytest.approx(error)


def test_a_folder_of_files(tmp_path):
    given = data.parquet(SMALL, tmp_path)
    table = pq.read_table(tmp_path)
    label, score = table["label"].to_numpy(), table["score"].to_numpy()
    found = others.parquet(given, SMALL).call()
    assert found["roc_auc"] == pytest.approx(m.roc_auc_score(label, score), abs=1e-5)
    assert found["mean"] == pytest.approx(table["latency"].to_numpy().mean(dtype=float))
    sizes = np.bincount(table["slice"].to_numpy())
    right = m.accuracy_score(label, score >= 0.5)
    assert np.average(found["accuracy"], weights=sizes) == pytest.approx(right)


def test_exact_bounds():
    hits, trials = np.array([0, 3, 40, 50]), np.array([20, 50, 50, 50])
    low, high = counts.clopper_pearson(hits, trials)
    for i, (k, n) in enumerate(zip(hits, trials, strict=True)):
        interval = binomtest(k, n).proportion_ci(0.90, "exact")
        assert (low[i], high[i]) == pytest.approx((interval.low, interval.high))
        interval = binomtest(k, n).proportion_ci(0.95, "wilson")
        shown = counts.wilson(k, n)
        assert shown == pytest.approx((interval.low, interval.high), abs=1e-12)


@pytest.mark.parametrize(
    "value, error",
    [
        (lambda pos, neg: ranks.area(pos, neg)[0], lambda pos, neg: ranks.area(pos, neg)[1]),
        (ranks.average_precision, ranks.average_precision_error),
    ],
    ids=["area", "average precision"],
)
def test_standard_errors_are_those_of_the_influence(value, error):
    """By taking a little weight from each kind of example in turn."""
    random = np.random.default_rng(5)
    pos, neg = random.integers(1, 6, (2, 30)).astype(float)
    n, step, squares = pos.sum() + neg.sum(), 1e-6, 0.0
    for counted in (pos, neg):
        for place in range(30):
            more, less = counted.copy(), counted.copy()
            more[place] += step
            less[place] -= step
            tables = [(c, neg) if counted is pos else (pos, c) for c in (more, less)]
            slope = (value(*tables[0]) - value(*tables[1])) / (2 * step)
            squares += counted[place] * slope**2
    assert error(pos, neg) == pytest.approx(np.sqrt(squares), rel=1e-4)
    assert n == pos.sum() + neg.sum()


def test_edit_distances_of_uneven_sentences():
    given = {
        "label": ["a b c", "a", "a b c d e", "x y"],
        "prediction": ["", "b a", "b c e f", "x y"],
    }
    assert others.words(given, SMALL).call()["word error rate"] == pytest.approx((3 + 1 + 3) / 11)


def test_a_side_that_is_wrong_is_not_timed():
    with pytest.raises(Disagreement, match="recall"):
        agree("row", {"recall": 0.5}, {"recall": 0.500002}, 1e-6)
    with pytest.raises(Disagreement, match="nothing to compare"):
        agree("row", {"recall": 0.5}, {"f1": 0.5}, 1e-6)
    with pytest.raises(Disagreement, match="f1"):
        agree("row", {"f1": float("nan")}, {"f1": 0.5}, 1e-6)
    random = np.random.default_rng(0)
    agree("row", {REPLICATES: random.normal(0, 1, 900)}, {REPLICATES: random.normal(0, 1, 20)}, 0)
    with pytest.raises(Disagreement, match="spread"):
        agree(
            "row", {REPLICATES: random.normal(0, 2, 900)}, {REPLICATES: random.normal(0, 1, 900)}, 0
        )
    with pytest.raises(Disagreement, match="around"):
        agree(
            "row", {REPLICATES: random.normal(1, 1, 900)}, {REPLICATES: random.normal(0, 1, 900)}, 0
        )
