"""The learning curve, read from outputs and told."""

import json
import math

import numpy as np
import pytest

from evalharness import Outputs
from evalharness.metrics import (
    accuracy,
    error_rate,
    f1,
    matthews_corrcoef,
)
from tests.checks.trained import N, rung, runs, table, told, words


def sized(sizes, shift):
    return {f"n{n}-{i}": Outputs(dev=table(i, shift(n))) for i, n in enumerate(sizes)}


def curved(metric=error_rate, sizes=(500, 1000, 2000, 4000), shift=lambda n: -30 / n**0.5, **more):
    outputs = sized(sizes, shift)
    return told(outputs, metric, sizes=dict(zip(outputs, sizes, strict=True)), runs=(), **more)


def test_a_curve_says_what_more_data_would_bring():
    found = curved(target=0.2)
    figures = found.figures
    assert figures["doubled"]["low"] < figures["doubled"]["value"] < figures["now"]["value"]
    assert figures["needed"]["low"] <= figures["needed"]["value"] <= figures["needed"]["high"]
    assert figures["flat"] == ""
    assert not figures["trained_again"]
    assert any("8,000" in line for line in found.lines)


def test_accuracy_is_fitted_as_its_error_and_told_as_itself():
    error, right = curved(target=0.2).figures, curved(accuracy, target=0.8).figures
    assert right["law"] == pytest.approx(error["law"])
    assert right["doubled"]["value"] == pytest.approx(1 - error["doubled"]["value"])
    assert right["doubled"]["low"] == pytest.approx(1 - error["doubled"]["high"])
    assert right["needed"] == pytest.approx(error["needed"])


def test_a_curve_that_has_ended_is_flat():
    flat = curved(shift=lambda n: 0, sizes=(500, 1000, 2000, 4000) * 2, materiality=0.05)
    assert flat.figures["flat"] == "doubling"
    assert flat.figures["trained_again"]
    beyond = curved(shift=lambda n: 0, target=0.01, sizes=(500, 1000, 2000, 4000) * 2)
    assert beyond.figures["flat"] == "target"
    assert beyond.figures["needed"]["high"] == math.inf


def test_far_out_it_is_a_guess():
    near, far = curved(target=0.18), curved(target=0.13)
    assert not near.figures["guess"]
    assert far.figures["needed"]["value"] > 40_000
    assert [any("guess" in line for line in s.lines) for s in (near, far)] == [False, True]


def test_three_sizes_are_said_to_be_few():
    few, four = curved(sizes=(500, 1000, 2000)), curved()
    assert [any("Three sizes" in line for line in s.lines) for s in (few, four)] == [True, False]


def test_a_target_that_is_reached():
    assert "0.9 is reached with the smallest, 500, already" in words(curved(target=0.9))
    assert "at most, less than what matters" in words(curved(materiality=0.5))
    some = words(curved(target=0.32, materiality=0.5))
    assert "0.32 is reached already, with" in some
    assert "at most" not in some


def test_only_what_is_surely_out_of_reach_is_said_to_be():
    """Of a doubling that brings little it is not: many doublings may."""
    again = (500, 1000, 2000, 4000) * 2
    small = words(curved(shift=lambda n: 0, sizes=again, materiality=0.0512345678))
    assert "at most, less than what matters (0.0512)." in small
    assert "will not get there" not in small
    never = words(curved(shift=lambda n: 0, target=0.01, sizes=again))
    assert "Flat: more data will not get there: not even 100 times as much." in never
    assert "a thousand times as many examples, if any will do" in never


def test_what_the_interval_leaves_open_is_not_told():
    """The best curve ends above the target, and others that fit as well lead there."""
    found = curved(target=0.1)
    assert found.figures["needed"]["value"] == math.inf > found.figures["needed"]["low"]
    assert "0.1: not told; between" in words(found)
    assert "and more than any number of examples" in words(found)
    assert "no number of examples leads" not in words(found)


def test_numbers_of_examples_beyond_all_measure_are_not_printed():
    far = curved(target=0.119)
    assert 4_000_000 < far.figures["needed"]["value"] < math.inf
    assert "0.119: not told; between" in words(far)


def test_errors_that_rise_have_no_forecast():
    rising = curved(shift=lambda n: -n / 4000)
    assert "It rises with more data here: are sizes swapped?" in words(rising)
    assert rising.figures["rises"]
    assert "doubled" not in rising.figures
    worse = words(curved(accuracy, shift=lambda n: -n / 4000))
    assert "It gets worse with more data here" in worse


def test_models_of_two_sizes_that_answer_identically_are_named():
    sizes = {"n500": 500, "n1000": 1000, "n2000": 2000}
    outputs = {name: Outputs(dev=table(n)) for name, n in sizes.items()}
    assert "answered as" not in words(told(outputs, sizes=sizes, runs=()))
    outputs["n1000"] = Outputs(dev=table(500, source=np.full(N, 7)))
    said = words(told(outputs, sizes=sizes, runs=()))
    assert "n1000 answered as n500 did (the same file?)." in said


def test_a_forecast_stays_within_the_range_of_the_metric():
    found = curved(accuracy, target=0.98, shift=lambda n: 0).figures
    assert 0 <= found["now"]["low"] < found["now"]["value"] <= found["now"]["high"] <= 1
    assert found["gain"]["high"] <= 1


def test_what_one_model_a_size_leaves_out_is_said():
    assert "no interval, so that they are too narrow" in words(curved())
    assert "too narrow" not in words(curved(sizes=(500, 1000, 2000, 4000) * 2))


def test_one_run_on_the_curves_split_tells_nothing_of_training():
    """Sizes are measured on test, runs on dev; one run has test too."""
    sizes = (500, 1000, 2000, 4000)
    outputs = {f"n{n}": Outputs(test=table(i, -30 / n**0.5)) for i, n in enumerate(sizes)}
    again = runs(3, dev=0)
    again["seed-0"] = Outputs(dev=table(0), test=table(7))
    names = {f"n{n}": n for n in sizes}
    found = told(outputs | again, sizes=names, runs=list(again))
    assert not found.figures["trained_again"]
    assert np.isfinite(found.figures["doubled"]["high"])


def test_runs_tell_what_training_adds_by_chance():
    outputs = sized((500, 1000, 2000, 4000), lambda n: -30 / n**0.5) | runs(dev=0)
    sizes = {name: int(name[1:].split("-")[0]) for name in outputs if name[0] == "n"}
    alone = told(outputs, sizes=sizes, runs=())
    again = told(outputs, sizes=sizes, runs=[n for n in outputs if n[0] == "s"])
    widths = [s.figures["doubled"]["high"] - s.figures["doubled"]["low"] for s in (alone, again)]
    assert alone.figures["scatter"] == again.figures["scatter"] == 1
    assert widths[1] > 1.1 * widths[0]
    said = [any("One model at each size" in line for line in s.lines) for s in (alone, again)]
    assert said == [True, False]


def test_other_metrics_have_a_curve_or_are_refused_in_words():
    assert curved(f1(average="macro")).figures["doubled"]["high"] <= 1
    refused = curved(matthews_corrcoef(positive=1))
    assert "refused" in refused.figures
    assert "declare the error" in " ".join(refused.lines)


def test_lines_fit_and_figures_are_plain():
    found = [
        told(runs(3, dev=0, test=0), rungs=[rung("dev", 0.1), rung("test", 0.1)]),
        told(runs(2, dev=0), f1(average="macro")),
        told(runs(6, dev=0), accuracy),
        curved(target=0.2),
        curved(f1(average="macro"), target=0.99),
        curved(matthews_corrcoef(positive=1)),
    ]
    for section in found:
        assert all(len(line) <= 78 for line in section.lines)
        json.dumps(section.figures)
