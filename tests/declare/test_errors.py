"""Every wrong declaration is answered where it is written, in words that say what to do."""

import datetime
import math

import numpy as np
import pytest

from evalharness import DeclarationError, EvalharnessError, Evaluation, Outputs, metrics
from evalharness.metrics import (
    accuracy,
    balanced_accuracy,
    f1,
    latency,
    mean,
    mean_absolute_error,
    precision,
    quantile,
    rate,
    recall,
)

BOUND = recall.on("test") >= 0.9


def outputs(cls):
    return Outputs(test={"label": [0, 1], "prediction": [0, 1]})


def declare(**body):
    """An evaluation with these attributes, and outputs unless it brings its own."""
    body = {"outputs": classmethod(outputs)} | body
    return type("TestCats", (Evaluation,), {k: v for k, v in body.items() if v is not ...})


def bare(**body):
    return lambda: declare(**body)


HANDLES = [
    # bounds
    (lambda: 0.8 <= recall.on("test") <= 0.9, "is two bounds: list both"),
    (lambda: bool(BOUND), "declaration, not a truth value.*list it in `satisficing`"),
    (lambda: not BOUND, r'assert evaluation\[recall.on\("test"\)\] >= 0.9'),
    (lambda: BOUND and BOUND, "not a truth value"),
    (lambda: bool(recall), "declaration, not a number"),
    (lambda: recall.on("test") >= 1.1, "lies between 0 and 1, so the bound is outside its range"),
    (lambda: recall.on("test") >= 90, r"outside its range; did you mean 0\.9\?"),
    (lambda: recall.on("test") <= -0.1, "outside its range"),
    (lambda: mean_absolute_error.on("test") <= -1, "lies between 0 and inf"),
    (lambda: metrics.matthews_corrcoef.on("test") >= -2, "lies between -1 and 1"),
    (lambda: recall.on("test") >= 1, "very end of the range.*could never pass.*below 1"),
    (lambda: rate("refused").on("test") <= 0, "could never pass; choose a threshold above 0"),
    (lambda: recall.on("test") >= math.nan, "needs a finite number"),
    (lambda: mean("x").on("test") <= math.inf, "needs a finite number"),
    (lambda: recall.on("test") >= "0.9", "'0.9': a bound needs a finite number"),
    (lambda: recall.on("test") >= True, "True: a bound needs a finite number"),
    (lambda: recall.on("test") >= None, "needs a finite number"),
    (lambda: recall.on("test") >= precision.on("test"), "needs a finite number"),
    # an equality is no bound
    (lambda: recall.on("test") >= np.array([0.9, 0.8]), "needs a finite number"),
    # parameters
    (lambda: recall(avrage="macro"), r"no parameter 'avrage' \(did you mean `average`\?\)"),
    (lambda: recall(average="samples"), "offers 'macro' or 'micro' or 'weighted', not average="),
    (lambda: accuracy(average="macro"), "accuracy has no parameter 'average'"),
    (lambda: accuracy(positive=1), "accuracy has no parameter 'positive'.*it takes threshold"),
    (lambda: balanced_accuracy(positive=1), "has no parameter 'positive'"),
    (lambda: mean("x")(threshold=1), "has no parameter 'threshold'; it takes none"),
    (lambda: recall(average="macro", positive="a"), "give one of them"),
    (lambda: recall(average="macro")(positive="a"), "give one of them"),
    (lambda: f1(threshold=True), "threshold=True is not a finite number"),
    (lambda: recall(positive={"a": 1}), "positive={'a': 1} must be one value, not dict"),
    (lambda: recall([0, 1], [1, 1]), "parameters by name"),
    # places
    (lambda: recall.on("test").on("dev"), "already stands on 'test'"),
    (lambda: recall.on(""), "takes the name of a split"),
    (lambda: recall.on(None), "takes the name of a split"),
    (lambda: recall.on(["test", "dev"]), "takes the name of a split"),
    (
        lambda: recall.on("test", region=["eu", "us"]),
        r"not list; for every value use .by\('region'",
    ),
    (lambda: recall.on("test", region={"eu"}), "one value of a column, not set"),
    (lambda: recall.on("test").by(), "takes names of columns"),
    (lambda: recall.on("test").by(3), "takes names of columns"),
    (lambda: recall.on("test").by("a", ""), "takes names of columns"),
    (lambda: recall.on("test").by("a", "a"), "name each column once"),
    (lambda: recall.on("test").by("a").by("b"), r"already sliced by 'a'.*write \.by\('a', 'b'\)"),
    (lambda: recall.on("test").by("a", min_n=0), "min_n=0 is not a whole number"),
    (lambda: recall.on("test").by("a", min_n=2.5), "min_n=2.5 is not a whole number"),
    (lambda: recall.on("test").by("a", min_n=True), "min_n=True is not a whole number"),
    # columns
    (lambda: mean(3), r"mean\(\) takes the name of a column"),
    (lambda: rate(""), r"rate\(\) takes the name of a column"),
    (lambda: quantile("x", 99), "did you mean 0.99"),
    (lambda: quantile("x", 0), "q lies between 0 and 1, both excluded"),
    (lambda: quantile("x", 1.0), "both excluded"),
    (lambda: quantile("x", True), "both excluded"),
    (lambda: latency.quantile("0.99"), "both excluded"),
    (lambda: latency.quantile(math.nan), "both excluded"),
    (lambda: mean("x", better="up"), 'must be "higher", "lower" or None'),
]


@pytest.mark.parametrize(("write", "words"), HANDLES, ids=range(len(HANDLES)))
def test_a_wrong_handle(write, words):
    with pytest.raises(DeclarationError, match=words) as caught:
        write()
    assert isinstance(caught.value, EvalharnessError)


CLASSES = [
    (bare(), "declares no check; list at least one bound"),
    (bare(satisficing=[]), "declares no check"),
    (bare(also=[recall.on("test")]), "declares no check"),
    (
        bare(satisfycing=[BOUND]),
        r"`satisfycing` is no declaration \(did you mean `satisficing`\?\)",
    ),
    (bare(satisficng=[]), r"`satisficng` is no declaration \(did you mean `satisficing`\?\)"),
    (bare(satisficing=[BOUND], model=["a"]), r"`model` is no declaration \(did you mean `models`"),
    (bare(satisficing=[BOUND], confidance=0.9), "did you mean `confidence`"),
    (bare(satisficing=[BOUND], bounds=[BOUND]), "`bounds` holds metrics, bounds or checks"),
    (bare(satisficing=[BOUND], gate=BOUND), "`gate` holds metrics, bounds or checks"),
    (bare(satisficing=[BOUND], diagnosis=1), "must be made by bias_variance"),
    (bare(satisficing=BOUND), r"must be a list: satisficing = \[recall"),
    (bare(satisficing="recall >= 0.9"), "must be a list of bounds"),
    (bare(satisficing=0.9), "must be a list of bounds"),
    (bare(satisficing={"recall": BOUND}), "must be a list of bounds"),
    (bare(satisficing=[recall.on("test")]), "has no threshold; write a bound"),
    (bare(satisficing=[True]), "satisficing lists True, which is not a bound such as"),
    (bare(satisficing=[recall >= 0.9]), r'stands on no split; write recall.on\("test"\)'),
    (bare(satisficing=[BOUND], also=[precision]), r'write precision.on\("test"\)'),
    (bare(satisficing=[BOUND], also=[BOUND]), "also lists the bound.*belong in `satisficing`"),
    (bare(satisficing=[BOUND], also=precision.on("dev")), r"must be a list: also = \[precision"),
    (bare(satisficing=[BOUND, BOUND]), "is declared 2 times; once is enough"),
    (bare(satisficing=[BOUND, recall.on("test") >= 0.9]), "is declared 2 times"),
    (bare(satisficing=[BOUND, recall.on("test") >= 0.95]), "from the same side; keep the stricter"),
    (bare(satisficing=[BOUND, recall.on("test") > 0.9]), "from the same side"),
    (bare(satisficing=[BOUND], models="candidate"), r'such as models = \["candidate"\]'),
    (bare(satisficing=[BOUND], models=[""]), "must list names"),
    (bare(satisficing=[BOUND], models=[1]), "must list names"),
    (bare(satisficing=[BOUND], models=None), "must list names"),
    (bare(satisficing=[BOUND], models=["a", "a"]), "models lists 'a' twice"),
    (bare(satisficing=[BOUND], confidence=95), r"0.5 ≤ confidence < 1; did you mean 0.95\?"),
    (bare(satisficing=[BOUND], confidence=1), "0.5 ≤ confidence < 1"),
    (bare(satisficing=[BOUND], confidence=0.05), "0.5 ≤ confidence < 1"),
    (bare(satisficing=[BOUND], confidence="0.95"), "0.5 ≤ confidence < 1"),
    (bare(satisficing=[BOUND], confidence=math.nan), "confidence = nan"),
    (bare(satisficing=[BOUND], confidence=True), "confidence = True"),
    (bare(satisficing=[BOUND], policy="strict"), 'must be "confident" .* or "point"'),
    (bare(satisficing=[BOUND], seed=1.5), "seed = 1.5 must be a whole number"),
    (bare(satisficing=[BOUND], seed=None), "must be a whole number"),
    (bare(satisficing=[BOUND], outputs=outputs), "write @classmethod above `def outputs"),
    (bare(satisficing=[BOUND], outputs=staticmethod(outputs)), "must be a classmethod"),
    (bare(satisficing=[BOUND], outputs={"a": 1}), "must be a classmethod"),
]


@pytest.mark.parametrize(("write", "words"), CLASSES, ids=range(len(CLASSES)))
def test_a_wrong_class(write, words):
    with pytest.raises(DeclarationError, match=words) as caught:
        write()
    assert str(caught.value).startswith("TestCats: ")


def test_two_metrics_of_one_name():
    """Two definitions that are written alike could not be told apart in any report."""

    def twin():
        def f1(table):
            return table.tp

        return metrics.metric(metrics.recall.statistic)(f1)

    with pytest.raises(DeclarationError, match=r'two different metrics are both written f1.on\("t'):
        declare(satisficing=[f1.on("test") >= 0.5, twin().on("test") >= 0.5])
    with pytest.raises(DeclarationError, match="two different metrics"):
        declare(satisficing=[f1.on("test") >= 0.5], also=[twin().on("test")])


def test_all_problems_at_once():
    with pytest.raises(DeclarationError) as caught:
        declare(
            satisficing=[recall >= 0.9, precision.on("dev"), BOUND, BOUND],
            also=[BOUND],
            optimising=1,
            models="candidate",
            confidence=95,
            policy="sure",
            seed="0",
            outputs=outputs,
        )
    text = str(caught.value)
    for words in (
        "stands on no split",
        "has no threshold",
        "declared 2 times",
        "bounds belong in `satisficing`",
        "`optimising` is no declaration (did you mean `optimizing`?)",
        "models = 'candidate'",
        "confidence = 95",
        "policy = 'sure'",
        "seed = '0'",
        "`outputs` must be a classmethod",
    ):
        assert words in text
    assert "10 problems" in text
    assert " 10. " in text


def test_what_is_no_mistake():
    """Helpers, private names and inherited declarations are the author's own business."""

    class Base(Evaluation):
        abstract = True
        satisficing = [BOUND]
        confidence = 0.9

    class TestChild(Base):
        """Inherits its declarations."""

        _spare = [BOUND]
        tables = ("a", "b")
        started = datetime.date(2024, 1, 1)
        also = (precision.on("dev"),)

        class Nested:
            pass

        def test_by_hand(self, evaluation): ...

        def helper(self): ...

        @property
        def name(self): ...

        outputs = classmethod(outputs)

    assert [c.id for c in TestChild.checks] == ["recall-test"]
    assert TestChild.confidence == 0.9
    assert not TestChild.abstract
    assert TestChild.__test__
    assert not Base.__test__


def test_bounds_may_come_from_anything_that_can_be_walked_through():
    made = declare(satisficing=(recall.on(s) >= 0.5 for s in ("dev", "test")))
    assert [c.id for c in made.checks] == ["recall-dev", "recall-test"]
    # A generator is spent after one walk; a subclass declares the same again.
    assert [c.id for c in type("Child", (made,), {}).checks] == ["recall-dev", "recall-test"]


def test_a_subclass_that_takes_the_checks_away_has_none():
    with pytest.raises(DeclarationError, match="declares no check"):
        type("TestChild", (declare(satisficing=[BOUND]),), {"satisficing": []})


def test_outputs_may_be_left_out_until_they_are_needed():
    made = declare(satisficing=[BOUND], outputs=...)
    with pytest.raises(DeclarationError, match="TestCats has no `outputs`: write a classmethod"):
        made.run()
    table = {"label": [0, 1], "prediction": [0, 1]}
    assert made.run(outputs=Outputs(test=table)).outcome == "inconclusive"
