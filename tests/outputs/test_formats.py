"""Every format and every kind of table gives the same columns, types and codes."""

import io
import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs

ROWS = {
    "id": ["a1", "a2", "a3", "a4", "a5"],
    "label": ["cat", "dog", "dog", "cat", "dog"],
    "prediction": ["cat", "cat", "dog", "cat", "dog"],
    "score": [0.125, 0.25, 0.75, 0.0, 1.0],
    "score_cat": [0.875, 0.75, 0.25, 1.0, 0.0],
    "score_dog": [0.125, 0.25, 0.75, 0.0, 1.0],
    "latency": [12, 11, 250, 10, 9],
    "correct": [True, False, True, True, True],
    "region": ["eu", None, "us", "eu", None],
}
TABLE = pa.table(ROWS)


def write_ipc(table, path, new=pa.ipc.new_file):
    with pa.OSFile(str(path), "wb") as sink, new(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def write_json(table, path):
    path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))


FILES = {
    "test.parquet": lambda t, p: pq.write_table(t, p, row_group_size=2),
    "TEST.PARQUET": lambda t, p: pq.write_table(t, p),
    "test.pq": lambda t, p: pq.write_table(t, p, compression="zstd", use_dictionary=False),
    "test.arrow": write_ipc,
    "stream.arrow": lambda t, p: write_ipc(t, p, pa.ipc.new_stream),
    "test.feather": lambda t, p: pa.feather.write_feather(t, str(p), compression="lz4"),
    "test.ipc": write_ipc,
    "test.csv": lambda t, p: pa.csv.write_csv(t, str(p)),
    "test.jsonl": write_json,
    "test.ndjson": write_json,
}
TABLES = {
    "pyarrow": lambda: TABLE,
    "chunks": lambda: pa.concat_tables([TABLE.slice(0, 2), TABLE.slice(2, 0), TABLE.slice(2)]),
    "dictionary": lambda: TABLE.set_column(1, "label", TABLE["label"].dictionary_encode()),
    "batch": lambda: TABLE.to_batches()[0],
    "pandas": lambda: TABLE.to_pandas(),
    "pandas index": lambda: TABLE.to_pandas().set_index(pd.Index([9, 8, 7, 6, 5])),
    "pandas category": lambda: TABLE.to_pandas().astype({"label": "category"}),
    "pandas arrow": lambda: TABLE.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda: pl.from_arrow(TABLE),
    "polars categorical": lambda: pl.from_arrow(TABLE).with_columns(
        pl.col("label").cast(pl.Categorical), pl.col("prediction").cast(pl.Enum(["dog", "cat"]))
    ),
    "polars lazy": lambda: pl.from_arrow(TABLE).lazy(),
    "lists": lambda: ROWS,
    "numpy": lambda: {k: np.array(v, object if k == "region" else None) for k, v in ROWS.items()},
    "series": lambda: {k: pd.Series(v) for k, v in ROWS.items()},
    "arrow arrays": lambda: dict(zip(TABLE.column_names, TABLE.columns, strict=True)),
    "polars series": lambda: {k: pl.Series(v) for k, v in ROWS.items()},
}


def agrees(outputs):
    split = outputs.split("test")
    split.check()
    assert split.n == 5
    assert split.column_names == tuple(ROWS)
    assert split.digest.startswith("sha256:")
    assert split.classes == ("cat", "dog")
    assert split.label_codes().tolist() == [0, 1, 1, 0, 1]
    assert split.prediction_codes().tolist() == [0, 0, 1, 0, 1]
    assert split.prediction_codes(0.2).tolist() == [0, 1, 1, 0, 1]
    assert split.label_codes().dtype == split.prediction_codes().dtype == np.int32
    assert split.positive_code() == 1
    assert split.score().tolist() == ROWS["score"]
    assert split.numbers("latency").tolist() == [12.0, 11.0, 250.0, 10.0, 9.0]
    assert split.numbers("latency").dtype == split.score().dtype == np.float64
    assert split.flags("correct").tolist() == ROWS["correct"]
    codes, values = split.partition("region")
    assert (codes.tolist(), values) == ([0, 2, 1, 0, 2], ("eu", "us", None))
    assert split.matches("region", None).tolist() == [False, True, False, False, True]
    assert split.ids().tolist() == ROWS["id"]
    return split


@pytest.mark.parametrize("name", FILES)
def test_files(name, tmp_path, monkeypatch):
    FILES[name](TABLE, tmp_path / name)
    agrees(Outputs(test=str(tmp_path / name), positive="dog"))
    agrees(Outputs(test=tmp_path / name, positive="dog"))
    agrees(Outputs(test=f"file://{tmp_path / name}", positive="dog"))
    monkeypatch.chdir(tmp_path)
    relative = Outputs(test=name, positive="dog")
    monkeypatch.chdir("/")
    split = agrees(relative)
    assert split.where == f"test ({name})"
    agrees(pickle.loads(pickle.dumps(relative)))


@pytest.mark.parametrize("name", TABLES)
def test_tables(name):
    outputs = Outputs(test=TABLES[name](), positive="dog")
    agrees(outputs)
    agrees(pickle.loads(pickle.dumps(outputs)))


@pytest.mark.parametrize("name", TABLES)
def test_one_content_has_one_hash(name):
    wide = {"pyarrow", "chunks", "dictionary", "batch", "lists", "arrow arrays", "polars"}
    digest = Outputs(test=TABLES[name]()).split("test").digest
    assert (digest == Outputs(test=TABLE).split("test").digest) or name not in wide


def test_loaded_outputs_pickle_where_the_table_itself_does_not():
    outputs = Outputs(test=Unpicklable(TABLE), positive="dog")
    outputs.split("test")
    agrees(pickle.loads(pickle.dumps(outputs)))


class Unpicklable(dict):
    def __init__(self, table):
        super().__init__(table.to_pydict())

    def __reduce__(self):
        raise TypeError("a live connection cannot be pickled")


def test_a_file_digest_is_that_of_its_bytes(tmp_path):
    import hashlib

    for name, write in FILES.items():
        path = tmp_path / name
        write(TABLE, path)
        expected = hashlib.sha256(path.read_bytes()).hexdigest()
        assert Outputs(test=path).split("test").digest == f"sha256:{expected}"


def test_parquet_reads_only_what_is_asked_for(tmp_path):
    """A damaged page of an unused column does no harm, and is reported where it is used."""
    path = tmp_path / "test.parquet"
    noise = np.random.default_rng(0).random(4096)
    table = pa.table({"label": [0, 1] * 2048, "prediction": [0, 1] * 2048, "noise": noise})
    pq.write_table(table, path, use_dictionary=False, write_page_checksum=True)
    content = path.read_bytes()
    place = content.index(noise[2000:2002].tobytes())
    path.write_bytes(content[:place] + b"\xff" * 8 + content[place + 8 :])
    split = Outputs(test=path).split("test")
    assert split.prediction_codes().sum() == 2048
    with pytest.raises(OutputsError, match="column `noise` cannot be read.*corrupt"):
        split.numbers("noise")


def test_a_file_that_changes_meanwhile_is_refused(tmp_path):
    path = tmp_path / "test.parquet"
    pq.write_table(TABLE, path)
    split = Outputs(test=path).split("test")
    split.label_codes()
    pq.write_table(TABLE.slice(1), path)
    with pytest.raises(OutputsError, match="was changed or removed while it was being evaluated"):
        split.numbers("latency")


def test_csv_types_come_from_all_rows(tmp_path):
    """A column of integers whose last row has a fraction is a column of numbers throughout."""
    path = tmp_path / "test.csv"
    path.write_text("id,latency\n" + "".join(f"{i},{i}\n" for i in range(300_000)) + "-1,0.5\n")
    split = Outputs(test=path).split("test")
    assert split.n == 300_001
    assert split.numbers("latency")[-1] == 0.5


def test_csv_null_is_an_empty_field_and_nothing_else(tmp_path):
    path = tmp_path / "test.csv"
    path.write_text('\ufeffid,country\n1,NA\n2,\n3,null\n4,""\n', encoding="utf-8")
    codes, values = Outputs(test=path).split("test").partition("country")
    assert values == ("", "NA", "null", None)
    assert codes.tolist() == [1, 3, 2, 0]


def test_json_lines_with_nested_scores(tmp_path):
    path = tmp_path / "test.jsonl"
    path.write_text('{"label": 0, "scores": [0.75, 0.25]}\n{"label": 1, "scores": [1, 0]}\n')
    split = Outputs(test=path).split("test")
    assert split.prediction_codes().tolist() == [0, 0]
    assert split.score().tolist() == [0.25, 0.0]


def test_a_table_read_from_memory(tmp_path):
    frame = pd.read_csv(io.StringIO("label,prediction\n1,1\n0,1\n"))
    split = Outputs(test=frame).split("test", model="candidate")
    assert split.where == "candidate, test (pandas DataFrame)"
    assert (
        repr(Outputs(test=frame, dev=Path("dev.csv")))
        == "Outputs(test=pandas DataFrame, dev=dev.csv)"
    )


def test_arrays_are_read_only_and_kept():
    split = Outputs(test=ROWS, positive="dog").split("test")
    assert split.score() is split.score()
    with pytest.raises(ValueError, match="read-only"):
        split.score()[0] = 1.0
    assert Outputs(test=ROWS).splits == ("test",)
