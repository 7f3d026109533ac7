"""The ladder by slice where people answered the rows: each slice has a floor of its own."""

from dataclasses import replace

import numpy as np
import pytest

from evalharness.checks.human_level import HumanLevel
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.rung_gap import RungGap
from evalharness.metrics import accuracy
from tests.checks.sliced import FOUND, one, text, told


def people(errors, split="dev", rows=None, **more):
    """A level of what people err about each row of dev."""
    rows = np.arange(len(errors)) if rows is None else rows
    bounds = ProportionBounds(round(errors.sum()), len(errors))
    return HumanLevel("typical", bounds, "", split=split, rows=rows, error=errors, **more)


def of_regions(eu, us, asia):
    """Errors of people about the rows of dev, so many in each region."""
    pairs = ((eu, 2000), (us, 2000), (asia, 500))
    return np.concatenate([(np.arange(n) < k).astype(float) for k, n in pairs])


def test_people_who_answered_the_rows_are_the_floor_of_each_slice():
    """In eu people err as often as the model, so that nothing is to gain there."""
    level = people(of_regions(250, 20, 5))
    found = told(FOUND, level.bounds, people=level)
    eu, us, asia = (one(found, name) for name in ("eu", "us", "asia"))
    assert found.figures["own_floors"]
    assert found.figures["floor"] == pytest.approx(275 / 4500)
    assert [s["floor"] for s in (eu, us, asia)] == pytest.approx([0.125, 0.01, 0.01])
    assert eu["gain"] == pytest.approx(0)
    assert us["gain"] == pytest.approx((66 - 20) / 4500)
    assert sum(us["parts"].values()) == pytest.approx(us["gain"])
    assert found.figures["slices"][0] == us
    # Of the whole level eu is worse than the others by all it has, of its own by nothing.
    assert one(told(FOUND, level.bounds), "eu")["named"]
    assert not eu["named"]
    of_eu = RungGap(ProportionBounds(250, 2000), ProportionBounds(40, 2000), 1)
    bias = eu["gaps"]["avoidable_bias"]
    assert bias["value"] == pytest.approx(0.02 - 0.125)
    assert bias["at_most"] == pytest.approx(of_eu.upper(0.05 / 3))
    assert eu["state"] == "dominant"  # the variance, beside which train is better than people
    low, high = ProportionBounds(250, 2000).interval(0.95)
    assert eu["rungs"]["human"] == {"value": 0.125, "low": low, "high": high, "n": 2000}
    assert "people's own error in each slice (human; 0.0611 over all)" in text(found)
    (row,) = [line for line in found.lines if line.startswith("eu ")]
    assert row.split()[:5] == ["eu", "44%", "0.125", "0.020", "0.120"]


def test_errors_of_several_people_about_a_row_are_parts_of_one():
    errors = np.where(of_regions(250, 20, 50) > 0, 0.4, 0.0)
    level = people(errors)
    asia = one(told(FOUND, level.bounds, people=level), "asia")["rungs"]["human"]
    bounds = EffectiveBounds(errors[4000:], np.ones(500), weighted=False)
    assert asia["value"] == pytest.approx(0.04)
    assert (asia["low"], asia["high"]) == pytest.approx(bounds.interval(0.95))
    halved = people(of_regions(250, 20, 50))
    halved = replace(halved, name="best")
    best = one(told(FOUND, level.bounds, people=halved), "asia")["rungs"]["human"]
    assert (best["value"], best["n"]) == (pytest.approx(0.1), 250)
    assert best["high"] == pytest.approx(ProportionBounds(25, 250).interval(0.95)[1])


def test_people_s_own_error_of_accuracy_says_what_that_of_error_says():
    level = people(of_regions(250, 20, 5))
    right = ProportionBounds(4500 - 275, 4500)
    error = told(FOUND, level.bounds, people=level)
    accurate = told(FOUND, right, accuracy, people=replace(level, bounds=right))
    for name in ("eu", "us", "asia"):
        a, b = one(error, name), one(accurate, name)
        assert a["gain"] == pytest.approx(b["gain"])
        assert a["floor"] == pytest.approx(1 - b["floor"])
        assert a["dominates"] == b["dominates"]


@pytest.mark.parametrize("case", ["another split", "few rows of a slice", "nothing of the rows"])
def test_one_level_for_all_where_people_did_not_answer_each_slice(case):
    errors, rows = of_regions(250, 20, 5), np.arange(4500)
    level = {
        "another split": people(errors, split="test"),
        "few rows of a slice": people(errors[:4019], rows=rows[:4019]),
        "nothing of the rows": people(errors, split=""),
    }[case]
    found = told(FOUND, level.bounds, people=level)
    assert not found.figures["own_floors"]
    assert {s["floor"] for s in found.figures["slices"]} == {level.bounds.value}
    assert "one for all slices" in text(found)
    assert told(FOUND, level.bounds, people=people(errors[:4020], rows=rows[:4020])).figures[
        "own_floors"
    ]


def test_a_small_slice_without_people_has_no_gain():
    """It is not judged in any case."""
    dev = FOUND["dev"] | {"tiny": (9, 9)}
    level = people(of_regions(250, 20, 5))
    found = told(FOUND | {"dev": dev}, level.bounds, people=level)
    tiny = one(found, "tiny")
    assert found.figures["own_floors"]
    assert (tiny["floor"], tiny["gain"], tiny["gaps"], tiny["judged"]) == (None, None, {}, "few")
