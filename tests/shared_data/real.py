"""Where real model outputs are found, and how a model's part of a file is taken out."""

import json
import os
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DATA = Path(os.environ.get("EVALHARNESS_DATA") or BESIDE)

needs_data = pytest.mark.skipif(
    not DATA.is_dir(),
    reason="real model outputs are not here: there is no shared/data beside the checkout, "
    "and EVALHARNESS_DATA names no folder",
)


def expected(folder: str) -> dict[str, Any]:
    """What independent libraries computed from the files of a folder."""
    return json.loads((DATA / folder / "expected.json").read_text(encoding="utf-8"))


def rows(file: str, **where: Any) -> Any:
    """The rows of a Parquet file where columns have the given values, as a pyarrow table."""
    table = pq.read_table(DATA / file)
    for column, value in where.items():
        table = table.filter(pc.equal(table[column], value))
    assert len(table), f"{file} has no rows with {where}"
    return table
