"""The influences of correlations are what an entry more adds to them."""

from typing import Any

import numpy as np
import pytest

from evalharness.metrics import association
from evalharness.statistics.rank_pairs import spearman


@pytest.mark.parametrize("digits", [None, 1, 0], ids=["distinct", "some-ties", "many-ties"])
def test_influence_on_spearman_is_what_an_entry_more_adds(digits):
    """The derivative by an entry's weight, and so the jackknife's standard error."""
    rng = np.random.default_rng(0)
    n, step = 80, 1e-5
    x = rng.normal(size=n)
    y = 0.6 * x + rng.normal(size=n)
    if digits is not None:
        x, y = np.round(x, digits), np.round(y, digits)
    weight = rng.integers(1, 4, n).astype(float)
    value, influence = spearman(x, y, weight)
    each = np.eye(n) * step
    derivative = [
        (spearman(x, y, weight + e)[0] - spearman(x, y, weight - e)[0]) / (2 * step) for e in each
    ]
    assert influence == pytest.approx(derivative, abs=1e-8)
    assert abs(weight @ influence) < 1e-12
    value, influence = spearman(x, y)
    left_out = np.array([spearman(*(np.delete(v, i) for v in (x, y)))[0] for i in range(n)])
    jackknife = np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())
    assert np.sqrt((influence**2).sum()) == pytest.approx(jackknife, rel=0.05)


@pytest.mark.parametrize(
    "metric",
    [
        association.r2,
        association.explained_variance,
        association.pearson_correlation,
        association.concordance_correlation,
    ],
    ids=str,
)
def test_influence_on_a_correlation_is_what_an_entry_more_adds(metric):
    """Against the jackknife: what leaving a row out changes, to first order."""
    rng = np.random.default_rng(1)
    n = 2_000
    y = rng.normal(2, 1, n)
    e = 0.3 + 0.2 * y + rng.normal(0, 0.5, n)
    x = e if type(metric.statistic).__name__ == "Residuals" else y - e

    def table(keep: Any) -> Any:
        a, b = y[keep], x[keep]
        da, db = a - a.mean(), b - b.mean()
        kind = type(metric.statistic.zero())
        return kind(len(a), a.mean(), b.mean(), da @ da, db @ db, da @ db)

    form = metric.form(table(slice(None)))
    found = metric.statistic.influence(form.gradient, table(slice(None)), {"x": y, "y": x}, None)
    assert abs(found.sum()) < 1e-12
    for i in range(5):
        without = metric.value(table(np.arange(n) != i))
        assert found[i] == pytest.approx(form.value - without, rel=0.01, abs=1e-6)
