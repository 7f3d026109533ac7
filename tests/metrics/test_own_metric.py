"""A metric that a user declares in a test file works as those that ship, or is refused in words."""

import math

import numpy as np
import pytest
import sklearn.metrics as sk

from evalharness import (
    Confusion,
    DeclarationError,
    EvalharnessError,
    Flags,
    Hits,
    Mean,
    Moments,
    OutputsError,
    Proportion,
    metric,
)
from evalharness.inference.of_form import MetricError
from tests.metrics.measure import measure, run

rng = np.random.default_rng(0)
LABEL = rng.integers(0, 2, 500)
PREDICTION = np.where(rng.random(500) < 0.8, LABEL, 1 - LABEL)
X, Y = rng.normal(size=(2, 500))
TABLE = {"label": LABEL, "prediction": PREDICTION, "x": X, "y": Y}
THREE = {"label": list("abcabc") * 20, "prediction": list("abcacb") * 20}


def of_cells(function, **more):
    """The function as a metric of a confusion table."""
    declared = {"better": "higher", "range": (0, 1)} | more
    return metric(Confusion(), **declared)(function)


def estimate(metric, table=None):
    return measure([metric], TABLE if table is None else table)[metric.on("test")]


@metric(Confusion(), better="higher", range=(0, 1))
def positive_rate(table):
    """Share of the examples that are predicted positive."""
    return Proportion(table.tp + table.fp, sum(table), "things")


@metric(Confusion(), better="higher", range=(0, 1), averages=("macro",))
def f_beta(table, *, beta=1.0):
    """Weighted harmonic mean of precision and recall."""
    squared = beta**2
    return (1 + squared) * table.tp / ((1 + squared) * table.tp + squared * table.fn + table.fp)


@metric(Confusion(), better="higher", range=(-1, 1))
def informedness(table):
    """Recall + specificity − 1."""
    return table.tp / (table.tp + table.fn) + table.tn / (table.tn + table.fp) - 1


def squared_error(x, y):
    return (x - y) ** 2


def test_a_proportion_gets_the_exact_interval_and_its_unit():
    found = estimate(positive_rate)
    assert found.value == PREDICTION.mean()
    assert (found.n, found.unit, found.shown) == (500, "things", "Wilson")
    assert found.decides == "Clopper-Pearson"
    assert found.at_least < found.value < found.at_most


def test_a_smooth_function_is_decided_by_mover():
    found = estimate(informedness)
    value = sk.balanced_accuracy_score(LABEL, PREDICTION, adjusted=True)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.shown == "delta"
    assert "MOVER" in found.decides
    assert found.low < found.value < found.high
    assert -1 <= found.at_least < found.value < found.at_most <= 1


@pytest.mark.parametrize("beta", [0.5, 1.0, 2])
def test_a_keyword_is_a_parameter_of_the_metric(beta):
    found = estimate(f_beta(beta=beta))
    value = sk.fbeta_score(LABEL, PREDICTION, beta=beta)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.metric == f"f_beta(beta={beta})"


def test_parameters_of_the_statistic_come_with_it():
    found = estimate(f_beta(beta=2, positive=0))
    value = sk.fbeta_score(LABEL, PREDICTION, beta=2, pos_label=0)
    assert found.value == pytest.approx(value, abs=1e-12)


def test_a_proportion_averages_over_three_classes():
    @metric(Confusion(), better="higher", range=(0, 1), averages=("macro",))
    def overlap(table):
        return Proportion(table.tp, table.tp + table.fp + table.fn)

    found = estimate(overlap(average="macro"), THREE)
    value = sk.jaccard_score(THREE["label"], THREE["prediction"], average="macro")
    assert found.value == pytest.approx(value, abs=1e-12)


def test_the_mean_of_a_function_of_columns():
    @metric(Moments(squared_error), better="lower", range=(0, math.inf))
    def mean_squared_error(table):
        return Mean(table)

    found = estimate(mean_squared_error)
    assert found.value == pytest.approx(sk.mean_squared_error(X, Y), rel=1e-12)
    assert found.shown in ("t", "bootstrap-t")


def test_the_share_of_a_function_of_columns():
    @metric(Flags(of=lambda x, y: x > y), range=(0, 1))
    def x_wins(table):
        return Proportion(table.hits, table.n)

    assert estimate(x_wins).value == (X > Y).mean()


def test_jax_may_be_used_inside():
    import jax.numpy as jnp

    def entropy(table):
        share = (table.tp + table.fp) / (table.tp + table.fp + table.fn + table.tn)
        return -(share * jnp.log2(share) + (1 - share) * jnp.log2(1 - share))

    p = PREDICTION.mean()
    found = estimate(of_cells(entropy))
    assert found.value == pytest.approx(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)), abs=1e-12)


def test_numpy_may_be_used_inside():
    found = estimate(of_cells(lambda t: np.sqrt(np.asarray(t.tp)) / math.sqrt(sum(t))))
    assert found.shown == "delta"
    assert "MOVER" in found.decides
    assert found.low <= found.at_least < found.value


def test_it_gates_as_those_that_ship_do():
    result = run_bounds(f_beta(beta=2).on("test") >= 0.5, informedness.on("test") <= 0.1)
    assert [c.outcome for c in result.checks] == ["pass", "fail"]
    assert [c.id for c in result.checks] == ["f_beta-beta-2-test", "informedness-test"]


def run_bounds(*bounds):
    from evalharness import Outputs

    return run(Outputs(test=TABLE), satisficing=list(bounds))


@pytest.mark.parametrize(
    "table", [{"label": [0, 0], "prediction": [0, 0]}, {"label": [1], "prediction": [0]}], ids=str
)
def test_division_by_zero_is_undefined_not_an_accident(table):
    found = estimate(f_beta, table)
    assert math.isnan(found.value) or found.value == 0
    assert (found >= 0.5).outcome == "inconclusive"
    assert found.reason


def raises(table):
    raise RuntimeError("no idea")


def raises_between_counts(table):
    if table.tp != int(table.tp):
        raise ValueError("counts are whole")
    return table.tp / sum(table)


BAD = [
    (of_cells(raises), "raises raised RuntimeError: no idea on Cells"),
    (of_cells(raises_between_counts), "raised ValueError: counts are whole on Cells"),
    (of_cells(lambda t: 3.0), r"is 3 on Cells\(.*outside the range 0 to 1"),
    (of_cells(lambda t: -0.1), "outside the range 0 to 1"),
    (of_cells(lambda t: math.inf), "outside the range 0 to 1"),
    (of_cells(lambda t: Proportion(2, 1)), "2 hits in 1 trials; both must be whole numbers"),
    (of_cells(lambda t: Proportion(-1, 1)), "0 ≤ hits ≤ trials"),
    (of_cells(lambda t: Proportion(0.5, 1)), "must be whole numbers"),
    (of_cells(lambda t: Proportion(math.nan, 1)), "must be whole numbers"),
    (of_cells(lambda t: np.array([1.0, 2.0])), "must return one number; it returned array"),
    (of_cells(lambda t: None), "must return one number; it returned None"),
    (of_cells(lambda t: "0.5"), "must return one number; it returned '0.5'"),
    (of_cells(lambda t: 1j), "must return one number; it returned 1j"),
    (metric(Hits())(lambda t: t.hits / t.n), "plain number.*return a form: Proportion"),
    (metric(Moments("x"))(lambda t: t.mean), r"plain number.*Mean\(table\)"),
    (of_cells(lambda t: Proportion("a", "b")), "no estimate can be made: could not convert"),
    (of_cells(lambda t: Mean(t)), "Mean.*MomentTable"),
]


@pytest.mark.parametrize(("bad", "words"), BAD, ids=range(len(BAD)))
def test_a_bad_function_is_answered_in_words(bad, words):
    with pytest.raises(MetricError, match=words) as caught:
        estimate(bad)
    assert isinstance(caught.value, EvalharnessError)


@pytest.mark.parametrize("table", [TABLE, THREE], ids=["two", "three"])
def test_an_average_over_classes_needs_a_proportion(table):
    with pytest.raises(MetricError, match="must return one number.*average.*Proportion"):
        estimate(f_beta(average="macro"), table)


def test_a_mean_outside_of_its_range():
    bad = metric(Moments("x"), range=(10, 20))(Mean)
    with pytest.raises(MetricError, match="examples, the first .* outside the range 10 to 20"):
        estimate(bad)


def test_columns_of_a_function_that_are_not_there():
    def bill(price, amount):
        return price * amount

    with pytest.raises(OutputsError) as caught:
        estimate(metric(Moments(bill))(Mean))
    assert "`price`" in str(caught.value)
    assert "`amount`" in str(caught.value)  # both at once


def test_a_function_of_columns_must_give_one_value_a_row():
    with pytest.raises(OutputsError, match=r"must return one value for each of 500 rows.*\(\)"):
        estimate(metric(Moments(lambda x: x.sum()))(Mean))


def test_a_function_of_columns_must_be_finite():
    with pytest.raises(OutputsError, match="not finite on 500 rows, first row 0"):
        estimate(metric(Moments(lambda x: x / 0))(Mean))


def test_a_function_of_columns_that_raises():
    def first_word(x):
        return x.split()[0]

    with pytest.raises(OutputsError, match=r"first_word\(\) raised AttributeError.*whole columns"):
        estimate(metric(Moments(first_word))(Mean))


@pytest.mark.parametrize(
    ("declaration", "words"),
    [
        (lambda: metric(Confusion)(raises), r"@metric takes a statistic, such as"),
        (lambda: metric(raises), "@metric takes a statistic"),
        (lambda: metric("confusion")(raises), "got 'confusion'"),
        (lambda: of_cells(raises, better="up"), 'must be "higher", "lower" or None'),
        (lambda: of_cells(raises, range=(1, 0)), "two rising numbers"),
        (lambda: of_cells(raises, range=(0, 1, 2)), "two rising numbers"),
        (lambda: f_beta(bta=2), r"no parameter 'bta' \(did you mean `beta`\?\); it takes"),
        (lambda: positive_rate(average="macro"), "offers no average"),
        (lambda: f_beta(average="micro"), "offers 'macro', not average='micro'"),
        (lambda: f_beta(average="macro", positive=1), "give one of them"),
        (lambda: f_beta(threshold=math.nan), "not a finite number"),
        (lambda: f_beta(threshold="0.5"), "not a finite number"),
        (lambda: f_beta(positive=[1]), r"positive=\[1\].*one value"),
        (lambda: f_beta(2), "parameters by name"),
        (lambda: f_beta(LABEL, PREDICTION), r"no arrays: write f_beta.on\(.test.\)"),
    ],
)
def test_a_wrong_declaration_is_answered_in_words(declaration, words):
    with pytest.raises(DeclarationError, match=words):
        declaration()


@pytest.mark.parametrize("through", [lambda share: 0 * share + 0.95, lambda share: 1 - share])
def test_a_share_is_taken_through_rising_functions_only(through):
    @metric(Confusion(), range=(0, 1))
    def odd(table):
        return Proportion(table.tp, table.tp + table.fn, through=through)

    with pytest.raises(MetricError, match="only a rising one"):
        estimate(odd)
