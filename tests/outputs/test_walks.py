"""What a walk in chunks takes from scores by class is what the whole matrix says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs, walks
from evalharness.outputs.classes import _at_least

RNG = np.random.default_rng(0)


def split(scores, label=None, **options):
    n, classes = np.shape(scores)
    table = {"label": np.arange(n) % classes if label is None else label, "scores": scores}
    return Outputs(test=table, classes=list(range(classes)), **options).split("test")


def softmax(logits):
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True)


def obvious_places(found, codes):
    """By sorting each row: of equal scores the later class first."""
    return [
        sorted(range(len(row)), key=lambda j, row=row: (row[j], j), reverse=True).index(code)
        for row, code in zip(found.tolist(), codes, strict=True)
    ]


SCORES = npst.arrays(
    st.sampled_from([np.float32, np.float64]),
    st.tuples(st.integers(1, 9), st.sampled_from([2, 3, 5, 63, 64, 65, 130])),
    elements=st.sampled_from([-2.0, -0.0, 0.0, 0.5, 1.0, 3.0]),
)


@settings(deadline=None, max_examples=60)
@given(SCORES, st.integers(1, 400), st.data())
def test_in_chunks_as_of_the_whole(found, chunk, data):
    codes = np.array(
        data.draw(
            st.lists(st.integers(0, found.shape[1] - 1), min_size=len(found), max_size=len(found))
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walks, "CHUNK", chunk)
        walk = walks.walk(found, "scores")
        assert walk.best.tolist() == found.argmax(axis=1).tolist()
        inside = ((found >= 0) & (found <= 1)).all(axis=1)
        assert (
            np.ones(len(found), bool) if walk.inside is None else walk.inside
        ).tolist() == inside.tolist()
        assert (walk.inside is None) == inside.all()
        astray = inside & (np.abs(found.astype(float).sum(axis=1) - 1) > walks.TOLERANCE)
        assert walk.astray.tolist() == np.flatnonzero(astray).tolist()
        assert walks.places(found, codes).tolist() == obvious_places(found, codes)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 3, 6])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_what_is_no_number_is_found_anywhere(monkeypatch, dtype, odd, row, place):
    monkeypatch.setattr(walks, "CHUNK", 10)
    scores = softmax(RNG.normal(size=(7, 5))).astype(dtype)
    scores[row, place] = odd
    said = rf"`scores` is null, NaN or infinite in 1 row \(row {row},"
    for question in ("matrix", "prediction_codes", "probabilities", "label_places"):
        with pytest.raises(OutputsError, match=said):
            getattr(split(scores), question)()


def test_large_numbers_are_numbers():
    """Though their sum is none."""
    huge = np.array([[3e38, 3e38, -1.0], [1.0, 2.0, 3e38]], np.float32)
    assert split(huge).prediction_codes().tolist() == [0, 2]
    assert split(huge).matrix().tolist() == huge.astype(float).tolist()
    both = np.array([[1e308, 1e308], [-1e308, -1e308]])
    assert split(both).score().tolist() == both[:, 1].tolist()


@pytest.mark.parametrize("off", [0.0, 0.9e-4, 1.1e-4])
def test_sums_of_float32_are_taken_as_exactly_as_of_float64(off):
    """Near the tolerance the few rows that are in doubt are summed again."""
    scores = softmax(RNG.normal(size=(40, 300)))
    scores[7] *= 1 + off
    for given_ in (scores, scores.astype(np.float32)):
        if off < walks.TOLERANCE:
            assert split(given_).matrix().shape == scores.shape
            continue
        with pytest.raises(
            OutputsError, match=r"within 0.0001 in 1 row \(row 7, .*from 1.00011 to"
        ):
            split(given_).matrix()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [2, 3, 40])
def test_the_probability_of_the_label(dtype, classes):
    scores = softmax(RNG.normal(size=(60, classes))).astype(dtype)
    label = RNG.integers(0, classes, 60)
    one = split(scores, label)
    assert one.label_probability() == pytest.approx(
        one.probabilities()[np.arange(60), label], rel=1e-14
    )


@pytest.mark.parametrize("positive", ["a", "b"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_probability_of_the_label_where_one_score_is_all_there_is(positive, dtype):
    score = np.array([0.0, 0.25, 0.1, 1.0, -0.0, 1 / 3], dtype)
    table = {"label": list("ababab"), "score": score}
    one = Outputs(test=table, positive=positive).split("test")
    wanted = one.probabilities()[np.arange(6), one.label_codes()]
    assert one.label_probability().tolist() == wanted.tolist()


def test_scores_and_labels_are_refused_together():
    table = {"label": [0, None, 1], "scores": [[0.5, 0.5], [0.5, 0.6], [0.5, 0.5]]}
    for question in ("label_probability", "label_places"):
        one = Outputs(test=table, classes=[0, 1]).split("test")
        with pytest.raises(OutputsError) as caught:
            getattr(one, question)()
        assert ["do not sum" in p for p in caught.value.problems] == [True, False]
        assert "column `label` is null in 1 row" in caught.value.problems[1]


def test_float32_scores_are_kept_as_they_are():
    scores = softmax(RNG.normal(size=(20, 4))).astype(np.float32)
    one = split(scores)
    assert one.raw_matrix().dtype == np.float32
    assert one.matrix().dtype == np.float64
    assert one.matrix().tolist() == scores.tolist()
    assert not one.raw_matrix().flags.writeable


@settings(deadline=None, max_examples=50)
@given(
    npst.arrays(np.float32, 3, elements=st.floats(-2, 2, width=32)),
    st.one_of(st.floats(-2, 2), st.floats(-2, 2, width=32), st.sampled_from([1e300, -1e300])),
)
def test_a_threshold_is_compared_as_in_float64(score, threshold):
    exact = score.astype(np.float64)
    for bound in (
        threshold,
        float(score[0]),
        np.nextafter(exact[0], 9),
        np.nextafter(exact[0], -9),
    ):
        assert _at_least(score, bound).tolist() == (exact >= bound).tolist()
        assert _at_least(exact, bound).tolist() == (exact >= bound).tolist()
