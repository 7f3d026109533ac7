"""The inputs of the rows about two splits, seeded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import Data, Size, binary

DRAWS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Any]] = {
    "normal": lambda random, shape: random.standard_normal(shape),
    "Cauchy": lambda random, shape: random.standard_cauchy(shape),
    "lognormal": lambda random, shape: random.lognormal(size=shape),
    "integer": lambda random, shape: random.integers(0, 1_000, shape),
}
# How many values the columns of texts have, at least and at most.
CATEGORIES = (10, 1_000)
# Columns of the contract on which SciPy is timed: one in ten, in the proportion of all kinds.
TIMED = ("number0", "number1", "number2", "category5", "flag0")


def columns(draw: str) -> Callable[[Size, Path], Data]:
    """Two samples of many columns of numbers, as tables of rows (n, k); the second is larger by
    0.02 in every other column."""

    def made(size: Size, folder: Path) -> Data:
        random, shape = np.random.default_rng(20), (size.column_rows, size.columns)
        first, second = (DRAWS[draw](random, shape) for _ in range(2))
        if second.dtype.kind == "f":
            second[:, ::2] += 0.02
        return {"first": first, "second": second}

    return made


def vectors(size: Size, folder: Path) -> Data:
    """Two samples of rows in many dimensions that hardly differ."""
    random, shape = np.random.default_rng(21), (size.pooled // 2, size.dimensions)
    return {
        "first": random.standard_normal(shape),
        "second": random.standard_normal(shape) + 0.01,
    }


def neighbours(size: Size, folder: Path) -> Data:
    """float32 embeddings; one query in a hundred is a copy of a reference."""
    random = np.random.default_rng(22)
    queries, references = (
        random.standard_normal((n, size.dimensions), dtype=np.float32)
        for n in (size.near, size.references)
    )
    queries[::100] = references[: len(queries[::100])]
    return {"queries": queries, "references": references}


def contract(size: Size, folder: Path) -> Data:
    return two_splits(size.examples)


def two_splits(n: int, columns: int = 50) -> Data:
    """Two splits of n rows from one distribution, in memory as Arrow has them."""
    return {"dev": split(n, columns, 30), "test": split(n, columns, 31)}


def split(n: int, columns: int, seed: int) -> Any:
    """An Arrow table of ids and so many columns: label, prediction, score; and of ten others six
    hold numbers, two texts (10 to 1,000 values, half of them codes of one length), one a flag, and
    one an integer or a time."""
    import pyarrow as pa

    random = np.random.default_rng([seed, n])
    found: dict[str, Any] = binary(n, seed=seed)
    del found["slice"]
    found["prediction"] = (found["score"] >= 0.5).astype(np.int64)
    draws, values = list(DRAWS.values())[:3], np.geomspace(*CATEGORIES, 10).round().astype(int)
    for i in range(columns - 3):
        ten, place = divmod(i, 10)
        if place < 6:
            found[f"number{6 * ten + place}"] = draws[place % 3](random, (n, 1))[:, 0]
        elif place < 8:
            many = values[(2 * ten + place - 6) % 10]
            words = [f"value {v}" if place == 7 else f"{v:05d}" for v in range(many)]
            codes = pa.array(random.integers(0, many, n), pa.int32())
            text = pa.DictionaryArray.from_arrays(codes, words).cast(pa.string())
            found[f"category{2 * ten + place - 6}"] = text
        elif place == 8:
            found[f"flag{ten}"] = random.random(n) < 0.3
        elif ten % 2:
            found[f"integer{ten}"] = random.integers(0, 10_000, n)
        else:
            seconds = random.integers(0, 31_536_000, n).astype("timedelta64[s]")
            found[f"time{ten}"] = np.datetime64("2026-01-01", "us") + seconds
    return pa.table(found)
