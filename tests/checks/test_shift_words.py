"""same_distribution: what is said beside the verdict."""

import numpy as np
import pyarrow as pa
import pytest

from evalharness import known_difference
from tests.checks.two_splits import SAME, answers, judged

N = 2000


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
