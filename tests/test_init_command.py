"""`evalharness init`: what it writes runs, for every kind of outputs, and bad input is told."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalharness.cli import main

N = 600
ROW = np.arange(N)
RNG = np.random.default_rng(7)
LABEL = (RNG.random(N) < 0.3).astype(int)
SCORE = np.clip(0.25 + 0.5 * LABEL + RNG.normal(0, 0.15, N), 0, 1)
WORDS = [f"the {i} quick {i % 7} fox" for i in ROW]

BINARY = {
    "id": ROW,
    "label": LABEL,
    "score": SCORE,
    "latency": RNG.exponential(20, N),
    "weight": 1 + ROW % 3,
    "cluster": ROW // 3,
    "region": np.where(ROW % 2, "eu", "us"),
    "prompt": WORDS,
}
CATS = np.array(["bird", "cat", "dog"])[ROW % 3]
QUERIES = {"query": ROW // 6, "relevance": (ROW % 6 < 2).astype(int), "score": -(ROW % 6) + 0.0}
KINDS = {
    "binary": BINARY,
    "named": {
        "y_true": np.where(LABEL == 1, "spam", "ham"),
        "y_pred": np.where(SCORE > 0.5, "spam", "ham"),
    },
    "logits": {"label": LABEL == 1, "score": 10 * SCORE - 3},
    "classes": {"label": CATS, "prediction": np.where(ROW < 30, "dog", CATS), "part": ROW % 4},
    "numbers": {"label": RNG.normal(0, 1, N), "prediction": RNG.normal(0, 1, N)},
    "counts": {"label": ROW, "prediction": ROW + ROW % 3},
    "texts": {"label": WORDS, "prediction": [*WORDS[:500], *(["no"] * 100)]},
    "tasks": {
        "label": [[0, 1, 0], [1, None, 0]] * (N // 2),
        "prediction": [[0, 1, 1]] * (N - 5) + [[1, 1, 1]] * 5,
    },
    "ranked": QUERIES,
    "timed": {"latency": RNG.exponential(20, N)},
    "latencies": {"latency": RNG.exponential(20, 100)},
}
EXPECTED = {
    "binary": ["recall", "precision"],  # so few clusters bound no quantile of the latency
    "timed": ["latency.quantile(0.99)"],
    "named": ["recall", "precision"],
    "logits": ["roc_auc"],
    "classes": ["accuracy"],
    "numbers": ["mean_absolute_error"],
    "counts": ["mean_absolute_error"],
    "texts": ["exact_text_match"],
    "tasks": ["hamming_loss"],
    "ranked": ["ndcg"],
    "latencies": ["latency.quantile(0.9)"],
}


def write(path, table):
    pq.write_table(
        pa.table({k: v if isinstance(v, list) else np.asarray(v) for k, v in table.items()}), path
    )


def init(capsys, *arguments):
    """Exit status, and what was printed."""
    status = main(["init", *map(str, arguments)])
    found = capsys.readouterr()
    return status, found.out + found.err


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_written_runs(here, capsys):
    for name, table in KINDS.items():
        write(here / f"{name}.parquet", table)
        status, printed = init(capsys, f"{name}.parquet", "-o", f"test_{name}.py")
        assert status == 0, printed
        assert f"Run it: pytest test_{name}.py" in printed
    split = {"train": 0, "dev": N, "test": 2 * N}
    for name, start in split.items():
        write(here / f"{name}.parquet", BINARY | {"id": ROW + start, "cluster": ROW + start})
    assert init(capsys, *(f"{name}.parquet" for name in split), "-o", "test_three.py")[0] == 0
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, "--junitxml=j.xml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for name, metrics in EXPECTED.items():
        text = (here / f"test_{name}.py").read_text(encoding="utf-8")
        bounds = [x.strip() for x in text.splitlines() if x.startswith(" " * 8)]
        bounds = [x.split(".on(")[0] for x in bounds if ".on(" in x and not x.startswith("#")]
        assert bounds == metrics, name
        assert f"class Test{name.capitalize()}(Evaluation):" in text
        assert all(len(line) <= 100 for line in text.splitlines())
    three = (here / "test_three.py").read_text(encoding="utf-8")
    for check in (
        'same_distribution("dev", "test")',
        'no_leakage("train", "dev")',
        'no_leakage("train", "test")',
    ):
        assert f"        {check},\n" in three


def test_what_could_be_added_runs_when_it_is(here, capsys):
    write(here / "outputs.parquet", BINARY)
    init(capsys, "outputs.parquet", "--split", "dev")
    text = (here / "test_release.py").read_text(encoding="utf-8")
    assert '# recall.on("dev").by("region", min_n=100) >= 0.' in text
    assert '"prompt"' not in text
    more = text.replace('# recall.on("dev").by', 'recall.on("dev").by')
    start = more.index("    # Can so many")
    (size,) = [x.strip("# ") for x in more[start:].splitlines() if x.startswith("    # large")]
    more = f"{more[:start]}    splits = [{size}]\n{more[start:]}"
    names = {"__name__": "test_release"}
    exec(more.replace("import Evaluation", "import large_enough, Evaluation"), names)
    checks = names["TestRelease"].run().checks
    assert [c.id for c in checks] == [
        "recall-dev",
        "precision-dev",
        "recall-dev-by-region",
        "large_enough-dev",
    ]


def test_a_threshold_is_what_is_shown_and_no_more(here, capsys):
    from evalharness.cli.draft import _two_digits, shown_today
    from evalharness.metrics import accuracy, latency
    from tests.metrics.measure import measure

    for x, up, rounded in (
        (0.0895, True, "0.090"),
        (0.0029001, True, "0.0030"),
        (123.4, True, "130"),
        (123.4, False, "120"),
        (0.25, True, "0.26"),
        (0.25, False, "0.24"),
        (-0.123, False, "-0.13"),
        (0.0, True, "0.001"),
    ):
        assert str(_two_digits(x, up)) == rounded
    for wrong in (0, 1, 20, 100):
        answers = {"label": ROW % 2, "prediction": np.where(ROW < wrong, 1 - ROW % 2, ROW % 2)}
        now = measure([accuracy], answers)[accuracy.on("test")]
        assert now.at_least - 0.02 < float(shown_today(accuracy, now)) < now.at_least
    few = measure([latency.quantile(0.99)], {"latency": [1.0, 2.0]})
    assert shown_today(latency.quantile(0.99), few[latency.quantile(0.99).on("test")]) == ""


BAD = [
    (["none.parquet"], "none.parquet"),
    (["empty.parquet"], "the table is empty"),
    (["strange.parquet"], "the columns `a`, `b`, of which none tells how good a model is"),
    (["null.parquet"], "column `label` is null in"),
    (["one.parquet"], "no bound can be written"),
    (["broken.parquet"], "cannot be read as parquet"),
    (["outputs.txt"], "its format is not known"),
    (["good.parquet", "sub/good.parquet"], "would both be the split 'good'"),
    (["good.parquet", "null.parquet", "--split", "dev"], "--split dev names one file"),
    (["good.parquet", "-o", "gate.txt"], "a test file ends in .py"),
    (["good.parquet", "-o", "none/test_it.py"], "none/test_it.py cannot be written"),
    (["good.parquet", "-o", "test_there.py"], "test_there.py is there already"),
    (["sub"], "stands for many files"),
    (["https://user:secret@host/x.parquet"], "credentials"),
]


@pytest.fixture
def bad(here):
    (here / "sub").mkdir()
    for name in ("good", "sub/good"):
        write(here / f"{name}.parquet", {"label": LABEL, "prediction": LABEL})
    write(here / "empty.parquet", {"label": np.zeros(0, int), "prediction": np.zeros(0, int)})
    write(here / "strange.parquet", {"a": ROW, "b": ROW})
    write(here / "null.parquet", {"label": [None, 1, 0, 1], "prediction": [1, 1, 0, 1]})
    write(here / "one.parquet", {"label": [0], "prediction": [1]})
    (here / "broken.parquet").write_bytes(b"PAR1 no")
    (here / "outputs.txt").write_text("label")
    (here / "test_there.py").write_text("kept")
    return here


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=range(len(BAD)))
def test_bad_input_is_told(bad, capsys, arguments, words):
    before = sorted(bad.rglob("*"))
    status, printed = init(capsys, *arguments)
    assert status == 2
    assert words in printed
    assert printed.startswith("evalharness: ")
    assert "secret" not in printed
    assert sorted(bad.rglob("*")) == before
    assert (bad / "test_there.py").read_text() == "kept"


def test_the_command_tells_its_exit_statuses():
    done = subprocess.run(
        [sys.executable, "-m", "evalharness.cli", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    told = " ".join(done.stdout.split())
    assert "exit status: 0 all is well, 1 the gate does not hold, 2 what is given" in told
    assert "init" in told


REFUSED = [
    ({"id": ROW, "label": LABEL, "prediction": SCORE}, "name that column `score`"),
    ({"id": ROW, "Label": LABEL, "Prediction": LABEL}, "(did you mean `label`, `prediction`?)"),
]


@pytest.mark.parametrize("columns, message", REFUSED, ids=["probabilities", "upper case"])
def test_columns_that_were_meant_otherwise_are_told(
    tmp_path, monkeypatch, capsys, columns, message
):
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table(columns), "outputs.parquet")
    assert main(["init", "outputs.parquet"]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "test_release.py").exists()
