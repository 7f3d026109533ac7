"""same_distribution and known_difference: what they decide, and what they say."""

import numpy as np
import pytest

from evalharness import Outputs, known_difference, same_distribution
from tests.checks.two_splits import SAME, answers, finding, gates, judged, labels, spread
from tests.metrics.measure import declare

N = 2000


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


def test_by_policy_point_the_value_alone_decides_and_nothing_is_guaranteed():
    for share, outcome in ((0.45, "pass"), (0.46, "fail")):
        result = judged(SAME, labels(0.4), labels(share), policy="point")
        assert result.outcome == outcome
        assert "(policy 'point'): no statistical guarantee" in result.message


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

    covered, runs = 0, 50
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


def test_where_nothing_is_required_nothing_passes():
    from evalharness.checks.findings import Finding, SplitResult

    told = Finding("EH-SHIFT", "x", "reported", "`x` was not compared")
    result = SplitResult("i", "splits", "", 'same_distribution("a", "b")', ("a", "b"), (told,))
    assert result.outcome == "inconclusive"
