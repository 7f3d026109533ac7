"""Calibration against figures of others, and against the definitions written out plainly."""

import math

import numpy as np
import pyarrow.parquet as pq
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from evalharness import Outputs
from evalharness.declare.errors import DeclarationError, OutputsError
from evalharness.declare.forms import Unbounded
from evalharness.kernels.passes import count
from evalharness.metrics.calibration import (
    brier_reliability,
    brier_resolution,
    brier_uncertainty,
    calibration_error,
    chance_error,
    expected_calibration_error,
)
from evalharness.statistics.confidence import (
    Confidences,
    ConfidenceTable,
    equal_mass,
    equal_width,
)
from tests.metrics.measure import measure
from tests.shared_data.real import DATA, expected, needs_data

# From a handful of probabilities, so that many are tied.
pairs = st.lists(
    st.tuples(st.sampled_from([0.0, 0.05, 0.2, 0.21, 0.5, 0.8, 0.99, 1.0]), st.booleans()),
    min_size=1,
    max_size=60,
)


def table_of(p, y) -> ConfidenceTable:
    """One group's table."""
    values, row = np.unique(np.asarray(p, float), return_inverse=True)
    hits = np.bincount(row, np.asarray(y, float), len(values)).astype(int)
    misses = np.bincount(row, minlength=len(values)) - hits
    return ConfidenceTable(np.zeros(len(values), int), values, misses, hits)


def counted(statistic, table, **options) -> ConfidenceTable:
    split = Outputs(test=table, **options).split("test")
    columns = statistic.read(split)
    codes = np.zeros(len(columns.arrays["rank"]), np.int32)
    return count(statistic, columns, codes, 1)[0]


def kumar(p, y, bins):
    """Bin of each example, as uncertainty-calibration makes them: ends midway between parts."""
    parts = np.array_split(np.sort(p), bins)
    parts = [part for part in parts if len(part)]
    ends = {(a[-1] + b[0]) / 2 for a, b in zip(parts[:-1], parts[1:], strict=True)}
    return np.searchsorted(sorted(ends | {1.0}), p)


def by_hand(p, y, bins):
    """The debiased error, bin by bin."""
    p, y = np.asarray(p, float), np.asarray(y, float)
    at, square = kumar(p, y, bins), 0.0
    for b in np.unique(at):
        inside = at == b
        n, rate = inside.sum(), y[inside].mean()
        if n > 1:
            square += n * ((rate - p[inside].mean()) ** 2 - rate * (1 - rate) / (n - 1))
    return math.sqrt(max(0.0, square / len(p)))


def ece_by_hand(p, y, bins):
    """The mean over bins ]i/bins, (i + 1)/bins] of |share of hits - mean probability|."""
    p, y, total = np.asarray(p, float), np.asarray(y, float), 0.0
    for i in range(bins):
        inside = (p > i / bins) & (p <= (i + 1) / bins) | ((p == 0) & (i == 0))
        if inside.any():
            total += inside.sum() * abs(y[inside].mean() - p[inside].mean())
    return total / len(p)


def test_debiased_error_of_uncertainty_calibration():
    """Version 0.1.4 (Kumar, Liang & Ma 2019), 15 bins."""
    rng = np.random.default_rng(3)
    q = np.round(rng.beta(5, 2, 400), 4)
    y = rng.random(400) < q**1.3
    assert q[:5].tolist() == [0.824, 0.9536, 0.6058, 0.8642, 0.6415]
    assert calibration_error.value(table_of(q, y)) == pytest.approx(0.05069947, abs=1e-8)
    assert expected_calibration_error.value(table_of(q, y)) == pytest.approx(0.07129075, abs=1e-8)


def test_small_case():
    p = [0.1, 0.15, 0.25, 0.35, 0.4, 0.55, 0.6, 0.65, 0.8, 0.85, 0.9, 0.95, 0.05, 0.45, 0.75, 0.3]
    y = [0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0]
    # Of bins with their lower ends; 0.4, 0.6 and 0.8 are ends of five of them.
    lower = table_of([1 - x for x in p], [1 - x for x in y])
    lower = lower._replace(probability=np.round(lower.probability, 12))
    assert expected_calibration_error(bins=5).value(lower) == pytest.approx(0.15625)
    assert expected_calibration_error(bins=10).value(lower) == pytest.approx(0.1875)
    assert np.bincount(equal_mass(table_of(p, y), 4)).tolist() == [4, 4, 4, 4]


def test_murphy():
    f = [0.1] * 4 + [0.4] * 5 + [0.8] * 6
    o = [0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1]
    parts = [
        m(debias=False).value(table_of(f, o))
        for m in (brier_reliability, brier_resolution, brier_uncertainty)
    ]
    assert parts == pytest.approx([0.00644444, 0.06333333, 0.24888889], abs=1e-8)
    corrected = [
        m.value(table_of(f, o)) for m in (brier_reliability, brier_resolution, brier_uncertainty)
    ]
    # The corrections cancel: 4, 5 and 6 forecasts with shares of hits 1/4, 2/5 and 5/6.
    of_bins = (4 * (3 / 16) / 3 + 5 * (6 / 25) / 4 + 6 * (5 / 36) / 5) / 15
    of_all = 0.24888889 / 14
    assert corrected[0] == pytest.approx(0.00644444 - of_bins, abs=1e-8)
    assert corrected[1] == pytest.approx(0.06333333 - of_bins + of_all, abs=1e-8)
    for found in (parts, corrected):
        assert found[0] - found[1] + found[2] == pytest.approx(0.192)


@pytest.mark.parametrize("classes", [2, 3])
def test_parts_add_up_to_the_brier_score(classes):
    """Where few different probabilities are given, each has a bin of its own."""
    rng = np.random.default_rng(0)
    rows = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6]])[:, :classes]
    p = (rows / rows.sum(axis=1, keepdims=True))[rng.integers(0, 3, 200)]
    label = rng.integers(0, classes, 200)
    table = {"label": label, **{f"score_{k}": p[:, k] for k in range(classes)}}
    found = counted(Confidences(of="class"), table)
    for debias in (True, False):
        low, gain, spread = (
            m(debias=debias).value(found)
            for m in (brier_reliability, brier_resolution, brier_uncertainty)
        )
        score = sk.brier_score_loss(label, p[:, 1] if classes == 2 else p, labels=range(classes))
        assert low - gain + spread == pytest.approx(score)


@given(pairs, st.integers(1, 20))
def test_as_the_definitions_say(rows, bins):
    p, y = zip(*rows, strict=True)
    found = calibration_error(bins=bins).value(table_of(p, y))
    assert found == pytest.approx(by_hand(p, y, bins), abs=1e-7)
    found = expected_calibration_error(bins=bins).value(table_of(p, y))
    assert found == pytest.approx(ece_by_hand(p, y, bins), abs=1e-12)


@given(pairs, st.integers(1, 20))
def test_bins_follow_each_other_and_keep_ties_together(rows, bins):
    table = table_of(*zip(*rows, strict=True))
    for at in (equal_mass(table, bins), equal_width(table, bins)):
        assert at[0] == 0
        assert set(np.diff(at)) <= {0, 1}
        assert at[-1] < bins


@given(pairs, pairs)
def test_tables_add_up(first, second):
    statistic = Confidences()
    a, b = (table_of(*zip(*rows, strict=True)) for rows in (first, second))
    whole = table_of(*zip(*(first + second), strict=True))
    for merged in (statistic.merge(a, b), statistic.merge(b, a)):
        for ours, theirs in zip(merged, whole, strict=True):
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype
    for ours, theirs in zip(statistic.merge(a, statistic.zero()), a, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("n, low, high", [(40, 0, 1), (400, 0.5, 1), (1_000, 0.95, 1)])
def test_what_chance_alone_would_show(n, low, high):
    rng = np.random.default_rng(n)
    p = np.sort(rng.uniform(low, high, n))
    table = table_of(p, p > 2)
    at = equal_width(table, 15)
    drawn = (rng.random((4_000, n)) < p) - p
    simulated = sum(abs(drawn[:, at == b].sum(axis=1)) for b in range(at[-1] + 1)) / n
    error = simulated.std() / math.sqrt(len(simulated))
    assert chance_error(table, at) == pytest.approx(simulated.mean(), abs=4 * error + 2e-4)


def three(n=300, seed=0):
    rng = np.random.default_rng(seed)
    p = np.round(rng.dirichlet([1, 1, 1], n), 2)
    p[:, 2] = np.round(1 - p[:, 0] - p[:, 1], 2)
    label = rng.integers(0, 3, n)
    names = ["cat", "dog", "eel"]
    columns = {f"score_{name}": p[:, k] for k, name in enumerate(names)}
    return {"label": [names[k] for k in label], **columns}, p / p.sum(1, keepdims=True), label


def test_top_label_class_and_positive():
    table, p, label = three()
    top = counted(Confidences(), table)
    whole = table_of(p.max(axis=1), p.argmax(axis=1) == label)
    assert [x.tolist() for x in top] == [x.tolist() for x in whole]
    one = counted(Confidences(of="positive", positive="dog"), table)
    assert [x.tolist() for x in one] == [x.tolist() for x in table_of(p[:, 1], label == 1)]
    every = counted(Confidences(of="class"), table)
    for k in range(3):
        part = [x[every.group == k] for x in every[1:]]
        assert [x.tolist() for x in part] == [x.tolist() for x in table_of(p[:, k], label == k)[1:]]
    # The mean over the classes of the square, before it is cut off at zero.
    squares = [
        calibration_error(bins=5).value(table_of(np.r_[p[:, k]], label == k)) ** 2 for k in range(3)
    ]
    assert min(squares) > 0
    found = calibration_error(of="class", bins=5).value(every)
    assert found == pytest.approx(math.sqrt(sum(squares) / 3))


def test_binary_score_is_of_the_positive_class():
    rng = np.random.default_rng(1)
    score, label = rng.random(200), rng.integers(0, 2, 200)
    table = {"label": label, "score": score}
    one = counted(Confidences(of="positive"), table)
    assert [x.tolist() for x in one] == [x.tolist() for x in table_of(score, label == 1)]
    top = counted(Confidences(), table)
    right = table_of(np.maximum(score, 1 - score), (score > 0.5) == label)
    np.testing.assert_allclose(top.probability, right.probability)
    assert top.hits.tolist() == right.hits.tolist()


def test_order_of_rows_does_not_matter():
    table, _, _ = three()
    shuffled = np.random.default_rng(0).permutation(300)
    other = {k: [v[i] for i in shuffled] for k, v in table.items()}
    for kind in ("top", "class"):
        a, b = (counted(Confidences(of=kind), t) for t in (table, other))
        assert [x.tolist() for x in a] == [x.tolist() for x in b]


def test_report_only_says_why_and_beside_what():
    table, _, _ = three()
    found = measure([expected_calibration_error, brier_resolution], table)
    ece = found[expected_calibration_error.on("test")]
    assert (ece.low, ece.high) == (-math.inf, math.inf)
    form = expected_calibration_error.form(counted(Confidences(), table))
    assert isinstance(form, Unbounded)
    assert "calibration_error" in form.why
    assert "perfectly calibrated probabilities would show 0.0" in form.beside


def test_wrong_options():
    with pytest.raises(DeclarationError, match=r"of='tops' \(did you mean `top`\?\)"):
        calibration_error(of="tops").statistic  # noqa: B018
    with pytest.raises(DeclarationError, match='add of="positive"'):
        calibration_error(positive=1).statistic  # noqa: B018
    for bins in (0, 2.5, True, "15"):
        with pytest.raises(DeclarationError, match="whole number"):
            calibration_error(bins=bins).value(table_of([0.5], [1]))
    with pytest.raises(DeclarationError, match="neither True nor False"):
        brier_reliability(debias=1).value(table_of([0.5], [1]))


def test_scores_that_are_no_probabilities():
    with pytest.raises(OutputsError, match="probabilities"):
        counted(Confidences(), {"label": [0, 1, 1], "score": [0.2, 3.0, 0.4]})


def test_nothing_is_undefined():
    empty = Confidences().zero()
    for m in (calibration_error, expected_calibration_error, brier_uncertainty):
        assert math.isnan(m.value(empty))
        assert m.form(empty).reason == "0/0: there are no examples"


REAL = [
    ("cifar10", "cifar10/cv_probabilities.parquet", ["cv_model"]),
    ("label_errors", "label_errors/mnist_probabilities.parquet", ["mnist"]),
    ("label_errors", "label_errors/20news_probabilities.parquet", ["20news"]),
]


@needs_data
@pytest.mark.parametrize("folder, file, place", REAL, ids=[r[1] for r in REAL])
def test_real_probabilities(folder, file, place):
    figures = expected(folder)
    for name in place:
        figures = figures[name] if name in figures else figures["datasets"][name]["probabilities"]
    table = pq.read_table(DATA / file)
    names = [n for n in table.column_names if n.startswith("p")]
    scores = {f"score_{k}": table[n].to_numpy() for k, n in enumerate(names)}
    data = {"label": table["label"].to_numpy().astype(int), **scores}
    found = expected_calibration_error.value(counted(Confidences(), data))
    assert found == pytest.approx(figures["ece_15_equal_width_right_closed"], abs=1e-6)
    # Murphy's identity holds but for what varies within the bins.
    every = counted(Confidences(of="class"), data)
    low, gain, spread = (
        m(bins=3_000).value(every) for m in (brier_reliability, brier_resolution, brier_uncertainty)
    )
    assert low - gain + spread == pytest.approx(figures["brier_multiclass_sum"], abs=2e-3)


def test_an_estimate_hands_out_its_reliability_table():
    rng = np.random.default_rng(0)
    score = rng.random(600)
    table = {"label": (rng.random(600) < score).astype(int), "score": score}
    found = measure([calibration_error(of="positive"), brier_reliability], table)
    rows = found[calibration_error(of="positive").on("test")].reliability()
    assert (len(rows), sum(r.n for r in rows)) == (15, 600)
    assert sum(r.n * r.hits for r in rows) == pytest.approx(table["label"].sum())
    assert all(r.at_least < r.hits < r.at_most for r in rows if 0 < r.hits < 1)
    with pytest.raises(TypeError, match="has no reliability table"):
        found[brier_reliability.on("test")].reliability()


@pytest.mark.parametrize("metric", [expected_calibration_error, brier_resolution])
def test_what_nothing_bounds_cannot_gate(metric):
    with pytest.raises(DeclarationError, match="report-only.*bound .* instead.*list it in `also`"):
        _ = metric.on("test") <= 0.1
