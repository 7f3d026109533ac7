"""no_leakage: facts fail, shares are tolerated up to a point, and what the leak was worth."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from evalharness import Outputs, OutputsError, no_leakage
from evalharness.metrics import accuracy, recall
from tests.checks.two_splits import answers, finding, judged

N = 2000
ANY = no_leakage("train", "test")
WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu".split()


def rows(start, n=N, **columns):
    return {"id": np.arange(start, start + n)} | answers(n, start) | columns


def texts(seed, n=N):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 25)) + f" {rng.integers(10**9)}" for _ in range(n)]


def test_one_shared_id_fails_and_its_share_has_an_interval():
    result = judged(ANY, rows(0), rows(N - 1))
    assert result.outcome == "fail"
    assert result.message == (
        'no_leakage("train", "test"): 1 of 2,000 ids of test is also in train (first: 1999); 0.05 '
        "% of the rows (95 % interval 0.01 % to 0.28 %) [EH-LEAK-ID]"
    )
    assert judged(ANY, rows(0), rows(N)).outcome == "pass"


def test_clusters_content_and_time_are_facts_too():
    start = dt.datetime(2026, 1, 1)
    hours = pa.array([start + dt.timedelta(hours=k) for k in range(2 * N)])
    check = no_leakage("train", "test", content=["text"], time="at")
    train = rows(0, cluster=np.arange(N) % 100, text=texts(0), at=hours[:N])
    test = rows(N, cluster=100 + np.arange(N) % 100, text=texts(1), at=hours[N:])
    assert judged(check, train, test).outcome == "pass"
    shouted = [t.upper().replace(" ", "  ") for t in train["text"][:3]] + test["text"][3:]
    broken = {
        "cluster": ("EH-LEAK-CLUSTER", np.arange(N) % 100 + 99, 20),
        "text": ("EH-LEAK-CONTENT", shouted, 3),
        "at": ("EH-LEAK-TIME", hours[N - 1 : 2 * N - 1], 1),
    }
    for column, (code, values, leaked) in broken.items():
        result = judged(check, train, test | {column: values})
        (failed,) = [f for f in result.findings if f.outcome == "fail"]
        assert (failed.code, round(failed.value * N)) == (code, leaked)


def test_a_few_near_duplicates_are_tolerated_and_more_are_not():
    check = no_leakage("train", "test", near="text")
    train, fresh = texts(0), texts(1)
    for copied, outcome in ((0, "pass"), (5, "pass"), (22, "inconclusive"), (60, "fail")):
        near = [t + "!" for t in train[:copied]] + fresh[copied:]
        found = finding(judged(check, rows(0, text=train), rows(N, text=near)), "`text`")
        assert (found.outcome, round(found.value * N)) == (outcome, copied)
        assert found.code == "EH-LEAK-NEAR"
    small = judged(check, rows(0, text=train), rows(N, 100, text=fresh[:100]))
    assert small.outcome == "inconclusive"
    assert "about 299 fresh rows would settle it" in small.message


def test_near_embeddings():
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(2, N, 8))
    check = no_leakage("train", "test", embeddings=["e"])
    copied = test.copy()
    copied[:60] = train[:60] + 0.001
    for e, outcome in ((test, "pass"), (copied, "fail")):
        result = judged(check, rows(0, e=train.tolist()), rows(N, e=e.tolist()))
        assert result.outcome == outcome
    assert finding(result, "`e`").code == "EH-LEAK-EMBEDDING"
    assert result.notes[0].startswith("accuracy on test is ")


def test_the_metric_is_told_with_and_without_the_leaked_rows():
    """The leaked half is answered rightly, of the others every second."""
    label = np.arange(N) % 2
    right = (np.arange(N) < 1000) | (np.arange(N) % 4 < 2)
    test = {"id": np.arange(N), "label": label, "prediction": np.where(right, label, 1 - label)}
    train = {"id": np.arange(1000), "label": label[:1000], "prediction": label[:1000]}
    declared = {"satisficing": [recall.on("test") >= 0.1], "also": [accuracy.on("test")]}
    result = judged(ANY, train, test, **declared)
    told = [note.split(" (")[0] for note in result.notes]
    assert told == ["recall on test is 0.7500", "accuracy on test is 0.7500"]
    assert all("without the 1,000 leaked rows 0.5000 (95 % interval" in n for n in result.notes)
    assert judged(ANY, train, test).notes[0] == result.notes[1]  # undeclared, accuracy is told


def test_where_everything_leaked_nothing_is_left():
    result = judged(ANY, rows(0, 10), rows(0, 5))
    assert result.notes == ("every row of test leaked: without them nothing is left",)


def test_repeats_inside_the_split_are_reported():
    check = no_leakage("train", "test", content="text")
    fresh = texts(1)
    fresh[7] = fresh[3]
    result = judged(check, rows(0, text=texts(0)), rows(N, text=fresh))
    assert result.outcome == "pass"
    found = next(f for f in result.findings if f.code == "EH-DUPLICATE")
    assert found.outcome == "reported"
    assert found.told.endswith("n is rather 1,999 than 2,000, and intervals are too narrow")
    assert found.told in result.remarks()


REFUSED = [
    (ANY, answers(9), answers(9, 1), "share neither `id` nor `cluster`, so nothing would be"),
    (ANY, rows(0, 9), rows(9, 9) | {"id": [str(k) for k in range(9)]}, "write both in one type"),
    (
        no_leakage("train", "test", content="zip", near="label", time="at"),
        rows(0, 9),
        rows(9, 9),
        "(?s)6 problems.*no column `zip`.*no column `at`.*near duplicates are told of text",
    ),
]


@pytest.mark.parametrize(("check", "first", "second", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_looked_at_is_refused(check, first, second, words):
    with pytest.raises(OutputsError, match=words):
        judged(check, first, second)


def test_each_model_is_looked_at_by_itself():
    outputs = {
        "new": Outputs(train=rows(0, 50), test=rows(50, 50)),
        "old": Outputs(train=rows(0, 50), test=rows(49, 50)),
    }
    from tests.metrics.measure import declare

    made = declare(splits=[ANY], models=["new", "old"]).run(outputs)
    assert [(c.model, c.outcome) for c in made.checks] == [("new", "pass"), ("old", "fail")]
    assert made.checks[1].message.startswith('old: no_leakage("train", "test"): 1 of 50 ids')


def test_pairs_are_named_by_their_rows():
    result = judged(ANY, rows(0, 50), rows(47, 50))
    assert result.findings[0].details == (
        "row 0 of test and row 47 of train",
        "row 1 of test and row 48 of train",
        "row 2 of test and row 49 of train",
    )


def test_few_rows_do_not_tell_how_near_is_near():
    """Of 50 rows the least distance is all that is known, and as many are so near by chance."""
    check = no_leakage("train", "test", embeddings="e")
    outcomes = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        train, test = rng.normal(size=(50, 16)), rng.normal(size=(500, 16))
        result = judged(check, rows(0, 50, e=train.tolist()), rows(50, 500, e=test.tolist()))
        outcomes.append(result.outcome)
    assert "fail" not in outcomes
    assert "inconclusive" in outcomes


def test_copies_inside_of_train_hide_no_leak():
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(2, N, 16))
    train[1000:1004] = train[:4] + 1e-4 * rng.normal(size=(4, 16))
    test[:400] = train[500:900] + 1e-2 * rng.normal(size=(400, 16))
    check = no_leakage("train", "test", embeddings="e")
    found = finding(judged(check, rows(0, e=train.tolist()), rows(N, e=test.tolist())), "`e`")
    assert (found.outcome, found.value >= 0.2) == ("fail", True)
    assert "0.4 % of the rows of train are nearly copies of others of it" in found.details[-1]


def test_empty_texts_tell_nothing():
    check = no_leakage("train", "test", near="text")
    half = [t if k % 2 else "" for k, t in enumerate(texts(1, 400))]
    result = judged(check, rows(0, text=texts(0)), rows(N, 400, text=half))
    assert result.outcome == "inconclusive"
    assert "none of 200 texts of test have nearly the `text`" in result.message
