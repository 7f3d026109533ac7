"""A table's hash is that of its content: it changes with any value, and with nothing else."""

import os
import pickle
import threading
import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.outputs import Outputs, digests
from evalharness.outputs.digests import begun, of_table
from evalharness.outputs.files import TableSource

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


def large():
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "x": rng.normal(size=50_000),
            "text": [f"t{i}" for i in range(50_000)],
            "list": pa.FixedSizeListArray.from_arrays(rng.normal(size=150_000), 3),
            "empty": pa.nulls(50_000),
        }
    )


def test_in_the_background_as_at_once(monkeypatch):
    """Whatever the size of a block beside that of the table, and whoever hashes it."""
    table = large()
    once = of_table(table)
    assert begun(table)() == once == begun(table.slice(0))() != begun(table.slice(1))()
    assert TableSource(table).digest == once
    monkeypatch.setattr(digests, "SMALL", 1 << 40)
    assert begun(table)() == once
    monkeypatch.undo()
    monkeypatch.setattr(digests, "BLOCK", 1000)
    assert begun(table)() == of_table(table) != once


def test_a_forked_process_hashes_anew(monkeypatch):
    table = large()
    wait = begun(table)
    here = os.getpid()
    monkeypatch.setattr(digests.os, "getpid", lambda: here + 1)
    monkeypatch.setattr(digests, "_joined", lambda parts: str(all(type(p) is bytes for p in parts)))
    assert wait() == "True"


def test_no_thread_outlives_the_work():
    wait = begun(large())
    assert wait().startswith("sha256:")
    deadline = time.monotonic() + 5
    while any(t.name.startswith("evalharness") for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_outputs_are_pickled_while_they_are_hashed():
    outputs = Outputs(test=large())
    digest = outputs.split("test").digest
    outputs = Outputs(test=large())
    outputs.split("test")
    assert pickle.loads(pickle.dumps(outputs)).split("test").digest == digest


def test_one_table_that_is_read_otherwise_holds_other_outputs():
    table = {"label": [0, 1], "a": [0, 1], "b": [1, 0], "score": [0.2, 0.7]}

    def reading(**how):
        return Outputs(test=table, **how).split("test").reading

    plain = reading()
    assert plain == reading()
    for how in ({"columns": {"prediction": "a"}}, {"threshold": 0.4}, {"positive": 0}):
        assert reading(**how) not in (plain, reading(columns={"prediction": "b"}))
