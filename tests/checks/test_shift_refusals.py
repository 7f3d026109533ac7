"""same_distribution: what cannot be compared is refused, in words."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from evalharness import Outputs, OutputsError, same_distribution
from evalharness.metrics import accuracy
from tests.checks.two_splits import SAME, answers, gates, judged
from tests.metrics.measure import declare

N = 2000


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
        same_distribution("dev", "test", embeddings=["e"]),
        {"e": [[1.0], [2.0]]},
        {"e": [[1.0], [3.0]]},
        "embeddings are reported and gate nothing",
    ),
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


def test_streams_are_refused_in_words(tmp_path):
    import pyarrow.parquet as pq

    (tmp_path / "dev").mkdir()
    pq.write_table(pa.table(answers(9)), tmp_path / "dev" / "0.parquet")
    with pytest.raises(OutputsError, match="needs rows, and this split is read in batches"):
        judged(SAME, outputs=Outputs(dev=f"{tmp_path}/dev/", test=answers(9, 1)))
