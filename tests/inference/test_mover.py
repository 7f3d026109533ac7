"""MOVER: functions of a 2x2 table, and macro averages of more than two classes."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalharness.declare.forms import Proportion
from evalharness.inference.delta import delta_error, differences
from evalharness.inference.macro import Classes, MacroBounds
from evalharness.inference.mover import TwoClassBounds
from evalharness.metrics import f1, matthews_corrcoef, precision, recall, specificity
from evalharness.statistics.tables import Cells

mcc = matthews_corrcoef.form


def youden(cells):
    return cells.tp / (cells.tp + cells.fn) + cells.tn / (cells.tn + cells.fp) - 1


def g_mean(cells):
    """The user's own, written in JAX."""
    rates = cells.tp / (cells.tp + cells.fn) * cells.tn / (cells.tn + cells.fp)
    return jnp.sqrt(rates)


two_class = st.builds(Cells, *[st.integers(0, 400)] * 4)


@given(two_class, st.floats(0.001, 0.3))
def test_bounds_contain_the_value_with_width(cells, alpha):
    for function in (mcc, youden):
        b = TwoClassBounds(function, cells, (-1, 1))
        low, high = b.lower(alpha), b.upper(alpha)
        assert -1 <= low < high <= 1
        if not b.reason:
            assert low <= b.value + 1e-12
            assert b.value - 1e-12 <= high


@given(two_class, st.floats(0.001, 0.3), st.floats(0.001, 0.3))
def test_nested_in_the_level(cells, a, c):
    b = TwoClassBounds(mcc, cells, (-1, 1))
    assert b.lower(min(a, c)) <= b.lower(max(a, c)) + 1e-12
    assert b.upper(min(a, c)) >= b.upper(max(a, c)) - 1e-12


@given(two_class, st.floats(0.001, 0.3))
def test_exchanging_the_predictions_mirrors_the_mcc(cells, alpha):
    tp, fp, fn, tn = cells
    b, turned = TwoClassBounds(mcc, cells), TwoClassBounds(mcc, Cells(fn, tn, tp, fp))
    if not b.reason:
        assert turned.value == pytest.approx(-b.value, abs=1e-12)
        assert turned.lower(alpha) == pytest.approx(-b.upper(alpha), abs=1e-9)


def test_delta_is_shown_and_agrees_with_the_formula_of_recall():
    def plain_recall(cells):
        return cells.tp / (cells.tp + cells.fn)

    b = TwoClassBounds(plain_recall, Cells(80, 30, 20, 870))
    half = 1.959963985 * math.sqrt(0.8 * 0.2 / 100)
    assert b.shown == "delta"
    assert b.interval(0.95) == pytest.approx((0.8 - half, 0.8 + half), abs=1e-9)


def test_delta_of_the_mcc_agrees_with_a_bootstrap_over_cells():
    cells = Cells(180, 30, 40, 750)
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(1000, np.array(cells) / 1000, 20_000).T
    assert delta_error(mcc, cells) == pytest.approx(np.std(mcc(Cells(*drawn))), rel=0.03)


def test_differences_are_the_gradient():
    cells = Cells(*map(np.float64, (80, 30, 20, 870)))
    with jax.enable_x64(True):
        exact = jax.grad(mcc)(cells)
        assert np.allclose(differences(mcc, cells), [float(g) for g in exact], rtol=1e-7)


def test_without_errors_mover_is_shown():
    b = TwoClassBounds(mcc, Cells(50, 0, 0, 50), (-1, 1))
    assert b.value == pytest.approx(1)
    assert b.shown == "MOVER"
    assert b.interval(0.95)[0] < b.lower(0.05) < 0.95


def test_a_function_written_in_jax_is_asked_in_64_bits():
    b = TwoClassBounds(g_mean, Cells(99_999, 1, 1, 99_999))
    assert b.value == pytest.approx(0.99999, abs=1e-12)
    assert b.shown == "delta"
    assert b.lower(0.05) < b.value < b.upper(0.05)
    assert not jax.config.jax_enable_x64


def test_a_function_of_numpy_is_bounded_alike():
    def with_numpy(cells):
        return float(np.sqrt(cells.tp / (cells.tp + cells.fn)))

    b = TwoClassBounds(with_numpy, Cells(80, 30, 20, 870))
    assert b.shown == "delta"
    assert max(b.interval(0.95)[0], b.lower(0.05)) < b.value


def test_a_function_that_is_not_monotone_is_looked_at_between_the_limits():
    def closeness(cells):
        """1 at a sensitivity of 0.8, less on either side."""
        return 1 - abs(cells.tp / (cells.tp + cells.fn) - 0.8)

    b = TwoClassBounds(closeness, Cells(75, 10, 25, 100))
    assert b.upper(0.05) > 0.99
    assert b.lower(0.05) < 0.9


@pytest.mark.parametrize(
    "cells, reason",
    [
        (Cells(0, 0, 0, 0), "no examples"),
        (Cells(0, 3, 0, 9), "no positives"),
        (Cells(3, 0, 9, 0), "no negatives"),
        (Cells(0, 0, 5, 5), "0/0 on this table"),
    ],
)
def test_a_part_without_trials_decides_nothing(cells, reason):
    b = TwoClassBounds(mcc, cells)
    assert reason in b.reason
    assert (b.lower(0.05), b.upper(0.05)) == (-math.inf, math.inf)
    assert b.settle(0.5, 0.05) is None
    assert b.interval(0.95) == (-math.inf, math.inf)


def test_a_metric_that_never_moves_decides_nothing():
    """A constant would have a bound at itself, and pass anything below it."""
    b = TwoClassBounds(lambda cells: 0.95, Cells(0, 1, 1, 0), (0, 1))
    assert b.reason == (
        "does not depend on the table's rates: it is 0.95 wherever in their limits they lie"
    )
    assert (b.lower(0.05), b.upper(0.05)) == b.interval(0.95) == (0, 1)
    assert b.settle(0.9, 0.05) is None


def test_a_floor_that_hides_the_rates_decides_nothing():
    def at_least(cells):
        return max(0.9, cells.tp / (cells.tp + cells.fn))

    assert "does not depend" in TwoClassBounds(at_least, Cells(40, 10, 60, 90)).reason
    b = TwoClassBounds(at_least, Cells(95, 10, 5, 90))
    assert not b.reason
    assert b.lower(0.05) == 0.9 < b.upper(0.05)


# Macro averages


def three(joint):
    joint = np.asarray(joint)
    tp = np.diag(joint)
    fp, fn = joint.sum(0) - tp, joint.sum(1) - tp
    return Cells(tp, fp, fn, joint.sum() - tp - fp - fn)


joints = st.lists(st.integers(0, 60), min_size=9, max_size=9).map(
    lambda cells: np.array(cells).reshape(3, 3)
)


@given(joints, st.floats(0.001, 0.3))
def test_macro_bounds_contain_the_value_with_width(joint, alpha):
    for metric in (f1, precision, recall):
        b = MacroBounds(metric.form, three(joint))
        low, high = b.lower(alpha), b.upper(alpha)
        assert 0 <= low < high <= 1
        if not b.reason:
            assert low <= b.value <= high
            assert b.interval(1 - 2 * alpha)[0] < b.interval(1 - 2 * alpha)[1]


@given(joints, st.floats(0.001, 0.3), st.permutations([0, 1, 2]))
def test_the_order_of_classes_does_not_matter(joint, alpha, order):
    b = MacroBounds(f1.form, three(joint))
    c = MacroBounds(f1.form, three(joint[np.ix_(order, order)]))
    assert (b.lower(alpha), b.upper(alpha)) == pytest.approx((c.lower(alpha), c.upper(alpha)))


def test_recalls_are_independent_and_errors_tie_f1s():
    joint = [[90, 5, 5], [4, 92, 4], [3, 5, 92]]
    by_recall, by_f1 = (MacroBounds(m.form, three(joint)) for m in (recall, f1))
    distance = np.array([0.01, 0.02, 0.03])
    assert by_recall._classes.spread(distance) == pytest.approx((distance**2).sum())
    ratio = by_f1._classes.spread(distance) / (distance**2).sum()
    assert 1.8 < ratio <= 2


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("metric", [f1, precision, recall, specificity], ids=lambda m: m.name)
def test_many_averages_at_once_are_each_by_itself(metric, weighted):
    rng = np.random.default_rng(5)
    joints = rng.poisson(rng.choice([0.3, 5, 60], (40, 1, 1)) * (0.2 + 4 * np.eye(3)), (40, 3, 3))
    tables = [three(joint) for joint in joints]
    c = Classes.of(metric.form, Cells(*map(np.array, zip(*tables, strict=True))), weighted)
    alone = [MacroBounds(metric.form, t, weighted=weighted) for t in tables]
    assert c.empty.any(-1).tolist() == [math.isnan(b.value) for b in alone]
    some = [i for i, b in enumerate(alone) if not b.reason]
    assert 10 < len(some) <= 40
    found = np.stack([c.value, c.error, *c.limits(0.05), *c.limits(0.01)])[:, some]
    each = [(b.value, b._error, *b._mover(0.05), *b._mover(0.01)) for b in alone]
    np.testing.assert_allclose(found.T, [each[i] for i in some], rtol=1e-12)


def test_metrics_that_count_true_negatives_are_taken_as_wholly_dependent():
    b = MacroBounds(specificity.form, three([[90, 5, 5], [4, 92, 4], [3, 5, 92]]))
    assert b._classes.spread(np.array([0.01, 0.02, 0.03])) == pytest.approx(0.06**2)


def test_a_class_that_is_undefined_is_named():
    joint = [[90, 5, 0], [4, 92, 0], [0, 0, 0]]
    b = MacroBounds(recall.form, three(joint), names=("cat", "dog", "owl"))
    assert math.isnan(b.value)
    assert b.reason == "0/0 in 1 of 3 classes (owl), so their average is undefined"
    assert (b.lower(0.05), b.upper(0.05)) == (0, 1)


def test_a_fail_needs_ten_examples_in_every_class():
    few, enough = [[9, 0, 0], [0, 50, 40], [0, 40, 50]], [[10, 0, 0], [0, 50, 40], [0, 40, 50]]
    assert MacroBounds(recall.form, three(few)).upper(0.05) == 1
    assert MacroBounds(recall.form, three(enough)).upper(0.05) < 1
    assert MacroBounds(recall.form, three(few)).lower(0.05) > 0


def test_a_macro_average_that_never_moves_decides_nothing():
    def constant(cells):
        return Proportion(cells.tp, cells.tp + cells.fn, "examples", lambda share: 0 * share + 0.9)

    b = MacroBounds(constant, three([[90, 5, 5], [4, 92, 4], [3, 5, 92]]))
    assert b.value == pytest.approx(0.9)
    assert "does not depend" in b.reason
    assert b.settle(0.8, 0.05) is None


def test_macro_settles():
    b = MacroBounds(recall.form, three([[90, 5, 5], [4, 92, 4], [3, 5, 92]]))
    assert b.settle(b.value - 0.01, 0.05) > b.settle(b.value - 0.02, 0.05) > 0
