"""Bad files are answered in words, and never crash the process or leak what is in them."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs
from tests.outputs.helpers import GOOD, says
from tests.outputs.test_formats import FILES as WRITE
from tests.outputs.test_formats import TABLE


def parquet(path, cut=None):
    pq.write_table(pa.table({"label": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:cut])


# (name of the file, what writes it, what the message says)
FILES = {
    "not there": ("test.parquet", None, ["there is no file at {folder}/test.parquet"]),
    "misspelt": (
        "tset.parquet",
        lambda p: parquet(p.with_name("test.parquet")),
        ["has `test.parquet`"],
    ),
    "no folder": ("no/test.parquet", None, ["the folder {folder}/no does not exist"]),
    "folder is a file": (
        "a.csv/test.parquet",
        lambda p: p.parent.write_text("x"),
        ["is a file, not a folder"],
    ),
    "dangling link": (
        "a.csv",
        lambda p: p.symlink_to("b.csv"),
        ["points to a file that is not there"],
    ),
    "empty folder": ("test.parquet", lambda p: p.mkdir(), ["the folder {folder}/test.parquet has"]),
    "pipe": ("test.csv", os.mkfifo, ["a device or a pipe"]),
    "no suffix": ("test", lambda p: p.write_text("x"), ["no suffix", ".parquet", ".csv"]),
    "unknown suffix": (
        "test.xlsx",
        lambda p: p.write_text("x"),
        ["suffix `.xlsx`", "format is not known"],
    ),
    "unknown and not there": ("test.xlsx", None, ["2 problems", "`.xlsx`", "there is no file at"]),
    "compressed csv": ("test.csv.gz", lambda p: p.write_text("x"), ["suffix `.gz`"]),
    "empty file": ("test.parquet", lambda p: p.write_bytes(b""), ["empty (0 bytes)"]),
    "empty csv": ("test.csv", lambda p: p.write_bytes(b""), ["empty (0 bytes)"]),
    "blank csv": ("test.csv", lambda p: p.write_bytes(b"\n\n"), ["cannot be read as csv"]),
    "truncated parquet": (
        "test.parquet",
        lambda p: parquet(p, -100),
        ["cannot be read as parquet", "corrupt"],
    ),
    "headless parquet": (
        "test.parquet",
        lambda p: p.write_bytes(b"PAR1" * 20),
        ["cannot be read as parquet"],
    ),
    "csv as parquet": ("test.parquet", lambda p: p.write_text("a,b\n1,2\n"), ["not in the format"]),
    "parquet as csv": ("test.csv", parquet, ["the CSV is not UTF-8 (first in line 1)"]),
    "csv as arrow": (
        "test.arrow",
        lambda p: p.write_text("a,b\n1,2\n"),
        ["cannot be read as arrow"],
    ),
    "ragged csv": (
        "test.csv",
        lambda p: p.write_text('id,label\n1,"two\nlines"\n\n2\n3,4,5\n6,7\n'),
        ["ragged: line 5 has 1 fields, expected 2; line 6 has 3 fields, expected 2", "quote"],
    ),
    "very ragged csv": (
        "test.csv",
        lambda p: p.write_text("id,label\n" + "secret\n" * 9),
        ["line 4 has", "and 6 more lines"],
    ),
    "broken json": (
        "test.jsonl",
        lambda p: p.write_text('{"a": 1}\n{"a": \n'),
        ["cannot be read as jsonl"],
    ),
    "json array": ("test.jsonl", lambda p: p.write_text("[1, 2]\n"), ["cannot be read as jsonl"]),
    "mixed json": (
        "test.jsonl",
        lambda p: p.write_text('{"a": 1}\n{"a": "x"}\n'),
        ["number to string in row 1"],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name, tmp_path):
    file, write, words = FILES[name]
    if write is not None:
        write(tmp_path / file)
    outputs = Outputs(test=tmp_path / file)
    with pytest.raises(OutputsError) as caught:
        outputs.split("test").label_codes()
    says(caught.value, [word.replace("{folder}", str(tmp_path)) for word in words])
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.fixture
def nobody():
    """Permissions bind no administrator, so one becomes somebody else for the reading."""
    Outputs(test=GOOD).split("test").check()  # what is imported late must be imported by now
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


@pytest.fixture
def closed():
    """A closed folder with a file in it, and a closed file beside it, in a folder for everybody."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        root.chmod(0o755)
        (root / "closed").mkdir()
        for file in (root / "closed" / "test.csv", root / "alone.csv"):
            file.write_text("label\n1\n")
            file.chmod(0)
        (root / "closed").chmod(0)
        yield root
        (root / "closed").chmod(0o700)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(
    ("file", "shut"), [("closed/test.csv", "closed"), ("alone.csv", "alone.csv")]
)
def test_closed_folder_and_closed_file(closed, file, shut):
    with pytest.raises(OutputsError) as caught:
        Outputs(test=closed / file).split("test")
    says(
        caught.value, [f"no permission to read {closed / file}: {closed / shut} is closed", "chmod"]
    )


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "csv", "jsonl"])
def test_damaged_files_never_crash(suffix, tmp_path):
    """Cut off anywhere, or with any bytes changed: read as it stands or refused, nothing else."""
    good, bad = tmp_path / f"test.{suffix}", tmp_path / f"bad.{suffix}"
    WRITE[good.name](TABLE, good)
    content, random = good.read_bytes(), np.random.default_rng(7)
    for turn in range(150):
        damaged = bytearray(content)
        if turn % 2:
            del damaged[int(random.integers(len(content))) :]
        else:
            for place in random.integers(len(content), size=3):
                damaged[place] = random.integers(256)
        bad.write_bytes(damaged)
        try:
            split = Outputs(test=bad).split("test")
            split.check()
            for name in split.column_names:
                split.column(name).to_pylist()
            split.prediction_codes()
        except OutputsError:
            pass
