"""What is written in any format comes back as it was."""

import json

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalharness.outputs import Outputs
from tests.outputs.test_formats import FILES

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "label": st.sampled_from(["cat", "dog", "a,b", 'say "no"', "Zoë", "two\nlines"]),
            "score": st.floats(allow_nan=False, allow_infinity=False),
            "count": st.integers(-(2**63), 2**63 - 1),
            "flag": st.booleans(),
            # Not a number, a date or a boolean, which a text format would take it for.
            "place": st.none() | WORDS.map(lambda word: f"~{word}"),
        }
    ),
    min_size=1,
    max_size=12,
)
TYPES = {"label": pa.string(), "score": pa.float64(), "count": pa.int64(), "flag": pa.bool_()}
SCHEMA = pa.schema({**TYPES, "place": pa.string()})


@pytest.mark.parametrize("name", ["test.parquet", "test.arrow", "test.csv", "test.jsonl"])
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS)
def test_values(name, rows, tmp_path):
    FILES[name](pa.Table.from_pylist(rows, SCHEMA), tmp_path / name)
    split = Outputs(test=tmp_path / name, classes=sorted({r["label"] for r in rows} | {"x", "y"}))
    split = split.split("test")
    assert split.n == len(rows)
    assert [split.classes[code] for code in split.label_codes()] == [row["label"] for row in rows]
    assert split.numbers("score").tolist() == [row["score"] for row in rows]
    assert split.column("count").to_pylist() == [row["count"] for row in rows]
    assert split.flags("flag").tolist() == [row["flag"] for row in rows]
    codes, values = split.partition("place")
    assert [values[code] for code in codes] == [row["place"] for row in rows]


def test_json_of_pythons_own(tmp_path):
    """Python writes NaN into JSON: it is read as NaN, and refused where a number is needed."""
    path = tmp_path / "test.jsonl"
    path.write_text(json.dumps({"score": float("nan")}) + "\n")
    assert Outputs(test=path).split("test").partition("score")[1] == (None,)
