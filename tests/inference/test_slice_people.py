"""What people err in each slice: the limits of many slices are those of each of them."""

import numpy as np
import pytest

from evalharness.inference.dominance import believed_of_each
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.slice_people import of_items
from evalharness.inference.slices import ProportionSlices


def items(values, n=900, slices=5):
    """(value, slice) of items, none of which lies in the last slice."""
    random = np.random.default_rng(0)
    return random.choice(values, n, p=[0.8, *[0.2 / (len(values) - 1)] * (len(values) - 1)]), (
        random.integers(0, slices - 1, n)
    )


def test_parts_of_an_error_are_bounded_as_units_of_one_size():
    value, code = items([0.0, 0.1, 0.5, 1.0])
    found = of_items(value, code, 5)
    assert found.n.tolist() == [*np.bincount(code), 0]
    assert np.isnan(found.value[-1])
    for s in range(4):
        mine = value[code == s]
        alone = EffectiveBounds(mine, np.ones(len(mine)), weighted=False)
        assert found.value[s] == pytest.approx(mine.mean())
        assert [x[s] for x in found.interval(0.9)] == pytest.approx(alone.interval(0.9))
        assert found.lower(0.01)[s] == pytest.approx(alone.lower(0.01))
        assert found.upper(0.01)[s] == pytest.approx(alone.upper(0.01))
    _, belief = believed_of_each(found)
    assert (np.diff(belief[:4], axis=1) >= 0).all()


def test_errors_of_none_or_one_are_shares():
    value, code = items([0.0, 1.0])
    found = of_items(value, code, 5)
    assert isinstance(found, ProportionSlices)
    for s in range(4):
        alone = ProportionBounds(int(value[code == s].sum()), int((code == s).sum()))
        assert [x[s] for x in found.interval(0.9)] == pytest.approx(alone.interval(0.9))
        assert found.upper(0.01)[s] == pytest.approx(alone.upper(0.01))


def test_items_that_are_worth_half_are_half_as_many():
    value, code = items([0.0, 0.5, 1.0])
    half = of_items(value, code, 5, worth=0.5)
    whole = of_items(value, code, 5)
    assert half.value[:4] == pytest.approx(whole.value[:4])
    width = [(b.upper(0.05) - b.lower(0.05))[:4] for b in (half, whole)]
    assert width[0] / width[1] == pytest.approx(2**0.5, rel=0.1)
