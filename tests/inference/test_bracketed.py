"""Rank metrics of scores in bins: decided where both ends agree, else by a sort, or left open."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalharness import Outputs
from evalharness.checks.table import row
from evalharness.declare.errors import OutputsError
from evalharness.declare.forms import Concordance
from evalharness.inference import bracketed, placements
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.sorted_scores import sorted_area
from evalharness.kernels import external, sampled, streaming
from evalharness.metrics import average_precision, ks_statistic, metric, roc_auc
from evalharness.metrics.curves import Distance, RankCurve
from evalharness.metrics.rank_curves import average_precision_of
from evalharness.statistics import Ranks
from evalharness.statistics import bins as binning
from evalharness.statistics.binned import Binned
from tests.metrics.measure import run
from tests.outputs.shards import shards
from tests.statistics.test_bins import binned

N = 3_000
METRICS = [roc_auc, average_precision, ks_statistic]


def table(seed=0, n=N):
    rng = np.random.default_rng(seed)
    label = rng.random(n) < 0.4
    score = 1 / (1 + np.exp(-rng.normal(1.5 * label, 1)))
    return {"label": label.astype(int), "score": score, "group": rng.integers(0, 3, n)}


@pytest.fixture
def coarse(monkeypatch):
    """Bins that leave much open."""
    monkeypatch.setattr(sampled, "SAMPLE", 100)
    monkeypatch.setattr(streaming, "WIDE", 1.0)


def both(asked, rows, folder):
    """The estimates of the stream and of the whole."""
    return (run(Outputs(test=x), also=[asked])["model", asked] for x in (folder, rows))


@pytest.mark.parametrize("asked", METRICS, ids=str)
@pytest.mark.parametrize("seed", range(2))
def test_what_is_shown_holds_what_sorted_scores_give(asked, seed, coarse, tmp_path):
    rows = table(seed)
    found, exact = both(asked.on("test"), rows, shards(tmp_path / "t", rows, 1_000))
    bounds = found._bounds
    assert 0.001 < bounds.half_width < 0.1
    assert abs(found.value - exact.value) <= bounds.half_width
    assert found.error == bounds.half_width
    assert f"leave the value open by ±{bounds.half_width:.1g}, which its bounds" in found.note
    assert found.note in repr(found)
    for alpha in (0.2, 0.05, 1e-3, 1e-6):
        wide, narrow = bounds.limits(alpha, wide=True), bounds.limits(alpha, wide=False)
        assert wide[0] <= exact._bounds.lower(alpha) <= narrow[0]
        assert narrow[1] <= exact._bounds.upper(alpha) <= wide[1]


@pytest.mark.parametrize("seed", range(60))
def test_the_room_beyond_the_ends_is_enough(seed):
    """Few examples in very coarse bins, where the spread changes most."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(30, 400))
    label = rng.random(n) < rng.choice([0.1, 0.3, 0.5])
    score = np.round(rng.normal(rng.choice([0, 1, 3]) * label), rng.integers(1, 5))
    if seed % 3 == 2:  # most scores are near 0, some far away
        score *= 10.0 ** rng.integers(-300, 300, n)
    if not 1 < label.sum() < n - 1:
        return
    of, *_ = binned(score + 0.0, label, rng.integers(0, n, int(rng.integers(1, 20))))
    _, rank = np.unique(score, return_inverse=True)
    negatives, positives = (np.bincount(rank[label == y], minlength=rank.max() + 1) for y in (0, 1))
    exact = ConcordanceBounds(positives, negatives)
    found = bracketed.bracketed(roc_auc, of, lambda t: ConcordanceBounds(t.positives, t.negatives))
    for alpha in (0.2, 0.05, 1e-3):
        assert 0 <= found.lower(alpha) <= exact.lower(alpha) + 1e-9
        assert 1 >= found.upper(alpha) >= exact.upper(alpha) - 1e-9
        low, high = found.interval(1 - alpha)
        within = exact.interval(1 - alpha)
        assert 0 <= low <= within[0] + 1e-9
        assert 1 >= high >= within[1] - 1e-9


@pytest.mark.parametrize("asked", METRICS, ids=str)
def test_few_rows_are_told_exactly(asked, tmp_path):
    rows = table(n=4_000)
    rows["score"] = np.where(np.arange(4_000) % 3, rows["score"], 1 - 1e-13 * rows["score"])
    found, exact = both(asked.on("test"), rows, shards(tmp_path / "t", rows, 7, 1_000))
    assert found.note == ""
    assert found.error == 0
    assert found.value == pytest.approx(exact.value, rel=1e-14)
    assert (found.at_least, found.at_most) == pytest.approx((exact.at_least, exact.at_most))


def test_single_valued_bins_are_exact(tmp_path):
    rows = table() | {"score": np.round(table()["score"], 2)}
    found, exact = both(roc_auc.on("test"), rows, shards(tmp_path / "t", rows, 1_000))
    assert found.note == ""
    assert (found.value, found.low, found.high) == (exact.value, exact.low, exact.high)
    assert (found.at_least, found.at_most) == (exact.at_least, exact.at_most)


def test_shards_of_other_widths_lose_no_digit(tmp_path):
    """float32 in one file, float64 in another: neighbours there are one number in 32 bits."""
    rows = table()
    rows["score"] = np.where(np.arange(N) < 1_000, np.float32(0.5), 0.5 + 1e-12 * rows["score"])
    for name, columns in (
        ("a", {k: v[:1_000] for k, v in rows.items()} | {"score": np.full(1_000, 0.5, np.float32)}),
        ("b", {k: v[1_000:] for k, v in rows.items()}),
    ):
        pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
    found, exact = both(roc_auc.on("test"), rows, tmp_path)
    assert found.value == pytest.approx(exact.value, abs=found.error + 1e-12)
    assert found.error < 1e-3


def test_slices_have_brackets_of_their_own(coarse, tmp_path):
    rows, asked = table(), roc_auc.on("test").by("group")
    found, exact = both(asked, rows, shards(tmp_path / "t", rows, 10, 2_000))
    assert list(found) == list(exact) == ["group=0", "group=1", "group=2"]
    for name, mine in found.items():
        assert abs(mine.value - exact[name].value) <= mine._bounds.half_width
        assert mine.at_least <= exact[name].at_least
        assert (mine.n, mine.unit) == (exact[name].n, exact[name].unit)


@pytest.fixture
def sorts(monkeypatch):
    """How many external sorts there were."""
    found = []

    class Counted(external.Sorter):
        def __init__(self):
            found.append(self)
            super().__init__()

    monkeypatch.setattr(streaming, "Sorter", Counted)
    monkeypatch.setattr(external, "RUN", 500)
    monkeypatch.setattr(external, "MERGED", 700)
    monkeypatch.setattr(external, "LEAST_BLOCK", 50)
    return found


@pytest.mark.parametrize("kind, by", [("f4", ()), ("f8", ()), ("f8", ("group",))])
@pytest.mark.parametrize("step", [-1e-9, 1e-9])
@pytest.mark.parametrize("ranked", METRICS, ids=str)
def test_a_bound_inside_of_the_bracket_is_decided_by_a_sort(
    ranked, kind, step, by, coarse, sorts, tmp_path
):
    """A threshold this close to the limit: only the exact limit tells on which side it lies."""
    rows = table()
    rows["score"] = np.round(rows["score"], 3).astype(kind) if kind == "f4" else rows["score"]
    folder = shards(tmp_path / "t", rows, 1_000)
    asked = ranked.on("test").by(*by) if by else ranked.on("test")
    exact = run(Outputs(test=rows), also=[asked])["model", asked]
    limit = exact["group=1"].at_least if by else exact.at_least
    bound = asked >= limit + step
    found, expected = (run(Outputs(test=x), satisficing=[bound]).checks[0] for x in (folder, rows))
    assert found.outcomes == expected.outcomes
    assert len(sorts) >= 1
    verdict = found.verdicts[1 if by else 0]
    assert verdict.outcome == ("pass" if step < 0 else "inconclusive")
    assert "by a sort of all scores" in verdict.message
    value = (exact["group=1"] if by else exact).value
    assert verdict.estimate.value == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("step", [-1e-9, 1e-9])
@pytest.mark.parametrize("ranked", METRICS, ids=str)
def test_a_gap_inside_of_its_bracket_is_decided_by_sorts(ranked, step, coarse, sorts, tmp_path):
    rows, asked = table(), ranked.on("test").by("group").gap()
    folder = shards(tmp_path / "t", rows, 1_000)
    shown, exact = both(asked, rows, folder)
    bounds = shown._bounds
    assert 0.001 < bounds.half_width < 0.1
    assert abs(shown.value - exact.value) <= bounds.half_width == shown.error
    assert f"open by ±{bounds.half_width:.1g}" in shown.note
    for alpha in (0.2, 0.05, 1e-3, 1e-6):
        wide, narrow = bounds.limits(alpha, wide=True), bounds.limits(alpha, wide=False)
        assert wide[0] <= exact._bounds.lower(alpha) <= narrow[0]
        assert narrow[1] <= exact._bounds.upper(alpha) <= wide[1]
    assert not sorts
    bound = asked <= exact.at_most + step
    found, expected = (run(Outputs(test=x), satisficing=[bound]).checks[0] for x in (folder, rows))
    assert found.outcome == expected.outcome == ("pass" if step > 0 else "inconclusive")
    assert len(sorts) == 3
    assert found.worst.estimate.value == pytest.approx(exact.value, rel=1e-12)
    assert "by a sort of all scores" in found.message
    # Far from what the bins leave open, they decide.
    found = run(Outputs(test=folder), satisficing=[asked <= 0.5]).checks[0]
    assert (found.outcome, len(sorts)) == ("pass", 3)
    assert f"±{bounds.half_width:.1g}" in row(found)[2]


@pytest.mark.parametrize("asked", METRICS, ids=str)
def test_far_from_the_bracket_nothing_is_sorted(asked, coarse, sorts, tmp_path):
    rows = table()
    folder = shards(tmp_path / "t", rows, 1_000)
    for bound in (asked.on("test") >= 0.5, asked.on("test") >= 0.99, asked.on("test") <= 0.5):
        found = run(Outputs(test=folder), satisficing=[bound]).checks[0]
        expected = run(Outputs(test=rows), satisficing=[bound]).checks[0]
        assert found.outcome == expected.outcome != "inconclusive"
        assert "bins of scores" in found.message
        assert f"±{found.worst.estimate._bounds.half_width:.1g}" in row(found)[2]
    assert not sorts


@pytest.mark.parametrize("step", [-1e-9, 1e-9])
@pytest.mark.parametrize("ranked", METRICS, ids=str)
def test_values_are_decided_by_a_sort_too(ranked, step, coarse, sorts, tmp_path):
    rows, asked = table(), ranked.on("test")
    folder = shards(tmp_path / "t", rows, 1_000)
    value = run(Outputs(test=rows), also=[asked])["model", asked].value
    expected = "pass" if step < 0 else "fail"
    listed = asked.exactly() >= value + step
    assert run(Outputs(test=folder), satisficing=[listed]).checks[0].outcome == expected
    points = run(Outputs(test=folder), satisficing=[asked >= value + step], policy="point")
    assert points.checks[0].outcome == expected
    assert len(sorts) == 2


def test_a_value_inside_of_the_bracket_is_no_other(coarse, sorts, tmp_path):
    """An equality is no bound that both ends could fail."""
    rows, asked = table() | {"score": np.linspace(0, 1, N)}, ks_statistic.on("test")
    value = run(Outputs(test=rows), also=[asked])["model", asked].value
    folder = shards(tmp_path / "t", rows, 1_000)
    for wanted, outcome in ((value, "pass"), (value + 1e-9, "fail")):
        result = run(Outputs(test=folder), satisficing=[asked.exactly() == wanted])
        assert result.checks[0].outcome == outcome
    assert len(sorts) == 2


@pytest.mark.parametrize(
    "form",
    [
        lambda t: Concordance(t.negatives, t.positives),
        lambda t: RankCurve(t.positives, t.negatives, average_precision_of, None),
        lambda t: Distance(t.negatives, t.positives, "distance", 0.5),
    ],
)
def test_what_the_bins_do_not_bracket_is_refused(form, tmp_path):
    """Such as the area of the scores turned around."""

    @metric(Ranks(), better="higher", range=(0, 1))
    def mine(table):
        return form(table)

    folder = shards(tmp_path / "t", table(n=500))
    with pytest.raises(OutputsError, match="all scores in order"):
        run(Outputs(test=folder), also=[mine.on("test")])


def test_asserts_by_hand_are_decided_by_a_sort_once(coarse, sorts, tmp_path):
    rows, asked = table(), roc_auc.on("test")
    exact = run(Outputs(test=rows), also=[asked])["model", asked]
    found = run(Outputs(test=shards(tmp_path / "t", rows)), also=[asked])["model", asked]
    assert bool(found >= exact.at_least - 1e-9)
    assert (found >= exact.at_least + 1e-9).outcome == "inconclusive"
    assert len(sorts) == 1


def test_what_would_settle_a_bound_inside_of_the_bracket_goes_by_the_value(coarse, sorts, tmp_path):
    rows, asked = table(), roc_auc.on("test")
    exact = run(Outputs(test=rows), also=[asked])["model", asked]
    found = run(Outputs(test=shards(tmp_path / "t", rows)), also=[asked])["model", asked]
    for threshold in (exact.value, found.value):
        assert (found >= threshold).settle == (exact >= threshold).settle
        assert "by a sort of all scores" in (found >= threshold).message


@pytest.mark.parametrize("ties", [1, 2, 8])
def test_sorted_areas_are_those_of_the_table(ties):
    rng = np.random.default_rng(ties)
    positives, negatives = rng.integers(0, ties, (2, 500))
    of = Binned(negatives, positives, np.zeros(500, bool), None)
    if ties == 1:
        positives[3] = negatives[7] = 2
    cuts = [0, 1, 17, 17, 400, 500]
    pieces = [(negatives[a:b], positives[a:b]) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
    found = sorted_area(Binned(negatives, positives, of.single, lambda: iter(pieces)))
    exact = ConcordanceBounds(positives, negatives)
    assert found.value == exact.value
    for alpha in (0.2, 0.05, 1e-4):
        assert (found.lower(alpha), found.upper(alpha)) == (exact.lower(alpha), exact.upper(alpha))


@pytest.mark.parametrize("distinct", [0, 1, 40, 64, 65, 128, 500, 513, 4_000])
def test_scores_that_come_piece_by_piece_are_merged_as_all_at_once(distinct, monkeypatch):
    monkeypatch.setattr(placements, "MOST_CELLS", 64)
    monkeypatch.setattr(placements, "BLOCK", 128)
    rng = np.random.default_rng(distinct)
    counts = rng.integers(0, 3, (2, distinct))
    found = placements.Merged()
    for piece in np.array_split(counts, np.sort(rng.integers(0, distinct + 1, 30)), axis=1):
        found.add(*piece)
    assert found._cells.shape[1] <= 128
    if distinct > 1:
        pairs = zip(found.placed, placements.placed(*counts), strict=True)
        assert all(mine == whole for mine, whole in pairs)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("distinct", [1, 3, 200, 10**6])
def test_an_external_sort_counts_every_key(distinct, bits, monkeypatch):
    monkeypatch.setattr(external, "RUN", 1_000)
    monkeypatch.setattr(external, "MERGED", 300)
    monkeypatch.setattr(external, "LEAST_BLOCK", 16)
    rng = np.random.default_rng(distinct)
    keys = rng.integers(0, distinct, 5_000).astype(f"u{bits // 8}") << (bits - 24)
    label = rng.random(5_000) < 0.3
    with external.Sorter() as sorter:
        for a in range(0, 5_000, 137):
            some, side = keys[a : a + 137], label[a : a + 137]
            sorter.add(some[~side], some[side])
        pieces = list(sorter.merged())
    negatives, positives = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    _, rank = np.unique(keys, return_inverse=True)
    np.testing.assert_array_equal(negatives, np.bincount(rank, ~label))
    np.testing.assert_array_equal(positives, np.bincount(rank, label))


def test_sorted_files_are_sampled_again(tmp_path, monkeypatch):
    """The first rows of each file tell nothing of the others where the files are sorted."""
    monkeypatch.setattr(sampled, "SAMPLE", 2_000)
    thorough = []
    real = streaming.bins_of
    monkeypatch.setattr(
        streaming, "bins_of", lambda split, s, t: (thorough.append(t), real(split, s, t))[1]
    )
    rows = table(n=40_000)
    order = np.argsort(rows["score"])
    sorted_rows = {k: v[order] for k, v in rows.items()}
    found, exact = both(roc_auc.on("test"), rows, shards(tmp_path / "t", sorted_rows, 20_000))
    assert thorough == [False, True]
    assert abs(found.value - exact.value) <= found._bounds.half_width < 5e-4
    assert binning.SAMPLE == 1 << 17
