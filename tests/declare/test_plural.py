"""One thing is named in the singular, and thousands are told apart by commas."""

import numpy as np
import pytest

from evalharness.declare.plural import counted, singular


@pytest.mark.parametrize(
    "things, one",
    [
        ("positives", "positive"),
        ("predicted positives", "predicted positive"),
        ("queries", "query"),
        ("classes", "class"),
        ("boxes", "box"),
        ("patches", "patch"),
        ("mass", "mass"),
        ("rows of a fixed list", "rows of a fixed list"),
        ("", ""),
    ],
)
def test_one_of_many(things, one):
    assert singular(things) == one


def test_numbers_of_things():
    assert [counted(n, "rows") for n in (0, 1, 2, 1_200_000)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "1,200,000 rows",
    ]
    assert counted(np.int64(1), "ids") == "1 id"
