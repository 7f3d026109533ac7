"""Holm by levels against Holm by p-values."""

from hypothesis import given
from hypothesis import strategies as st

from evalharness.inference.multiplicity import holm, next_level
from evalharness.inference.proportions import ProportionBounds


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.001, 0.2))
def test_as_by_sorted_p_values(p, alpha):
    """Holm 1979: reject the smallest in turn while p_(i) <= alpha/(m - i + 1)."""
    rejected: list[int] = []
    for i in sorted(range(len(p)), key=p.__getitem__):
        if p[i] > alpha / (len(p) - len(rejected)):
            break
        rejected.append(i)
    found = holm(len(p), lambda level: [x <= level for x in p], alpha)
    assert sorted(found) == sorted(rejected)
    assert all(p[i] <= level <= alpha for i, level in found.items())


def test_levels_relax_as_slices_fail():
    """Of three slices against 0.9 the worst falls first; only then is the next one asked at a/2."""
    slices = [ProportionBounds(k, 100) for k in (70, 83, 95)]
    found = holm(3, lambda level: [s.upper(level) < 0.9 for s in slices], 0.05)
    assert found == {0: 0.05 / 3, 1: 0.05 / 2}
    assert next_level(3, len(found), 0.05) == 0.05
    assert holm(0, lambda level: [], 0.05) == {}
