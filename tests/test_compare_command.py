"""`evalharness compare`: the choice among files of outputs."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalharness import Result
from evalharness.cli import main
from evalharness.cli.compare import named
from evalharness.declare.errors import DeclarationError

N = 800


def write(path, seed, rate, **more):
    common, own = np.random.default_rng(0), np.random.default_rng(seed)
    label = common.integers(0, 2, N)
    prediction = np.where(own.random(N) < rate, label, 1 - label)
    path.parent.mkdir(exist_ok=True)
    columns = {"id": np.arange(N), "label": label, "prediction": prediction} | more
    pq.write_table(pa.table(columns), path)
    return str(path)


@pytest.fixture
def files(tmp_path):
    rates = {"first": 0.95, "second": 0.94, "third": 0.6}
    return [write(tmp_path / f"{m}.parquet", k, r) for k, (m, r) in enumerate(rates.items(), 1)]


def compare(capsys, *arguments):
    status = main(["compare", *arguments])
    found = capsys.readouterr()
    return status, found.out, found.err


def test_the_best_that_meets_every_bound(capsys, files, tmp_path):
    path = tmp_path / "result.json"
    asked = ("--optimize", "f1", "--require", "recall >= 0.8", "--json", str(path))
    status, out, err = compare(capsys, *files, *asked)
    assert (status, err) == (0, "")
    first = out.splitlines()[0]
    assert first.startswith("pass: the choice by f1 on test: first (0.9")
    assert "1 of 3 ruled out: recall on test ≥ 0.8 (1)" in first
    assert "rank" in out
    assert "FAIL: third: recall on test: 0." in out
    saved = Result.from_json(path)
    assert [c.model for c in saved.checks[0].choice.candidates] == ["first", "second", "third"]
    assert json.loads(path.read_text(encoding="utf-8"))["evaluation"] == "compare"


def test_none_meets_the_bounds(capsys, files):
    status, out, _ = compare(capsys, *files, "--optimize", "f1", "--require", "recall >= 0.999")
    assert status == 1
    assert out.startswith("FAIL: the choice by f1 on test: none of 3 meets every bound; 3 of 3")


def test_none_is_shown_to(capsys, files):
    asked = ("--optimize", "f1", "--require", "accuracy >= 0.945")
    status, out, _ = compare(capsys, *files[:2], *asked)
    assert status == 1
    assert out.startswith("INCONCLUSIVE: the choice by f1 on test: none of 2 is shown to meet")


def test_without_bounds_the_best_is_told(capsys, files):
    status, out, _ = compare(capsys, *files, "--optimize", "accuracy")
    assert status == 0
    assert "bounds" not in out.splitlines()[3]


def test_slices_and_confidence(capsys, tmp_path):
    region = np.where(np.arange(N) % 2, "eu", "us")
    files = [write(tmp_path / f"{k}.parquet", k, 0.95, region=region) for k in (1, 2)]
    asked = ("--require", 'recall.on("test", region="eu") >= 0.8', "--confidence", "0.99")
    status, out, _ = compare(capsys, *files, "--optimize", "f1", *asked)
    assert status == 0
    assert "hold together with 99 % confidence" in out


def test_a_bound_on_a_difference_is_asked_of_every_model(capsys, files):
    asked = ("--optimize", "f1", "--require", 'recall.against("third") >= 0.05')
    status, out, err = compare(capsys, *files, *asked)
    assert (status, err) == (0, "")
    assert "2 models" in out
    assert "third  " not in out
    asked = ("--optimize", "f1", "--require", 'accuracy.against("first") > 0')
    status, out, _ = compare(capsys, *files, *asked)
    assert status == 1
    assert "1 of 2 ruled out: accuracy minus first on test > 0 (1)" in out.splitlines()[0]
    asked = ("--optimize", "f1", "--require", 'accuracy.against("first", within=0.001)')
    status, out, _ = compare(capsys, *files, *asked)
    assert status == 1
    assert "undecided: second (accuracy minus first on test ≥ -0.001)" in out


def test_a_baseline_is_a_file_and_no_candidate(capsys, files):
    asked = ("--optimize", "f1", "--require")
    status, _, err = compare(capsys, *files, *asked, 'recall.against("thrid") >= 0')
    assert status == 2
    assert "compares with 'thrid', and no file is that model (did you mean `third`?)" in err
    status, _, err = compare(capsys, *files[:2], *asked, 'recall.against("first") >= 0')
    assert status == 2
    assert "only second is left to choose from" in err


def test_two_files_that_are_one_model(capsys, files, tmp_path):
    twin = write(tmp_path / "twin.parquet", 1, 0.95)
    status, out, _ = compare(capsys, files[0], twin, "--optimize", "f1")
    assert status == 0
    assert "first and twin count alike in f1 on every example: they are one model, or" in out


def test_models_are_named_by_their_files(tmp_path):
    assert list(named(["a.parquet", "runs/b.csv"])) == ["a", "b"]
    assert list(named(["v1/dev.parquet", "v2/dev.parquet"])) == ["v1/dev", "v2/dev"]
    assert list(named(["x/v1/d.csv", "y/v1/d.csv", "e.csv"])) == ["x/v1/d", "y/v1/d", "e"]
    assert list(named(["d.csv", "d.parquet"])) == ["d.csv", "d.parquet"]
    with pytest.raises(DeclarationError, match=r"a\.csv is given twice"):
        named(["a.csv", "a.csv"])


@pytest.mark.parametrize(
    "asked, message",
    [
        (("--optimize", "f2"), "there is no metric `f2`"),
        (("--optimize", "f1 >="), "'f1 >=' cannot be read: write METRIC"),
        (("--optimize", "f1 >= 0.5"), "'f1 >= 0.5' is a bound; a metric has no threshold"),
        (("--optimize", "0.5"), "'0.5' is a number and no metric"),
        (("--optimize", "f1", "--require", "recall"), "'recall' is no bound"),
        (("--optimize", "f1", "--confidence", "95"), "did you mean 0.95?"),
        (("--optimize", "latency.quantile(0.5)"), "no column `latency`"),
        (("--optimize", 'f1.on("dev")'), "there is no split `dev`"),
        (("--optimize", "f1", "--json", "none/here.json"), "none/here.json"),
    ],
)
def test_what_cannot_be_used_ends_with_2(capsys, files, asked, message):
    status, out, err = compare(capsys, *files, *asked)
    assert (status, out) == (2, "")
    assert err.startswith("evalharness: ")
    assert message in err
    assert "Traceback" not in err


def test_one_file_is_no_choice(capsys, files):
    status, _, err = compare(capsys, files[0], "--optimize", "f1")
    assert status == 2
    assert "a choice takes two models or more" in err


def test_other_examples_are_refused(capsys, files, tmp_path):
    other = write(tmp_path / "other.parquet", 5, 0.9, id=np.arange(N) + 3)
    status, _, err = compare(capsys, files[0], other, "--optimize", "f1")
    assert status == 2
    assert "3 of 800 ids are not in" in err
