"""Every form's bounds offer the same things."""

import math

import numpy as np
import pytest

from evalharness.inference.bounds import Bounds
from evalharness.inference.concordance import ConcordanceBounds
from evalharness.inference.macro import MacroBounds
from evalharness.inference.means import MeanBounds
from evalharness.inference.mover import TwoClassBounds
from evalharness.inference.paired import PairedShareBounds
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.quantiles import QuantileBounds
from evalharness.metrics import f1, matthews_corrcoef
from evalharness.statistics.tables import Cells

X = np.random.default_rng(0).normal(size=400)
CLASSES = Cells(*(np.array(c) for c in ([90, 80, 70], [10, 9, 8], [7, 12, 8], [300, 300, 300])))
ALL = [
    ProportionBounds(90, 100),
    ConcordanceBounds([1, 5, 20], [20, 8, 2]),
    MeanBounds(400, X.mean(), 400 * X.var(), ((X - X.mean()) ** 3).sum(), lambda: X, 0),
    QuantileBounds(np.sort(X), np.ones(400, int), 0.9),
    TwoClassBounds(matthews_corrcoef.form, Cells(80, 20, 10, 90)),
    MacroBounds(f1.form, CLASSES),
    PairedShareBounds(20, 10, 500),
]


@pytest.mark.parametrize("bounds", ALL, ids=lambda b: type(b).__name__)
def test_protocol(bounds):
    assert isinstance(bounds, Bounds)
    assert isinstance(bounds.value, float)
    assert isinstance(bounds.n, int)
    assert all(
        isinstance(x, str) for x in (bounds.unit, bounds.shown, bounds.decides, bounds.reason)
    )
    assert not bounds.reason
    low, high = bounds.interval(0.95)
    numbers = [low, high, bounds.lower(0.05), bounds.upper(0.05)]
    assert all(type(x) is float and math.isfinite(x) for x in numbers)
    for threshold in (bounds.value - 0.03, bounds.value + 0.03):
        n = bounds.settle(threshold, 0.05)
        assert type(n) is int
        assert n > 0
        assert bounds.settle(threshold, 0.01) > n
