"""The inputs of every row, seeded: the same in every run and every process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    examples: int = 1_000_000
    slices: int = 1_000
    resampled: int = 100_000  # examples of the rows that resample
    replicates: int = 1_000
    pictures: int = 100_000  # examples of the row with many classes
    classes: int = 1_000
    queries: int = 10_000
    documents: int = 100
    sentences: int = 10_000
    words: int = 20
    files: int = 20
    rows_in_file: int = 1_000_000
    columns: int = 500  # of two samples that are compared column by column
    column_rows: int = 100_000  # in each
    pooled: int = 4_000  # rows of both samples that are permuted
    permutations: int = 1_000
    dimensions: int = 64
    near: int = 20_000  # rows whose nearest reference is looked for
    references: int = 200_000
    rung_rows: int = 200_000  # of each split of a ladder
    ladder_draws: int = 4_000  # of each rung of each slice
    runs: int = 200  # models that were trained again
    run_examples: int = 100_000
    candidates: int = 100  # models to choose from
    candidate_rows: int = 50_000


FULL = Size()
# For tests of the benchmark itself: too small for any ratio to mean something.
QUICK = Size(
    examples=20_000,
    slices=40,
    resampled=5_000,
    replicates=200,
    pictures=1_000,
    classes=50,
    queries=100,
    documents=30,
    sentences=100,
    files=2,
    rows_in_file=20_000,
    columns=40,
    column_rows=3_000,
    pooled=200,
    permutations=100,
    near=400,
    references=3_000,
    rung_rows=10_000,
    ladder_draws=500,
    runs=20,
    run_examples=2_000,
    candidates=12,
    candidate_rows=2_000,
)


def binary(n: int, slices: int = 1, seed: int = 0) -> dict[str, Any]:
    """A classifier of two classes: float32 scores, three positives in ten, slices of like size."""
    random = np.random.default_rng(seed)
    label = (random.random(n) < 0.3).astype(np.int64)
    score = 1 / (1 + np.exp(-random.normal(2.0 * label - 1, 1.2)))
    return {
        "id": np.arange(n),
        "label": label,
        "score": score.astype(np.float32),
        "slice": random.integers(0, slices, n),
    }


def nine(size: Size, folder: Path) -> Data:
    return binary(size.examples)


def nine_text_ids(size: Size, folder: Path) -> Data:
    found = binary(size.examples)
    return found | {"id": np.array([f"example-{row:07d}" for row in range(size.examples)])}


def sliced(size: Size, folder: Path) -> Data:
    return binary(size.examples, size.slices)


def resampled(size: Size, folder: Path) -> Data:
    return binary(size.resampled)


def two_models(size: Size, folder: Path) -> Data:
    """Scores of two models on the same examples; the second is a little worse."""
    found = binary(size.resampled)
    random = np.random.default_rng(1)
    logit = np.log(found["score"]) - np.log1p(-found["score"])
    worse = 1 / (1 + np.exp(-(logit + random.normal(0, 0.8, size.resampled))))
    return found | {"other": worse.astype(np.float32)}


def many_classes(size: Size, folder: Path) -> Data:
    """A float32 matrix of class probabilities."""
    n, random = size.pictures, np.random.default_rng(2)
    scores = random.random((n, size.classes), dtype=np.float32)
    label = random.integers(0, size.classes, n)
    scores[np.arange(n), label] += 0.3
    scores /= scores.sum(axis=1, keepdims=True)
    return {"id": np.arange(n), "label": label, "scores": scores}


def lists(size: Size, folder: Path) -> Data:
    """Ranked lists: five grades of relevance, scores without ties."""
    random, n = np.random.default_rng(3), size.queries * size.documents
    return {
        "query": np.repeat(np.arange(size.queries), size.documents),
        "relevance": random.integers(0, 5, n),
        "score": random.random(n),
    }


def sentences(size: Size, folder: Path) -> Data:
    """Pairs of sentences, nine words in ten heard rightly, some dropped."""
    random = np.random.default_rng(4)
    vocabulary = np.array([f"w{i}" for i in range(2_000)])
    said = random.choice(vocabulary, (size.sentences, size.words))
    heard = np.where(random.random(said.shape) < 0.1, "x", said)
    kept = random.random(said.shape) < 0.97
    return {
        "label": [" ".join(row) for row in said],
        "prediction": [" ".join(row[keep]) for row, keep in zip(heard, kept, strict=True)],
    }


def parquet(size: Size, folder: Path) -> Data:
    """A folder of Parquet files, larger together than the memory that may be used."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file in range(size.files):
        random = np.random.default_rng([5, file])
        found = binary(size.rows_in_file, size.slices, seed=file)
        table = {
            "label": found["label"].astype(np.int8),
            "score": found["score"],
            "slice": found["slice"].astype(np.int16),
            "latency": random.lognormal(3.0, 0.4, size.rows_in_file).astype(np.float32),
        }
        pq.write_table(pa.table(table), folder / f"part-{file:02d}.parquet")
    return {"folder": folder}


def nbytes(data: Data) -> int:
    """The bytes that have to be read at least once."""
    return sum(_bytes(value) for value in data.values())


def _bytes(value: Any) -> int:
    if isinstance(value, Path):
        return sum(file.stat().st_size for file in value.glob("*.parquet"))
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    return sum(len(text.encode()) for text in value)


def save(data: Data, folder: Path) -> None:
    """Write inputs so that `load` needs no memory beyond them: peaks are measured there."""
    for name, value in data.items():
        if isinstance(value, np.ndarray):
            np.save(folder / f"{name}.npy", value)
        elif isinstance(value, Path):
            (folder / f"{name}.path").write_text(str(value))
        elif hasattr(value, "schema"):
            _save_table(value, folder / f"{name}.arrow")
        else:
            (folder / f"{name}.txt").write_text("\n".join(value))


def load(folder: Path) -> Data:
    """What `save` wrote."""
    found: dict[str, Any] = {file.stem: np.load(file) for file in folder.glob("*.npy")}
    found |= {file.stem: Path(file.read_text()) for file in folder.glob("*.path")}
    found |= {file.stem: _table(file) for file in folder.glob("*.arrow")}
    return found | {file.stem: file.read_text().split("\n") for file in folder.glob("*.txt")}


def _save_table(table: Any, file: Path) -> None:
    import pyarrow as pa

    with pa.ipc.new_file(str(file), table.schema) as writer:
        writer.write_table(table)


def _table(file: Path) -> Any:
    import pyarrow as pa

    with pa.OSFile(str(file)) as source:
        return pa.ipc.open_file(source).read_all()
