"""One rung of many ladders: the gaps of many slices are those of each of them."""

import math

import numpy as np
import pytest

from evalharness.inference.bounds import Bounds
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.means import MeanBounds
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.rung_gap import Assumed, RungGap
from evalharness.inference.slice_rungs import Listed, RungSlices, deciding_gap, shown_gap


def every(lower=0.02):
    x = np.random.default_rng(0).gamma(2, size=400)
    mean = MeanBounds(400, x.mean(), 400 * x.var(), ((x - x.mean()) ** 3).sum(), lambda: x, 0)
    clusters = EffectiveBounds(
        np.random.default_rng(1).binomial(20, 0.2, 40), np.full(40, 20), clusters=True
    )
    return [ProportionBounds(30, 400), mean, clusters, Assumed(lower)]


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_gaps_of_many_slices_are_each_of_them(sign, tied):
    above = [ProportionBounds(50, 600), ProportionBounds(0, 30), ProportionBounds(9, 10)]
    # Whether it is assumed is told of a whole rung.
    for below in ([*every()[:3]], [Assumed(0.03)] * 3):
        assert all(isinstance(b, Bounds) for b in below)
        first = RungSlices(Listed(below), [0, 1, 2])
        second = RungSlices(Listed(above), [2, 1, 0])
        shown = shown_gap(first, second, sign, tied, 5.0, 0.9)
        bounds = deciding_gap(first, second, sign, tied, 5.0, 0.01)
        for s in range(3):
            gap = RungGap(below[s], above[2 - s], sign, tied, 5.0)
            assert [x[s] for x in shown] == pytest.approx(gap.interval(0.9), abs=1e-12)
            assert [x[s] for x in bounds] == pytest.approx(
                (gap.lower(0.01), gap.upper(0.01)), abs=1e-12
            )


def test_a_slice_that_is_not_on_a_rung_has_no_number_there():
    found = RungSlices(Listed([ProportionBounds(1, 9)]), [-1, 0])
    assert math.isnan(found.value[0])
    assert found.n.tolist() == [0, 9]
    _, belief = found.belief()
    assert np.isnan(belief[0]).all()
    assert np.isfinite(belief[1]).all()


def test_beliefs_of_few_slices_of_several_kinds_lie_on_the_same_knots():
    knots, belief = RungSlices(Listed(every()), range(4)).belief()
    assert belief.shape == (4, len(knots))
    middle = belief[:, np.flatnonzero(knots == 0)[0]]
    assert middle[1:] == pytest.approx([b.value for b in every()[1:]], abs=1e-9)
    assert (np.diff(belief, axis=1) >= 0).all()
