"""Tables against values that can be worked out by hand, and what statistics refuse to read."""

import math

import numpy as np
import pytest

from evalharness import Outputs, OutputsError
from evalharness.kernels.passes import count
from evalharness.statistics import (
    Cells,
    Confusion,
    Flags,
    Hits,
    Moments,
    MomentTable,
    Order,
    Ranks,
    Share,
)


def tabled(statistic, table, code=None, groups=1, **options):
    """The table of each group of a mapping of columns; of all rows without `code`."""
    split = Outputs(test=table, **options).split("test")
    columns = statistic.read(split)
    code = np.zeros(split.n, np.int32) if code is None else np.array(code, np.int32)
    return count(statistic, columns, code, groups)


TWO = {
    "label": [1, 1, 1, 0, 0, 0, 0],
    "prediction": [1, 1, 0, 1, 0, 0, 0],
    "score": [0.9, 0.4, 0.2, 0.6, -0.0, 0.0, 0.4],
}
THREE = {"label": list("aabbcc"), "prediction": list("abbbca")}


def test_cells_of_one_class():
    assert tabled(Confusion(), TWO) == [Cells(tp=2, fp=1, fn=1, tn=3)]
    assert tabled(Confusion(positive=0), TWO) == [Cells(tp=3, fp=1, fn=1, tn=2)]
    assert tabled(Confusion(positive="b"), THREE) == [Cells(tp=2, fp=1, fn=0, tn=3)]


def test_cells_of_a_threshold_use_the_score_whatever_is_predicted():
    assert tabled(Confusion(threshold=0.4), TWO) == [Cells(tp=2, fp=2, fn=1, tn=2)]
    assert tabled(Confusion(threshold=0.0), TWO) == [Cells(tp=3, fp=4, fn=0, tn=0)]
    assert tabled(Confusion(threshold=np.nextafter(0.9, 1)), TWO) == [Cells(0, 0, 3, 4)]


def test_cells_of_every_class():
    (table,) = tabled(Confusion(average="macro"), THREE)
    for part, expected in zip(table, ([1, 2, 1], [1, 1, 0], [1, 0, 1], [3, 3, 4]), strict=True):
        assert part.tolist() == expected
        assert part.dtype == float
    assert all(sum(cells) == 6 for cells in zip(*table, strict=True))


def test_no_answer_is_the_prediction_of_no_class():
    table = {"label": list("aabbcc"), "prediction": ["a", None, "b", None, None, "a"]}
    (found,) = tabled(Confusion(average="macro"), table, missing="wrong")
    assert found.tp.tolist() == [1, 1, 0]
    assert found.fp.tolist() == [1, 0, 0]
    assert found.fn.tolist() == [1, 1, 2]
    assert tabled(Hits(), table, missing="wrong") == [Share(2, 6)]
    # Of two classes, no answer is the other one: wrong for both kinds of error.
    two = {"label": [1, 1, 0, 0], "prediction": [1, None, None, 0]}
    assert tabled(Confusion(), two, missing="wrong") == [Cells(1, 1, 1, 1)]


def test_hits_and_flags():
    assert tabled(Hits(), THREE) == [Share(hits=4, n=6)]
    assert tabled(Hits(threshold=0.5), TWO) == [Share(hits=4, n=7)]
    assert tabled(Flags(of="x"), {"x": [True, False, True]}) == [Share(2, 3)]
    assert tabled(Flags(of="x"), {"x": [1, 0, 0]}) == [Share(1, 3)]
    assert tabled(Flags(of=lambda x, y: x > y), {"x": [1, 2], "y": [2, 1]}) == [Share(1, 2)]


def test_groups_and_rows_of_no_group():
    found = tabled(Confusion(), TWO, [0, 2, 0, 0, 5, 2, 99], groups=3)
    assert found == [Cells(1, 1, 1, 0), Cells(0, 0, 0, 0), Cells(1, 0, 0, 1)]


def test_moments():
    (table,) = tabled(Moments("x"), {"x": [1.0, 2.0, 6.0]})
    assert table == MomentTable(n=3, mean=3.0, m2=14.0, m3=-8 - 1 + 27)
    (shares,) = tabled(Moments("x"), {"x": [1, 0, 0, 0]})
    assert shares == MomentTable(n=4, mean=0.25, m2=0.75, m3=0.375)


@pytest.mark.parametrize("offset", [0, 1e6, 1e12])
def test_moments_keep_their_digits_far_from_zero(offset):
    """Σx² − n·mean² would have lost them all: 1e24 has no room for 14."""
    (table,) = tabled(Moments("x"), {"x": np.array([1.0, 2.0, 6.0]) + offset})
    assert (table.m2, table.m3) == pytest.approx((14, 18), rel=1e-3)
    assert table.mean == pytest.approx(3 + offset, rel=1e-15)


def test_moments_of_one_and_of_none():
    one, none = tabled(Moments("x"), {"x": [5.0]}, [0], groups=2)
    assert one == MomentTable(1, 5.0, 0.0, 0.0)
    assert none == Moments("x").zero() == MomentTable(0, 0.0, 0.0, 0.0)


def test_ranks_count_each_distinct_score():
    (table,) = tabled(Ranks(), TWO)
    assert table.values.tolist() == [0.0, 0.2, 0.4, 0.6, 0.9]  # −0.0 and 0.0 are one
    assert table.negatives.tolist() == [2, 0, 1, 1, 0]
    assert table.positives.tolist() == [0, 1, 1, 0, 1]


def test_ranks_of_groups_hold_only_their_own_scores():
    one, two = tabled(Ranks(), TWO, [0, 0, 1, 1, 0, 1, 1], groups=2)
    assert one.values.tolist() == [0.0, 0.4, 0.9]
    assert two.values.tolist() == [0.0, 0.2, 0.4, 0.6]


def test_ranks_tell_neighbours_apart():
    score = [0.1, np.nextafter(0.1, 1), 0.1, -5e-324, 5e-324, 0.0]
    (table,) = tabled(Ranks(), {"label": [0, 1, 0, 1, 0, 1], "score": score})
    assert len(table.values) == 5
    assert table.values.tolist() == sorted(set(score))


def test_order_counts_each_distinct_value():
    (table,) = tabled(Order("x"), {"x": [3, 1, 3, -2, 3]})
    assert table.values.tolist() == [-2, 1, 3]
    assert table.counts.tolist() == [1, 1, 3]


@pytest.mark.parametrize(
    ("statistic", "table", "words"),
    [
        (Confusion(), {"label": ["a", "b"], "prediction": ["a", "b"]}, "which class is the posi"),
        (Confusion(positive="c"), {"label": ["a", "b"], "prediction": ["a", "b"]}, "'c'|\"c\"|=c"),
        (Confusion(), {"label": [0, 1]}, "no column `prediction`"),
        (Confusion(), {"prediction": [0, 1]}, "no column `label`"),
        (Confusion(threshold=0.5), {"label": [0, 1], "prediction": [0, 1]}, "no column `score`"),
        (
            Confusion(average="macro"),
            {"label": [0, 0], "prediction": [0, 1]},
            r"needs each among the labels, but 1 \(1 of 2\) never occurs",
        ),
        (Hits(), {"label": [0, 1], "prediction": [0, None]}, "null"),
        (Hits(), {"label": [0.5, 1.5], "prediction": [0.5, 1.5]}, "real-valued"),
        (Flags(of="x"), {"x": [0, 2]}, "`x`"),
        (Flags(of="x"), {"y": [0, 1]}, "no column `x`"),
        (Moments("x"), {"x": ["a", "b"]}, "`x`"),
        (Moments("x"), {"x": [1.0, math.nan]}, "`x`"),
        (Moments("x"), {"x": [1.0, math.inf]}, "`x`"),
        (Moments("x"), {"x": [1.0, None]}, "`x`"),
        (Order("x"), {"x": [None, 1.0]}, "`x`"),
        (Ranks(), {"label": [0, 1], "score": [0.1, math.nan]}, "`score`"),
        (Ranks(), {"label": [0, 1]}, "no column `score`"),
        (
            Ranks(positive=0),
            {"label": [0, 1], "score": [0.1, 0.2]},
            "column `score` is for the class 1, not for 0",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_counted_is_refused(statistic, table, words):
    with pytest.raises(OutputsError, match=words):
        tabled(statistic, table)


def test_a_threshold_decides_between_two_classes():
    table = THREE | {"score": [0.1] * 6}
    with pytest.raises(OutputsError, match="between two classes, and there are 3"):
        tabled(Hits(threshold=0.5), table, positive="a")


def test_equal_statistics_are_one():
    assert Confusion(positive="a") == Confusion(positive="a")
    assert len({Hits(), Hits(), Hits(threshold=0.5), Flags(of="x"), Flags(of="x")}) == 3
    assert Hits() != Flags("hit")
