"""same_distribution and known_difference: what they decide, and what they say."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from evalharness import Outputs, OutputsError, known_difference, same_distribution
from evalharness.metrics import accuracy
from tests.checks.two_splits import answers, finding, judged, spread
from tests.metrics.measure import declare

SAME = same_distribution("dev", "test")
N = 2000
HOUR = dt.timedelta(hours=1)


def gates(**columns):
    return same_distribution("dev", "test", columns=columns)


def labels(share):
    label = spread(share)
    return {"label": label, "prediction": label}


def test_pass_fail_and_between():
    first = labels(0.4)
    assert judged(SAME, first, labels(0.401)).outcome == "pass"
    assert judged(SAME, first, labels(0.43)).outcome == "inconclusive"
    failed = judged(SAME, first, labels(0.6))
    assert failed.outcome == "fail"
    assert failed.message == (
        'same_distribution("dev", "test"): `label`: largest difference of a share 0.2000, at least '
        "0.1690 with 97.5 % confidence, level 0.05 / 2 columns (n=2,000 and 2,000 rows); tolerance "
        "0.05: fail; label 1: 40 % of dev, 60 % of test [EH-SHIFT]; prediction fails too"
    )


def test_the_score_is_gated_and_the_largest_of_many():
    rng = np.random.default_rng(1)
    scores = rng.dirichlet(np.ones(3), N)
    sharp = scores**3 / (scores**3).sum(axis=1, keepdims=True)
    first = {"label": rng.integers(0, 3, N), "scores": scores.tolist()}
    second = {"label": rng.integers(0, 3, N), "scores": sharp.tolist()}
    found = finding(judged(SAME, first, second), "score")
    assert (found.outcome, found.measure) == ("fail", "KS distance")
    assert found.told.startswith("the largest score: KS distance")
    alone = finding(judged(SAME, {"score": spread(0.3) / 2}, {"score": spread(0.6) / 2}), "score")
    assert (alone.outcome, alone.value) == ("fail", pytest.approx(0.3))


def test_the_distance_is_that_of_scipy():
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(2)
    a, b = rng.normal(size=N), rng.normal(0.1, 1.2, N)
    found = finding(judged(gates(x=0.1), answers(x=a), answers(seed=1, x=b)), "x")
    oracle = ks_2samp(a, b, method="exact")
    assert found.value == pytest.approx(oracle.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(oracle.pvalue, rel=0.02)


def test_a_null_is_a_value():
    x = np.random.default_rng(3).normal(size=N)
    holes = pa.array(np.where(np.arange(N) < 500, np.nan, x), from_pandas=True)
    found = finding(judged(gates(x=0.1), answers(x=x), answers(seed=1, x=holes)), "x")
    assert (found.outcome, found.value) == ("fail", pytest.approx(0.25, abs=1e-9))
    assert found.details[0] == "x missing: 0 % of dev, 25 % of test"
    words = pa.array(["a", None] * 1000), pa.array(["a", "b"] * 1000)
    told = finding(judged(gates(w=0.1), *(answers(w=w) for w in words)), "w").details
    assert told[:2] == ("w 'b': 0 % of dev, 50 % of test", "w missing: 50 % of dev, 0 % of test")


def test_infinities_come_before_what_is_missing():
    x = np.where(np.arange(N) < 400, np.inf, 0.0)
    y = pa.array([None] * 400 + [0.0] * 1600)
    assert finding(judged(gates(x=0.1), answers(x=x), answers(x=y)), "x").value == 0.2


def test_times_are_told_as_times():
    start = dt.datetime(2026, 1, 1)
    a = pa.array([start + k * HOUR for k in range(N)])
    b = pa.array([start + (k + 1000) * HOUR for k in range(N)])
    found = finding(judged(gates(at=0.1), answers(at=a), answers(at=b)), "at")
    assert (found.outcome, found.value) == ("fail", 0.5)
    assert "; at at or before 2026-0" in found.told
    assert found.details[-1] == (
        "median at: 2026-02-11 15:30:00 in dev, 2026-03-25 07:30:00 in test"
    )


def test_texts_are_compared_by_their_length():
    texts = [[f"{k} " + "x" * (k % 50 + shift) for k in range(N)] for shift in (0, 30)]
    found = finding(judged(gates(t=0.1), *(answers(t=t) for t in texts)), "t")
    assert (found.outcome, found.measure) == ("fail", "KS distance")
    assert found.told.startswith("the length of `t`: KS distance")


def test_codes_of_one_length_are_compared_by_what_they_begin_with():
    """Forty codes of one region, each of less than one in a hundred: none moves by much alone."""
    rng = np.random.default_rng(4)
    places = [f"945{k:02d}" for k in range(40)], [f"941{k:02d}" for k in range(40)]

    def codes(share):
        return np.where(rng.random(N) < share, *(rng.choice(p, N) for p in places))

    found = finding(judged(gates(z=0.05), answers(z=codes(0.31)), answers(z=codes(0.04))), "z")
    assert found.outcome == "fail"
    assert any(line.startswith("z '945xx': 3") for line in found.details)


def named(low, high, n=N, seed=5):
    """Names of unequal length, each of less than a fiftieth."""
    rng = np.random.default_rng([seed, low, high])
    return rng.choice([f"{'abc'[k % 3] * (k % 5 + 1)}{k}" for k in range(low, high)], n)


def test_many_small_differences_fail_together():
    """No value of the one occurs in the other, and none makes up a fiftieth."""
    found = finding(judged(gates(z=0.05), answers(z=named(0, 80)), answers(z=named(80, 160))), "z")
    assert (found.outcome, found.measure, found.value) == ("fail", "total variation", 1.0)
    assert "1.0000 of all values together, at least 0." in found.told
    assert len(found.details) == 3


def test_where_all_together_likely_differ_nothing_passes():
    first, second = named(0, 80), named(0, 80, seed=6)
    moved = np.where(np.arange(N) < 0.2 * N, named(80, 160), second)
    found = finding(judged(gates(z=0.05), answers(z=first), answers(z=moved)), "z")
    assert found.outcome == "inconclusive"
    assert "no one value differs by more, but all together differ by 0.2" in found.told
    assert (
        finding(judged(gates(z=0.05), answers(z=first), answers(z=second)), "z").outcome == "pass"
    )


@pytest.mark.parametrize("n", [50, 500, 5000])
@pytest.mark.parametrize("values", [30, 400, 6000])
def test_chance_alone_makes_no_variation(n, values):
    """Also where there are more values than rows, and the plug-in value is near one."""
    from evalharness.inference.two_sample import ShareDistance

    rng = np.random.default_rng([n, values])
    for p in (np.full(values, 1 / values), 1 / np.arange(1, values + 1)):
        found = [
            ShareDistance([rng.multinomial(n, p / p.sum()) for _ in range(2)]) for _ in range(60)
        ]
        excess = np.array([d.excess for d in found])
        assert abs(excess.mean()) < 0.02 + 4 * excess.std() / np.sqrt(60)
        assert sum(d.least_variation(0.05) > 0 for d in found) <= 3


def test_the_bound_of_the_variation_holds():
    """Half of the rows are of values that the other sample lacks."""
    from evalharness.inference.two_sample import ShareDistance

    rng = np.random.default_rng(0)
    p, q = np.r_[np.full(50, 0.01), np.full(50, 0.01), np.zeros(50)], np.zeros(150)
    q[50:] = 0.01
    beyond = 0
    for _ in range(200):
        drawn = ShareDistance([rng.multinomial(800, p), rng.multinomial(800, q)])
        beyond += drawn.least_variation(0.05) > 0.5
    assert beyond <= 10


def test_what_is_not_gated_is_reported_and_adjusted_by_holm():
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(6)
    a = {f"x{k}": rng.normal(size=N) for k in range(5)}
    b = {f"x{k}": rng.normal(0.3 * (k == 0), 1, N) for k in range(5)}
    result = judged(SAME, answers(**a), answers(seed=1, **b))
    assert result.outcome == "pass"
    raw = {k: ks_2samp(a[k], b[k], method="exact").pvalue for k in a}
    told = {f.about: f for f in result.findings if f.outcome == "reported"}
    assert set(told) == {*a, "correct"}
    assert told["x0"].p_value == pytest.approx(6 * raw["x0"], rel=0.05)
    assert result.findings[2].about == "x0"  # the surest difference first
    assert result.remarks() == [told["x0"].told, *result.notes]


def test_without_labels_the_checks_that_need_them_are_said_not_to_be_made():
    second = answers(seed=1)
    del second["label"]
    result = judged(SAME, answers(), second)
    assert [f.about for f in result.gated] == ["prediction"]
    assert result.notes[0].startswith("without labels on both sides nothing can be said of")
    empty = judged(SAME, answers(), second | {"label": pa.nulls(N)})
    assert (empty.findings, empty.notes) == (result.findings, result.notes)


def test_known_differences_fail_only_beyond_what_was_declared():
    first, second = labels(0.4), labels(0.6)
    for amount, outcome in ((0.3, "pass"), (0.21, "pass"), (0.2, "pass"), (0.1, "fail")):
        check = known_difference("train", "dev", columns={"label": amount})
        result = judged(check, first, second)
        assert (result.outcome, len(result.gated)) == (outcome, 1)
    assert result.message.endswith("label 1: 40 % of train, 60 % of dev [EH-DIFFERENCE]")
    assert "prediction" in {f.about for f in result.findings if f.outcome == "reported"}


def test_the_level_of_a_fail_is_shared_by_all_gated_columns_whatever_is_selected():
    outputs = Outputs(dev=labels(0.4), test=labels(0.47), train=labels(0.5))
    other = known_difference("train", "dev", columns={"label": 0.5, "prediction": 0.5})
    made = declare(splits=[SAME, other])
    whole = made.run(outputs)
    assert {c.family for c in whole.checks} == {4}
    for check in made.checks:
        (alone,) = made.run(outputs, select=[check]).checks
        assert alone in whole.checks
    assert {
        c.family
        for c in declare(splits=[SAME, other], models=["a", "b"])
        .run({"a": outputs, "b": Outputs(dev=labels(0.4), test=labels(0.47), train=labels(0.5))})
        .checks
    } == {8}


def test_clusters_widen_what_rows_alone_would_show():
    rng = np.random.default_rng(7)
    cluster = np.repeat(np.arange(40), 50)
    effect = rng.normal(size=(2, 40))[:, :, None] + 0.1 * rng.normal(size=(2, 40, 50))
    first, second = (answers(x=e.ravel(), seed=i) for i, e in enumerate(effect))
    rows = judged(gates(x=0.1), first, second)
    whole = judged(gates(x=0.1), first | {"cluster": cluster}, second | {"cluster": cluster})
    assert finding(rows, "x").outcome == "fail"
    found = finding(whole, "x")
    assert found.outcome == "inconclusive"
    assert "(n=2,000 and 2,000 rows in 40 clusters and 40 clusters)" in found.told
    assert found.p_value > 0.05 > finding(rows, "x").p_value


def test_embeddings_are_compared_by_permutation():
    rng = np.random.default_rng(8)
    check = same_distribution("dev", "test", embeddings=["e"])
    first = answers(300, e=rng.normal(size=(300, 4)).tolist())
    for shift, differs in ((0, False), (1, True)):
        e = rng.normal(shift, 1, size=(300, 4)).tolist()
        result = judged(check, first, answers(300, 1, e=e))
        told = [f for f in result.findings if f.about == "e"]
        assert {f.measure for f in told} == {"MMD²", "energy distance"}
        assert all((f.p_value < 0.05) == differs for f in told)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_a_classifier_tells_the_splits_apart_where_they_differ(shift):
    """Each column by itself is alike; only their product tells the splits."""
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(2, N)), rng.normal(size=(2, N))
    y[1] = np.where(shift * x[1] > 0, abs(y[1]), y[1])
    tables = [answers(seed=i, x=x[i], y=y[i] * rng.choice([-1, 1], N)) for i in (0, 1)]
    tables[1]["y"] = np.where(x[1] * shift > 0, abs(tables[1]["y"]), tables[1]["y"])
    check = same_distribution("dev", "test", classifier=True)
    found = finding(judged(check, *tables), "classifier")
    assert found.code == "EH-SHIFT-JOINT"
    assert found.outcome == ("fail" if shift else "pass")
    assert found.told.startswith("a classifier of ")


REFUSED = [
    (SAME, {"id": np.arange(9)}, {"id": np.arange(8)}, "share none of the columns that it gates"),
    (gates(zip=0.1), answers(9), answers(9, 1), r"no column `zip`, which same_distribution\("),
    (gates(id=0.1), answers(9), answers(9, 1), "`id` tells rows apart"),
    (gates(correct=0.1), answers(9), {"prediction": [1] * 9}, "worked out from `label` and `pred"),
    (
        same_distribution("dev", "test", embeddings=["e"]),
        answers(9, e=[[1.0]] * 9),
        answers(1, 1, e=[[1.0]]),
        "`e` of one row cannot be compared by permutation",
    ),
    (SAME, answers(9), answers(9, 1) | {"label": ["a"] * 9}, "`label` cannot be compared: it is i"),
    (
        gates(x=0.1),
        answers(9, x=np.zeros(9)),
        answers(9, 1, x=["a"] * 9),
        "`x` cannot be compared: it is real-valued .* in the one and text in the other",
    ),
    (
        gates(t=0.1),
        answers(2, t=pa.array([dt.datetime(2026, 1, 1)] * 2)),
        answers(2, 1, t=pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * 2)),
        "its times have a time zone in the second split only",
    ),
    (gates(x=0.1), answers(2, x=[{"a": 1}] * 2), answers(2, 1, x=[{"a": 1}] * 2), "cast it in the"),
    (gates(x=0.1), answers(2, x=[[1]] * 2), answers(2, 1, x=[[1]] * 2), r"embeddings=\['x'\]"),
    (
        SAME,
        {"label": [[0, 1]] * 2, "prediction": [[0, 1]] * 2},
        {"label": [[1, 1]] * 2, "prediction": [[0, 1]] * 2},
        "nothing is left that .* can gate",
    ),
    (SAME, answers(9), answers(0), "the table is empty"),
    (
        same_distribution("dev", "test", classifier=True),
        {"id": np.arange(9)},
        {"id": np.arange(8)},
        "share no column by which a classifier could tell them apart",
    ),
    (SAME, answers(9), answers(9), "are one and the same table"),
    (
        same_distribution("dev", "test", embeddings=["e"]),
        answers(2, e=[[1.0], [2.0]]),
        answers(2, 1, e=[[1.0, 2.0]] * 2),
        "has 1 numbers in each row of one and 2 of the other",
    ),
    (
        same_distribution("dev", "test", embeddings=["e"]),
        answers(2, e=[[1.0], [2.0, 3.0]]),
        answers(2, 1, e=[[np.nan]] * 2),
        "(?s)2 problems.*has 1, 2 numbers in a row.*NaN or infinite",
    ),
]


@pytest.mark.parametrize(("check", "first", "second", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_compared_is_refused(check, first, second, words):
    with pytest.raises(OutputsError, match=words):
        judged(check, first, second)


def test_an_error_does_not_depend_on_what_is_selected():
    made = declare(satisficing=[accuracy.on("test") >= 0.5], splits=[gates(zip=0.1)])
    bound = [c for c in made.checks if c.kind == "satisficing"]
    with pytest.raises(OutputsError, match="no column `zip`"):
        made.run(Outputs(dev=answers(), test=answers(seed=1)), select=bound)


@pytest.mark.parametrize("n", [1, 2, 10, 50])
def test_too_few_rows_decide_nothing_and_say_so(n):
    a = {"label": np.arange(n) % 2, "x": np.arange(n) % 7 / 7}
    result = judged(
        gates(x=0.1),
        a,
        {k: v[::-1].copy() for k, v in a.items()} if n > 2 else {k: 1 - v for k, v in a.items()},
    )
    assert result.outcome == "inconclusive"
    assert all("so few rows" in f.told or f.value > 0.5 for f in result.gated)


def test_constants_pass_where_both_have_them_and_fail_against_what_varies():
    flat, varied = np.zeros(N), np.random.default_rng(1).normal(size=N)
    both = finding(judged(gates(x=0.1), answers(x=flat), answers(seed=1, x=flat)), "x")
    assert both.outcome == "pass"
    assert both.limit > 0  # never of zero width
    one = finding(judged(gates(x=0.1), answers(x=flat), answers(seed=1, x=varied)), "x")
    assert one.outcome == "fail"
    words = finding(judged(gates(x=0.1), answers(x=["a"] * N), answers(seed=1, x=["a"] * N)), "x")
    assert (words.outcome, words.limit > 0) == ("pass", True)


def test_streams_are_refused_in_words(tmp_path):
    import pyarrow.parquet as pq

    (tmp_path / "dev").mkdir()
    pq.write_table(pa.table(answers(9)), tmp_path / "dev" / "0.parquet")
    with pytest.raises(OutputsError, match="needs rows, and this split is read in batches"):
        judged(SAME, outputs=Outputs(dev=f"{tmp_path}/dev/", test=answers(9, 1)))


def test_by_policy_point_the_value_alone_decides_and_nothing_is_guaranteed():
    for share, outcome in ((0.45, "pass"), (0.46, "fail")):
        result = judged(SAME, labels(0.4), labels(share), policy="point")
        assert result.outcome == outcome
        assert "(policy 'point'): no statistical guarantee" in result.message


def test_of_a_sample_without_labels_their_shares_are_told_as_if_nothing_else_moved():
    rng = np.random.default_rng(3)

    def made(share):
        label = (rng.random(N) < share).astype(int)
        return label, np.where(rng.random(N) < 0.9, label, 1 - label)

    first, second = made(0.3), made(0.6)
    known = {"label": first[0], "prediction": first[1]}
    _, told = judged(SAME, known, {"prediction": second[1]}).notes
    assert told == (
        "if nothing but the shares of the labels moved, test has 1 62 % (59 % to 65 %; 31 % of "
        "dev), 0 38 % (35 % to 41 %; 69 % of dev)"
    )


@pytest.mark.parametrize("empty", [pa.nulls(N), np.full(N, np.nan)], ids=["null", "NaN"])
def test_empty_labels_are_no_labels(empty):
    second = {"label": empty, "prediction": answers(seed=1)["prediction"]}
    assert [f.about for f in judged(SAME, answers(), second).gated] == ["prediction"]


def test_half_of_the_labels_may_be_missing():
    second = answers(seed=1)
    half = pa.array([v if k % 2 else None for k, v in enumerate(second["label"].tolist())])
    floats = np.where(np.arange(N) % 2, second["label"].astype(float), np.nan)
    for label in (half, floats):
        found = finding(judged(SAME, answers(), second | {"label": label}), "label")
        assert (found.n, found.measure) == ((N, N // 2), "largest difference of a share")
        assert found.outcome == "inconclusive" or found.outcome == "pass"


def test_the_notes_agree_with_their_numbers():
    """Errors rise in every stratum, so that the mix of what moved does not explain them."""
    rng = np.random.default_rng(2)
    income = rng.normal(size=(2, N))
    income[1] += 1
    second = answers(seed=1)
    wrong = rng.random(N) < 0.3
    second["prediction"] = np.where(wrong, 1 - second["label"], second["prediction"])
    result = judged(SAME, answers(x=income[0]), second | {"x": income[1]})
    assert result.notes[0].startswith("this can be covariate shift: the labels did not move")
    assert result.notes[1].endswith(
        "which does not explain it: the relation of labels to inputs "
        "changed, or the inputs did in a way that no column shows"
    )
    constant = judged(SAME, answers(), answers(seed=1) | {"prediction": np.ones(N, int)})
    assert constant.notes[0].startswith("the labels did not move, and what the model makes of the")


def test_what_is_left_out_is_said():
    first, second = answers(id=np.arange(N)), answers(seed=1, weight=np.ones(N))
    second |= {"id": np.arange(N) + N - 5, "score": second["label"] / 2}
    notes = judged(SAME, first, second).notes
    assert notes[0] == "only test has `score`, so that `score` is not compared"
    assert notes[1] == "rows count alike here, whatever their `weight`"
    assert notes[2].startswith("5 of 2,000 ids of test are also in dev")
    known = known_difference("train", "dev", columns={"prediction": 0.5})
    unlabelled = {"prediction": second["prediction"]}
    assert judged(known, answers(), unlabelled).notes[-1].startswith("without labels on both")


def test_durations_and_times_of_day_are_told_as_such():
    for column, words in (
        (pa.array([dt.timedelta(minutes=k) for k in range(N)]), ": 16:39:30 in dev"),
        (pa.array([dt.time(k % 12, 30) for k in range(N)]), ": 05:30:00 in dev"),
    ):
        later = pa.array([v.as_py() for v in column][N // 2 :] * 2)
        if column.type == pa.time64("us"):
            later = pa.array([dt.time(12 + k % 12, 30) for k in range(N)])
        found = finding(judged(gates(at=0.1), answers(at=column), answers(seed=1, at=later)), "at")
        assert found.outcome == "fail"
        assert words in found.details[-1]


def test_a_classifier_of_few_rows_shows_nothing():
    check = same_distribution("dev", "test", classifier=True)
    rng = np.random.default_rng(4)
    for n in (1, 3, 200):
        tables = [answers(n, i, x=rng.normal(size=n), y=rng.normal(size=n)) for i in (2, 3)]
        found = finding(judged(check, *tables), "classifier")
        assert found.outcome == "inconclusive"
    assert "learns too little for this to show that they are alike" in found.told


@pytest.mark.calibration
def test_the_forecast_keeps_its_promise_where_nothing_differs():
    """100 rows of each, alike; at the rows that are named four of five decide."""
    from evalharness.inference.two_sample import ShareDistance, settle

    seen = ShareDistance([[30, 70], [30, 70]])
    n, m = settle(seen, 0.05, 0.05)
    rng = np.random.default_rng(1)
    passed = sum(
        ShareDistance([rng.multinomial(k, [0.3, 0.7]) for k in (n, m)]).upper(0.05) < 0.05
        for _ in range(2000)
    )
    assert 0.77 < passed / 2000 < 0.93


@pytest.mark.calibration
def test_the_area_of_a_classifier_is_bounded_as_widely_as_it_varies():
    """Without a difference the area is one half; rows scored by one model would vary less."""
    from evalharness.checks.columns import Numbers
    from evalharness.checks.joint_shift import told_apart
    from evalharness.checks.settings import Settings

    covered, runs = 0, 80
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        columns = {
            f"x{k}": Numbers(
                f"x{k}", "", "numbers", tuple(rng.normal(size=(2, 1000))), (None, None)
            )
            for k in range(6)
        }
        found = told_apart(0.6, ("dev", "test"), columns, Settings(seed=seed))
        covered += found.limit >= 0.5
        assert found.outcome != "fail"
    assert covered >= 0.95 * runs - 3 * np.sqrt(0.95 * 0.05 * runs)
