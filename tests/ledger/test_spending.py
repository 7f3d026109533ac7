"""Levels of looks: the named cases, and that no tree spends more than α."""

import math
from itertools import product

import pytest

from evalharness.ledger.spending import next_level, nodes, open_level, planned_level, weight

# Case `kraft_ledger`.
HISTORIES = ["", "N", "NNN", "P", "NNP", "NNPN", "NPNNP"]
LEVELS = [
    0.0151981775,
    0.00379954439,
    0.000949886097,
    0.00461969201,
    0.000513299113,
    0.000128324778,
    3.90060552e-05,
]


def seen(history):
    return [symbol == "P" for symbol in history]


@pytest.mark.parametrize("history, level", [*zip(HISTORIES, LEVELS, strict=True)])
def test_the_open_horizon(history, level):
    assert open_level(0.05, seen(history)) == pytest.approx(level, rel=1e-8)
    assert next_level(0.05, seen(history)) == open_level(0.05, seen(history))


def test_all_histories_together_spend_no_more_than_alpha():
    """Every node of the tree to depth 14, one by one: 0.04498 of 0.05."""
    spent = sum(
        open_level(0.05, history)
        for depth in range(15)
        for history in product((True, False), repeat=depth)
    )
    assert spent == pytest.approx(0.04498, abs=1e-5)
    assert sum(weight(gap) for gap in range(1, 100_000)) == pytest.approx(1, abs=1e-5)


def test_the_planned_tree():
    """Case `k_change_tree`."""
    passes = [1, 2, 3, 5, 32]
    assert [nodes(32, b) for b in passes] == [32, 528, 5488, 242824, 4294967295]
    logs = [math.log(nodes(32, b)) for b in passes]
    assert logs == pytest.approx([3.4657, 6.2691, 8.6103, 12.4001, 22.1807], abs=1e-4)


@pytest.mark.parametrize("passes", [1, 2, 3, 8])
def test_planned_looks_share_alpha_over_the_passes_that_count(passes):
    """A false pass is a node in which a pass is seen while the set is not retired: its level, over
    all ways to come there, adds up to α."""
    looks, spent = 8, 0.0
    for depth in range(looks):
        for history in product((True, False), repeat=depth):
            if sum(history) < passes:
                spent += planned_level(0.05, history, looks, passes)
    ways = sum(math.comb(depth, i) for depth in range(looks) for i in range(passes) if i <= depth)
    assert ways == nodes(looks, passes)
    assert spent == pytest.approx(0.05)


def test_no_level_is_left():
    assert next_level(0.05, [False] * 3, looks=4) == pytest.approx(0.0125)
    assert next_level(0.05, [False] * 4, looks=4) == 0
    assert next_level(0.05, [True], looks=4) == 0
    assert next_level(0.05, [True] * 15) > 0
    assert next_level(0.05, [True] * 40) == 0  # below what can be computed with
