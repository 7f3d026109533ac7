"""same_distribution: how columns of each kind are compared."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from tests.checks.two_splits import SAME, answers, finding, gates, judged

N = 2000
HOUR = dt.timedelta(hours=1)


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


def test_constants_pass_where_both_have_them_and_fail_against_what_varies():
    flat, varied = np.zeros(N), np.random.default_rng(1).normal(size=N)
    both = finding(judged(gates(x=0.1), answers(x=flat), answers(seed=1, x=flat)), "x")
    assert both.outcome == "pass"
    assert both.limit > 0  # never of zero width
    one = finding(judged(gates(x=0.1), answers(x=flat), answers(seed=1, x=varied)), "x")
    assert one.outcome == "fail"
    words = finding(judged(gates(x=0.1), answers(x=["a"] * N), answers(seed=1, x=["a"] * N)), "x")
    assert (words.outcome, words.limit > 0) == ("pass", True)


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
