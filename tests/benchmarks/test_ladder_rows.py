"""The rows about ladders by slice: their sides compute the same."""

import numpy as np
import pytest

from benchmarks import ladders
from benchmarks.data import Size
from benchmarks.sides import agree

SMALL = Size(slices=40, rung_rows=8_000, ladder_draws=2_000)


@pytest.mark.parametrize("row", ladders.ladder_rows(SMALL), ids=lambda row: row.name)
def test_both_sides_agree(row, tmp_path):
    given = row.data(SMALL, tmp_path)
    ours, peer = row.ours(given, SMALL), row.peer.prepare(given, SMALL)
    found, theirs = ours.read(ours.call()), peer.read(peer.call())
    assert set(found) == set(theirs)
    assert {len(x) for x in found.values()} == {40}
    assert {len(x) for x in theirs.values()} == {40 // ladders.PART_OF_SLICES}
    agree(row.name, found, theirs, row.peer.within)


def test_draws_are_compared_as_closely_as_they_are_known(tmp_path):
    """Of another gap the row would tell."""
    row = ladders.ladder_rows(SMALL)[0]
    given = row.data(SMALL, tmp_path)
    found = row.ours(given, SMALL).read(row.ours(given, SMALL).call())
    least = max(abs(found["gap 0"] - found["gap 3"]))
    assert 2 * row.peer.within < least
    assert np.sum(list(found.values()), axis=0) == pytest.approx(np.ones(40), abs=0.01)
