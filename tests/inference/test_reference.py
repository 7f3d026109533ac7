"""Published and independently computed cases, named as in the project's reference collection.

The numbers are copied here (rounded to eight decimals), so that the tests need no file.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from evalharness.inference.bounds import upper_z
from evalharness.inference.concordance import ConcordanceBounds, delong
from evalharness.inference.means import t_half_width
from evalharness.inference.multiplicity import holm
from evalharness.inference.paired import PairedShareBounds, tango
from evalharness.inference.power import least_hits, settle_proportion, wilks_n
from evalharness.inference.proportions import (
    ProportionBounds,
    clopper_pearson_lower,
    clopper_pearson_upper,
    wilson,
)
from evalharness.inference.quantiles import lower_rank, rank_coverage, upper_rank
from evalharness.metrics import f1
from evalharness.statistics.tables import Cells

Z = upper_z(0.025)

PROPORTIONS = [  # hits, trials, Wilson, Clopper-Pearson; two-sided 95 %
    (81, 263, (0.25528852, 0.36620958), (0.25273675, 0.36762192)),
    (15, 148, (0.0623864, 0.16048724), (0.05784401, 0.16165049)),
    (0, 20, (0.0, 0.16112516), (0.0, 0.16843347)),
    (1, 29, (0.00611321, 0.17175522), (0.00087265, 0.1776443)),
    (29, 30, (0.83329609, 0.99409141), (0.82783054, 0.99915643)),
    (95, 100, (0.88824953, 0.97845632), (0.88716509, 0.98356812)),
    (990, 1000, (0.98169053, 0.99455925), (0.98168676, 0.99519449)),
    (20, 20, (0.83887484, 1.0), (0.83156653, 1.0)),
    (999, 1000, (0.99435744, 0.99982345), (0.99444108, 0.99997468)),
]


@pytest.mark.parametrize(
    "hits, trials, by_wilson, exact",
    [pytest.param(*c, id=f"prop_ci_{c[0]}_{c[1]}") for c in PROPORTIONS],
)
def test_two_sided_limits(hits, trials, by_wilson, exact):
    assert wilson(hits, trials, Z) == pytest.approx(by_wilson, abs=1e-6)
    assert ProportionBounds(hits, trials).interval(0.95) == pytest.approx(by_wilson, abs=1e-6)
    assert clopper_pearson_lower(hits, trials, 0.025) == pytest.approx(exact[0], abs=1e-6)
    assert clopper_pearson_upper(hits, trials, 0.025) == pytest.approx(exact[1], abs=1e-6)


LOWER = [  # hits, trials, Clopper-Pearson, Wilson; one-sided 95 %
    (29, 29, 0.90185537, 0.91466655),
    (28, 29, 0.84660798, 0.8593169),
    (95, 100, 0.89774662, 0.90083891),
    (930, 1000, 0.91526115, 0.91553555),
    (9100, 10000, 0.90515389, 0.90518116),
]


@pytest.mark.parametrize(
    "hits, trials, exact, by_wilson",
    [pytest.param(*c, id=f"prop_lower95_{c[0]}_{c[1]}") for c in LOWER],
)
def test_one_sided_limits(hits, trials, exact, by_wilson):
    assert ProportionBounds(hits, trials).lower(0.05) == pytest.approx(exact, abs=1e-6)
    assert wilson(hits, trials, upper_z(0.05))[0] == pytest.approx(by_wilson, abs=1e-6)
    # The mirror image: as many misses as there were hits.
    assert ProportionBounds(trials - hits, trials).upper(0.05) == pytest.approx(1 - exact, abs=1e-6)


F1S = [  # tp, fp, fn, F1, Wilson on F*, Clopper-Pearson on F*
    (90, 10, 10, 0.9, (0.8477842, 0.93566311), (0.84610481, 0.93913758)),
    (45, 5, 5, 0.9, (0.82123804, 0.94632767), (0.81723396, 0.95244602)),
    (5, 0, 1, 0.90909091, (0.60772438, 0.98474407), (0.52807558, 0.99789019)),
    (990, 10, 5, 0.9924812, (0.98760867, 0.99544659), (0.9875992, 0.99579386)),
]


@pytest.mark.parametrize(
    "tp, fp, fn, value, by_wilson, exact",
    [pytest.param(*c, id=f"f1_ci_{c[0]}_{c[1]}_{c[2]}") for c in F1S],
)
def test_f1_limits(tp, fp, fn, value, by_wilson, exact):
    form = f1.form(Cells(tp, fp, fn, 1000))
    bounds = ProportionBounds(form.hits, form.trials, form.unit, form.through)
    assert bounds.value == pytest.approx(value, abs=1e-6)
    assert bounds.interval(0.95) == pytest.approx(by_wilson, abs=1e-6)
    assert (bounds.lower(0.025), bounds.upper(0.025)) == pytest.approx(exact, abs=1e-6)


def _reference_file() -> Path | None:
    """It lies beside a checkout, or beside the data that EVALHARNESS_DATA names."""
    beside = [Path(__file__).parents[2] / "../shared"]
    if named := os.environ.get("EVALHARNESS_DATA"):
        beside.append(Path(named) / "..")
    found = [b / "reference/statistics.json" for b in beside]
    return next((path for path in found if path.is_file()), None)


@pytest.mark.parametrize("marker", ["s100b", "ndka", "wfns"])
def test_delong_aSAH(marker):
    """113 patients of pROC's data, with many ties in `wfns`."""
    path = _reference_file()
    if path is None:
        pytest.skip("reference/statistics.json is not beside this checkout (../shared/reference)")
    cases = {case["name"]: case for case in json.loads(path.read_text())["cases"]}
    case = cases["delong_aSAH"]
    expected, outcome = case["expected"][marker], np.array(case["inputs"]["y"], bool)
    values, place = np.unique(case["inputs"][marker], return_inverse=True)
    pos = np.bincount(place[outcome], minlength=len(values))
    neg = np.bincount(place[~outcome], minlength=len(values))
    area, error = delong(pos, neg)
    assert (area, error) == pytest.approx((expected["auc"], expected["se"]), abs=1e-6)
    plain = (area - Z * error, area + Z * error)
    assert plain == pytest.approx(tuple(expected["ci_delong"]), abs=1e-6)


@pytest.mark.parametrize(
    "n, q, ranks, covers",
    [
        (20, 0.5, (6, 15), 0.95861053),
        (100, 0.9, (84, 96), 0.95569011),
        (1000, 0.99, (983, 997), 0.97609476),
        (370, 0.99, (362, 370), 0.96249141),
        (10000, 0.99, (9880, 9920), 0.95575468),
        (10000, 0.999, (9983, 9997), 0.97545746),
    ],
)
def test_order_stat_ci(n, q, ranks, covers):
    assert (lower_rank(n, q, 0.025), upper_rank(n, q, 0.025)) == ranks
    assert rank_coverage(n, q, *ranks) == pytest.approx(covers, abs=1e-6)


@pytest.mark.parametrize("q, n", [(0.9, 29), (0.95, 59), (0.99, 299), (0.999, 2995)])
def test_wilks_min_n(q, n):
    assert wilks_n(q, 0.05) == n
    assert upper_rank(n, q, 0.05) == n
    assert upper_rank(n - 1, q, 0.05) is None
    assert least_hits(q, n, 0.05) == n
    assert least_hits(q, n - 1, 0.05) is None


def test_mean_t_ci():
    x = np.array([0.12, 0.3, 0.25, 0.18, 0.4, 0.22, 0.95, 0.31, 0.27, 0.2])
    half = t_half_width(len(x), float(((x - x.mean()) ** 2).sum()), 0.025)
    assert (x.mean() - half, x.mean() + half) == pytest.approx((0.15220005, 0.48779995), abs=1e-6)


@pytest.mark.parametrize(
    "threshold, share, n",
    [(0.9, 0.93, 593), (0.9, 0.95, 203), (0.9, 0.92, 1365), (0.95, 0.97, 694), (0.99, 0.995, 2185)],
)
def test_settle_n(threshold, share, n):
    assert settle_proportion(threshold, share, 0.05) == n
    # A bound from above on the errors is the same question.
    assert settle_proportion(1 - threshold, 1 - share, 0.05) == pytest.approx(n, abs=1)


@pytest.mark.parametrize(
    "threshold, fewest",
    [
        (0.9, [30, 59, 96, 279, 916, 9050]),
        (0.95, [None, 60, 99, 292, 962, 9537]),
        (0.99, [None, None, None, 300, 996, 9917]),
    ],
)
def test_pass_table(threshold, fewest):
    sizes = [30, 60, 100, 300, 1000, 10000]
    assert [least_hits(threshold, n, 0.05) for n in sizes] == fewest
    for n, k in zip(sizes, fewest, strict=True):
        if k is not None:
            assert ProportionBounds(k, n).lower(0.05) > threshold
            assert ProportionBounds(k - 1, n).lower(0.05) <= threshold
        else:
            assert ProportionBounds(n, n).lower(0.05) <= threshold


def test_multiplicity_BH1995_by_holm():
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1.0]
    assert sorted(holm(len(p), lambda level: [x <= level for x in p], 0.05)) == [0, 1, 2]


@pytest.mark.parametrize(
    "new, old, n, value, limits",
    [
        pytest.param(150, 86, 1600, 0.04, (0.021362, 0.058998), id="paired_150_86_1600"),
        pytest.param(10, 3, 100, 0.07, (-0.000766, 0.149864), id="paired_10_3_100"),
        pytest.param(25, 10, 1000, 0.015, (0.003603, 0.027738), id="paired_25_10_1000"),
        pytest.param(5, 0, 100, 0.05, (0.011157, 0.11175), id="paired_5_0_100"),
    ],
)
def test_tango(new, old, n, value, limits):
    bounds = PairedShareBounds(new, old, n)
    assert bounds.value == pytest.approx(value)
    assert bounds.interval(0.95) == pytest.approx(limits, abs=1e-5)
    # What decides is never tighter than Tango at the same level.
    low, high = tango(new, old, n, upper_z(0.05))
    assert bounds.lower(0.05) <= low + 1e-12
    assert bounds.upper(0.05) >= high - 1e-12


@pytest.mark.parametrize("n", [20, 2000])
def test_tango_of_identical_predictions(n):
    z = upper_z(0.05)
    low, high = tango(0, 0, n, z)
    assert (low, high) == pytest.approx((-z * z / (n + z * z), z * z / (n + z * z)), abs=1e-9)


def test_noninferiority_tango():
    """25 and 10 discordant of 1,000: not worse by 0.01, and better, at one-sided 0.025."""
    bounds = PairedShareBounds(25, 10, 1000)
    assert bounds.interval(0.95)[0] == pytest.approx(0.003603, abs=1e-6)
    assert bounds.lower(0.025) > 0 > -0.01


@pytest.mark.parametrize("m, n, low", [(10, 10, 0.800), (50, 50, 0.960), (20, 980, 0.950)])
def test_newcombe_at_area_one(m, n, low):
    bounds = ConcordanceBounds([0, m], [n, 0])
    assert bounds.interval(0.95) == (pytest.approx(low, abs=5e-4), 1.0)
