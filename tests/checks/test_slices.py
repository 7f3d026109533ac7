"""Slices as they are named, and what a slice may be."""

import datetime

import numpy as np
import pytest

from evalharness import DeclarationError, Evaluation, Outputs
from evalharness.checks.table import slice_table
from evalharness.metrics import accuracy, recall, specificity


def decided(*bounds, **columns):
    """The checks of an evaluation of these bounds on these columns."""
    body = {"satisficing": list(bounds)}
    options = {k: columns.pop(k) for k in ("missing", "threshold", "classes") if k in columns}
    return type("E", (Evaluation,), body).run(outputs=Outputs(test=columns, **options)).checks


def rows(n, **more):
    label = np.arange(n) % 2
    return {"label": label, "prediction": label} | more


def test_values_with_commas_and_line_breaks_keep_their_names():
    places = ["東京, 日本", "Paris, TX", "a\nFAKE pass: b"] * 20
    (check,) = decided(accuracy.on("test").by("place") >= 0.99, **rows(60, place=places))
    assert "place=Paris, TX" in check.message
    assert "place=東京, 日本" in check.message
    assert "\n" not in check.message
    assert [line.split()[1] for line in slice_table(check).splitlines()[1:]] == [
        "place=Paris,",
        "place=a\\nFAKE",
        "place=東京,",
    ]


def test_a_slice_of_a_slice_is_named_by_its_own_value():
    columns = rows(80, site=["x", "y"] * 40, day=["a, b", "a, b", "c", "c"] * 20)
    (check,) = decided(accuracy.on("test", site="x").by("day") >= 0.99, **columns)
    assert [check.slice_of(v) for v in check.verdicts] == ["day=a, b", "day=c"]
    assert check.verdicts[0].estimate.title == "accuracy on test, site=x, day=a, b"


def test_any_column_can_be_sliced_by_whatever_its_name():
    columns = rows(60, split=["orig", "v4", "v4"] * 20, self=[1, 2] * 30)
    found = decided(accuracy.on("test", split="orig", self=1) >= 0.5, **columns)
    assert found[0].worst.estimate.n == 10


def test_a_date_is_a_value():
    day = [datetime.date(2024, 1, 1 + i % 3) for i in range(60)]
    bound = accuracy.on("test", day=datetime.date(2024, 1, 2)) >= 0.5
    (check,) = decided(bound, **rows(60, day=day))
    assert check.worst.estimate.n == 20
    assert check.worst.estimate.slice == "day=2024-01-02"


def test_slices_whose_names_are_no_letters_have_ids_of_their_own():
    columns = rows(60, region=["仉", "优"] * 30)
    columns["prediction"] = np.array([0, 0] * 30)
    found = decided(
        accuracy.on("test", region="仉") >= 0.9, accuracy.on("test", region="优") >= 0.9, **columns
    )
    assert len({c.id for c in found}) == 2
    assert [c.outcome for c in found] == ["pass", "fail"]


@pytest.mark.parametrize("metric, value", [(recall, 0.0), (specificity, 0.0), (accuracy, 0.0)])
def test_no_answer_is_wrong_for_every_metric_of_one_class(metric, value):
    columns = {"label": ["a", "b", "c"] * 50, "prediction": [None] * 149 + ["a"]}
    metric = metric if metric is accuracy else metric(positive="a")
    (check,) = decided(metric.on("test") >= 0.5, missing="wrong", **columns)
    assert check.worst.estimate.value == value
    assert check.outcome == "fail"


def test_a_threshold_of_the_outputs_holds_for_the_scores_of_two_classes():
    columns = {"label": [0, 1] * 100, "scores": [[0.9, 0.1], [0.4, 0.6]] * 100}
    (check,) = decided(recall.on("test") >= 0.5, threshold=0.9, **columns)
    assert check.worst.estimate.value == 0.0
    (check,) = decided(recall.on("test") >= 0.5, **columns)
    assert check.worst.estimate.value == 1.0


def test_a_threshold_on_the_scores_of_three_classes_is_refused():
    columns = {"label": ["a", "b", "c"] * 10, "scores": [[0.2, 0.3, 0.5]] * 30}
    with pytest.raises(ValueError, match="a threshold decides between two classes"):
        decided(accuracy.on("test") >= 0.5, threshold=0.9, classes=["a", "b", "c"], **columns)


def test_a_score_that_is_no_number_is_refused_beside_a_prediction():
    with pytest.raises(ValueError, match="`score` is NaN or infinite in 1 row"):
        decided(accuracy.on("test") >= 0.5, **rows(20, score=[0.5] * 19 + [float("nan")]))


def test_an_unused_column_of_objects_with_gaps_does_not_matter():
    answers = np.array(["a", None, float("nan")] * 20, dtype=object)
    assert decided(accuracy.on("test") >= 0.5, **rows(60, answer=answers))[0].outcome == "pass"


def test_an_empty_table_has_one_problem():
    with pytest.raises(ValueError, match=r"^test \(mapping of arrays\): the table is empty"):
        decided(accuracy.on("test") >= 0.5, label=[], prediction=[])


def test_a_strict_sign_is_printed_as_it_was_written():
    (check,) = decided(accuracy.on("test") > 0.5, **rows(60))
    assert "required > 0.5" in check.message


class Mixin:
    satisficng = [accuracy.on("test") >= 0.9]


@pytest.mark.parametrize(
    "bases, body, words",
    [
        ((Mixin,), {"also": [recall.on("test")]}, "did you mean `satisficing`"),
        (
            (),
            {"gates": {"a": accuracy.on("test") >= 0.9}},
            "`gates` holds metrics, bounds or checks",
        ),
        ((), {"satisficing": {accuracy.on("test") >= 0.9}}, "satisficing must be a list"),
        ((), {"models": {"a", "b"}}, "must list names"),
    ],
)
def test_declarations_that_nobody_would_see(bases, body, words):
    with pytest.raises(DeclarationError, match=words):
        type("TestX", (*bases, Evaluation), body)


def test_another_metric_of_the_same_name_is_not_taken_for_the_declared_one():
    from evalharness import Confusion, Proportion, metric

    def one():
        @metric(Confusion(), range=(0, 1))
        def share(table):
            return Proportion(table.tp, table.tp + table.fp)

        return share

    def other():
        @metric(Confusion(), range=(0, 1))
        def share(table):
            return Proportion(table.fp, table.tp + table.fp)

        return share

    cls = type("E", (Evaluation,), {"satisficing": [one().on("test") >= 0.5]})
    result = cls.run(outputs=Outputs(test=rows(40)))
    with pytest.raises(KeyError, match="another metric than the one that was declared"):
        result[other().on("test")]


def test_one_slice_is_one_slice():
    columns = rows(60, region=["eu", "us", "asia"] * 20)
    (check,) = decided(accuracy.on("test").by("region", min_n=1_000) >= 0.5, **columns)
    assert check.message.startswith("accuracy on test by region, 1 slice: 1 pass;")
