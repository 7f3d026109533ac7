"""Means of values in a range, of every slice at once: each is that of the slice by itself."""

import numpy as np
import pytest

from evalharness.inference import gaffke_slices
from evalharness.inference.gaffke import GaffkeBounds, gaffke_lower, share_below
from evalharness.inference.gaffke_path import LEVEL, lower_mean
from evalharness.inference.gaffke_slices import GaffkeSlices, in_range

LEVELS = (0.2, 0.05, 0.025, 1e-3, 1e-6)


def samples(seed: int) -> list:
    """Values in [0, 1] of many kinds."""
    rng = np.random.default_rng(seed)
    few = [[], [0.0], [1.0], [0.3], [0.0, 1.0], [0.2, 0.2], [0.999, 1.0], [1e-9, 0.5], [1e-14]]
    sizes = [2, 3, 7, 40, 830]
    many = [np.zeros(40), np.ones(40), np.full(40, 0.5), np.append(np.ones(300), 0.1)]
    many += [rng.integers(0, 2, n) for n in sizes]
    many += [rng.random(n) for n in sizes]
    many += [np.round(rng.random(n), 1) for n in sizes]
    many += [np.where(rng.random(n) < 0.9, 0, rng.random(n)) for n in sizes]
    many += [1 - 1e-3 * rng.beta(5, 1, n) for n in sizes]
    return [np.asarray(x, float) for x in few + many] + [np.zeros(0)]


def mixed(parts: list, seed: int, range: tuple) -> tuple:
    """The values of all parts, with the part of each, in any order; some are in none."""
    rng = np.random.default_rng(seed)
    parts = [*parts, rng.random(20)]
    code = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    order = rng.permutation(len(code))
    values = range[0] + (range[1] - range[0]) * np.concatenate(parts)
    return values[order], code[order]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("range", [(0.0, 1.0), (-1.0, 1.0), (0.0, 100.0)])
@pytest.mark.parametrize("block", [1, 1 << 16])
def test_as_each_by_itself(seed, range, block, monkeypatch):
    monkeypatch.setattr(gaffke_slices, "BLOCK", block)
    parts = samples(seed)
    values, code = mixed(parts, seed, range)
    found = GaffkeSlices(values, code, len(parts), range, "queries")
    assert len(found.value) == len(found.n) == len(parts)
    for g in np.arange(len(parts)):
        one, direct = found.one(g), GaffkeBounds(values[code == g], range, "queries")
        for name in ("n", "unit", "range", "reason", "shown", "decides", "note"):
            assert getattr(one, name) == getattr(direct, name), name
        for name in ("_x", "_counts"):
            np.testing.assert_array_equal(getattr(one, name), getattr(direct, name))
        assert found.n[g] == one.n
        assert found.value[g] == pytest.approx(direct.value, rel=1e-9, abs=1e-12, nan_ok=True)
        for alpha in LEVELS:
            limits = found.lower(alpha)[g], found.upper(alpha)[g]
            assert limits == pytest.approx(direct._limits(alpha), rel=1e-9, abs=1e-12)
        assert [x[g] for x in found.interval(0.95)] == [
            found.lower(0.025)[g],
            found.upper(0.025)[g],
        ]


def test_the_same_level_is_asked_for_once():
    found = GaffkeSlices(np.linspace(0, 1, 50), np.arange(50) % 5, 5)
    assert found.lower(1 - 0.95) is found.lower(0.05)


def test_many_values_and_levels_that_decide_nothing_go_by_themselves(monkeypatch):
    monkeypatch.setattr(gaffke_slices, "CELLS", 10)
    values, code = np.random.default_rng(3).random(60), np.repeat([0, 1, 3], [40, 12, 8])
    found = GaffkeSlices(values, code, 4)
    for alpha in (0.0, 0.05, 0.45, 0.6):
        for g in (0, 1, 2, 3):
            limits = found.lower(alpha)[g], found.upper(alpha)[g]
            assert limits == pytest.approx(GaffkeBounds(values[code == g])._limits(alpha))
    assert found.value[:2] == pytest.approx([values[code == g].mean() for g in (0, 1)])
    assert np.isnan(found.value[2])


def test_no_slices_and_empty_ones():
    assert GaffkeSlices([], [], 0).lower(0.05).shape == (0,)
    found = GaffkeSlices([0.5], [3], 3, (0.0, 2.0))
    assert np.isnan(found.value).all()
    assert list(found.n) == [0, 0, 0]
    assert found.one(1).reason == "0/0: there are no values"
    assert [list(x) for x in found.interval(0.95)] == [[0.0] * 3, [2.0] * 3]


def test_values_outside_of_the_range_are_noticed():
    for values in ([0, 1 + 1e-12], []):
        assert in_range(values, (0, 1))
    for values in ([0, 1.1], [-0.1, 1], [0.5, np.nan]):
        assert not in_range(values, (0, 1))


@pytest.mark.parametrize("alpha", [LEVEL, *LEVELS])
def test_the_path_leads_to_the_saddlepoint(alpha):
    """Of the share of weights; and to where the search of weighted values ends."""
    for x in samples(5):
        if ((x > 1e-12) & (x < 1)).any():
            values, counts = np.unique(x, return_counts=True)
            found = lower_mean(values, counts * 1.0, alpha)
            share, _ = share_below(np.append(values, 0) - found, np.append(counts, 1.0))
            assert share == pytest.approx(alpha, rel=1e-5)
            same = gaffke_lower(values, counts * 1.0, alpha, np.ones(len(values)))
            assert found == pytest.approx(same, rel=1e-9, abs=2e-10)
