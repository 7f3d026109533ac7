"""The table of two distributions: general data against the target's."""

import json

import numpy as np
import pytest

from evalharness import bias_variance
from evalharness.checks.two_distributions import (
    ALIKE,
    COLUMNS,
    EASIER,
    FEW,
    HARDER,
    ROWS,
    section,
)
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.rung_gap import Assumed, RungGap
from evalharness.metrics import accuracy, error_rate, mean_squared_error

LARGE = 20_000
# Errors in percent of the course: the target turns out to be the easier data.
COURSE = {
    ("human", "general"): 4,
    ("seen", "general"): 7,
    ("unseen", "general"): 10,
    ("human", "target"): 6,
    ("unseen", "target"): 6,
}


def told(percents, n=LARGE, metric=error_rate, sign=1, **more):
    """The section of errors in percent, each of n examples."""
    known = {}
    for cell, percent in percents.items():
        wrong = round(percent * n / 100)
        known[cell] = ProportionBounds(wrong if sign > 0 else n - wrong, n)
    return checked(section(bias_variance(metric), known, sign, 0.95, **more))


def checked(found):
    if found is not None:
        assert all(len(line) <= 78 for line in found.lines)
        json.dumps(found.figures, allow_nan=False)
    return found


def said(found):
    """What is said of each pair."""
    return {(*p["below"], *p["above"]): p["said"] for p in found.figures["pairs"]}


def advice(found):
    return " ".join(found.figures["advice"])


def across(row):
    return (row, "general", row, "target")


def test_the_course_s_table_where_the_target_is_the_easier_one():
    found = told(COURSE)
    assert said(found) == {
        ("human", "general", "seen", "general"): HARDER,
        ("seen", "general", "unseen", "general"): HARDER,
        ("human", "target", "unseen", "target"): ALIKE,
        across("human"): HARDER,
        across("unseen"): EASIER,
    }
    assert "easier data for the model, although people find it harder" in advice(found)
    assert "no mismatch to close" in advice(found)
    assert "what is surely left on general data is avoidable_bias and variance" in advice(found)
    assert "on the target the model is not told apart from people" in advice(found)
    assert [line.split() for line in found.lines[2:8]] == [
        ["general", "target", "target", "-", "general"],
        ["people", "0.0400", "0.0600", "+0.0200", "harder"],
        ["avoidable_bias", "+0.0300", "harder"],
        ["seen", "in", "training", "0.0700", "–"],
        ["variance", "+0.0300", "harder"],
        ["unseen", "0.1000", "0.0600", "-0.0400", "easier"],
    ]
    assert len(found.lines) <= 12


def test_of_small_samples_nothing_is_told_apart_and_nothing_advised():
    found = told(COURSE, n=60)
    assert {*said(found).values()} == {ALIKE}
    assert found.figures["advice"] == [
        "on the target the model is not told apart from people (bias_or_variance)"
    ]
    assert "?: not told apart by these sizes" in " ".join(found.lines[:2])


def test_pairs_are_gaps_of_the_ladder():
    found = told(COURSE)
    for pair in found.figures["pairs"]:
        rungs = [
            ProportionBounds(round(COURSE[tuple(pair[end])] * LARGE / 100), LARGE)
            for end in ("below", "above")
        ]
        gap = RungGap(*rungs, 1)
        assert pair["value"] == pytest.approx(gap.value)
        assert (pair["low"], pair["high"]) == pytest.approx(gap.interval(0.95))
        assert (pair["at_least"], pair["at_most"]) == pytest.approx(
            (gap.lower(0.005), gap.upper(0.005))
        )
    # Five pairs, each in two directions.
    assert found.figures["level"] == pytest.approx(0.005)
    assert "at 95 % for the whole table" in " ".join(found.lines[:2])


def test_of_tables_in_which_nothing_differs_few_say_that_something_does():
    """Six equal cells, seven pairs; at .05 for each bound it is 28 % of the tables."""
    random, cells = np.random.default_rng(0), [(r, c) for r in ROWS for c in COLUMNS]
    wrong, tables = 0, 400
    for hits in random.binomial(1000, 0.1, (tables, len(cells))):
        known = {c: ProportionBounds(k, 1000) for c, k in zip(cells, hits.tolist(), strict=True)}
        found = section(bias_variance(error_rate), known, 1, 0.95)
        wrong += {*said(found).values()} != {ALIKE}
    # 1 % of the tables lie above 32 where 5 % are wrong.
    assert 0 < wrong <= 32


def test_pairs_of_fewer_than_three_people_are_not_told():
    full = COURSE | {("unseen", "target"): 20, ("seen", "target"): 12}
    cell = ("human", "target")
    every, few = told(full), told(full, few={cell})
    assert said(every)[*cell, "seen", "target"] == HARDER
    for pair, word in said(few).items():
        assert (word == FEW) == (cell in (pair[:2], pair[2:]))
    assert "surely worse than people" in advice(every)
    assert "people" not in advice(few)
    assert few.figures["level"] > every.figures["level"]
    assert "+0.0200 not told" in few.lines[3]
    assert "not told: fewer than three people" in " ".join(few.lines[:2])
    pair = {c: x for c, x in full.items() if c != ("seen", "target")}
    assert "on the target the model is not told from people" in advice(told(pair, few={cell}))


def test_accuracy_says_what_the_error_says():
    assert said(told(COURSE, metric=accuracy, sign=-1)) == said(told(COURSE))


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (9, "and for people too"),
        (1, "easier for people: the mismatch is the model's own"),
        (4, "the target is harder for the model"),
    ],
)
def test_a_mismatch_is_held_against_what_people_find(people, words):
    found = told(COURSE | {("human", "target"): people, ("unseen", "target"): 20})
    assert words in advice(found)
    assert ("people" in found.figures["advice"][0]) == (people != 4)
    assert "surely worse than people" in advice(found)


def test_easier_for_people_too():
    found = told(COURSE | {("human", "target"): 1})
    assert "easier data for the model, for people too" in advice(found)


def test_target_data_that_was_learnt_from_tells_bias_there_from_variance_there():
    full = COURSE | {("seen", "target"): 12, ("unseen", "target"): 20}
    found = told(full)
    assert "even on target data that it has learnt from" in advice(found)
    assert "on the target new examples are surely harder" in advice(found)
    assert said(found)[across("seen")] == HARDER
    assert len(found.figures["pairs"]) == 7
    # The model does there what people do: only the new examples are hard.
    found = told(full | {("seen", "target"): 6})
    assert "even on target data" not in advice(found)
    assert "on the target new examples are surely harder" in advice(found)
    without = {cell: x for cell, x in full.items() if cell != ("human", "target")}
    assert "human_on_target= would tell" in advice(told(without))


def test_without_anything_but_dev_the_ladder_says_it_all():
    ladder = {("human", "general"): 4, ("seen", "general"): 7, ("unseen", "target"): 10}
    assert told(ladder) is None
    assert told({("seen", "general"): 7, ("unseen", "general"): 8}) is None
    for more in (("unseen", "general"), ("human", "target"), ("seen", "target")):
        assert told(ladder | {more: 8}) is not None


def test_what_is_only_assumed_is_said_to_be():
    known = {
        ("human", "general"): Assumed(0.01),
        ("human", "target"): Assumed(0.03),
        ("unseen", "general"): ProportionBounds(40, 1000),
        ("unseen", "target"): ProportionBounds(41, 1000),
    }
    found = checked(section(bias_variance(error_rate), known, 1, 0.95))
    (people,) = [p for p in found.figures["pairs"] if p["above"] == ["human", "target"]]
    assert (people["value"], people["assumed"]) == (pytest.approx(0.02), True)
    assert "+0.0200 assumed" in found.lines[3]
    assert sum(p["assumed"] for p in found.figures["pairs"]) == 1


def test_clusters_in_two_cells_make_it_less_sure():
    ends = [("unseen", "general"), ("unseen", "target")]
    pairs = [told(COURSE, tied=tied).figures["pairs"][-1] for tied in ((), [frozenset(ends)])]
    assert pairs[1]["at_most"] > pairs[0]["at_most"]


def test_large_values_and_undefined_cells_keep_to_the_columns():
    known = {
        ("seen", "general"): ProportionBounds(0, 0),
        ("unseen", "general"): Assumed(123_456.7),
        ("human", "target"): Assumed(0.5),
        ("unseen", "target"): Assumed(2_234_567.8),
    }
    found = checked(section(bias_variance(mean_squared_error), known, 1, 0.95))
    assert len(found.figures["cells"]) == 3
    (row,) = [line for line in found.lines if line.startswith("seen in training")]
    assert row.split() == ["seen", "in", "training", "–", "–"]
