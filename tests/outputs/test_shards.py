"""A folder, or a pattern, of Parquet files is one table; what is wrong with it is said in words."""

import io
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalharness import Outputs, OutputsError
from evalharness.outputs import progress, streamed
from tests.outputs.helpers import says
from tests.outputs.shards import TABLE, N, shards


def labels(split):
    return np.concatenate([batch.label_codes() for batch in split.batches(("label",), "")])


@pytest.mark.parametrize(
    "given", ["t", "t/", "t/*.parquet", "t/part-?.parquet", "**/*.parquet", "t/*", Path("t/*.pa*")]
)
def test_a_folder_or_a_pattern_is_one_split(given, tmp_path, monkeypatch, few):
    shards(tmp_path / "t", TABLE, 10, 20)
    (tmp_path / "t" / "_SUCCESS").write_text("")
    (tmp_path / "t" / ".part-0.parquet.crc").write_text("x")
    monkeypatch.chdir(tmp_path)
    split = Outputs(test=given).split("test", "m")
    assert split.n == N
    assert split.column_names == tuple(TABLE)
    split.check()
    assert split.classes == (0, 1)
    assert labels(split).tolist() == TABLE["label"].tolist()
    first = next(split.batches(("label",), ""))
    assert first.where == "m, test (t/part-0.parquet)"


def test_files_are_found_where_the_outputs_were_made(tmp_path, monkeypatch):
    shards(tmp_path / "t", TABLE)
    monkeypatch.chdir(tmp_path)
    outputs = Outputs(test="t/*.parquet")
    monkeypatch.chdir("/")
    assert outputs.split("test").n == N


def test_a_file_may_have_a_star_in_its_name(tmp_path):
    pq.write_table(pa.table({"label": [0, 1]}), tmp_path / "a*.parquet")
    assert not hasattr(Outputs(test=tmp_path / "a*.parquet").split("test"), "shards")


def test_a_column_that_is_null_in_the_first_shard(tmp_path):
    empty = pa.table(TABLE).slice(0, 3).drop_columns("label").append_column("label", pa.nulls(3))
    shards(tmp_path / "t", TABLE | {"label": ["b", "a"] * 15, "prediction": ["b"] * N}, 10)
    folder = tmp_path / "t"
    text = empty.drop_columns("prediction").append_column("prediction", pa.array(["c", "a", "b"]))
    pq.write_table(text, folder / "a.parquet")
    split = Outputs(test=folder).split("test")
    assert split.classes == ("a", "b", "c")
    with pytest.raises(OutputsError, match="column `label` is null in every row|null in 3 rows"):
        labels(split)
    write(folder, "z.parquet", id=[7], label=[1], prediction=["a"], name=["x"])
    with pytest.raises(OutputsError, match="z.parquet` has `label` as integer, not text"):
        Outputs(test=folder).split("test")


def test_the_digest_is_of_the_content_whatever_the_names(tmp_path):
    def digest(folder):
        return Outputs(test=tmp_path / folder).split("test").digest

    shards(tmp_path / "a", TABLE, 10)
    shards(tmp_path / "b", TABLE, 10)
    os.rename(tmp_path / "b" / "part-0.parquet", tmp_path / "b" / "part-9.parquet")
    shards(tmp_path / "c", TABLE | {"label": 1 - TABLE["label"]}, 10)
    assert digest("a") == digest("b") != digest("c")
    assert digest("a").startswith("sha256:")


def test_columns_may_stand_in_another_order_and_be_null_in_a_shard(tmp_path, few):
    shards(tmp_path / "t", TABLE, 10)
    nulls = pa.table({"name": pa.nulls(3), "id": [90, 91, 92], "prediction": [0, 0, 0]})
    nulls = nulls.append_column("label", pa.array([1, 1, 1], pa.int8()))
    pq.write_table(nulls, tmp_path / "t" / "part-2.parquet")
    split = Outputs(test=tmp_path / "t").split("test")
    split.check()
    assert labels(split).tolist() == [*TABLE["label"], 1, 1, 1]
    known = [batch.partition("name")[1] for batch in split.batches(("name",), "")]
    assert known[-1] == (None,)


def write(folder, file, **columns):
    pq.write_table(pa.table(columns), folder / file)


def empty_file(folder):
    (folder / "part-5.parquet").write_bytes(b"")


def cut_off(folder):
    whole = (folder / "part-1.parquet").read_bytes()
    (folder / "part-1.parquet").write_bytes(whole[:-50])


def other_schemas(folder):
    write(folder, "part-3.parquet", id=[1], label=["x"], prediction=[1], name=["y"])
    write(folder, "part-4.parquet", id=[1], label=[1], prediction=[1.5], name=["y"], more=[1])
    write(folder, "part-5.parquet", id=[1], label=[1], name=["y"])


def empty(folder):
    for path in folder.iterdir():
        path.unlink()


def no_rows(folder):
    empty(folder)
    write(folder, "a.parquet", label=pa.array([], pa.int64()))


FOLDERS = {
    "no match": ("t/*.pq", None, ["{folder}/t/*.pq matches no file", "`part-0.parquet`"]),
    "no such folder": (
        "no/*.parquet",
        None,
        ["{folder}/no/*.parquet matches no file; the folder {folder} holds `t`"],
    ),
    "empty": ("t", empty, ["the folder {folder}/t has no file; {folder}/t is empty"]),
    "notes only": (
        "t",
        lambda f: (empty(f), (f / "_SUCCESS").write_text("")),
        ["has no file; the folder {folder}/t holds `_SUCCESS`"],
    ),
    "only csv": (
        "t",
        lambda f: (empty(f), (f / "a.csv").write_text("label\n1\n")),
        ["no Parquet file, but `a.csv`", "read them yourself"],
    ),
    "csv beside": (
        "t",
        lambda f: (f / "a.csv").write_text("x"),
        ["files that are not Parquet (`a.csv`)", "{folder}/t/*.parquet"],
    ),
    "folder inside": (
        "t",
        lambda f: (f / "more").mkdir(),
        ["has folders in it (`more`)", "{folder}/t/**/*.parquet"],
    ),
    "folder in a pattern": ("t/*", lambda f: (f / "more").mkdir(), ["has folders in it (`more`)"]),
    "zero bytes": ("t", empty_file, ["shard `{folder}/t/part-5.parquet` is empty (0 bytes)"]),
    "cut off": ("t", cut_off, ["shard `{folder}/t/part-1.parquet` cannot be read as Parquet"]),
    "two faults": ("t", lambda f: (empty_file(f), cut_off(f)), ["2 problems", "part-1", "part-5"]),
    "other schemas": (
        "t",
        other_schemas,
        [
            "shard `{folder}/t/part-3.parquet` has `label` as text, not integer as in "
            "`{folder}/t/part-0.parquet`; the files of one split",
            "write `label` with one type in all",
            "shard `{folder}/t/part-4.parquet` has `more` beside them, has `prediction` as real",
            "shard `{folder}/t/part-5.parquet` lacks `prediction`;",
            "`{folder}/t/part-0.parquet` has other columns",
        ],
    ),
    "many faults": (
        "t",
        lambda f: [write(f, f"q{i}.parquet", **{f"x{i}": [1]}) for i in range(8)],
        ["3 more shards have such problems"],
    ),
    "no rows": ("t", no_rows, ["the table is empty (0 rows)"]),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_folders(name, tmp_path):
    given, change, words = FOLDERS[name]
    shards(tmp_path / "t", TABLE, 10, 20)
    if change is not None:
        change(tmp_path / "t")
    with pytest.raises(OutputsError) as caught:
        Outputs(test=tmp_path / given).split("test").check()
    says(caught.value, [word.replace("{folder}", str(tmp_path)) for word in words])
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_patterns_are_local():
    with pytest.raises(OutputsError) as caught:
        Outputs(test="s3://bucket/*.parquet").split("test")
    says(caught.value, ["looked for on the local disk only", "pyarrow.dataset"])


CHANGES = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "written again": lambda path: pq.write_table(pa.table(TABLE), path),
    "removed": Path.unlink,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_shard_that_changes_while_it_is_read(name, tmp_path, few):
    shards(tmp_path / "t", TABLE, 10, 20)
    split = Outputs(test=tmp_path / "t").split("test")
    batches = split.batches(("label",), "")
    next(batches)
    CHANGES[name](tmp_path / "t" / "part-2.parquet")
    with pytest.raises(OutputsError, match="part-2.parquet` was changed or removed"):
        list(batches)


@pytest.mark.parametrize("name", CHANGES)
def test_a_shard_that_changes_before_it_is_hashed(name, tmp_path, monkeypatch):
    # Files are hashed in the background; here only once they are asked for, so that it is certain
    # which comes first.
    monkeypatch.setattr("evalharness.outputs.shards.Shards.hash", lambda self: None)
    shards(tmp_path / "t", TABLE, 10, 20)
    split = Outputs(test=tmp_path / "t").split("test")
    CHANGES[name](tmp_path / "t" / "part-2.parquet")
    with pytest.raises(OutputsError, match="part-2.parquet` was changed or removed"):
        _ = split.digest


def test_a_shard_whose_pages_are_damaged(tmp_path):
    table = pa.table({"label": np.arange(10_000) * 7919 % 10_007})
    shards(tmp_path / "t", table, 5_000, write_page_checksum=True, compression="none")
    path = tmp_path / "t" / "part-1.parquet"
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(whole)
    split = Outputs(test=tmp_path / "t").split("test")
    with pytest.raises(OutputsError) as caught:
        list(split.batches(("label",), ""))
    says(caught.value, ["part-1.parquet` cannot be read", "corrupt or cut off"])


# (columns, options, classes)
CLASSES = {
    "bits": ({"label": TABLE["label"]}, {}, (0, 1)),
    "integers": ({"label": np.arange(N) // 10}, {}, (0, 1, 2)),
    "text": ({"label": ["b", "a"] * 15, "prediction": ["c", "a"] * 15}, {}, ("a", "b", "c")),
    "booleans": ({"label": np.arange(N) < 1, "prediction": np.arange(N) < 2}, {}, (False, True)),
    "listed": ({"label": np.arange(N) % 2}, {"classes": [0, 1, 2]}, (0, 1, 2)),
    "renamed": (
        {"label": np.arange(N) // 10, "y": ["u", "v"] * 15, "prediction": ["u"] * N},
        {"columns": {"label": "y"}},
        ("u", "v"),
    ),
}


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_those_of_all_files(name, tmp_path, few):
    columns, options, expected = CLASSES[name]
    shards(tmp_path / "t", TABLE | columns, 10, 20)
    split = Outputs(test=tmp_path / "t", **options).split("test")
    assert split.classes == expected
    whole = Outputs(test=TABLE | columns, **options).split("test")
    assert whole.classes == expected
    found = [
        b.label_codes() for b in split.batches(split.columns_of(lambda b: b.label_codes()), "")
    ]
    assert np.concatenate(found).tolist() == whole.label_codes().tolist()


def test_classes_that_are_none(tmp_path, monkeypatch):
    monkeypatch.setattr(streamed, "MOST_CLASSES", 20)
    shards(tmp_path / "t", {"label": np.arange(N), "prediction": np.arange(N)}, 10)
    with pytest.raises(OutputsError, match="more than 20 distinct values, which are no classes"):
        _ = Outputs(test=tmp_path / "t").split("test").classes
    shards(tmp_path / "t", {"label": np.arange(N) / 7}, 10)
    with pytest.raises(OutputsError, match="real-valued"):
        _ = Outputs(test=tmp_path / "t").split("test").classes


def test_outputs_can_be_sent_to_another_process(tmp_path):
    outputs = Outputs(test=shards(tmp_path / "t", TABLE, 10))
    split = outputs.split("test")
    digest = split.digest
    again = pickle.loads(pickle.dumps(outputs)).split("test")
    assert (again.digest, again.n, again.classes) == (digest, N, (0, 1))


def test_what_needs_all_rows_says_so(tmp_path):
    shards(tmp_path / "t", TABLE, 10)
    split = Outputs(test=tmp_path / "t").split("test")
    with pytest.raises(OutputsError) as caught:
        split.ids()
    says(caught.value, ["`ids` needs all rows", "read in batches", "read_table(folder)"])
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = split.nonsense


def test_progress_is_shown_on_a_terminal_only(tmp_path, monkeypatch, capfd):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    shards(tmp_path / "t", TABLE, 10, 20)
    split = Outputs(test=tmp_path / "t").split("test")
    labels(split)
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr(progress, "DELAY", 0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert labels(split).tolist() == TABLE["label"].tolist()
    list(split.batches(("label",), "counting"))
    assert "counting: " in sys.stderr.getvalue()
    assert "/30.0 [" in sys.stderr.getvalue()
