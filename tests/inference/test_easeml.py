"""ease.ml/ci's numbers of labels, and what a paired exact test takes for the same guarantee.

Renggli et al. (MLSys 2019) estimate a condition such as ``n - o > C ± eps`` of the accuracies of a
new and an old model, right in all of H steps with probability 1 - delta, by Hoeffding's inequality
(or Bennett's, where few predictions changed). So a model that is no better than C passes with a
probability of at most delta, and one that is better than C + 2 eps fails with at most delta. The
same is asked of ours: level and type II error delta/H at each step; where each step's verdict is
shown to whoever makes the next model, the level is delta/2^H.
"""

import re
from math import ceil, log
from pathlib import Path

import pytest

from evalharness.inference.paired_power import PairedSizing
from evalharness.inference.power import settle_proportion

H = 32
PAGE = Path(__file__).parents[2].joinpath("docs", "planning.md")

# (1 - delta, eps): one accuracy, none and full adaptivity; difference of two, none and full.
TABLE = {
    (0.99, 0.1): (404, 1340, 1753, 5496),
    (0.99, 0.05): (1615, 5358, 7012, 21984),
    (0.99, 0.025): (6457, 21429, 28045, 87933),
    (0.99, 0.01): (40355, 133930, 175282, 549581),
    (0.999, 0.1): (519, 1455, 2214, 5957),
    (0.999, 0.05): (2075, 5818, 8854, 23826),
    (0.999, 0.025): (8299, 23271, 35414, 95302),
    (0.999, 0.01): (51868, 145443, 221333, 595633),
    (0.9999, 0.1): (634, 1570, 2674, 6417),
    (0.9999, 0.05): (2536, 6279, 10696, 25668),
    (0.9999, 0.025): (10141, 25113, 42782, 102670),
    (0.9999, 0.01): (63381, 156956, 267385, 641684),
    (0.99999, 0.1): (749, 1685, 3135, 6878),
    (0.99999, 0.05): (2996, 6739, 12538, 27510),
    (0.99999, 0.025): (11983, 26955, 50150, 110038),
    (0.99999, 0.01): (74894, 168469, 313437, 687736),
}


def steps(full, h=H):
    """Logarithm of the number of histories that may lead to a step."""
    return h * log(2) if full else log(h)


def hoeffding(delta, eps, variables, full):
    """Their baseline: c² r² ln(1/delta')/(2 eps²), delta' = delta/(r · histories)."""
    return ceil(variables**2 * (log(variables) + steps(full) - log(delta)) / (2 * eps**2))


def bennett(delta, eps, p, full, h=H):
    """Where at most a share p of the predictions changed, which takes no labels to know."""

    def loss(u):
        return (1 + u) * log(1 + u) - u

    return (steps(full, h) - log(delta / 4)) / (p * loss(eps / p))


def ours(delta, eps, full, psi, power=None, h=H):
    """Pairs of which two models disagree on a share psi, for the same guarantee."""
    level = delta / (2**h if full else h)
    return PairedSizing(0.0, level, psi).needed_n(2 * eps, power or 1 - delta / h, True)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_their_table(row):
    delta, eps = 1 - row[0], row[1]
    asked = [(variables, full) for variables in (1, 2) for full in (False, True)]
    assert tuple(hoeffding(delta, eps, *each) for each in asked) == TABLE[row]


def test_their_optimised_pattern():
    assert ceil(bennett(1e-4, 0.01, 0.1, False)) == 29_048
    assert ceil(bennett(1e-4, 0.01, 0.1, True)) == 67_706
    # Of a single step, those that need a label: the ones that the models answer differently.
    assert ceil(0.1 * bennett(1e-4, 0.01, 0.1, False, h=1)) == 2_189


def rows():
    """The table of the page: delta, eps, whether full, the share, and four numbers."""
    number = r" ([\d,]+) \|"
    pattern = r"^\| ([\d.]+) \| ([\d.]+) \| (none|full) \| ([\d.]+) \|" + 3 * number
    found = re.findall(pattern, PAGE.read_text(encoding="utf-8"), re.M)
    assert len(found) == 8
    return [(*row[:4], *(int(n.replace(",", "")) for n in row[4:])) for row in found]


@pytest.mark.parametrize("row", rows(), ids=str)
def test_the_page(row):
    sure, eps, mode, psi = float(row[0]), float(row[1]), row[2], float(row[3])
    delta, full = round(1 - sure, 12), mode == "full"
    known = psi < 1 and (sure, eps) == (0.9999, 0.01)
    theirs = ceil(bennett(delta, eps, psi, full)) if known else hoeffding(delta, eps, 2, full)
    assert row[4:] == (theirs, ours(delta, eps, full, psi), ours(delta, eps, full, psi, power=0.8))
    assert row[5] < theirs


def test_of_one_accuracy_exact_limits_take_fewer_too():
    for eps, tau, n in ((0.1, 0.7, 179), (0.05, 0.5, 1166), (0.025, 0.9, 1289)):
        level = 0.01 / H
        assert settle_proportion(tau, tau + 2 * eps, level, 1 - level) == n
        assert n < hoeffding(0.01, eps, 1, False)


def test_the_level_is_held_by_the_rule_that_they_are_compared_with():
    """Equal models pass with no more than the level of a step."""
    for delta, eps, psi in ((0.01, 0.1, 1.0), (0.01, 0.025, 0.1), (1e-4, 0.01, 0.1)):
        level, n = delta / H, ours(delta, eps, False, psi)
        chance = PairedSizing(0.0, level, psi).power_at(n, 0.0, True)
        assert 0.5 * level < chance <= 1.02 * level
