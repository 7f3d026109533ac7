"""Folders of shards, for the tests of what is read in batches."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evalharness.outputs.tables import read_table

N = 30
TABLE = {
    "id": np.arange(N),
    "label": np.arange(N) % 2,
    "prediction": np.arange(N) % 3 % 2,
    "name": [f"n{i}" for i in range(N)],
}


def shards(folder: Path, table: Any, *cuts: int, **options: Any) -> str:
    """Write a table to a folder, cut before these rows; the folder."""
    whole = table if isinstance(table, pa.Table) else read_table(table)
    folder.mkdir(parents=True, exist_ok=True)
    ends = [0, *cuts, whole.num_rows]
    for i, (a, b) in enumerate(zip(ends[:-1], ends[1:], strict=True)):
        pq.write_table(whole.slice(a, b - a), folder / f"part-{i}.parquet", **options)
    return str(folder)
