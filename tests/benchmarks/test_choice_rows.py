"""The rows about several models: their sides compute the same."""

import numpy as np
import pytest

from benchmarks import choice_rows
from benchmarks.data import QUICK
from benchmarks.sides import agree


@pytest.mark.parametrize("row", choice_rows.choice_rows(QUICK), ids=lambda row: row.name)
def test_both_sides_agree(row, tmp_path):
    given = row.data(QUICK, tmp_path)
    ours, peer = row.ours(given, QUICK), row.peer.prepare(given, QUICK)
    result = ours.call()
    found, theirs = ours.read(result), peer.read(peer.call())
    assert len(found["difference"]) == QUICK.candidates * (QUICK.candidates - 1) // 2
    assert result.choice.level < 0.05
    agree(
        row.name,
        {k: np.array(v) for k, v in found.items()},
        {k: np.array(v) for k, v in theirs.items()},
        row.peer.within,
    )
