"""Scores for each class, and probabilities, whatever columns they come from."""

import numpy as np
import pytest

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs


def split(options=None, **columns):
    return Outputs(test=columns, **(options or {})).split("test")


@pytest.mark.parametrize(("positive", "expected"), [("b", [0.75, 0.25]), ("a", [0.25, 0.75])])
def test_one_score_of_two_classes(positive, expected):
    one = split({"positive": positive}, label=["a", "b"], score=[0.25, 1.0])
    rest = [0.0, 1.0] if positive == "b" else [1.0, 0.0]
    assert one.probabilities().tolist() == [expected, rest]
    assert one.matrix().tolist() == [expected, rest]


@pytest.mark.parametrize(
    ("score", "threshold", "negative"),
    [
        ([-3.0, 2.0], None, [3.0, -2.0]),
        ([0.25, 0.75], 0.25, [0.25, -0.25]),
        ([-3.0, 2.0], 1.0, [5.0, 0.0]),
    ],
)
def test_the_largest_score_is_the_prediction(score, threshold, negative):
    found = split({"threshold": threshold}, label=[0, 1], score=score).matrix()
    assert found.tolist() == np.transpose([negative, score]).tolist()


def test_rows_sum_to_one_exactly_after_printing():
    printed = [[0.33333, 0.33333, 0.33333], [0.5, 0.25, 0.25]]
    found = split({"classes": [0, 1, 2]}, label=[0, 1], scores=printed).probabilities()
    np.testing.assert_allclose(found, [[1 / 3] * 3, [0.5, 0.25, 0.25]], rtol=1e-15)


def test_columns_of_classes_go_before_a_score_of_three():
    columns = {f"score_{c}": [0.5, 0.25, 0.25] for c in "abc"}
    columns |= {"score_a": [0.0, 0.5, 0.5]} | {"score_b": [0.5, 0.25, 0.25]}
    found = split(label=["a", "b", "c"], score=[9, 9, 9], **columns).probabilities()
    assert found.tolist() == [[0, 0.5, 0.5], [0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]


def test_a_score_stands_for_both_of_two_classes_beside_other_columns_named_so():
    found = split(label=[0, 1], score=[0.25, 0.5], score_time=[1.5, 2.5]).probabilities()
    assert found.tolist() == [[0.75, 0.25], [0.5, 0.5]]


def test_logits_have_a_matrix_but_no_probabilities():
    logits = [[2.0, -1.0], [0.5, 3.0]]
    assert split(label=[0, 1], scores=logits).matrix().tolist() == logits


def test_only_what_ranks_takes_logits():
    one = split(label=[0, 1], scores=[[0.5, 0.5], [0.5, 0.4]])
    with pytest.raises(OutputsError, match="normalise them, or hand over logits$"):
        one.matrix()
    with pytest.raises(OutputsError, match="normalise them$"):
        one.probabilities()


def test_integers_that_floats_do_not_tell_apart_are_no_scores():
    table = {"label": [0, 1] * 10, "score": [2**53 + i for i in range(20)]}
    with pytest.raises(OutputsError, match="`score` holds integers beyond 2⁵³"):
        Outputs(test=table).split("test").score()
    table["score"] = [2**53 - i for i in range(20)]
    assert len(set(Outputs(test=table).split("test").score().tolist())) == 20
