"""A model against a saved result: the limits of the difference hold whatever the correlation is."""

import numpy as np
import pytest
from scipy.stats import binom

from evalharness.checks.against_saved import SavedGap
from evalharness.inference.proportions import ProportionBounds
from tests.calibration.halves import seeded

pytestmark = pytest.mark.calibration

ALPHA, RUNS = 0.05, 2_000
RATES = [(0.5, 0.5), (0.9, 0.9), (0.9, 0.99), (0.99, 0.99)]


class Share:
    """The limits of a share, each computed once."""

    def __init__(self, hits, n):
        bounds = ProportionBounds(hits, n)
        self.value, self.n, self.unit, self.reason = bounds.value, n, "examples", ""
        self.shown = self.decides = ""
        self._limits = bounds.lower(ALPHA), bounds.upper(ALPHA)

    def lower(self, alpha):
        return self._limits[0]

    def upper(self, alpha):
        return self._limits[1]


@pytest.mark.parametrize("n", [50, 500, 5_000])
@pytest.mark.parametrize("errors", ["on other examples", "anywhere", "on the same examples"])
def test_one_sided_coverage(errors, n):
    rng = seeded("saved", errors, str(n))
    for ours, theirs in RATES:
        mine, its = 1 - ours, 1 - theirs
        both = {
            "on other examples": max(0.0, mine + its - 1),
            "anywhere": mine * its,
            "on the same examples": min(mine, its),
        }[errors]
        cells = np.clip([both, mine - both, its - both, 1 - mine - its + both], 0, 1)
        drawn = rng.multinomial(n, cells / cells.sum(), RUNS)
        wrong = np.stack([drawn[:, 0] + drawn[:, 1], drawn[:, 0] + drawn[:, 2]], axis=1)
        shares = {k: Share(n - int(k), n) for k in np.unique(wrong)}
        pairs, times = np.unique(wrong, axis=0, return_counts=True)
        gaps = [SavedGap(shares[b], shares[a], 1.0) for a, b in pairs]
        below = np.array([g.lower(ALPHA) <= ours - theirs + 1e-12 for g in gaps])
        above = np.array([g.upper(ALPHA) >= ours - theirs - 1e-12 for g in gaps])
        for covered in ((below * times).sum(), (above * times).sum()):
            # So few are seen once in 1,000 where the coverage is .95.
            assert binom.cdf(covered, RUNS, 1 - ALPHA) > 0.001, (ours, theirs, covered / RUNS)
