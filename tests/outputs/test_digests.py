"""A table's hash is that of its content: it changes with any value, and with nothing else."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.outputs.digests import of_table

CELLS = st.sampled_from(
    [
        st.integers(-5, 5),
        st.text(max_size=2),
        st.booleans(),
        st.lists(st.integers(0, 2), max_size=2),
    ]
)
COLUMN = CELLS.flatmap(lambda cell: st.lists(st.none() | cell, min_size=1, max_size=12))


@settings(deadline=None)
@given(COLUMN, st.integers(0, 12))
def test_chunks_and_offsets_do_not_matter(values, cut):
    table = pa.table({"x": values, "y": range(len(values))})
    cut = min(cut, len(values))
    padded = pa.concat_tables([table, table, table]).combine_chunks()
    middle = padded.slice(len(values), len(values))
    chunks = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    assert (
        of_table(table)
        == of_table(middle)
        == of_table(chunks)
        == of_table(table.select(["y", "x"]))
    )


@settings(deadline=None)
@given(COLUMN, COLUMN)
def test_values_matter(ours, theirs):
    a, b = pa.table({"x": ours}), pa.table({"x": theirs})
    assert (of_table(a) == of_table(b)) == (a == b)


def test_what_lies_under_a_null_does_not_matter():
    valid = pa.py_buffer(b"\x05")
    a, b = (
        pa.Array.from_buffers(pa.int64(), 3, [valid, pa.array(values).buffers()[1]])
        for values in ([1, 2, 3], [1, 99, 3])
    )
    assert of_table(pa.table({"x": a})) == of_table(pa.table({"x": b}))


@pytest.mark.parametrize(
    "other",
    [
        pa.table({"y": [1, 2]}),
        pa.table({"x": [2, 1]}),
        pa.table({"x": [1, 2, 2]}),
        pa.table({"x": [1, None]}),
        pa.table({"x": [1.0, 2.0]}),
        pa.table({"x": ["1", "2"]}),
        pa.table({"x": [1, 2], "y": [1, 2]}),
        pa.table({"x": [{"a": 1}, {"a": 2}]}),
        pa.table({"x": [[1, 2], []]}),
        pa.table({"x": [[1], [2]]}),
    ],
)
def test_other_content_has_another_hash(other):
    assert of_table(other) != of_table(pa.table({"x": [1, 2]}))
    assert of_table(other) == of_table(other.slice(0))


def test_metadata_does_not_matter():
    table = pa.table({"x": [1, 2]})
    assert of_table(table) == of_table(table.replace_schema_metadata({"pandas": "2.0"}))
